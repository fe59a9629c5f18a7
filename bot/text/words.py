"""The words in which digests speak of announcements, the same in every message and export."""

from collections.abc import Sequence
from datetime import date

from bot.models import AnnounceType

TYPE_NAMES = {
    AnnounceType.NEW: "new submission",
    AnnounceType.CROSS: "cross-list",
    AnnounceType.REPLACE: "replacement",
    AnnounceType.REPLACE_CROSS: "replaced cross-list",
}

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def count_of(count: int, noun: str) -> str:
    """Return ``1 paper``, ``2 papers``, ``1,200 papers``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def joined(words: Sequence[str], last: str = "and") -> str:
    """Return ``a``, ``a and b``, ``a, b and c``."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def joined_first(words: Sequence[str], most: int) -> str:
    """Join the first ``most`` words, and say how many more there are: ``a, b and 3 more``."""
    more = len(words) - most
    return joined([*words[:most], f"{more:,} more"] if more > 0 else words)


def short_date(day: date) -> str:
    """Return ``21 Aug 2020``."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def day_of_week_and_month(day: date) -> str:
    """Return ``Fri, 21 Aug``."""
    return f"{_WEEKDAYS[day.weekday()]}, {day_and_month(day)}"


def day_and_month(day: date) -> str:
    """Return ``21 Aug``."""
    return f"{day.day} {_MONTHS[day.month - 1]}"


def month_name(day: date) -> str:
    """Return ``Aug 2020``."""
    return f"{_MONTHS[day.month - 1]} {day.year}"


def long_date(day: date) -> str:
    """Return ``Fri, 21 Aug 2020``: arXiv's own form, in English whatever the locale."""
    return f"{_WEEKDAYS[day.weekday()]}, {short_date(day)}"
