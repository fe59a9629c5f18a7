"""The ticker. APScheduler only says 'now'; what is due is asked of the database (pipeline.py).

Cron triggers are avoided on purpose: around daylight saving they skip or double a day, and a
restart after the minute loses it. Interval triggers plan by the wall clock: set back by an hour, it
would hold every tick up for an hour. So ticks wait by the monotonic clock (docs/decisions/0001).
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from apscheduler.executors.debug import DebugExecutor
from apscheduler.job import Job
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from bot.errors import BotError, DatabaseFull
from bot.run.stopping import end_all

log = logging.getLogger(__name__)

GRACE_S = 5.0
"""How long the last tick may take to end by itself; asking arXiv can take minutes."""

LONGEST_REST = 9
"""Most ticks that are left out in a row while the disk is full."""


class Ticks:
    """Runs ticks; says once what keeps them from their work, and rests while the disk is full."""

    def __init__(self, tick: Callable[[], Awaitable[object]]) -> None:
        self._tick = tick
        self._trouble = ""
        self._rest = self._to_leave_out = 0

    async def run(self) -> None:
        if self._to_leave_out:
            self._to_leave_out -= 1
            return
        try:
            await self._tick()
        except BotError as error:  # a locked database, say: the next tick tries again
            self._put_off(error)
        except Exception:
            log.exception("tick failed")
        else:
            self._go_on()

    def _put_off(self, error: BotError) -> None:
        if str(error) != self._trouble:
            log.warning("tick postponed: %s", error)
        else:
            log.debug("tick postponed again: %s", error)
        self._trouble = str(error)
        if isinstance(error, DatabaseFull):
            # Else arXiv would be asked every half minute for what cannot be stored.
            self._rest = self._to_leave_out = min(2 * self._rest + 1, LONGEST_REST)

    def _go_on(self) -> None:
        if self._trouble:
            log.info("ticks resume")
        self._trouble, self._rest = "", 0


class Pause(BaseTrigger):  # type: ignore[misc]  # APScheduler ships no types
    """So long after the last run, not after when that was planned.

    Otherwise a wall clock that jumps ahead makes APScheduler list every run it takes for missed.
    """

    def __init__(self, seconds: float) -> None:
        self._pause = timedelta(seconds=seconds)

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        return now + self._pause


class AlarmClock(MemoryJobStore):  # type: ignore[misc]
    """Holds a job that is due whenever the scheduler wakes.

    The scheduler sleeps by the monotonic clock, but then asks whether the wall clock has reached
    the planned time, which one that was set back has not.
    """

    def get_due_jobs(self, now: datetime) -> list[Job]:
        jobs: list[Job] = self.get_all_jobs()
        for job in jobs:
            job.next_run_time = now
        return jobs


@asynccontextmanager
async def ticking(
    tick: Callable[[], Awaitable[object]], *, every_s: float, grace_s: float = GRACE_S
) -> AsyncIterator[None]:
    """Call ``tick`` now and every ``every_s`` seconds until the block ends.

    A tick that overruns is not started twice; one that fails is logged and tried again, while
    the disk is full only every tenth time in the end. When the block ends, a running tick is
    waited for during ``grace_s`` and then cancelled: every write of the store is whole or absent,
    and the next start asks the database again what is missing.
    """
    running: set[asyncio.Task[None]] = set()
    ticks = Ticks(tick)

    begun = asyncio.Event()

    def start_tick() -> None:
        begun.set()
        if not running:
            task = asyncio.create_task(ticks.run())
            running.add(task)
            task.add_done_callback(running.discard)

    scheduler = AsyncIOScheduler(
        timezone="UTC",
        jobstores={"default": AlarmClock()},
        executors={"default": DebugExecutor()},  # calls in the loop; others leave work to cancel
    )
    scheduler.add_job(start_tick, Pause(every_s), misfire_grace_time=None)
    scheduler.start()
    await begun.wait()
    try:
        yield
    finally:
        scheduler.shutdown(wait=False)
        await _end(set(running), grace_s)


async def _end(running: set[asyncio.Task[None]], grace_s: float) -> None:
    if not running:
        return
    _, late = await asyncio.wait(running, timeout=grace_s)
    await end_all(late)
