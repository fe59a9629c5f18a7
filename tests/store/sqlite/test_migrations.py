"""Files of earlier versions: each step keeps what they hold."""

import hashlib
import sqlite3
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.delivery.notices import resumes_by_itself
from bot.delivery.reconcile import may_repeat
from bot.models import Reason, ReasonCode
from bot.query.parser import parse_query
from bot.store.keys import first_key
from bot.store.search.index import INDEXES
from bot.store.sqlite import migrations
from bot.store.sqlite.maintenance import find_stale_indexes
from bot.store.store import open_store
from bot.ui.pause import describe_reason
from tests.builders import NOW, make_listing, make_paper

TAKEN = ("c7a59bc671003071", "da4a23619d5a1f9e", "59164c41283e1740")
"""The beginning of each step's SHA-256."""


def made_by(steps: Sequence[migrations.Step], path: Path) -> sqlite3.Connection:
    """Make a file as a version with these steps made it."""
    connection = sqlite3.connect(path, isolation_level=None)
    for name, function in migrations.FUNCTIONS.items():
        connection.create_function(name, 1, function, deterministic=True)
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


SHUT = "the bot may not post there: it needs Send Messages and Embed Links"
LOST = (
    "a backup was put back, and what was posted cannot be known: "
    "the bot may not read the channel's history"
)


def pause(old: sqlite3.Connection, channel_id: int, because: str | None) -> None:
    """Write a paused subscription as version 0.2.0 did."""
    old.execute(
        "INSERT INTO subscription (guild_id, channel_id, categories, announce_types, zone, style, "
        "created_at, state, paused_because) "
        "VALUES (1, ?, 'cs.CV', 'new', 'UTC', 'cards', '2024-03-06T07:00:00+00:00', 'paused', ?)",
        (channel_id, because),
    )


async def test_a_digest_that_an_earlier_version_paused_ends_its_pause_as_before(
    tmp_path: Path,
) -> None:
    """It knew the cause by the words of a sentence, which may be others now."""
    old = made_by(migrations.STEPS[:2], tmp_path / "papers.db")
    for channel_id, because in enumerate((SHUT, LOST, "an admin paused it", "a holiday", None)):
        pause(old, channel_id, because)
    old.close()
    async with open_store(tmp_path / "papers.db") as store:
        shut, lost, by_admin, other, bare = await store.subscriptions.list_subscriptions()
    assert [resumes_by_itself(each) for each in (shut, lost, by_admin, other, bare)] == [
        True,
        False,
        False,
        False,
        False,
    ]
    assert [may_repeat(each) for each in (shut, lost, by_admin, other, bare)] == [
        False,
        True,
        False,
        False,
        False,
    ]
    assert lost.paused_because == Reason(
        code=ReasonCode.PUT_BACK, because=Reason(code=ReasonCode.HISTORY_HIDDEN)
    )
    assert describe_reason(other) == "a holiday"


async def test_reasons_of_an_old_outbox_become_codes(tmp_path: Path) -> None:
    """Those of the messages and of each step that they took; all of them are still shown."""
    old = made_by(migrations.STEPS[:2], tmp_path / "papers.db")
    reasons = ["429, rate limited", SHUT, "something else entirely"]
    for part, reason in enumerate(reasons, start=1):
        old.execute(
            "INSERT INTO delivery (subscription_id, guild_id, channel_id, announced_on, part, key, "
            "nonce, payload, payload_sha256, state, not_before, planned_at, changed_at, told_at) "
            "VALUES (1, 1, 2, '2024-03-05', ?, ?, ?, '{}', 'x', 'planned', ?, ?, ?, ?)",
            (part, f"key {part}", f"nonce {part}", *[NOW.isoformat()] * 4),
        )
        old.execute(
            "UPDATE delivery SET state = 'failed', reason = ? WHERE part = ?", (reason, part)
        )
    old.close()
    async with open_store(tmp_path / "papers.db") as store:
        records = await store.outbox.list_deliveries(2)
        assert [each.reason for each in records] == [
            Reason(code=ReasonCode.RATE_LIMITED, status=429),
            Reason(code=ReasonCode.MAY_NOT_POST),
            Reason(code=ReasonCode.OTHER, text="something else entirely"),
        ]
        for record in records:
            first, second = await store.outbox.list_history(record.id)
            assert (first.reason, second.reason) == (None, record.reason)
        assert [each.style for each in records] == ["cards"] * 3
        assert await store.troubles.list_unnotified() == []
        # And the triggers go on writing the history.
        assert await store.troubles.post_again(records[0].id, NOW)
        last = (await store.outbox.list_history(records[0].id))[-1]
        assert last.reason == Reason(code=ReasonCode.POSTED_AGAIN)
