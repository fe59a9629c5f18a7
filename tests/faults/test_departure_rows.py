"""Row 26: what is kept for a guild that the bot is in no longer, and for how long."""

import sqlite3
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.run.housekeeping import KEPT_FOR, forget_departed
from bot.store.store import Store
from tests.fakes.world import Channel, Guild
from tests.faults.world import World, open_world
from tests.stores import open_store

HOUR = timedelta(hours=1)
COUNTS = (
    "SELECT (SELECT count(*) FROM subscription), (SELECT count(*) FROM topic), "
    "(SELECT count(*) FROM delivery), (SELECT count(*) FROM delivered_paper), "
    "(SELECT count(*) FROM delivery_history)"
)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A world with a digest that was posted."""
    async with open_world(tmp_path) as world:
        await world.plan(world.channel, parts=2)
        await world.delivery.run_once()
        yield world


@pytest.fixture
async def store(world: World, tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(tmp_path / "bot.db") as store:
        await store.subscriptions.set_topic(world.channel.id, "nerf", "nerf")
        yield store


async def look(world: World, store: Store) -> int:
    return await forget_departed(store, world.sender.guild_ids, now=world.clock.now())


async def test_row_26_a_guild_that_is_gone_for_long_is_forgotten_and_no_other(
    world: World, store: Store
) -> None:
    stayed = await _set_up_another(world)
    before = await _counts(store)
    await world.server.remove_guild(world.guild)
    assert await look(world, store) == 0
    world.advance(KEPT_FOR - HOUR)
    assert await look(world, store) == 0
    assert await _counts(store) == before
    world.advance(2 * HOUR)
    assert await look(world, store) == 1
    assert await _counts(store) == (1, 0, 1, 2, 3)
    assert [each.channel_id for each in await store.subscriptions.list_subscriptions()] == [
        stayed.id
    ]
    assert await look(world, store) == 0


async def test_row_26_a_guild_that_comes_back_in_time_is_as_it_was(
    world: World, store: Store
) -> None:
    before = await _counts(store)
    for _ in range(2):  # the second time its days are counted anew
        await world.server.remove_guild(world.guild)
        assert await look(world, store) == 0
        world.advance(KEPT_FOR - HOUR)
        await world.server.welcome(world.guild)
        assert await look(world, store) == 0
    world.advance(KEPT_FOR)
    assert await look(world, store) == 0
    assert await _counts(store) == before


async def test_row_26_an_outage_is_no_departure(world: World, store: Store) -> None:
    before = await _counts(store)
    await world.server.take_down(world.guild)
    assert await look(world, store) == 0
    world.advance(2 * KEPT_FOR)
    assert await look(world, store) == 0
    assert await _counts(store) == before


async def test_row_26_nothing_is_concluded_before_discord_has_told_the_guilds(
    world: World, store: Store
) -> None:
    for _ in range(2):
        assert await forget_departed(store, lambda: None, now=world.clock.now()) == 0
        world.advance(2 * KEPT_FOR)
    assert await store.departures.list_since(world.clock.now()) == []


async def test_row_26_what_was_found_in_a_forgotten_guild_can_be_posted_there_anew(
    world: World, store: Store
) -> None:
    """Its papers count as never posted there, should it ever invite the bot again."""
    await world.server.remove_guild(world.guild)
    await look(world, store)
    world.advance(KEPT_FOR + HOUR)
    assert await look(world, store) == 1
    await world.server.welcome(world.guild)
    await world.plan(world.channel, parts=1)
    await world.delivery.run_once()
    assert await world.states(world.channel) == ["sent"]


async def _set_up_another(world: World) -> Channel:
    guild: Guild = world.server.add_guild()
    channel = world.server.add_channel(guild)
    await world.server.welcome(guild)
    await world.plan(channel)
    await world.delivery.run_once()
    return channel


async def _counts(store: Store) -> tuple[object, ...]:
    def work(connection: sqlite3.Connection) -> tuple[object, ...]:
        return tuple(next(iter(connection.execute(COUNTS))))

    return await store.database.read(work)
