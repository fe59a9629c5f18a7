"""What an answer of arXiv means."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from bot.arxiv.calendar import EASTERN
from bot.intake.judge import (
    Answer,
    Judgement,
    Knowledge,
    expired,
    judge,
    listing_day,
)
from bot.models import (
    AnnounceType,
    ArxivId,
    DayRecord,
    Earlier,
    IntakeSource,
    IntakeVerdict,
    Listing,
)
from tests.builders import make_listing, make_paper, make_papers

TUESDAY = date(2024, 3, 5)
WEDNESDAY = date(2024, 3, 6)
FRIDAY = date(2024, 3, 8)
SATURDAY = date(2024, 3, 9)
MONDAY = date(2024, 3, 11)
HOLIDAY = date(2024, 5, 23)  # the day after the skipped evening of 22 May 2024


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
    source: IntakeSource = IntakeSource.FEED,
) -> Judgement:
    before = before or record()
    answer = Answer(
        source=source,
        asked_at=asked_at or at(before.day, 0, 12),
        listing=listing,
        error="" if listing else "arXiv could not be reached.",
    )
    return judge(before, answer, knowledge or Knowledge(announced={}))


def test_an_ordinary_listing_is_complete() -> None:
    judgement = judged(make_listing(*make_papers(30), announced_on=WEDNESDAY))
    assert judgement.record.verdict is IntakeVerdict.COMPLETE
    assert not judgement.record.is_confirmed
    assert judgement.accepted is not None
    assert judgement.accepted.announced_on == WEDNESDAY


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
        source=IntakeSource.FEED, asked_at=at(WEDNESDAY, 1), error="busy", retry_after_s=3000.0
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


def test_what_the_catchup_page_says_of_a_day_that_is_over_closes_it() -> None:
    day = record(verdict=IntakeVerdict.STALE, reason="repeats", feed_asked_at=at(WEDNESDAY, 9))
    thursday = WEDNESDAY + timedelta(days=1)
    nothing = judged(
        make_listing(announced_on=WEDNESDAY),
        before=day,
        asked_at=at(thursday, 1),
        source=IntakeSource.CATCHUP,
    ).record
    assert nothing.is_closed
    assert nothing.verdict is IntakeVerdict.EMPTY_UNEXPECTED
    found = judged(
        make_listing(*make_papers(30), announced_on=WEDNESDAY),
        before=day,
        asked_at=at(thursday, 1),
        source=IntakeSource.CATCHUP,
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


THURSDAY = date(2024, 3, 7)


@pytest.mark.parametrize(
    ("days", "verdict"),
    [(4, IntakeVerdict.STALE), (5, IntakeVerdict.COMPLETE), (-4, IntakeVerdict.STALE)],
)
def test_a_replacement_within_four_days_of_another_is_a_repeat(
    days: int, verdict: IntakeVerdict
) -> None:
    """Whichever of the two is the earlier one; later, an author may replace a paper again."""
    entries = [(make_paper(number, version=2), AnnounceType.REPLACE) for number in range(1, 11)]
    before = make_listing(*entries, announced_on=WEDNESDAY - timedelta(days=days))
    bumped = [(replace(paper, version=3), announce_type) for paper, announce_type in entries]
    listing = make_listing(*bumped, announced_on=WEDNESDAY)
    known = Knowledge(announced=earlier_of(before))
    assert judged(listing, knowledge=known).record.verdict is verdict


def test_half_of_a_listing_may_be_known() -> None:
    """More than half is a repeat of another date."""
    listing = make_listing(*make_papers(4), announced_on=WEDNESDAY)
    for known, verdict in ((2, IntakeVerdict.COMPLETE), (3, IntakeVerdict.STALE)):
        before = make_listing(*make_papers(known), announced_on=TUESDAY)
        knowledge = Knowledge(announced=earlier_of(before))
        assert judged(listing, knowledge=knowledge).record.verdict is verdict


@pytest.mark.parametrize("verdict", [None, IntakeVerdict.FAILED, IntakeVerdict.STALE])
def test_a_listing_waits_while_the_day_before_is_unknown(verdict: IntakeVerdict | None) -> None:
    """It may be that day's; three hours later it counts as what its date says."""
    listing = make_listing(*make_papers(20), announced_on=WEDNESDAY)
    unknown = Knowledge(announced={}, previous=record(TUESDAY, verdict=verdict))
    held = judged(listing, knowledge=unknown)
    assert held.accepted is None
    assert held.record.verdict is IntakeVerdict.STALE
    assert str(TUESDAY) in held.record.reason
    first = at(WEDNESDAY, 0, 12)
    assert held.record.held_since == first
    later = first + timedelta(hours=3) - timedelta(minutes=1)
    still = judged(listing, before=held.record, knowledge=unknown, asked_at=later)
    assert still.accepted is None
    assert still.record.held_since == first
    later = first + timedelta(hours=3)
    assert judged(listing, before=held.record, knowledge=unknown, asked_at=later).accepted


@pytest.mark.parametrize(
    "previous",
    [
        None,
        record(TUESDAY, verdict=IntakeVerdict.COMPLETE),
        record(TUESDAY, verdict=IntakeVerdict.GROWING),
        record(TUESDAY, verdict=IntakeVerdict.EMPTY_UNEXPECTED, is_closed=True),
    ],
)
def test_a_listing_after_a_day_that_is_known_does_not_wait(previous: DayRecord | None) -> None:
    listing = make_listing(*make_papers(20), announced_on=WEDNESDAY)
    assert judged(listing, knowledge=Knowledge(announced={}, previous=previous)).accepted


def test_a_listing_that_is_stored_in_part_does_not_wait() -> None:
    listing = make_listing(*make_papers(20), announced_on=WEDNESDAY)
    knowledge = Knowledge(
        announced={}, stored=[ArxivId("2403.00001")], previous=record(TUESDAY, verdict=None)
    )
    assert judged(listing, knowledge=knowledge).accepted


def test_the_catchup_page_is_believed_whatever_is_known_of_the_day_before() -> None:
    listing = make_listing(*make_papers(20), announced_on=WEDNESDAY)
    knowledge = Knowledge(
        announced=earlier_of(replace(listing, announced_on=TUESDAY)),
        previous=record(TUESDAY, verdict=None),
    )
    page = judged(listing, knowledge=knowledge, source=IntakeSource.CATCHUP)
    assert page.accepted == listing


def test_a_list_under_a_saturday_waits_for_no_day() -> None:
    friday = record(FRIDAY, verdict=IntakeVerdict.FAILED)
    listing = make_listing(*make_papers(20), announced_on=SATURDAY)
    judgement = judged(
        listing, before=record(SATURDAY), knowledge=Knowledge(announced={}, previous=friday)
    )
    assert judgement.accepted is not None


def test_only_a_weekday_can_be_wrongly_taken_for_a_holiday() -> None:
    """Friday has its own listing: under Saturday stands more of it, not a Saturday's."""
    complete = record(FRIDAY, verdict=IntakeVerdict.COMPLETE)
    assert listing_day(SATURDAY, SATURDAY, complete) == FRIDAY
    assert listing_day(SATURDAY + timedelta(days=1), MONDAY, complete) == FRIDAY
    growing = record(date(2024, 5, 22), verdict=IntakeVerdict.GROWING)
    assert listing_day(HOLIDAY, HOLIDAY, growing) == date(2024, 5, 22)


def test_what_surfaces_late_updates_the_record_of_its_own_day_only() -> None:
    """The record at hand may be another day's: Thursday's here, for a list of Friday."""
    listing = make_listing(*make_papers(20), announced_on=SATURDAY)
    for previous, reason in (
        (record(THURSDAY, verdict=IntakeVerdict.COMPLETE, reason="Thursday's"), ""),
        (record(FRIDAY, verdict=IntakeVerdict.STALE, held_since=at(FRIDAY, 1)), None),
        (None, ""),
    ):
        judgement = judged(
            listing, before=record(SATURDAY), knowledge=Knowledge(announced={}, previous=previous)
        )
        earlier = judgement.of_previous
        assert earlier is not None
        assert (earlier.day, earlier.verdict, earlier.papers) == (
            FRIDAY,
            IntakeVerdict.COMPLETE,
            20,
        )
        assert (earlier.held_since is None) == (reason is not None)


def test_a_list_that_surfaces_again_says_nothing_new() -> None:
    listing = make_listing(*make_papers(20), announced_on=SATURDAY)
    stored = [entry.paper.arxiv_id for entry in listing.announcements]
    again = judged(
        listing, before=record(SATURDAY), knowledge=Knowledge(announced={}, stored=stored)
    )
    assert (again.accepted, again.of_previous) == (None, None)
    assert again.record.verdict is IntakeVerdict.EMPTY_EXPECTED
    one_more = judged(
        listing, before=record(SATURDAY), knowledge=Knowledge(announced={}, stored=stored[1:])
    )
    assert one_more.of_previous is not None
    assert one_more.of_previous.papers == 20


@pytest.mark.parametrize(
    ("hour", "minute", "is_confirmed"), [(8, 59, False), (9, 0, True), (9, 1, True)]
)
def test_a_second_reading_settles_the_day_from_nine_o_clock(
    hour: int, minute: int, is_confirmed: bool
) -> None:
    listing = make_listing(*make_papers(30), announced_on=WEDNESDAY)
    stored = [entry.paper.arxiv_id for entry in listing.announcements]
    second = judged(
        listing,
        before=judged(listing).record,
        asked_at=at(WEDNESDAY, hour, minute),
        knowledge=Knowledge(announced={}, stored=stored),
    ).record
    assert second.is_confirmed is is_confirmed


def test_a_second_reading_with_more_papers_does_not_settle_the_day() -> None:
    listing = make_listing(*make_papers(30), announced_on=WEDNESDAY)
    stored = [entry.paper.arxiv_id for entry in listing.announcements[1:]]
    second = judged(
        listing, asked_at=at(WEDNESDAY, 9), knowledge=Knowledge(announced={}, stored=stored)
    ).record
    assert (second.is_confirmed, second.papers) == (False, 30)


def test_a_short_listing_is_settled_by_the_catchup_page_alone() -> None:
    """The feed may stay half for hours; a third of the usual number is not short."""
    half = make_listing(*make_papers(99), announced_on=WEDNESDAY)
    stored = [entry.paper.arxiv_id for entry in half.announcements]
    known = Knowledge(announced={}, stored=stored, usual=300)
    assert not judged(half, asked_at=at(WEDNESDAY, 9), knowledge=known).record.is_confirmed
    page = judged(
        half, asked_at=at(THURSDAY, 0), knowledge=known, source=IntakeSource.CATCHUP
    ).record
    assert page.is_confirmed
    early = judged(
        half, asked_at=at(WEDNESDAY, 23), knowledge=known, source=IntakeSource.CATCHUP
    ).record
    assert not early.is_confirmed
    third = make_listing(*make_papers(100), announced_on=WEDNESDAY)
    new = judged(third, knowledge=Knowledge(announced={}, usual=300)).record
    assert new.verdict is IntakeVerdict.COMPLETE


def test_an_answer_that_is_not_the_whole_listing_is_a_part() -> None:
    part = replace(make_listing(*make_papers(30), announced_on=WEDNESDAY), is_complete=False)
    assert judged(part).record.verdict is IntakeVerdict.GROWING


def test_an_answer_forgets_the_failures_before_it() -> None:
    failed = judged(None).record
    answered = judged(make_listing(announced_on=WEDNESDAY), before=failed).record
    assert (answered.failures, answered.not_before, answered.error) == (0, None, "")


def test_each_source_is_noted_when_it_was_asked() -> None:
    moment = at(WEDNESDAY, 5)
    by_feed = judged(None, asked_at=moment).record
    by_page = judged(None, asked_at=moment, source=IntakeSource.CATCHUP).record
    assert (by_feed.feed_asked_at, by_feed.catchup_asked_at) == (moment, None)
    assert (by_page.feed_asked_at, by_page.catchup_asked_at) == (None, moment)
