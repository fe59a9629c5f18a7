"""What the process holds of memory: glibc needs some help to give it back."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from bot.run.memory import MOST_HEAPS, give_memory_back

glibc = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="other allocators do it themselves"
)

SHARING = """
from bot.run.memory import share_heaps
share_heaps()
"""
STARTING = """
import asyncio, contextlib
from bot.config.sources import load_config
from bot.errors import BotError
from bot.run.process import run_bot
with contextlib.suppress(BotError):  # there is no folder for its database
    asyncio.run(run_bot(load_config(None), "a token"))
"""
THREADS = """
import ctypes, threading
libc, together = ctypes.CDLL(None), threading.Barrier(6)
def take():
    together.wait()
    kept.append(libc.malloc(1000))
    together.wait()
kept = []
threads = [threading.Thread(target=take) for _ in range(6)]
for each in threads: each.start()
for each in threads: each.join()
libc.malloc_stats()
"""

SWEEPING = """
import gc, weakref
from bot.run.memory import Sweeps
class Ring:
    def __init__(self): self.next = self
def are_looked_through(): return {*map(id, kept)} & {*map(id, gc.get_objects())} != set()
def lose_one(): return weakref.ref(kept.pop())
kept, sweeps, lost = [Ring() for _ in range(9)], Sweeps(1000), weakref.ref(Ring())
print(sweeps.sweep(1001, has_come=False), are_looked_through())
sweeps.pass_over()
gc.collect()
late = weakref.ref(Ring())
print(lost() is None, late() is None, are_looked_through())
print(sweeps.sweep(1002, has_come=True) == gc.get_freeze_count(), lost() is None, late() is None)
kept, gone, late = [Ring() for _ in range(9)], lose_one(), weakref.ref(Ring())
sweeps.pass_over()
print(are_looked_through(), sweeps.sweep(4601, has_come=True), late() is None)
print(sweeps.sweep(4602, has_come=False) > 1000, late() is None, are_looked_through())
day = 1000 + 24 * 3600
print(sweeps.sweep(day - 1, has_come=True) > 0, lost() is None, gone() is None)
print(sweeps.sweep(day + 3599, has_come=True) > 0, lost() is None, gone() is None)
gone = lose_one()
print(sweeps.sweep(day + 2 * 3600, has_come=True) > 0, gone() is None, gc.isenabled())
print(Sweeps(0).sweep(3600, has_come=False) is None)
"""


def test_garbage_is_looked_for_hourly_in_what_came_and_daily_in_what_stays() -> None:
    program = [sys.executable, "-c", SWEEPING]
    ended = subprocess.run(program, capture_output=True, check=True, text=True)
    assert ended.stdout.splitlines() == [
        "None True",
        "False False False",
        "True False True",
        "True None False",
        "True True False",
        "True False False",
        "True True True",
        "True False True",
        "False",
    ]


@glibc
def test_what_a_large_day_has_freed_is_given_back() -> None:
    """Pieces that stay lie between what was freed, as they do after the day of a bot."""
    pieces = [bytes([1]) * 60_000 for _ in range(1000)]  # below what glibc maps by itself
    staying = pieces[::50]
    freed = 60_000 * (len(pieces) - len(staying))
    del pieces
    held = resident_bytes()
    give_memory_back()
    assert held - resident_bytes() > freed / 2
    assert len(staying) == 20


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@glibc
@pytest.mark.parametrize(
    "before", [SHARING, pytest.param(STARTING, marks=pytest.mark.slow)], ids=["told", "the bot"]
)
def test_many_threads_share_few_heaps(before: str) -> None:
    program = [sys.executable, "-c", before + THREADS]
    nowhere = {**os.environ, "PAPER_BOT_DATABASE__PATH": "/nowhere/at/all/papers.db"}
    ended = subprocess.run(program, env=nowhere, capture_output=True, check=True)
    assert ended.stderr.count(b"Arena ") == MOST_HEAPS
