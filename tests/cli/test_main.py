"""The command line as a person runs it: one process, its output and its exit code."""

import gzip
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from bot.store.sqlite.database import instance_lock
from tests.fakes.arxiv import ArxivServer, Record, answer, html_instead
from tests.shared import shared

SEED = "seed/cs.CV-2020-08-21.md"
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    out: str
    err: str


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "error,ignore:'audioop' is deprecated:DeprecationWarning",
        "PAPER_BOT_DATABASE__PATH": str(tmp_path / "data" / "papers.db"),
    }


def run(environ: Mapping[str, str], *arguments: str | Path, cwd: Path | None = None) -> Ran:
    done = subprocess.run(
        [sys.executable, "-m", "bot", *map(str, arguments)],
        env=dict(environ),
        cwd=cwd or Path(environ["PAPER_BOT_DATABASE__PATH"]).parent.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def assert_one_sentence(ran: Ran, code: int, *parts: str) -> None:
    assert ran.code == code, ran.err
    assert ran.out == ""
    assert "Traceback" not in ran.err
    assert len(ran.err.strip().splitlines()) == 1, ran.err
    for part in parts:
        assert part in ran.err


def test_the_seed_comes_out_as_it_went_in(environ: dict[str, str]) -> None:
    """47 papers, the same order and form: byte for byte."""
    seed = shared(SEED)
    first = run(environ, "import", seed)
    assert first.code == 0
    assert "47 papers (47 new, 0 updated)" in first.err
    digest = run(environ, "digest", "--category", "cs.CV", "--date", "2020-08-21")
    assert digest.out == seed.read_text()
    again = run(environ, "import", seed)
    assert "(0 new, 0 updated)" in again.err


def test_a_digest_as_json_has_the_documented_shape(environ: dict[str, str]) -> None:
    run(environ, "import", shared(SEED))
    ran = run(environ, "digest", "--category", "cs.CV", "--format", "json")
    digest = json.loads(ran.out)
    assert (digest["category"], digest["date"], len(digest["papers"])) == (
        "cs.CV",
        "2020-08-21",
        47,
    )
    paper = digest["papers"][2]
    assert set(paper) == {
        "arxiv_id",
        "version",
        "announce_type",
        "position",
        "title",
        "authors",
        "abstract",
        "primary_category",
        "categories",
        "links",
    }
    assert (paper["arxiv_id"], paper["position"]) == ("2008.09105", 3)
    assert {(link["kind"], link["url"], link["provenance"]) for link in paper["links"]} == {
        ("abs", "https://arxiv.org/abs/2008.09105", "arxiv"),
        ("pdf", "https://arxiv.org/pdf/2008.09105", "arxiv"),
        ("code", "https://github.com/SunDoge/L-GCN", "abstract"),
    }
    assert [each["announce_type"] for each in digest["papers"]] == ["new"] * 36 + ["cross"] * 11


def test_topics_and_types_narrow_a_digest(environ: dict[str, str]) -> None:
    run(environ, "import", shared(SEED))
    digest = ("digest", "--category", "cs.CV", "--format", "json")
    topics = run(environ, *digest, "--topic", '"point cloud"', "--topic", "has:code")
    papers = json.loads(topics.out)["papers"]
    assert "2008.09110" in {paper["arxiv_id"] for paper in papers}
    assert "2008.09105" in {paper["arxiv_id"] for paper in papers}
    assert len(papers) < 47
    crosses = run(environ, *digest, "--type", "cross")
    assert len(json.loads(crosses.out)["papers"]) == 11


@pytest.mark.parametrize("form", ["bibtex", "discord", "json", "markdown"])
def test_every_format_prints_every_paper(environ: dict[str, str], form: str) -> None:
    run(environ, "import", shared(SEED))
    ran = run(environ, "digest", "--category", "cs.CV", "--format", form)
    assert ran.code == 0
    assert "2008.09110" in ran.out
    assert ran.out.count("/abs/" if form in ("discord", "json") else "2008.0") >= 40


def test_a_search_as_json_has_the_documented_shape(environ: dict[str, str]) -> None:
    run(environ, "import", shared(SEED))
    found = json.loads(run(environ, "search", '"point clouds"', "--json").out)
    assert found["total"] == len(found["papers"]) > 0
    assert all(paper["announced_on"] == "2020-08-21" for paper in found["papers"])
    assert {"arxiv_id", "title", "links", "abstract"} <= set(found["papers"][0])
    assert json.loads(run(environ, "search", "zzzz", "--json").out) == {"total": 0, "papers": []}


def test_a_search_that_finds_nothing_says_what_would(environ: dict[str, str]) -> None:
    empty = run(environ, "search", "video")
    assert (empty.code, empty.out) == (0, "")
    assert "No paper is stored yet; python -m bot fetch, import and backfill" in empty.err
    run(environ, "import", shared(SEED))
    misspelt = run(environ, "search", "segmentaton")
    assert (misspelt.code, misspelt.out) == (0, "")
    assert "No paper uses the word 'segmentaton'; did you mean 'segmentation'" in misspelt.err
    assert "Try 'segmentation'." in misspelt.err
    narrow = run(environ, "search", "segmentation category:math.AG", "--json")
    assert json.loads(narrow.out) == {"total": 0, "papers": []}
    assert "Without 'category:math.AG' it finds 8 papers." in narrow.err
    found = run(environ, "search", "segmentation", "--limit", "3")
    assert len(found.out.splitlines()) == 3
    assert found.err == "8 papers found, 3 shown\n"


def test_a_query_may_begin_with_a_dash(environ: dict[str, str]) -> None:
    run(environ, "import", shared(SEED))
    assert "39 papers found" in run(environ, "search", "--", "-segmentation").err


def test_an_index_out_of_step_is_found_and_mended(environ: dict[str, str]) -> None:
    path = environ["PAPER_BOT_DATABASE__PATH"]
    run(environ, "import", shared(SEED))
    assert "ok   search indexes in step" in run(environ, "check").out
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE paper SET title = 'Axolotl' WHERE arxiv_id = '2008.09110'")
    connection.close()
    assert "BAD  search indexes out of step (paper_head, paper_text" in run(environ, "check").out
    with instance_lock(Path(path)):
        assert "search indexes: left alone" in run(environ, "check").out
        assert_one_sentence(run(environ, "reindex"), 75, path)
    mended = run(environ, "reindex")
    assert (mended.code, mended.out) == (0, "")
    assert "paper_text rebuilt in " in mended.err
    assert "ok   search indexes in step" in run(environ, "check").out
    assert "2008.09110" in run(environ, "search", "axolotl").out


def test_a_gzipped_file_is_read_like_a_plain_one(environ: dict[str, str], tmp_path: Path) -> None:
    packed = tmp_path / "listing.md.gz"
    packed.write_bytes(gzip.compress(shared(SEED).read_bytes()))
    assert "47 papers (47 new" in run(environ, "import", packed).err


async def test_fetch_stores_todays_listing_once(environ: dict[str, str]) -> None:
    import asyncio
    from datetime import UTC, datetime

    from bot.arxiv.calendar import announcement_day

    async with ArxivServer() as arxiv:
        arxiv.publish("cs.CV", announcement_day(datetime.now(UTC)), [Record("2408.00001")])
        environ["PAPER_BOT_ARXIV__FEED_URL"] = arxiv.url
        environ["PAPER_BOT_ARXIV__LISTING_URL"] = arxiv.url
        ran = await asyncio.to_thread(run, environ, "fetch", "--category", "cs.cv")
        assert ran.code == 0, ran.err
        again = await asyncio.to_thread(run, environ, "fetch", "--category", "cs.CV")
        assert again.code == 0, again.err
    found = json.loads(run(environ, "search", "category:cs.CV", "--json").out)
    assert found["total"] == 1


@pytest.mark.parametrize("fault", ["503", "html", "refused"])
async def test_a_fetch_that_fails_says_why(environ: dict[str, str], fault: str) -> None:
    import asyncio

    async with ArxivServer() as arxiv:
        arxiv.publish("cs.CV", date(2024, 8, 2), [Record("2408.00001")])
        faults = {"503": answer(503), "html": html_instead()}
        if fault in faults:
            arxiv.fail(faults[fault])
        url = "http://127.0.0.1:1" if fault == "refused" else arxiv.url
        environ["PAPER_BOT_ARXIV__FEED_URL"] = url
        ran = await asyncio.to_thread(run, environ, "fetch", "--category", "cs.CV")
    assert ran.code == 69
    assert "Traceback" not in ran.err
    assert "failed" in ran.err


@pytest.mark.parametrize(
    ("arguments", "code", "parts"),
    [
        (["digest", "--category", "cs.XV"], 2, ["cs.XV", "cs.CV"]),
        (["digest", "--category", "cs.CV"], 2, ["cs.CV"]),
        (["digest", "--category", "cs.CV", "--date", "2020-02-30"], 2, ["2020-02-30"]),
        (["digest", "--category", "cs.CV", "--date", "yesterday"], 2, ["YYYY-MM-DD"]),
        (["import", "missing.md"], 2, ["missing.md"]),
        (["fetch", "--category", "cs.XV"], 2, ["cs.XV"]),
        (["fetch"], 2, ["--category"]),
        (["run"], 78, ["DISCORD_TOKEN"]),
        (["--config", "missing.toml", "search", "x"], 78, ["missing.toml"]),
    ],
)
def test_bad_input_gets_one_sentence(
    environ: dict[str, str], arguments: list[str], code: int, parts: list[str]
) -> None:
    assert_one_sentence(run(environ, *arguments), code, *parts)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"# A shopping list\n- milk\n",
        b"<html><body>no feed</body></html>",
        b"<?xml version='1.0'?><rss version='2.0'><channel><title>cs.CV upd",
        b"\x1f\x8b\x08\x00 damaged",
        bytes(range(256)),
    ],
)
def test_a_file_that_is_not_what_it_claims_gets_one_sentence(
    environ: dict[str, str], tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert_one_sentence(run(environ, "import", path), 2, str(path))


def test_nothing_is_stored_when_one_of_the_files_is_wrong(
    environ: dict[str, str], tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_bytes(b"hello")
    assert run(environ, "import", shared(SEED), wrong).code == 2
    assert json.loads(run(environ, "search", "category:cs.CV", "--json").out)["total"] == 0


def test_a_second_instance_is_refused(environ: dict[str, str]) -> None:
    path = Path(environ["PAPER_BOT_DATABASE__PATH"])
    path.parent.mkdir()
    with instance_lock(path):
        environ["DISCORD_TOKEN"] = "x" * 24 + "." + "y" * 6 + "." + "z" * 30
        assert_one_sentence(run(environ, "run"), 75, str(path))


def test_an_unwritable_database_path_gets_one_sentence(
    environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("not a folder")
    environ["PAPER_BOT_DATABASE__PATH"] = str(tmp_path / "file" / "papers.db")
    assert_one_sentence(run(environ, "search", "x", cwd=tmp_path), 74, "papers.db")


def test_a_file_that_is_no_database_is_never_touched(
    environ: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "papers.db"
    path.write_bytes(b"precious notes, not a database" * 100)
    environ["PAPER_BOT_DATABASE__PATH"] = str(path)
    assert_one_sentence(run(environ, "search", "x", cwd=tmp_path), 74, str(path))
    assert path.read_bytes() == b"precious notes, not a database" * 100


def test_a_query_with_a_mistake_shows_where(environ: dict[str, str]) -> None:
    ran = run(environ, "search", "diffusion since:soon")
    assert ran.code == 2
    sentence, query, caret = ran.err.rstrip().splitlines()
    assert query[caret.index("^") :].startswith("soon")
    assert "'soon'" in sentence


def test_help_names_every_command_and_exit_code(environ: dict[str, str]) -> None:
    ran = run(environ, "--help")
    for name in (
        "run",
        "demo",
        "check",
        "fetch",
        "import",
        "digest",
        "search",
        "reindex",
        "exit codes",
    ):
        assert name in ran.out
