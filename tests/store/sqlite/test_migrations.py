"""Files of earlier versions: each step keeps what they hold."""

import hashlib
import sqlite3
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.query.parser import parse_query
from bot.store.keys import first_key
from bot.store.search.index import INDEXES
from bot.store.sqlite import migrations
from bot.store.sqlite.maintenance import find_stale_indexes
from bot.store.store import open_store
from tests.builders import make_listing, make_paper

TAKEN = ("c7a59bc671003071", "da4a23619d5a1f9e")
"""The beginning of each step's SHA-256."""


def made_by(steps: Sequence[migrations.Step], path: Path) -> sqlite3.Connection:
    """Make a file as a version with these steps made it."""
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in (statement for step in steps for statement in step):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {migrations.APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {len(steps)}")
    return connection


@pytest.mark.parametrize(("step", "digest"), list(zip(migrations.STEPS, TAKEN, strict=True)))
def test_a_step_that_hosts_have_taken_stays_as_it_is(step: migrations.Step, digest: str) -> None:
    """Their files have it; what is to change is a further step."""
    assert hashlib.sha256("\n".join(step).encode()).hexdigest().startswith(digest)


async def test_authors_of_an_old_file_are_found(tmp_path: Path) -> None:
    """Their names were tagged in another way."""
    old = made_by(migrations.STEPS[:1], tmp_path / "papers.db")
    values = {
        "key": first_key(date(2024, 3, 5)),
        "arxiv_id": "2403.00001",
        "version": 1,
        "announced_on": "2024-03-05",
        "is_date_estimated": 0,
        "title": "Masked autoencoders",
        "abstract": "Patches.",
        "authors": "Kaiming He\nRoss Girshick",
        "categories": "cs.CV",
        "names": "old tags",
    }
    marks = ", ".join("?" * len(values))
    old.execute(f"INSERT INTO paper ({', '.join(values)}) VALUES ({marks})", list(values.values()))
    for name, columns in INDEXES.items():
        old.execute(f"INSERT INTO {name} (rowid, {columns}) SELECT key, {columns} FROM paper")
    old.close()
    async with open_store(tmp_path / "papers.db") as store:
        for query, count in (('author:"K. He"', 1), ("author:girshick", 1), ("author:old", 0)):
            assert (await store.search.find(parse_query(query))).total == count
        assert await find_stale_indexes(store.database) == []


async def test_listings_are_numbered_as_they_came(tmp_path: Path) -> None:
    """And a subscription knows which were there before it."""
    old = made_by(migrations.STEPS[:1], tmp_path / "papers.db")
    came = [("2024-03-05", "05:30"), ("2024-03-04", "06:00"), ("2024-03-06", "09:00")]
    old.executemany(
        "INSERT INTO listing VALUES ('cs.CV', ?, 'rss', ?, ?)",
        [(day, f"2024-03-06T{at}:00+00:00", f"2024-03-06T{at}:00+00:00") for day, at in came],
    )
    old.execute(
        "INSERT INTO subscription (guild_id, channel_id, categories, announce_types, zone, style, "
        "created_at) VALUES (1, 2, 'cs.CV', 'new', 'UTC', 'cards', '2024-03-06T07:00:00+00:00')"
    )
    old.close()
    async with open_store(tmp_path / "papers.db") as store:
        (subscription,) = await store.subscriptions.list_subscriptions()
        listings = await store.digests.listings_since(date(2024, 3, 1))
        numbers = {str(day): times.number for (_, day), times in listings.items()}
        assert numbers == {"2024-03-05": 1, "2024-03-04": 2, "2024-03-06": 3}
        assert subscription.starts_after == 2
        listing = make_listing(make_paper(1), announced_on=date(2024, 3, 7))
        await store.papers.add_listing(listing, now=datetime(2024, 3, 7, tzinfo=UTC))
        listings = await store.digests.listings_since(date(2024, 3, 7))
        assert [times.number for times in listings.values()] == [4]
