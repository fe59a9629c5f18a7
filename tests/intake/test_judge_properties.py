"""Whatever arXiv answers, in whatever order and how often: the same papers end up stored."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.arxiv.calendar import (
    EASTERN,
    announcement_day,
    announcement_days,
    previous_announcement_day,
)
from bot.intake.judge import Correction, Knowledge, Reply, belongs_to, corrected, judge
from bot.models import (
    AnnounceType,
    ArxivId,
    DayRecord,
    Earlier,
    IntakeCode,
    IntakeReason,
    IntakeSource,
    Listing,
    NearListing,
)
from tests.builders import make_listing, make_paper
from tests.examples import examples

DAYS = announcement_days(date(2024, 3, 4), date(2024, 3, 12))
"""Seven days with a weekend between them."""

PAPERS_A_DAY = 12


def truth(day: date) -> Listing:
    """Return what was announced: new papers, a cross-list, and yesterday's papers replaced."""
    number = DAYS.index(day) * 100
    fresh = [make_paper(number + each) for each in range(1, PAPERS_A_DAY)]
    cross = (make_paper(number + 50), AnnounceType.CROSS)
    old = [
        (make_paper(number - 100 + each, version=2), AnnounceType.REPLACE)
        for each in (1, 2)
        if number
    ]
    return make_listing(*fresh, cross, *old, announced_on=day)


TRUTH = {day: truth(day) for day in DAYS}


class World:
    """A store and its records as dictionaries, fed through the judge as `intake/ask.py` does."""

    def __init__(self) -> None:
        self.stored: dict[date, dict[ArxivId, Earlier]] = {}
        self.of_record: set[date] = set()
        self.records: dict[date, DayRecord] = {}

    def observe(
        self, day: date, at: datetime, source: IntakeSource, listing: Listing | None
    ) -> None:
        record = self.records.get(day) or DayRecord(category="cs.CV", day=day)
        error = None if listing is not None else FAILURE
        reply = Reply(source=source, asked_at=at, listing=listing, error=error)
        judgement = judge(record, reply, self._knowledge(record, reply, listing))
        for correction in judgement.corrections:
            self._move(correction)
        self.records[day] = judgement.record
        if judgement.of_own is not None:
            self.records[judgement.of_own.day] = judgement.of_own
        if judgement.accepted is not None:
            self._store(judgement.accepted, is_record=source is IntakeSource.CATCHUP)
        for correction in judgement.corrections:
            self._correct(correction.to or correction.day, day)

    def _knowledge(self, record: DayRecord, reply: Reply, listing: Listing | None) -> Knowledge:
        if listing is None:
            return Knowledge(day=record.day)
        stamp = min(listing.announced_on, record.day)
        day = belongs_to(record, reply, self.records.get(previous_announcement_day(stamp)))
        announced: dict[ArxivId, list[Earlier]] = {}
        for other, papers in self.stored.items():
            for arxiv_id, earlier in papers.items():
                if other != day:
                    announced.setdefault(arxiv_id, []).append(earlier)
        return Knowledge(
            day=day,
            announced=announced,
            stored=list(self.stored.get(day, ())),
            is_record=day in self.of_record,
            near={
                other: NearListing(day=other, papers=len(papers), is_record=other in self.of_record)
                for other, papers in self.stored.items()
                if other != day
            },
            own=self.records.get(day),
            previous=self.records.get(previous_announcement_day(day)),
        )

    def _store(self, listing: Listing, *, is_record: bool) -> None:
        papers = self.stored.setdefault(listing.announced_on, {})
        for entry in listing.announcements:
            announced = Earlier(
                day=listing.announced_on,
                version=entry.paper.version,
                announce_type=entry.announce_type,
            )
            if is_record:
                papers[entry.paper.arxiv_id] = announced
            else:
                papers.setdefault(entry.paper.arxiv_id, announced)
        if is_record:
            self.of_record.add(listing.announced_on)

    def _move(self, correction: Correction) -> None:
        papers = self.stored[correction.day]
        for arxiv_id in correction.arxiv_ids:
            earlier = papers.pop(arxiv_id)
            if correction.to is not None:
                moved = replace(earlier, day=correction.to)
                self.stored.setdefault(correction.to, {}).setdefault(arxiv_id, moved)
        if not papers:
            del self.stored[correction.day]

    def _correct(self, day: date, told_by: date) -> None:
        if day in self.records and day != told_by:
            papers = len(self.stored.get(day, ()))
            self.records[day] = corrected(self.records[day], papers, told_by)


FAILURE = IntakeReason(code=IntakeCode.NO_ANSWER, seconds=60)


def stamped(listing: Listing, day: date) -> Listing:
    return replace(listing, announced_on=day)


def repeat_of(day: date) -> Listing:
    """Return the listing of the day before under this date, two papers at a higher version."""
    entries = TRUTH[previous_announcement_day(day)].announcements
    bumped = [
        replace(entry, paper=replace(entry.paper, version=entry.paper.version + (place < 2)))
        for place, entry in enumerate(entries)
    ]
    return make_listing(*[(entry.paper, entry.announce_type) for entry in bumped], announced_on=day)


def part_of(day: date, count: int) -> Listing:
    return replace(TRUTH[day], announcements=TRUTH[day].announcements[:count])


KINDS = ("full", "empty", "failed", "part", "stale", "old stamp", "catchup")


def observation(kind: str, day: date) -> tuple[IntakeSource, Listing | None]:
    before = previous_announcement_day(day)
    has_before = before in TRUTH
    listings: Mapping[str, Listing | None] = {
        "full": TRUTH[day],
        "catchup": TRUTH[day],
        "empty": make_listing(announced_on=day),
        "failed": None,
        "part": part_of(day, 5),
        "stale": repeat_of(day) if has_before else None,
        "old stamp": TRUTH[before] if has_before else None,
    }
    return (IntakeSource.CATCHUP if kind == "catchup" else IntakeSource.FEED), listings[kind]


observed = st.lists(st.sampled_from(KINDS), max_size=6)


def expected() -> dict[date, set[ArxivId]]:
    return {
        day: {entry.paper.arxiv_id for entry in listing.announcements}
        for day, listing in TRUTH.items()
    }


def walk(world: World, day: date, kinds: list[str]) -> None:
    moment = datetime.combine(day, time(0, 15), EASTERN).astimezone(UTC)
    for kind in kinds:
        world.observe(day, moment, *observation(kind, day))
        moment += timedelta(hours=2)
    assert announcement_day(moment) == day


def read_page(world: World, day: date, at: datetime) -> None:
    world.observe(day, at, IntakeSource.CATCHUP, TRUTH[day])


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(observed, min_size=len(DAYS), max_size=len(DAYS)), st.data())
def test_any_order_and_repetition_leads_to_the_same_stored_set(
    script: list[list[str]], data: st.DataObject
) -> None:
    """The first day is confirmed by its page, each day is truly shown at least once."""
    world = World()
    for day, kinds in zip(DAYS, script, strict=True):
        finals = ("catchup",) if day == DAYS[0] else ("full", "catchup", "next morning")
        final = data.draw(st.sampled_from(finals))
        if final != "next morning":
            place = 0 if day == DAYS[0] else data.draw(st.integers(0, len(kinds)))
            kinds = [*kinds[:place], final, *kinds[place:]]
        walk(world, day, kinds)
        if final == "next morning":
            morning = datetime.combine(day + timedelta(days=1), time(0, 6), EASTERN)
            read_page(world, day, morning.astimezone(UTC))
    assert {day: set(papers) for day, papers in world.stored.items()} == expected()


@settings(max_examples=examples(300), deadline=None)
@given(
    st.lists(observed, min_size=len(DAYS), max_size=len(DAYS)),
    st.permutations(DAYS),
    st.integers(0, len(DAYS)),
)
def test_the_pages_put_right_whatever_the_feeds_have_told(
    script: list[list[str]], order: list[date], late: int
) -> None:
    """Refused for days, they come in any order; those of the first days even before the feeds.

    A feed may show old lists, but not go back to them from new ones.
    """
    world = World()
    for day, kinds in zip(DAYS, script, strict=True):
        shown = [kind for kind in kinds if kind != "catchup" or day < DAYS[late - 1]]
        walk(world, day, sorted(shown, key=lambda kind: kind not in ("stale", "old stamp")))
    moment = datetime.combine(DAYS[-1] + timedelta(days=1), time(8), EASTERN).astimezone(UTC)
    for day in order:
        read_page(world, day, moment)
    stored = {day: set(papers) for day, papers in world.stored.items() if day in TRUTH}
    assert stored == expected()


@settings(max_examples=examples(50), deadline=None)
@given(st.integers(1, 5), st.booleans())
def test_a_friday_list_on_saturday_is_fridays_however_often_it_is_seen(
    times: int, friday_was_stale: bool
) -> None:
    world = World()
    thursday, friday = date(2024, 3, 7), date(2024, 3, 8)
    saturday = friday + timedelta(days=1)
    read_page(world, thursday, datetime.combine(thursday, time(1), EASTERN).astimezone(UTC))
    moment = datetime.combine(friday, time(1), EASTERN).astimezone(UTC)
    shown = repeat_of(friday) if friday_was_stale else make_listing(announced_on=friday)
    world.observe(friday, moment, IntakeSource.FEED, shown)
    for number in range(times):
        moment = datetime.combine(saturday, time(1 + number), EASTERN).astimezone(UTC)
        world.observe(saturday, moment, IntakeSource.FEED, stamped(TRUTH[friday], saturday))
    assert set(world.stored) == {thursday, friday}
    assert set(world.stored[friday]) == expected()[friday]
