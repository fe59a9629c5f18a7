"""Waiting for a condition, never for a time: how long something takes is the machine's affair."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from datetime import time as time_of_day

import pytest

from bot.arxiv.calendar import EASTERN

HUNG_S = 60.0
"""Ends a test whose condition never comes true; none that passes comes near it."""
PAUSE_S = 0.01
POLLED_BY = time_of_day(0, 11)
"""Eastern; the running bot spreads a day's first requests over ten minutes (`intake.schedule`)."""


def skip_before_first_polls() -> None:
    """Skip where the running bot would not ask arXiv for anything before the test gives up."""
    if datetime.now(UTC).astimezone(EASTERN).time() < POLLED_BY:
        pytest.skip("the first polls of a day are spread over the minutes after midnight Eastern")


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
