"""When arXiv is asked about a date, and which of its interfaces."""

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from bot.arxiv.calendar import EASTERN, announcement_days
from bot.intake.schedule import JITTER, IntakeRules, Poll, first_poll, next_poll
from bot.models import DayRecord, IntakeSource, IntakeVerdict

WEDNESDAY = date(2024, 3, 6)
THURSDAY = date(2024, 3, 7)
FRIDAY = date(2024, 3, 8)
SATURDAY = date(2024, 3, 9)
MONDAY = date(2024, 3, 11)

RULES = IntakeRules()
FEED, CATCHUP = IntakeSource.FEED, IntakeSource.CATCHUP


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=EASTERN).astimezone(UTC)


def record(day: date = WEDNESDAY, **fields: object) -> DayRecord:
    return replace(DayRecord(category="cs.CV", day=day), **fields)  # type: ignore[arg-type]


def next_of(day: DayRecord, now: datetime) -> Poll | None:
    return next_poll(day, now, RULES)


def read(verdict: IntakeVerdict, day: date = WEDNESDAY, **fields: object) -> DayRecord:
    """Return a date whose feed was read ten past midnight, with this verdict."""
    return record(day, **{"verdict": verdict, "feed_asked_at": at(day, 0, 10), **fields})


EARLY, NIGHT = at(WEDNESDAY, 0, 11), at(WEDNESDAY, 2, 30)


@pytest.mark.parametrize(
    ("day", "source", "first", "spread"),
    [
        (record(), FEED, at(WEDNESDAY, 0, 10), JITTER),
        (record(SATURDAY), FEED, at(SATURDAY, 0, 10), JITTER),
        # Read once: again in the morning, and on days without announcement in the evening too.
        (read(IntakeVerdict.COMPLETE), FEED, at(WEDNESDAY, 9), JITTER),
        (read(IntakeVerdict.EMPTY_EXPECTED), FEED, at(WEDNESDAY, 9), JITTER),
        (
            read(IntakeVerdict.EMPTY_EXPECTED, feed_asked_at=at(WEDNESDAY, 9, 5)),
            FEED,
            at(WEDNESDAY, 21, 30),
            JITTER,
        ),
        # Not there, or not whole: often at night, hourly by day.
        (read(IntakeVerdict.GROWING), FEED, at(WEDNESDAY, 0, 25), timedelta()),
        (read(IntakeVerdict.STALE), FEED, at(WEDNESDAY, 0, 30), timedelta()),
        (read(IntakeVerdict.EMPTY_UNEXPECTED), FEED, at(WEDNESDAY, 0, 30), timedelta()),
        (
            read(
                IntakeVerdict.STALE,
                feed_asked_at=at(WEDNESDAY, 2, 59),
                catchup_asked_at=at(WEDNESDAY, 2, 36),
            ),
            FEED,
            at(WEDNESDAY, 3, 19),
            timedelta(),
        ),
        (
            read(
                IntakeVerdict.STALE,
                feed_asked_at=at(WEDNESDAY, 3),
                catchup_asked_at=at(WEDNESDAY, 2, 36),
            ),
            FEED,
            at(WEDNESDAY, 4),
            timedelta(),
        ),
        # The second source: at half past two, then every three hours.
        (
            read(IntakeVerdict.STALE, feed_asked_at=at(WEDNESDAY, 2, 29)),
            CATCHUP,
            at(WEDNESDAY, 2, 30),
            JITTER,
        ),
        (
            read(
                IntakeVerdict.EMPTY_UNEXPECTED,
                feed_asked_at=at(WEDNESDAY, 5, 20),
                catchup_asked_at=at(WEDNESDAY, 2, 36),
            ),
            CATCHUP,
            at(WEDNESDAY, 5, 36),
            timedelta(),
        ),
    ],
)
def test_today(day: DayRecord, source: IntakeSource, first: datetime, spread: timedelta) -> None:
    poll = next_of(day, at(day.day, 0, 11))
    assert poll is not None
    assert poll.source is source
    assert first <= poll.at <= first + spread


@pytest.mark.parametrize(
    "verdict",
    [
        None,
        IntakeVerdict.FAILED,
        IntakeVerdict.STALE,
        IntakeVerdict.EMPTY_UNEXPECTED,
        IntakeVerdict.GROWING,
        IntakeVerdict.COMPLETE,
    ],
)
def test_a_date_that_is_over_and_not_settled_is_asked_of_the_second_source(
    verdict: IntakeVerdict | None,
) -> None:
    """Soon after midnight, before the new day's feed, however often it was asked before."""
    day = record(verdict=verdict, feed_asked_at=at(WEDNESDAY, 9))
    for asked_at in (None, at(WEDNESDAY, 2, 30), at(WEDNESDAY, 23, 59)):
        poll = next_of(replace(day, catchup_asked_at=asked_at), at(THURSDAY, 8))
        assert poll is not None
        assert poll.source is CATCHUP
        assert at(THURSDAY, 0, 5) <= poll.at < at(THURSDAY, 0, 10)


@pytest.mark.parametrize("verdict", [IntakeVerdict.STALE, IntakeVerdict.GROWING, None])
def test_it_is_asked_again_every_six_hours(verdict: IntakeVerdict | None) -> None:
    day = record(verdict=verdict, catchup_asked_at=at(THURSDAY, 0, 20))
    assert next_of(day, at(THURSDAY, 1)) == Poll(source=CATCHUP, at=at(THURSDAY, 6, 20))


def test_a_listing_that_was_read_once_is_read_once_more_when_its_date_is_over() -> None:
    day = read(IntakeVerdict.COMPLETE, catchup_asked_at=at(THURSDAY, 0, 20))
    assert next_of(day, at(THURSDAY, 1)) is None
    failed_at = at(THURSDAY, 0, 40)
    failed = replace(day, failures=1, not_before=failed_at)
    assert next_of(failed, at(THURSDAY, 1)) == Poll(source=CATCHUP, at=failed_at)


@pytest.mark.parametrize(
    "day",
    [
        read(IntakeVerdict.COMPLETE, is_confirmed=True),
        read(IntakeVerdict.EMPTY_EXPECTED, feed_asked_at=at(WEDNESDAY, 21, 36)),
        read(IntakeVerdict.STALE, is_closed=True),
    ],
)
def test_a_settled_date_is_left_alone(day: DayRecord) -> None:
    assert next_of(day, at(WEDNESDAY, 22)) is None
    assert next_of(day, at(THURSDAY, 22)) is None


def test_a_weekend_that_was_never_asked_about_is_left_alone() -> None:
    assert next_of(record(SATURDAY), at(MONDAY, 1)) is None
    failed = record(SATURDAY, verdict=IntakeVerdict.FAILED)
    poll = next_of(failed, at(MONDAY, 1))
    assert poll is not None
    assert poll.source is CATCHUP


@pytest.mark.parametrize(
    "day",
    [
        read(IntakeVerdict.STALE),
        read(IntakeVerdict.COMPLETE, is_confirmed=True),
        read(IntakeVerdict.EMPTY_EXPECTED, day=SATURDAY),
    ],
    ids=["waited for", "settled", "none expected"],
)
def test_a_feed_that_failed_is_asked_again_when_its_pause_is_over(day: DayRecord) -> None:
    """Settled or not: a person sees the error until the feed is read again."""
    for pause in (timedelta(minutes=1), timedelta(minutes=50)):
        assert day.feed_asked_at is not None
        until = day.feed_asked_at + pause
        failed = replace(day, failures=1, not_before=until)
        assert next_of(failed, at(day.day, 0, 11)) == Poll(source=FEED, at=until)


def test_no_source_is_asked_before_the_time_that_arxiv_names() -> None:
    asked_to_wait = at(WEDNESDAY, 4)
    day = read(
        IntakeVerdict.STALE,
        feed_asked_at=at(WEDNESDAY, 1),
        catchup_asked_at=at(WEDNESDAY, 2, 31),
        failures=1,
        not_before=asked_to_wait,
    )
    poll = next_of(day, NIGHT)
    assert poll is not None
    assert poll.at == asked_to_wait


def test_the_second_source_helps_while_the_feed_does_not() -> None:
    """Stale all night: the feed every 20 minutes, then the catch-up page of the date."""
    day = record(verdict=IntakeVerdict.STALE, feed_asked_at=at(WEDNESDAY, 0, 12))
    asked = []
    now = at(WEDNESDAY, 0, 13)
    while now < at(WEDNESDAY, 12):
        poll = next_of(day, now)
        assert poll is not None
        now = max(poll.at, now)
        asked.append((poll.source, now))
        if poll.source is FEED:
            day = replace(day, feed_asked_at=now)
        else:
            day = replace(day, catchup_asked_at=now)
    catchups = [moment for source, moment in asked if source is CATCHUP]
    assert at(WEDNESDAY, 2, 30) <= catchups[0] <= at(WEDNESDAY, 2, 35)
    assert len(catchups) == 4
    gaps = [second[1] - first[1] for first, second in itertools.pairwise(asked)]
    assert max(gaps) <= timedelta(hours=1)


def test_the_first_poll_comes_soon_after_midnight_eastern_in_summer_and_winter() -> None:
    moments = set()
    for day in announcement_days(date(2024, 3, 1), date(2024, 11, 30)):
        poll = next_of(record(day), at(day, 0, 1))
        assert poll == first_poll(record(day), RULES)
        local = poll.at.astimezone(EASTERN)
        assert local.date() == day
        assert time(0, 10) <= local.time() <= time(0, 15)
        moments.add(local.time())
    assert len(moments) > 50  # hosts and categories do not all come at once


def test_the_settings_say_when_and_how_often() -> None:
    rules = IntakeRules(poll_start=time(1, 30), poll_every=timedelta(minutes=7))
    first = first_poll(record(), rules)
    assert at(WEDNESDAY, 1, 30) <= first.at <= at(WEDNESDAY, 1, 35)
    stale = record(verdict=IntakeVerdict.STALE, feed_asked_at=first.at)
    again = next_poll(stale, first.at, rules)
    assert again == Poll(source=FEED, at=first.at + timedelta(minutes=7))
