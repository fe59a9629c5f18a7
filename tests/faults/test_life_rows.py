"""Row 43, signals at any moment and periodic backups: what the host of a long life sees."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from tests.fakes.process import BotProcess
from tests.faults.scenario import Scenario, scenario
from tests.test_health import HOST, find_free_port

pytestmark = pytest.mark.slow

BLOCKED_S = 13
"""Longer than the watchdog waits before it speaks."""


@pytest.fixture
async def day(tmp_path: Path) -> AsyncIterator[Scenario]:
    async with scenario(tmp_path, channels=1, papers=12) as day:
        yield day


async def said(bot: BotProcess, words: str, timeout_s: float = 30.0) -> None:
    """Wait until the bot's log has these words."""
    async with asyncio.timeout(timeout_s):
        while words not in bot.log:
            assert not bot.has_ended, bot.log
            await asyncio.sleep(0.02)


async def until(condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110  # watches another process
            await asyncio.sleep(0.02)


async def settle(seconds: float = 1.5) -> None:
    """Give the bot a few ticks in which it could do something wrong."""
    await asyncio.sleep(seconds)


async def probed(day: Scenario) -> tuple[int, str]:
    """Ask as the container's health check does: exit code and sentence."""
    probe = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.probe", env=day.environ, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await probe.communicate()
    return probe.returncode or 0, out.decode()


async def page(port: int, path: str) -> str:
    timeout = aiohttp.ClientTimeout(total=2)
    async with (
        aiohttp.ClientSession(timeout=timeout) as http,
        http.get(f"http://{HOST}:{port}{path}") as answer,
    ):
        return await answer.text()


async def test_row_43_a_blocked_loop_is_told_and_what_it_missed_is_caught_up(
    day: Scenario,
) -> None:
    """The watchdog says where it stands, the check is red, what became due is posted once."""
    port = find_free_port()
    day.environ["PAPER_BOT_HEALTH__PORT"] = str(port)
    async with day.running(BLOCK_AT=f"after_finish:1:{BLOCKED_S}") as bot:
        await day.discord.wait_for_messages(1)
        blocked_at = time.monotonic()
        late = day.discord.add_channel(day.guild, "late")
        day.channels.append(late)
        await day.subscribe(since=datetime.now(UTC) - timedelta(hours=1))  # so it is due at once
        await said(bot, "the event loop is blocked")
        assert 10 <= time.monotonic() - blocked_at < BLOCKED_S
        with pytest.raises(TimeoutError):
            await page(port, "/healthz")
        await said(bot, "the event loop goes on")
        assert time.monotonic() - blocked_at >= BLOCKED_S - 1
        await until(lambda: bool(day.discord.messages_in(late)))
        assert await day.finished(bot), bot.log
        await settle()
        assert await probed(day) == (0, "ok\n")
        assert await bot.stop() == 0
    assert day.check().problems == []
    told = [line for line in day.log.splitlines() if "blocked" in line]
    assert len(told) == 1
    assert "bot/faultpoint.py" in told[0]
    assert "bot/delivery.py" in told[0]


async def test_row_43_the_container_sees_a_blocked_loop(day: Scenario) -> None:
    """Its check gets no answer; afterwards it gets a good one."""
    day.environ["PAPER_BOT_HEALTH__PORT"] = str(find_free_port())
    async with day.running(BLOCK_AT="after_plan:1:8") as bot:
        await asyncio.sleep(4)  # it starts, and is blocked in its first tick
        code, sentence = await probed(day)
        assert (code, "no answer" in sentence) == (1, True), sentence
        assert await day.finished(bot), bot.log
        assert await probed(day) == (0, "ok\n")
        assert await bot.stop() == 0
    assert day.check().problems == []


async def test_waiting_for_discord_is_no_hang(day: Scenario) -> None:
    """An outage at the start may last hours: each try counts as a sign of life."""
    port = find_free_port()
    day.environ["PAPER_BOT_HEALTH__PORT"] = str(port)
    await day.discord.stop_listening()
    ages = []
    async with day.running() as bot:
        await said(bot, "Discord not reached")
        for _ in range(12):
            metrics = await page(port, "/metrics")
            ages.append(float(metrics.partition("\npaper_bot_tick_age_seconds ")[2].split()[0]))
            await asyncio.sleep(0.5)
        assert await bot.stop() == 0
    assert ages != sorted(ages)
    await day.discord.listen_again()
