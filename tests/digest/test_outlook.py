"""What an admin is told of the next digest is what planning will do."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from bot.digest.due import PATIENCE
from bot.digest.models import Cadence, Subscription
from bot.digest.outlook import KnownDays, Outlook, list_skipped, look_ahead
from bot.digest.week import WeekAhead
from bot.models import DayRecord, IntakeVerdict
from tests.builders import DAY, make_subscription

CREATED = datetime(2024, 3, 1, 12, 0, tzinfo=UTC)  # a Friday
MORNING = datetime(2024, 3, 5, 9, 0, tzinfo=UTC)  # Tuesday, 04:00 Eastern
STORED = datetime(2024, 3, 5, 5, 30, tzinfo=UTC)
FRIDAY, MONDAY, WEDNESDAY = date(2024, 3, 1), date(2024, 3, 4), date(2024, 3, 6)
CHANNEL = 2001


def subscription(
    *categories: str, post_at: time | None = None, zone: str = "UTC", created_at: datetime = CREATED
) -> Subscription:
    return make_subscription(
        categories=categories or ["cs.CV"], post_at=post_at, zone=zone, created_at=created_at
    )


def known(
    stored: Mapping[tuple[str, date], datetime] | None = None,
    *,
    decided: Sequence[date] = (FRIDAY, MONDAY),
    growing: Sequence[str] = (),
    records: Sequence[DayRecord] = (),
) -> KnownDays:
    stored = stored or {}
    return KnownDays(
        since=FRIDAY,
        numbers={place: number for number, place in enumerate(stored, start=1)},
        ready_at={place: at for place, at in stored.items() if place[0] not in growing},
        decided={(CHANNEL, day) for day in decided},
        records={(record.category, record.day): record for record in records},
        poll_start=time(0, 10),
    )


def test_before_the_listing_the_digest_waits_for_it() -> None:
    outlook = look_ahead(subscription(), known(), now=MORNING)
    assert outlook == Outlook(day=DAY, waits_for=("cs.CV",))


def test_with_the_listing_it_is_due() -> None:
    outlook = look_ahead(subscription(), known({("cs.CV", DAY): STORED}), now=MORNING)
    assert outlook == Outlook(day=DAY, is_due=True)


def test_a_listing_that_may_be_used_later_says_when() -> None:
    later = MORNING + timedelta(minutes=15)
    outlook = look_ahead(subscription(), known({("cs.CV", DAY): later}), now=MORNING)
    assert outlook == Outlook(day=DAY, at=later)


def test_a_time_of_the_very_minute_in_which_arxiv_is_asked_is_the_channels_own() -> None:
    midnight = subscription(post_at=time(0, 10), zone="America/New_York")
    outlook = look_ahead(midnight, known(decided=[FRIDAY, MONDAY, DAY]), now=MORNING)
    assert (outlook.at, outlook.is_timed) == (datetime(2024, 3, 6, 5, 10, tzinfo=UTC), True)


def test_a_decided_digest_is_over() -> None:
    outlook = look_ahead(
        subscription(), known({("cs.CV", DAY): STORED}, decided=[FRIDAY, MONDAY, DAY]), now=MORNING
    )
    assert (outlook.day, outlook.waits_for) == (WEDNESDAY, ("cs.CV",))
    assert outlook.at == datetime(2024, 3, 6, 5, 10, tzinfo=UTC)  # 00:10 Eastern
    assert not outlook.is_timed


@pytest.mark.parametrize("growing", [["cs.LG"], []])
def test_one_listing_of_two_is_waited_for_but_not_for_ever(growing: Sequence[str]) -> None:
    """Also when a part of it is there."""
    stored = {("cs.CV", DAY): STORED} | {(each, DAY): STORED for each in growing}
    now = STORED + timedelta(minutes=10)
    outlook = look_ahead(subscription("cs.CV", "cs.LG"), known(stored, growing=growing), now=now)
    assert (outlook.day, outlook.waits_for) == (DAY, ("cs.LG",))
    assert outlook.at is None  # the listing is late: when it comes is unknown
    assert outlook.goes_without_at == STORED + PATIENCE
    assert not outlook.is_due


def test_the_channels_time_is_said_while_it_is_to_come() -> None:
    evening = subscription(post_at=time(19), zone="Europe/Berlin")
    for stored in ({}, {("cs.CV", DAY): STORED}):
        outlook = look_ahead(evening, known(stored), now=MORNING)
        assert (outlook.day, outlook.is_timed, outlook.is_due) == (DAY, True, False)
        assert outlook.at == datetime(2024, 3, 5, 18, 0, tzinfo=UTC)


def test_a_late_listing_is_waited_for_after_the_channels_time() -> None:
    """Not that of tomorrow: today's digest is still to come."""
    outlook = look_ahead(subscription(post_at=time(8, 30)), known(), now=MORNING)
    assert outlook == Outlook(day=DAY, waits_for=("cs.CV",), is_timed=True)


def test_a_time_before_the_announcement_waits_for_it() -> None:
    """09:00 in Tokyo is the evening before in New York."""
    tokyo = subscription(post_at=time(9), zone="Asia/Tokyo")
    outlook = look_ahead(tokyo, known(decided=[FRIDAY, MONDAY, DAY]), now=MORNING)
    assert outlook.at == datetime(2024, 3, 6, 5, 10, tzinfo=UTC)
    assert not outlook.is_timed


def test_what_was_announced_before_the_set_up_is_not_posted() -> None:
    late = make_subscription(starts_after=1)
    assert look_ahead(late, known({("cs.CV", DAY): STORED}), now=MORNING).day == WEDNESDAY


def test_a_category_that_was_chosen_today_is_waited_for_from_the_next_day_on() -> None:
    alone = replace(subscription("cs.LG"), begins=(("cs.LG", DAY),))
    assert look_ahead(alone, known(), now=MORNING).day == WEDNESDAY
    chosen = replace(subscription("cs.CV", "cs.LG"), begins=(("cs.LG", DAY),))
    outlook = look_ahead(chosen, known(decided=[FRIDAY, MONDAY, DAY]), now=MORNING)
    assert (outlook.day, outlook.waits_for) == (WEDNESDAY, ("cs.CV", "cs.LG"))


def test_a_day_that_still_fails_comes_first() -> None:
    failed = DayRecord(category="cs.CV", day=MONDAY, verdict=IntakeVerdict.FAILED)
    outlook = look_ahead(subscription(), known(decided=[FRIDAY], records=[failed]), now=MORNING)
    assert outlook.day == MONDAY


def test_on_a_weekend_monday_is_next() -> None:
    saturday = datetime(2024, 3, 9, 12, 0, tzinfo=UTC)
    assert look_ahead(subscription(), known(), now=saturday).day == date(2024, 3, 11)


def test_a_day_that_brought_nothing_is_skipped() -> None:
    holiday = DayRecord(
        category="cs.CV", day=MONDAY, verdict=IntakeVerdict.EMPTY_UNEXPECTED, is_closed=True
    )
    facts = known(decided=[FRIDAY], records=[holiday])
    assert list_skipped(subscription(), facts, now=MORNING) == [MONDAY]
    assert look_ahead(subscription(), facts, now=MORNING).day == DAY


def test_skipped_days_are_those_without_a_list_since_the_set_up_the_newest_first() -> None:
    closed = [
        DayRecord(category="cs.CV", day=day, verdict=IntakeVerdict.EMPTY_UNEXPECTED, is_closed=True)
        for day in (FRIDAY, MONDAY)
    ]
    facts = known(decided=[], records=closed)
    later = datetime(2024, 3, 4, 12, 0, tzinfo=UTC)
    assert list_skipped(subscription(), facts, now=MORNING) == [MONDAY, FRIDAY]
    assert list_skipped(subscription(created_at=later), facts, now=MORNING) == [MONDAY]
    unknown = replace(subscription(), created_at=None)
    assert list_skipped(unknown, facts, now=MORNING) == [MONDAY, FRIDAY]
    with_a_list = known({("cs.CV", MONDAY): STORED}, decided=[], records=closed)
    before_it = replace(subscription(), starts_after=1)
    assert list_skipped(before_it, with_a_list, now=MORNING) == [FRIDAY]
    weekly = replace(subscription(), cadences=(Cadence.WEEK,))
    assert list_skipped(weekly, facts, now=MORNING) == []


def test_a_weekly_digest_has_its_next_week_beside_the_next_day() -> None:
    weekly = replace(subscription(), cadences=tuple(Cadence), weekday=MONDAY.weekday())
    ready = replace(known(), week_ready_at={("cs.CV", MONDAY): STORED - timedelta(days=1)})
    outlook = look_ahead(weekly, ready, now=MORNING)
    assert outlook == Outlook(day=DAY, waits_for=("cs.CV",), week=WeekAhead(end=MONDAY, at=None))
    decided = replace(ready, week_decided={(CHANNEL, MONDAY)})
    next_monday = date(2024, 3, 11)  # when the clocks went forward in New York
    midnight = datetime(2024, 3, 11, 4, 0, tzinfo=UTC)
    assert look_ahead(weekly, decided, now=MORNING).week == WeekAhead(end=next_monday, at=midnight)
    assert look_ahead(subscription(), decided, now=MORNING).week is None


def test_days_before_the_set_up_are_not_skipped_days() -> None:
    assert list_skipped(subscription(created_at=MORNING), known(decided=[]), now=MORNING) == []


def test_a_listing_on_a_day_off_counts() -> None:
    """ArXiv's calendar is known for some years only, and holidays move."""
    saturday = date(2024, 3, 2)
    stored = {("cs.CV", saturday): datetime(2024, 3, 2, 5, 30, tzinfo=UTC)}
    assert look_ahead(subscription(), known(stored), now=MORNING).day == saturday
