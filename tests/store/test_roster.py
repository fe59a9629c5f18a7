"""All channels' subscriptions, of which only those that were written are read again."""

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import date, timedelta

import pytest

from bot.digest.models import Cadence, Subscription, Topic
from bot.run.housekeeping import tidy
from bot.store import roster
from bot.store.follows import When
from bot.store.sqlite.statements import change, select_rows
from bot.store.store import Store
from tests.builders import NOW, make_reason
from tests.store.test_subscriptions import subscribe

DAY = date(2024, 3, 5)


async def asked(store: Store) -> list[Subscription]:
    """List what the file holds, not what is kept in memory."""
    return await roster.Roster(store.database).list_all()


async def set_up(store: Store) -> None:
    await subscribe(store, channel_id=2)


async def set_up_another(store: Store) -> None:
    await subscribe(store, channel_id=9)


async def pause(store: Store) -> None:
    await store.subscriptions.pause(2, make_reason("holiday"))


async def add_topic(store: Store) -> None:
    await store.subscriptions.set_topic(2, "vision", "segmentation")


async def change_topic(store: Store) -> None:
    await store.subscriptions.set_topic(3, "kept", "detection")


async def pause_topic(store: Store) -> None:
    await store.subscriptions.pause_topic(3, "kept", is_paused=True)


async def move_topic(store: Store) -> None:
    await store.subscriptions.move_topic(3, Topic(name="kept", query="depth"), to=2)


async def remove_topic(store: Store) -> None:
    await store.subscriptions.delete_topic(3, "kept")


async def begin_earlier(store: Store) -> None:
    await store.subscriptions.begin_with(3, DAY)


async def forget_role(store: Store) -> None:
    await store.subscriptions.forget_role(7, 55)


async def remove(store: Store) -> None:
    await store.subscriptions.delete_subscription(2, NOW)


async def remove_last(store: Store) -> None:
    await store.subscriptions.delete_subscription(3, NOW)


async def put_in_place(store: Store) -> None:
    """The next subscription gets the number of the last one."""
    await remove_last(store)
    await set_up_another(store)


async def remove_and_forget(store: Store) -> None:
    await remove(store)
    assert await store.subscriptions.roster.forget_gone() == 1


WRITES: list[Callable[[Store], Awaitable[None]]] = [
    set_up_another,
    pause,
    add_topic,
    change_topic,
    pause_topic,
    move_topic,
    remove_topic,
    begin_earlier,
    forget_role,
    remove,
    remove_last,
    put_in_place,
    remove_and_forget,
]


@pytest.mark.parametrize("write", WRITES)
async def test_what_is_written_is_there_at_once(
    store: Store, write: Callable[[Store], Awaitable[None]]
) -> None:
    for channel_id in (1, 2, 3):
        await subscribe(store, channel_id=channel_id)
    await store.subscriptions.set_topic(3, "kept", "depth", ping_role=55)
    await store.database.write(
        lambda each: each.execute("INSERT INTO follow VALUES (3, 'cs.CV', ?)", (str(DAY),))
    )
    before = await store.subscriptions.list_subscriptions()
    await write(store)
    after = await store.subscriptions.list_subscriptions()
    assert after != before
    assert after == await asked(store)


async def test_what_another_process_writes_is_there_at_once(store: Store) -> None:
    await subscribe(store)
    await store.subscriptions.list_subscriptions()
    with closing(sqlite3.connect(store.database.path)) as other, other:
        other.execute("UPDATE subscription SET zone = 'Asia/Tokyo'")
    (changed,) = await store.subscriptions.list_subscriptions()
    assert changed.zone == "Asia/Tokyo"


async def test_what_was_not_written_is_the_same_object(store: Store) -> None:
    """And what a digest was decided for is another, which says the same."""
    await subscribe(store, channel_id=1)
    await subscribe(store, channel_id=2)
    first, second = await store.subscriptions.list_subscriptions()
    await store.digests.record(2, DAY, announced=3, planned=0, now=NOW)
    same, decided = await store.subscriptions.list_subscriptions()
    assert same is first
    assert decided == second
    assert decided is not second
    await store.subscriptions.delete_subscription(2, NOW)
    (same,) = await store.subscriptions.list_subscriptions()
    assert same is first


async def test_every_word_on_a_digest_counts_as_written(store: Store) -> None:
    await subscribe(store)

    async def is_written(sql: str) -> bool:
        (before,) = await store.subscriptions.list_subscriptions()
        await store.database.write(change, sql, {"now": NOW.isoformat()})
        (after,) = await store.subscriptions.list_subscriptions()
        return after is not before

    await store.digests.record(1, DAY, announced=3, planned=0, now=NOW)
    assert await is_written("UPDATE digest SET decided_at = :now")
    assert await is_written("DELETE FROM digest WHERE :now = :now")
    assert not await is_written("DELETE FROM digest WHERE :now = :now")


async def test_digests_of_people_are_none_of_them(store: Store) -> None:
    mine = await subscribe(store)
    await store.subscriptions.list_subscriptions()
    await store.follows.set_up(5, 50, When(cadence=Cadence.DAY), NOW)
    assert await store.subscriptions.list_subscriptions() == [mine]
    assert await asked(store) == [mine]


async def test_many_are_read_some_at_a_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that no read of a hundred thousand is given up; of as many as fit, too."""
    made = [await subscribe(store, channel_id=number) for number in range(1, 6)]
    await store.subscriptions.list_subscriptions()
    for number in (1, 2, 3, 4, 5, 6):
        monkeypatch.setattr(roster, "READ_AT_ONCE", number)
        assert await asked(store) == made
        made = [
            await subscribe(store, channel_id=each.channel_id, guild_id=number) for each in made
        ]
        assert await store.subscriptions.list_subscriptions() == made


async def test_the_oldest_is_the_first(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it was written after a younger one, and both are new."""
    monkeypatch.setattr(roster, "READ_AT_ONCE", 1)
    await store.subscriptions.list_subscriptions()
    for channel_id in (1, 2, 1):
        await subscribe(store, channel_id=channel_id)
    assert [each.channel_id for each in await store.subscriptions.list_subscriptions()] == [1, 2]


async def miss_that_is_gone(store: Store, channel_id: int) -> roster.Roster:
    """Return a reader of two of which one was removed, and that forgotten, since it read them."""
    await subscribe(store, channel_id=1)
    await subscribe(store, channel_id=2)
    late = roster.Roster(store.database)
    await late.list_all()
    await store.subscriptions.delete_subscription(channel_id, NOW)
    await store.subscriptions.roster.forget_gone()
    return late


async def test_a_reader_who_missed_that_one_is_gone_reads_all_again(store: Store) -> None:
    """Those who removed it have forgotten so; another one has come in its place."""
    late = await miss_that_is_gone(store, 1)
    assert [each.channel_id for each in await late.list_all()] == [2]


async def test_of_each_subscription_one_change_is_kept(store: Store) -> None:
    """However often it is written; of those that are gone none."""
    for number in range(20):
        await subscribe(store)
        await store.digests.record(1, DAY + timedelta(days=number), announced=1, planned=0, now=NOW)
        await store.subscriptions.set_topic(1, "vision", f"depth {number}")
    sql = "SELECT count(*) FROM subscription_change"
    assert await store.database.read(select_rows, sql) == [(1,)]
    await store.subscriptions.delete_subscription(1, NOW)
    await tidy(store, lambda: None, now=NOW)
    assert await store.database.read(select_rows, sql) == [(0,)]


async def test_a_number_is_never_given_twice(store: Store) -> None:
    """Not even once the row with the last one is forgotten."""
    late = await miss_that_is_gone(store, 2)
    await subscribe(store, channel_id=3)
    assert [each.channel_id for each in await late.list_all()] == [1, 3]
