"""Bodies that nobody asks for any more take no room; all else of a message stays."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.digest.messages import DeliveryRecord, MessageDraft
from bot.store.outbox import old_bodies
from bot.store.sqlite.statements import change, select_rows
from bot.store.store import Store
from tests.builders import DAY, NOW, make_id, make_reason
from tests.store.outbox.test_outbox import CHANNEL, claim, drafts, subscribe
from tests.stores import open_store

BEFORE = NOW - timedelta(minutes=1)
AFTER = NOW + timedelta(minutes=1)
LONG = "a line that is long enough to be kept once for all the messages that have it"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """A store with a sent message, a failed one, a sent one that is gone, and a sent one."""
    async with open_store(tmp_path / "bot.db") as store:
        outbox = store.outbox
        subscription = await subscribe(store.database)
        planned = [replace_content(each) for each in drafts(1, 1, 1, 1)]
        await outbox.plan(subscription, DAY, planned, now=NOW)
        await outbox.mark_sent((await claim(outbox)).id, 5, NOW)
        await outbox.mark_failed((await claim(outbox)).id, make_reason("refused"), NOW)
        await outbox.mark_sent((await claim(outbox)).id, None, NOW)
        await outbox.mark_sent((await claim(outbox)).id, 7, NOW)
        yield store


def replace_content(draft: MessageDraft) -> MessageDraft:
    return replace(draft, body={"content": f"{draft.body['content']}\n{LONG}"})


async def records(store: Store) -> list[DeliveryRecord]:
    return await store.outbox.list_deliveries(CHANNEL)


async def have_body(store: Store) -> list[bool]:
    return [record.is_intact and LONG in record.payload for record in await records(store)]


async def list_batches(store: Store) -> list[int]:
    rows = await store.database.read(select_rows, "SELECT DISTINCT batch FROM piece ORDER BY 1")
    return [batch for (batch,) in rows]


async def plan_at(store: Store, delivery_id: int, planned_at: datetime) -> None:
    sql = "UPDATE delivery SET planned_at = ? WHERE id = ?"
    text = planned_at.isoformat(timespec="milliseconds")
    await store.database.write(change, sql, (text, delivery_id))


async def test_of_an_old_message_all_but_the_body_stays(store: Store) -> None:
    """One that is not posted may be sent again, and one of unknown place be looked for."""
    before = await records(store)
    await store.old_bodies.drop(BEFORE, AFTER)
    assert await have_body(store) == [True] * 4
    await store.old_bodies.drop(AFTER, AFTER)
    assert await have_body(store) == [False, True, True, False]
    after = await records(store)
    assert [each.posted for each in after] == [each.posted for each in before]
    assert after[1] == before[1]
    assert await store.outbox.delivered_versions(CHANNEL, [make_id(1)]) == {make_id(1): 1}


async def test_pieces_go_with_the_last_body_that_needs_them(store: Store) -> None:
    """What is kept longer needs none; those of the newest messages stay."""
    subscription = await subscribe(store.database)
    for number in (1, 2):
        later = NOW + timedelta(days=number)
        drafted = [replace_content(each) for each in drafts(1, first=20 + number)]
        await store.outbox.plan(subscription, DAY, drafted, now=later)
        await store.outbox.mark_sent((await claim(store.outbox, later)).id, 20 + number, later)
    assert await list_batches(store) == [1, 5, 6]
    for number, kept in ((0, [5, 6]), (1, [6]), (2, [6])):
        later = AFTER + timedelta(days=number)
        await store.old_bodies.drop(later, later)
        assert await list_batches(store) == kept
        assert (await have_body(store))[1:3] == [True, True]


async def test_a_message_that_was_posted_again_is_not_waited_for(store: Store) -> None:
    """It keeps its body, as it may be edited; messages of its own time are waited for."""
    again, young = [(await records(store))[each].id for each in (0, 2)]
    later = NOW + timedelta(days=20)
    await plan_at(store, again, later)
    await store.old_bodies.drop(later - timedelta(hours=1), later)
    assert await have_body(store) == [True, True, True, False]
    await plan_at(store, young, NOW + timedelta(days=5))
    await store.database.write(change, "DELETE FROM fact WHERE name = ?", (old_bodies.DROPPED_TO,))
    await store.old_bodies.drop(NOW + timedelta(days=1), NOW + timedelta(days=6))
    assert await store.database.read(
        select_rows, "SELECT value FROM fact WHERE name = ?", (old_bodies.DROPPED_TO,)
    ) == [(str(young - 1),)]


async def test_work_goes_on_where_it_ended(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """In steps, and past one that was planned by a clock that was ahead."""
    monkeypatch.setattr(old_bodies, "STEP", 1)
    sent = [record.id for record in await records(store)]
    await plan_at(store, sent[0], NOW + timedelta(days=900))
    await plan_at(store, sent[3], AFTER)
    await store.old_bodies.drop(AFTER, AFTER)
    assert await have_body(store) == [False, True, True, True]
    await store.old_bodies.drop(AFTER + timedelta(days=1), AFTER)
    assert await have_body(store) == [False, True, True, False]


async def test_a_clock_that_was_put_right_drops_nothing(store: Store) -> None:
    """Messages of the hour before seem to be planned in the future then."""
    earlier = NOW - timedelta(hours=1)
    await store.old_bodies.drop(earlier - timedelta(days=31), earlier)
    assert await have_body(store) == [True] * 4


async def test_numbers_that_are_given_again_are_looked_at(store: Store) -> None:
    """SQLite does so where the newest rows were deleted: of a server that was forgotten."""
    await store.old_bodies.drop(AFTER, AFTER)
    await store.departures.forget(1001)
    assert await store.database.read(select_rows, "SELECT * FROM body") == []
    subscription = await subscribe(store.database)
    await store.outbox.plan(subscription, DAY, drafts(1), now=NOW)
    await store.outbox.mark_sent((await claim(store.outbox)).id, 9, NOW)
    await store.old_bodies.drop(AFTER, AFTER)
    assert [each.payload for each in await records(store)] == [""]
