"""How much of the memory that the process has taken it gives back: a matter of the C library.

Only glibc needs it. Other allocators return what was freed by themselves, or have no such calls.
"""

import ctypes
import sys
from typing import Final

M_ARENA_MAX: Final = -8
"""The number of this option in glibc's <malloc.h>."""

MOST_HEAPS: Final = 2


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


def _call(name: str, *numbers: int) -> None:
    if sys.platform == "linux":
        call = getattr(ctypes.CDLL(None), name, None)  # musl has none
        if call is not None:
            call(*numbers)
