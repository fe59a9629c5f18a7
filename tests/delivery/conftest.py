"""A connected world: a bot's outbox, the loopback Discord, and delivery between them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.world import Channel, Guild
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
