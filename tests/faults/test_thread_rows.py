"""Rows 80 to 86: what can go wrong between a message, its thread and what goes into that."""

import pytest

from bot.delivery.notices import Caretaker
from bot.delivery.window import Tries
from bot.digest.messages import DeliveryRecord
from bot.digest.models import Place
from tests.fakes import faults
from tests.fakes.threads import OPEN_THREAD
from tests.fakes.world import (
    CREATE_PUBLIC_THREADS,
    READ_MESSAGE_HISTORY,
    SEND_IN_THREADS,
    Channel,
)
from tests.faults.world import MINUTES, World

THREAD = Place.THREAD


def threads_of(world: World, channel: Channel) -> list[list[str]]:
    """Return what each thread of a channel holds, oldest thread first."""
    return [world.posted(thread) for thread in world.server.threads.of(channel)]


async def deliver(world: World, rounds: int = 3) -> None:
    """Let the bot try again after pauses, as a process that goes on."""
    for _ in range(rounds):
        await world.delivery.run_once()
        world.advance(10 * MINUTES)


async def claim_second(world: World, channel: Channel) -> DeliveryRecord:
    """Post the first message, and claim the second as a process that was killed right after."""
    first = await world.claim(channel)
    outcome = await world.sender.send(first, Tries())
    await world.outbox.mark_sent(first.id, outcome.message_id, world.clock.now())
    return await world.claim(channel)


POINTS = ("claimed", "made", "noted", "sent")


@pytest.mark.parametrize("is_late", [False, True], ids=["nonce alive", "nonce forgotten"])
@pytest.mark.parametrize("point", POINTS)
async def test_row_80_killed_between_a_message_and_what_goes_into_its_thread(
    world: World, channel: Channel, point: str, is_late: bool
) -> None:
    planned = await world.plan(channel, parts=3, place=THREAD)
    record = await claim_second(world, channel)
    if point != "claimed":
        assert await world.sender.open_thread(record) is None
    if point in ("noted", "sent"):
        await world.outbox.note_thread(record.starter_id or 0)
    if point == "sent":
        await world.sender.send(record, Tries())
    if is_late:
        world.server.nonce_window_s = 0
        world.advance(30 * MINUTES)
    await world.restarted().run_once()
    await deliver(world)
    assert world.posted(channel) == planned[:1]
    assert threads_of(world, channel) == [planned[1:]]
    assert await world.states(channel) == ["sent"] * 3


@pytest.mark.parametrize("is_late", [False, True], ids=["nonce alive", "nonce forgotten"])
async def test_row_80_without_the_history_of_a_thread_nobody_can_tell(
    world: World, channel: Channel, is_late: bool
) -> None:
    planned = await world.plan(channel, parts=2, place=THREAD)
    record = await claim_second(world, channel)
    await world.sender.open_thread(record)
    await world.outbox.note_thread(record.starter_id or 0)
    await world.sender.send(record, Tries())
    await world.server.deny(channel, READ_MESSAGE_HISTORY)
    if is_late:
        world.server.nonce_window_s = 0
        world.advance(30 * MINUTES)
    await world.restarted().run_once()
    assert await world.states(channel) == ["sent", "unknown" if is_late else "sent"]
    assert threads_of(world, channel) == [planned[1:]]


async def test_row_81_the_first_message_is_deleted_before_its_thread_is_made(
    world: World, channel: Channel
) -> None:
    """The next part begins a thread of its own: nothing is lost, and nothing waits."""
    planned = await world.plan(channel, parts=4, place=THREAD)
    lost = faults.answer(500).while_(channel.messages.clear)
    world.server.inject(lost, route=OPEN_THREAD)
    await deliver(world)
    assert world.posted(channel) == planned[:2]
    assert threads_of(world, channel) == [planned[2:]]
    assert await world.states(channel) == ["sent"] * 4


async def test_row_81_a_thread_outlives_the_message_that_it_was_made_from(
    world: World, channel: Channel
) -> None:
    planned = await world.plan(channel, parts=3, place=THREAD)
    record = await claim_second(world, channel)
    await world.sender.open_thread(record)
    channel.messages.clear()
    await world.restarted().run_once()
    await deliver(world)
    assert threads_of(world, channel) == [planned[1:]]


async def test_row_82_a_thread_deleted_between_two_parts(world: World, channel: Channel) -> None:
    """The rest of the day is cancelled with the reason; the next day has a thread of its own."""
    planned = await world.plan(channel, parts=4, place=THREAD)
    await claim_second(world, channel)
    await world.restarted().run_once()
    (thread,) = world.server.threads.of(channel)
    later = await world.plan(channel, parts=2, place=THREAD)
    await world.server.threads.delete(thread)
    await deliver(world)
    assert await world.states(channel) == ["sent"] * 4 + ["failed"] * 2
    assert (await world.reasons(channel))[4:] == ["the thread was deleted"] * 2
    subscription = await world.store.subscriptions.get_subscription(channel.id)
    assert subscription is not None
    assert subscription.paused_because is None
    for record in (await world.outbox.list_deliveries(channel.id))[4:]:
        assert await world.store.troubles.post_again(record.id, world.clock.now())
    await deliver(world)
    assert world.posted(channel) == [planned[0], later[0]]
    assert threads_of(world, channel) == [later[1:]]


async def test_row_82_what_was_in_the_air_when_its_thread_was_deleted_is_unknown(
    world: World, channel: Channel
) -> None:
    """That the thread was there is written down; whatever its first message says of it."""
    await world.plan(channel, parts=2, place=THREAD)
    record = await claim_second(world, channel)
    await world.sender.open_thread(record)
    await world.outbox.note_thread(record.starter_id or 0)
    await world.sender.send(record, Tries())
    await world.server.threads.delete(world.server.threads.of(channel)[0])
    channel.messages[0]["flags"] = 0
    world.server.nonce_window_s = 0
    world.advance(30 * MINUTES)
    await world.restarted().run_once()
    assert await world.states(channel) == ["sent", "unknown"]
    assert (await world.reasons(channel))[1] == "the thread was deleted"


async def test_row_83_an_archived_thread_opens_again_and_a_locked_one_does_not(
    world: World, channel: Channel
) -> None:
    await world.plan(channel, parts=2, place=THREAD)
    await world.delivery.run_once()
    (thread,) = world.server.threads.of(channel)
    await world.server.threads.archive(thread)
    later = await world.plan(channel, place=THREAD)
    await world.delivery.run_once()
    assert world.posted(thread)[1:] == later
    await world.server.threads.lock(thread)
    locked = await world.plan(channel, parts=2, place=THREAD)
    await world.delivery.run_once()
    assert (await world.reasons(channel))[3:] == ["the thread is locked"] * 2
    thread.is_locked = False
    for record in (await world.outbox.list_deliveries(channel.id))[3:]:
        await world.store.troubles.post_again(record.id, world.clock.now())
    await world.delivery.run_once()
    assert world.posted(thread)[1:] == [*later, *locked]


@pytest.mark.parametrize(
    ("permission", "said"),
    [
        (CREATE_PUBLIC_THREADS, "Create Public Threads"),
        (SEND_IN_THREADS, "Send Messages in Threads"),
    ],
)
async def test_row_84_a_permission_for_threads_is_taken_away(
    world: World, channel: Channel, permission: int, said: str
) -> None:
    """Paused with one notice that names it; it goes on by itself once it is granted."""
    planned = await world.plan(channel, parts=3, place=THREAD)
    await world.server.deny(channel, permission)
    caretaker = Caretaker(world.store, world.sender, now=world.clock.now)
    await world.delivery.run_once()
    for _ in range(3):
        await caretaker.look_around()
    assert await world.states(channel) == ["sent", "failed", "failed"]
    (notice,) = world.server.told(world.guild.owner)
    assert said in notice
    assert "by itself" in notice
    await world.server.allow(channel, permission)
    assert await caretaker.look_around() == 1
    for record in (await world.outbox.list_deliveries(channel.id))[1:]:
        await world.store.troubles.post_again(record.id, world.clock.now())
    await deliver(world)
    assert world.posted(channel) == planned[:1]
    assert threads_of(world, channel) == [planned[1:]]


async def test_row_85_a_refused_first_message_is_split_and_its_first_piece_starts_the_thread(
    world: World, channel: Channel
) -> None:
    planned = await world.plan(channel, parts=2, place=THREAD)
    world.server.inject(faults.refuse(400, 50035))
    await deliver(world)
    (piece,) = world.posted(channel)
    (inside,) = threads_of(world, channel)
    assert "paper 1 of 2" in piece
    assert inside[0] == planned[1]
    assert "paper 2 of 2" in inside[1]


async def test_row_85_the_rest_does_not_wait_for_a_first_message_that_never_comes(
    world: World, channel: Channel
) -> None:
    planned = await world.plan(channel, parts=4, papers=1, place=THREAD)
    world.server.inject(faults.refuse(400, 50035))
    await deliver(world)
    assert await world.states(channel) == ["failed", "sent", "sent", "sent"]
    assert world.posted(channel) == planned[1:2]
    assert threads_of(world, channel) == [planned[2:]]
    (first, *_) = await world.outbox.list_deliveries(channel.id)
    await world.store.troubles.post_again(first.id, world.clock.now())
    await deliver(world)
    assert world.posted(channel) == [planned[1], planned[0]]


async def test_row_85_nor_for_one_that_may_have_arrived(world: World, channel: Channel) -> None:
    planned = await world.plan(channel, parts=3, place=THREAD)
    await world.send_unseen(channel)
    await world.server.deny(channel, READ_MESSAGE_HISTORY)
    world.server.nonce_window_s = 0
    world.advance(30 * MINUTES)
    await world.restarted().run_once()
    await deliver(world)
    assert await world.states(channel) == ["unknown", "sent", "sent"]
    assert world.posted(channel) == planned[:2]
    assert threads_of(world, channel) == [planned[2:]]


async def test_row_86_too_many_threads_in_a_server(world: World, channel: Channel) -> None:
    """Discord takes no more for a while: it is waited for, and told nobody."""
    planned = await world.plan(channel, parts=2, place=THREAD)
    world.server.threads.max_active = 0
    await world.delivery.run_once()
    assert await world.states(channel) == ["sent", "planned"]
    world.server.threads.max_active = 1000
    await deliver(world)
    assert threads_of(world, channel) == [planned[1:]]
