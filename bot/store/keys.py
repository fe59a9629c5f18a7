"""A paper's integer key: the day of its first announcement, then a sequence number.

Key order is announcement order, so newest-first is the index's own order and a date range is a
range of keys, even when the papers of 2020 are imported after those of 2024.
"""

from datetime import date, timedelta

EPOCH = date(1991, 1, 1)  # before arXiv's first paper (August 1991)
SEQUENCE_BITS = 20  # a million papers a day; the largest real day has a few thousand


def first_key(day: date) -> int:
    """Return the smallest key of ``day``; its keys are ``first_key(day) <= key < end_key(day)``."""
    return (day - EPOCH).days << SEQUENCE_BITS


def end_key(day: date) -> int:
    """Return the first key after ``day``."""
    return first_key(day) + (1 << SEQUENCE_BITS)


def day_of(key: int) -> date:
    """Return the announcement date that ``key`` carries."""
    return EPOCH + timedelta(days=key >> SEQUENCE_BITS)
