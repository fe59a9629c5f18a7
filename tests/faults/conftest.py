"""A world for each test of a fault: delivery alone, the whole way from arXiv, or the commands."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import simcord

from bot.delivery.edge import DiscordSender
from bot.delivery.worker import Delivery
from bot.pipeline import Pipeline
from tests.conftest import World as Commands
from tests.conftest import make_world
from tests.fakes.clock import VirtualClock
from tests.fakes.world import Channel, Guild
from tests.faults.fetching import Fetching, open_fetching
from tests.faults.world import World, open_world


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


@pytest.fixture
def commands(
    env: simcord.Env,
    pipeline: Pipeline,
    delivery: Delivery,
    sender: DiscordSender,
    clock: VirtualClock,
) -> Commands:
    """A whole bot in a pretended Discord, for faults that people see in its answers."""
    return make_world(env, pipeline, delivery, sender, clock)


@pytest.fixture
async def day(tmp_path: Path) -> AsyncIterator[Fetching]:
    async with open_fetching(tmp_path) as day:
        yield day
