"""How many examples a property is tried with: all of them by `make check`, a share by `make test`.

The share is Hypothesis's profile: `tests/conftest.py` loads `FAST` where only fast tests run.
"""

from typing import Final

from hypothesis import settings

ALL: Final = 100
"""What Hypothesis takes where a test names no number."""
FEWEST: Final = 10
FAST: Final = "fast"

settings.register_profile(FAST, settings(), max_examples=30)


def examples(count: int) -> int:
    """Return the share of ``count`` examples that this run takes; few are not made fewer."""
    return min(count, max(FEWEST, count * settings().max_examples // ALL))
