"""From arXiv into the store: ask, judge, remember. The judging itself is `judge`.

Each category and Eastern date has a record. A round creates the records that are missing (today,
and the announcement days since the last one), asks whatever a record says is to be asked now,
and writes the listing before the record: a crash in between only asks again.
"""

import logging
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Protocol

from bot.arxiv.calendar import announcement_day, announcement_days, previous_announcement_day
from bot.errors import ArxivError, ArxivUnavailable, InputError
from bot.intake.judge import (
    Answer,
    Judgement,
    Knowledge,
    belongs_to,
    expired,
    judge,
)
from bot.intake.schedule import (
    IntakeRules,
    first_poll,
    is_closed_too_early,
    is_out_of_reach,
    next_poll,
    reopened,
    without_future,
)
from bot.models import ArxivId, DayRecord, IntakeSource, IntakeVerdict, Listing, Paper
from bot.store.papers.papers import AddedListing
from bot.store.store import Store

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]


class ListingSource(Protocol):
    """Where listings come from: arXiv's client, or a stand-in. Both raise `ArxivError`."""

    async def fetch_listing(self, category: str) -> Listing:
        """Fetch the daily feed."""

    async def fetch_catchup(self, category: str, day: date) -> Listing:
        """Fetch the catch-up page of a date."""

    async def fetch_metadata(self, arxiv_ids: Sequence[ArxivId]) -> Sequence[Paper]:
        """Fetch what is known of papers, in their latest versions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeOutcome:
    """What one request came to: the day's record after it, and what was stored."""

    record: DayRecord
    added: AddedListing | None = None
    error: ArxivError | InputError | None = None

    def __str__(self) -> str:
        record = self.record
        start = f"{record.category} of {record.day}: {record.verdict or 'unknown'}"
        if self.error is not None:
            return f"{start}; {self.error}"
        found = f", {record.papers} papers" if record.papers else ""
        new = f" ({self.added.new_announcements} not seen before)" if self.added else ""
        return f"{start}{found}{new}{f'; {record.reason}' if record.reason else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeStatus:
    """How things stand with a category: its newest record, and when arXiv is asked next."""

    record: DayRecord
    next_poll: datetime


class Intake:
    """Keeps the store's listings whole."""

    def __init__(
        self, store: Store, arxiv: ListingSource, *, now: Clock, rules: IntakeRules
    ) -> None:
        self._store = store
        self._arxiv = arxiv
        self._now = now
        self.rules = rules
        self._failing: set[str] = set()
        self.missed = 0
        """Listings that were never to be had, since the start."""

    async def poll(self, categories: Iterable[str]) -> AsyncIterator[IntakeOutcome]:
        """Ask everything that is due now; yields after each request."""
        watched = set(categories)
        await self._open_records(watched)
        while (due := await self._most_urgent(watched)) is not None:
            yield await self._ask(*due)

    async def fetch(self, category: str) -> IntakeOutcome:
        """Ask the daily feed of a category now, whatever its record says."""
        now = self._now()
        today = announcement_day(now)
        record = await self._store.intake.get_record(category, today)
        record = record or DayRecord(category=category, day=today)
        return await self._ask(without_future(record, now), IntakeSource.FEED)

    # -- what is to be asked -------------------------------------------------------------------

    async def _open_records(self, categories: Iterable[str]) -> None:
        """Make sure that today and every announcement day since the last record has an open one."""
        now = self._now()
        today = announcement_day(now)
        oldest = announcement_day(now - self.rules.catchup_window)
        newest = await self._store.intake.newest_records(until=today)
        records = [
            DayRecord(category=category, day=day)
            for category in sorted(categories)
            for day in self._days_to_open(category, newest.get(category), now)
        ]
        known = await self._store.intake.list_since(oldest)
        records += [reopened(each) for each in known if is_closed_too_early(each, now, self.rules)]
        if records:
            await self._store.intake.set_records(records, now=now)

    def _days_to_open(self, category: str, newest: DayRecord | None, now: datetime) -> list[date]:
        """The days without record; those out of reach are reported, `backfill` fills them."""
        today = announcement_day(now)
        if newest is None or newest.day == today:
            return [today] if newest is None else []
        missed = announcement_days(newest.day + timedelta(days=1), today - timedelta(days=1))
        lost = [day for day in missed if is_out_of_reach(day, now, self.rules)]
        if lost:
            fields = {"category": category, "since": lost[0], "until": lost[-1], "days": len(lost)}
            log.warning("listings out of reach; backfill fetches their papers", extra=fields)
        return [*missed[len(lost) :], today]

    async def _most_urgent(self, categories: set[str]) -> tuple[DayRecord, IntakeSource] | None:
        """The record with the earliest poll that is due, older days first.

        What a new day's feed shows is judged by what the day before had.
        """
        now = self._now()
        polls = []
        for each in await self._store.intake.list_open():
            record = without_future(each, now)
            poll = next_poll(record, now, self.rules)
            if poll is None or is_out_of_reach(record.day, now, self.rules):
                await self._close(record, now, is_watched=record.category in categories)
            elif poll.at <= now and record.category in categories:
                polls.append((record.day, poll.at, record.category, record, poll))
        if not polls:
            return None
        *_, record, poll = min(polls, key=lambda each: each[:3])
        return record, poll.source

    async def statuses(self) -> dict[str, IntakeStatus]:
        """Tell how things stand, by category."""
        today = announcement_day(self._now())
        newest = await self._store.intake.newest_records(until=today)
        return {
            category: IntakeStatus(record=record, next_poll=self._next_poll(record))
            for category, record in newest.items()
        }

    def _next_poll(self, record: DayRecord) -> datetime:
        """When arXiv is asked next about a category: for its newest day, or for the day after."""
        now = self._now()
        poll = next_poll(without_future(record, now), now, self.rules)
        if poll is None:
            tomorrow = DayRecord(
                category=record.category, day=announcement_day(now) + timedelta(days=1)
            )
            poll = first_poll(tomorrow, self.rules)
        return poll.at

    async def _close(self, record: DayRecord, now: datetime, *, is_watched: bool) -> None:
        """Close a day that is over; today stays open, somebody may still ask."""
        if record.day >= announcement_day(now):
            return
        closed = expired(record)
        if closed.verdict is IntakeVerdict.MISSED and is_watched:
            self.missed += 1
            log.error("listing missed: %s", closed.reason, extra=_target(closed))
        await self._store.intake.set_records([closed], now=now)

    # -- asking --------------------------------------------------------------------------------

    async def _ask(self, record: DayRecord, source: IntakeSource) -> IntakeOutcome:
        try:
            if source is IntakeSource.FEED:
                listing = await self._arxiv.fetch_listing(record.category)
            else:
                listing = await self._arxiv.fetch_catchup(record.category, record.day)
                listing = await self._with_versions(listing)
        except (ArxivError, InputError) as error:
            self._log_failure(record, error)
            retry_after_s = error.retry_after_s if isinstance(error, ArxivUnavailable) else None
            answer = Answer(
                source=source,
                asked_at=self._now(),
                error=str(error),
                retry_after_s=retry_after_s,
            )
            judgement = judge(record, answer, Knowledge(announced={}))
            await self._store.intake.set_records([judgement.record], now=self._now())
            return IntakeOutcome(record=judgement.record, error=error)
        self._log_recovery(record)
        answer = Answer(source=source, asked_at=self._now(), listing=listing)
        return await self._remember(record, answer, listing)

    async def _with_versions(self, listing: Listing) -> Listing:
        """Complete the replacements of a catch-up page, which names no versions.

        Without the versions a second replacement of a paper would pass for the first.
        """
        replaced = [
            entry.paper.arxiv_id
            for entry in listing.announcements
            if entry.announce_type.is_replacement
        ]
        if not replaced:
            return listing
        try:
            found = await self._arxiv.fetch_metadata(replaced)
        except ArxivError as error:
            log.warning("versions not fetched: %s", error, extra={"category": listing.category})
            return listing
        papers = {paper.arxiv_id: paper for paper in found}
        entries = (
            replace(entry, paper=papers[entry.paper.arxiv_id])
            if entry.announce_type.is_replacement and entry.paper.arxiv_id in papers
            else entry
            for entry in listing.announcements
        )
        return replace(listing, announcements=tuple(entries))

    async def _remember(self, record: DayRecord, answer: Answer, listing: Listing) -> IntakeOutcome:
        judgement = judge(record, answer, await self._knowledge(record, answer, listing))
        added = await self._store_accepted(judgement)
        records = [each for each in (judgement.record, judgement.of_previous) if each is not None]
        await self._store.intake.set_records(records, now=self._now())
        self._log_verdict(record, judgement, added)
        for skipped in listing.skipped:
            log.warning("record skipped: %s (%s)", skipped.name, skipped.reason)
        return IntakeOutcome(record=judgement.record, added=added)

    async def _knowledge(self, record: DayRecord, answer: Answer, listing: Listing) -> Knowledge:
        intake = self._store.intake
        stamp = min(listing.announced_on, record.day)
        previous = await intake.get_record(record.category, previous_announcement_day(stamp))
        day = belongs_to(record, answer, listing, previous)
        arxiv_ids = [entry.paper.arxiv_id for entry in listing.announcements]
        return Knowledge(
            announced=await intake.announced_elsewhere(record.category, day, arxiv_ids),
            stored=await intake.announced_on(record.category, day),
            usual=await intake.usual_papers(record.category, day),
            previous=previous,
        )

    async def _store_accepted(self, judgement: Judgement) -> AddedListing | None:
        accepted = judgement.accepted
        if accepted is None or not accepted.announcements:
            return None
        return await self._store.papers.add_listing(
            replace(accepted, category=judgement.record.category), now=self._now()
        )

    # -- telling -------------------------------------------------------------------------------

    def _log_failure(self, record: DayRecord, error: Exception) -> None:
        """Log a source that breaks once, not at every poll."""
        if record.category not in self._failing:
            self._failing.add(record.category)
            log.warning("listing not fetched: %s", error, extra=_target(record))

    def _log_recovery(self, record: DayRecord) -> None:
        if record.category in self._failing:
            self._failing.discard(record.category)
            log.info("listing fetched again", extra=_target(record))

    def _log_verdict(
        self, before: DayRecord, judgement: Judgement, added: AddedListing | None
    ) -> None:
        record = judgement.record
        if added is not None and added.new_announcements:
            fields = {**_target(record), "source": record.source, "papers": added.new_announcements}
            log.info("listing stored", extra=fields)
        if record.verdict is not before.verdict and record.reason:
            log.info("listing %s: %s", record.verdict, record.reason, extra=_target(record))


def _target(record: DayRecord) -> dict[str, object]:
    return {"category": record.category, "announced_on": record.day.isoformat()}
