"""How running work ends: by a signal, or because something else ended first."""

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Collection
from typing import Any, Final

log = logging.getLogger(__name__)

SIGNALS: Final = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)
)
"""SIGBREAK is Windows'; `__main__` has the same ones, and imports nothing that takes its time."""
CANCEL_AGAIN_S = 1.0


@contextlib.asynccontextmanager
async def stopping_on_signals() -> AsyncIterator[asyncio.Event]:
    """Set the event on the first of `SIGNALS`; a second one exits at once.

    Not by loop.add_signal_handler, which leaves a moment without any handler at its end.
    """
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    received: list[int] = []

    def stop() -> None:
        name = signal.Signals(received[0]).name
        log.info("stopping on %s; once more stops at once", name)
        stopped.set()

    def handle(number: int, _: object) -> None:
        if received:
            os._exit(128 + number)  # here and not in the loop, which may be blocked
        received.append(number)
        loop.call_soon_threadsafe(stop)

    before = {number: signal.signal(number, handle) for number in SIGNALS}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def wait_for_signal() -> None:
    """Do nothing until one of `SIGNALS` comes."""
    async with stopping_on_signals() as stopped:
        await stopped.wait()


async def until(stopped: asyncio.Event, *works: Awaitable[object]) -> bool:
    """Run all ``works`` until one ends or ``stopped`` is set; raise what ended it.

    True when a work ended by itself. The others are cancelled: none of them holds a request to
    Discord that must not be cancelled (delivery keeps its own).
    """
    stop = asyncio.create_task(stopped.wait())
    tasks = [asyncio.ensure_future(work) for work in works]
    done, pending = await asyncio.wait([stop, *tasks], return_when=asyncio.FIRST_COMPLETED)
    await end_all(pending)
    for task in tasks:
        if task in done:
            task.result()
    return stop not in done


async def end_all(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancel ``tasks`` and wait until they have ended, however they do.

    Again and again: before Python 3.12 wait_for, which libraries and we use, loses a cancellation
    that comes in the moment its work ends (python/cpython#86296).
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=CANCEL_AGAIN_S)
    await asyncio.gather(*tasks, return_exceptions=True)
