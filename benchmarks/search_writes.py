"""A 2,000-paper day stored and indexed, against the same with triggers, in one run.

    python -m benchmarks search_writes [--archive N] [--day N] [--runs N]

Into an archive of 50,000 papers, by `Papers.add_listing`: papers, announcements, links and three
indexes in one transaction. The peer is the same, but that the usual triggers (insert, delete,
update) keep each index instead of our hooks, with the same words in it.
"""

import argparse
import asyncio
import contextlib
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from benchmarks.corpus import Grower, Grown, build_database, read_corpus
from benchmarks.tables import table
from bot.arxiv.paper import build_paper
from bot.models import Announcement, AnnounceType, ArxivId, Listing
from bot.store.search import index as search_index
from bot.store.store import open_store

ARCHIVE = 50_000
DAY_SIZE = 2_000
DAY = date(2026, 8, 24)
NOW = datetime(2026, 8, 24, tzinfo=UTC)
RUNS = 5


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="search_writes", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--archive", type=int, default=ARCHIVE, metavar="N")
    parser.add_argument("--day", type=int, default=DAY_SIZE, metavar="N")
    parser.add_argument("--runs", type=int, default=RUNS, metavar="N", help="at most 12")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), options.archive, options.day, options.runs)
    return 0


def measure(
    folder: Path, archive: int = ARCHIVE, day_size: int = DAY_SIZE, runs: int = RUNS
) -> None:
    records = read_corpus()
    path = folder / "writes.db"
    build_database(path, Grower(records).grow(archive))
    triggered = folder / "triggers.db"
    shutil.copy(path, triggered)
    _with_triggers(triggered)
    days = [list(Grower(records, seed).grow(day_size)) for seed in range(2, 2 + runs)]
    ours, again = asyncio.run(_store_days(path, days))
    with _without_hooks():
        theirs, _ = asyncio.run(_store_days(triggered, days))
    print(f"\nA day of {day_size:,} papers into {archive:,}, best of {runs}, seconds")
    rows = (
        ("stored and indexed", min(ours), f"{day_size / min(ours):,.0f} papers/s"),
        ("the same day again", min(again), ""),
        ("with triggers", min(theirs), f"{min(theirs) / min(ours):.1f} times ours"),
    )
    print(table([(name, f"{seconds:.3f}", said) for name, seconds, said in rows]))


async def _store_days(path: Path, days: list[list[Grown]]) -> tuple[list[float], list[float]]:
    first: list[float] = []
    again: list[float] = []
    async with open_store(path) as store:
        await store.database.write(_trust_triggers)
        for number, day in enumerate(days):
            listing = _listing(day, number)
            for times in (first, again):
                begun = time.perf_counter()
                await store.papers.add_listing(listing, now=NOW)
                times.append(time.perf_counter() - begun)
    return first, again


def _trust_triggers(connection: sqlite3.Connection) -> None:
    # Off in the bot; SQLite then lets no trigger write a virtual table.
    connection.execute("PRAGMA trusted_schema = ON")


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


def _with_triggers(path: Path) -> None:
    """Let the usual triggers keep each index, as in https://sqlite.org/fts5.html.

    Those that remove come before the change: the row still holds what was indexed.
    """
    connection = sqlite3.connect(path, isolation_level=None)
    for each in map(search_index.new_index, search_index.INDEXES):
        of = f"key, {each.values} FROM paper WHERE key"
        add = f"INSERT INTO {each.name} (rowid, {each.columns}) SELECT {of} = new.key;"
        remove = (
            f"INSERT INTO {each.name} ({each.name}, rowid, {each.columns}) "
            f"SELECT 'delete', {of} = old.key;"
        )
        for when, body in (
            ("AFTER INSERT", add), ("AFTER UPDATE", add),
            ("BEFORE DELETE", remove), ("BEFORE UPDATE", remove),
        ):  # fmt: skip
            name = f"{each.name}_{when.replace(' ', '_')}"
            connection.execute(f"CREATE TRIGGER {name} {when} ON paper BEGIN {body} END")
    connection.close()


@contextlib.contextmanager
def _without_hooks() -> Iterator[None]:
    """Leave the indexes to the triggers; all else stays."""

    def nothing(*arguments: object) -> None:
        return None

    kept = {name: getattr(search_index, name) for name in ("_add", "_remove")}
    try:
        for name in kept:
            setattr(search_index, name, nothing)
        yield
    finally:
        for name, hook in kept.items():
            setattr(search_index, name, hook)


if __name__ == "__main__":
    sys.exit(main())
