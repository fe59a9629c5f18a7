"""Sees a blocked event loop from outside it, while it is blocked, and says where it stands.

A loop that hangs can log nothing and answer nobody: the health pages are silent then, which counts
as red. This thread asks the loop for an answer each second or so; what it logs are two lines, one
while the loop is blocked and one when it goes on.
"""

import asyncio
import contextlib
import logging
import sys
import threading
import time
import traceback
from collections.abc import AsyncIterator
from pathlib import Path
from types import FrameType
from typing import Final

log = logging.getLogger(__name__)

LIMIT_S: Final = 10.0
"""How long the loop may leave a question unanswered before that is told."""
EVERY_S: Final = 1.0
"""How long after an answer the next question comes."""

FRAMES: Final = 4
PACKAGE: Final = Path(__file__).parent.parent
GATEWAY: Final = "discord.gateway"
GATEWAY_REPEATS: Final = "heartbeat blocked for more than"


@contextlib.asynccontextmanager
async def watching_loop(
    *, limit_s: float = LIMIT_S, every_s: float = EVERY_S
) -> AsyncIterator[None]:
    """Watch the running loop, which must be the caller's thread's, while the context is open."""
    ended = threading.Event()
    watcher = threading.Thread(
        target=_watch,
        args=(asyncio.get_running_loop(), threading.get_ident(), limit_s, every_s, ended),
        name="watchdog",
        daemon=True,  # a loop that never goes on must not keep the process from ending
    )
    gateway = logging.getLogger(GATEWAY)
    gateway.addFilter(_is_news)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        await asyncio.to_thread(watcher.join)
        gateway.removeFilter(_is_news)


def _watch(
    loop: asyncio.AbstractEventLoop,
    thread_id: int,
    limit_s: float,
    every_s: float,
    ended: threading.Event,
) -> None:
    while not ended.wait(every_s):
        answered = threading.Event()
        asked_at = time.monotonic()
        loop.call_soon_threadsafe(answered.set)
        if answered.wait(limit_s):
            continue
        where = _describe(sys._current_frames()[thread_id])
        log.warning("the event loop is blocked", extra={"for_s": round(limit_s, 1), "at": where})
        answered.wait()
        blocked_s = round(time.monotonic() - asked_at, 1)
        log.warning("the event loop runs again", extra={"after_s": blocked_s})


def _describe(innermost: FrameType) -> str:
    """Name where a thread stands, innermost first: the place itself, then lines of our code.

    Names and lines only, no values: those could be secret.
    """
    stack = [frame for frame, _ in traceback.walk_stack(innermost)]
    ours = [frame for frame in stack[1:] if _is_ours(frame)]
    return ", ".join(_place(frame) for frame in [*stack[:1], *ours[:FRAMES]])


def _is_ours(frame: FrameType) -> bool:
    return Path(frame.f_code.co_filename).is_relative_to(PACKAGE)


def _place(frame: FrameType) -> str:
    path = Path(frame.f_code.co_filename)
    name = path.relative_to(PACKAGE.parent) if _is_ours(frame) else path.name
    return f"{name}:{frame.f_lineno} {frame.f_code.co_name}"


def _is_news(record: logging.LogRecord) -> bool:
    """Leave out discord.py's word on the same: a whole traceback every ten seconds and shard."""
    return GATEWAY_REPEATS not in str(record.msg)
