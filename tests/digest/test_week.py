"""Which dates a week gathers, and when it is due: in every zone, over holidays and the clocks."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import pairwise

import pytest

from bot.digest.models import Cadence
from bot.digest.week import (
    count_shown,
    days_of,
    find_end,
    last_end,
    look_a_week_ahead,
    starts_with_week,
    week_due,
)
from tests.builders import make_subscription, make_topic

FRIDAY = date(2024, 3, 8)
SPRING = date(2024, 3, 10)
"""The clocks go forward in New York."""


weekly = partial(make_subscription, cadences=(Cadence.WEEK,))


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=UTC)


@pytest.mark.parametrize("weekday", range(7))
def test_each_date_is_in_exactly_one_week(weekday: int) -> None:
    dates = [FRIDAY + timedelta(days=number) for number in range(30)]
    for day in dates:
        end = find_end(day, weekday)
        assert end.weekday() == weekday
        assert [each for each in dates if find_end(each, weekday) == end and each == day] == [day]
        assert day in days_of(end)
        assert last_end(day, weekday) <= day < last_end(day, weekday) + timedelta(days=7)


def test_a_week_is_its_seven_dates_oldest_first() -> None:
    assert [day.day for day in days_of(FRIDAY)] == [2, 3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo", "Pacific/Auckland"])
def test_weeks_come_in_order_and_a_week_apart_whatever_the_clocks_do(zone: str) -> None:
    subscription = weekly(post_at=time(2, 30), zone=zone, weekday=6)
    ends = [SPRING + timedelta(days=7 * number) for number in range(-3, 40)]
    dues = [week_due(subscription, end, {}) for end in ends]
    assert all(
        timedelta(days=6, hours=22) < b - a < timedelta(days=7, hours=2) for a, b in pairwise(dues)
    )


def test_a_week_waits_for_the_lists_of_its_last_day() -> None:
    subscription = weekly(categories=("cs.CV", "cs.LG"))
    first, second = at(FRIDAY, 5), at(FRIDAY, 6)
    ready = {("cs.CV", FRIDAY): first, ("cs.LG", FRIDAY): second}
    assert week_due(subscription, FRIDAY, ready) == second
    assert week_due(subscription, FRIDAY, {("cs.CV", FRIDAY): first}) == at(FRIDAY, 7)
    assert week_due(subscription, FRIDAY, {}) == at(FRIDAY + timedelta(days=1), 5)


def test_a_week_that_ends_on_a_sunday_waits_for_friday_and_is_posted_on_sunday() -> None:
    subscription = weekly(weekday=6, post_at=time(9))
    assert week_due(subscription, SPRING, {("cs.CV", FRIDAY): at(FRIDAY, 5)}) == at(SPRING, 9)


def test_a_week_before_the_weekly_digest_began_is_not_posted() -> None:
    subscription = weekly(week_began_at=at(FRIDAY, 10), post_at=time(9))
    assert not starts_with_week(
        subscription, week_due(subscription, FRIDAY, {}) - timedelta(days=1)
    )
    assert starts_with_week(subscription, at(FRIDAY, 10))
    assert not starts_with_week(make_subscription(), at(FRIDAY, 10))


def test_the_next_week_is_the_last_one_until_it_is_decided() -> None:
    subscription = weekly(post_at=time(9))
    ready = {("cs.CV", FRIDAY): at(FRIDAY, 5)}
    monday = FRIDAY + timedelta(days=3)
    late = look_a_week_ahead(subscription, ready, today=monday, is_decided=False, now=at(monday, 9))
    assert (late.end, late.at) == (FRIDAY, None)
    done = look_a_week_ahead(subscription, ready, today=monday, is_decided=True, now=at(monday, 9))
    assert (done.end, done.at) == (FRIDAY + timedelta(days=7), at(FRIDAY + timedelta(days=7), 9))


def test_the_next_week_names_its_moment_while_that_is_to_come_and_is_one_of_the_channels() -> None:
    subscription = weekly(post_at=time(9))
    ready = {("cs.CV", FRIDAY): at(FRIDAY, 5)}
    look = partial(look_a_week_ahead, ready_at=ready, today=FRIDAY, is_decided=False)
    early = look(subscription, now=at(FRIDAY, 8))
    assert (early.end, early.at) == (FRIDAY, at(FRIDAY, 9))
    assert look(subscription, now=at(FRIDAY, 9)).at is None
    began_later = replace(subscription, week_began_at=at(FRIDAY, 10))
    assert look(began_later, now=at(FRIDAY, 11)).end == FRIDAY + timedelta(days=7)


def test_a_week_shows_the_best_papers_or_a_list_where_nothing_tells_them() -> None:
    assert count_shown(weekly(topics=(make_topic(),), top=3)) == 3
    assert count_shown(weekly(topics=(make_topic(),), top=0)) == 25
    assert count_shown(weekly()) == 25
