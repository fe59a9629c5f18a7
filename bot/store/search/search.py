"""Find papers: what the rest of the program asks the search indexes.

Newest-first is the index's own order, so a page costs what its papers cost, however many match.
Relevance scores a pool of the most promising papers (see `bot.query.relevance`). FTS5's own
bm25() is never used: it reads every match and every posting of every word, seconds at a few
million papers. A page ends in a cursor that names the last paper shown, so pages stay in step
while new papers arrive.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date

from bot.models import ArxivId, Paper, StoredPaper
from bot.query.ast import Node, Query
from bot.query.results import (
    Advice,
    Answer,
    Blame,
    Closest,
    Cursor,
    DoubtfulWord,
    Match,
    SearchPage,
    Sort,
)
from bot.store.search.advice import advise
from bot.store.search.closest import find_closest
from bot.store.search.daily import match_many
from bot.store.search.find import find
from bot.store.search.index import count_indexed, index, merge_all, refresh, unindex
from bot.store.search.named import find_named
from bot.store.search.renewal import Progress, renew
from bot.store.search.similar import find_similar
from bot.store.search.trace import Trace, trace
from bot.store.search.typed import TitleSuggestion, suggest_authors, suggest_titles
from bot.store.search.within import find_within, newest_of, share_of
from bot.store.search.words import count_words, is_count_stale, widened
from bot.store.sqlite.executor import Database

__all__ = [
    "Advice",
    "Answer",
    "Blame",
    "Closest",
    "Cursor",
    "DoubtfulWord",
    "Match",
    "Search",
    "SearchPage",
    "Sort",
    "TitleSuggestion",
    "Trace",
    "count_indexed",
    "index",
    "refresh",
    "unindex",
]

FIND_DEADLINE_S = 0.1  # a person notices more; with scoring and loading it stays under 150 ms
CLOSEST_DEADLINE_S = 0.1
SUGGEST_DEADLINE_S = 0.04
ADVISE_DEADLINE_S = 0.25
TRACE_DEADLINE_S = 5.0
WITHIN_DEADLINE_S = 2.0


class Search:
    """The questions that can be asked of the search indexes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(
        self,
        query: Query,
        *,
        sort: Sort = Sort.NEWEST,
        limit: int = 10,
        after: Cursor | None = None,
        deadline_s: float = FIND_DEADLINE_S,
    ) -> SearchPage:
        """Find the first page of papers, or the one that another page's cursor leads to.

        A search that reaches its deadline returns what it found by then and says so.
        """
        return await self._database.search(deadline_s, find, query, sort, limit, after)

    async def trace(self, query: Query, *, sort: Sort = Sort.NEWEST, limit: int = 10) -> Trace:
        """Search as `find` does, and tell how it went."""
        return await self._database.search(TRACE_DEADLINE_S, trace, query, sort, limit)

    async def match(self, query: Query, arxiv_ids: Collection[ArxivId]) -> set[ArxivId]:
        """Return which of these papers ``query`` finds."""
        return set((await self.match_many([query], arxiv_ids))[0])

    async def match_many(
        self, queries: Sequence[Query], arxiv_ids: Collection[ArxivId]
    ) -> list[frozenset[ArxivId]]:
        """Return for each query which of these papers it finds: a day's papers, all topics."""
        return await match_many(self._database, queries, arxiv_ids)

    async def match_span(
        self, queries: Sequence[Query], keys: Mapping[ArxivId, int]
    ) -> list[frozenset[ArxivId]]:
        """As `match_many`, for the papers of weeks or months, whose store keys are known."""
        found = await self._database.search(WITHIN_DEADLINE_S, find_within, queries, keys.values())
        if found is None:
            return await self.match_many(queries, keys)
        names = {key: arxiv_id for arxiv_id, key in keys.items()}
        return [frozenset(names[key] for key in each) for each in found]

    async def newest_of(self, categories: Sequence[str], limit: int) -> dict[ArxivId, int]:
        """Return the store keys of the newest papers in some categories, or in all if none."""
        return await self._database.search(WITHIN_DEADLINE_S, newest_of, categories, limit)

    async def share_of(self, words: Collection[str]) -> dict[str, float]:
        """Return about which part of the archive says each word, in any form: from 0 to 1."""
        return await self._database.search(WITHIN_DEADLINE_S, share_of, words)

    async def widen(self, query: Query) -> Node:
        """Return the tree of ``query`` with the forms that stand for its words."""
        return await self._database.search(FIND_DEADLINE_S, widened, query.root)

    async def advise(self, query: Query) -> Advice:
        """Say why ``query`` finds nothing, and what would."""
        return await self._database.search(ADVISE_DEADLINE_S, advise, query)

    async def find_closest(
        self, query: Query, *, today: date, limit: int, known: Collection[int] = ()
    ) -> Closest | None:
        """Find papers that say most of ``query``, where too few say all of it.

        ``known`` are the keys of those few. For persons only: topics and filters are strict. None
        for a query without plain words.
        """
        return await self._database.search(
            CLOSEST_DEADLINE_S, find_closest, query, today, limit, known
        )

    async def fill_up(
        self,
        query: Query,
        page: SearchPage,
        *,
        sort: Sort,
        today: date,
        limit: int,
        deadline_s: float = FIND_DEADLINE_S,
    ) -> Answer:
        """Fill up a first page of ``query`` that holds fewer than ``limit`` papers.

        Where no paper says what was typed, but some say all that it was understood as, without the
        words of a question, these are shown; what is still missing are the closest papers.
        """
        missing = limit - len(page.matches)
        if missing <= 0 or page.first_number > 1 or page.overran:
            return Answer(query=query, page=page)
        known = [match.stored.key for match in page.matches]
        closest = await self.find_closest(query, today=today, limit=missing, known=known)
        if closest is None or not closest.matches:
            return Answer(query=query, page=page)
        if page.matches or closest.unmet or not closest.is_read_otherwise:
            return Answer(query=query, page=page, closest=closest)
        meant = await self.find(closest.query, sort=sort, limit=limit, deadline_s=deadline_s)
        if not meant.matches:
            return Answer(query=query, page=page, closest=closest)
        shown = {match.stored.key for match in meant.matches}
        others = [match for match in closest.matches if match.stored.key not in shown]
        rest = tuple(others[: limit - len(shown)])
        return Answer(query=closest.query, page=meant, closest=replace(closest, matches=rest))

    async def find_similar(self, paper: Paper, limit: int = 10) -> tuple[Match, ...]:
        """Find the papers that share the most telling words with ``paper``."""
        return await self._database.search(FIND_DEADLINE_S, find_similar, paper, limit)

    async def tidy(self) -> int:
        """Tidy up when the archive has grown much: merge the indexes, count the words again.

        The counts weigh words for relevance, similar papers and suggestions. Works in steps of
        about a tenth of a second, in between which others write. Returns how many words were
        counted, 0 when there was nothing to do.
        """
        if not await is_count_stale(self._database):
            return 0
        return await self.count_again()

    async def count_again(self) -> int:
        """Merge the indexes and count the words, however little the archive has grown."""
        await merge_all(self._database)
        return await count_words(self._database)

    async def renew(self, report: Progress) -> bool:
        """Renew the indexes of a file of an earlier version; returns whether that was needed.

        Works in steps, as `tidy`; until the last of them the old indexes answer. ``report`` is
        told how many papers are done, and of how many.
        """
        return await renew(self._database, report)

    async def suggest_titles(self, typed: str, limit: int = 25) -> list[TitleSuggestion]:
        """Complete a title that is being typed: all its words, the last one perhaps unfinished."""
        return await self._database.search(SUGGEST_DEADLINE_S, suggest_titles, typed, limit)

    async def find_named(self, text: str, limit: int = 10) -> tuple[StoredPaper, ...]:
        """Find the papers that ``text`` may name: an identifier, address, DOI or title's beginning.

        Newest first; where titles are ``text`` to the last word, only these.
        """
        return await self._database.search(SUGGEST_DEADLINE_S, find_named, text, limit)

    async def suggest_authors(self, typed: str, limit: int = 25) -> list[str]:
        """Complete an author's name; those with most recent papers first."""
        return await self._database.search(SUGGEST_DEADLINE_S, suggest_authors, typed, limit)
