"""Row 64: Discord closes the gateway's connection again and again."""

import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.delivery.edge import DiscordSender
from bot.delivery.trace import http_trace
from bot.delivery.worker import Delivery
from bot.run.app import offline_pipeline
from bot.run.client import PaperBot
from tests.builders import NOW
from tests.fakes.clock import VirtualClock
from tests.fakes.discord import DiscordServer
from tests.stores import open_store
from tests.waiting import until

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
    begun = time.perf_counter()
    await discord.gateway.drop(code)
    await until(lambda: discord.gateway.connections == before + 4)
    assert time.perf_counter() - begun >= 7 * FIRST_PAUSE_S  # 1 and 2 and 4 of them
    ours = [each for each in caplog.records if each.name == "bot.run.gateway"]
    assert len(ours) <= 1
    discord.gateway.closes_with = None
    await discord.wait_connected()
    assert len(caplog.records) <= len(ours) + 3  # the first connections are news
