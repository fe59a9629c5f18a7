from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.arxiv.calendar import (
    EASTERN,
    announcement_day,
    announcement_days,
    estimate_announcement,
    is_announcement_day,
    next_announcement_day,
    previous_announcement_day,
)


def moments(first_year: int, last_year: int) -> st.SearchStrategy[datetime]:
    start = datetime(first_year, 1, 1, tzinfo=UTC)
    length = datetime(last_year, 1, 1, tzinfo=UTC) - start
    return st.timedeltas(timedelta(0), length).map(lambda offset: start + offset)


def eastern(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=EASTERN)


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 8, 21, 4, 0, 12, tzinfo=UTC), date(2026, 8, 21)),
        (datetime(2026, 8, 21, 3, 59, 59, tzinfo=UTC), date(2026, 8, 20)),
        (datetime(2025, 11, 3, 5, 0, tzinfo=UTC), date(2025, 11, 3)),  # standard time again
        (datetime(2025, 11, 3, 4, 59, tzinfo=UTC), date(2025, 11, 2)),
    ],
)
def test_the_day_of_a_moment_is_the_eastern_one(now: datetime, day: date) -> None:
    assert announcement_day(now) == day


@pytest.mark.parametrize(
    "day",
    [
        date(2024, 5, 23),  # the empty weekday feeds that were observed, and why:
        date(2025, 7, 7),  # a holiday on Sunday
        date(2026, 6, 22),  # one on Friday
        date(2026, 7, 6),
        date(2024, 12, 26),
        date(2024, 12, 27),
        date(2026, 8, 22),  # Saturday
        date(2026, 8, 23),
    ],
)
def test_no_listing_on_weekends_and_after_holidays(day: date) -> None:
    assert not is_announcement_day(day)


@pytest.mark.parametrize(
    "day", [date(2026, 8, 21), date(2024, 5, 22), date(2026, 6, 19), date(2027, 1, 4)]
)
def test_a_listing_on_every_other_weekday_the_holiday_itself_included(day: date) -> None:
    assert is_announcement_day(day)


def test_announcement_days_has_both_ends() -> None:
    days = announcement_days(date(2026, 6, 18), date(2026, 6, 23))
    assert days == [date(2026, 6, 18), date(2026, 6, 19), date(2026, 6, 23)]
    assert announcement_days(date(2026, 6, 23), date(2026, 6, 22)) == []


def test_the_next_and_the_last_announcement_day_jump_over_weekend_and_holiday() -> None:
    assert next_announcement_day(date(2026, 6, 19)) == date(2026, 6, 23)
    assert previous_announcement_day(date(2026, 6, 23)) == date(2026, 6, 19)
    assert previous_announcement_day(date(2026, 6, 19)) == date(2026, 6, 18)


@given(st.dates(date(1992, 1, 1), date(2030, 1, 1)))
def test_back_from_the_next_announcement_day_is_no_earlier_day(day: date) -> None:
    last = previous_announcement_day(next_announcement_day(day))
    assert last == (day if is_announcement_day(day) else previous_announcement_day(day))


@pytest.mark.parametrize(
    ("submitted", "day"),
    [
        ("2020-08-19 14:00", date(2020, 8, 21)),  # the window of the seed's listing
        ("2020-08-20 13:59", date(2020, 8, 21)),
        ("2020-08-20 14:00", date(2020, 8, 24)),  # Thursday to Friday: Sunday evening, Monday
        ("2020-08-21 13:59", date(2020, 8, 24)),
        ("2020-08-21 14:00", date(2020, 8, 25)),  # Friday to Monday: Tuesday
        ("2020-08-22 10:00", date(2020, 8, 25)),
        ("2020-08-24 13:59", date(2020, 8, 25)),
        ("2020-08-24 14:00", date(2020, 8, 26)),
        ("2024-05-21 20:00", date(2024, 5, 24)),  # 22 May 2024 was a holiday
        ("2023-03-01 14:00", date(2023, 3, 3)),  # as the mailing of that day says, in EST
    ],
)
def test_estimate_follows_the_windows(submitted: str, day: date) -> None:
    assert estimate_announcement(eastern(submitted)) == day
    assert estimate_announcement(eastern(submitted).astimezone(UTC)) == day


@given(moments(1992, 2030))
def test_estimates_are_announcement_days_soon_after(submitted: datetime) -> None:
    day = estimate_announcement(submitted)
    assert is_announcement_day(day)
    assert timedelta(days=1) <= day - announcement_day(submitted) <= timedelta(days=7)


@given(
    moments(2023, 2027),
    st.timedeltas(timedelta(0), timedelta(days=10)),
)
def test_who_submits_later_is_not_announced_earlier(submitted: datetime, later: timedelta) -> None:
    assert estimate_announcement(submitted) <= estimate_announcement(submitted + later)
