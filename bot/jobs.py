"""The ticker. APScheduler only says 'now'; what is due is asked of the database (pipeline.py).

Cron triggers are avoided on purpose: around daylight saving they skip or double a day, and a
restart after the minute loses it (docs/decisions/0001).
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from apscheduler.schedulers.asyncio import AsyncIOScheduler

log = logging.getLogger(__name__)


@asynccontextmanager
async def ticking(tick: Callable[[], Awaitable[object]], *, every_s: float) -> AsyncIterator[None]:
    """Call ``tick`` now and every ``every_s`` seconds until the block ends.

    A tick that overruns is not started twice; one that fails is logged and tried again. At the
    end a running tick is waited for: APScheduler's own shutdown would cancel it half-way.
    """
    running = asyncio.Lock()

    async def guarded_tick() -> None:
        async with running:
            try:
                await tick()
            except Exception:
                log.exception("tick failed")

    scheduler = AsyncIOScheduler(timezone="UTC")
    scheduler.add_job(
        guarded_tick,
        "interval",
        seconds=every_s,
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )
    scheduler.start()
    first = asyncio.create_task(guarded_tick())
    try:
        yield
    finally:
        scheduler.pause()
        await first
        async with running:
            scheduler.shutdown(wait=False)
