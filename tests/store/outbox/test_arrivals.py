"""The outbox for those who wait: whose turn it is, what arrived, what became of a paper."""

import sqlite3
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.digest.select import DeliveryStatus
from bot.store.sqlite.statements import LONG_AGO
from bot.store.store import Store
from tests.builders import (
    DAY,
    NOW,
    make_draft,
    make_id,
    make_listing,
    make_paper,
    make_papers,
    make_reason,
)
from tests.store.outbox.test_outbox import CHANNEL, LATER, claim, drafts, subscribe
from tests.stores import open_store

YESTERDAY = DAY - timedelta(days=1)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(tmp_path / "bot.db") as store:
        yield store


async def plan(store: Store, *sizes: int, channel_id: int = CHANNEL, first: int = 1) -> None:
    subscription = await subscribe(store.database, channel_id)
    await store.outbox.plan(subscription, DAY, drafts(*sizes, first=first), now=NOW)


async def test_channels_queue_in_the_order_of_delivery(store: Store) -> None:
    other = await subscribe(store.database, 7)
    await store.outbox.plan(other, DAY, drafts(1), now=LATER)
    await plan(store, 1, 1, 1)
    assert [(each.channel_id, each.messages) for each in await store.arrivals.list_queues()] == [
        (CHANNEL, 3),
        (7, 1),
    ]
    assert [channel for _, channel in await store.outbox.list_due(LATER)] == [CHANNEL, 7]


async def test_a_queue_says_what_holds_it_up(store: Store) -> None:
    await plan(store, 1, 1)
    record = await claim(store.outbox)
    await store.outbox.mark_planned_again(record.id, LATER, make_reason("429, rate limited"), NOW)
    (queue,) = await store.arrivals.list_queues()
    assert (queue.not_before, queue.reason, queue.days) == (
        LATER,
        make_reason("429, rate limited"),
        (DAY,),
    )
    assert not queue.is_on_hold
    await store.subscriptions.pause(CHANNEL, make_reason("holiday"))
    (queue,) = await store.arrivals.list_queues()
    assert queue.is_on_hold


async def test_what_was_planned_at_once_queues_as_it_was_planned(store: Store) -> None:
    """And the time of the first message counts, whatever waits behind it."""
    for channel_id in (9, 7, 8):
        await plan(store, 1, 1, channel_id=channel_id)
    queues = await store.arrivals.list_queues()
    assert [each.channel_id for each in queues] == [9, 7, 8]
    assert [channel for _, channel in await store.outbox.list_due(LATER)] == [9, 7, 8]


async def test_a_queue_names_its_days_in_order(store: Store) -> None:
    await plan(store, 1, 1)
    subscription = await subscribe(store.database)
    await store.outbox.plan(subscription, YESTERDAY, drafts(1, first=9), now=LATER)
    (queue,) = await store.arrivals.list_queues()
    assert (queue.channel_id, queue.messages) == (CHANNEL, 3)
    assert (queue.days, queue.not_before) == ((YESTERDAY, DAY), LATER)


async def test_a_queue_with_times_that_cannot_be_read_waits_for_nothing(store: Store) -> None:
    await plan(store, 1)

    def damage(connection: sqlite3.Connection) -> None:
        connection.execute("DROP TRIGGER delivery_frozen")
        connection.execute("UPDATE delivery SET announced_on = 'some day', not_before = 'soon'")

    await store.database.write(damage)
    (queue,) = await store.arrivals.list_queues()
    assert (queue.days, queue.not_before) == ((), LONG_AGO)


async def test_digests_say_how_much_of_them_arrived(store: Store) -> None:
    await plan(store, 1, 1, 1)
    await store.digests.record(CHANNEL, YESTERDAY, announced=9, planned=0, now=NOW)
    await store.digests.record(CHANNEL, DAY, announced=47, planned=3, now=NOW)
    await store.outbox.mark_failed((await claim(store.outbox)).id, make_reason("refused"), NOW)
    await store.outbox.mark_sent((await claim(store.outbox)).id, 77, NOW)
    today, yesterday = await store.arrivals.list_digests(CHANNEL, 5)
    assert (today.announced_on, today.planned, today.announced) == (DAY, 3, 47)
    assert (today.sent, today.messages, today.first_message_id) == (1, 3, 77)
    assert (yesterday.messages, yesterday.sent, yesterday.first_message_id) == (0, 0, None)
    assert await store.arrivals.list_digests(CHANNEL, 1) == [today]
    assert await store.arrivals.list_digests(CHANNEL + 1, 5) == []


async def test_a_split_message_is_not_counted(store: Store) -> None:
    papers = make_papers(2)
    subscription = await subscribe(store.database)
    await store.outbox.plan(subscription, DAY, [make_draft(*papers)], now=NOW)
    await store.digests.record(CHANNEL, DAY, announced=2, planned=2, now=NOW)
    parts = [make_draft(paper, content=paper.title) for paper in papers]
    await store.outbox.split((await claim(store.outbox)).id, parts, make_reason("too large"), NOW)
    (digest,) = await store.arrivals.list_digests(CHANNEL, 1)
    assert digest.messages == 2


async def test_a_paper_that_was_not_posted_says_what_became_of_it(store: Store) -> None:
    await plan(store, 1, 1, 1, 1, 1)
    ids = [make_id(number) for number in range(1, 7)]
    await store.outbox.mark_sent((await claim(store.outbox)).id, 5, NOW)
    await store.outbox.mark_failed((await claim(store.outbox)).id, make_reason("refused"), NOW)
    await store.outbox.mark_unknown((await claim(store.outbox)).id, make_reason("who knows"), NOW)
    left = await claim(store.outbox)
    await store.outbox.mark_failed(left.id, make_reason("refused"), NOW)
    await store.troubles.settle(left.id, NOW)
    assert await store.arrivals.find_statuses(CHANNEL, ids) == {
        ids[1]: DeliveryStatus.FAILED,
        ids[2]: DeliveryStatus.UNKNOWN,
        ids[3]: DeliveryStatus.LEFT,
        ids[4]: DeliveryStatus.ON_ITS_WAY,
    }
    assert await store.arrivals.find_statuses(CHANNEL + 1, ids) == {}


async def test_the_days_of_a_paper_are_those_of_the_categories_asked_for(store: Store) -> None:
    paper = make_paper(1)
    for category, day in (("cs.CV", YESTERDAY), ("cs.CV", DAY), ("cs.LG", LATER.date())):
        listing = make_listing(paper, category=category, announced_on=day)
        await store.papers.add_listing(listing, now=NOW)
    list_days = store.arrivals.list_days
    assert await list_days(paper.arxiv_id, ["cs.CV"], 5) == [DAY, YESTERDAY]
    assert await list_days(paper.arxiv_id, ["cs.CV", "cs.LG"], 1) == [DAY]
    assert await list_days(paper.arxiv_id, ["cs.SE"], 5) == []


async def test_the_dates_that_carried_a_paper_are_found(store: Store) -> None:
    """A paper and its replacement come on different dates; another channel's do not count."""
    subscription = await subscribe(store.database, CHANNEL)
    other = await subscribe(store.database, CHANNEL + 1)
    await store.outbox.plan(subscription, YESTERDAY, [make_draft(make_paper(1))], now=NOW)
    later = [make_draft(make_paper(1, version=2), make_paper(2))]
    await store.outbox.plan(subscription, DAY, later, now=NOW)
    await store.outbox.plan(other, DAY, [make_draft(make_paper(3))], now=NOW)
    ids = [make_id(number) for number in range(1, 5)]
    assert await store.arrivals.find_days(CHANNEL, ids) == {
        make_id(1): {YESTERDAY, DAY},
        make_id(2): {DAY},
    }
    assert await store.arrivals.find_days(CHANNEL, []) == {}
