"""The ticker: often enough, never twice at once, and no obstacle to a stop."""

import asyncio
import time

import pytest

from bot.jobs import ticking


async def test_it_ticks_at_once_and_goes_on() -> None:
    ticks = asyncio.Semaphore(0)

    async def tick() -> None:
        ticks.release()

    async with ticking(tick, every_s=0.05):
        for _ in range(3):
            await asyncio.wait_for(ticks.acquire(), 5)


async def test_a_tick_that_overruns_is_not_started_twice() -> None:
    running = most = 0

    async def tick() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.2)
        running -= 1

    async with ticking(tick, every_s=0.02):
        await asyncio.sleep(0.5)
    assert most == 1
    assert running == 0


async def test_a_tick_that_fails_is_logged_and_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ticks = asyncio.Semaphore(0)

    async def tick() -> None:
        ticks.release()
        raise ValueError("broken")

    async with ticking(tick, every_s=0.02):
        for _ in range(2):
            await asyncio.wait_for(ticks.acquire(), 5)
    assert "tick failed" in caplog.text


async def test_a_tick_that_takes_minutes_does_not_hold_up_the_end() -> None:
    ended = []

    async def tick() -> None:
        try:
            await asyncio.sleep(600)
        finally:
            ended.append("cleaned up")

    began = time.monotonic()
    async with ticking(tick, every_s=0.02, grace_s=0.1):
        await asyncio.sleep(0.05)
    assert time.monotonic() - began < 5
    assert ended == ["cleaned up"]
