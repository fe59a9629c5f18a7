"""Which digests are due, from what is stored and decided."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.digest.decided import settings_text
from bot.digest.due import PATIENCE
from bot.digest.models import Cadence, Subscription
from bot.planning.due import is_done, last_growth, list_due, ready_at
from bot.store.digests import DigestRecord, ListingTimes
from tests.builders import DAY, NOW, make_subscription

MINUTE = timedelta(minutes=1)
NEXT_DAY = DAY + timedelta(days=1)
SUNDAY = date(2024, 3, 10)
MONDAY_MORNING = datetime(2024, 3, 11, 6, tzinfo=UTC)


def stored(*, number: int = 7, grown_at: datetime = NOW, is_growing: bool = False) -> ListingTimes:
    return ListingTimes(number=number, stored_at=NOW, updated_at=grown_at, is_growing=is_growing)


def decided(
    at: datetime, day: date = DAY, cadence: Cadence = Cadence.DAY, settings: str | None = None
) -> Mapping[tuple[int, date], DigestRecord]:
    record = DigestRecord(
        channel_id=2001,
        announced_on=day,
        decided_at=at,
        announced=1,
        planned=1,
        settings=settings,
        cadence=cadence,
    )
    return {(2001, day): record}


def days_due(
    subscription: Subscription,
    listings: Mapping[tuple[str, date], ListingTimes],
    records: Mapping[tuple[int, date], DigestRecord] | None = None,
    *,
    cadence: Cadence = Cadence.DAY,
    now: datetime = NOW,
) -> list[date]:
    return [day for day, _ in list_due(subscription, cadence, listings, records or {}, now=now)]


FOLLOWER = make_subscription(channel_id=2001, categories=("cs.CV", "cs.LG"))
WEEKLY = make_subscription(
    channel_id=2001,
    categories=("cs.CV",),
    cadences=(Cadence.WEEK,),
    weekday=6,
    week_began_at=NOW,
)


def test_dates_are_due_oldest_first_where_a_followed_list_is_stored() -> None:
    alone = make_subscription(channel_id=2001, categories=("cs.CV",))
    listings = {("cs.CV", NEXT_DAY): stored(), ("cs.CV", DAY): stored(), ("cs.RO", DAY): stored()}
    assert days_due(alone, listings) == [DAY, NEXT_DAY]
    assert days_due(make_subscription(categories=("cs.SE",)), listings) == []


def test_a_date_waits_for_its_other_list_for_a_while() -> None:
    listings = {("cs.CV", DAY): stored()}
    assert days_due(FOLLOWER, listings, now=NOW + PATIENCE - MINUTE) == []
    assert days_due(FOLLOWER, listings, now=NOW + PATIENCE) == [DAY]


def test_a_list_that_still_grows_is_not_used() -> None:
    listings = {("cs.CV", DAY): stored(is_growing=True)}
    assert ready_at(listings, NOW) == {}
    assert ready_at(listings, NOW + PATIENCE) == {("cs.CV", DAY): NOW}


def test_what_is_decided_is_due_again_when_a_list_has_grown_since() -> None:
    grown = {("cs.CV", DAY): stored(grown_at=NOW + MINUTE), ("cs.LG", DAY): stored()}
    assert days_due(FOLLOWER, grown, decided(NOW + MINUTE), now=NOW + MINUTE) == []
    assert days_due(FOLLOWER, grown, decided(NOW), now=NOW + MINUTE) == [DAY]


def test_a_supplement_keeps_to_the_settings_of_its_digest() -> None:
    then = make_subscription(channel_id=2001, categories=("cs.CV",))
    grown = {("cs.CV", DAY): stored(grown_at=NOW + MINUTE), ("cs.LG", DAY): stored()}
    records = decided(NOW, settings=settings_text(then))
    ((_, followed),) = list_due(FOLLOWER, Cadence.DAY, grown, records, now=NOW + MINUTE)
    assert followed.categories == ("cs.CV",)


def test_a_category_chosen_too_late_is_not_waited_for() -> None:
    late = make_subscription(
        channel_id=2001, categories=("cs.CV", "cs.LG"), begins=(("cs.LG", DAY),)
    )
    ((day, followed),) = list_due(late, Cadence.DAY, {("cs.CV", DAY): stored()}, {}, now=NOW)
    assert (day, followed.categories) == (DAY, ("cs.CV",))


def test_a_list_that_was_there_before_the_channel_brings_nothing() -> None:
    late = make_subscription(channel_id=2001, categories=("cs.CV",), starts_after=7)
    assert days_due(late, {("cs.CV", DAY): stored(number=7)}) == []
    assert days_due(late, {("cs.CV", DAY): stored(number=8)}) == [DAY]


def person(*, began: datetime = NOW, starts_after: int = 0) -> Subscription:
    digest = make_subscription(
        channel_id=501, categories=("cs.CV", "cs.LG"), created_at=began, starts_after=starts_after
    )
    return replace(digest, user_id=1)


def test_a_person_is_sent_no_list_of_a_date_before_they_began() -> None:
    """Unless the clock was ahead when they did."""
    listings = {("cs.CV", DAY): stored(), ("cs.LG", DAY): stored()}
    late = person(began=NOW + timedelta(days=1))
    assert days_due(late, listings, now=NOW + timedelta(days=1)) == []
    assert days_due(late, listings, now=NOW) == [DAY]
    assert days_due(person(), listings, now=NOW) == [DAY]


def test_a_person_is_sent_the_lists_that_came_later() -> None:
    listings = {("cs.CV", DAY): stored(number=7), ("cs.LG", DAY): stored(number=8)}
    digest = person(starts_after=7)
    ((_, followed),) = list_due(digest, Cadence.DAY, listings, {}, now=NOW)
    assert followed.categories == ("cs.LG",)


@pytest.mark.parametrize(
    ("now", "due"),
    [(MONDAY_MORNING, [SUNDAY]), (MONDAY_MORNING - timedelta(days=1, hours=12), [])],
)
def test_a_week_of_the_channel_is_due_once_it_has_ended(now: datetime, due: list[date]) -> None:
    listings = {("cs.CV", SUNDAY - timedelta(days=day)): stored() for day in (0, 2, 3)}
    assert days_due(WEEKLY, listings, cadence=Cadence.WEEK, now=now) == due


def test_a_week_waits_for_the_time_of_its_channel() -> None:
    timed = make_subscription(
        channel_id=2001,
        categories=("cs.CV",),
        cadences=(Cadence.WEEK,),
        weekday=6,
        post_at=time(20),
    )
    listings = {("cs.CV", SUNDAY - timedelta(days=2)): stored()}
    at = datetime(2024, 3, 10, 20, tzinfo=UTC)
    assert days_due(timed, listings, cadence=Cadence.WEEK, now=at - MINUTE) == []
    assert days_due(timed, listings, cadence=Cadence.WEEK, now=at) == [SUNDAY]


def test_a_decided_week_is_due_again_when_one_of_its_own_lists_has_grown() -> None:
    records = decided(MONDAY_MORNING, SUNDAY, Cadence.WEEK)
    grown_at = MONDAY_MORNING + MINUTE
    now = grown_at + MINUTE
    for category, days_before, due in (
        ("cs.CV", 6, [SUNDAY]),
        ("cs.CV", 7, []),
        ("cs.LG", 2, []),
    ):
        listings = {(category, SUNDAY - timedelta(days=days_before)): stored(grown_at=grown_at)}
        assert days_due(WEEKLY, listings, records, cadence=Cadence.WEEK, now=now) == due


TIMES = st.sampled_from([NOW - MINUTE, NOW, NOW + MINUTE])
LISTED = st.dictionaries(
    st.tuples(st.sampled_from(["cs.CV", "cs.LG", "cs.RO"]), st.sampled_from([DAY, NEXT_DAY])),
    TIMES,
)
DECIDED = st.dictionaries(st.sampled_from([DAY, NEXT_DAY]), TIMES)


@given(LISTED, DECIDED)
@example({("cs.CV", DAY): NOW}, {DAY: NOW})
@example({("cs.CV", DAY): NOW, ("cs.RO", DAY): NOW + MINUTE}, {DAY: NOW})
def test_a_channel_that_is_done_has_nothing_due(
    grown_at: dict[tuple[str, date], datetime], decided_at: dict[date, datetime]
) -> None:
    """And where the lists of its own categories are all there are, the other way round, too."""
    listings = {place: stored(grown_at=at) for place, at in grown_at.items()}
    records = {
        key: each for day, at in decided_at.items() for key, each in decided(at, day).items()
    }
    due = days_due(FOLLOWER, listings, records, now=NOW + PATIENCE + MINUTE)
    done = is_done(FOLLOWER, last_growth(listings), records)
    assert not (done and due)
    if all(category != "cs.RO" for category, _ in listings):
        assert done is (not due)
