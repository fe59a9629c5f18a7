"""A category's past from arXiv's OAI-PMH service, window by window; resumable (decisions/0006).

The service is asked by the day on which a record last changed, and knows no announcement dates.
So all that changed since the first day asked for is looked through, and those papers are kept
whose first announcement, worked out from their submission, falls into the days asked for.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, timedelta
from typing import Protocol

from bot.arxiv.dating import date_paper
from bot.arxiv.oaipmh import OaiPage, TokenExpired
from bot.arxiv.taxonomy import oai_set
from bot.errors import ArxivError, ArxivUnavailable, InputError
from bot.intake.history import IntakeTally, Progress, add_dated, show_progress
from bot.models import Clock, IntakeCode, IntakeReason
from bot.store.store import Store

FIRST_PAPER = date(1991, 8, 14)
"""The first day with papers on arXiv."""
EARLIEST_CHANGE = date(2005, 9, 16)
"""What the service calls its earliest datestamp (https://oaipmh.arxiv.org/oai?verb=Identify)."""

ONE_DAY = timedelta(days=1)
FIRST_WINDOW_DAYS = 28
LONGEST_WINDOW_DAYS = 366
MOST_PAGES = 6
"""A window that took more is followed by a shorter one: what a lost token costs stays small."""

PAUSES_S = (5.0, 15.0, 60.0, 120.0, 300.0, 300.0)
"""Between tries when arXiv does not answer; what it asks for counts if it is longer."""
MOST_BAD_ANSWERS = 3
"""How often an answer that is no page of records is asked for again."""


class OaiSource(Protocol):
    """What brings the pages: arXiv's client, or a stand-in."""

    def iter_oai(
        self, set_name: str, since: date, until: date, *, token: str | None = None
    ) -> AsyncIterator[OaiPage]:
        """Fetch the metadata that changed in these days, page by page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastDays:
    """What a person asks for: the papers of ``category`` announced from ``since`` to ``until``."""

    category: str
    since: date
    until: date

    @property
    def name(self) -> str:
        """Under which the store keeps how far it is."""
        return f"backfill {self.category} {self.since} {self.until}"

    def __str__(self) -> str:
        return f"{self.category} from {self.since} to {self.until}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookmark:
    """How far a backfill is: the window at hand, and in it the token of the next page."""

    day: date
    days: int = FIRST_WINDOW_DAYS
    token: str | None = None
    pages: int = 0

    @property
    def last_day(self) -> date:
        return self.day + timedelta(days=self.days - 1)

    def after_page(self, token: str | None) -> "Bookmark":
        """Return the bookmark after a page: at the next page, or at the next window."""
        pages = self.pages + 1
        if token is not None:
            return replace(self, token=token, pages=pages)
        return Bookmark(day=self.last_day + ONE_DAY, days=_next_length(self.days, pages))

    def restarted(self, today: date) -> "Bookmark":
        """Return the start of the window, which ends today at the latest."""
        days = min(self.days, (today - self.day).days + 1)
        return replace(self, days=days, token=None, pages=0)

    def to_json(self) -> str:
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> "Bookmark | None":
        """Read a bookmark; None where it is damaged."""
        try:
            values = json.loads(text)
            token = values["token"]
            return cls(
                day=date.fromisoformat(values["day"]),
                days=max(int(values["days"]), 1),
                token=None if token is None else str(token),
                pages=int(values["pages"]),
            )
        except (ValueError, TypeError, KeyError):
            return None


def _next_length(days: int, pages: int) -> int:
    if pages > MOST_PAGES:
        return max(days // 2, 1)
    return min(days * 2, LONGEST_WINDOW_DAYS) if pages == 1 else days


def check_days(since: date, until: date, today: date) -> None:
    """Raise `InputError` for days in which nothing can be found; says which can."""
    can = f"arXiv has papers from {FIRST_PAPER} to {today}"
    if since > until:
        raise InputError(f"--from {since} is later than --until {until}; swap them.")
    if since < FIRST_PAPER:
        raise InputError(f"--from {since} is too early; {can}.")
    if until > today:
        raise InputError(f"--until {until} is in the future; {can}.")


class Backfill:
    """Fetches and stores; ``report`` gets a line for each category."""

    def __init__(
        self,
        store: Store,
        source: OaiSource,
        *,
        now: Clock,
        report: Callable[[str], None],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._source = source
        self._now = now
        self._report = report
        self._sleep = sleep

    async def run(self, days: PastDays) -> IntakeTally:
        """Continue this backfill, or begin it; returns what came of this run.

        Raises `ArxivError` when arXiv stays silent; what was stored until then stays, and the
        same call continues from there.
        """
        tally = IntakeTally()
        mark = await self._find_mark(days)
        total = (self._today() - mark.day).days + 1
        try:
            with show_progress(days.category, max(total, 1)) as progress:
                await self._continue(days, mark, tally, progress)
        finally:
            self._report(f"{days}: {tally}")
        await self._store.facts.set(days.name, "")
        await self._settle(days)
        return tally

    async def _settle(self, days: PastDays) -> None:
        """Note of what was missed on these days that its papers are here now."""
        intake = self._store.intake
        missed = await intake.list_missed_of(days.category, days.since, days.until)
        reason = IntakeReason(code=IntakeCode.BACKFILLED)
        await intake.set_records(
            [replace(record, reason=reason) for record in missed], now=self._now()
        )

    async def _continue(
        self, days: PastDays, mark: Bookmark, tally: IntakeTally, progress: Progress
    ) -> None:
        """Fetch window after window from ``mark`` until today."""
        begin, failures = mark.day, 0
        while mark.day <= self._today():
            if mark.token is None:
                mark = mark.restarted(self._today())
            try:
                async for page in self._pages(days, mark):
                    mark = await self._store_page(days, mark, page, tally, progress)
                    progress.advance((mark.day - begin).days, tally.papers)
                    if mark.pages != 1:  # a first page says nothing of the window's tokens
                        failures = 0
            except ArxivError as error:
                failures += 1
                await self._wait(error, failures, progress)
                if isinstance(error, TokenExpired):
                    mark = mark.restarted(self._today())

    def _today(self) -> date:
        """Return the day as the service counts it, in UTC."""
        return self._now().astimezone(UTC).date()

    async def _find_mark(self, days: PastDays) -> Bookmark:
        """Return how far the backfill is; its start if it was never begun, or is done."""
        kept = await self._store.facts.get(days.name)
        mark = Bookmark.from_json(kept) if kept else None
        return mark or Bookmark(day=max(days.since, EARLIEST_CHANGE))

    def _pages(self, days: PastDays, mark: Bookmark) -> AsyncIterator[OaiPage]:
        name = oai_set(days.category)
        return self._source.iter_oai(name, mark.day, mark.last_day, token=mark.token)

    async def _store_page(
        self, days: PastDays, mark: Bookmark, page: OaiPage, tally: IntakeTally, progress: Progress
    ) -> Bookmark:
        dated = [date_paper(paper) for paper in page.papers]
        wanted = [each for each in dated if days.since <= each.announced_on <= days.until]
        tally.added += await add_dated(self._store.papers, wanted)
        tally.outside += len(dated) - len(wanted)
        tally.skipped += len(page.skipped)
        for record in page.skipped:
            progress.say(f"  skipped {record.name}: {record.reason}")
        # After the papers: a kill in between only fetches this page once more.
        mark = mark.after_page(page.token)
        await self._store.facts.set(days.name, mark.to_json())
        return mark

    async def _wait(self, error: ArxivError, failures: int, progress: Progress) -> None:
        """Wait before the next try; raises ``error`` when there were enough."""
        pauses_s = PAUSES_S if isinstance(error, ArxivUnavailable) else PAUSES_S[:MOST_BAD_ANSWERS]
        if failures > len(pauses_s):
            raise error
        asked_s = error.retry_after_s if isinstance(error, ArxivUnavailable) else None
        pause_s = max(asked_s or 0.0, pauses_s[failures - 1])
        progress.say(f"{error} Trying again in {pause_s:.0f} seconds.")
        await self._sleep(pause_s)
