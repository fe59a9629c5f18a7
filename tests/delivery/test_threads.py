"""A digest in a thread: its first message in the channel, the rest in the thread made from it."""

import sqlite3

import pytest

from bot.delivery.lanes import RateLimiter
from bot.digest.models import Place, Reason, ReasonCode
from bot.store.backup.backup import DOUBT_THREADS
from bot.store.subscriptions import Subscriptions
from tests.builders import DAY, make_id
from tests.fakes import faults, spec
from tests.fakes.faults import Fault
from tests.fakes.threads import OPEN_THREAD
from tests.fakes.world import Channel
from tests.faults.world import MINUTES, THREAD_NAME, World

THREAD = Place.THREAD
PAUSED = Reason(code=ReasonCode.PAUSED_BY_ADMIN)


def thread_of(world: World, channel: Channel) -> Channel:
    (thread,) = world.server.threads.of(channel)
    return thread


async def test_the_first_message_is_in_the_channel_and_the_rest_in_its_thread(
    world: World, channel: Channel
) -> None:
    planned = await world.plan(channel, parts=4, place=THREAD)
    await world.delivery.run_once()
    thread = thread_of(world, channel)
    assert world.posted(channel) == planned[:1]
    assert world.posted(thread) == planned[1:]
    assert thread.name == THREAD_NAME
    assert await world.states(channel) == ["sent"] * 4
    opened = [call for call in world.server.calls if (call.method, call.template) == OPEN_THREAD]
    assert len(opened) == 1


class CountedTurns(RateLimiter):
    """Notes how many requests Discord had got when each turn came."""

    def __init__(self, world: World) -> None:
        super().__init__(1000)
        self._calls = world.server.calls
        self.before: list[int] = []

    async def wait(self) -> None:
        await super().wait()
        self.before.append(sum(call.method == "POST" for call in self._calls))


async def test_each_request_has_a_turn_of_its_own(world: World, channel: Channel) -> None:
    """A turn in which nothing is sent is lost, and two requests in one are too many."""
    await world.plan(channel, parts=3, place=THREAD)
    turns = CountedTurns(world)
    await world.restarted(limiter=turns).run_once()
    assert await world.states(channel) == ["sent"] * 3
    assert turns.before == [0, 1, 2, 3]


async def test_one_message_needs_no_thread(world: World, channel: Channel) -> None:
    planned = await world.plan(channel, place=THREAD)
    await world.delivery.run_once()
    assert world.posted(channel) == planned
    assert world.server.threads.of(channel) == []


async def test_a_paper_in_a_thread_is_found_there(world: World, channel: Channel) -> None:
    await world.plan(channel, parts=2, papers=1, place=THREAD)
    await world.delivery.run_once()
    found = await world.outbox.find_messages(world.guild.id, [make_id(1), make_id(2)])
    first, second = world.server.ledger
    thread = thread_of(world, channel)
    where = f"https://discord.com/channels/{world.guild.id}"
    assert found[make_id(1)].url == f"{where}/{channel.id}/{first.message_id}"
    assert found[make_id(2)].url == f"{where}/{thread.id}/{second.message_id}"
    assert {each.channel_id for each in found.values()} == {channel.id}
    records = await world.outbox.list_deliveries(channel.id, DAY)
    assert [each.posted and each.posted.url for each in records] == [
        found[make_id(1)].url,
        found[make_id(2)].url,
    ]


async def test_a_supplement_goes_into_the_thread_of_the_day(world: World, channel: Channel) -> None:
    first = await world.plan(channel, place=THREAD)
    await world.delivery.run_once()
    second = await world.plan(channel, parts=2, place=THREAD)
    await world.delivery.run_once()
    assert world.posted(channel) == first
    assert world.posted(thread_of(world, channel)) == second


async def test_what_was_planned_for_the_channel_stays_there(world: World, channel: Channel) -> None:
    """Where a digest goes is decided when it is planned."""
    planned = await world.plan(channel, parts=3)
    await world.subscribe(channel, THREAD)
    await world.delivery.run_once()
    assert world.posted(channel) == planned
    later = await world.plan(channel, parts=2, place=THREAD)
    await world.subscribe(channel)
    await world.delivery.run_once()
    assert world.posted(channel) == [*planned, later[0]]
    assert world.posted(thread_of(world, channel)) == later[1:]


@pytest.mark.parametrize(
    "fault",
    [
        faults.answer(502),
        faults.answer(502, after=True),
        faults.reset(),
        faults.reset(after=True),
        faults.cut(after=True),
        faults.page(520),
        faults.rate_limited(0.01),
        faults.refuse(400, 160006),
    ],
    ids=lambda fault: f"{fault.kind} {fault.status} {fault.after}",
)
async def test_making_the_thread_is_repeated(world: World, channel: Channel, fault: Fault) -> None:
    """Whatever becomes of the request: a thread that is there already is as good."""
    planned = await world.plan(channel, parts=3, place=THREAD)
    world.server.inject(fault, route=OPEN_THREAD)
    await world.delivery.run_once()
    world.advance(10 * MINUTES)
    await world.delivery.run_once()
    assert world.posted(channel) == planned[:1]
    assert world.posted(thread_of(world, channel)) == planned[1:]


STARTERS = {
    "was never sent": ("planned", "planned"),
    "is being sent": ("sending", "sending"),
    "failed": ("failed", "unknown"),
    "may be there": ("unknown", "unknown"),
}


@pytest.mark.parametrize(("starter", "follower"), STARTERS.values(), ids=STARTERS.keys())
async def test_a_message_in_a_thread_is_as_certain_as_the_one_that_it_follows(
    world: World, channel: Channel, starter: str, follower: str
) -> None:
    """A copy that was put back has both as being sent, and the first is looked for before it."""
    await world.plan(channel, parts=2, place=THREAD)

    def put_back(connection: sqlite3.Connection) -> None:
        for trigger in ("delivery_forward", "delivery_changed"):
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute("UPDATE delivery SET state = 'sending' WHERE part = 2")
        connection.execute("UPDATE delivery SET state = ? WHERE part = 1", (starter,))
        connection.execute(DOUBT_THREADS)

    await world.database.write(put_back)
    if starter == "sending":
        world.server.inject(faults.answer(503), route=("GET", spec.MESSAGES), standing=True)
    else:
        await world.subscribe(channel)
        await Subscriptions(world.database).pause(channel.id, PAUSED)
    await world.restarted().run_once()
    assert await world.states(channel) == [starter, follower]
