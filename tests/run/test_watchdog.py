"""A blocked event loop is told while it is blocked, once, with the place where it stands."""

import asyncio
import logging
import re
import threading
import time
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from bot.run import watchdog
from bot.run.watchdog import GATEWAY, watching_loop
from tests.waiting import until, until_now

LIMIT_S, EVERY_S = 0.2, 0.02


def watching() -> AbstractAsyncContextManager[None]:
    return watching_loop(limit_s=LIMIT_S, every_s=EVERY_S)


def stall(seconds: float) -> None:
    time.sleep(seconds)


def block(caplog: pytest.LogCaptureFixture, told: int) -> None:
    """Block the loop until the watchdog has written so many lines."""
    until_now(lambda: len(caplog.messages) == told)


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records]


async def test_a_blocked_loop_is_told_while_it_is_blocked(caplog: pytest.LogCaptureFixture) -> None:
    """One line for however long it lasts, and one when it is over."""
    async with watching():
        await asyncio.sleep(LIMIT_S)
        block(caplog, told=1)
        stall(LIMIT_S * 2)
        assert messages(caplog) == ["the event loop is blocked"]
        await until(lambda: len(caplog.messages) > 1)
        assert messages(caplog) == ["the event loop is blocked", "the event loop runs again"]
    blocked, over = caplog.records
    assert blocked.for_s == LIMIT_S  # type: ignore[attr-defined]
    assert over.after_s >= LIMIT_S * 2  # type: ignore[attr-defined]


async def test_the_place_is_the_innermost_line_and_those_of_our_code(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watching():
        block(caplog, told=1)
        await until(lambda: len(caplog.messages) == 2)
        monkeypatch.setattr(watchdog, "PACKAGE", Path(__file__).parent)
        block(caplog, told=3)
    theirs, ours = (r.at for r in caplog.records if "is blocked" in r.message)  # type: ignore[attr-defined]
    assert re.fullmatch(r"waiting\.py:\d+ until_now", theirs)
    assert re.match(r"waiting\.py:\d+ until_now, run/test_watchdog\.py:\d+ block, ", ours)


async def test_a_busy_loop_that_answers_is_no_news(caplog: pytest.LogCaptureFixture) -> None:
    async with watching_loop(limit_s=60, every_s=EVERY_S):
        for _ in range(8):
            stall(EVERY_S * 2)
            await asyncio.sleep(0)
    assert messages(caplog) == []


async def test_nothing_of_it_is_left_afterwards(caplog: pytest.LogCaptureFixture) -> None:
    before = threading.active_count()
    async with watching():
        assert threading.active_count() == before + 1
    assert "watchdog" not in {thread.name for thread in threading.enumerate()}


async def test_the_gateway_does_not_repeat_it(caplog: pytest.LogCaptureFixture) -> None:
    """discord.py writes a traceback every ten seconds for each shard."""
    gateway = logging.getLogger(GATEWAY)
    repeat = "Shard ID %s heartbeat blocked for more than %s seconds.\nLoop thread traceback"
    async with watching():
        gateway.warning(repeat, 0, 10)
        gateway.warning("Can't keep up, shard ID %s websocket is %.1fs behind.", 0, 12.0)
    assert messages(caplog) == ["Can't keep up, shard ID 0 websocket is 12.0s behind."]
    gateway.warning(repeat, 0, 10)
    assert len(caplog.records) == 2
