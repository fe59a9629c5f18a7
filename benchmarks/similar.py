"""Of the papers that are called similar to a paper, how many are of its field, and how fast?

    python -m benchmarks similar [--database FILE] [--papers N] [--seed N]

N papers are drawn with a seed from FILE, or from the real corpus. Of the first five that are found
for each: the share that has its primary category, among those that share no author with it, and the
share that does share one. The peer is the nearest by cosine of tf-idf over all papers, where
scikit-learn is installed.
"""

import argparse
import random
import sqlite3
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.corpus import open_real
from benchmarks.tables import percentile_95, table
from benchmarks.vectors import TfIdf
from bot.store.rows import PAPER_COLUMNS, stored_paper
from bot.store.search.search import FIND_DEADLINE_S
from bot.store.search.similar import find_similar
from bot.store.sqlite.executor import Reading

PAPERS = 500
FIRST = 5
CACHE = "PRAGMA cache_size = -64000"

Similar = Callable[[int], list[int]]
"""Finds the keys of the papers most like the one of a key."""


@dataclass(frozen=True, slots=True)
class About:
    """What tells whether two papers are of one field, and of one group."""

    primary: str
    authors: frozenset[str]


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks similar")
    parser.add_argument("--database", type=Path, metavar="FILE")
    parser.add_argument("--papers", type=int, default=PAPERS, metavar="N")
    parser.add_argument("--seed", type=int, default=5, metavar="N")
    options = parser.parse_args(argv)
    with open_real(options.database) as connection:
        connection.execute(CACHE)
        measure(connection, options.papers, random.Random(options.seed))
    return 0


def measure(connection: sqlite3.Connection, count: int, dice: random.Random) -> None:
    rows = connection.execute(
        "SELECT key, title, abstract, authors, categories FROM paper ORDER BY key"
    ).fetchall()
    about = {
        key: About(codes.split(" ")[0], frozenset(authors.split("\n")))
        for key, _, _, authors, codes in rows
    }
    engines: dict[str, Similar] = {"ours": lambda key: _ours(connection, key)}
    try:
        words = TfIdf([(title, abstract) for _, title, abstract, _, _ in rows])
    except ImportError:
        print("scikit-learn is not installed: tf-idf takes no part")
    else:
        keys = [row[0] for row in rows]
        places = {key: place for place, key in enumerate(keys)}
        engines["tf-idf"] = lambda key: [
            keys[place] for place in words.neighbours(places[key], FIRST)
        ]
    chosen = dice.sample(sorted(about), min(count, len(about)))
    head = ("", "same category", "same author", "ms of computing: p50", "p95")
    print(table([head, *(_judge(name, engines[name], chosen, about) for name in engines)]))


def _ours(connection: sqlite3.Connection, key: int) -> list[int]:
    row = connection.execute(f"SELECT {PAPER_COLUMNS} FROM paper WHERE key = ?", (key,)).fetchone()
    reading = Reading(connection, FIND_DEADLINE_S, time.thread_time)
    return [match.stored.key for match in find_similar(reading, stored_paper(row).paper, FIRST)]


def _judge(
    name: str, find: Similar, keys: Sequence[int], about: Mapping[int, About]
) -> tuple[str, ...]:
    alike = strangers = familiar = 0
    times: list[float] = []
    for key in keys:
        begun = time.thread_time()
        found = find(key)
        times.append((time.thread_time() - begun) * 1000)
        others = [about[each] for each in found if not about[each].authors & about[key].authors]
        familiar += len(found) - len(others)
        strangers += len(others)
        alike += sum(each.primary == about[key].primary for each in others)
    times.sort()
    return (
        name,
        f"{alike / strangers:.3f}",
        f"{familiar / (familiar + strangers):.3f}",
        f"{times[len(times) // 2]:.1f}",
        f"{percentile_95(times):.1f}",
    )


if __name__ == "__main__":
    sys.exit(main())
