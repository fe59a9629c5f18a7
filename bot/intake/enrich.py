"""Late links: asks Hugging Face about the last announcement days, a few times each.

People name a paper's code there hours to days after arXiv announced it. When a date is asked
about is worked out from when its listings were stored and when it was asked about last, both in
the database. Digests never wait for it: a link that comes late is there for searches.
"""

import json
import logging
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final, Protocol

from bot.arxiv.calendar import announcement_day
from bot.errors import LinksError, LinksUnavailable
from bot.models import ArxivId, Clock, Link
from bot.store.store import Store
from bot.text.links import same_address

log = logging.getLogger(__name__)

CHECKS: Final = (
    timedelta(minutes=10),  # by then the other categories of the morning are stored, too
    timedelta(hours=12),
    timedelta(days=1),
    timedelta(days=2),
    timedelta(days=3),
)
"""How long after its last listing was stored a date is asked about."""

WINDOW: Final = timedelta(days=7)
"""Older dates are left alone: a week holds every check of a listing stored on a long weekend."""

ASKED: Final = "huggingface.asked"
"""The fact that says when each date of the window was asked about last, as JSON."""


class LinkSource(Protocol):
    """Where late links come from: Hugging Face's client, or a stand-in."""

    async def fetch_links(self, day: date) -> Mapping[ArxivId, tuple[Link, ...]]:
        """Fetch the links of the papers of a date; raises `LinksError`."""


class Enrichment:
    """Call `look` every now and then."""

    def __init__(self, store: Store, source: LinkSource, *, now: Clock) -> None:
        self._store = store
        self._source = source
        self._now = now
        self._is_failing = False

    async def look(self) -> int:
        """Ask about one date, if any is due; returns how many links were new."""
        now = self._now()
        stored = await self._stored(now)
        asked = await self._asked()
        days = due_days(stored, asked, now)
        if not days:
            return 0
        found = await self._fetch(days[0])
        if found is None:
            return 0
        added = [await self._add(arxiv_id, links) for arxiv_id, links in found.items()]
        await self._note_asked({**asked, days[0]: now}, stored)
        if sum(added):
            fields = {"announced_on": days[0].isoformat(), "links": sum(added)}
            log.info("late links added", extra=fields)
        return sum(added)

    async def _fetch(self, day: date) -> Mapping[ArxivId, tuple[Link, ...]] | None:
        """Fetch the links of a date; None when it is to be asked again as soon as possible.

        An answer of no use counts as one without links, so that it keeps no other date waiting.
        """
        try:
            found = await self._source.fetch_links(day)
        except LinksError as error:
            if not self._is_failing:
                self._is_failing = True
                log.warning("late links not fetched: %s", error)
            return None if isinstance(error, LinksUnavailable) else {}
        if self._is_failing:
            self._is_failing = False
            log.info("late links fetched again")
        return found

    async def _add(self, arxiv_id: ArxivId, links: tuple[Link, ...]) -> int:
        """Add what is new to a paper, if we have it."""
        stored = await self._store.papers.get_paper(arxiv_id)
        if stored is None:
            return 0
        known = {same_address(link.url) for link in stored.paper.links}
        late = [link for link in links if same_address(link.url) not in known]
        return await self._store.papers.add_links(arxiv_id, late) if late else 0

    # -- what the database knows -----------------------------------------------------------------

    async def _stored(self, now: datetime) -> dict[date, datetime]:
        """When the last listing of each date of the window was stored, or grew."""
        listings = await self._store.digests.listings_since(announcement_day(now - WINDOW))
        latest: dict[date, datetime] = {}
        for (_, day), times in listings.items():
            latest[day] = max(times.updated_at, latest.get(day, times.updated_at))
        return latest

    async def _asked(self) -> dict[date, datetime]:
        try:
            asked = json.loads(await self._store.facts.get(ASKED) or "{}")
            return {
                date.fromisoformat(day): datetime.fromisoformat(moment).astimezone(UTC)
                for day, moment in asked.items()
            }
        except (ValueError, TypeError, AttributeError):
            return {}  # damaged: asking once more does no harm

    async def _note_asked(
        self, asked: Mapping[date, datetime], stored: Mapping[date, datetime]
    ) -> None:
        """Remember the asking of dates that are still looked at."""
        kept = {day.isoformat(): at.isoformat() for day, at in asked.items() if day in stored}
        await self._store.facts.set(ASKED, json.dumps(kept))


def due_days(
    stored: Mapping[date, datetime], asked: Mapping[date, datetime], now: datetime
) -> list[date]:
    """The dates to ask about now, newest first: a check passed since they were asked last.

    Checks that were missed, by a bot that did not run, are made up by one.
    """

    def is_due(day: date) -> bool:
        passed = [stored[day] + wait for wait in CHECKS if stored[day] + wait <= now]
        return bool(passed) and (day not in asked or asked[day] < passed[-1])

    return sorted(filter(is_due, stored), reverse=True)
