"""Places where a test may kill the process, to see what a crash there leaves behind.

``CRASH_AT=after_claim:2`` in the environment ends the process at the second `hit("after_claim")`
as ``kill -9`` would: no ``finally``, no flush. Unset, as ever outside of tests, nothing happens.
"""

import os
from collections import Counter
from typing import Final

VARIABLE: Final = "CRASH_AT"

_armed = os.environ.get(VARIABLE, "")
_hits: Counter[str] = Counter()


def hit(name: str) -> None:
    """Say that the program passes the point ``name``."""
    if _armed:
        _hits[name] += 1
        if _armed == f"{name}:{_hits[name]}":
            os._exit(137)
