"""To which dates the lists of files belong. Pure.

A file is judged as the live feed is (`judge`), and for that the lists around it must be known. So
all files of a category are judged again whenever one is added, in the order in which arXiv showed
them, beside what the bot has read itself: the outcome depends on which files there are, not on when
they came. A feed counts as read twice on the day that it carries, so a list whose date nothing
confirms is taken as of uncertain date; a page counts as asked for when its date was over.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import islice
from statistics import median_high

from bot.arxiv.calendar import EASTERN, previous_announcement_day
from bot.intake.judge import (
    HELD_FOR,
    NEAR,
    Correction,
    Judgement,
    Knowledge,
    Reply,
    Verdict,
    belongs_to,
    corrected,
    ids_of,
    judge,
)
from bot.models import (
    ArxivId,
    DayRecord,
    Earlier,
    IntakeSource,
    Listing,
    NearListing,
)
from bot.store.intake_log import LISTINGS_FOR_USUAL, middle_size
from bot.store.papers.shelf import PlacedListing, PlacedPaper, ShelvedListing

FEEDS = ("rss", "atom")
PAGES = ("list", "catchup")
READ_AT = time(12)
ASKED_AT = time(0, 5)
"""On the day after, Eastern: before the next day's feed, as the live page (`schedule`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePlacement:
    """What came of one file: the date of most of its papers, None where none has one.

    ``is_uncertain`` says that nothing confirms it. ``undated`` are those that its category
    announced on no date that is known.
    """

    day: date | None
    is_uncertain: bool = False
    undated: frozenset[ArxivId] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """All that is to be stored of a category, and what came of each file, by its number."""

    listings: Mapping[date, PlacedListing]
    places: Mapping[int, FilePlacement]


def place(
    category: str,
    lists: Iterable[ShelvedListing],
    read: Mapping[date, PlacedListing],
    records: Iterable[DayRecord],
) -> Placement:
    """Judge all files of a category; ``read`` and ``records`` are what the bot knows by itself."""
    lists = sorted(lists, key=lambda each: _when_shown(each.listing))
    ledger = _Ledger(category, read, {record.day: record for record in records})
    for shelved in lists:
        ledger.take(shelved.listing)
    return Placement(
        listings={
            day: replace(listing, is_uncertain=ledger.is_uncertain(day))
            for day, listing in ledger.listings.items()
        },
        places={shelved.number: ledger.place_of(shelved.listing) for shelved in lists},
    )


def _when_shown(listing: Listing) -> tuple[object, ...]:
    """Sort by time, and what says nothing of its time by what does not depend on its coming."""
    built_at = listing.built_at.isoformat() if listing.built_at is not None else ""
    fresh = sorted(
        entry.paper.arxiv_id
        for entry in listing.announcements
        if not entry.announce_type.is_replacement
    )
    newest = median_high(fresh) if fresh else ""
    content = sorted(
        (entry.paper.arxiv_id, entry.paper.version, entry.announce_type, entry.position)
        for entry in listing.announcements
    )
    is_feed = listing.source in FEEDS
    whole = listing.is_complete
    return (listing.announced_on, not is_feed, built_at, newest, listing.source, whole, content)


def _replies(listing: Listing) -> list[Reply]:
    """Return the answers that would have brought a list: a feed is asked again if it was held."""
    day = listing.announced_on
    if listing.source in FEEDS:
        at = datetime.combine(day, READ_AT, tzinfo=EASTERN)
        return [
            Reply(source=IntakeSource.FEED, asked_at=moment, listing=listing)
            for moment in (at, at + HELD_FOR)
        ]
    # A Markdown digest has the true date, but may have been made of some papers only.
    listing = replace(listing, is_complete=listing.is_complete and listing.source in PAGES)
    at = datetime.combine(day + timedelta(days=1), ASKED_AT, tzinfo=EASTERN)
    return [Reply(source=IntakeSource.CATCHUP, asked_at=at, listing=listing)]


class _Ledger:
    """What would be stored of a category at a moment of the past; kept as `ask` keeps the store."""

    def __init__(
        self, category: str, read: Mapping[date, PlacedListing], records: dict[date, DayRecord]
    ) -> None:
        self._category = category
        self._records = records
        self.listings = {
            day: replace(listing, papers=dict(listing.papers)) for day, listing in read.items()
        }
        self._days: dict[ArxivId, set[date]] = {}
        for day, listing in read.items():
            for arxiv_id in listing.papers:
                self._days.setdefault(arxiv_id, set()).add(day)

    def take(self, listing: Listing) -> None:
        """Let a file's list be shown."""
        for reply in _replies(listing):
            record = self._record(listing.announced_on)
            judgement = judge(record, reply, self._knowledge(record, reply, listing))
            self._remember(judgement, reply)
            if (judgement.of_own or judgement.record).verdict is not Verdict.HELD:
                return

    def place_of(self, listing: Listing) -> FilePlacement:
        """Say what came of a file's list when all were shown."""
        days: Counter[date] = Counter()
        undated = set()
        for arxiv_id in ids_of(listing):
            near = [day for day in self._days.get(arxiv_id, ()) if _is_near(day, listing)]
            days.update(near)
            if not self._days.get(arxiv_id):
                undated.add(arxiv_id)
        stamp = listing.announced_on
        day = max(days, key=lambda day: (days[day], day == stamp, day), default=None)
        return FilePlacement(
            day=day,
            is_uncertain=day is not None and self.is_uncertain(day),
            undated=frozenset(undated),
        )

    # -- what is known -------------------------------------------------------------------------

    def _record(self, day: date) -> DayRecord:
        return self._records.get(day) or DayRecord(category=self._category, day=day)

    def _knowledge(self, record: DayRecord, reply: Reply, listing: Listing) -> Knowledge:
        """Say what `ask` would; that others have a list is not known: a page counts alone."""
        before = self._records.get(previous_announcement_day(listing.announced_on))
        day = belongs_to(record, reply, before)
        ids = ids_of(listing)
        own = self.listings.get(day)
        return Knowledge(
            day=day,
            announced={
                arxiv_id: found for arxiv_id in ids if (found := self._found(arxiv_id, day))
            },
            stored=own.papers.keys() if own is not None else (),
            is_record=own is not None and own.is_record,
            near=self._near(day),
            own=self._records.get(day),
            previous=self._records.get(previous_announcement_day(day)),
            usual=middle_size(self._sizes_before(day)),
        )

    def _found(self, arxiv_id: ArxivId, but: date) -> list[Earlier]:
        return [
            Earlier(day=day, version=paper.version, announce_type=paper.announce_type)
            for day in self._days.get(arxiv_id, ())
            if day != but and (paper := self.listings[day].papers[arxiv_id])
        ]

    def _near(self, day: date) -> dict[date, NearListing]:
        days = (day + timedelta(days=number) for number in range(-NEAR.days, NEAR.days + 1))
        return {
            near: NearListing(day=near, papers=len(listing.papers), is_record=listing.is_record)
            for near in days
            if near != day and (listing := self.listings.get(near)) is not None
        }

    def _sizes_before(self, day: date) -> list[int]:
        days = (each for each in sorted(self.listings, reverse=True) if each < day)
        return [len(self.listings[each].papers) for each in islice(days, LISTINGS_FOR_USUAL)]

    def is_uncertain(self, day: date) -> bool:
        """Whether not even a list of the day before is there that would have been recognised."""
        listing, record = self.listings[day], self._records.get(day)
        if listing.is_record or not listing.is_from_file:
            return False
        if record is not None and record.verdict in (Verdict.COMPLETE, Verdict.GROWING):
            return False
        return previous_announcement_day(day) not in self.listings

    # -- what a judgement changes ----------------------------------------------------------------

    def _remember(self, judgement: Judgement, reply: Reply) -> None:
        for correction in judgement.corrections:
            self._move(correction)
        accepted = judgement.accepted
        if accepted is not None and accepted.announcements:
            self._add(accepted, is_page=reply.source is IntakeSource.CATCHUP)
        changed = [self._corrected(each, judgement) for each in judgement.corrections]
        for record in (judgement.record, judgement.of_own, *changed):
            if record is not None:
                self._records[record.day] = record

    def _corrected(self, correction: Correction, judgement: Judgement) -> DayRecord | None:
        day = correction.to or correction.day
        record = self._records.get(day)
        if record is None or day == judgement.record.day:
            return None
        listing = self.listings.get(day)
        papers = len(listing.papers) if listing is not None else 0
        return corrected(record, papers, judgement.record.day)

    def _move(self, correction: Correction) -> None:
        source = self.listings.get(correction.day)
        if source is None:
            return
        for arxiv_id in correction.arxiv_ids & source.papers.keys():
            paper = source.papers.pop(arxiv_id)
            days = self._days[arxiv_id]
            days.discard(correction.day)
            if correction.to is not None:
                there = self.listings.setdefault(correction.to, PlacedListing(source=source.source))
                there.papers.setdefault(arxiv_id, paper)
                days.add(correction.to)
        if not source.papers:
            del self.listings[correction.day]

    def _add(self, accepted: Listing, *, is_page: bool) -> None:
        """Add what is new, and correct what is there, as `Papers.add_listing` does."""
        day, is_record = accepted.announced_on, is_page and accepted.is_complete
        listing = self.listings.setdefault(day, PlacedListing(source=accepted.source))
        knows_places = ids_of(accepted) >= listing.papers.keys()
        for entry in accepted.announcements:
            arxiv_id = entry.paper.arxiv_id
            told = PlacedPaper(
                entry.paper.version, entry.announce_type, entry.position, is_from_file=True
            )
            known = listing.papers.get(arxiv_id)
            if known is not None:
                told = _joined(known, told, is_record=is_record, knows_places=knows_places)
            listing.papers[arxiv_id] = told
            self._days.setdefault(arxiv_id, set()).add(day)
        listing.is_record = listing.is_record or is_record


def _joined(
    known: PlacedPaper, told: PlacedPaper, *, is_record: bool, knows_places: bool
) -> PlacedPaper:
    is_same = known.announce_type is told.announce_type
    keeps_version = bool(known.version) and (is_same or not is_record)
    return PlacedPaper(
        version=known.version if keeps_version else told.version,
        announce_type=told.announce_type if is_record else known.announce_type,
        position=told.position if knows_places else known.position,
        is_from_file=known.is_from_file,
    )


def _is_near(day: date, listing: Listing) -> bool:
    return abs(day - listing.announced_on) <= NEAR
