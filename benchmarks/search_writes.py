"""A 2,000-paper day stored and indexed, against the same with triggers, in one run.

    python -m benchmarks search_writes

Into an archive of 50,000 papers. Ours is `Papers.add_listing`: papers, announcements, links and
three indexes in one transaction. The peer writes the rows of papers alone, into the same schema
with the usual three triggers on the full index.
"""

import asyncio
import sqlite3
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path

from benchmarks.corpus import SHARED, Grower, Grown, build_database, read_corpus
from bot.arxiv.paper import build_paper
from bot.models import Announcement, AnnounceType, ArxivId, Listing
from bot.store.search_index import INDEXES
from bot.store.store import open_store

ARCHIVE = 50_000
DAY_SIZE = 2_000
DAY = date(2026, 8, 24)
NOW = datetime(2026, 8, 24, tzinfo=UTC)
RUNS = 3


def main(argv: list[str] | None = None) -> int:
    if not SHARED.exists():
        print(f"This needs the corpus {SHARED}, which is not here.", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder))
    return 0


def measure(folder: Path) -> None:
    records = read_corpus()
    grower = Grower(records)
    path = folder / "writes.db"
    build_database(path, grower.grow(ARCHIVE))
    days = [
        list(islice(Grower(records, seed).grow(DAY_SIZE), DAY_SIZE)) for seed in range(2, 2 + RUNS)
    ]
    ours, again = asyncio.run(_store_days(path, days))
    with_triggers = [_store_with_triggers(path, day, number) for number, day in enumerate(days)]
    print(f"\nA day of {DAY_SIZE:,} papers into {ARCHIVE:,}, best of {RUNS}, seconds")
    print(f"  stored and indexed          {min(ours):8.3f}  {DAY_SIZE / min(ours):8,.0f} papers/s")
    print(f"  the same day again          {min(again):8.3f}")
    ratio = min(with_triggers) / min(ours)
    print(f"  papers alone, with triggers {min(with_triggers):8.3f}  {ratio:.1f} times ours")


async def _store_days(path: Path, days: list[list[Grown]]) -> tuple[list[float], list[float]]:
    first: list[float] = []
    again: list[float] = []
    async with open_store(path) as store:
        for number, day in enumerate(days):
            listing = _listing(day, number)
            for times in (first, again):
                begun = time.perf_counter()
                await store.papers.add_listing(listing, now=NOW)
                times.append(time.perf_counter() - begun)
    return first, again


def _listing(day: list[Grown], number: int) -> Listing:
    papers = [
        build_paper(
            arxiv_id=ArxivId(f"26{number + 1:02d}.{at:05d}"),
            version=1,
            title=paper.title,
            abstract=paper.abstract,
            authors=paper.authors,
            categories=paper.categories,
        )
        for at, paper in enumerate(day)
    ]
    entries = [
        Announcement(paper=paper, announce_type=AnnounceType.NEW, position=position)
        for position, paper in enumerate(papers, start=1)
    ]
    return Listing(
        category="cs.LG",
        announced_on=DAY.replace(month=1 + number),
        announcements=tuple(entries),
        source="rss",
    )


def _store_with_triggers(path: Path, day: list[Grown], number: int) -> float:
    """Insert rows of the same size while triggers keep the full index."""
    columns = INDEXES["paper_text"]
    values = ", ".join(f"new.{name}" for name in columns.split(", "))
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(
        f"CREATE TEMP TRIGGER paper_ai AFTER INSERT ON main.paper BEGIN "
        f"INSERT INTO paper_text (rowid, {columns}) VALUES (new.key, {values}); END"
    )
    offset = (number + 1) << 50
    rows = [
        (paper.key + offset, f"{paper.arxiv_id}.{number}.t", DAY.isoformat(), paper.title,
         paper.abstract, "\n".join(paper.authors), " ".join(paper.categories))
        for paper in day
    ]  # fmt: skip
    begun = time.perf_counter()
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(
        "INSERT INTO paper (key, arxiv_id, version, announced_on, is_date_estimated, title, "
        "abstract, authors, categories) VALUES (?, ?, 1, ?, 0, ?, ?, ?, ?)",
        rows,
    )
    connection.execute("COMMIT")
    took = time.perf_counter() - begun
    connection.close()
    return took


if __name__ == "__main__":
    sys.exit(main())
