"""A channel's history is read as far as it proves something, and what hides it is named."""

from dataclasses import replace
from datetime import timedelta

import discord
import pytest

from bot.delivery.edge import DiscordSender
from bot.delivery.fingerprint import HISTORY_PAGE, Seen, Sighting
from bot.delivery.window import Tries
from bot.digest.messages import DeliveryRecord
from bot.digest.models import Place, Reason, ReasonCode
from tests.builders import DAY, NOW
from tests.fakes import faults, spec
from tests.fakes.faults import Fault
from tests.fakes.world import READ_MESSAGE_HISTORY, VIEW_CHANNEL, Channel, Guild, Json
from tests.faults.world import MINUTES, World

LONG_AGO = NOW - timedelta(days=4)
CATEGORY, NEWS = 4, 5
"""Discord's types of a heading over channels, and of a channel whose messages can be followed."""


async def look(world: World, channel: Channel) -> Sighting:
    """Look for the one message that is being sent."""
    (record,) = await world.outbox.list_sending()
    return await world.sender.look_for(record)


def cannot_tell(code: ReasonCode, status: int | None = None) -> Sighting:
    return Sighting(seen=Seen.CANNOT_TELL, reason=Reason(code=code, status=status))


def not_yet(text: str = "") -> Sighting:
    return Sighting(seen=Seen.NOT_YET, reason=Reason(code=ReasonCode.NOT_READ_YET, text=text))


@pytest.fixture
async def posted(world: World, channel: Channel) -> Sighting:
    """Post a message that is not noted as posted; returns what its history says when it can."""
    await world.plan(channel)
    await world.send_unseen(channel)
    return Sighting(seen=Seen.FOUND, message_id=world.server.ledger[0].message_id)


async def test_a_message_is_found_by_its_identifier(
    world: World, channel: Channel, posted: Sighting
) -> None:
    assert await look(world, channel) == posted


async def test_a_message_is_found_in_a_thread_that_the_gateway_never_told(
    world: World, channel: Channel
) -> None:
    """As is one that was archived: Discord is asked for it."""
    thread = world.server.add_thread(channel)
    await world.plan(thread)
    await world.send_unseen(thread)
    assert (await look(world, thread)).message_id == world.server.ledger[0].message_id


@pytest.mark.parametrize("denied", [READ_MESSAGE_HISTORY, VIEW_CHANNEL])
async def test_a_history_that_the_bot_may_not_read_proves_nothing(
    world: World, channel: Channel, posted: Sighting, denied: int
) -> None:
    await world.server.deny(channel, denied)
    asked = len(world.server.calls)
    assert await look(world, channel) == cannot_tell(ReasonCode.HISTORY_HIDDEN)
    assert len(world.server.calls) == asked  # it is known without asking
    await world.server.allow(channel, denied)
    assert await look(world, channel) == posted


async def test_a_channel_that_holds_no_messages_proves_nothing(
    world: World, guild: Guild, channel: Channel, posted: Sighting
) -> None:
    """An admin made something else of it; a channel for announcements holds messages."""
    as_it_was = channel.json(guild.bot_role_id)
    for kind, found in ((CATEGORY, cannot_tell(ReasonCode.NO_MESSAGES_THERE)), (NEWS, posted)):
        await change(world, guild, {**as_it_was, "type": kind})
        assert await look(world, channel) == found


async def change(world: World, guild: Guild, channel: Json) -> None:
    """Tell the bot of a channel anew: Discord has no other way to change its type."""
    for event in ("CHANNEL_DELETE", "CHANNEL_CREATE"):
        await world.server.gateway.tell(guild.id, event, channel)
    await world.server.gateway.heard()


async def test_a_guild_that_the_bot_left_proves_nothing(
    world: World, guild: Guild, channel: Channel, posted: Sighting
) -> None:
    await world.server.remove_guild(guild)
    assert await look(world, channel) == cannot_tell(ReasonCode.NOT_IN_GUILD)


async def test_a_guild_with_an_outage_is_asked_later(
    world: World, guild: Guild, channel: Channel, posted: Sighting
) -> None:
    await world.server.take_down(guild)
    assert await look(world, channel) == not_yet()
    await world.server.welcome(guild)
    assert await look(world, channel) == posted


async def test_before_discord_has_told_the_guilds_a_channel_is_asked_later(
    world: World, channel: Channel, posted: Sighting
) -> None:
    (record,) = await world.outbox.list_sending()
    early = DiscordSender(now=world.host.now)
    early.use(discord.Client(intents=discord.Intents(guilds=True)))
    assert await early.look_for(record) == not_yet()


READINGS = {
    "down": (faults.answer(503), not_yet("DiscordServerError")),
    "refused": (faults.refuse(403, 50001), cannot_tell(ReasonCode.CHANNEL_UNREADABLE, status=403)),
    "gone": (faults.refuse(404, 10003), cannot_tell(ReasonCode.CHANNEL_UNREADABLE, status=404)),
    "cut": (faults.cut(), not_yet("ClientPayloadError")),
}


@pytest.mark.parametrize(("fault", "said"), READINGS.values(), ids=READINGS)
async def test_what_came_of_reading_says_whether_to_read_again(
    world: World, channel: Channel, posted: Sighting, fault: Fault, said: Sighting
) -> None:
    """A history that cannot be had for ever is a question for people, any other for later."""
    world.server.inject(fault, route=("GET", spec.MESSAGES))
    assert await look(world, channel) == said


async def test_a_body_that_nobody_would_recognise_is_not_looked_for(
    world: World, channel: Channel
) -> None:
    subscription = await world.subscribe(channel)
    draft = replace(world.draft(1), body={"content": "Good morning!"})
    await world.outbox.plan(subscription, DAY, [draft], now=world.clock.now())
    await world.claim(channel)
    before = len(world.server.calls)
    assert await look(world, channel) == cannot_tell(ReasonCode.DAMAGED)
    assert len(world.server.calls) == before


# --- threads that are not there -------------------------------------------------------------------


async def in_thread(world: World, channel: Channel) -> DeliveryRecord:
    """Post a digest's first message, make its thread, and claim what goes into it."""
    await world.plan(channel, parts=2, place=Place.THREAD)
    first = await world.claim(channel)
    outcome = await world.sender.send(first, Tries())
    await world.outbox.mark_sent(first.id, outcome.message_id, world.clock.now())
    record = await world.claim(channel)
    assert record.thread_id == outcome.message_id
    return record


@pytest.mark.parametrize("has_thread", [True, False, None])
async def test_what_was_to_go_into_a_thread_that_was_deleted_may_have_been_there(
    world: World, channel: Channel, has_thread: bool | None
) -> None:
    """The message that it was made from still says that there was one."""
    record = await in_thread(world, channel)
    assert await world.sender.open_thread(record) is None
    (thread,) = world.server.threads.of(channel)
    await world.server.threads.delete(thread)
    record = replace(record, has_thread=has_thread)
    assert await world.sender.look_for(record) == cannot_tell(ReasonCode.THREAD_GONE)


async def test_what_was_to_go_into_a_thread_that_was_never_made_is_not_there(
    world: World, channel: Channel
) -> None:
    """A copy that was put back does not know whether it was made; its first message does."""
    record = replace(await in_thread(world, channel), has_thread=None)
    assert await world.sender.look_for(record) == Sighting(seen=Seen.ABSENT)
    world.server.inject(faults.answer(503), route=("GET", f"{spec.MESSAGES}/{{message_id}}"))
    assert (await world.sender.look_for(record)).seen is Seen.NOT_YET


async def test_without_its_first_message_nothing_is_known_of_a_thread(
    world: World, channel: Channel
) -> None:
    record = replace(await in_thread(world, channel), has_thread=None)
    await world.server.delete_message(channel, record.thread_id or 0)
    assert await world.sender.look_for(record) == cannot_tell(ReasonCode.THREAD_GONE)


# --- what the clocks say --------------------------------------------------------------------------


async def test_an_absence_needs_a_clock_that_agrees_with_discords(
    world: World, channel: Channel
) -> None:
    """The claim's time says how far back to look; set wrong, it says nothing."""
    talk(world, channel, HISTORY_PAGE)
    world.advance(30 * MINUTES)
    await world.plan(channel)
    await world.claim(channel)
    assert await look(world, channel) == Sighting(seen=Seen.ABSENT)
    world.host.set_wall(timedelta(seconds=59))
    assert await look(world, channel) == Sighting(seen=Seen.ABSENT)
    world.host.set_wall(timedelta(seconds=2))
    assert await look(world, channel) == cannot_tell(ReasonCode.CLOCK_WRONG)


async def test_a_claim_from_the_future_says_nothing_about_when_it_was(
    world: World, channel: Channel
) -> None:
    """The clock was ahead when the message was claimed, and is right now."""
    await world.plan(channel)
    talk(world, channel, HISTORY_PAGE)
    world.host.set_wall(timedelta(minutes=10))
    record = await world.outbox.claim(channel.id, world.host.now())
    assert record is not None
    world.host.set_wall(timedelta(minutes=-10))
    assert await look(world, channel) == cannot_tell(ReasonCode.CLOCK_WRONG)
    world.advance(timedelta(minutes=9))
    assert await look(world, channel) == Sighting(seen=Seen.ABSENT)


async def test_what_is_not_known_to_be_claimed_counts_from_its_planning(
    world: World, channel: Channel
) -> None:
    await world.plan(channel)
    await world.send_unseen(channel)
    (record,) = await world.outbox.list_sending()
    talk(world, channel, HISTORY_PAGE)
    world.advance(MINUTES)
    found = await world.sender.look_for(replace(record, claimed_at=None))
    assert found.seen is Seen.FOUND


def talk(world: World, channel: Channel, count: int) -> None:
    user = world.server.add_user()
    for number in range(count):
        world.server.post_as(user, channel, {"content": str(number)})


# --- all that was posted --------------------------------------------------------------------------


async def test_all_is_listed_since_a_moment_however_much_it_is(
    world: World, channel: Channel
) -> None:
    """Oldest first, with what each shows; what others wrote, and what is older, is left out."""
    early = await world.plan(channel)
    await world.delivery.run_once()
    world.advance(10 * MINUTES)
    since = world.clock.now()
    talk(world, channel, HISTORY_PAGE)
    world.advance(MINUTES)
    late = await world.plan(channel, parts=2)
    await world.delivery.run_once()
    found = await world.sender.list_posted(channel.guild_id, channel.id, since)
    assert isinstance(found, list)
    assert [each.shown.line for each in found] == late
    assert [each.message_id for each in found] == [
        each.message_id for each in world.server.ledger[1:]
    ]
    assert {each.posted_at for each in found} == {world.clock.now()}
    everything = await world.sender.list_posted(channel.guild_id, channel.id, LONG_AGO)
    assert isinstance(everything, list)
    assert [each.shown.line for each in everything] == [*early, *late]
