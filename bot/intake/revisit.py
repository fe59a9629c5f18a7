"""Later news of posted papers: asks arXiv's query API about them, a batch at a time.

The daily feeds tell of new versions, without their comment. That a paper was published, accepted or
withdrawn stands in its record, which is asked once a day for the papers of messages that are still
edited, and for those that people follow (docs/decisions/0027-asking-again.md). A round begins at
noon Eastern, when the day's digests are long out; how far it is stands in the database.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final, Protocol

from bot.arxiv.calendar import EASTERN, ONE_DAY, announcement_day
from bot.errors import ArxivError, ArxivUnavailable
from bot.models import ArxivId, Clock, Paper
from bot.store.store import Store

log = logging.getLogger(__name__)

BEGINS: Final = time(12)
"""Eastern: between the digests of one day and the lists of the next."""

AT_ONCE: Final = 100
"""Papers of a request, as many as the client asks for together."""

MOST_REQUESTS: Final = 30
"""A day: 3,000 papers. Where more were posted, the next day goes on with the others."""

ROUND: Final = "revisit.round"
"""The fact that says how far the round is, as JSON."""


class RecordSource(Protocol):
    """Where records come from: arXiv's client, or a stand-in."""

    async def fetch_metadata(self, arxiv_ids: Sequence[ArxivId], day: date) -> Sequence[Paper]:
        """Fetch what is known of papers by a date; raises `ArxivError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """How far a day's round is: ``after`` which paper, with how many ``requests``, or at its end.

    ``after`` stays from day to day, so that every paper has its turn.
    """

    day: str = ""
    after: str = ""
    requests: int = 0
    is_over: bool = False


class Revisit:
    """Call `look` every now and then; ``lives`` is how long messages are edited."""

    def __init__(self, store: Store, source: RecordSource, *, now: Clock, lives: timedelta) -> None:
        self._store = store
        self._source = source
        self._now = now
        self._lives = lives
        self._is_failing = False
        self.asked = self.changed = 0
        """Papers since the start, and those of which something was new."""

    async def look(self) -> int:
        """Ask about the next papers of today's round, if any; returns how many have news."""
        now = self._now()
        reached = await self._read_round(now)
        if reached.is_over:
            return 0
        arxiv_ids = await self._store.edits.list_awaited(
            now - self._lives, after=ArxivId(reached.after), limit=AT_ONCE
        )
        if not arxiv_ids:
            await self._note(replace(reached, after="", is_over=True))
            return 0
        requests = reached.requests + 1
        reached = replace(reached, requests=requests, is_over=requests >= MOST_REQUESTS)
        found = await self._fetch(arxiv_ids, announcement_day(now))
        if found is None:  # the same again, which counts as a request of the day too
            await self._note(reached)
            return 0
        changed = await self._store.papers.bring_up_to_date(found)
        self.asked += len(arxiv_ids)
        self.changed += changed
        await self._note(replace(reached, after=arxiv_ids[-1]))
        if changed:
            log.info("posted papers have news", extra={"papers": changed, "of": len(arxiv_ids)})
        return changed

    async def _fetch(self, arxiv_ids: Sequence[ArxivId], day: date) -> Sequence[Paper] | None:
        """Fetch what arXiv says of papers by now; None when they are to be asked about again.

        An answer of no use counts as one without papers, so that it keeps no others waiting.
        """
        try:
            found = await self._source.fetch_metadata(arxiv_ids, day)
        except ArxivError as error:
            if not self._is_failing:
                self._is_failing = True
                log.warning("posted papers not asked about: %s", error)
            return None if isinstance(error, ArxivUnavailable) else ()
        if self._is_failing:
            self._is_failing = False
            log.info("posted papers asked about again")
        return found

    async def _read_round(self, now: datetime) -> Round:
        """Read how far the round is; a new day begins where the last one ended."""
        try:
            known = Round(**json.loads(await self._store.facts.get(ROUND) or "{}"))
        except (ValueError, TypeError):
            known = Round()  # damaged: asking once more does no harm
        day = day_of_round(now).isoformat()
        return known if known.day == day else Round(day=day, after=known.after)

    async def _note(self, reached: Round) -> None:
        await self._store.facts.set(ROUND, json.dumps(asdict(reached)))


def day_of_round(now: datetime) -> date:
    """Return the Eastern date on whose noon the round began that is on its way at ``now``."""
    local = now.astimezone(EASTERN)
    return local.date() if local.time() >= BEGINS else local.date() - ONE_DAY
