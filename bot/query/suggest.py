"""What may stand in a field, offered while a person types it. Pure; each reader is in `values`."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from bot.models import AnnounceType
from bot.query.tags import LICENSES
from bot.query.values import LINKS, READ_MARKS, STATES

FIRST_YEAR: Final = 1991  # https://info.arxiv.org/about


def suggest_values(
    field: str, typed: str, today: date, *, of_readers: bool = False
) -> list[tuple[str, str]]:
    """List what goes on from ``typed`` in ``field``, as (value, what it means); best first.

    ``of_readers``: whether it may ask what people did with papers, as in `parse_query`.
    """
    match field:
        case "type":
            known = [(each.value, "") for each in AnnounceType]
        case "has":
            known = [(each.value, "") for each in LINKS]
        case "is":
            known = [(each, "") for each in STATES if of_readers or each not in READ_MARKS]
        case "in" | "posted" | "liked" if not of_readers:
            known = []
        case "in":
            known = [("library", "papers that you saved")]
        case "posted":
            known = [("here", "papers that this server got")]
        case "liked":
            known = [(f">{count}", "") for count in (0, 1, 2, 5, 10)]
        case "license":
            known = [(each, "") for each in LICENSES]
        case "since" | "until":
            return suggest_dates(typed, today)
        case _:
            known = []
    return [each for each in known if each[0].startswith(typed.casefold())]


def suggest_dates(typed: str, today: date) -> list[tuple[str, str]]:
    """List dates up to ``today`` that begin as typed, or are called so: ``last month``."""
    wanted = typed.strip().casefold()
    named = dict(_named(today))
    plain = {value: "" for value in _plain(wanted, today) if value not in named}
    return [
        (value, name)
        for value, name in (named | plain).items()
        if value.startswith(wanted) or (wanted and wanted in name)
    ]


def _named(today: date) -> Iterator[tuple[str, str]]:
    yield today.isoformat(), "today"
    yield (today - timedelta(days=7)).isoformat(), "a week ago"
    yield (today - timedelta(days=30)).isoformat(), "thirty days ago"
    yield f"{today:%Y-%m}", "this month"
    yield f"{today.replace(day=1) - timedelta(days=1):%Y-%m}", "last month"
    yield f"{today:%Y}", "this year"
    yield f"{today.year - 1}", "last year"


def _plain(typed: str, today: date) -> Iterator[str]:
    """Years; the months of a year that is typed; the days of a month that is typed."""
    yield from (str(year) for year in range(today.year, FIRST_YEAR - 1, -1))
    year, _, rest = typed.partition("-")
    if not (year.isdecimal() and year.isascii() and FIRST_YEAR <= int(year) <= today.year):
        return
    months = [date(int(year), month, 1) for month in range(1, 13)]
    yield from (f"{first:%Y-%m}" for first in months if first <= today)
    for first in months:
        if f"{first:%m}" == rest[:2]:
            days = (first + timedelta(days=count) for count in range(31))
            yield from (f"{day}" for day in days if day.month == first.month and day <= today)
