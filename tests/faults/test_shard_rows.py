"""Rows 121 and 122: several shards, in the program as its host runs it."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from tests.fakes import gateway
from tests.fakes.discord import DiscordServer
from tests.faults.scenario import Scenario, scenario
from tests.run.test_health import find_free_port
from tests.waiting import until

pytestmark = pytest.mark.slow

SHARDS = 16


@pytest.fixture
async def day(tmp_path: Path) -> AsyncIterator[Scenario]:
    """A day of one channel; Discord has servers for sixteen shards, and asks for as many."""
    async with scenario(tmp_path, channels=1, papers=12, health__port=find_free_port()) as day:
        day.discord.gateway.recommended = SHARDS
        day.discord.gateway.identify_every_s = 4.0  # less than five: machines are late
        for shard in range(SHARDS):
            day.discord.add_channel(day.discord.add_guild(f"shard {shard}", shard=shard))
        yield day


async def ask_whether_ready(day: Scenario) -> str:
    url = f"http://127.0.0.1:{day.environ['PAPER_BOT_HEALTH__PORT']}/readyz"
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        return (await answer.text()).strip()


def is_more(discord: DiscordServer, shards: int) -> bool:
    return len(discord.gateway.live) > shards


async def test_row_121_sixteen_shards_start_and_one_of_them_is_lost(day: Scenario) -> None:
    """They take more than a minute to start; posting begins with the first of them."""
    discord = day.discord
    own = gateway.shard_of(day.guild.id, SHARDS)
    async with day.running() as bot:
        await discord.wait_for_messages(1)
        assert len(discord.gateway.live) < SHARDS
        while (count := len(discord.gateway.live)) < SHARDS:
            await until(partial(is_more, discord, count), lambda: bot.log)
        assert sorted(each.shard for each in discord.gateway.live) == [
            (shard, SHARDS) for shard in range(SHARDS)
        ]
        assert (discord.gateway.identifies, discord.gateway.hurried) == (SHARDS, 0)

        async def is_ready() -> bool:
            return await ask_whether_ready(day) == "ok"

        await until(is_ready, lambda: bot.log)
        lost = (own + 1) % SHARDS
        discord.gateway.down.add(lost)
        await discord.gateway.drop(shard=lost)

        async def is_told() -> bool:
            return await ask_whether_ready(day) == (
                f"shard {lost} of {SHARDS} not connected to Discord"
            )

        await until(is_told, lambda: bot.log)
        reader = discord.add_user()
        (channel,) = day.channels
        found = await discord.slash(day.guild, channel, reader, "paper search", query="paper")
        assert "12 papers" in found.text
        discord.gateway.down.clear()
        await until(is_ready, lambda: bot.log)
        assert await bot.stop() == 0, bot.log
    assert day.check().problems == []


async def test_row_122_too_few_shards_for_the_servers(
    day: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "GUILDS_OF_A_SHARD", 10)
    async with day.running(PAPER_BOT_DISCORD__SHARDS="1") as bot:
        assert await bot.wait() == 78
        assert "discord.shards = 1" in bot.log
        assert "Traceback" not in bot.log
