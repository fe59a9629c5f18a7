"""The measurements in `benchmarks/`: each can still be run, on a small corpus of made-up papers."""

import gzip
import importlib
import json
import logging
import os
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from benchmarks import corpus
from benchmarks.__main__ import FOLDER, HELPERS, main
from benchmarks.intake import DAY
from benchmarks.paraphrases import BY_HAND
from benchmarks.search_quality import _OTHER_WORDS

MODULES = sorted(path.stem for path in FOLDER.glob("*.py"))
BENCHMARKS = [name for name in MODULES if name not in HELPERS]

PAPERS = 360
DAYS = [date.fromisoformat(DAY) + timedelta(days=number) for number in range(3)]
CATEGORIES = (("cs.LG", "cs.CV"), ("cs.CL", "cs.LG"))
PEOPLE = 40
"""They write two papers of 40 each: enough to learn from eight, and to look for a later one."""
SAID = ("spiking", "watermarks", "audio", "music", "diffusion", "deep", *_OTHER_WORDS)


def make_vocabulary(chance: random.Random) -> list[str]:
    """Make words; those that benchmarks ask for are among the first, which texts use most."""
    ends = ("bel", "dor", "fin", "gam", "lus", "mer", "nox", "pil", "rat", "sov")
    others = {"".join(chance.choices(ends, k=3)) for _ in range(600)}
    return [*SAID, *sorted(others)]


def make_papers() -> Iterator[dict[str, Any]]:
    """Make papers of three days in two categories, each cross-listed to another."""
    chance = random.Random(3)
    vocabulary = make_vocabulary(chance)
    weights = [1 / (number + 5) for number in range(len(vocabulary))]
    known = [line.split("\t")[0] for line in BY_HAND.read_text("utf-8").splitlines()[2:5]]
    for number in range(PAPERS):
        words = chance.choices(vocabulary, weights, k=80)
        sentences = [" ".join(words[at : at + 8]).capitalize() + "." for at in range(8, 80, 8)]
        yield {
            "id": known[number] if number < len(known) else f"2404.{number:05d}",
            "version": 1,
            "title": " ".join(words[:8]).title(),
            "abstract": " ".join([*sentences, f"Code: https://github.com/lab/p{number}."]),
            "authors": [f"{name} Someone{name}" for name in chance.sample(NAMES, 2)],
            "categories": CATEGORIES[number % 2],
            "announced": DAYS[number * len(DAYS) // PAPERS].isoformat(),
        }


NAMES = [a + b for a in ("An", "Bo", "Ci", "Do", "El") for b in "abdefghk"]


def write_lines(path: Path, lines: Iterable[object]) -> None:
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=1) as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)


@pytest.fixture(scope="module")
def small_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write papers and lists in the form of the reference corpus; returns their folder."""
    folder = tmp_path_factory.mktemp("corpus")
    papers = list(make_papers())
    write_lines(folder / "papers.jsonl.gz", papers)
    write_lines(
        folder / "listings.jsonl.gz",
        (
            {
                "date": day.isoformat(),
                "category": category,
                "items": [
                    (each["id"], 1, "new" if own == category else "cross")
                    for each in papers
                    for own, other in [each["categories"]]
                    if each["announced"] == day.isoformat() and category in (own, other)
                ],
            }
            for day in DAYS
            for category in ("cs.LG", "cs.CL", "cs.CV")
        ),
    )
    return folder


@pytest.fixture(autouse=True)
def log_level() -> Iterator[None]:
    """Let the bot log as before: benchmarks make it quieter, and some run in this process."""
    log = logging.getLogger("bot")
    before = log.level
    yield
    log.setLevel(before)


def run(name: str, *options: str, corpus: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", name, *options],
        cwd=FOLDER.parent,
        env={**os.environ, "BENCHMARK_CORPUS": str(corpus), "TMPDIR": tempfile.gettempdir()},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


SMALL: Mapping[str, tuple[str, str]] = {
    "capacity": ("--guilds 1 --channels 2 --papers 100 --minutes 0.05", r"messages +\d"),
    "delivery": ("--channels 1", r"cards +channel +\d"),
    "digests": ("--channels 3 --papers 100 --no-page", r"brief, likes +3 +\d+ +\d+"),
    "fidelity": ("--papers 60", r"goal: less than 0.3 ms"),
    "follows": ("--follows 40", r"a tick that plans +10 people +[1-9]\d* messages"),
    "intake": ("--papers 300 --few 100 --many 300 --rounds 1", r"\n[^\n]+ ([1-9]\d*) of \1 ann"),
    "links": ("--papers 60", r"code +60 +4,360"),
    "paraphrases": ("", r"paraphrase +(\d\.\d\d ?)+"),
    "parse": ("--rounds 1", r"parse_feed \(readable papers\) +[\d.]+"),
    "readers": ("--people 60 --saved 300 --presses 10 --rate 50", r"50 saves at once +10 "),
    "search": ("--papers 300 --without quality writes daily", r"worst queries, relevance +\d"),
    "search_daily": ("--topics 1 30", r"\n +30 +\d+ +[\d.]+ +[\d.]+ +[1-9]"),
    "search_quality": ("--per-kind 3", r"question +(\d\.\d\d ?)+"),
    "search_writes": ("--archive 300 --day 30 --runs 1", r"with triggers +[\d.]+ +[\d.]+ times"),
    "similar": ("--papers 10", r"ours +0\.\d+ +0\.\d+"),
    "spelling": ("--seeded 5", r"seeded +\d+ +5 +[\d.]+"),
    "start": ("--papers 100 --rounds 1 --watch 0", r"[\d.]+ s +[\d.]+ s +\d+ MB +\d+ MB"),
    "taste": ("--authors 5", r"5 authors.*\nplace.*\nours +0\.\d+"),
    "topics": ("", r"audio OR music +.*\d"),
}
"""Options with which each is quick, and what it then says, however well the bot does."""

LONG = {"dashboard", "litestream", "month"}
"""What takes longer, or wants other programs; `test_month.py` and `test_panels.py` try some."""


def test_each_benchmark_is_tried_or_known_to_be_long() -> None:
    assert sorted({*SMALL, *LONG}) == BENCHMARKS


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize("name", SMALL)
def test_each_measures_a_small_corpus(name: str, small_corpus: Path) -> None:
    options, said = SMALL[name]
    done = run(name, *options.split(), corpus=small_corpus)
    assert "Traceback" not in done.stderr
    assert "never awaited" not in done.stderr
    assert re.search(said, done.stdout), done.stdout + done.stderr
    assert done.returncode == 0 or re.search("MISSED|none$", done.stdout)  # on a busy machine


def test_each_module_is_a_benchmark_or_known_as_a_helper() -> None:
    modules = {name: importlib.import_module(f"benchmarks.{name}") for name in MODULES}
    can_be_run = [name for name, module in modules.items() if callable(getattr(module, "main", 0))]
    assert can_be_run == sorted([*BENCHMARKS, "__main__"])


def test_all_are_listed_with_what_they_measure(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    listed = re.findall(r"^(\w+) {2,}(\w.*[.?])$", capsys.readouterr().out, re.M)
    assert [name for name, _ in listed] == BENCHMARKS


def test_an_unknown_name_is_told_with_those_that_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["serach"]) == 2
    shown = capsys.readouterr()
    assert "'serach'" in shown.err
    assert "search_daily" in shown.out


@pytest.mark.parametrize("name", sorted(SMALL.keys() - {"delivery", "parse"}))
def test_one_without_its_corpus_says_so(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, absent = importlib.import_module(f"benchmarks.{name}"), tmp_path / "papers.jsonl.gz"
    for each in (corpus, module):
        monkeypatch.setattr(each, "PAPERS", absent, raising=False)
    with pytest.raises(SystemExit, match=rf"^This needs {absent}, which is not here\.$"):
        module.main([])


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("dashboard", "prometheus and promtool and chromium"), ("digests", "Chromium")],
)
def test_one_without_its_programs_says_so(
    name: str, wanted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(corpus, "PAPERS", tmp_path / "none")  # programs are looked for first
    with pytest.raises(SystemExit, match=rf"^This needs {wanted} \(.+\)[^.]*\.$"):
        main([name])


def test_what_is_inserted_is_named_so_that_a_new_column_does_no_harm() -> None:
    sources = [path.read_text("utf-8") for path in FOLDER.glob("*.py")]
    joined = [re.sub(r'"\s+f?"', "", source) for source in sources]  # pieces of a text are one
    inserts = r"INSERT (?:OR \w+ )?INTO \S+ (?:\([^)]+\))?"
    into = [each for source in joined for each in re.findall(inserts, source)]
    assert len(into) >= 5
    assert [each for each in into if not each.endswith(")")] == []
