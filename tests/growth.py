"""How the effort of some work grows with its input: a property of the code, not of the machine.

No text may take long. A limit in seconds says as much of the machine and of what else runs on it,
so an input is compared with one that is ten times as long, in the time of the processor.
"""

import math
import time
from collections.abc import Callable
from typing import Final

SHORT: Final = 1_500
TIMES: Final = 10
ROUNDS: Final = 3

LINEAR: Final = 50.0
"""Work in proportion shows 10, work in proportion to the square of the length 100."""


def growth(work: Callable[[int], object]) -> float:
    """Return how much longer ``work(length)`` takes for a length ten times as long.

    What is not clearly in proportion is measured again: the collector may have come between. The
    long text is read first, so that what is made once (a pattern, say) does not make the short one
    look slow.
    """
    long_s = short_s = math.inf
    for number in range(ROUNDS):
        long_s = min(long_s, _took_s(work, TIMES * SHORT + number))
        for more in range(2):
            short_s = min(short_s, _took_s(work, SHORT + 2 * number + more))
        if long_s < LINEAR / 2 * short_s:
            break
    return long_s / short_s


def _took_s(work: Callable[[int], object], length: int) -> float:
    begun = time.thread_time()
    work(length)
    return time.thread_time() - begun


def repeated(fragment: str, length: int) -> str:
    """Return ``fragment`` over and over, about ``length`` characters long."""
    return fragment * (length // len(fragment) + 1)
