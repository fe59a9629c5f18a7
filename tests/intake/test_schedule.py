"""When arXiv is asked about a date, and which of its interfaces."""

import itertools
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from bot.arxiv.calendar import EASTERN, announcement_days
from bot.intake.schedule import (
    JITTER,
    PLANS,
    DayState,
    IntakeRules,
    Poll,
    first_poll,
    is_closed_too_early,
    is_out_of_reach,
    next_poll,
    reopened,
    without_future,
)
from bot.models import DayRecord, Inquiry, IntakeSource, IntakeVerdict

WEDNESDAY = date(2024, 3, 6)
THURSDAY = date(2024, 3, 7)
FRIDAY = date(2024, 3, 8)
SATURDAY = date(2024, 3, 9)
MONDAY = date(2024, 3, 11)

RULES = IntakeRules()
FEED, CATCHUP, OAI = IntakeSource.FEED, IntakeSource.CATCHUP, IntakeSource.OAI
COMPLETE, UNDATED, HELD = IntakeVerdict.COMPLETE, IntakeVerdict.UNDATED, IntakeVerdict.HELD
STALE, FAILED, GROWING = IntakeVerdict.STALE, IntakeVerdict.FAILED, IntakeVerdict.GROWING
NO_LIST, OFF_DAY = IntakeVerdict.EMPTY_UNEXPECTED, IntakeVerdict.EMPTY_EXPECTED


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=EASTERN).astimezone(UTC)


def record(day: date = WEDNESDAY, **fields: object) -> DayRecord:
    return replace(DayRecord(category="cs.CV", day=day), **fields)  # type: ignore[arg-type]


Asked = Mapping[IntakeSource, Inquiry]


def asked(
    *,
    feed: datetime | None = None,
    catchup: datetime | None = None,
    oai: datetime | None = None,
    papers: int | None = None,
) -> Asked:
    moments = {FEED: feed, CATCHUP: catchup, OAI: oai}
    return {
        source: Inquiry(asked_at=moment, papers=papers)
        for source, moment in moments.items()
        if moment is not None
    }


def read(verdict: IntakeVerdict | None, inquiries: Asked, **fields: object) -> DayRecord:
    return replace(record(verdict=verdict, inquiries=inquiries), **fields)  # type: ignore[arg-type]


def failing(moment: datetime, not_before: datetime) -> Inquiry:
    return Inquiry(asked_at=moment, failures=1, failing_since=moment, not_before=not_before)


def next_of(day: DayRecord, now: datetime, rules: IntakeRules = RULES) -> Poll | None:
    return next_poll(day, now, rules)


AT_TEN_PAST = asked(feed=at(WEDNESDAY, 0, 10))
EXACTLY, ABOUT = timedelta(), JITTER


@pytest.mark.parametrize(
    ("day", "source", "first", "spread"),
    [
        (record(), FEED, at(WEDNESDAY, 0, 10), ABOUT),
        # Of what a clock wrote that was ahead, `without_future` leaves no asking.
        (read(HELD, {}, held_since=at(WEDNESDAY, 0, 5)), FEED, at(WEDNESDAY, 0, 10), ABOUT),
        (read(COMPLETE, {}), FEED, at(WEDNESDAY, 0, 10), ABOUT),
        # Not there: the feed often at night, hourly by day.
        (read(STALE, AT_TEN_PAST), FEED, at(WEDNESDAY, 0, 30), EXACTLY),
        (read(NO_LIST, AT_TEN_PAST), FEED, at(WEDNESDAY, 0, 30), EXACTLY),
        (
            read(STALE, asked(feed=at(WEDNESDAY, 2, 59), catchup=at(WEDNESDAY, 2, 36))),
            FEED,
            at(WEDNESDAY, 3, 19),
            EXACTLY,
        ),
        (
            read(STALE, asked(feed=at(WEDNESDAY, 3), catchup=at(WEDNESDAY, 2, 36))),
            FEED,
            at(WEDNESDAY, 4),
            EXACTLY,
        ),
        # The page: at half past two, then every three hours.
        (read(STALE, asked(feed=at(WEDNESDAY, 2, 29))), CATCHUP, at(WEDNESDAY, 2, 30), ABOUT),
        (
            read(NO_LIST, asked(feed=at(WEDNESDAY, 5, 20), catchup=at(WEDNESDAY, 2, 36))),
            CATCHUP,
            at(WEDNESDAY, 5, 36),
            EXACTLY,
        ),
        # Held: the page at once, and again when it was asked before the list was there.
        (
            read(HELD, AT_TEN_PAST, held_since=at(WEDNESDAY, 0, 10)),
            CATCHUP,
            at(WEDNESDAY, 0, 10),
            EXACTLY,
        ),
        (
            read(
                HELD,
                asked(feed=at(WEDNESDAY, 3), catchup=at(WEDNESDAY, 2, 36)),
                held_since=at(WEDNESDAY, 3),
            ),
            CATCHUP,
            at(WEDNESDAY, 3),
            EXACTLY,
        ),
        (
            read(
                HELD,
                asked(feed=at(WEDNESDAY, 0, 10), catchup=at(WEDNESDAY, 0, 11)),
                held_since=at(WEDNESDAY, 0, 10),
            ),
            FEED,
            at(WEDNESDAY, 0, 25),
            EXACTLY,
        ),
        # Of uncertain date: the page every three hours.
        (
            read(UNDATED, asked(feed=at(WEDNESDAY, 3, 10), catchup=at(WEDNESDAY, 3, 5))),
            CATCHUP,
            at(WEDNESDAY, 6, 5),
            EXACTLY,
        ),
        (read(UNDATED, AT_TEN_PAST), CATCHUP, at(WEDNESDAY, 0, 10), ABOUT),
        # A part: every quarter of an hour, and the page.
        (read(GROWING, AT_TEN_PAST), FEED, at(WEDNESDAY, 0, 25), EXACTLY),
        (read(GROWING, asked(feed=at(WEDNESDAY, 2, 29))), CATCHUP, at(WEDNESDAY, 2, 30), ABOUT),
        # Read: compared with the page at night, and read again in the morning.
        (read(COMPLETE, AT_TEN_PAST), CATCHUP, at(WEDNESDAY, 2, 30), ABOUT),
        (
            read(
                COMPLETE, asked(feed=at(WEDNESDAY, 0, 10), catchup=at(WEDNESDAY, 0, 11), papers=3)
            ),
            FEED,
            at(WEDNESDAY, 9),
            ABOUT,
        ),
        (
            read(COMPLETE, asked(feed=at(WEDNESDAY, 9, 5)), is_confirmed=True),
            CATCHUP,
            at(WEDNESDAY, 2, 30),
            ABOUT,
        ),
        (read(OFF_DAY, AT_TEN_PAST), FEED, at(WEDNESDAY, 9), ABOUT),
        (read(OFF_DAY, asked(feed=at(WEDNESDAY, 9, 5))), FEED, at(WEDNESDAY, 21, 30), ABOUT),
    ],
)
def test_today(day: DayRecord, source: IntakeSource, first: datetime, spread: timedelta) -> None:
    poll = next_of(day, at(day.day, 0, 11))
    assert poll is not None
    assert poll.source is source
    assert first <= poll.at <= first + spread


def test_the_comparison_with_the_page_can_be_switched_off() -> None:
    """Then the page is asked only where the feed does not help."""
    rules = IntakeRules(cross_check=False)
    poll = next_of(read(COMPLETE, AT_TEN_PAST), at(WEDNESDAY, 1), rules)
    assert poll is not None
    assert (poll.source, poll.at >= at(WEDNESDAY, 9)) == (FEED, True)
    assert next_of(read(COMPLETE, AT_TEN_PAST, is_confirmed=True), at(WEDNESDAY, 1), rules) is None
    stale = next_of(read(STALE, asked(feed=at(WEDNESDAY, 2, 29))), at(WEDNESDAY, 2, 30), rules)
    assert stale is not None
    assert stale.source is CATCHUP


def test_a_comparison_that_fails_is_tried_again_once_a_day() -> None:
    """Papers that the feed lacked are found later, but no page is asked often for that."""
    failed = failing(at(WEDNESDAY, 2, 36), at(WEDNESDAY, 2, 38))
    day = read(COMPLETE, {**asked(feed=at(WEDNESDAY, 9, 5)), CATCHUP: failed}, is_confirmed=True)
    assert next_of(day, at(WEDNESDAY, 10)) is None
    poll = next_of(day, at(THURSDAY, 1))
    assert poll is not None
    assert at(THURSDAY, 0, 5) <= poll.at <= at(THURSDAY, 0, 10)
    failed = failing(at(THURSDAY, 0, 10), at(THURSDAY, 0, 12))
    again = read(COMPLETE, {CATCHUP: failed}, is_confirmed=True)
    assert next_of(again, at(THURSDAY, 1)) == Poll(source=CATCHUP, at=at(FRIDAY, 0, 10))
    assert next_of(again, at(THURSDAY, 1), IntakeRules(cross_check=False)) is None


@pytest.mark.parametrize(
    "verdict", [None, FAILED, STALE, HELD, UNDATED, NO_LIST, GROWING, COMPLETE]
)
def test_a_date_that_is_over_and_not_settled_is_asked_of_the_page(
    verdict: IntakeVerdict | None,
) -> None:
    """Soon after midnight, before the new day's feed, however often it was asked before."""
    for asked_at in (None, at(WEDNESDAY, 2, 30), at(WEDNESDAY, 23, 59)):
        day = read(verdict, asked(feed=at(WEDNESDAY, 9), catchup=asked_at))
        poll = next_of(day, at(THURSDAY, 8))
        assert poll is not None
        assert poll.source is CATCHUP
        assert at(THURSDAY, 0, 5) <= poll.at < at(THURSDAY, 0, 10)


@pytest.mark.parametrize("verdict", [GROWING, UNDATED, STALE, None])
def test_it_is_asked_again_every_six_hours(verdict: IntakeVerdict | None) -> None:
    day = read(verdict, asked(catchup=at(THURSDAY, 0, 20), papers=3))
    assert next_of(day, at(THURSDAY, 1)) == Poll(source=CATCHUP, at=at(THURSDAY, 6, 20))


def test_submissions_are_asked_for_where_the_page_is_of_no_help() -> None:
    """In the morning after, then once a day; the page is asked on."""
    none = asked(catchup=at(THURSDAY, 6, 6), papers=0)
    refused = {CATCHUP: failing(at(THURSDAY, 6, 6), at(THURSDAY, 11))}
    for inquiries in (none, refused):
        for verdict in (STALE, NO_LIST, FAILED, HELD, None):
            poll = next_of(read(verdict, inquiries), at(THURSDAY, 1))
            assert poll is not None
            assert poll.source is OAI
            assert at(THURSDAY, 7) <= poll.at <= at(THURSDAY, 7, 5)
        later = {**inquiries, **asked(oai=at(THURSDAY, 7, 5))}
        poll = next_of(read(STALE, later), at(THURSDAY, 8))
        assert poll is not None
        assert poll.source is CATCHUP
        later = {**asked(catchup=at(FRIDAY, 6), papers=0), **asked(oai=at(THURSDAY, 7, 5))}
        assert next_of(read(STALE, later), at(FRIDAY, 6)) == Poll(source=OAI, at=at(FRIDAY, 7, 5))


@pytest.mark.parametrize("verdict", [UNDATED, GROWING])
def test_submissions_are_not_asked_for_where_there_is_a_list(verdict: IntakeVerdict) -> None:
    refused = {CATCHUP: failing(at(THURSDAY, 0, 20), at(FRIDAY, 0))}
    poll = next_of(read(verdict, refused), at(THURSDAY, 7))
    assert poll == Poll(source=CATCHUP, at=at(FRIDAY, 0))


def test_a_listing_that_was_read_once_is_read_once_more_when_its_date_is_over() -> None:
    day = read(COMPLETE, asked(feed=at(WEDNESDAY, 0, 10), catchup=at(THURSDAY, 0, 20)))
    assert next_of(day, at(THURSDAY, 1)) is None
    until = at(THURSDAY, 0, 40)
    failed = read(COMPLETE, {CATCHUP: failing(at(THURSDAY, 0, 20), until)})
    assert next_of(failed, at(THURSDAY, 1)) == Poll(source=CATCHUP, at=until)


@pytest.mark.parametrize(
    "day",
    [
        read(
            COMPLETE,
            asked(feed=at(WEDNESDAY, 9, 5), catchup=at(WEDNESDAY, 2, 31), papers=30),
            is_confirmed=True,
        ),
        read(OFF_DAY, asked(feed=at(WEDNESDAY, 21, 36))),
        read(STALE, AT_TEN_PAST, is_closed=True),
    ],
    ids=["confirmed", "no announcement", "closed"],
)
def test_a_settled_date_is_left_alone(day: DayRecord) -> None:
    assert next_of(day, at(WEDNESDAY, 22)) is None
    assert next_of(day, at(THURSDAY, 22)) is None


def test_a_weekend_that_was_never_asked_about_is_left_alone() -> None:
    assert next_of(record(SATURDAY), at(MONDAY, 1)) is None
    failed = record(SATURDAY, verdict=FAILED)
    poll = next_of(failed, at(MONDAY, 1))
    assert poll is not None
    assert poll.source is CATCHUP


@pytest.mark.parametrize("verdict", [STALE, COMPLETE, OFF_DAY, GROWING, FAILED, UNDATED])
def test_a_feed_that_failed_is_asked_again_when_its_pause_is_over(verdict: IntakeVerdict) -> None:
    """Settled or not: a person sees the error until the feed is read again."""
    for pause in (timedelta(minutes=1), timedelta(minutes=50)):
        until = at(WEDNESDAY, 0, 10) + pause
        inquiries = {FEED: failing(at(WEDNESDAY, 0, 10), until), **asked(catchup=until)}
        failed = read(verdict, inquiries, is_confirmed=verdict is COMPLETE)
        assert next_of(failed, at(WEDNESDAY, 0, 11)) == Poll(source=FEED, at=until)


def test_a_source_that_fails_does_not_hold_up_the_other() -> None:
    """Refused for hours, the page keeps no feed from being read, and a feed no page."""
    day = read(
        STALE,
        {**AT_TEN_PAST, CATCHUP: failing(at(WEDNESDAY, 2, 31), at(WEDNESDAY, 8))},
    )
    assert next_of(day, at(WEDNESDAY, 3)) == Poll(source=FEED, at=at(WEDNESDAY, 0, 30))
    day = read(STALE, {FEED: failing(at(WEDNESDAY, 0, 10), at(WEDNESDAY, 8))})
    poll = next_of(day, at(WEDNESDAY, 3))
    assert poll is not None
    assert poll.source is CATCHUP


def test_the_page_helps_while_the_feed_does_not() -> None:
    """Stale all night: the feed every 20 minutes, then the catch-up page of the date."""
    day = read(STALE, asked(feed=at(WEDNESDAY, 0, 12)))
    polls = []
    now = at(WEDNESDAY, 0, 13)
    while now < at(WEDNESDAY, 12):
        poll = next_of(day, now)
        assert poll is not None
        now = max(poll.at, now)
        polls.append((poll.source, now))
        day = replace(day, inquiries={**day.inquiries, poll.source: Inquiry(asked_at=now)})
    catchups = [moment for source, moment in polls if source is CATCHUP]
    assert at(WEDNESDAY, 2, 30) <= catchups[0] <= at(WEDNESDAY, 2, 35)
    assert len(catchups) == 4
    gaps = [second[1] - first[1] for first, second in itertools.pairwise(polls)]
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
    stale = read(STALE, asked(feed=first.at))
    again = next_poll(stale, first.at, rules)
    assert again == Poll(source=FEED, at=first.at + timedelta(minutes=7))


def test_every_state_has_its_plan() -> None:
    assert set(PLANS) == set(DayState)


# --- a clock that was ahead ----------------------------------------------------------------------

NOON = at(WEDNESDAY, 12)
SECOND = timedelta(seconds=1)


def test_moments_that_are_still_to_come_are_forgotten() -> None:
    """Nothing would be asked before them; what has been is kept."""
    day = record(inquiries=asked(feed=NOON, catchup=NOON + SECOND), held_since=NOON + SECOND)
    right = without_future(day, NOON)
    assert right == record(inquiries=asked(feed=NOON))
    assert without_future(record(held_since=NOON), NOON).held_since == NOON
    assert without_future(record(), NOON) == record()


@pytest.mark.parametrize(
    ("day", "is_closed", "verdict", "is_too_early"),
    [
        (WEDNESDAY, True, COMPLETE, True),
        (THURSDAY, True, NO_LIST, True),
        (WEDNESDAY, False, COMPLETE, False),
        (WEDNESDAY - timedelta(days=1), True, COMPLETE, False),
        (WEDNESDAY - timedelta(days=1), True, IntakeVerdict.MISSED, True),
        (WEDNESDAY - timedelta(days=4), True, IntakeVerdict.MISSED, True),
        (WEDNESDAY - timedelta(days=5), True, IntakeVerdict.MISSED, False),
    ],
)
def test_a_date_is_not_closed_before_it_is_over_nor_missed_while_it_can_be_asked_for(
    day: date, is_closed: bool, verdict: IntakeVerdict, is_too_early: bool
) -> None:
    closed = record(day, is_closed=is_closed, verdict=verdict)
    assert is_closed_too_early(closed, NOON, RULES) is is_too_early


def test_a_date_is_in_reach_for_as_long_as_the_settings_say() -> None:
    a_day = replace(RULES, catchup_window=timedelta(days=1))
    assert not is_out_of_reach(WEDNESDAY - timedelta(days=1), NOON, a_day)
    assert is_out_of_reach(WEDNESDAY - timedelta(days=2), NOON, a_day)


def test_a_date_that_is_opened_again_keeps_its_listing_and_nothing_else() -> None:
    listed = record(verdict=COMPLETE, is_closed=True, papers=7, inquiries=asked(feed=NOON))
    assert reopened(listed) == replace(listed, is_closed=False)
    empty = replace(listed, verdict=NO_LIST, papers=0)
    assert reopened(empty) == record()
    assert reopened(record(is_closed=True)) == record()
