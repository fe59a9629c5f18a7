"""What an answer of arXiv means, and what to ask next."""

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from bot.arxiv.calendar import EASTERN, announcement_days
from bot.intake.judge import (
    Answer,
    Judgement,
    Knowledge,
    Source,
    Step,
    expired,
    judge,
    listing_day,
    next_step,
)
from bot.models import AnnounceType, ArxivId, DayRecord, Earlier, IntakeVerdict, Listing
from tests.builders import make_listing, make_paper, make_papers

TUESDAY = date(2024, 3, 5)
WEDNESDAY = date(2024, 3, 6)
FRIDAY = date(2024, 3, 8)
SATURDAY = date(2024, 3, 9)
MONDAY = date(2024, 3, 11)
HOLIDAY = date(2024, 5, 23)  # the day after the skipped evening of 22 May 2024

POLL_START = time(0, 10)
POLL_EVERY = timedelta(minutes=20)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=EASTERN).astimezone(UTC)


def record(day: date = WEDNESDAY, **fields: object) -> DayRecord:
    return replace(DayRecord(category="cs.CV", day=day), **fields)  # type: ignore[arg-type]


def earlier_of(listing: Listing) -> dict[ArxivId, list[Earlier]]:
    return {
        entry.paper.arxiv_id: [
            Earlier(
                day=listing.announced_on,
                version=entry.paper.version,
                announce_type=entry.announce_type,
            )
        ]
        for entry in listing.announcements
    }


def judged(
    listing: Listing | None,
    *,
    before: DayRecord | None = None,
    knowledge: Knowledge | None = None,
    asked_at: datetime | None = None,
    source: Source = Source.FEED,
) -> Judgement:
    before = before or record()
    answer = Answer(
        source=source,
        asked_at=asked_at or at(before.day, 0, 12),
        listing=listing,
        error="" if listing else "arXiv could not be reached.",
    )
    return judge(before, answer, knowledge or Knowledge(announced={}))


def test_an_ordinary_listing_is_complete_and_read_again_once() -> None:
    judgement = judged(make_listing(*make_papers(30), announced_on=WEDNESDAY))
    assert judgement.record.verdict is IntakeVerdict.COMPLETE
    assert judgement.accepted is not None
    assert judgement.accepted.announced_on == WEDNESDAY
    step = next_step(
        judgement.record, at(WEDNESDAY, 0, 13), poll_start=POLL_START, poll_every=POLL_EVERY
    )
    assert step is not None
    assert step.source is Source.FEED
    assert at(WEDNESDAY, 9) <= step.at <= at(WEDNESDAY, 9, 5)


def test_a_second_reading_that_agrees_settles_the_day() -> None:
    listing = make_listing(*make_papers(30), announced_on=WEDNESDAY)
    stored = [entry.paper.arxiv_id for entry in listing.announcements]
    first = judged(listing).record
    second = judged(
        listing,
        before=first,
        asked_at=at(WEDNESDAY, 9),
        knowledge=Knowledge(announced={}, stored=stored),
    ).record
    assert second.is_confirmed
    assert steps_of(second, at(WEDNESDAY, 10)) is None
    assert steps_of(second, at(FRIDAY, 10)) is None


def steps_of(day: DayRecord, now: datetime) -> Step | None:
    return next_step(day, now, poll_start=POLL_START, poll_every=POLL_EVERY)


def test_a_repeat_of_yesterday_is_stale_even_with_todays_versions() -> None:
    """On 21 March 2024 cs.AI repeated 182 papers, 5 of them with a higher version."""
    yesterday = make_listing(
        *make_papers(20), (make_paper(90, version=2), AnnounceType.REPLACE), announced_on=TUESDAY
    )
    bumped = [
        (replace(entry.paper, version=entry.paper.version + 1), entry.announce_type)
        for entry in yesterday.announcements
    ]
    repeat = make_listing(*bumped, announced_on=WEDNESDAY)
    judgement = judged(repeat, knowledge=Knowledge(announced=earlier_of(yesterday)))
    assert judgement.record.verdict is IntakeVerdict.STALE
    assert judgement.accepted is None


def test_replacements_of_papers_known_for_long_are_no_repeat() -> None:
    """A listing may consist of replacements only; the papers were announced months ago."""
    old = make_listing(*make_papers(20), announced_on=WEDNESDAY - timedelta(days=60))
    listing = make_listing(
        *[(replace(entry.paper, version=2), AnnounceType.REPLACE) for entry in old.announcements],
        announced_on=WEDNESDAY,
    )
    judgement = judged(listing, knowledge=Knowledge(announced=earlier_of(old)))
    assert judgement.record.verdict is IntakeVerdict.COMPLETE
    assert judgement.accepted == listing


def test_single_repeats_are_left_out_of_a_fresh_listing() -> None:
    known = make_listing(make_paper(1), announced_on=TUESDAY)
    listing = make_listing(*make_papers(30), announced_on=WEDNESDAY)
    accepted = judged(listing, knowledge=Knowledge(announced=earlier_of(known))).accepted
    assert accepted is not None
    assert [entry.paper.arxiv_id for entry in accepted.announcements] == [
        entry.paper.arxiv_id for entry in listing.announcements[1:]
    ]


def test_yesterdays_feed_still_there_after_midnight_is_stale() -> None:
    listing = make_listing(*make_papers(20), announced_on=TUESDAY)
    stored = [entry.paper.arxiv_id for entry in listing.announcements]
    judgement = judged(listing, knowledge=Knowledge(announced={}, stored=stored))
    assert judgement.record.verdict is IntakeVerdict.STALE
    assert judgement.accepted is None
    step = steps_of(judgement.record, at(WEDNESDAY, 0, 13))
    assert step == Step(source=Source.FEED, at=at(WEDNESDAY, 0, 12) + POLL_EVERY)


@pytest.mark.parametrize(
    ("day", "verdict"),
    [
        (WEDNESDAY, IntakeVerdict.EMPTY_UNEXPECTED),
        (SATURDAY, IntakeVerdict.EMPTY_EXPECTED),
        (HOLIDAY, IntakeVerdict.EMPTY_EXPECTED),
    ],
)
def test_an_empty_feed_is_judged_by_the_calendar(day: date, verdict: IntakeVerdict) -> None:
    judgement = judged(make_listing(announced_on=day), before=record(day))
    assert judgement.record.verdict is verdict
    assert not judgement.record.is_closed


def test_a_fridays_list_under_saturdays_date_is_fridays() -> None:
    listing = make_listing(*make_papers(20), announced_on=SATURDAY)
    friday = record(FRIDAY, verdict=IntakeVerdict.STALE, reason="repeats Thursday")
    judgement = judged(
        listing, before=record(SATURDAY), knowledge=Knowledge(announced={}, previous=friday)
    )
    assert judgement.accepted is not None
    assert judgement.accepted.announced_on == FRIDAY
    assert judgement.record.verdict is IntakeVerdict.EMPTY_EXPECTED
    assert judgement.of_previous is not None
    assert judgement.of_previous.verdict is IntakeVerdict.COMPLETE
    assert judgement.of_previous.papers == 20


def test_a_weekday_wrongly_taken_for_a_holiday_keeps_its_listing() -> None:
    complete = record(date(2024, 5, 22), verdict=IntakeVerdict.COMPLETE)
    assert listing_day(HOLIDAY, HOLIDAY, complete) == HOLIDAY
    assert listing_day(HOLIDAY, HOLIDAY, None) == date(2024, 5, 22)


def test_a_date_in_the_future_counts_as_today() -> None:
    assert listing_day(date(2030, 1, 1), WEDNESDAY, None) == WEDNESDAY


def test_a_short_listing_is_read_again_before_it_counts_as_whole() -> None:
    half = make_listing(*make_papers(5), announced_on=WEDNESDAY)
    first = judged(half, knowledge=Knowledge(announced={}, usual=300))
    assert first.record.verdict is IntakeVerdict.GROWING
    assert first.accepted == half
    step = steps_of(first.record, at(WEDNESDAY, 0, 13))
    assert step == Step(source=Source.FEED, at=at(WEDNESDAY, 0, 27))
    stored = [entry.paper.arxiv_id for entry in half.announcements]
    same = judged(
        half, before=first.record, knowledge=Knowledge(announced={}, stored=stored, usual=300)
    )
    assert same.record.verdict is IntakeVerdict.COMPLETE
    full = judged(
        make_listing(*make_papers(290), announced_on=WEDNESDAY),
        before=first.record,
        knowledge=Knowledge(announced={}, stored=stored, usual=300),
    )
    assert full.record.verdict is IntakeVerdict.COMPLETE
    assert full.record.papers == 290


def test_a_failure_waits_longer_each_time_and_as_long_as_arxiv_asks() -> None:
    day = record()
    for minutes in (1, 2, 4, 8, 16, 32, 60, 60, 60):
        day = judged(None, before=day).record
        assert day.not_before is not None
        waits = (day.not_before - at(WEDNESDAY, 0, 12)) / timedelta(minutes=minutes)
        assert 1 <= waits < 1.25
    asked = Answer(
        source=Source.FEED, asked_at=at(WEDNESDAY, 1), error="busy", retry_after_s=3000.0
    )
    patient = judge(record(), asked, Knowledge(announced={})).record
    assert patient.not_before == at(WEDNESDAY, 1, 50)


def test_hosts_that_fail_together_come_back_one_by_one() -> None:
    moments = [at(WEDNESDAY, 1) + timedelta(microseconds=number) for number in range(100)]
    days = [judged(None, asked_at=moment).record for moment in moments]
    assert len({day.not_before for day in days}) > 50


def test_a_failure_remembers_when_it_began_until_an_answer() -> None:
    first = judged(None, asked_at=at(WEDNESDAY, 1)).record
    second = judged(None, before=first, asked_at=at(WEDNESDAY, 2)).record
    assert (first.failing_since, second.failing_since) == (at(WEDNESDAY, 1), at(WEDNESDAY, 1))
    answered = judged(make_listing(announced_on=WEDNESDAY), before=second).record
    assert answered.failing_since is None


def test_a_failure_does_not_forget_what_is_known() -> None:
    complete = judged(make_listing(*make_papers(30), announced_on=WEDNESDAY)).record
    failed = judged(None, before=complete, asked_at=at(WEDNESDAY, 9)).record
    assert failed.verdict is IntakeVerdict.COMPLETE


def test_an_emptied_feed_does_not_forget_what_is_known() -> None:
    complete = judged(make_listing(*make_papers(30), announced_on=WEDNESDAY)).record
    emptied = judged(make_listing(announced_on=WEDNESDAY), before=complete).record
    assert emptied.verdict is IntakeVerdict.COMPLETE


def test_the_second_source_is_asked_when_the_feed_does_not_help() -> None:
    """Stale all night: the feed every 20 minutes, then the catch-up page of the day."""
    day = record(verdict=IntakeVerdict.STALE, feed_asked_at=at(WEDNESDAY, 0, 12))
    asked = []
    now = at(WEDNESDAY, 0, 13)
    while now < at(WEDNESDAY, 12):
        step = steps_of(day, now)
        assert step is not None
        now = max(step.at, now)
        asked.append((step.source, now))
        if step.source is Source.FEED:
            day = replace(day, feed_asked_at=now)
        else:
            day = replace(day, catchup_asked_at=now)
    catchups = [moment for source, moment in asked if source is Source.CATCHUP]
    assert at(WEDNESDAY, 2, 30) <= catchups[0] <= at(WEDNESDAY, 2, 35)
    assert len(catchups) == 4
    gaps = [second[1] - first[1] for first, second in itertools.pairwise(asked)]
    assert max(gaps) <= timedelta(hours=1)


def test_a_day_that_is_over_is_asked_of_the_second_source_and_then_closed() -> None:
    day = record(verdict=IntakeVerdict.STALE, reason="repeats", feed_asked_at=at(WEDNESDAY, 9))
    thursday = WEDNESDAY + timedelta(days=1)
    step = steps_of(day, at(thursday, 1))
    assert step is not None
    assert step.source is Source.CATCHUP
    nothing = judged(
        make_listing(announced_on=WEDNESDAY),
        before=day,
        asked_at=at(thursday, 1),
        source=Source.CATCHUP,
    ).record
    assert nothing.is_closed
    assert nothing.verdict is IntakeVerdict.EMPTY_UNEXPECTED
    found = judged(
        make_listing(*make_papers(30), announced_on=WEDNESDAY),
        before=day,
        asked_at=at(thursday, 1),
        source=Source.CATCHUP,
    ).record
    assert found.verdict is IntakeVerdict.COMPLETE
    assert "repeats" in found.reason


def test_a_day_out_of_reach_without_a_listing_is_missed_and_says_why() -> None:
    missed = expired(record(verdict=IntakeVerdict.FAILED, reason="arXiv could not be reached."))
    assert (missed.verdict, missed.is_closed) == (IntakeVerdict.MISSED, True)
    assert missed.reason == "arXiv could not be reached."
    assert expired(record(verdict=IntakeVerdict.COMPLETE)).verdict is IntakeVerdict.COMPLETE


def test_a_saturday_that_could_not_be_read_is_not_missed() -> None:
    saturday = expired(record(date(2024, 3, 9), verdict=IntakeVerdict.FAILED))
    assert (saturday.verdict, saturday.is_closed) == (IntakeVerdict.FAILED, True)


def test_the_first_poll_comes_soon_after_midnight_eastern_in_summer_and_winter() -> None:
    for day in announcement_days(date(2024, 3, 1), date(2024, 11, 30)):
        step = steps_of(record(day), at(day, 0, 1))
        assert step is not None
        local = step.at.astimezone(EASTERN)
        assert local.date() == day
        assert time(0, 10) <= local.time() <= time(0, 15)


def test_weekends_are_looked_at_twice_more_for_late_lists() -> None:
    day = judged(make_listing(announced_on=SATURDAY), before=record(SATURDAY)).record
    step = steps_of(day, at(SATURDAY, 1))
    assert step is not None
    assert at(SATURDAY, 9) <= step.at <= at(SATURDAY, 9, 5)
    day = replace(day, feed_asked_at=step.at)
    step = steps_of(day, step.at)
    assert step is not None
    assert at(SATURDAY, 21, 30) <= step.at <= at(SATURDAY, 21, 35)
    assert steps_of(replace(day, feed_asked_at=step.at), step.at) is None
    assert steps_of(day, at(MONDAY, 1)) is None
