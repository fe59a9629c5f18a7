"""A blocked event loop is told while it is blocked, once, with the place where it stands."""

import asyncio
import logging
import threading
import time
from pathlib import Path

import pytest

from bot.run import watchdog
from bot.run.watchdog import GATEWAY, watching_loop

LIMIT_S = 0.2


def block(seconds: float) -> None:
    time.sleep(seconds)


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records]


async def test_a_blocked_loop_is_told_while_it_is_blocked(caplog: pytest.LogCaptureFixture) -> None:
    """One line for however long it lasts, and one when it is over."""
    async with watching_loop(limit_s=LIMIT_S):
        await asyncio.sleep(LIMIT_S)
        block(LIMIT_S * 5)
        assert messages(caplog) == ["the event loop is blocked"]
        await asyncio.sleep(LIMIT_S)
        assert messages(caplog) == ["the event loop is blocked", "the event loop goes on"]
    blocked, over = caplog.records
    assert blocked.for_s == LIMIT_S  # type: ignore[attr-defined]
    assert LIMIT_S * 3 < over.after_s < LIMIT_S * 20  # type: ignore[attr-defined]


async def test_the_place_is_the_innermost_line_and_those_of_our_code(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watching_loop(limit_s=LIMIT_S):
        block(LIMIT_S * 3)
        await asyncio.sleep(LIMIT_S)
        monkeypatch.setattr(watchdog, "PACKAGE", Path(__file__).parent)
        block(LIMIT_S * 3)
    theirs, ours = (r.at for r in caplog.records if "is blocked" in r.message)  # type: ignore[attr-defined]
    assert theirs.startswith("test_watchdog.py:")
    assert theirs.endswith(" block")
    assert ours.startswith("run/test_watchdog.py:")
    assert " block, run/test_watchdog.py:" in ours


async def test_a_busy_loop_that_answers_is_no_news(caplog: pytest.LogCaptureFixture) -> None:
    async with watching_loop(limit_s=LIMIT_S):
        for _ in range(8):
            block(LIMIT_S / 2)
            await asyncio.sleep(0)
    assert messages(caplog) == []


async def test_nothing_of_it_is_left_afterwards(caplog: pytest.LogCaptureFixture) -> None:
    before = threading.active_count()
    async with watching_loop(limit_s=LIMIT_S):
        assert threading.active_count() == before + 1
    assert "watchdog" not in {thread.name for thread in threading.enumerate()}


async def test_the_gateway_does_not_repeat_it(caplog: pytest.LogCaptureFixture) -> None:
    """discord.py writes a traceback every ten seconds for each shard."""
    gateway = logging.getLogger(GATEWAY)
    repeat = "Shard ID %s heartbeat blocked for more than %s seconds.\nLoop thread traceback"
    async with watching_loop(limit_s=LIMIT_S):
        gateway.warning(repeat, 0, 10)
        gateway.warning("Can't keep up, shard ID %s websocket is %.1fs behind.", 0, 12.0)
    assert messages(caplog) == ["Can't keep up, shard ID 0 websocket is 12.0s behind."]
    gateway.warning(repeat, 0, 10)
    assert len(caplog.records) == 2
