"""Of words with one slip in a search, how many are read as what was meant?

    python -m benchmarks spelling [--database FILE] [--seeded N]

50 searches made by hand (`typos.tsv`), and N drawn with a seed from titles of FILE or of the real
corpus: a word of one with a letter missing, added, wrong or swapped, beside two others of it. Right
is the first word that "did you mean" offers, and a slip that is searched as what was meant anyway
(`forgeting`, as it reads like *modeling*).
"""

import argparse
import random
import sqlite3
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.corpus import open_real
from benchmarks.search_quality import misspelt
from benchmarks.tables import percentile_95, table
from bot.query.inflect import inflections
from bot.query.parser import parse_query
from bot.query.tokens import words
from bot.store.search.advice import advise
from bot.store.sqlite.executor import Reading

BY_HAND = Path(__file__).with_name("typos.tsv")
SEEDED = 200
LEAST_LETTERS = 6
PATIENCE_S = 10.0


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks spelling")
    parser.add_argument("--database", type=Path, metavar="FILE")
    parser.add_argument("--seeded", type=int, default=SEEDED, metavar="N")
    options = parser.parse_args(argv)
    with open_real(options.database) as connection:
        rows = [
            _judge(connection, "by hand", list(_by_hand())),
            _judge(connection, "seeded", list(_seeded(connection, options.seeded))),
        ]
    print(table([("", "right", "of", "ms of computing: p50", "p95"), *rows], names=1))
    return 0


def _by_hand() -> Iterator[tuple[str, str]]:
    for line in BY_HAND.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            query, meant = line.split("\t")
            yield query, meant


def _seeded(connection: sqlite3.Connection, count: int) -> Iterator[tuple[str, str]]:
    dice = random.Random(11)
    titles = [title for (title,) in connection.execute("SELECT title FROM paper ORDER BY key")]
    made = 0
    while made < count:
        said = dict.fromkeys(words(dice.choice(titles)))
        long = [word for word in said if len(word) >= LEAST_LETTERS and word.isalpha()]
        if len(long) < 3:
            continue
        meant, *others = dice.sample(long, 3)
        slip = misspelt(dice, meant)
        if not connection.execute("SELECT 1 FROM word WHERE word = ?", (slip,)).fetchone():
            yield " ".join([slip, *others]), meant
            made += 1


def _judge(
    connection: sqlite3.Connection, kind: str, pairs: list[tuple[str, str]]
) -> tuple[str, ...]:
    right = 0
    times: list[float] = []
    for query, meant in pairs:
        reading = Reading(connection, PATIENCE_S, time.thread_time)
        begun = time.thread_time()
        doubtful = advise(reading, parse_query(query)).doubtful
        times.append((time.thread_time() - begun) * 1000)
        offered = [each.suggestions[0] for each in doubtful if each.suggestions]
        if meant in offered or any(meant in inflections(word) for word in words(query)):
            right += 1
        else:
            print(f"{kind}: {query!r} meant {meant!r}, offered {', '.join(offered) or 'nothing'}")
    times.sort()
    middle = times[len(times) // 2]
    return kind, str(right), str(len(pairs)), f"{middle:.1f}", f"{percentile_95(times):.1f}"


if __name__ == "__main__":
    sys.exit(main())
