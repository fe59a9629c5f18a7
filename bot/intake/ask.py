"""From arXiv into the store: ask, judge, remember. The judging itself is `judge`.

Each category and Eastern date has a record. A round creates the records that are missing (today,
and the announcement days since the last one), asks whatever a record says is to be asked now,
and writes the listing before the record: a crash in between only asks again.
"""

import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Protocol

from bot.arxiv.calendar import (
    announcement_day,
    announcement_days,
    is_announcement_day,
    previous_announcement_day,
)
from bot.errors import ArxivError, ArxivUnavailable, InputError
from bot.intake.judge import (
    NEAR,
    Judgement,
    Knowledge,
    Reply,
    belongs_to,
    corrected,
    expired,
    ids_of,
    judge,
    no_holiday,
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
from bot.log import listing_id
from bot.models import (
    UNKNOWN_VERSION,
    Announcement,
    ArxivId,
    Clock,
    DayRecord,
    IntakeCode,
    IntakeReason,
    IntakeSource,
    IntakeStatus,
    IntakeVerdict,
    Listing,
    Paper,
    least_version,
)
from bot.store.papers.papers import AddedListing
from bot.store.store import Store

MAX_ASKED = 3
"""Requests to arXiv that a person waits for: they are at least three seconds apart."""

NOT_OUT = (IntakeVerdict.EMPTY_EXPECTED, IntakeVerdict.EMPTY_UNEXPECTED, IntakeVerdict.STALE)
"""What arXiv says of a date while its list is still to come."""

log = logging.getLogger(__name__)


class ListingSource(Protocol):
    """Where listings come from: arXiv's client, or a stand-in. All raise `ArxivError`."""

    async def fetch_listing(self, category: str) -> Listing:
        """Fetch the daily feed."""

    async def fetch_catchup(self, category: str, day: date) -> Listing:
        """Fetch the catch-up page of a date."""

    async def fetch_estimate(self, category: str, day: date) -> Listing:
        """Work out from OAI-PMH what a date announced."""

    async def fetch_metadata(self, arxiv_ids: Sequence[ArxivId], day: date) -> Sequence[Paper]:
        """Fetch what is known of papers, in the versions that were the latest ones on ``day``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeOutcome:
    """What one request came to: the date's record after it, and what was stored."""

    record: DayRecord
    added: AddedListing | None = None
    error: ArxivError | InputError | None = None


class Intake:
    """Keeps the store's listings whole."""

    def __init__(
        self, store: Store, arxiv: ListingSource, *, now: Clock, rules: IntakeRules
    ) -> None:
        self._store = store
        self.arxiv = arxiv
        self._now = now
        self.rules = rules
        self._failing: set[tuple[str, str]] = set()
        self.missed = 0
        """Listings that were never to be had, since the start."""
        self.differing = 0
        """Listings of which feed and page had different numbers of papers, since the start."""

    async def poll(self, categories: Iterable[str]) -> AsyncIterator[IntakeOutcome]:
        """Ask everything that is due now; yields after each request."""
        watched = set(categories)
        known = await self._open_records(watched)
        while (due := await self._most_urgent(watched, known)) is not None:
            yield await self._ask(*due)
            known = await self._store.intake.list_open()

    async def fetch(self, category: str) -> IntakeOutcome:
        """Ask the daily feed of a category now, and its page if the list's date is uncertain."""
        now = self._now()
        today = announcement_day(now)
        known = await self._store.intake.get_record(category, today)
        record = known or DayRecord(category=category, day=today)
        outcome = await self._ask(without_future(record, now), IntakeSource.FEED)
        if outcome.record.verdict is IntakeVerdict.HELD:
            return await self._ask(outcome.record, IntakeSource.CATCHUP)
        return outcome

    async def fetch_each(self, categories: Iterable[str]) -> list[IntakeOutcome]:
        """Fetch and store today's listing of each category; a failure stops only its own."""
        return [await self.fetch(category) for category in categories]

    async def find_late(self, categories: Iterable[str]) -> list[str]:
        """Ask arXiv for today's lists that are not stored; return those that are not out yet.

        It is asked about the first `MAX_ASKED`: a person waits for it.
        """
        today, newest = announcement_day(self._now()), await self._newest_dates(categories)
        missing = [category for category, day in newest.items() if (day or date.min) < today]
        if not is_announcement_day(today):
            return []
        outcomes = await self.fetch_each(missing[:MAX_ASKED])
        return [
            each.record.category
            for each in outcomes
            if each.error is None and each.record.verdict in NOT_OUT
        ]

    async def count_as_out(self, categories: Iterable[str]) -> dict[str, date]:
        """Return of each category the newest date whose list may be out, stored or not."""
        today, newest = announcement_day(self._now()), await self._newest_dates(categories)
        return {category: max(day or today, today) for category, day in newest.items()}

    async def _newest_dates(self, categories: Iterable[str]) -> dict[str, date | None]:
        return {each: await self._store.papers.latest_listing_date(each) for each in categories}

    # -- what is to be asked -------------------------------------------------------------------

    async def _open_records(self, categories: Iterable[str]) -> Sequence[DayRecord]:
        """Make sure that today and every announcement day since the last record has an open one.

        Returns all that are open.
        """
        now = self._now()
        today = announcement_day(now)
        oldest = announcement_day(now - self.rules.catchup_window)
        known = await self._store.intake.read_standing(until=today, since=oldest)
        records = [
            record
            for category in sorted(categories)
            for record in await self._new_records(category, known.newest.get(category), now)
        ]
        records += [
            reopened(each) for each in known.recent if is_closed_too_early(each, now, self.rules)
        ]
        if not records:
            return known.open
        await self._store.intake.set_records(records, now=now)
        return await self._store.intake.list_open()

    async def _new_records(
        self, category: str, newest: DayRecord | None, now: datetime
    ) -> list[DayRecord]:
        """Return records for the days that have none; what is out of reach is missed.

        A day for which no category has a record is one on which the bot did not run. On another
        the category was not followed.
        """
        today = announcement_day(now)
        if newest is None or newest.day == today:
            return [DayRecord(category=category, day=today)] if newest is None else []
        days = announcement_days(newest.day + timedelta(days=1), today - timedelta(days=1))
        lost = [day for day in days if is_out_of_reach(day, now, self.rules)]
        running = await self._store.intake.list_days(newest.day) if lost else set()
        missed = [
            expired(DayRecord(category=category, day=day)) for day in lost if day not in running
        ]
        if missed:
            self._log_missed(missed)
        reachable = [DayRecord(category=category, day=day) for day in [*days[len(lost) :], today]]
        return [*missed, *reachable]

    async def _most_urgent(
        self, categories: set[str], known: Sequence[DayRecord]
    ) -> tuple[DayRecord, IntakeSource] | None:
        """The record with the earliest poll that is due, older days first; of those ``known``.

        What a new day's feed shows is judged by what the day before had.
        """
        now = self._now()
        polls = []
        for each in known:
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
        """Return how things stand, by category."""
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
        """Close a day that is over; today stays open, it may still be asked for."""
        if record.day >= announcement_day(now):
            return
        closed = expired(record) if is_watched else replace(record, is_closed=True)
        if closed.verdict is IntakeVerdict.MISSED:
            self._log_missed([closed])
        await self._store.intake.set_records([closed], now=now)

    # -- asking --------------------------------------------------------------------------------

    async def _ask(self, record: DayRecord, source: IntakeSource) -> IntakeOutcome:
        try:
            listing = await self._fetch(record, source)
        except (ArxivError, InputError) as error:
            return await self._note_failure(record, source, error)
        self._log_recovery(record.category, source)
        reply = Reply(source=source, asked_at=self._now(), listing=listing)
        return await self._remember(record, reply, listing)

    async def _fetch(self, record: DayRecord, source: IntakeSource) -> Listing:
        if source is IntakeSource.FEED:
            return await self.arxiv.fetch_listing(record.category)
        if source is IntakeSource.OAI:
            return await self.arxiv.fetch_estimate(record.category, record.day)
        listing = await self.arxiv.fetch_catchup(record.category, record.day)
        return await self._with_versions(listing)

    async def _note_failure(
        self, record: DayRecord, source: IntakeSource, error: ArxivError | InputError
    ) -> IntakeOutcome:
        if isinstance(error, ArxivError):
            reason = error.reason
        else:
            reason = IntakeReason(code=IntakeCode.IMPOSSIBLE, text=str(error))
        if reason.code is not IntakeCode.ASKED_TO_WAIT:  # another request's failure, logged then
            self._log_failure(record, source, error)
        reply = Reply(
            source=source,
            asked_at=self._now(),
            error=reason,
            retry_after_s=error.retry_after_s if isinstance(error, ArxivUnavailable) else None,
        )
        record = judge(record, reply, Knowledge(day=record.day)).record
        await self._store.intake.set_records([record], now=self._now())
        return IntakeOutcome(record=record, error=error)

    async def _with_versions(self, listing: Listing) -> Listing:
        """Complete the papers of a catch-up page, which names few versions, and no dates.

        Those whose version is stored already are left alone. Without the versions a second
        replacement of a paper would pass for the first.
        """
        stored = await self._store.intake.announced_on(listing.category, listing.announced_on)
        known = {
            (arxiv_id, each.announce_type)
            for arxiv_id, each in stored.items()
            if each.version != UNKNOWN_VERSION
        }
        unknown = [
            entry.paper.arxiv_id
            for entry in listing.announcements
            if entry.paper.version == UNKNOWN_VERSION
            and (entry.paper.arxiv_id, entry.announce_type) not in known
        ]
        if not unknown:
            return listing
        try:
            found = await self.arxiv.fetch_metadata(unknown, listing.announced_on)
        except ArxivError as error:
            if self._is_first_failure(listing.category, "versions"):
                log.warning("versions not fetched: %s", error, extra={"category": listing.category})
            return listing
        self._log_recovery(listing.category, "versions")
        papers = {paper.arxiv_id: paper for paper in found}
        entries = (
            _with_metadata(entry, papers.get(entry.paper.arxiv_id))
            for entry in listing.announcements
        )
        return replace(listing, announcements=tuple(entries))

    async def _remember(self, record: DayRecord, reply: Reply, listing: Listing) -> IntakeOutcome:
        judgement = judge(record, reply, await self._knowledge(record, reply, listing))
        added = await self._store_accepted(judgement, reply)
        records = [judgement.record, *([judgement.of_own] if judgement.of_own is not None else [])]
        await self._store.intake.set_records(
            [*records, *await self._other_records(judgement)], now=self._now()
        )
        self._log_verdict(record, judgement, added)
        for skipped in listing.skipped:
            log.warning("record skipped: %s (%s)", skipped.name, skipped.reason)
        return IntakeOutcome(record=judgement.record, added=added)

    async def _knowledge(self, record: DayRecord, reply: Reply, listing: Listing) -> Knowledge:
        intake, category = self._store.intake, record.category
        stamp = min(listing.announced_on, record.day)
        before = await intake.get_record(category, previous_announcement_day(stamp))
        day = belongs_to(record, reply, before)
        around = await intake.read_around(category, day, ids_of(listing), NEAR)
        own = around.listings.pop(day, None)
        return Knowledge(
            day=day,
            announced=around.announced,
            stored=around.stored,
            is_record=own is not None and own.is_record,
            near=around.listings,
            own=around.own,
            previous=around.previous,
            usual=around.usual,
            others=0 if listing.announcements else await self._count_others(record),
        )

    async def _count_others(self, record: DayRecord) -> int:
        return await self._store.intake.count_listings(record.day, but=record.category)

    async def _store_accepted(self, judgement: Judgement, reply: Reply) -> AddedListing | None:
        """Store what is new, after what was stored for the wrong date is taken from there."""
        category = judgement.record.category
        for correction in judgement.corrections:
            await self._store.papers.move_announcements(
                category, correction.day, correction.arxiv_ids, to=correction.to, now=self._now()
            )
            log.warning(
                "papers were stored for the wrong date",
                extra={
                    **_log_fields(category, correction.day),
                    "papers": len(correction.arxiv_ids),
                },
            )
        accepted = judgement.accepted
        if accepted is None or not accepted.announcements:
            return None
        return await self._store.papers.add_listing(
            replace(accepted, category=category),
            now=self._now(),
            is_record=reply.source is IntakeSource.CATCHUP and accepted.is_complete,
        )

    async def _other_records(self, judgement: Judgement) -> list[DayRecord]:
        """Return the records of other dates and categories that a judgement changes."""
        intake, category = self._store.intake, judgement.record.category
        changed: list[DayRecord] = []
        for correction in judgement.corrections:
            day = correction.to or correction.day
            record = await intake.get_record(category, day)
            if record is not None and day != judgement.record.day:
                papers = len(await intake.announced_on(category, day))
                changed.append(corrected(record, papers, judgement.record.day))
        if judgement.accepted is not None:
            closed = await intake.list_holidays(judgement.accepted.announced_on, but=category)
            changed += [no_holiday(record) for record in closed]
        return changed

    # -- telling -------------------------------------------------------------------------------

    def _log_missed(self, records: Sequence[DayRecord]) -> None:
        self.missed += len(records)
        first, last = records[0], records[-1]
        why = last.error or last.reason
        fields = {**_log_fields(first.category, first.day), "until": last.day.isoformat()}
        log.error("listing missed", extra={**fields, "reason": why.code if why else None})

    def _is_first_failure(self, category: str, source: str) -> bool:
        """Whether a source that fails worked before: it is logged once, not at every poll."""
        is_first = (category, source) not in self._failing
        self._failing.add((category, source))
        return is_first

    def _log_failure(self, record: DayRecord, source: IntakeSource, error: Exception) -> None:
        if self._is_first_failure(record.category, source):
            fields = {**_log_fields(record.category, record.day), "source": source.value}
            log.warning("listing not fetched: %s", error, extra=fields)

    def _log_recovery(self, category: str, source: str) -> None:
        if (category, source) in self._failing:
            self._failing.discard((category, source))
            log.info("listing fetched again", extra={"category": category, "source": source})

    def _log_verdict(
        self, before: DayRecord, judgement: Judgement, added: AddedListing | None
    ) -> None:
        record = judgement.record
        target = _log_fields(record.category, record.day)
        if added is not None and added.new_announcements:
            fields = {**target, "source": record.source, "papers": added.new_announcements}
            log.info("listing stored", extra=fields)
        if record.verdict is not before.verdict and record.reason is not None:
            log.info("listing %s", record.verdict, extra={**target, "reason": record.reason.code})
        if record.difference is not None and record.difference != before.difference:
            feed, page = record.difference
            self.differing += 1
            log.warning(
                "feed and listing page differ", extra={**target, "feed": feed, "page": page}
            )


def _with_metadata(entry: Announcement, found: Paper | None) -> Announcement:
    """Complete an announcement; a version that it cannot have had leaves it as it is."""
    least = least_version(UNKNOWN_VERSION, entry.announce_type)
    return entry if found is None or found.version < least else replace(entry, paper=found)


def _log_fields(category: str, day: date) -> dict[str, object]:
    return {
        "listing": listing_id(category, day),
        "category": category,
        "announced_on": day.isoformat(),
    }
