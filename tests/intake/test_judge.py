"""What a reply of arXiv means."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from bot.arxiv.calendar import EASTERN, previous_announcement_day
from bot.intake.judge import (
    KNOWN,
    VERDICTS,
    Came,
    Correction,
    Judgement,
    Knowledge,
    Known,
    Reply,
    belongs_to,
    corrected,
    expired,
    judge,
    listing_day,
    no_holiday,
)
from bot.models import (
    AnnounceType,
    ArxivId,
    DayRecord,
    Earlier,
    Inquiry,
    IntakeCode,
    IntakeReason,
    IntakeSource,
    IntakeVerdict,
    Listing,
    NearListing,
    SkippedRecord,
)
from tests.builders import make_id, make_listing, make_paper, make_papers

MONDAY = date(2024, 3, 4)
TUESDAY = date(2024, 3, 5)
WEDNESDAY = date(2024, 3, 6)
THURSDAY = date(2024, 3, 7)
FRIDAY = date(2024, 3, 8)
SATURDAY = date(2024, 3, 9)
NEXT_MONDAY = date(2024, 3, 11)
HOLIDAY = date(2024, 5, 23)  # the day after the skipped evening of 22 May 2024

FEED, CATCHUP, OAI = IntakeSource.FEED, IntakeSource.CATCHUP, IntakeSource.OAI
COMPLETE, UNDATED, HELD = IntakeVerdict.COMPLETE, IntakeVerdict.UNDATED, IntakeVerdict.HELD
STALE, FAILED, MISSED = IntakeVerdict.STALE, IntakeVerdict.FAILED, IntakeVerdict.MISSED
GROWING = IntakeVerdict.GROWING
NO_LIST, OFF_DAY = IntakeVerdict.EMPTY_UNEXPECTED, IntakeVerdict.EMPTY_EXPECTED

ERROR = IntakeReason(code=IntakeCode.HTTP_STATUS, status=503)
REFUSED = IntakeReason(code=IntakeCode.REFUSED, status=403)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=EASTERN).astimezone(UTC)


EARLY = at(WEDNESDAY, 0, 12)


def record(day: date = WEDNESDAY, **fields: object) -> DayRecord:
    return replace(DayRecord(category="cs.CV", day=day), **fields)  # type: ignore[arg-type]


def asked(
    source: IntakeSource, moment: datetime, papers: int | None = None, failures: int = 0
) -> dict[IntakeSource, Inquiry]:
    return {source: Inquiry(asked_at=moment, papers=papers, failures=failures)}


def listing_of(count: int = 30, day: date = WEDNESDAY, first: int = 1) -> Listing:
    return make_listing(*make_papers(count, first=first), announced_on=day)


def ids(listing: Listing) -> list[ArxivId]:
    return [entry.paper.arxiv_id for entry in listing.announcements]


def earlier_of(listing: Listing) -> dict[ArxivId, list[Earlier]]:
    return {
        entry.paper.arxiv_id: [
            Earlier(
                day=listing.announced_on,
                version=entry.paper.version,
                announce_type=entry.announce_type,
                is_estimated=listing.source == "oai",
            )
        ]
        for entry in listing.announcements
    }


def knows(
    announced: Listing | None = None,
    *,
    day: date = WEDNESDAY,
    stored: Collection[ArxivId] = (),
    is_before_known: bool = True,
    **fields: object,
) -> Knowledge:
    """Return what is known; by default the day before has its listing."""
    before = previous_announcement_day(day)
    near = {before: NearListing(day=before, papers=30)} if is_before_known else {}
    knowledge = Knowledge(
        day=day,
        announced=earlier_of(announced) if announced is not None else {},
        stored=stored,
        near=near,
    )
    return replace(knowledge, **fields)  # type: ignore[arg-type]


def judged(
    listing: Listing | None,
    before: DayRecord | None = None,
    knowledge: Knowledge | None = None,
    *,
    asked_at: datetime | None = None,
    source: IntakeSource = FEED,
    error: IntakeReason = ERROR,
    retry_after_s: float | None = None,
) -> Judgement:
    before = before or record()
    reply = Reply(
        source=source,
        asked_at=asked_at or at(before.day, 0, 12),
        listing=listing,
        error=None if listing is not None else error,
        retry_after_s=retry_after_s,
    )
    return judge(before, reply, knowledge or knows(day=before.day))


def code_of(record: DayRecord) -> IntakeCode | None:
    return record.reason.code if record.reason is not None else None


# --- the table ---------------------------------------------------------------------------------


def test_every_verdict_and_everything_that_comes_has_its_place_in_the_table() -> None:
    assert {rule.came for rule in VERDICTS} == set(Came)
    assert {rule.verdict for rule in VERDICTS} == set(IntakeVerdict) - {MISSED}
    assert set(KNOWN) == {None, *IntakeVerdict}


EMPTY = make_listing(announced_on=WEDNESDAY)


@pytest.mark.parametrize("verdict", [None, *IntakeVerdict])
def test_nothing_takes_away_what_is_known(verdict: IntakeVerdict | None) -> None:
    """Neither a failure, nor an empty feed, nor one that repeats another day."""
    reason = IntakeReason(code=IntakeCode.PART)
    before = record(verdict=verdict, reason=reason, papers=7)
    for listing in (None, EMPTY, listing_of()):
        after = judged(listing, before, knows(listing_of(day=TUESDAY))).record
        assert KNOWN[after.verdict] >= KNOWN[verdict]
        if KNOWN[verdict] > Known.STALE:
            assert (after.verdict, after.reason, after.papers) == (verdict, reason, 7)


@pytest.mark.parametrize("day", [WEDNESDAY, SATURDAY])
def test_verdicts_do_not_flip_from_poll_to_poll(day: date) -> None:
    """Stale, empty, refused and back: one verdict and one reason, once it is there."""
    before = record(day)
    stale = replace(listing_of(), announced_on=day)
    known = knows(listing_of(day=TUESDAY), day=day)
    seen = []
    for hour in range(1, 20):
        for source, listing in ((FEED, stale), (FEED, EMPTY), (CATCHUP, None), (CATCHUP, EMPTY)):
            knowledge = known if listing is stale else knows(day=day)
            before = judged(
                listing, before, knowledge, asked_at=at(day, hour), source=source
            ).record
            seen.append((before.verdict, before.reason))
    assert len(set(seen)) == 1


# --- nothing there -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "verdict", "code"),
    [
        (WEDNESDAY, NO_LIST, IntakeCode.EMPTY),
        (SATURDAY, OFF_DAY, IntakeCode.NO_ANNOUNCEMENT),
        (HOLIDAY, OFF_DAY, IntakeCode.NO_ANNOUNCEMENT),
    ],
)
def test_an_empty_feed_is_judged_by_the_calendar(
    day: date, verdict: IntakeVerdict, code: IntakeCode
) -> None:
    after = judged(make_listing(announced_on=day), record(day)).record
    assert (after.verdict, code_of(after), after.is_closed) == (verdict, code, False)
    assert after.inquiries[FEED].papers == 0


@pytest.mark.parametrize("before", [FAILED, NO_LIST, STALE, HELD])
def test_a_page_without_papers_makes_a_day_that_is_over_a_holiday(before: IntakeVerdict) -> None:
    day = record(verdict=before)
    early = judged(EMPTY, day, source=CATCHUP, asked_at=at(WEDNESDAY, 23, 59)).record
    assert not early.is_closed
    over = judged(EMPTY, day, source=CATCHUP, asked_at=at(THURSDAY, 0, 5)).record
    assert (over.verdict, code_of(over), over.is_closed) == (NO_LIST, IntakeCode.HOLIDAY, True)


@pytest.mark.parametrize("before", [None, FAILED, NO_LIST, STALE, HELD])
def test_no_day_is_a_holiday_on_which_another_category_has_a_list(
    before: IntakeVerdict | None,
) -> None:
    over = judged(
        EMPTY,
        record(verdict=before),
        knows(others=1),
        source=CATCHUP,
        asked_at=at(THURSDAY, 0, 5),
    ).record
    assert (over.verdict, over.is_closed) == (NO_LIST, False)
    assert code_of(over) is IntakeCode.OTHERS_HAVE_ONE
    settled = judged(EMPTY, over, knows(others=1), source=OAI, asked_at=at(THURSDAY, 6)).record
    assert settled.is_closed
    assert code_of(settled) is IntakeCode.NONE_SUBMITTED


def test_that_nothing_was_submitted_is_no_evidence_while_the_page_cannot_be_had() -> None:
    refused = {CATCHUP: Inquiry(asked_at=EARLY, failures=1, error=REFUSED)}
    for verdict in (STALE, NO_LIST):
        before = record(verdict=verdict, inquiries=refused)
        after = judged(EMPTY, before, source=OAI, asked_at=at(THURSDAY, 6)).record
        assert (after.verdict, after.is_closed) == (verdict, False)


def test_a_holiday_that_was_none_is_asked_about_again() -> None:
    holiday = record(verdict=NO_LIST, reason=IntakeReason(code=IntakeCode.HOLIDAY), is_closed=True)
    again = no_holiday(holiday)
    assert (again.is_closed, code_of(again)) == (False, IntakeCode.OTHERS_HAVE_ONE)


def test_a_weekend_that_failed_is_settled_by_the_page() -> None:
    after = judged(
        make_listing(announced_on=SATURDAY),
        record(SATURDAY, verdict=FAILED),
        knows(day=SATURDAY, others=3),
        source=CATCHUP,
        asked_at=at(NEXT_MONDAY, 1),
    ).record
    assert after.verdict is OFF_DAY


# --- whole, short and partial ------------------------------------------------------------------


def test_an_ordinary_listing_is_complete() -> None:
    listing = listing_of()
    judgement = judged(listing)
    assert judgement.accepted == listing
    after = judgement.record
    assert (after.verdict, after.reason, after.papers) == (COMPLETE, None, 30)
    assert (after.is_confirmed, after.source) == (False, "rss")
    assert after.inquiries == {FEED: Inquiry(asked_at=EARLY, papers=30)}
    assert (judgement.corrections, judgement.of_own) == ((), None)


@pytest.mark.parametrize(
    ("hour", "minute", "is_confirmed"), [(8, 59, False), (9, 0, True), (9, 1, True)]
)
def test_a_second_reading_that_agrees_settles_the_day_from_nine_o_clock(
    hour: int, minute: int, is_confirmed: bool
) -> None:
    listing = listing_of()
    second = judged(
        listing,
        judged(listing).record,
        knows(stored=ids(listing)),
        asked_at=at(WEDNESDAY, hour, minute),
    ).record
    assert second.is_confirmed is is_confirmed


def test_a_second_reading_with_more_papers_does_not_settle_the_day() -> None:
    listing = listing_of()
    second = judged(
        listing, record(verdict=COMPLETE), knows(stored=ids(listing)[1:]), asked_at=at(WEDNESDAY, 9)
    ).record
    assert (second.is_confirmed, second.papers) == (False, 30)


def test_a_reading_with_fewer_papers_leaves_the_day_with_all_that_are_stored() -> None:
    second = judged(
        listing_of(20), record(verdict=COMPLETE, papers=30), knows(stored=ids(listing_of(30)))
    ).record
    assert second.papers == 30
    part = replace(listing_of(20, first=16), is_complete=False)
    third = judged(part, record(verdict=GROWING), knows(stored=ids(listing_of(30)))).record
    assert third.papers == 35


def test_a_short_listing_is_read_again_before_it_counts_as_whole() -> None:
    half = listing_of(5)
    first = judged(half, None, knows(usual=300))
    assert (first.record.verdict, first.accepted) == (GROWING, half)
    assert first.record.reason == IntakeReason(code=IntakeCode.SHORT, papers=5, usual=300)
    same = judged(half, first.record, knows(stored=ids(half), usual=300))
    assert same.record.verdict is COMPLETE
    full = judged(listing_of(290), first.record, knows(stored=ids(half), usual=300))
    assert (full.record.verdict, full.record.papers) == (COMPLETE, 290)


def test_a_third_of_the_usual_number_is_not_short() -> None:
    for count, verdict in ((99, GROWING), (100, COMPLETE)):
        assert judged(listing_of(count), None, knows(usual=300)).record.verdict is verdict


def test_a_short_listing_is_settled_by_the_catchup_page_alone() -> None:
    """The feed may stay half for hours."""
    half = listing_of(99)
    known = knows(stored=ids(half), usual=300)
    assert not judged(half, None, known, asked_at=at(WEDNESDAY, 9)).record.is_confirmed
    for moment, is_confirmed in ((at(WEDNESDAY, 23), False), (at(THURSDAY, 0), True)):
        page = judged(half, None, known, asked_at=moment, source=CATCHUP).record
        assert page.is_confirmed is is_confirmed


@pytest.mark.parametrize("source", [FEED, CATCHUP])
def test_an_answer_that_is_not_the_whole_listing_is_a_part(source: IntakeSource) -> None:
    part = replace(listing_of(), is_complete=False)
    after = judged(part, source=source, asked_at=at(THURSDAY, 1)).record
    assert (after.verdict, code_of(after)) == (GROWING, IntakeCode.PART)
    assert not after.is_confirmed
    assert after.inquiries[source].papers is None


def test_what_had_been_wrong_is_remembered_when_a_listing_is_complete() -> None:
    reason = IntakeReason(code=IntakeCode.REPEATS_EARLIER, source=FEED)
    after = judged(listing_of(), record(verdict=STALE, reason=reason)).record
    assert (after.verdict, after.reason) == (COMPLETE, reason)


# --- repeats -----------------------------------------------------------------------------------


def test_a_repeat_of_yesterday_is_stale_even_with_todays_versions() -> None:
    """On 21 March 2024 cs.AI repeated 182 papers, 5 of them with a higher version."""
    yesterday = make_listing(
        *make_papers(20), (make_paper(90, version=2), AnnounceType.REPLACE), announced_on=TUESDAY
    )
    bumped = [
        (replace(entry.paper, version=entry.paper.version + 1), entry.announce_type)
        for entry in yesterday.announcements
    ]
    judgement = judged(make_listing(*bumped, announced_on=WEDNESDAY), None, knows(yesterday))
    after = judgement.record
    assert (after.verdict, judgement.accepted) == (STALE, None)
    assert after.reason == IntakeReason(code=IntakeCode.REPEATS_EARLIER, source=FEED)
    assert after.inquiries[FEED].papers is None


def test_replacements_of_papers_known_for_long_are_no_repeat() -> None:
    """A listing may consist of replacements only; the papers were announced months ago."""
    old = listing_of(20, WEDNESDAY - timedelta(days=60))
    entries = [
        (replace(entry.paper, version=2), AnnounceType.REPLACE) for entry in old.announcements
    ]
    listing = make_listing(*entries, announced_on=WEDNESDAY)
    judgement = judged(listing, None, knows(old))
    assert (judgement.record.verdict, judgement.accepted) == (COMPLETE, listing)


@pytest.mark.parametrize(("days", "verdict"), [(4, STALE), (5, COMPLETE), (-4, STALE)])
def test_a_replacement_within_four_days_of_another_is_a_repeat(
    days: int, verdict: IntakeVerdict
) -> None:
    """Whichever of the two is the earlier one; later, an author may replace a paper again."""
    entries = [(make_paper(number, version=2), AnnounceType.REPLACE) for number in range(1, 11)]
    before = make_listing(*entries, announced_on=WEDNESDAY - timedelta(days=days))
    bumped = [(replace(paper, version=3), kind) for paper, kind in entries]
    listing = make_listing(*bumped, announced_on=WEDNESDAY)
    assert judged(listing, None, knows(before)).record.verdict is verdict


@pytest.mark.parametrize(("version", "verdict"), [(2, STALE), (3, STALE), (1, COMPLETE)])
def test_a_version_that_was_announced_is_not_announced_again(
    version: int, verdict: IntakeVerdict
) -> None:
    entries = [(make_paper(number, version=2), AnnounceType.REPLACE) for number in range(1, 11)]
    old = [(replace(paper, version=version), kind) for paper, kind in entries]
    before = make_listing(*old, announced_on=WEDNESDAY - timedelta(days=60))
    listing = make_listing(*entries, announced_on=WEDNESDAY)
    assert judged(listing, None, knows(before)).record.verdict is verdict


@pytest.mark.parametrize(("known", "verdict"), [(2, COMPLETE), (3, STALE)])
def test_half_of_a_listing_may_be_known(known: int, verdict: IntakeVerdict) -> None:
    before = listing_of(known, TUESDAY)
    assert judged(listing_of(4), None, knows(before)).record.verdict is verdict


def test_single_repeats_are_left_out_of_a_fresh_listing() -> None:
    listing = listing_of()
    accepted = judged(listing, None, knows(listing_of(1, TUESDAY))).accepted
    assert accepted is not None
    assert ids(accepted) == ids(listing)[1:]


def test_yesterdays_feed_still_there_after_midnight_is_stale() -> None:
    listing = listing_of(20, TUESDAY)
    judgement = judged(listing, None, knows(day=TUESDAY, stored=ids(listing)))
    assert (judgement.record.verdict, judgement.accepted) == (STALE, None)


@pytest.mark.parametrize("verdict", [COMPLETE, GROWING])
def test_another_list_than_the_days_own_is_a_repeat(verdict: IntakeVerdict) -> None:
    """The page told the day's list; the feed still shows one that was never seen before."""
    own, other = listing_of(20), listing_of(20, first=50)
    judgement = judged(other, record(verdict=verdict), knows(stored=ids(own)))
    assert (judgement.record.verdict, judgement.accepted) == (verdict, None)
    for first, is_own in ((10, True), (11, False)):  # eleven of the twenty in common, and ten
        half = listing_of(30, first=first)
        accepted = judged(half, record(verdict=verdict), knows(stored=ids(own))).accepted
        assert (accepted is not None) == is_own


# --- whose date is not certain -----------------------------------------------------------------

UNKNOWN_BEFORE: Mapping[str, Knowledge] = {
    "first day": knows(is_before_known=False),
    "not asked": knows(is_before_known=False, previous=record(TUESDAY)),
    "failed": knows(is_before_known=False, previous=record(TUESDAY, verdict=FAILED)),
    "stale": knows(is_before_known=False, previous=record(TUESDAY, verdict=STALE)),
    "undated": knows(previous=record(TUESDAY, verdict=UNDATED)),
    "missed": knows(is_before_known=False, previous=record(TUESDAY, verdict=MISSED)),
    "open and empty": knows(is_before_known=False, previous=record(TUESDAY, verdict=NO_LIST)),
}
BRIEF = ("undated", "missed")


@pytest.mark.parametrize("name", UNKNOWN_BEFORE)
def test_a_list_waits_while_the_day_before_is_unknown(name: str) -> None:
    """It may be that day's. After a while it is taken as of uncertain date."""
    listing, knowledge = listing_of(20), UNKNOWN_BEFORE[name]
    held = judged(listing, None, knowledge)
    assert (held.record.verdict, held.accepted, held.record.held_since) == (HELD, None, EARLY)
    assert held.record.reason == IntakeReason(code=IntakeCode.MAY_REPEAT, day=TUESDAY)
    assert held.record.inquiries[FEED].papers is None
    patience = timedelta(minutes=20) if name in BRIEF else timedelta(hours=3)
    for moment, is_held in (
        (EARLY + patience - timedelta(minutes=1), True),
        (EARLY + patience, False),
    ):
        later = judged(listing, held.record, knowledge, asked_at=moment)
        assert (later.accepted is None, later.record.held_since) == (is_held, EARLY)
        assert later.record.verdict is (HELD if is_held else UNDATED)
    assert code_of(later.record) is IntakeCode.UNCONFIRMED
    assert not later.record.is_confirmed


@pytest.mark.parametrize(
    "knowledge",
    [
        knows(),
        knows(is_before_known=False, previous=record(TUESDAY, verdict=COMPLETE)),
        knows(is_before_known=False, previous=record(TUESDAY, verdict=GROWING)),
        knows(is_before_known=False, previous=record(TUESDAY, verdict=NO_LIST, is_closed=True)),
        knows(
            previous=record(TUESDAY, verdict=MISSED, is_closed=True),
            near={TUESDAY: NearListing(day=TUESDAY, papers=9, is_record=True)},
        ),
        knows(is_before_known=False, stored=ids(listing_of(20))[:5]),
    ],
    ids=["stored", "complete", "growing", "a holiday", "imported", "stored in part"],
)
def test_a_list_after_a_day_that_is_known_does_not_wait(knowledge: Knowledge) -> None:
    assert judged(listing_of(20), None, knowledge).record.verdict is COMPLETE


@pytest.mark.parametrize("name", UNKNOWN_BEFORE)
def test_the_catchup_page_is_believed_whatever_is_known(name: str) -> None:
    listing = listing_of(20)
    knowledge = replace(UNKNOWN_BEFORE[name], announced=earlier_of(listing_of(20, TUESDAY)))
    for verdict in (None, HELD, UNDATED, STALE):
        page = judged(listing, record(verdict=verdict), knowledge, source=CATCHUP)
        assert (page.record.verdict, page.accepted) == (COMPLETE, listing)


def test_a_list_that_the_page_does_not_have_is_not_the_days() -> None:
    """Asked because of the list, the page knows nothing of that date: it is never accepted."""
    since = at(WEDNESDAY, 1)
    held = record(verdict=HELD, held_since=since)
    unknown = UNKNOWN_BEFORE["first day"]
    for page_at, verdict in ((since, STALE), (since - timedelta(minutes=1), UNDATED)):
        before = replace(held, inquiries=asked(CATCHUP, page_at, papers=0))
        after = judged(listing_of(), before, unknown, asked_at=at(WEDNESDAY, 9)).record
        assert after.verdict is verdict
    denied = replace(held, inquiries=asked(CATCHUP, since, papers=0))
    for _ in range(3):
        denied = judged(listing_of(), denied, unknown, asked_at=at(WEDNESDAY, 10)).record
        assert (denied.verdict, code_of(denied)) == (STALE, IntakeCode.NOT_ON_PAGE)


def test_a_list_of_uncertain_date_stays_so_however_often_the_feed_shows_it() -> None:
    listing = listing_of(20)
    before = record(verdict=UNDATED, source="rss", held_since=EARLY)
    again = judged(listing, before, knows(stored=ids(listing)), asked_at=at(WEDNESDAY, 9))
    assert (again.record.verdict, again.record.is_confirmed) == (UNDATED, False)
    assert again.accepted == listing
    assert again.corrections == ()


def test_a_feed_that_shows_another_list_later_tells_that_the_first_was_yesterdays() -> None:
    first, second = listing_of(20), listing_of(20, first=50)
    before = record(verdict=UNDATED, source="rss", held_since=EARLY)
    judgement = judged(second, before, knows(stored=ids(first), is_before_known=False))
    assert judgement.corrections == (Correction(WEDNESDAY, frozenset(ids(first)), TUESDAY),)
    assert (judgement.record.verdict, judgement.accepted) == (COMPLETE, second)


def test_the_page_tells_that_a_stored_list_is_of_the_day_before() -> None:
    first, second = listing_of(20), listing_of(20, first=18)  # three in common
    for verdict in (UNDATED, COMPLETE):
        judgement = judged(
            second,
            record(verdict=verdict, source="rss"),
            knows(stored=ids(first), is_before_known=False),
            source=CATCHUP,
        )
        (correction,) = judgement.corrections
        assert correction == Correction(WEDNESDAY, frozenset(ids(first)), TUESDAY)


def test_a_wrong_list_is_not_given_to_a_day_that_has_its_own_record() -> None:
    """Nor is one that was never shown by a feed: the date of a submission tells no other."""
    first, second = listing_of(20), listing_of(20, first=50)
    recorded = {TUESDAY: NearListing(day=TUESDAY, papers=30, is_record=True)}
    for source, near in (("rss", recorded), ("oai", {})):
        before = record(verdict=COMPLETE, source=source)
        known = knows(stored=ids(first), near=near)
        (correction,) = judged(second, before, known, source=CATCHUP).corrections
        assert correction == Correction(WEDNESDAY, frozenset(ids(first)), None)


def test_a_date_is_open_again_when_it_gains_papers() -> None:
    part = replace(listing_of(20, first=16), is_complete=False)
    closed = record(verdict=COMPLETE, papers=30, is_closed=True)
    after = judged(part, closed, knows(stored=ids(listing_of(30)))).record
    assert (after.verdict, after.papers, after.is_closed) == (COMPLETE, 35, False)


def test_the_page_takes_nothing_from_a_list_that_is_mostly_the_same() -> None:
    first, second = listing_of(20), listing_of(20, first=11)  # ten in common
    known = knows(stored=ids(first), is_before_known=False)
    before = record(verdict=COMPLETE, source="rss")
    assert judged(second, before, known, source=CATCHUP).corrections == ()
    record_of_arxiv = replace(known, stored=ids(first)[:5], is_record=True)
    assert judged(second, before, record_of_arxiv, source=CATCHUP).corrections == ()


def test_half_a_page_corrects_nothing() -> None:
    page = replace(listing_of(20, first=50), is_complete=False)
    known = knows(stored=ids(listing_of(20)), is_before_known=False)
    judgement = judged(page, record(verdict=UNDATED, source="rss"), known, source=CATCHUP)
    assert judgement.corrections == ()


@pytest.mark.parametrize(
    ("day", "is_corrected"),
    [
        (THURSDAY, True),
        (FRIDAY, True),
        (TUESDAY, True),
        (WEDNESDAY + timedelta(days=4), True),
        (WEDNESDAY - timedelta(days=4), True),
        (NEXT_MONDAY, False),  # too far away
    ],
)
def test_the_page_claims_its_list_from_the_date_under_which_a_feed_showed_it(
    day: date, is_corrected: bool
) -> None:
    listing = make_listing(
        *make_papers(18), (make_paper(90, version=2), AnnounceType.REPLACE), announced_on=WEDNESDAY
    )
    known = knows(
        replace(listing, announced_on=day),
        near={day: NearListing(day=day, papers=19)},
    )
    judgement = judged(listing, None, known, source=CATCHUP, asked_at=at(FRIDAY, 1))
    expected = (Correction(day, frozenset(ids(listing)), None),) if is_corrected else ()
    assert judgement.corrections == expected


def test_of_another_record_the_page_claims_only_what_was_new() -> None:
    """No paper is new on two dates, but it may be replaced on both."""
    replaced = (make_paper(90, version=2), AnnounceType.REPLACE)
    listing = make_listing(make_paper(1), replaced, announced_on=WEDNESDAY)
    known = knows(
        replace(listing, announced_on=THURSDAY),
        near={THURSDAY: NearListing(day=THURSDAY, papers=2, is_record=True)},
    )
    judgement = judged(listing, None, known, source=CATCHUP)
    assert judgement.corrections == (Correction(THURSDAY, frozenset([make_id(1)]), None),)


def test_a_list_with_most_of_yesterdays_half_is_yesterdays() -> None:
    """Yesterday's feed showed a part only; today's shows all of it."""
    half = listing_of(10, TUESDAY)
    whole = listing_of(30)
    known = knows(half, near={TUESDAY: NearListing(day=TUESDAY, papers=10)})
    assert judged(whole, None, known).record.verdict is STALE
    known = knows(half, near={TUESDAY: NearListing(day=TUESDAY, papers=20)})
    assert judged(whole, None, known).record.verdict is COMPLETE


def test_a_replacement_may_follow_another_on_the_next_day() -> None:
    """Of a list that is another one, only what is new in both was stored for the wrong date."""
    replaced = (make_paper(90, version=2), AnnounceType.REPLACE)
    listing = make_listing(*make_papers(18), replaced, announced_on=WEDNESDAY)
    other = make_listing(make_paper(1), replaced, announced_on=THURSDAY)
    known = knows(other, near={THURSDAY: NearListing(day=THURSDAY, papers=40)})
    judgement = judged(listing, None, known, source=CATCHUP, asked_at=at(FRIDAY, 1))
    assert judgement.corrections == (Correction(THURSDAY, frozenset([make_id(1)]), None),)


def test_a_paper_that_was_new_may_be_replaced_on_the_next_day() -> None:
    listing = listing_of()
    replaced = make_listing((make_paper(1, version=2), AnnounceType.REPLACE), announced_on=THURSDAY)
    known = knows(replaced, near={THURSDAY: NearListing(day=THURSDAY, papers=1)})
    assert judged(listing, None, known, source=CATCHUP).corrections == ()


def test_a_day_that_the_page_knows_nothing_of_gives_back_an_uncertain_list() -> None:
    stored = ids(listing_of(20))
    before = record(verdict=UNDATED, source="rss")
    known = knows(stored=stored, is_before_known=False)
    over = judged(EMPTY, before, known, source=CATCHUP, asked_at=at(THURSDAY, 0, 5))
    assert over.corrections == (Correction(WEDNESDAY, frozenset(stored), TUESDAY),)
    assert code_of(over.record) is IntakeCode.HOLIDAY
    complete = record(verdict=COMPLETE, source="rss")
    kept = judged(EMPTY, complete, known, source=CATCHUP, asked_at=at(THURSDAY, 0, 5))
    assert (kept.corrections, kept.record.verdict) == ((), COMPLETE)


def test_a_date_from_which_all_papers_were_taken_is_asked_about_again() -> None:
    day = record(THURSDAY, verdict=COMPLETE, papers=20, is_confirmed=True, is_closed=True)
    after = corrected(day, 0, WEDNESDAY)
    assert after == record(
        THURSDAY,
        verdict=STALE,
        reason=IntakeReason(code=IntakeCode.CARRIES_EARLIER, day=WEDNESDAY),
    )
    assert corrected(day, 5, WEDNESDAY) == replace(day, papers=5)


def test_a_date_that_was_given_papers_has_a_list_of_uncertain_date() -> None:
    for verdict in (None, STALE, MISSED):
        after = corrected(record(TUESDAY, verdict=verdict, is_closed=True), 20, WEDNESDAY)
        reason = IntakeReason(code=IntakeCode.SURFACED_UNDER, day=WEDNESDAY)
        assert after == record(TUESDAY, verdict=UNDATED, papers=20, reason=reason)


# --- from submissions --------------------------------------------------------------------------


@pytest.mark.parametrize("verdict", [None, FAILED, STALE, HELD, NO_LIST])
def test_what_submissions_tell_is_taken_where_nothing_else_does(
    verdict: IntakeVerdict | None,
) -> None:
    listing = replace(listing_of(20), source="oai")
    judgement = judged(
        listing, record(verdict=verdict), knows(usual=30), source=OAI, asked_at=at(THURSDAY, 6)
    )
    assert (judgement.record.verdict, judgement.accepted) == (UNDATED, listing)
    assert judgement.record.reason == IntakeReason(code=IntakeCode.ESTIMATED, papers=20)
    assert not judgement.record.is_confirmed


@pytest.mark.parametrize("verdict", [UNDATED, GROWING, COMPLETE])
def test_what_submissions_tell_is_left_alone_where_there_is_a_list(verdict: IntakeVerdict) -> None:
    before = record(verdict=verdict, source="rss", papers=19)
    judgement = judged(listing_of(20), before, source=OAI, asked_at=at(THURSDAY, 6))
    assert (judgement.record.verdict, judgement.accepted) == (verdict, None)
    assert (judgement.record.papers, judgement.record.source) == (19, "rss")


def test_the_page_replaces_what_submissions_told() -> None:
    """Papers that moderators held belong to another date, which is not known."""
    estimated, page = listing_of(20), listing_of(20, first=3)
    judgement = judged(
        page,
        record(verdict=UNDATED, source="oai"),
        knows(stored=ids(estimated)),
        source=CATCHUP,
        asked_at=at(THURSDAY, 12),
    )
    assert judgement.corrections == (Correction(WEDNESDAY, frozenset(ids(estimated)[:2]), None),)


NEW, CROSS, REPLACED = AnnounceType.NEW, AnnounceType.CROSS, AnnounceType.REPLACE


@pytest.mark.parametrize(
    ("told", "estimated", "is_same"),
    [
        ((NEW, 1), (NEW, 1), True),
        ((NEW, 2), (NEW, 1), True),  # revised while it was held
        ((CROSS, 1), (NEW, 1), True),  # its primary category was changed
        ((REPLACED, 3), (REPLACED, 3), True),
        ((NEW, 2), (REPLACED, 2), True),  # the first version was held for longer
        ((REPLACED, 4), (REPLACED, 3), False),
        ((REPLACED, 2), (REPLACED, 3), False),
        ((REPLACED, 0), (REPLACED, 3), False),  # of unknown version
        ((REPLACED, 2), (NEW, 1), False),
    ],
)
def test_what_was_held_back_is_of_the_date_whose_list_has_it(
    told: tuple[AnnounceType, int], estimated: tuple[AnnounceType, int], *, is_same: bool
) -> None:
    """Whether the list comes before the estimate of another date, from feed or page, or after."""
    entry, guess = ((make_paper(90, version=each[1]), each[0]) for each in (told, estimated))
    listing = make_listing(*make_papers(18), entry, announced_on=WEDNESDAY)
    estimate = make_listing(*make_papers(18, first=30), guess, announced_on=MONDAY, source="oai")
    known = knows(listing, day=MONDAY)
    after = judged(estimate, record(MONDAY), known, source=OAI, asked_at=at(THURSDAY, 6)).accepted
    assert after is not None
    assert ids(after) == ids(estimate)[: 18 if is_same else 19]

    expected = (Correction(MONDAY, frozenset([make_id(90)]), None),) if is_same else ()
    far: dict[date, NearListing] = {}  # not compared as a list
    for source, is_complete, is_record, near in (
        (FEED, True, False, far),
        (CATCHUP, True, False, far),
        (CATCHUP, True, True, far),
        (CATCHUP, False, False, far),
        (CATCHUP, True, False, {MONDAY: NearListing(day=MONDAY, papers=19)}),
    ):
        before = judged(
            replace(listing, is_complete=is_complete),
            record(verdict=UNDATED, papers=1),
            knows(estimate, near=near, is_record=is_record),
            source=source,
            asked_at=at(THURSDAY, 6),
        )
        assert before.corrections == expected
        assert before.accepted is not None
        assert ids(before.accepted) == ids(listing)


def test_an_estimate_takes_nothing_from_another_estimate() -> None:
    estimate = replace(listing_of(20), source="oai")
    known = knows(replace(listing_of(5), announced_on=MONDAY, source="oai"))
    judgement = judged(estimate, None, known, source=OAI)
    assert (judgement.accepted, judgement.corrections) == (estimate, ())


def test_a_list_with_most_of_an_estimate_is_that_dates_and_takes_nothing_from_it() -> None:
    """A feed showed it a day late; the page will tell."""
    estimate = replace(listing_of(20), source="oai")
    late = listing_of(20, THURSDAY)
    judgement = judged(estimate, None, knows(late), source=OAI, asked_at=at(FRIDAY, 6))
    assert judgement.accepted == estimate


# --- lists that surface late -------------------------------------------------------------------


def knows_friday(**fields: object) -> Knowledge:
    """Return what is known when Saturday's feed shows a list: Thursday's is stored."""
    return knows(day=FRIDAY, **fields)  # type: ignore[arg-type]


def test_a_fridays_list_under_saturdays_date_is_fridays() -> None:
    listing = listing_of(20, SATURDAY)
    reason = IntakeReason(code=IntakeCode.REPEATS_EARLIER, source=FEED)
    friday = record(FRIDAY, verdict=STALE, reason=reason)
    judgement = judged(listing, record(SATURDAY), knows_friday(own=friday))
    assert judgement.accepted == replace(listing, announced_on=FRIDAY)
    after, own = judgement.record, judgement.of_own
    assert (after.verdict, after.papers) == (OFF_DAY, 0)
    assert after.reason == IntakeReason(code=IntakeCode.CARRIES_EARLIER, day=FRIDAY)
    assert FEED in after.inquiries
    assert own is not None
    assert (own.day, own.verdict, own.papers, own.reason) == (FRIDAY, COMPLETE, 20, reason)
    assert own.inquiries == {}


def test_a_weekdays_feed_may_carry_the_list_of_the_day_before_under_its_own_date() -> None:
    listing = listing_of(20, TUESDAY)
    judgement = judged(listing, None, knows(day=TUESDAY))
    assert judgement.record.verdict is STALE
    assert judgement.record.reason == IntakeReason(code=IntakeCode.CARRIES_EARLIER, day=TUESDAY)
    assert judgement.of_own is not None
    assert judgement.of_own.day == TUESDAY


def test_a_date_that_was_never_asked_about_gets_a_record_of_its_category() -> None:
    """By the list that surfaced under another date."""
    own = judged(
        replace(listing_of(day=FRIDAY), announced_on=SATURDAY),
        record(SATURDAY),
        knows(day=FRIDAY, own=None),
    ).of_own
    assert own is not None
    assert (own.category, own.day, own.verdict) == ("cs.CV", FRIDAY, COMPLETE)


def test_a_late_list_opens_a_date_that_was_taken_for_a_holiday() -> None:
    closed = record(FRIDAY, verdict=NO_LIST, is_closed=True)
    own = judged(listing_of(20, SATURDAY), record(SATURDAY), knows_friday(own=closed)).of_own
    assert own is not None
    assert (own.verdict, own.is_closed) == (COMPLETE, False)


def test_a_saturdays_list_waits_too_while_thursday_is_unknown() -> None:
    """Friday's page is to tell; Friday's record says so."""
    listing = listing_of(20, SATURDAY)
    unknown = knows_friday(is_before_known=False)
    judgement = judged(listing, record(SATURDAY), unknown)
    assert judgement.accepted is None
    assert judgement.record.verdict is OFF_DAY
    own = judgement.of_own
    assert own is not None
    assert (own.day, own.verdict, own.held_since) == (FRIDAY, HELD, at(SATURDAY, 0, 12))
    later = judged(listing, record(SATURDAY), replace(unknown, own=own), asked_at=at(SATURDAY, 9))
    assert later.of_own is not None
    assert later.of_own.verdict is UNDATED
    assert later.accepted is not None


def test_a_list_that_surfaces_again_says_nothing_new() -> None:
    listing = listing_of(20, SATURDAY)
    again = judged(listing, record(SATURDAY), knows_friday(stored=ids(listing)))
    assert (again.accepted, again.of_own) == (None, None)
    assert again.record.verdict is OFF_DAY
    one_more = judged(listing, record(SATURDAY), knows_friday(stored=ids(listing)[1:]))
    assert one_more.of_own is not None
    assert one_more.of_own.papers == 20


def test_a_weekday_wrongly_taken_for_a_holiday_keeps_its_listing() -> None:
    complete = record(date(2024, 5, 22), verdict=COMPLETE)
    assert listing_day(HOLIDAY, HOLIDAY, complete) == HOLIDAY
    shown = Reply(source=FEED, asked_at=at(HOLIDAY, 1), listing=listing_of(day=HOLIDAY))
    assert belongs_to(record(HOLIDAY), shown, complete) == HOLIDAY
    for before in (None, record(date(2024, 5, 22), verdict=GROWING)):
        assert listing_day(HOLIDAY, HOLIDAY, before) == date(2024, 5, 22)


def test_only_a_weekday_can_be_wrongly_taken_for_a_holiday() -> None:
    """Friday has its own listing: under Saturday stands more of it, not a Saturday's."""
    complete = record(FRIDAY, verdict=COMPLETE)
    assert listing_day(SATURDAY, SATURDAY, complete) == FRIDAY
    assert listing_day(SATURDAY + timedelta(days=1), NEXT_MONDAY, complete) == FRIDAY


def test_a_date_in_the_future_counts_as_today() -> None:
    assert listing_day(date(2030, 1, 1), WEDNESDAY, None) == WEDNESDAY


# --- failures ----------------------------------------------------------------------------------


def test_a_failure_waits_longer_each_time_and_as_long_as_arxiv_asks() -> None:
    day = record()
    for count, minutes in enumerate((1, 2, 4, 8, 16, 32, 60, 60, 60), start=1):
        day = judged(None, day).record
        inquiry = day.inquiries[FEED]
        assert inquiry.not_before is not None
        assert 1 <= (inquiry.not_before - EARLY) / timedelta(minutes=minutes) < 1.25
        assert (inquiry.failures, inquiry.error) == (count, ERROR)
    patient = judged(None, retry_after_s=3000.0, asked_at=at(WEDNESDAY, 1)).record
    assert patient.inquiries[FEED].not_before == at(WEDNESDAY, 1, 50)


def test_a_refusal_is_met_with_longer_pauses() -> None:
    """What goes on asking after HTTP 403 looks like an attack."""
    day = record()
    for minutes in (30, 60, 120, 240, 360, 360):
        day = judged(None, day, source=CATCHUP, error=REFUSED).record
        not_before = day.inquiries[CATCHUP].not_before
        assert not_before is not None
        assert 1 <= (not_before - EARLY) / timedelta(minutes=minutes) < 1.25


def test_a_request_that_was_not_made_is_no_failure() -> None:
    """ArXiv asked another category to wait; all come back when that time is over."""
    error = IntakeReason(code=IntakeCode.ASKED_TO_WAIT, seconds=50)
    day = record(inquiries={FEED: Inquiry(asked_at=at(WEDNESDAY, 0, 10), papers=3, failures=2)})
    waiting = judged(None, day, error=error, retry_after_s=50).record
    assert waiting.inquiries[FEED] == Inquiry(
        asked_at=at(WEDNESDAY, 0, 10),
        papers=3,
        failures=2,
        not_before=EARLY + timedelta(seconds=50),
        error=error,
    )
    first = judged(None, error=error, retry_after_s=50).record
    assert first.verdict is FAILED
    assert first.inquiries[FEED] == Inquiry(
        asked_at=EARLY, not_before=EARLY + timedelta(seconds=50), error=error
    )
    at_once = judged(None, error=error).record.inquiries[FEED]
    assert at_once.not_before == EARLY


def test_hosts_that_fail_together_come_back_one_by_one() -> None:
    moments = [at(WEDNESDAY, 1) + timedelta(microseconds=number) for number in range(100)]
    days = [judged(None, asked_at=moment).record for moment in moments]
    pauses = [
        (day.inquiries[FEED].not_before or moment) - moment
        for day, moment in zip(days, moments, strict=True)
    ]
    assert len(set(pauses)) > 50
    assert timedelta(minutes=1) <= min(pauses) < timedelta(minutes=1.05)
    assert timedelta(minutes=1.2) < max(pauses) < timedelta(minutes=1.25)
    others = [judged(None, record(day=day)).record.inquiries[FEED] for day in (TUESDAY, THURSDAY)]
    assert len({(each.not_before or EARLY) - each.asked_at for each in others}) == 2


def test_each_source_fails_and_answers_for_itself() -> None:
    first = judged(None, asked_at=at(WEDNESDAY, 1)).record
    second = judged(None, first, asked_at=at(WEDNESDAY, 2), source=CATCHUP).record
    assert {source: each.failing_since for source, each in second.inquiries.items()} == {
        FEED: at(WEDNESDAY, 1),
        CATCHUP: at(WEDNESDAY, 2),
    }
    third = judged(None, second, asked_at=at(WEDNESDAY, 3)).record
    assert third.inquiries[FEED].failing_since == at(WEDNESDAY, 1)
    answered = judged(EMPTY, third, asked_at=at(WEDNESDAY, 4)).record
    assert answered.inquiries[FEED] == Inquiry(asked_at=at(WEDNESDAY, 4), papers=0)
    assert answered.inquiries[CATCHUP].failures == 1


def test_a_failure_does_not_forget_what_the_source_said_before() -> None:
    day = record(verdict=NO_LIST, inquiries=asked(CATCHUP, EARLY, papers=0))
    failed = judged(None, day, source=CATCHUP, asked_at=at(WEDNESDAY, 5)).record
    assert failed.inquiries[CATCHUP].papers == 0
    assert failed.inquiries[CATCHUP].asked_at == at(WEDNESDAY, 5)


@pytest.mark.parametrize("day", [WEDNESDAY, SATURDAY])
def test_a_first_failure_is_the_verdict_and_the_error_says_why(day: date) -> None:
    failed = judged(None, record(day)).record
    assert (failed.verdict, failed.reason, failed.error) == (FAILED, None, ERROR)


def test_what_fails_counts_where_the_listing_depends_on_it() -> None:
    failing = {
        CATCHUP: Inquiry(asked_at=EARLY, failures=1, error=REFUSED),
        FEED: Inquiry(asked_at=EARLY),
    }
    for verdict, error in ((COMPLETE, None), (STALE, REFUSED), (UNDATED, None)):
        assert record(verdict=verdict, inquiries=failing).error == error
    both = {**failing, FEED: Inquiry(asked_at=EARLY, failures=1, error=ERROR)}
    assert record(verdict=COMPLETE, inquiries=both).error == ERROR


# --- feed and page -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("feed", "page", "difference"),
    [
        (95, 108, (95, 108)),
        (108, 95, (108, 95)),
        (108, 108, None),
        (None, 108, None),
        (95, None, None),
        (95, 0, None),
        (0, 108, (0, 108)),
    ],
)
def test_feed_and_page_differ_where_both_told_of_the_date(
    feed: int | None, page: int | None, difference: tuple[int, int] | None
) -> None:
    inquiries = {**asked(FEED, EARLY, feed), **asked(CATCHUP, EARLY, page)}
    assert record(inquiries=inquiries).difference == difference
    assert record(inquiries=asked(FEED, EARLY, feed)).difference is None


def test_records_that_cannot_be_read_count_as_papers_of_a_source() -> None:
    lost = [SkippedRecord(name=f"record {number}", reason="no title") for number in (4, 5)]
    skipped = make_listing(*make_papers(3), announced_on=WEDNESDAY, skipped=lost)
    for source in (FEED, CATCHUP):
        assert judged(skipped, source=source).record.inquiries[source].papers == 5


# --- the end -----------------------------------------------------------------------------------


@pytest.mark.parametrize("verdict", [None, FAILED, STALE, HELD, NO_LIST])
def test_a_date_without_evidence_is_missed_and_says_why(verdict: IntakeVerdict | None) -> None:
    """An empty feed is no evidence, nor is a page that says what other categories deny."""
    reason = IntakeReason(code=IntakeCode.OTHERS_HAVE_ONE)
    missed = expired(record(verdict=verdict, reason=reason if verdict else None))
    assert (missed.verdict, missed.is_closed) == (MISSED, True)
    assert code_of(missed) is (IntakeCode.OTHERS_HAVE_ONE if verdict else IntakeCode.NEVER_ASKED)


@pytest.mark.parametrize("verdict", [COMPLETE, GROWING, UNDATED])
def test_a_date_with_a_listing_is_not_missed(verdict: IntakeVerdict) -> None:
    assert expired(record(verdict=verdict)) == record(verdict=verdict, is_closed=True)


def test_what_is_closed_or_no_announcement_day_is_not_missed() -> None:
    holiday = record(verdict=NO_LIST, is_closed=True)
    assert expired(holiday) == holiday
    for verdict in (None, FAILED):
        saturday = expired(record(SATURDAY, verdict=verdict))
        assert (saturday.verdict, saturday.is_closed) == (verdict, True)
