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
from bot.intake.judge import Answer, Knowledge, belongs_to, judge
from bot.models import AnnounceType, ArxivId, DayRecord, Earlier, IntakeSource, Listing
from tests.builders import make_listing, make_paper

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
        self.records: dict[date, DayRecord] = {}

    def observe(
        self, day: date, at: datetime, source: IntakeSource, listing: Listing | None
    ) -> None:
        record = self.records.get(day) or DayRecord(category="cs.CV", day=day)
        answer = Answer(source=source, asked_at=at, listing=listing, error="failed")
        judgement = judge(record, answer, self._knowledge(record, answer, listing))
        self.records[day] = judgement.record
        if judgement.of_previous is not None:
            self.records[judgement.of_previous.day] = judgement.of_previous
        if judgement.accepted is not None:
            self._store(judgement.accepted)

    def _knowledge(self, record: DayRecord, answer: Answer, listing: Listing | None) -> Knowledge:
        if listing is None:
            return Knowledge(announced={})
        stamp = min(listing.announced_on, record.day)
        previous = self.records.get(previous_announcement_day(stamp))
        day = belongs_to(record, answer, listing, previous)
        announced: dict[ArxivId, list[Earlier]] = {}
        for other, papers in self.stored.items():
            for arxiv_id, earlier in papers.items():
                if other != day:
                    announced.setdefault(arxiv_id, []).append(earlier)
        return Knowledge(
            announced=announced, stored=list(self.stored.get(day, ())), previous=previous
        )

    def _store(self, listing: Listing) -> None:
        papers = self.stored.setdefault(listing.announced_on, {})
        for entry in listing.announcements:
            papers.setdefault(
                entry.paper.arxiv_id,
                Earlier(
                    day=listing.announced_on,
                    version=entry.paper.version,
                    announce_type=entry.announce_type,
                ),
            )


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


@settings(max_examples=300, deadline=None)
@given(st.lists(observed, min_size=len(DAYS), max_size=len(DAYS)), st.data())
def test_any_order_and_repetition_leads_to_the_same_stored_set(
    script: list[list[str]], data: st.DataObject
) -> None:
    """Each day is truly shown at least once: by its feed, or next morning by the catch-up page."""
    world = World()
    for day, kinds in zip(DAYS, script, strict=True):
        final = data.draw(st.sampled_from(("full", "catchup", "next morning")))
        if final != "next morning":
            kinds = [*kinds]
            kinds.insert(data.draw(st.integers(0, len(kinds))), final)
        moment = datetime.combine(day, time(0, 15), EASTERN).astimezone(UTC)
        for kind in kinds:
            world.observe(day, moment, *observation(kind, day))
            moment += timedelta(hours=2)
        assert announcement_day(moment) == day
        if final == "next morning":
            morning = datetime.combine(day + timedelta(days=1), time(0, 6), EASTERN)
            world.observe(day, morning.astimezone(UTC), IntakeSource.CATCHUP, TRUTH[day])
    expected = {
        day: {entry.paper.arxiv_id for entry in listing.announcements}
        for day, listing in TRUTH.items()
    }
    assert {day: set(papers) for day, papers in world.stored.items()} == expected


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 5), st.booleans())
def test_a_friday_list_on_saturday_is_fridays_however_often_it_is_seen(
    times: int, friday_was_stale: bool
) -> None:
    world = World()
    thursday, friday = date(2024, 3, 7), date(2024, 3, 8)
    saturday = friday + timedelta(days=1)
    for day in (thursday, friday):
        moment = datetime.combine(day, time(1), EASTERN).astimezone(UTC)
        shown = TRUTH[day]
        if day == friday:
            shown = repeat_of(friday) if friday_was_stale else make_listing(announced_on=friday)
        world.observe(day, moment, IntakeSource.FEED, shown)
    for number in range(times):
        moment = datetime.combine(saturday, time(1 + number), EASTERN).astimezone(UTC)
        world.observe(saturday, moment, IntakeSource.FEED, stamped(TRUTH[friday], saturday))
    assert set(world.stored) == {thursday, friday}
    assert set(world.stored[friday]) == {
        entry.paper.arxiv_id for entry in TRUTH[friday].announcements
    }
