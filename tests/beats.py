"""Whether the event loop runs again while something works."""

import asyncio
import contextlib
import gc
import time
from collections.abc import AsyncIterator
from itertools import pairwise


@contextlib.asynccontextmanager
async def heartbeat() -> AsyncIterator[list[float]]:
    """Note the time every few milliseconds, as long as the loop lets us.

    The time that this process has worked, not that of a clock on the wall: on a busy machine the
    loop waits for its turn, which is nobody's fault here. Nor does the garbage collector look
    through what other tests left in the process, which takes it hundreds of milliseconds: what is
    there is frozen for good, else each collection later would look through all that stays.
    """
    gc.collect()
    gc.freeze()
    beats = [time.process_time()]

    async def beat() -> None:
        while True:
            await asyncio.sleep(0.005)
            beats.append(time.process_time())

    task = asyncio.create_task(beat())
    try:
        yield beats
        beats.append(time.process_time())
    finally:
        task.cancel()


def longest_silence_s(beats: list[float]) -> float:
    return max(after - before for before, after in pairwise(beats))
