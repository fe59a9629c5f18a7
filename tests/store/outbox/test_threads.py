"""Which messages begin a thread and which go into one, as the outbox plans them."""

import sqlite3

import pytest

from bot.digest.messages import DeliveryRecord
from bot.digest.models import DigestOptions, Place, Reason, ReasonCode, Subscription
from bot.store.backup.backup import DOUBT_THREADS
from bot.store.outbox.outbox import HEAD_OF_CHANNEL
from bot.store.store import Store
from tests.builders import DAY, NOW
from tests.store.outbox.test_outbox import CHANNEL, LATER, claim, drafts, subscribe

GONE = Reason(code=ReasonCode.THREAD_GONE)
NAME = "cs.CV · Tue, 5 Mar 2024"


async def subscribe_to(store: Store, place: Place) -> Subscription:
    before = await subscribe(store.database)
    return await store.subscriptions.set_subscription(
        guild_id=before.guild_id,
        channel_id=before.channel_id,
        categories=["cs.CV", "cs.LG"],
        announce_types=[],
        post_at=None,
        zone="UTC",
        style="cards",
        now=NOW,
        options=DigestOptions(place=place),
    )


async def plan(
    store: Store, *sizes: int, first: int = 1, place: Place = Place.THREAD
) -> list[DeliveryRecord]:
    subscription = await subscribe_to(store, place)
    planned = drafts(*sizes, first=first)
    assert await store.outbox.plan(subscription, DAY, planned, now=NOW, thread_name=NAME)
    return await records(store)


async def records(store: Store) -> list[DeliveryRecord]:
    return await store.outbox.list_deliveries(CHANNEL, DAY)


async def places(store: Store) -> list[tuple[int, str, int | None]]:
    """Return the part, the place and the starter's part of each message."""
    planned = await records(store)
    parts = {each.id: each.part for each in planned}
    return [(each.part, each.place.value, parts.get(each.starter_id or 0)) for each in planned]


async def post(store: Store, message_id: int) -> DeliveryRecord:
    record = await claim(store.outbox)
    assert await store.outbox.mark_sent(record.id, message_id, NOW)
    return record


@pytest.mark.parametrize(("place", "first"), [(Place.THREAD, "channel"), (Place.FORUM, "forum")])
async def test_the_first_message_starts_the_thread_of_the_date(
    store: Store, place: Place, first: str
) -> None:
    planned = await plan(store, 1, 1, place=place)
    await plan(store, 1, first=10, place=place)
    assert await places(store) == [(1, first, None), (2, "thread", 1), (3, "thread", 1)]
    assert [each.thread_name for each in planned] == [NAME, NAME]
    assert planned[0].tags == ("cs.CV", "cs.LG")


async def test_a_digest_in_the_channel_has_no_thread(store: Store) -> None:
    planned = await plan(store, 1, 1, place=Place.CHANNEL)
    assert await places(store) == [(1, "channel", None), (2, "channel", None)]
    assert [each.thread_name for each in planned] == ["", ""]
    await plan(store, 1, 1, first=10)
    assert await places(store) == [
        (1, "channel", None),
        (2, "channel", None),
        (3, "channel", None),
        (4, "thread", 3),
    ]


async def test_what_is_added_after_a_change_to_the_channel_goes_into_the_channel(
    store: Store,
) -> None:
    await plan(store, 1, 1)
    await plan(store, 1, first=10, place=Place.CHANNEL)
    assert await places(store) == [(1, "channel", None), (2, "thread", 1), (3, "channel", None)]


async def test_a_thread_is_known_once_its_message_was_posted(store: Store) -> None:
    _, second = await plan(store, 1, 1)
    assert (second.thread_id, second.has_thread) == (None, False)
    await post(store, 77)
    second = await claim(store.outbox)
    assert (second.thread_id, second.has_thread) == (77, False)
    await store.outbox.note_thread(second.starter_id or 0)
    current = await store.outbox.get(second.id)
    assert current is not None
    assert current.has_thread
    await store.outbox.mark_sent(second.id, 78, NOW)
    urls = [each.posted.url for each in await records(store) if each.posted]
    assert urls == [
        f"https://discord.com/channels/1001/{CHANNEL}/77",
        "https://discord.com/channels/1001/77/78",
    ]
    digests = store.arrivals
    await store.digests.record(CHANNEL, DAY, announced=2, planned=2, now=NOW)
    (digest,) = await digests.list_digests(CHANNEL, 1)
    assert (digest.first_message_id, digest.first_thread_id) == (77, None)


async def test_a_forum_post_is_its_own_thread(store: Store) -> None:
    await plan(store, 1, 1, place=Place.FORUM)
    await post(store, 77)
    second = await claim(store.outbox)
    assert (second.thread_id, second.has_thread) == (77, True)
    await store.outbox.mark_sent(second.id, 78, NOW)
    urls = [each.posted.url for each in await records(store) if each.posted]
    assert urls == [
        "https://discord.com/channels/1001/77/77",
        "https://discord.com/channels/1001/77/78",
    ]
    await store.digests.record(CHANNEL, DAY, announced=2, planned=2, now=NOW)
    (digest,) = await store.arrivals.list_digests(CHANNEL, 1)
    assert (digest.first_message_id, digest.first_thread_id) == (77, 77)


@pytest.mark.parametrize("place", [Place.THREAD, Place.FORUM])
async def test_the_next_part_takes_the_place_of_one_that_never_came(
    store: Store, place: Place
) -> None:
    first = "forum" if place is Place.FORUM else "channel"
    await plan(store, 1, 1, 1, place=place)
    await store.outbox.mark_failed((await claim(store.outbox)).id, GONE, NOW)
    second = await post(store, 77)
    assert (second.part, second.place.value, second.thread_name) == (2, first, NAME)
    third = await claim(store.outbox)
    assert (third.part, third.place, third.thread_id) == (3, Place.THREAD, 77)
    assert await places(store) == [(1, first, None), (2, first, None), (3, "thread", 2)]


async def test_the_next_part_takes_the_place_of_one_that_was_deleted(store: Store) -> None:
    """Discord recognised the nonce of a message that is not there any more."""
    await plan(store, 1, 1)
    deleted = Reason(code=ReasonCode.DELETED)
    await store.outbox.mark_sent((await claim(store.outbox)).id, None, NOW, deleted)
    second = await claim(store.outbox)
    assert (second.part, second.place, second.starter_id) == (2, Place.CHANNEL, None)


async def test_a_supplement_follows_the_thread_that_there_is(store: Store) -> None:
    """Not a first message that was posted again, after another had taken its place."""
    first, *_ = await plan(store, 1, 1, 1)
    await store.outbox.mark_failed((await claim(store.outbox)).id, GONE, NOW)
    await post(store, 77)
    await post(store, 78)
    await store.troubles.post_again(first.id, LATER)
    again = await claim(store.outbox, LATER)
    await store.outbox.mark_sent(again.id, 79, LATER)
    await plan(store, 1, first=10)
    assert (await places(store))[3:] == [(4, "thread", 2)]


async def test_a_message_whose_starter_was_deleted_begins_a_thread_itself(store: Store) -> None:
    """At once, and with its reason; what follows, planned later too, goes into the new thread."""
    await plan(store, 1, 1, 1)
    await post(store, 77)
    second = await claim(store.outbox)
    assert await store.outbox.start_over(second.id, GONE, LATER)
    assert not await store.outbox.start_over(second.id, GONE, LATER)
    assert await places(store) == [(1, "channel", None), (2, "channel", None), (3, "thread", 1)]
    _, again, _ = await records(store)
    assert (again.state.value, again.reason, again.thread_id) == ("planned", GONE, None)
    assert (await store.outbox.list_history(second.id))[-1].at == LATER
    assert (await post(store, 78)).part == 2
    third = await claim(store.outbox)
    assert (third.part, third.place, third.thread_id) == (3, Place.THREAD, 78)
    await plan(store, 1, first=10)
    assert (await places(store))[2:] == [(3, "thread", 2), (4, "thread", 2)]


async def test_of_a_split_message_the_first_piece_starts_the_thread(store: Store) -> None:
    """It goes before the parts that follow it, whatever its number."""
    await plan(store, 2, 1)
    refused = await claim(store.outbox)
    await store.outbox.split(refused.id, drafts(1, 1), GONE, NOW)
    assert await places(store) == [
        (1, "channel", None),
        (2, "thread", 1),
        (3, "channel", None),
        (4, "thread", 3),
    ]
    assert [(await post(store, number)).part for number in (71, 72, 73)] == [3, 2, 4]
    assert [each.thread_id for each in await records(store)] == [None, 71, None, 71]


async def test_pieces_of_a_message_in_a_thread_stay_in_it(store: Store) -> None:
    await plan(store, 1, 2)
    await post(store, 77)
    await store.outbox.split((await claim(store.outbox)).id, drafts(1, 1, first=2), GONE, NOW)
    assert [(each.part, each.thread_id) for each in await records(store)][2:] == [(3, 77), (4, 77)]


async def test_a_deleted_thread_takes_nothing_more_and_is_not_looked_for(store: Store) -> None:
    await plan(store, 1, 1, 1)
    await post(store, 77)
    second = await claim(store.outbox)
    assert await store.outbox.refuse_thread(second.id, GONE, NOW)
    assert not await store.outbox.refuse_thread(second.id, GONE, NOW)
    assert [each.state.value for each in await records(store)] == ["sent", "failed", "failed"]
    assert [each.reason for each in await records(store)][1:] == [GONE, GONE]
    await plan(store, 1, first=10)
    assert (await places(store))[3:] == [(4, "channel", None)]
    assert await store.troubles.post_again(second.id, LATER)
    assert [(await claim(store.outbox, LATER)).part] == [4]


@pytest.mark.parametrize("code", [ReasonCode.THREAD_LOCKED, ReasonCode.THREAD_ARCHIVED])
async def test_a_locked_thread_may_be_opened_again(store: Store, code: ReasonCode) -> None:
    await plan(store, 1, 1)
    await post(store, 77)
    second = await claim(store.outbox)
    await store.outbox.refuse_thread(second.id, Reason(code=code), NOW)
    await store.troubles.post_again(second.id, LATER)
    again = await claim(store.outbox, LATER)
    assert (again.place, again.thread_id) == (Place.THREAD, 77)


async def test_a_refused_thread_is_that_of_one_date(store: Store) -> None:
    await plan(store, 1, 1)
    await post(store, 77)
    subscription = await subscribe_to(store, Place.THREAD)
    tomorrow = DAY.replace(day=DAY.day + 1)
    planned = drafts(1, 1, first=20)
    await store.outbox.plan(subscription, tomorrow, planned, now=NOW, thread_name=NAME)
    await store.outbox.refuse_thread((await claim(store.outbox)).id, GONE, NOW)
    later = await store.outbox.list_deliveries(CHANNEL, tomorrow)
    assert [each.state.value for each in later] == ["planned", "planned"]
    assert later[1].starter_id == later[0].id


async def test_a_copy_put_back_does_not_know_which_threads_there_are(store: Store) -> None:
    _, second = await plan(store, 1, 1)

    def doubt(connection: sqlite3.Connection) -> None:
        connection.execute(DOUBT_THREADS)

    await store.database.write(doubt)
    current = await store.outbox.get(second.id)
    assert current is not None
    assert current.has_thread is None


async def test_the_next_message_is_found_by_an_index(store: Store) -> None:
    def explain(connection: sqlite3.Connection) -> list[str]:
        rows = connection.execute(f"EXPLAIN QUERY PLAN {HEAD_OF_CHANNEL}", {"channel_id": 1})
        return [str(row[3]) for row in rows]

    (step,) = await store.database.read(explain)
    assert "delivery_open" in step
