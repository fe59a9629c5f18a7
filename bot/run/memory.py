"""What the process holds of memory: what it gives back, and what it looks through for garbage.

Only glibc gives nothing back by itself. Other allocators do, or have no such calls.
"""

import ctypes
import gc
import sys
from typing import Final

M_ARENA_MAX: Final = -8
"""The number of this option in glibc's <malloc.h>."""

MOST_HEAPS: Final = 2

SWEPT_EVERY_S: Final = 3600.0
ALL_EVERY_S: Final = 24 * 3600.0


def share_heaps() -> None:
    """Let threads take memory from two heaps.

    By default glibc has up to eight for each core, and a thread that finds its heap in use takes
    another. Each holds pages that are nearly empty: the bot of 20 channels held 15 MB more after
    twelve days on two cores.
    """
    _call("mallopt", M_ARENA_MAX, MOST_HEAPS)


def give_memory_back() -> None:
    """Let the system have what was freed; takes some milliseconds, in which others go on.

    glibc keeps it where a piece still in use lies above, so each large day would leave the process
    larger for good.
    """
    _call("malloc_trim", 0)


class Sweeps:
    """Has garbage looked for in what stays for long only once a day, in what came since hourly.

    Python itself looks through all that there is whenever that has grown by a quarter. With 25,000
    servers and 100,000 channels that takes more than a second, in which nobody is answered, several
    times while a day is planned; of a million objects about a thousand are garbage. Times are
    monotonic ones.
    """

    def __init__(self, now_s: float) -> None:
        self._is_coming = True
        self._next_s = now_s + SWEPT_EVERY_S
        self._all_s = now_s + ALL_EVERY_S

    def pass_over(self) -> None:
        """Leave out what is there by now, as long as what stays still comes: before any sweep."""
        if self._is_coming:
            gc.freeze()

    def sweep(self, now_s: float, *, has_come: bool) -> int | None:
        """Free what only refers to itself, and leave what stays out until the sweep of the day.

        The first is due once what stays ``has_come``. Returns how many objects stay; None when it
        is too early.
        """
        if now_s < self._next_s and not (self._is_coming and has_come):
            return None
        self._is_coming, self._next_s = False, now_s + SWEPT_EVERY_S
        if now_s >= self._all_s:
            self._all_s = now_s + ALL_EVERY_S
            gc.unfreeze()
        gc.collect()
        gc.freeze()
        return gc.get_freeze_count()


def _call(name: str, *numbers: int) -> None:
    if sys.platform == "linux":
        call = getattr(ctypes.CDLL(None), name, None)  # musl has none
        if call is not None:
            call(*numbers)
