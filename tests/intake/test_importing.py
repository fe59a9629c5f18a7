"""`python -m bot import` as a person runs it: one process, its output, and what it leaves."""

import fcntl
import gzip
import json
import os
import pty
import random
import signal
import sqlite3
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from bot.digest.export import to_markdown
from bot.store.sqlite.database import instance_lock
from tests.builders import DAY, make_digest, make_paper
from tests.cli.terminal import environ_in
from tests.fakes import commands
from tests.fakes.arxiv_forms import Record, atom_feed, list_page, oai_records, rss_feed
from tests.indexes import check_indexes
from tests.samples import snapshot_line, write_snapshot
from tests.shared import shared
from tests.stores import lay_out, open_store
from tests.waiting import until_now

ROOT = Path(__file__).resolve().parents[2]
BATCH = 2000


Stored = list[list[tuple[object, ...]]]
"""The rows of some tables."""


def environ_for(folder: Path) -> dict[str, str]:
    return environ_in(folder) | {"PAPER_BOT_DATABASE__PATH": str(lay_out(folder / "papers.db"))}


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return environ_for(tmp_path)


def run(environ: Mapping[str, str], *paths: Path) -> tuple[int, str]:
    """Import files; returns the exit code and what stood on stderr."""
    ran = commands.run(environ, "import", *paths)
    assert ran.out == ""
    assert "Traceback" not in ran.err, ran.err
    return ran.code, ran.err


MEASURE = """
import os, sys
pid = os.posix_spawn(sys.executable, [sys.executable, *sys.argv[1:]], os.environ)
_, status, usage = os.wait4(pid, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""A process starts with the peak of the one that made it, so a small one does, not pytest."""


def run_measured(environ: Mapping[str, str], path: Path) -> tuple[str, int]:
    """Import a file; returns what stood on stderr and the most memory in KiB."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, "-m", "bot", "import", str(path)],
        env=dict(environ),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stderr, int(done.stdout)


def rows(environ: Mapping[str, str], sql: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(environ["PAPER_BOT_DATABASE__PATH"], timeout=10)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def everything(environ: Mapping[str, str]) -> Stored:
    """Return all that is stored of papers, and check that the indexes agree with it."""
    check_indexes(environ["PAPER_BOT_DATABASE__PATH"])
    assert rows(environ, "PRAGMA integrity_check") == [("ok",)]
    tables = ("paper ORDER BY key", "paper_link ORDER BY arxiv_id, url", "announcement")
    return [rows(environ, f"SELECT * FROM {table}") for table in tables]


def count(environ: Mapping[str, str]) -> int:
    return int(str(rows(environ, "SELECT count(*) FROM paper")[0][0]))


# -- forms ---------------------------------------------------------------------------------------


def own_files(folder: Path) -> dict[str, bytes]:
    """Return one file of each form, with a paper each."""
    records = [Record("2403.00001", title="On $\\alpha$ frogs")]
    return {
        "markdown": to_markdown(make_digest(make_paper(1))).encode(),
        "rss": rss_feed("cs.CV", DAY, records).encode(),
        "atom": atom_feed("cs.CV", DAY, records).encode(),
        "page": list_page("cs.CV", DAY, records, 0, 2000).encode(),
        "oai": oai_records([(DAY, record) for record in records], None).encode(),
        "snapshot": snapshot_line(1).encode(),
    }


FORMS = ("markdown", "rss", "atom", "page", "oai", "snapshot")


@pytest.mark.parametrize(
    ("form", "is_packed"),
    [*((form, False) for form in FORMS), ("rss", True), ("oai", True), ("snapshot", True)],
)
def test_every_form_is_read_whatever_its_name(
    environ: dict[str, str], tmp_path: Path, form: str, is_packed: bool
) -> None:
    content = own_files(tmp_path)[form]
    path = tmp_path / "file"
    path.write_bytes(gzip.compress(content) if is_packed else content)
    code, err = run(environ, path)
    is_sure = form not in ("rss", "atom")  # a feed's own date is no evidence
    assert code == (0 if is_sure else 65), err
    assert "1 papers (1 new, 0 updated), 0 records skipped" in err
    assert (f"{path}: nothing confirms the date {DAY}" in err) != is_sure
    is_listing = form not in ("oai", "snapshot")
    [(announced_on, is_estimated)] = rows(
        environ, "SELECT announced_on, is_date_estimated FROM paper"
    )
    assert (announced_on == DAY.isoformat(), is_estimated) == (is_listing, not is_listing)
    assert len(rows(environ, "SELECT * FROM listing")) == is_listing
    before = everything(environ)
    assert "(0 new, 0 updated)" in run(environ, path)[1]
    assert everything(environ) == before


def test_recordings_of_every_form_are_read(environ: dict[str, str]) -> None:
    names = {
        "recordings/feeds/rss_fetched_2026-08-22-cs-cv.xml": "cs.CV of 2026-08-21, 137 papers",
        "recordings/rendered/atom_cs.CV_2026-06-30.xml": "cs.CV of 2026-06-30, 305 papers",
        "recordings/rendered/catchup_cs.CV_2026-06-26.html": "cs.CV of 2026-06-26, 104 papers",
        "recordings/rendered/list_cs.CV_new_show50.html": "only a part of the listing",
        "recordings/rendered/oai_listrecords_arXivRaw_p1.xml": "OAI-PMH answer, 40 papers",
        "recordings/rendered/oai_listrecords_arXiv.xml": "OAI-PMH answer, 40 papers",
        "recordings/rendered/oai_getrecord.xml": "OAI-PMH answer, 1 papers",
        "recordings/oai/hepcrawl_arxiv-physics-hep-th.xml": "OAI-PMH answer, 3 papers",
    }
    code, err = run(environ, *map(shared, names))
    assert code == 65
    lines = err.splitlines()
    for line, expected in zip(lines[: len(names)], names.values(), strict=True):
        assert expected in line
        assert "0 records skipped" in line
    remark, summary = lines[len(names) :]
    assert remark.endswith("cs-cv.xml: nothing confirms the date 2026-08-21")
    assert summary.startswith("1 listing of uncertain date. Import the lists of the days before")


def test_an_excerpt_that_states_dates_is_no_estimate(
    environ: dict[str, str], tmp_path: Path
) -> None:
    lines = [
        snapshot_line(1, announced="2024-03-06", version=3, versions=None),
        snapshot_line(2, versions=None),
    ]
    run(environ, write_snapshot(tmp_path / "papers.json", lines))
    found = rows(environ, "SELECT announced_on, is_date_estimated, version FROM paper ORDER BY key")
    assert found == [("2024-03-01", 1, 1), ("2024-03-06", 0, 3)]


# -- mistakes ------------------------------------------------------------------------------------


def test_a_malformed_record_is_skipped_counted_and_named(
    environ: dict[str, str], tmp_path: Path
) -> None:
    bad = {
        3: "not JSON at all",
        5: '{"id": "2403.00005"}',
        7: snapshot_line(7, id="hello"),
        8: "[]",
        9: snapshot_line(9, title="\ud800"),
        11: '{"id": ' * 5000,
    }
    lines = [bad.get(number, snapshot_line(number)) for number in range(1, 21)]
    path = tmp_path / "papers.json"
    text = "\n".join(["\ufeff" + lines[0], *lines[1:], "", snapshot_line(30)[:100]])
    path.write_bytes(text.encode() + b"\xff\n\n")
    code, err = run(environ, path)
    assert code == 0
    assert "14 papers (14 new, 0 updated), 7 records skipped" in err
    for number in [*bad, 22]:
        assert f"skipped line {number}: " in err
    assert count(environ) == 14


def test_a_line_without_end_is_not_kept_in_memory(environ: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "papers.json"
    with path.open("wb") as file:
        file.write(snapshot_line(1).encode() + b"\n" + b'{"id": "')
        for _ in range(300):
            file.write(b"x" * (1 << 20))
        file.write(b"\n" + snapshot_line(2).encode())
    err, peak_kib = run_measured(environ, path)
    assert "2 papers (2 new, 0 updated), 1 record skipped" in err
    assert peak_kib < 200 * 1024


def test_a_gzip_archive_that_breaks_off_keeps_what_came_before(
    environ: dict[str, str], tmp_path: Path
) -> None:
    dice = random.Random(1)
    lines = [snapshot_line(number, doi=f"{dice.random()}") for number in range(1, 3001)]
    packed = gzip.compress("\n".join(lines).encode())
    path = tmp_path / "papers.json.gz"
    path.write_bytes(packed[: len(packed) // 2])
    code, err = run(environ, path)
    assert code == 2
    summary, sentence = err.splitlines()
    stored = count(environ)
    assert 1000 < stored < 2000
    assert f"{stored:,} papers ({stored:,} new" in summary
    assert f"{path}: The file is a damaged gzip archive" in sentence


@pytest.mark.parametrize("form", ["snapshot", "markdown"])
def test_a_small_archive_that_breaks_off_is_stored_as_far_as_it_goes(
    environ: dict[str, str], tmp_path: Path, form: str
) -> None:
    """Also where the whole of it would be read at once to tell what it is."""
    dice = random.Random(1)
    texts = [" ".join(f"{dice.random():.9f}" for _ in range(60)) for _ in range(200)]
    if form == "snapshot":
        lines = [snapshot_line(number, abstract=text) for number, text in enumerate(texts, 1)]
        content = "\n".join(lines)
    else:
        papers = [make_paper(number, abstract=text) for number, text in enumerate(texts, 1)]
        content = to_markdown(make_digest(*papers))
    packed = gzip.compress(content.encode())
    path = tmp_path / "papers.gz"
    path.write_bytes(packed[: len(packed) // 2])
    code, err = run(environ, path)
    assert code == 2
    assert f"{path}: The file is a damaged gzip archive" in err.splitlines()[-1]
    assert 50 < count(environ) < 150


@pytest.mark.parametrize("form", ["rss", "oai"])
def test_what_cannot_be_read_in_part_is_named_as_damaged(
    environ: dict[str, str], tmp_path: Path, form: str
) -> None:
    packed = gzip.compress(own_files(tmp_path)[form])
    path = tmp_path / "papers.gz"
    path.write_bytes(packed[:-20])
    code, err = run(environ, path)
    assert (code, err.count("\n")) == (2, 1)
    assert f"{path}: The file is a damaged gzip archive" in err


def test_a_file_that_turns_out_wrong_does_not_keep_the_others_away(
    environ: dict[str, str], tmp_path: Path
) -> None:
    files = own_files(tmp_path)
    (tmp_path / "a").write_bytes(files["rss"][:-60])
    (tmp_path / "b").write_bytes(files["rss"])
    code, err = run(environ, tmp_path / "a", tmp_path / "b")
    assert code == 2
    wrong, right, *_ = err.splitlines()
    assert wrong.startswith(f"{tmp_path / 'a'}: ")
    assert "1 papers (1 new" in right


def test_a_file_that_is_nothing_of_ours_keeps_the_others_away(
    environ: dict[str, str], tmp_path: Path
) -> None:
    good = write_snapshot(tmp_path / "papers.json", [snapshot_line()])
    (tmp_path / "wrong").write_bytes(b"hello")
    database = Path(environ["PAPER_BOT_DATABASE__PATH"])
    database.unlink()
    code, err = run(environ, good, tmp_path / "wrong")
    assert (code, len(err.splitlines())) == (2, 1)
    assert not database.exists()


def test_a_running_bot_is_not_disturbed(environ: dict[str, str], tmp_path: Path) -> None:
    good = write_snapshot(tmp_path / "papers.json", [snapshot_line()])
    with instance_lock(Path(environ["PAPER_BOT_DATABASE__PATH"])):
        code, err = run(environ, good)
    assert (code, len(err.splitlines())) == (75, 1)


# -- long files ----------------------------------------------------------------------------------


def long_snapshot(path: Path, papers: int) -> Path:
    return write_snapshot(path, (snapshot_line(number) for number in range(1, papers + 1)))


@pytest.fixture(scope="module")
def long_import(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Stored]:
    """A file of two batches, and what an import of it stores that nobody disturbs."""
    folder = tmp_path_factory.mktemp("long")
    path = long_snapshot(folder / "papers.json", BATCH + 1)
    environ = environ_for(folder)
    assert run(environ, path)[0] == 0
    return path, everything(environ)


@pytest.mark.parametrize("place", ["before_commit:1", "before_commit:2", "after_batch:1"])
async def test_a_crash_leaves_whole_batches_and_the_next_run_the_rest(
    environ: dict[str, str], long_import: tuple[Path, Stored], place: str
) -> None:
    """After any crash, the same command ends as one that was never disturbed."""
    path, undisturbed = long_import
    async with open_store(Path(environ["PAPER_BOT_DATABASE__PATH"])):
        pass  # so that the first transaction is the first batch
    assert run({**environ, "CRASH_AT": place}, path)[0] == 137
    name, _, turn = place.partition(":")
    assert count(environ) == BATCH * (int(turn) - (name == "before_commit"))
    assert run(environ, path)[0] == 0
    assert everything(environ) == undisturbed


@pytest.mark.slow
def test_kill_after_kill_it_comes_to_an_end(environ: dict[str, str], tmp_path: Path) -> None:
    """Killed at random moments, the import never goes back and ends with every paper."""
    path = long_snapshot(tmp_path / "papers.json", 6 * BATCH)
    dice = random.Random(7)
    before = 0
    for _ in range(8):
        with commands.started(environ, "import", path):
            time.sleep(dice.uniform(0.0, 1.0))
        if Path(environ["PAPER_BOT_DATABASE__PATH"]).exists():
            stored = count(environ)
            assert stored >= before
            assert stored % BATCH == 0
            before = stored
    assert run(environ, path)[0] == 0
    assert len(everything(environ)[0]) == 6 * BATCH


def test_stopped_by_a_person_it_says_how_to_go_on(environ: dict[str, str], tmp_path: Path) -> None:
    path = long_snapshot(tmp_path / "papers.json", BATCH + 1)
    database = Path(environ["PAPER_BOT_DATABASE__PATH"])
    environ["BLOCK_AT"] = "after_batch:1:cancelled"
    with commands.started(environ, "import", path) as running:
        until_now(lambda: database.exists() and count(environ))
        running.send_signal(signal.SIGINT)
        ran = running.wait()
    assert ran.code == 130
    assert ran.err.splitlines()[-1] == "stopped; the same command continues where it stopped"
    assert count(environ) == BATCH


@pytest.mark.slow(26)
def test_memory_does_not_grow_with_the_file(tmp_path: Path, environ: dict[str, str]) -> None:
    """Six times the papers need at most a fifth more memory, also where the words are counted."""
    text = " ".join(f"word{number % 977}" for number in range(180))
    peaks = []
    for papers in (10_000, 60_000):
        path = write_snapshot(
            tmp_path / "papers.json",
            (snapshot_line(number, abstract=f"{number} {text}") for number in range(papers)),
        )
        environ["PAPER_BOT_DATABASE__PATH"] = str(tmp_path / f"{papers}.db")
        peaks.append(run_measured(environ, path)[1])
    assert peaks[1] < peaks[0] * 1.2, peaks


def test_a_terminal_shows_how_far_it_is(environ: dict[str, str], tmp_path: Path) -> None:
    """A bar with rate and time left; named mistakes and the summary stand on lines of their own."""
    lines = [snapshot_line(number) for number in range(1, BATCH + 1)]
    lines[10] = '{"id": "2403.00010"}'
    path = write_snapshot(tmp_path / "papers.json", lines)
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    with commands.started(environ, "import", path, terminal=its) as running:
        os.close(its)
        shown = b""
        while True:
            try:
                shown += os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
        os.close(ours)
        assert running.wait().code == 0
    text = shown.decode()
    assert "papers.json" in text
    assert "/s [" in text
    assert " left]" in text
    assert text.rstrip().endswith("1,999 papers (1,999 new, 0 updated), 1 record skipped")


def test_nothing_but_the_summary_is_written_where_nobody_looks(
    environ: dict[str, str], tmp_path: Path
) -> None:
    path = long_snapshot(tmp_path / "papers.json", 100)
    assert run(environ, path)[1] == (
        f"{path}: metadata snapshot, 100 papers (100 new, 0 updated), 0 records skipped\n"
    )


def test_the_reference_corpus_is_imported(environ: dict[str, str], tmp_path: Path) -> None:
    """Real papers: stated dates are taken, the others are estimated from the identifier."""
    with gzip.open(shared("corpus/papers.jsonl.gz"), "rt") as corpus:
        lines = [line for line, _ in zip(corpus, range(3000), strict=False)]
    path = tmp_path / "papers.jsonl"
    path.write_text("".join(lines))
    assert "3,000 papers (3,000 new, 0 updated), 0 records skipped" in run(environ, path)[1]
    stored = {row[0]: row[1] for row in rows(environ, "SELECT arxiv_id, announced_on FROM paper")}
    for line in lines:
        record = json.loads(line)
        stated = record.get("announced")
        if stated:
            assert stored[record["id"]] == stated
        else:
            assert date.fromisoformat(str(stored[record["id"]])).day == 1
