"""Rows 17 to 29 and some later ones: what Discord may answer, and what happens meanwhile."""

import asyncio
import sqlite3
from datetime import timedelta
from types import SimpleNamespace

import discord
import pytest

from bot.delivery.worker import DeliverySettings
from bot.errors import TokenRefused
from bot.store.subscriptions import Subscriptions
from bot.ui.reasons import say_reason
from tests.builders import DAY, make_id
from tests.fakes import faults, spec
from tests.fakes.faults import Fault
from tests.fakes.world import READ_MESSAGE_HISTORY, SEND_MESSAGES, Channel, Guild
from tests.faults.world import MINUTES, World
from tests.waiting import until

UNSURE = {
    "503": faults.answer(503),
    "520": faults.answer(520),
    "reset": faults.reset(),
    "close": faults.close(),
    "cut": faults.cut(),
    "page": faults.page(200),
}


@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("name", UNSURE)
async def test_row_19_20_23_an_unknown_outcome_is_settled_by_the_nonce(
    world: World, channel: Channel, name: str, is_after: bool
) -> None:
    """Whether the message was taken or not, sending it again with its nonce leaves one."""
    planned = await world.plan(channel, parts=2)
    world.server.inject(UNSURE[name].once_done() if is_after else UNSURE[name])
    await world.delivery.run_once()
    assert await world.states(channel) == ["sending", "planned"]
    world.advance(timedelta(seconds=10))
    await world.delivery.run_once()
    assert world.posted(channel) == planned
    assert await world.states(channel) == ["sent", "sent"]


async def test_row_21_an_answer_lost_for_good_is_settled_by_the_history(
    world: World, channel: Channel
) -> None:
    """Once Discord has forgotten the nonce, the message in the channel is what counts."""
    planned = await world.plan(channel, parts=2)
    sent = await world.send_unseen(channel)
    world.server.nonce_window_s = 0
    world.advance(30 * MINUTES)
    await world.restarted().run_once()
    assert world.posted(channel) == planned
    record = (await world.outbox.list_deliveries(channel.id))[0]
    assert (record.id, record.message_id) == (sent.id, world.server.ledger[0].message_id)


@pytest.mark.parametrize("was_posted", [False, True])
async def test_row_22_without_the_history_nobody_can_tell(
    world: World, channel: Channel, was_posted: bool
) -> None:
    """The one exception of the promise: the admin is asked, nothing is posted again blindly."""
    await _leave_unfinished(world, channel, was_posted=was_posted)
    await world.server.deny(channel, READ_MESSAGE_HISTORY)
    await _find_unknown(world, channel, posted=1 + was_posted)


async def test_row_22_an_empty_history_is_no_proof(world: World, channel: Channel) -> None:
    """The permission was taken while the gateway was away: Discord lists nothing, says nothing."""
    await _leave_unfinished(world, channel, was_posted=True)
    channel.denied |= READ_MESSAGE_HISTORY
    await _find_unknown(world, channel, posted=2)


async def test_row_22_a_history_that_is_refused_tells_nothing(
    world: World, channel: Channel
) -> None:
    await _leave_unfinished(world, channel, was_posted=True)
    world.server.inject(faults.refuse(403, 50013), route=("GET", spec.MESSAGES))
    await _find_unknown(world, channel, posted=2, reason="the channel cannot be read (HTTP 403)")


async def _leave_unfinished(world: World, channel: Channel, *, was_posted: bool) -> None:
    await world.plan(channel, parts=2)
    await (world.send_unseen(channel) if was_posted else world.claim(channel))


async def _find_unknown(
    world: World,
    channel: Channel,
    *,
    posted: int,
    reason: str = "the bot may not read the channel's history",
) -> None:
    """Start again too late for the nonce: the first part is in doubt, the second goes out."""
    world.server.nonce_window_s = 0
    world.advance(30 * MINUTES)
    await world.restarted().run_once()
    assert await world.states(channel) == ["unknown", "sent"]
    assert await world.reasons(channel) == [reason, None]
    assert len(world.posted(channel)) == posted


@pytest.mark.parametrize("back", [30 * MINUTES, -30 * MINUTES], ids=["back", "forward"])
async def test_row_39_a_clock_that_jumps_posts_nothing_twice(
    world: World, channel: Channel, back: timedelta
) -> None:
    """The claim's time may say nothing about Discord's; the history still shows the message."""
    planned = await world.plan(channel)
    await world.send_unseen(channel)
    world.server.nonce_window_s = 0
    world.advance(-back)
    await world.restarted().run_once()
    assert world.posted(channel) == planned
    assert await world.states(channel) == ["sent"]


@pytest.mark.parametrize("second", [faults.refuse(403, 50013), faults.banned(), faults.answer(503)])
async def test_row_49_an_error_after_an_accepted_try_is_not_believed(
    world: World, channel: Channel, second: Fault
) -> None:
    """discord.py repeats a 502 by itself and tells only of the last answer."""
    planned = await world.plan(channel)
    world.server.inject(faults.answer(502, after=True), second)
    await world.delivery.run_once()
    assert await world.states(channel) == ["sending"]
    world.advance(15 * MINUTES)
    await world.delivery.run_once()
    assert world.posted(channel) == planned
    assert await world.states(channel) == ["sent"]


async def test_row_24_a_refused_channel_pauses_and_the_others_go_on(
    world: World, guild: Guild
) -> None:
    closed, other = (world.server.add_channel(guild, name) for name in ("closed", "open"))
    await world.plan(closed, parts=3)
    await world.plan(other)
    await world.server.deny(closed, SEND_MESSAGES)
    await world.delivery.run_once()
    assert await world.states(closed) == ["failed"] * 3
    assert await world.states(other) == ["sent"]
    subscription = await Subscriptions(world.database).get_subscription(closed.id)
    assert subscription is not None
    assert subscription.state == "paused"
    assert "Send Messages" in say_reason(subscription.paused_because)
    before = world.sends()
    world.advance(60 * MINUTES)
    await world.delivery.run_once()
    assert world.sends() == before


async def test_row_25_a_channel_deleted_between_two_parts(world: World, channel: Channel) -> None:
    await world.plan(channel, parts=3)

    async def delete_after_first() -> None:
        await world.server.wait_for_messages(1)
        await world.server.delete_channel(channel)

    deleting = asyncio.create_task(delete_after_first())
    world.server.inject(faults.hang(0.2, after=True), channel=channel)
    await world.delivery.run_once()
    await deleting
    world.advance(5 * MINUTES)
    await world.delivery.run_once()
    assert await world.states(channel) == ["unknown", "failed", "failed"]


async def test_row_17_a_rate_limit_puts_off_one_channel_only(world: World, guild: Guild) -> None:
    slow, other = (world.server.add_channel(guild, name) for name in ("slow", "other"))
    await world.plan(slow)
    await world.plan(other)
    world.server.inject(faults.rate_limited(120), channel=slow)
    await world.delivery.run_once()
    assert (await world.states(slow), await world.states(other)) == (["planned"], ["sent"])
    world.advance(timedelta(seconds=100))
    await world.delivery.run_once()
    assert await world.states(slow) == ["planned"]
    world.advance(timedelta(seconds=30))
    await world.delivery.run_once()
    assert await world.states(slow) == ["sent"]


async def test_row_17_a_ban_pauses_everything(world: World, guild: Guild) -> None:
    channels = [world.server.add_channel(guild, name) for name in ("a", "b", "c")]
    for channel in channels:
        await world.plan(channel)
    world.server.inject(*[faults.banned()] * 3)
    await world.delivery.run_once()
    before = world.sends()
    world.advance(timedelta(minutes=9))
    await world.delivery.run_once()
    assert world.sends() == before
    world.advance(2 * MINUTES)
    await world.delivery.run_once()
    assert [await world.states(channel) for channel in channels] == [["sent"]] * 3


async def test_row_29_a_revoked_token_ends_the_worker(world: World, guild: Guild) -> None:
    for name in ("a", "b", "c"):
        await world.plan(world.server.add_channel(guild, name))
    world.server.is_token_good = False
    world.restarted(DeliverySettings(pace_per_s=1000, lanes=1))
    with pytest.raises(TokenRefused):
        await world.delivery.run()
    assert world.sends() == 1


async def test_row_27_a_refused_message_is_split_once(world: World, channel: Channel) -> None:
    """One paper that Discord does not like does not take the others with it."""
    await world.plan(channel, papers=3)
    bad = faults.refuse(400, 50035)
    world.server.inject(bad, bad, channel=channel)
    await world.delivery.run_once()
    world.advance(60 * MINUTES)
    await world.delivery.run_once()
    assert await world.states(channel) == ["failed", "failed", "sent", "sent"]
    assert [entry.embed_urls for entry in world.server.ledger] == [
        [f"https://arxiv.org/abs/{make_id(number)}"] for number in (2, 3)
    ]
    assert world.sends() == 4


async def test_row_46_a_slow_send_is_left_running(world: World, guild: Guild) -> None:
    """It holds up its own channel only, and its outcome is noted when it comes."""
    slow, other = (world.server.add_channel(guild, name) for name in ("slow", "other"))
    await world.plan(slow, parts=2)
    await world.plan(other)
    may_answer = asyncio.Event()
    world.server.inject(faults.late(may_answer), channel=slow)
    world.restarted(DeliverySettings(pace_per_s=1000, send_timeout_s=0.1, poll_s=0.05))
    running = asyncio.create_task(world.delivery.run())
    await world.server.wait_for_messages(2)

    async def other_is_sent() -> bool:
        return await world.states(other) == ["sent"]

    await until(other_is_sent)
    assert await world.states(slow) == ["sending", "planned"]
    may_answer.set()
    world.advance(timedelta(seconds=10))
    await world.server.wait_for_messages(3)
    await world.delivery.stop()
    await running
    assert await world.states(slow) == ["sent", "sent"]


async def test_row_50_a_wait_that_ends_during_a_global_limit_breaks_nothing(
    world: World, guild: Guild
) -> None:
    """A send that is cancelled there would leave discord.py waiting for ever."""
    first, second = (world.server.add_channel(guild, name) for name in ("a", "b"))
    await world.plan(first)
    world.server.inject(faults.rate_limited(0.5, is_global=True), channel=first)
    world.restarted(DeliverySettings(pace_per_s=1000, send_timeout_s=0.1))
    await world.delivery.run_once()
    assert await world.states(first) == ["sending"]
    await asyncio.sleep(0.6)
    await world.plan(second)
    await world.delivery.run_once()
    assert (await world.states(first), await world.states(second)) == (["sent"], ["sent"])


async def test_row_26_a_guild_with_an_outage_waits(
    world: World, guild: Guild, channel: Channel
) -> None:
    await world.plan(channel)
    await world.server.take_down(guild)
    await world.delivery.run_once()
    assert (await world.states(channel), world.sends()) == (["planned"], 0)
    await world.server.welcome(guild)
    await world.delivery.run_once()
    assert await world.states(channel) == ["sent"]


async def test_row_33_nothing_is_posted_that_cannot_be_written_down(
    world: World, channel: Channel
) -> None:
    await world.plan(channel)
    free = [10]
    world.restarted(free_bytes=lambda: free[0])
    await world.delivery.run_once()
    assert world.sends() == 0
    free[0] = 1 << 40
    await world.delivery.run_once()
    assert await world.states(channel) == ["sent"]


async def test_row_18_server_errors_before_the_message_is_taken(
    world: World, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """discord.py tries five times in 25 seconds; the message is posted once all the same."""
    planned = await world.plan(channel)
    world.server.inject(*[faults.answer(status) for status in (500, 502, 504, 502, 500)])
    world.restarted(DeliverySettings(pace_per_s=1000))
    begun = world.clock.now()
    with monkeypatch.context() as hurried:  # it waits between its tries, by the world's clock
        sleeping = SimpleNamespace(**{**vars(asyncio), "sleep": world.clock.sleep})
        hurried.setattr(discord.http, "asyncio", sleeping)
        await world.delivery.run_once()
    assert world.clock.now() - begun == timedelta(seconds=25)
    assert await world.states(channel) == ["sending"]
    world.advance(timedelta(seconds=30))
    await world.delivery.run_once()
    assert world.posted(channel) == planned


async def test_row_17_a_short_rate_limit_is_waited_for(world: World, guild: Guild) -> None:
    """By discord.py itself; other channels go on meanwhile."""
    slow, other = (world.server.add_channel(guild, name) for name in ("slow", "other"))
    planned = await world.plan(slow)
    await world.plan(other)
    world.server.inject(faults.rate_limited(0.3), channel=slow)
    await world.delivery.run_once()
    assert world.posted(slow) == planned
    first = world.server.ledger[0]
    assert first.channel_id == other.id


async def test_row_26_a_guild_that_threw_the_bot_out_is_paused(
    world: World, guild: Guild, channel: Channel
) -> None:
    """Its subscription is kept, for the case that the bot is invited again."""
    await world.plan(channel, parts=2)
    await world.server.remove_guild(guild)
    await world.delivery.run_once()
    assert await world.states(channel) == ["failed", "failed"]
    subscription = await Subscriptions(world.database).get_subscription(channel.id)
    assert subscription is not None
    assert subscription.state == "paused"


async def test_row_33_an_outcome_that_cannot_be_written_down_is_found_again(
    world: World, channel: Channel
) -> None:
    """The disk is full between Discord's answer and our note of it."""
    planned = await world.plan(channel, parts=2)

    def fill(connection: sqlite3.Connection) -> None:
        connection.execute(
            "CREATE TRIGGER full BEFORE UPDATE OF state ON delivery WHEN NEW.state = 'sent' "
            "BEGIN SELECT RAISE(ABORT, 'no space'); END"
        )

    def empty(connection: sqlite3.Connection) -> None:
        connection.execute("DROP TRIGGER full")

    await world.database.write(fill)
    await world.delivery.run_once()
    assert await world.states(channel) == ["sending", "planned"]
    await world.database.write(empty)
    world.advance(30 * MINUTES)
    world.server.nonce_window_s = 0
    await world.delivery.run_once()
    assert world.posted(channel) == planned
    assert await world.states(channel) == ["sent", "sent"]


async def test_row_37_two_hosts_on_one_database_post_each_message_once(
    world: World, guild: Guild
) -> None:
    """No lock file between them: the claims alone decide."""
    channels = [world.server.add_channel(guild, str(number)) for number in range(6)]
    planned = [await world.plan(channel, parts=3) for channel in channels]
    first = world.restarted()
    second = world.restarted()
    await asyncio.gather(first.run_once(), second.run_once())
    assert [world.posted(channel) for channel in channels] == planned
    await first.stop(1)


async def test_row_41_what_is_planned_stays_as_it_was_planned(
    world: World, channel: Channel
) -> None:
    planned = await world.plan(channel)
    subscriptions = Subscriptions(world.database)
    await subscriptions.set_subscription(
        guild_id=channel.guild_id,
        channel_id=channel.id,
        categories=["math.AG"],
        announce_types=[],
        post_at=None,
        zone="Asia/Tokyo",
        style="cards",
        now=world.clock.now(),
    )
    await subscriptions.set_topic(channel.id, "frogs", "frog")
    await world.delivery.run_once()
    assert world.posted(channel) == planned


async def test_row_41_a_digest_moved_to_another_channel_is_not_in_both(
    world: World, guild: Guild, channel: Channel
) -> None:
    await world.plan(channel, parts=2)
    await Subscriptions(world.database).delete_subscription(channel.id, world.clock.now())
    other = world.server.add_channel(guild, "other")
    planned = await world.plan(other)
    await world.delivery.run_once()
    assert (world.posted(channel), world.posted(other)) == ([], planned)
    assert await world.reasons(channel) == ["the digest was removed"] * 2


async def test_row_41_a_subscription_deleted_between_two_parts(
    world: World, channel: Channel
) -> None:
    """What was posted stays posted, the rest never comes, not even to a new subscription."""
    await world.plan(channel, parts=2)
    record = await world.send_unseen(channel)
    await Subscriptions(world.database).delete_subscription(channel.id, world.clock.now())
    await world.delivery.run_once()
    await world.subscribe(channel)
    world.advance(5 * MINUTES)
    await world.delivery.run_once()
    assert await world.states(channel) == ["sent", "failed"]
    assert len(world.server.ledger) == 1
    assert record.part == 1


async def test_row_46_one_bad_guild_of_fifty_delays_no_other(world: World) -> None:
    """It hangs or fails on every message; the other 49 have theirs within seconds."""
    guilds = [world.server.add_guild(f"guild {number}") for number in range(50)]
    channels = [world.server.add_channel(guild) for guild in guilds]
    for channel in channels:
        await world.plan(channel)
    world.server.inject(faults.hang(60), channel=channels[7], standing=True)
    world.server.inject(faults.answer(503), channel=channels[8], standing=True)
    world.restarted(DeliverySettings(pace_per_s=1000, lanes=8, poll_s=0.05))
    running = asyncio.create_task(world.delivery.run())
    await world.server.wait_for_messages(48)
    await world.delivery.stop(0.1)
    await running
    states = [(await world.states(channel))[0] for channel in channels]
    assert (states.count("sent"), states[7], states[8]) == (48, "sending", "sending")


async def test_row_25_other_guilds_are_not_affected(world: World, channel: Channel) -> None:
    other = world.server.add_channel(world.server.add_guild("other"))
    await world.plan(channel, parts=2)
    planned = await world.plan(other, parts=2)
    await world.server.delete_channel(channel)
    await world.delivery.run_once()
    assert world.posted(other) == planned
    assert await world.states(channel) == ["failed", "failed"]
    assert await world.outbox.list_deliveries(channel.id, DAY)
