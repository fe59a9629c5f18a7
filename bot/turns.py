"""Lets a long computation rest, so that whatever else the process does goes on.

The event loop answers nobody while it computes, and the threads of the database wait, too: a search
hands the interpreter over up to three thousand times, and while another thread computes it has it
back only after Python's switch interval each time. To be called in turns (`asyncio.sleep(0)`) helps
other tasks but not these threads; only a thread that sleeps lets them run.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from time import thread_time
from typing import Final, TypeVar

T = TypeVar("T")

COMPUTED_S: Final = 0.002
"""The thread computes for so long before it rests; one item may take longer."""

REST_S: Final = 0.004
"""So long a search that takes tens of milliseconds by itself takes at most a half longer."""


async def in_turns(items: Iterable[T]) -> AsyncIterator[T]:
    """Go through ``items``; rest before the next one whenever enough was computed."""
    begun_s = thread_time()
    for item in items:
        if thread_time() - begun_s >= COMPUTED_S:
            await asyncio.sleep(REST_S)
            begun_s = thread_time()
        yield item
