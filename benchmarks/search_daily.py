"""Many topics matched against a day's 2,000 papers.

    python -m benchmarks search_daily [--topics N ...]

Topics of one to three words joined by OR, half of them with categories, drawn from the real
corpus; seconds with reading the queries and loading the papers from the store.
"""

import argparse
import asyncio
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.corpus import build_database, counted_words, read_corpus, real_papers
from benchmarks.tables import table
from bot.models import ArxivId
from bot.query.parser import parse_query
from bot.store.store import open_store

PAPERS = 2_000
TOPICS = (1, 100, 10_000, 100_000)
CATEGORIES = ("cs.CV", "cs.LG", "cs.AI", "cs.CL", "stat.ML", "cs.RO", "eess.IV", "cs.HC")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="search_daily", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--topics", type=int, nargs="+", default=TOPICS, metavar="N")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), options.topics)
    return 0


def measure(folder: Path, topics: Sequence[int] = TOPICS) -> None:
    path = folder / "daily.db"
    build_database(path, real_papers(read_corpus()))
    connection = sqlite3.connect(path)
    newest = connection.execute("SELECT arxiv_id FROM paper ORDER BY key DESC LIMIT ?", (PAPERS,))
    arxiv_ids = [ArxivId(row[0]) for row in newest]
    counted = counted_words(connection)
    connection.close()
    rows = asyncio.run(_match(path, arxiv_ids, counted, topics))
    print(f"\n{len(arxiv_ids):,} papers of a day; seconds")
    print(table([("topics", "distinct", "reading", "matching", "matches"), *rows], names=0))


async def _match(
    path: Path,
    arxiv_ids: list[ArxivId],
    counted: list[tuple[str, int]],
    topics: Sequence[int],
) -> list[tuple[str, ...]]:
    dice = random.Random(2)
    words = [word for word, _ in counted]
    weights = [papers**0.3 for _, papers in counted]  # people ask for rarer words than papers use
    rows: list[tuple[str, ...]] = []
    async with open_store(path) as store:
        for count in topics:
            texts = [make_topic(dice, words, weights) for _ in range(count)]
            begun = time.perf_counter()
            queries = [parse_query(text) for text in texts]
            read = time.perf_counter()
            found = await store.search.match_many(queries, arxiv_ids)
            matched = time.perf_counter()
            counts = (count, len(set(texts)), sum(map(len, found)))
            asked, distinct, pairs = (f"{each:,}" for each in counts)
            rows.append((asked, distinct, f"{read - begun:.2f}", f"{matched - read:.2f}", pairs))
    return rows


def make_topic(dice: random.Random, words: list[str], weights: list[float]) -> str:
    topic = " OR ".join(dice.choices(words, weights, k=dice.randint(1, 3)))
    categories = dice.sample(CATEGORIES, dice.randint(0, 2))
    if not categories:
        return topic
    return f"({topic}) category:({' OR '.join(categories)})"


if __name__ == "__main__":
    sys.exit(main())
