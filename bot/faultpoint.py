"""Places where a test may kill or block the process, to see what that leaves behind.

``CRASH_AT=after_claim:2`` in the environment ends the process at the second `hit("after_claim")`
as ``kill -9`` would: no ``finally``, no flush. ``BLOCK_AT=after_claim:2:90`` holds it up there for
90 seconds, event loop and all. Unset, as ever outside of tests, nothing happens.
"""

import os
import time
from collections import Counter
from typing import Final

VARIABLE: Final = "CRASH_AT"

_armed = os.environ.get(VARIABLE, "")
_blocked, _, _seconds = os.environ.get("BLOCK_AT", "").rpartition(":")
_hits: Counter[str] = Counter()


def hit(name: str) -> None:
    """Say that the program passes the point ``name``."""
    if _armed or _blocked:
        _hits[name] += 1
        point = f"{name}:{_hits[name]}"
        if _armed == point:
            os._exit(137)
        if _blocked == point:
            time.sleep(float(_seconds))
