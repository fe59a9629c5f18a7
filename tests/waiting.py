"""Waiting for a condition, never for a time: how long something takes is the machine's affair."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable

HUNG_S = 60.0
"""Ends a test whose condition never comes true; none that passes comes near it."""
PAUSE_S = 0.01


async def until(
    condition: Callable[[], object | Awaitable[object]], why: Callable[[], object] = lambda: ""
) -> None:
    """Wait until ``condition`` holds; fails with its source and what ``why`` says."""
    end = time.perf_counter() + HUNG_S
    while not await _holds(condition):
        if time.perf_counter() > end:
            raise AssertionError(f"never came true: {_source(condition)}\n{why()}")
        await asyncio.sleep(PAUSE_S)


async def _holds(condition: Callable[[], object | Awaitable[object]]) -> bool:
    found = condition()
    return bool(await found if inspect.isawaitable(found) else found)


def until_now(condition: Callable[[], object], why: Callable[[], object] = lambda: "") -> None:
    """Do as `until` does, outside an event loop."""
    end = time.perf_counter() + HUNG_S
    while not condition():
        if time.perf_counter() > end:
            raise AssertionError(f"never came true: {_source(condition)}\n{why()}")
        time.sleep(PAUSE_S)


def _source(condition: Callable[[], object]) -> str:
    try:
        return inspect.getsource(condition).strip()
    except (OSError, TypeError):
        return repr(condition)
