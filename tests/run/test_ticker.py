"""The ticker: often enough, never twice at once, and no obstacle to a stop."""

import asyncio
from datetime import datetime, timedelta, tzinfo
from typing import ClassVar, Self

import pytest
from apscheduler.schedulers import base

from bot.errors import BotError, DatabaseBusy, DatabaseFull
from bot.run import stopping
from bot.run.ticker import Ticks, ticking
from tests.waiting import until


async def test_it_ticks_at_once_and_goes_on() -> None:
    ticks = asyncio.Semaphore(0)

    async def tick() -> None:
        ticks.release()

    async with ticking(tick, every_s=0.05):
        for _ in range(3):
            await ticks.acquire()


HOUR, DAY, YEAR = timedelta(hours=1), timedelta(days=1), timedelta(days=365)


class WallClock(datetime):
    """What APScheduler takes for the time of day."""

    is_off_by: ClassVar[timedelta]

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return super().now(tz) + cls.is_off_by


@pytest.mark.parametrize(
    "jumps",
    [(-HOUR,), (DAY, -DAY), (YEAR, -YEAR), (-YEAR, YEAR)],
    ids=["back", "a day ahead and back", "a year ahead and back", "a year back and ahead"],
)
async def test_row_55_it_ticks_on_however_the_wall_clock_is_set(
    jumps: tuple[timedelta, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At its pace: it neither waits for the old time to come again nor makes up for a year."""
    monkeypatch.setattr(base, "datetime", WallClock)
    monkeypatch.setattr(WallClock, "is_off_by", timedelta(), raising=False)
    ticks = asyncio.Semaphore(0)

    async def tick() -> None:
        ticks.release()

    async with ticking(tick, every_s=0.05):
        await ticks.acquire()
        for jump in jumps:
            WallClock.is_off_by += jump
            for _ in range(3):
                await ticks.acquire()


async def test_a_tick_that_overruns_is_not_started_twice() -> None:
    running = most = ended = 0

    async def tick() -> None:
        nonlocal running, most, ended
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.1)
        running -= 1
        ended += 1

    async with ticking(tick, every_s=0.01):
        await until(lambda: ended == 2)
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
            await ticks.acquire()
    assert "tick failed" in caplog.text


async def test_a_tick_that_takes_minutes_does_not_hold_up_the_end() -> None:
    begun, ended = asyncio.Event(), []

    async def tick() -> None:
        begun.set()
        try:
            await asyncio.sleep(600)
        finally:
            ended.append("cleaned up")

    async with ticking(tick, every_s=0.02, grace_s=0.1):
        await begun.wait()
    assert ended == ["cleaned up"]


async def test_what_puts_ticks_off_is_told_once_and_its_end_too(
    caplog: pytest.LogCaptureFixture,
) -> None:
    troubles: list[BotError | None] = [
        *[DatabaseBusy("The database is busy.")] * 3,
        *[None] * 2,
        *[DatabaseBusy("The database is busy.")] * 2,
    ]

    async def tick() -> None:
        if (trouble := troubles.pop(0)) is not None:
            raise trouble

    ticks = Ticks(tick)
    with caplog.at_level("INFO", "bot.run.ticker"):
        while troubles:
            await ticks.run()
    put_off = "tick postponed: The database is busy."
    assert caplog.messages == [put_off, "ticks resume", put_off]


async def test_while_the_disk_is_full_it_ticks_ever_less_often() -> None:
    """Each tick asks arXiv for what cannot be stored."""
    called: list[bool] = []
    is_full = True

    async def tick() -> None:
        called[-1] = True
        if is_full:
            raise DatabaseFull("There is no space left for the database.")

    ticks = Ticks(tick)
    for number in range(50):
        is_full = number < 40
        called.append(False)
        await ticks.run()
    rounds = [number for number, is_called in enumerate(called) if is_called]
    assert rounds == [0, 2, 6, 14, 24, 34, 44, 45, 46, 47, 48, 49]


async def test_a_tick_that_loses_a_cancellation_is_cancelled_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As asyncio.wait_for does before Python 3.12."""
    monkeypatch.setattr(stopping, "CANCEL_AGAIN_S", 0.05)

    begun = asyncio.Event()

    async def tick() -> None:
        begun.set()
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            await asyncio.sleep(600)

    async with ticking(tick, every_s=60, grace_s=0):
        await begun.wait()
