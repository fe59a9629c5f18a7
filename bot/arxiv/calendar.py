"""When arXiv announces: the weekly schedule, the holidays, and dates worked out from them.

Source of the schedule and the holiday list: https://info.arxiv.org/help/availability.html.
New papers go out on the evenings of Sunday to Thursday, US/Eastern, in listings that carry the
next day's date; those dates, Monday to Friday, are the announcement days of this module.
This is the only module that knows Eastern time.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")

CUT_OFF = time(14)
"""Eastern: submissions received before it are announced with the day's others."""

ONE_DAY = timedelta(days=1)
SATURDAY = 5

HOLIDAYS = frozenset(
    {
        date(2024, 1, 15),
        date(2024, 5, 22),
        date(2024, 6, 19),
        date(2024, 7, 4),
        date(2024, 9, 2),
        date(2024, 10, 8),
        date(2024, 11, 28),
        date(2024, 12, 25),
        date(2024, 12, 26),
        date(2024, 12, 31),
        date(2025, 1, 1),
        date(2025, 1, 20),
        date(2025, 6, 19),
        date(2025, 7, 6),
        date(2025, 9, 1),
        date(2025, 11, 27),
        date(2025, 12, 25),
        date(2025, 12, 30),
        date(2026, 1, 1),
        date(2026, 1, 19),
        date(2026, 6, 19),
        date(2026, 7, 3),
        date(2026, 9, 7),
        date(2026, 11, 26),
        date(2026, 12, 25),
        date(2026, 12, 29),
        date(2026, 12, 31),
    }
)
"""Days whose evening announcement is skipped, as arXiv lists them for 2024 to 2026.

Later years are not known here: an unlisted holiday shows as an empty weekday.
"""


def _next_weekday(day: date) -> date:
    day += ONE_DAY
    while day.weekday() >= SATURDAY:
        day += ONE_DAY
    return day


EMPTY_DAYS = frozenset(_next_weekday(holiday) for holiday in HOLIDAYS)
"""The weekdays without a listing: the one after each holiday (a Friday's or Sunday's is Monday)."""


MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def named_day(day: str, month: str, year: str) -> date:
    """Return the date of a heading such as '21 Aug 2020', '21 August 20'; English in any locale.

    Raises ValueError for a day that does not exist.
    """
    full_year = int(year) if len(year) == 4 else 2000 + int(year)
    return date(full_year, MONTHS.index(month[:3].lower()) + 1, int(day))


def announcement_day(now: datetime) -> date:
    """Return the US/Eastern date of ``now`` (aware), which the feed of that moment carries."""
    return now.astimezone(EASTERN).date()


def is_announcement_day(day: date) -> bool:
    """Whether a listing is expected to carry this date."""
    return day.weekday() < SATURDAY and day not in EMPTY_DAYS


def announcement_days(since: date, until: date) -> list[date]:
    """Return the announcement days from ``since`` to ``until``, both included."""
    days = (since + ONE_DAY * count for count in range((until - since).days + 1))
    return [day for day in days if is_announcement_day(day)]


def next_announcement_day(day: date) -> date:
    """Return the first announcement day after ``day``."""
    day += ONE_DAY
    while not is_announcement_day(day):
        day += ONE_DAY
    return day


def previous_announcement_day(day: date) -> date:
    """Return the last announcement day before ``day``."""
    day -= ONE_DAY
    while not is_announcement_day(day):
        day -= ONE_DAY
    return day


def estimate_announcement(submitted_at: datetime) -> date:
    """Return the listing date that a paper first submitted at ``submitted_at`` (aware) got.

    Submissions of 14:00 to 14:00 Eastern go out together and are dated the next announcement
    day; a weekend belongs to Monday's cut-off. Papers that moderators held appeared later than
    this, so the date is an estimate.
    """
    local = submitted_at.astimezone(EASTERN)
    closes_on = local.date() if local.time() < CUT_OFF else local.date() + ONE_DAY
    while closes_on.weekday() >= SATURDAY:
        closes_on += ONE_DAY
    return next_announcement_day(closes_on)
