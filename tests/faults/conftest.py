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
from tests.delivery.conftest import channel as channel
from tests.delivery.conftest import guild as guild
from tests.delivery.conftest import world as world
from tests.fakes.clock import VirtualClock
from tests.faults.fetching import Fetching, open_fetching


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
