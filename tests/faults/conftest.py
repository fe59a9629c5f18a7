"""A connected world for each test of a fault: delivery alone, or the whole way from arXiv."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

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
async def day(tmp_path: Path) -> AsyncIterator[Fetching]:
    async with open_fetching(tmp_path) as day:
        yield day
