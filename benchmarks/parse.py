"""Parsing a daily feed of 2,000 entries: ours against feedparser on the same bytes.

    python -m benchmarks parse [--rounds N]

The feed is written in arXiv's form from real papers where the reference corpus is at hand, else
from made-up ones. feedparser is optional (``pip install feedparser``); without it the table has
no ratios. Two of our rows: `read_feed` does what feedparser does, bytes to the fields of the
records (feedparser sanitises HTML besides, which arXiv's feeds do not have); `parse_feed` makes
every title, abstract and name readable and finds the links as well.
"""

import argparse
import importlib
import random
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from itertools import islice
from xml.etree import ElementTree

from benchmarks.corpus import PAPERS, read_records
from benchmarks.tables import table, verdict
from bot.arxiv.feeds import parse_feed, read_feed
from tests.fakes.arxiv_forms import Record, rss_feed

ENTRIES = 2000
GOAL = 20
"""How many times faster than feedparser the bytes must become records."""


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="the best of how many (5)")
    options = parser.parse_args(argv)
    records = list(islice(real_records() if PAPERS.exists() else made_up_records(), ENTRIES))
    content = rss_feed("cs.LG", date(2024, 3, 5), records).encode()
    kind = "real" if PAPERS.exists() else "made-up"
    print(f"RSS feed, {len(records):,} {kind} entries, {len(content) / 1e6:.1f} MB")
    print_table(measure(candidates(), content, options.rounds))
    return 0


def real_records() -> Iterator[Record]:
    for paper in read_records():
        yield Record(
            paper["id"],
            title=paper["title"],
            abstract=paper["abstract"],
            authors=paper["authors"],
            categories=paper["categories"],
        )


def made_up_records() -> Iterator[Record]:
    dice = random.Random(1)
    words = ["we", "show", "that", "deep", "networks", r"\emph{learn}", "from", "$x^2$", "data."]
    for number in range(1, ENTRIES + 1):
        abstract = " ".join(dice.choices(words, k=200))
        authors = [f"Ada {chr(65 + n)}. Example" for n in range(dice.randrange(1, 8))]
        yield Record(
            f"2403.{number:05d}", title=f"Paper {number}", abstract=abstract, authors=authors
        )


def candidates() -> dict[str, Callable[[bytes], object]]:
    found: dict[str, Callable[[bytes], object]] = {
        "read_feed (records)": read_feed,
        "parse_feed (readable papers)": parse_feed,
        "ElementTree (tree only)": ElementTree.fromstring,
    }
    try:
        feedparser = importlib.import_module("feedparser")
    except ImportError:
        print("feedparser is not installed: times only, no ratios")
        return found
    return {f"feedparser {feedparser.__version__}": feedparser.parse, **found}


def measure(
    parsers: dict[str, Callable[[bytes], object]], content: bytes, rounds: int
) -> dict[str, float]:
    """Return the least CPU seconds of each; they take turns, in fairness on a busy machine."""
    best = dict.fromkeys(parsers, float("inf"))
    for _ in range(rounds):
        for name, parse in parsers.items():
            started = time.process_time()
            parse(content)
            best[name] = min(best[name], time.process_time() - started)
    return best


def print_table(seconds: dict[str, float]) -> None:
    peer = next((taken for name, taken in seconds.items() if name.startswith("feedparser")), None)
    rows = [
        (name, f"{taken * 1000:.1f}", f"{peer / taken:.1f}" if peer else "-")
        for name, taken in seconds.items()
    ]
    print(table([("parser", "CPU ms", "times faster"), *rows]))
    if peer:
        reached = peer / seconds["read_feed (records)"]
        met = verdict(reached >= GOAL)
        print(f"goal: records at least {GOAL} times faster than feedparser: {met} ({reached:.0f})")


if __name__ == "__main__":
    sys.exit(main())
