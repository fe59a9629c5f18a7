"""Row 64: Discord closes the gateway's connection again and again."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.delivery.edge import DiscordSender
from bot.delivery.trace import http_trace
from bot.delivery.worker import Delivery
from bot.run.app import offline_pipeline
from bot.run.client import PaperBot
from bot.store.store import open_store
from tests.builders import NOW
from tests.fakes.clock import VirtualClock
from tests.fakes.discord import DiscordServer

FIRST_PAUSE_S = 0.1


@pytest.fixture
async def discord(tmp_path: Path) -> AsyncIterator[DiscordServer]:
    """A Discord with a bot connected to it, whose pauses are a tenth as long as they are."""
    clock = VirtualClock(NOW)
    async with DiscordServer() as server, open_store(tmp_path / "bot.db") as store:
        server.add_channel(server.add_guild())
        pipeline = offline_pipeline(store, now=clock.now)
        delivery = Delivery(store.outbox, DiscordSender(now=clock.now), now=clock.now)
        bot = PaperBot(pipeline, delivery, http_trace=http_trace(), first_pause_s=FIRST_PAUSE_S)
        async with server.connected(bot):
            yield server


@pytest.mark.parametrize("code", [1006, 4000, 4009])
async def test_row_64_a_gateway_that_closes_each_connection_is_asked_ever_more_rarely(
    discord: DiscordServer, caplog: pytest.LogCaptureFixture, code: int
) -> None:
    """Without pauses it is hundreds of connections a second; with them the log has one line."""
    caplog.set_level(logging.INFO)
    before = discord.gateway.connections
    discord.gateway.closes_with = code
    await discord.gateway.drop(code)
    await asyncio.sleep(1.5)  # room for pauses of 0.1, 0.2, 0.4 and 0.8 seconds
    tried = discord.gateway.connections - before
    assert 1 <= tried <= 5
    ours = [each for each in caplog.records if each.name == "bot.run.gateway"]
    assert len(ours) <= 1
    discord.gateway.closes_with = None
    await discord.wait_connected(10)
    assert len(caplog.records) <= len(ours) + 3  # the first connections are news
