"""The bot of `month`: the whole of it, in a process whose wall clock moves as stdin says.

    python -m benchmarks.month_bot START

Each line of stdin is an order in JSON: ``now`` moves the clock, and is answered when two more ticks
have ended; ``measure`` is answered with how things stand; ``trace`` with what holds more memory;
and ``leak`` makes that so many more bytes are held, to show that this is noticed.
"""

import _sqlite3
import asyncio
import contextlib
import ctypes
import functools
import gc
import io
import json
import logging
import os
import re
import sys
import tempfile
import threading
import time
import tracemalloc
from collections import Counter
from datetime import datetime

from benchmarks.start import memory_mb
from bot.config.sources import load_config
from bot.log import setup_logging
from bot.run import process
from tests.fakes.clock import VirtualClock

Cache = functools._lru_cache_wrapper
PIECE = b"small, as most of what Python holds"
"""What is leaked, again and again."""
HOUSEKEEPING_S = 1.0
LOOK_S = 0.025


class Volume(io.StringIO):
    """Where the log goes: it is counted, and what is a warning or more goes on to stderr."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: Counter[str] = Counter()
        self.bytes: Counter[str] = Counter()

    def write(self, text: str) -> int:
        for line in text.splitlines():
            level = line.split(" ", 2)[1]
            self.lines[level] += 1
            self.bytes[level] += len(line.encode()) + 1
            if level != "INFO":
                print(line, file=sys.stderr)
        return len(text)


class Ear(logging.Filter):
    """Hears when a tick ended, which is written at DEBUG, and keeps that out of the log.

    So it does with discord.py's complaint of a slow connection: it notes when it sent a heartbeat
    after the loopback has answered it, and takes that for the answer to the one before.
    """

    ticks = 0

    def filter(self, record: logging.LogRecord) -> bool:
        self.ticks += record.msg == "tick ended"
        is_slow = record.name == "discord.gateway" and "Can't keep up" in str(record.msg)
        return record.levelno >= logging.INFO and not is_slow


class Malloc(ctypes.Structure):
    """What glibc's mallinfo2 tells, in bytes; ``uordblks`` and ``hblkhd`` are in use."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks",
            "fordblks", "keepcost",
        )
    )  # fmt: skip


async def live(start: datetime) -> None:
    """Run the bot from ``start`` on, and obey what is read from stdin."""
    token = os.environ.pop("DISCORD_TOKEN")
    config = load_config(None)
    clock, volume, ear = VirtualClock(start), Volume(), Ear()
    setup_logging(config.log, [token], volume)
    logging.getLogger().handlers[0].addFilter(ear)
    logging.getLogger(process.__name__).setLevel(logging.DEBUG)
    process.HOUSEKEEPING_EVERY_S = HOUSEKEEPING_S
    working = asyncio.create_task(process.run_bot(config, token, now=clock.now))
    obeying = asyncio.create_task(_obey(clock, volume, ear))
    await asyncio.wait([working, obeying], return_when=asyncio.FIRST_COMPLETED)
    if obeying.done():
        working.cancel()  # the process that gave the orders has ended
        obeying.result()  # or an order failed: raises why
    obeying.cancel()
    await asyncio.gather(obeying, return_exceptions=True)
    await working


async def _obey(clock: VirtualClock, volume: Volume, ear: Ear) -> None:
    orders = asyncio.StreamReader()
    pipe, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(orders), sys.stdin
    )
    with contextlib.closing(pipe):
        await _obey_all(orders, clock, volume, ear)


async def _obey_all(
    orders: asyncio.StreamReader, clock: VirtualClock, volume: Volume, ear: Ear
) -> None:
    snapshot: list[tracemalloc.Snapshot] = []
    leaked: list[bytearray] = []
    while line := await orders.readline():
        order = json.loads(line)
        answer: dict[str, object] = {}
        if "now" in order:
            clock.advance_to(datetime.fromisoformat(order["now"]))
            enough = ear.ticks + 2  # one may have begun before
            while ear.ticks < enough:  # noqa: ASYNC110  # ticks end on their own
                await asyncio.sleep(LOOK_S)
        elif "leak" in order:
            leaked += map(bytearray, [PIECE] * (order["leak"] // sys.getsizeof(bytearray(PIECE))))
        elif "trace" in order:
            answer["grown"] = _trace(snapshot)
        else:
            answer = _measure(volume)
        print(json.dumps(answer), flush=True)


def _measure(volume: Volume) -> dict[str, object]:
    gc.collect()
    caches = [each for each in gc.get_objects() if isinstance(each, Cache)]
    pages = sqlite_bytes()
    return {
        "rss_mb": memory_mb(os.getpid(), "VmRSS"),
        "used_mb": used_bytes() / 1e6,
        "pages_mb": pages / 1e6,
        "objects": len(gc.get_objects()),
        "cached": sum(each.cache_info().currsize for each in caches),
        "files": len(os.listdir("/proc/self/fd")) - 1,  # without the one that lists them
        "threads": sum(not each.name.startswith("asyncio_") for each in threading.enumerate()),
        "tasks": len(asyncio.all_tasks()),
        "log": {level: (volume.lines[level], volume.bytes[level]) for level in volume.lines},
        "cpu_s": time.process_time(),
    }


def used_bytes() -> int:
    """Return how much memory is in use, by Python and C alike, without what SQLite holds."""
    libc = ctypes.CDLL(None)
    libc.mallinfo2.restype = Malloc
    told = libc.mallinfo2()
    return int(told.uordblks + told.hblkhd) + _python_bytes() - sqlite_bytes()


def _python_bytes() -> int:
    """Return how much is in use of Python's own pools, which no call tells but a report.

    There is none while memory is traced: 0 then.
    """
    stderr = os.dup(2)
    with tempfile.TemporaryFile(buffering=0) as report:
        os.dup2(report.fileno(), 2)
        sys._debugmallocstats()
        os.dup2(stderr, 2)
        os.close(stderr)
        report.seek(0)
        used = re.search(rb"# bytes in allocated blocks +=([ ,\d]+)", report.read())
    return int(used[1].replace(b",", b"")) if used else 0


def sqlite_bytes() -> int:
    """Return what SQLite holds: all but some 2 MB are pages of the file."""
    library = ctypes.CDLL(_sqlite3.__file__)
    library.sqlite3_memory_used.restype = ctypes.c_int64
    return int(library.sqlite3_memory_used())


def _trace(snapshots: list[tracemalloc.Snapshot]) -> list[str]:
    """Begin to trace memory; asked the third time, say which lines hold more than the second."""
    if not tracemalloc.is_tracing():
        tracemalloc.start(4)
        snapshots.append(tracemalloc.take_snapshot())
        return []
    gc.collect()
    grown = tracemalloc.take_snapshot().compare_to(snapshots[-1], "lineno")
    return [str(each) for each in grown[:25]]


if __name__ == "__main__":
    asyncio.run(live(datetime.fromisoformat(sys.argv[1])))
