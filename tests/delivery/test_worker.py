"""Delivery against the loopback Discord; `tests/faults` has what goes wrong, row by row.

The clock is ours and the loopback Discord dates its messages by it; the HTTP code is discord.py's.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.delivery.worker import Delivery
from bot.store.outbox.outbox import DueChannel, Outbox
from tests.fakes import faults, spec
from tests.fakes.world import Channel, Guild
from tests.faults.world import FAST, MINUTES, World, open_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as world:
        yield world


@pytest.fixture
def guild(world: World) -> Guild:
    return world.guild


@pytest.fixture
def channel(world: World) -> Channel:
    return world.channel


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


async def test_what_is_too_old_is_not_posted(world: World, channel: Channel) -> None:
    await world.plan(channel)
    world.advance(timedelta(hours=49))
    await world.delivery.run_once()
    assert await world.reasons(channel) == ["not posted in time"]
    assert world.sends() == 0


class SlowOutbox(Outbox):
    """An outbox whose list of due channels takes until ``gate`` is open."""

    gate = asyncio.Event()

    async def list_due(self, now: datetime) -> list[DueChannel]:
        due = await super().list_due(now)
        await self.gate.wait()
        return due


async def test_a_message_that_is_settled_while_one_looks_is_not_sent_again(
    world: World, channel: Channel
) -> None:
    """It was listed as being sent, and its lane ended before the list was looked through."""
    await world.plan(channel)
    world.server.nonce_window_s = 0
    outbox = SlowOutbox(world.database)
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


async def test_stopping_waits_for_what_is_being_sent(world: World, channel: Channel) -> None:
    await world.plan(channel, parts=3)
    world.server.inject(faults.hang(0.3), channel=channel)
    running = asyncio.create_task(world.restarted().run())
    await world.server.wait_until(lambda: world.sends() == 1)
    await world.delivery.stop()
    await running
    assert await world.states(channel) == ["sending", "planned", "planned"]
