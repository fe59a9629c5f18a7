"""Delivery against the loopback Discord; `tests/faults` has what goes wrong, row by row.

The clock is ours and the loopback Discord dates its messages by it; the HTTP code is discord.py's.
"""

import asyncio
import logging
import sqlite3
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.delivery.worker import Delivery
from bot.digest.messages import DeliveryRecord, Instant
from bot.errors import StoreError, TokenRefused
from bot.store.outbox.bodies import Bodies
from bot.store.outbox.outbox import DueChannel, Outbox
from bot.store.outbox.plans import frozen_json
from tests.builders import DAY
from tests.fakes import faults, spec
from tests.fakes.world import Channel, Guild
from tests.faults.world import FAST, MINUTES, World
from tests.waiting import HUNG_S, until


async def test_a_digest_arrives_once_and_in_order(world: World, channel: Channel) -> None:
    planned = await world.plan(channel, parts=3)
    await world.delivery.run_once()
    await world.delivery.run_once()
    assert world.posted(channel) == planned
    records = await world.outbox.list_deliveries(channel.id)
    assert [(record.state.value, record.message_id) for record in records] == [
        ("sent", entry.message_id) for entry in world.server.ledger
    ]
    assert [record.nonce for record in records] == [each.nonce for each in world.server.ledger]


async def test_many_channels_are_served(world: World, guild: Guild) -> None:
    channels = [world.server.add_channel(guild, f"c{number}") for number in range(20)]
    for channel in channels:
        await world.plan(channel, parts=2)
    await world.delivery.run_once()
    assert {len(world.posted(channel)) for channel in channels} == {2}


async def test_many_channels_wait_without_a_task_for_each(world: World, guild: Guild) -> None:
    """The next in turn have one; all get their messages without another look in between."""
    channels = [world.server.add_channel(guild, f"c{number}") for number in range(25)]
    for channel in channels:
        await world.plan(channel)
    settings = replace(FAST, lanes=1, poll_s=60)
    delivery = Delivery(world.outbox, world.sender, now=world.clock.now, settings=settings)
    before = len(asyncio.all_tasks())
    hanging = asyncio.Event()
    world.server.inject(faults.late(hanging), channel=channels[0])
    running = asyncio.create_task(delivery.run())
    await world.server.wait_until(lambda: world.sends() == 1)
    assert len(asyncio.all_tasks()) - before < 20
    hanging.set()
    await world.server.wait_for_messages(25)
    await delivery.stop()
    await running


async def test_many_that_wait_for_an_outage_to_end_hold_up_nobody(world: World) -> None:
    """They have waited longest, and are more than are looked at first."""
    down, up = world.server.add_guild("down"), world.server.add_guild("up")
    waiting = [world.server.add_channel(down, f"c{number}") for number in range(25)]
    other = world.server.add_channel(up, "other")
    await world.server.welcome(down)
    await world.server.welcome(up)
    for channel in (*waiting, other):
        await world.plan(channel)
    await world.server.take_down(down)
    world.restarted(replace(FAST, lanes=1))
    await world.delivery.run_once()
    assert [world.sends(), len(world.posted(other))] == [1, 1]


async def test_no_more_channels_are_listed_than_can_be_served(world: World, guild: Guild) -> None:
    listed: list[int] = []

    class CountedOutbox(Outbox):
        async def list_due(self, now: datetime, at_most: int = -1) -> list[DueChannel]:
            due = await super().list_due(now, at_most)
            listed.append(len(due))
            return due

    for number in range(25):
        await world.plan(world.server.add_channel(guild, f"c{number}"))
    delivery = Delivery(
        CountedOutbox(world.database, Bodies()),
        world.sender,
        now=world.clock.now,
        settings=replace(FAST, lanes=1),
    )
    await delivery.run_once()
    assert listed == [20, 15, 5]
    assert world.sends() == 25


async def test_what_waits_is_cleared_once_a_minute_and_when_the_clock_is_set_back(
    world: World,
) -> None:
    """To look for what is too old, all messages that wait are read."""
    cleared: list[datetime] = []

    class CountedOutbox(Outbox):
        async def give_up(self, planned_before: datetime, now: datetime) -> int:
            cleared.append(now)
            return await super().give_up(planned_before, now)

    outbox = CountedOutbox(world.database, Bodies())
    delivery = Delivery(outbox, world.sender, now=world.clock.now, settings=FAST)
    begun = world.clock.now()
    for seconds in (0, 0, 59, 1, 59, -120):
        world.advance(timedelta(seconds=seconds))
        await delivery.run_once()
    assert [(at - begun).total_seconds() for at in cleared] == [0, 60, -1]


async def test_a_woken_worker_delivers_at_once(world: World, channel: Channel) -> None:
    running = asyncio.create_task(world.restarted().run())
    await asyncio.sleep(0)
    await world.plan(channel)
    world.delivery.wake()
    await world.server.wait_for_messages(1)
    await world.delivery.stop()
    await running


async def test_what_the_history_lacks_is_posted(world: World, channel: Channel) -> None:
    planned = await world.plan(channel)
    await world.claim(channel)
    world.server.post_as(world.server.add_user(), channel, {"content": planned[0]})
    world.server.post_as(world.server.bot, channel, {"content": "### cs.CV · Mon, 4 Mar 2024"})
    world.advance(30 * MINUTES)
    await world.restarted().run_once()
    assert world.posted(channel) == planned
    assert await world.states(channel) == ["sent"]


async def test_a_history_that_cannot_be_read_now_is_read_later(
    world: World, channel: Channel
) -> None:
    planned = await world.plan(channel)
    await world.send_unseen(channel)
    world.server.nonce_window_s = 0
    world.advance(30 * MINUTES)
    world.server.inject(faults.answer(503), route=("GET", spec.MESSAGES))
    await world.restarted().run_once()
    assert await world.states(channel) == ["sending"]
    world.advance(timedelta(seconds=10))
    await world.delivery.run_once()
    assert await world.states(channel) == ["sent"]
    assert world.posted(channel) == planned


async def test_a_list_cut_off_proves_nothing(world: World, channel: Channel) -> None:
    await world.plan(channel)
    await world.claim(channel)
    talker = world.server.add_user()
    for number in range(230):
        world.server.post_as(talker, channel, {"content": str(number)})
    world.advance(30 * MINUTES)
    await world.restarted().run_once()
    assert await world.states(channel) == ["unknown"]


async def test_an_answer_to_a_command_is_no_digest(world: World, channel: Channel) -> None:
    """A search that shows the same papers must not pass for the digest."""
    planned = await world.plan(channel)
    record = await world.claim(channel)
    answer = world.server.post_as(world.server.bot, channel, dict(record.body))
    user = world.server.add_user().json()
    answer["interaction_metadata"] = {
        "id": "1",
        "type": 2,
        "user": user,
        "authorizing_integration_owners": {},
    }
    world.server.validate = False
    world.advance(30 * MINUTES)
    await world.restarted().run_once()
    assert world.posted(channel) == planned


async def test_a_deleted_message_was_posted(world: World, channel: Channel) -> None:
    await world.plan(channel)
    await world.send_unseen(channel)
    await world.server.delete_message(channel, world.server.ledger[0].message_id)
    await world.restarted().run_once()
    assert await world.states(channel) == ["sent"]
    assert await world.reasons(channel) == ["it was posted, then deleted on Discord"]
    assert len(world.server.ledger) == 1


async def test_a_discord_that_is_down_is_asked_ever_more_rarely(
    world: World, channel: Channel
) -> None:
    await world.plan(channel)
    await world.server.stop_listening()
    gaps = []
    for _ in range(4):
        await world.delivery.run_once()
        (record,) = await world.outbox.list_deliveries(channel.id)
        gaps.append(record.not_before - world.clock.now())
        world.clock.advance_to(record.not_before)
    assert gaps == sorted(gaps)
    assert gaps[0] >= timedelta(seconds=2)
    await world.server.listen_again()
    await world.delivery.run_once()
    assert await world.states(channel) == ["sent"]


async def test_channels_that_failed_together_do_not_come_back_together(
    world: World, guild: Guild
) -> None:
    """Each after its own part of the pause more, up to nearly half of it."""
    channels = [world.server.add_channel(guild, f"c{number}") for number in range(10)]
    for channel in channels:
        await world.plan(channel)
    await world.server.stop_listening()
    await world.delivery.run_once()
    records = [(await world.outbox.list_deliveries(channel.id))[0] for channel in channels]
    gaps = sorted((record.not_before - world.clock.now()).total_seconds() for record in records)
    assert gaps == pytest.approx([2 + 0.1 * number for number in range(10)])
    await world.server.listen_again()


async def test_a_pause_does_not_grow_beyond_five_minutes(world: World, channel: Channel) -> None:
    await world.plan(channel)
    await world.server.stop_listening()
    for _ in range(9):
        await world.delivery.run_once()
        (record,) = await world.outbox.list_deliveries(channel.id)
        gap = record.not_before - world.clock.now()
        world.clock.advance_to(record.not_before)
    assert 5 * MINUTES <= gap < 7.5 * MINUTES
    await world.server.listen_again()


async def test_what_is_put_off_is_posted_without_anyone_asking(
    world: World, channel: Channel
) -> None:
    """The worker wakes by itself when the pause is over."""
    planned = await world.plan(channel)
    headers = {"Via": "1.1 google", "Retry-After": "0"}
    body = {"code": 20016, "message": "slow mode"}
    world.server.inject(faults.answer(400, body, headers=headers), channel=channel)
    running = asyncio.create_task(world.restarted(replace(FAST, poll_s=3600)).run())
    await world.server.wait_for_messages(1)
    await world.delivery.stop()
    await running
    assert world.posted(channel) == planned


@pytest.mark.parametrize(("hours", "is_posted"), [(48, True), (48.1, False)])
async def test_what_is_too_old_is_not_posted(
    world: World, channel: Channel, hours: float, is_posted: bool
) -> None:
    await world.plan(channel)
    world.advance(timedelta(hours=hours))
    await world.delivery.run_once()
    assert await world.reasons(channel) == [None if is_posted else "not posted in time"]
    assert world.sends() == is_posted


class SlowOutbox(Outbox):
    """An outbox whose list of due channels takes until ``gate`` is open."""

    gate = asyncio.Event()

    async def list_due(self, now: datetime, at_most: int = -1) -> list[DueChannel]:
        due = await super().list_due(now, at_most)
        await self.gate.wait()
        return due


async def test_a_message_that_is_settled_while_one_looks_is_not_sent_again(
    world: World, channel: Channel
) -> None:
    """It was listed as being sent, and its lane ended before the list was looked through."""
    await world.plan(channel)
    world.server.nonce_window_s = 0
    outbox = SlowOutbox(world.database, Bodies())
    outbox.gate = asyncio.Event()
    delivery = Delivery(outbox, world.sender, now=world.clock.now, settings=FAST)
    world.server.inject(faults.hang(0.1), channel=channel)
    outbox.gate.set()
    first = asyncio.create_task(delivery.run_once())
    await world.server.wait_until(lambda: world.sends() == 1)  # the message is on its way
    outbox.gate.clear()
    second = asyncio.create_task(delivery.run_once())
    stale = await outbox.list_sending()
    await first
    await world.outbox.mark_sent(stale[0].id, 77, world.clock.now())
    outbox.gate.set()
    await second
    assert world.server.ledger == []
    assert await world.states(channel) == ["sent"]


async def test_a_damaged_payload_is_not_sent(world: World, channel: Channel) -> None:
    await world.plan(channel)

    def damage(connection: sqlite3.Connection) -> None:
        connection.execute("DROP TRIGGER delivery_frozen")
        connection.execute("UPDATE delivery SET payload = '{}'")

    await world.database.write(damage)
    await world.delivery.run_once()
    assert (await world.states(channel), world.sends()) == (["failed"], 0)


@pytest.mark.parametrize("was_posted", [True, False], ids=["posted", "not posted"])
@pytest.mark.parametrize("is_message", [True, False], ids=["another message", "none"])
async def test_a_payload_that_is_damaged_while_it_is_sent_is_not_sent_again(
    world: World, channel: Channel, was_posted: bool, is_message: bool
) -> None:
    """Though its nonce would still be known: what is there now is not what was planned."""
    planned = await world.plan(channel)
    await (world.send_unseen(channel) if was_posted else world.claim(channel))
    payload = frozen_json(world.draft(9).body) if is_message else "{}"

    def damage(connection: sqlite3.Connection) -> None:
        connection.execute("DROP TRIGGER delivery_frozen")
        connection.execute("UPDATE delivery SET payload = ?", (payload,))

    await world.database.write(damage)
    sends = world.sends()
    await world.restarted().run_once()
    assert world.sends() == sends
    assert await world.states(channel) == ["unknown"]
    assert await world.reasons(channel) == ["the planned message was damaged in the database"]
    assert world.posted(channel) == (planned if was_posted else [])


# --- messages whose outcome is not known ----------------------------------------------------------


async def test_the_nonce_is_trusted_as_long_as_the_settings_say(
    world: World, channel: Channel
) -> None:
    """Then the history is asked."""
    await world.plan(channel)
    await world.send_unseen(channel)
    world.advance(timedelta(seconds=30))
    await world.restarted(replace(FAST, nonce_window=timedelta(seconds=20))).run_once()
    assert world.sends() == 1
    assert await world.states(channel) == ["sent"]


@pytest.mark.parametrize(("after_s", "looks"), [(0, 1), (4.9, 1), (5, 2), (-1, 2)])
async def test_a_history_is_not_asked_every_moment(
    world: World, channel: Channel, after_s: float, looks: int
) -> None:
    """A clock that was set back puts nothing off."""
    await world.plan(channel)
    await world.claim(channel)
    world.advance(30 * MINUTES)
    world.server.inject(faults.answer(503), route=("GET", spec.MESSAGES), standing=True)
    world.restarted()
    for _ in range(2):
        await world.delivery.run_once()
        world.advance(timedelta(seconds=after_s))
    asked = [call for call in world.server.calls if call.template == spec.MESSAGES]
    assert len(asked) == looks


async def test_nothing_is_asked_or_sent_in_a_guild_with_an_outage(
    world: World, guild: Guild, channel: Channel
) -> None:
    """And the guilds after it are served."""
    await world.plan(channel)
    await world.send_unseen(channel)
    waiting = world.server.add_channel(guild, "waiting")
    await world.plan(waiting)
    other = world.server.add_channel(world.server.add_guild("other"))
    await world.server.welcome(world.server.guilds[other.guild_id])
    planned = await world.plan(other)
    await world.server.take_down(guild)
    before = len(world.server.calls)
    world.advance(30 * MINUTES)
    await world.restarted().run_once()
    assert world.posted(other) == planned
    assert len(world.server.calls) == before + 1
    assert (await world.states(channel), await world.states(waiting)) == (["sending"], ["planned"])


async def test_a_token_that_is_refused_when_a_message_is_sent_again_ends_the_worker(
    world: World, channel: Channel
) -> None:
    await world.plan(channel)
    await world.send_unseen(channel)
    world.server.is_token_good = False
    with pytest.raises(TokenRefused, match=r"^Discord refuses the token; set DISCORD_TOKEN to"):
        await world.restarted().run_once()
    assert await world.states(channel) == ["sending"]


async def test_a_ban_of_a_message_that_is_sent_again_pauses_everything(
    world: World, guild: Guild, channel: Channel
) -> None:
    await world.plan(channel)
    await world.send_unseen(channel)
    world.server.inject(faults.banned())
    await world.restarted().run_once()
    assert world.delivery.held_until == world.clock.now() + 10 * MINUTES
    other = world.server.add_channel(guild, "other")
    await world.plan(other)
    sends = world.sends()
    await world.delivery.run_once()
    assert world.sends() == sends
    assert await world.states(channel) == ["sending"]


# --- what holds everything up ---------------------------------------------------------------------


async def test_a_ban_says_until_when_nothing_is_sent(world: World, channel: Channel) -> None:
    assert world.delivery.held_until is None
    await world.plan(channel)
    world.server.inject(faults.banned())
    await world.delivery.run_once()
    assert world.delivery.held_until == world.clock.now() + 10 * MINUTES
    world.advance(10 * MINUTES)
    await world.delivery.run_once()
    assert world.delivery.held_until is None
    assert await world.states(channel) == ["sent"]


async def test_a_ban_does_not_outlast_a_clock_that_was_set_back(
    world: World, guild: Guild, channel: Channel
) -> None:
    """Written by a clock that was a day ahead, it would hold up everything for that day."""
    other = world.server.add_channel(guild, "other")
    await world.plan(channel)
    planned = await world.plan(other)
    world.server.inject(faults.banned(), faults.banned())
    world.host.set_wall(timedelta(days=1))
    await world.delivery.run_once()
    sends = world.sends()
    world.host.set_wall(timedelta(days=-1))
    await world.delivery.run_once()
    assert world.sends() > sends
    assert world.posted(other) == planned


@pytest.mark.parametrize(("free", "is_short"), [(99, True), (100, False)])
async def test_nothing_is_sent_without_the_space_that_the_settings_want(
    world: World, channel: Channel, free: int, is_short: bool
) -> None:
    await world.plan(channel)
    world.restarted(replace(FAST, min_free_bytes=100), free_bytes=lambda: free)
    await world.delivery.run_once()
    assert world.delivery.is_short_of_space is is_short
    assert await world.states(channel) == ["planned" if is_short else "sent"]


async def test_a_full_disk_is_logged_once(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "bot.delivery")
    free = [0, 0, 1 << 40, 1 << 40]
    world.restarted(free_bytes=lambda: free.pop(0))
    for _ in range(4):
        await world.delivery.run_once()
    assert caplog.messages == [
        "disk nearly full: nothing is posted until there is space again",
        "there is space again: posting resumes",
    ]


async def test_nothing_is_sent_before_the_bot_is_ready(world: World, channel: Channel) -> None:
    """It compares the channels first when a backup was put back."""
    await world.plan(channel)
    answers = [False, True]

    async def is_ready() -> bool:
        return answers.pop(0)

    delivery = Delivery(
        world.outbox, world.sender, now=world.clock.now, settings=FAST, is_ready=is_ready
    )
    await delivery.run_once()
    assert await world.states(channel) == ["planned"]
    await delivery.run_once()
    assert await world.states(channel) == ["sent"]


class BrokenOutbox(Outbox):
    """An outbox that fails on one channel, and once as a whole."""

    broken_channel = 0
    error: Exception = StoreError("the database is locked")
    lists_fail = 0

    async def claim(
        self, channel_id: int, now: datetime, at: Instant | None = None
    ) -> DeliveryRecord | None:
        if channel_id == self.broken_channel:
            raise self.error
        return await super().claim(channel_id, now, at)

    async def list_due(self, now: datetime, at_most: int = -1) -> list[DueChannel]:
        if self.lists_fail:
            self.lists_fail -= 1
            raise self.error
        return await super().list_due(now, at_most)


@pytest.mark.parametrize("error", [StoreError("the database is locked"), KeyError("a bug")])
async def test_what_breaks_in_one_channel_delays_no_other(
    world: World, guild: Guild, channel: Channel, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """And it is tried again there."""
    other = world.server.add_channel(guild, "other")
    mine, theirs = await world.plan(channel), await world.plan(other)
    outbox = BrokenOutbox(world.database, Bodies())
    outbox.broken_channel, outbox.error = channel.id, error
    delivery = Delivery(outbox, world.sender, now=world.clock.now, settings=FAST)
    await delivery.run_once()
    assert (world.posted(channel), world.posted(other)) == ([], theirs)
    (line,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert vars(line)["channel"] == channel.id
    outbox.broken_channel = 0
    await delivery.run_once()
    assert world.posted(channel) == mine


async def test_an_outbox_that_cannot_be_read_is_read_again(world: World, channel: Channel) -> None:
    outbox = BrokenOutbox(world.database, Bodies())
    outbox.lists_fail = 2
    delivery = Delivery(outbox, world.sender, now=world.clock.now, settings=FAST)
    await world.plan(channel)
    running = asyncio.create_task(delivery.run())
    await world.server.wait_for_messages(1)
    await delivery.stop()
    await running


# --- what is logged -------------------------------------------------------------------------------


async def test_a_digest_that_was_posted_is_one_line(
    world: World, channel: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "bot.delivery")
    await world.plan(channel, parts=3)
    await world.delivery.run_once()
    await until(lambda: bool(caplog.records))
    (line,) = caplog.records
    assert line.getMessage() == "digest posted"
    assert (vars(line)["channel"], vars(line)["messages"]) == (channel.id, 3)


async def test_a_message_that_was_not_posted_is_one_line(
    world: World, channel: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    """With all that is needed to find it."""
    await world.plan(channel)
    world.server.inject(faults.refuse(400, 20016), channel=channel)
    await world.delivery.run_once()
    (line,) = caplog.records
    assert line.getMessage().startswith("message not posted: ")
    (record,) = await world.outbox.list_deliveries(channel.id)
    said = {name: vars(line)[name] for name in ("delivery", "channel", "announced_on", "part")}
    assert said == {
        "delivery": record.id,
        "channel": channel.id,
        "announced_on": DAY.isoformat(),
        "part": 1,
    }
    assert vars(line)["state"] == "planned"


# --- stopping -------------------------------------------------------------------------------------


async def send_slowly(world: World, channel: Channel) -> tuple[asyncio.Task[None], asyncio.Event]:
    """Run until a message is being sent; its answer comes when the event is set."""
    await world.plan(channel, parts=3)
    is_free = asyncio.Event()
    world.server.inject(faults.late(is_free), channel=channel)
    running = asyncio.create_task(world.restarted().run())
    await world.server.wait_until(lambda: world.sends() == 1)
    return running, is_free


async def test_stopping_waits_for_what_is_being_sent(world: World, channel: Channel) -> None:
    """And nothing more is claimed."""
    running, is_free = await send_slowly(world, channel)
    stopping = asyncio.create_task(world.delivery.stop())
    for _ in range(5):
        await asyncio.sleep(0)
    assert not stopping.done()
    is_free.set()
    await stopping
    await running
    assert await world.states(channel) == ["sent", "planned", "planned"]


async def test_stopping_leaves_alone_what_takes_too_long(world: World, channel: Channel) -> None:
    running, is_free = await send_slowly(world, channel)
    await asyncio.wait_for(world.delivery.stop(0.01), HUNG_S)
    assert await world.states(channel) == ["sending", "planned", "planned"]
    is_free.set()
    await running
