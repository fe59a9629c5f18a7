"""Find papers: by query, newest or most relevant first, page by page.

Newest-first is the index's own order, so a page costs what its papers cost, however many match.
Relevance is the same walk in tiers: papers whose title holds the words as typed, then those whose
title holds all of them, then the rest, newest first in each. FTS5's bm25() is not used: it reads
every match and every posting of every word, seconds at a few million papers.

A page ends in a cursor that names the last paper shown, so pages stay in step while new papers
arrive.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import aiosqlite

from bot.errors import InputError
from bot.models import ArxivId, StoredPaper
from bot.query.ast import HasDoi, Identified, Place, Query
from bot.query.compile import CompiledQuery, compile_query, quoted
from bot.query.names import name_parts
from bot.query.parser import clean
from bot.query.relevance import tiers
from bot.store.database import Database
from bot.store.rows import PAPER_COLUMNS, json_array, load_links, stored_paper
from bot.store.search_index import index, refresh, unindex
from bot.store.search_plan import KeyRange, Stretch, plan

__all__ = ["Cursor", "Match", "Search", "SearchPage", "Sort", "TitleSuggestion"]
__all__ += ["index", "refresh", "unindex"]

COUNTED = 1000  # a page says '1,000+' beyond: counting all of three million takes seconds


class Sort(StrEnum):
    NEWEST = "newest"
    RELEVANCE = "relevance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where the next page begins: behind paper ``key`` of ``tier``.

    ``shown`` counts the papers before it, ``total`` is the first page's, so that both stay the
    same while new papers arrive. ``str(cursor)`` fits into a button (at most 40 characters).
    """

    tier: int
    key: int
    shown: int
    total: int
    total_is_exact: bool

    def __str__(self) -> str:
        exact = "" if self.total_is_exact else "+"
        return f"{self.tier}.{self.key:x}.{self.shown}.{self.total}{exact}"

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Read ``str(cursor)`` again; raises `InputError` for anything else."""
        try:
            tier, key, shown, total = text.split(".")
            return cls(
                tier=int(tier),
                key=int(key, 16),
                shown=int(shown),
                total=int(total.removesuffix("+")),
                total_is_exact=not total.endswith("+"),
            )
        except ValueError as error:
            raise InputError("This page no longer exists; search again.") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A paper that a query found."""

    stored: StoredPaper


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """One page of results; ``first_number`` is the first result's place among all, from 1.

    ``total`` is a lower bound unless ``total_is_exact``; ``next`` is None on the last page.
    ``overran`` says that the search was cut off at its deadline and shows what it had found.
    """

    matches: tuple[Match, ...]
    total: int
    total_is_exact: bool
    next: Cursor | None
    overran: bool = False
    first_number: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TitleSuggestion:
    arxiv_id: ArxivId
    title: str


class Search:
    """The questions that can be asked of the search index."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(
        self,
        query: Query,
        *,
        sort: Sort = Sort.NEWEST,
        limit: int = 10,
        after: Cursor | None = None,
    ) -> SearchPage:
        """Find a page of papers; ``after`` is the previous page's ``next``."""

        async def work(connection: aiosqlite.Connection) -> SearchPage:
            return await _find(connection, query, sort, limit, after)

        return await self._database.read(work)

    async def match(self, query: Query, arxiv_ids: Collection[ArxivId]) -> set[ArxivId]:
        """Return which of these papers ``query`` finds."""

        async def work(connection: aiosqlite.Connection) -> set[ArxivId]:
            return await _match(connection, query, arxiv_ids)

        return await self._database.read(work)

    async def suggest_titles(self, prefix: str, limit: int = 25) -> list[TitleSuggestion]:
        """Complete a title that is being typed: all its words, the last one perhaps unfinished."""
        words = _words(prefix)
        if not words:
            return []
        match = f"title : ({' AND '.join([*words[:-1], f'{words[-1]} *'])})"

        async def work(connection: aiosqlite.Connection) -> list[TitleSuggestion]:
            rows = await connection.execute_fetchall(
                """
                SELECT arxiv_id, title FROM paper WHERE key IN (
                    SELECT rowid FROM paper_typed WHERE paper_typed MATCH :match
                    ORDER BY rowid DESC LIMIT :limit
                ) ORDER BY key DESC
                """,
                {"match": match, "limit": limit},
            )
            return [TitleSuggestion(arxiv_id=ArxivId(row[0]), title=row[1]) for row in rows]

        return await self._database.read(work)

    async def suggest_authors(self, prefix: str, limit: int = 25) -> list[str]:
        """Complete an author's name, those with most recent papers first."""
        words = _words(prefix)
        if not words:
            return []
        match = f"authors : ({' AND '.join([*words[:-1], f'{words[-1]} *'])})"

        async def work(connection: aiosqlite.Connection) -> list[str]:
            rows = await connection.execute_fetchall(
                """
                SELECT authors FROM paper WHERE key IN (
                    SELECT rowid FROM paper_typed WHERE paper_typed MATCH :match
                    ORDER BY rowid DESC LIMIT 200
                ) ORDER BY key DESC
                """,
                {"match": match},
            )
            return _names_like(prefix, [name for row in rows for name in row[0].split("\n")])

        return (await self._database.read(work))[:limit]


async def _find(
    connection: aiosqlite.Connection, query: Query, sort: Sort, limit: int, after: Cursor | None
) -> SearchPage:
    walk = await _walk(connection, query, sort)
    wanted = limit + 1 if after else max(limit, COUNTED) + 1
    found = await _follow(connection, walk, wanted, after)
    shown = after.shown if after else 0
    total = after.total if after else min(len(found), COUNTED)
    is_exact = after.total_is_exact if after else len(found) <= COUNTED
    page = found[:limit]
    stored = await _load(connection, [key for _, key in page])
    following = None
    if len(found) > limit:
        tier, key = page[-1]
        following = Cursor(
            tier=tier, key=key, shown=shown + limit, total=total, total_is_exact=is_exact
        )
    return SearchPage(
        matches=tuple(Match(stored=paper) for paper in stored),
        total=max(total, shown + len(page)),
        total_is_exact=is_exact,
        next=following,
        first_number=shown + 1,
    )


async def _walk(
    connection: aiosqlite.Connection, query: Query, sort: Sort
) -> list[tuple[int, Stretch]]:
    """Return the stretches to search, each with its tier, in the order of the results."""
    known = await _known(connection, compile_query(query))
    roots = tiers(query.root) if sort is Sort.RELEVANCE else (query.root,)
    return [
        (tier, stretch)
        for tier, root in enumerate(roots)
        for stretch in plan(compile_query(replace(query, root=root)), known)
    ]


async def _known(
    connection: aiosqlite.Connection, compiled: CompiledQuery
) -> dict[Place, list[int]]:
    """Look up the keys of the papers that the query names."""
    known: dict[Place, list[int]] = {}
    for place in compiled.places:
        match place:
            case Identified(arxiv_id=arxiv_id):
                sql, value = "SELECT key FROM paper WHERE arxiv_id = ?", str(arxiv_id)
            case HasDoi(doi=doi):
                sql, value = "SELECT key FROM paper WHERE doi = ? COLLATE NOCASE", doi
            case _:
                continue
        rows = await connection.execute_fetchall(sql, (value,))
        known[place] = [int(row[0]) for row in rows]
    return known


async def _follow(
    connection: aiosqlite.Connection,
    walk: Sequence[tuple[int, Stretch]],
    wanted: int,
    after: Cursor | None,
) -> list[tuple[int, int]]:
    """Walk until ``wanted`` papers are found: their tiers and keys, in order."""
    found: list[tuple[int, int]] = []
    for tier, stretch in walk:
        keys = stretch.keys
        if after and tier == after.tier:
            keys = KeyRange(keys.first, min(keys.end, after.key))
        if (after and tier < after.tier) or keys.first >= keys.end:
            continue
        part = await _newest(connection, Stretch(keys, stretch.match), wanted - len(found))
        found.extend((tier, key) for key in part)
        if len(found) >= wanted:
            break
    return found


async def _newest(connection: aiosqlite.Connection, stretch: Stretch, limit: int) -> list[int]:
    if stretch.match is None:
        sql = "SELECT key FROM paper WHERE key >= :first AND key < :end ORDER BY key DESC"
    else:
        sql = (
            "SELECT rowid FROM paper_text WHERE paper_text MATCH :match "
            "AND rowid >= :first AND rowid < :end ORDER BY rowid DESC"
        )
    rows = await connection.execute_fetchall(
        f"{sql} LIMIT :limit",
        {
            "match": stretch.match,
            "first": stretch.keys.first,
            "end": stretch.keys.end,
            "limit": limit,
        },
    )
    return [int(row[0]) for row in rows]


async def _load(connection: aiosqlite.Connection, keys: Sequence[int]) -> list[StoredPaper]:
    """Load papers by key, in the order of ``keys``."""
    rows = await connection.execute_fetchall(
        f"SELECT {PAPER_COLUMNS} FROM paper WHERE key IN (SELECT value FROM json_each(:keys))",
        {"keys": json_array(keys)},
    )
    found = [tuple(row) for row in rows]
    links = await load_links(connection, [ArxivId(str(row[1])) for row in found])
    papers = {
        int(str(row[0])): stored_paper(row, links.get(ArxivId(str(row[1])), ())) for row in found
    }
    return [papers[key] for key in keys]


async def _match(
    connection: aiosqlite.Connection, query: Query, arxiv_ids: Collection[ArxivId]
) -> set[ArxivId]:
    rows = await connection.execute_fetchall(
        "SELECT key, arxiv_id FROM paper WHERE arxiv_id IN (SELECT value FROM json_each(:ids))",
        {"ids": json_array(arxiv_ids)},
    )
    papers = {int(key): ArxivId(arxiv_id) for key, arxiv_id in rows}
    if not papers:
        return set()
    span = KeyRange(min(papers), max(papers) + 1)
    found: set[int] = set()
    for _, stretch in await _walk(connection, query, Sort.NEWEST):
        first, end = max(span.first, stretch.keys.first), min(span.end, stretch.keys.end)
        if first < end:
            inside = Stretch(KeyRange(first, end), stretch.match)
            found.update(await _newest(connection, inside, -1))
    return {papers[key] for key in found & papers.keys()}


def _words(text: str) -> list[str]:
    return [quoted(word) for word in clean(text).split() if any(map(str.isalnum, word))]


def _names_like(prefix: str, names: Sequence[str]) -> list[str]:
    """Return those names that have a part beginning with each word of ``prefix``, most first."""
    wanted = name_parts(clean(prefix))
    counts = Counter(
        name
        for name in names
        if all(any(part.startswith(word) for part in name_parts(name)) for word in wanted)
    )
    return [name for name, _ in counts.most_common()]
