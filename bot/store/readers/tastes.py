"""What a channel's readers like, in words: learnt when asked, from the likes of its server."""

import asyncio
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Final

from bot.digest.rank import NO_LIKES
from bot.models import ArxivId, Likes, Paper
from bot.query.taste import Reference, Taste, compare, learn
from bot.store.keys import day_of
from bot.store.readers.opinions import SAVE_COUNTS
from bot.store.sqlite.executor import PERSONS_PATIENCE_S, Database
from bot.store.sqlite.statements import change, json_array, select, select_pairs, select_rows

NEWEST: Final = 2000
"""Papers by which words are weighed: two or three days of all of computer science."""
MOST_OPINIONS: Final = 100
"""Papers that a taste is learnt from: the newest opinions, as interests change."""
MOST_TASTES: Final = 32
"""Tastes that are kept for the day, some 300 kB each: for the channels of one server, which share
one, and for who looks at it and takes words out."""
MOST_PAPERS: Final = 8192
"""Papers of opinions that are held at a time, 2 kB each."""
DEADLINE_S: Final = 10.0

_TOLD = "arxiv_id, version, title, abstract, authors, categories"
"""Of a paper only what a taste is learnt from and shown by: to read all of it takes four times as
long."""
_OPINIONS: Final = """
    SELECT arxiv_id, sum(counts) AS weight FROM (
        SELECT arxiv_id, iif(is_liked, 1.0, -1.0) AS counts, given_at AS at FROM opinion
        WHERE guild_id = :guild_id
        UNION ALL
        SELECT arxiv_id, :save_counts, saved_at FROM saved_paper WHERE guild_id = :guild_id
    ) GROUP BY arxiv_id HAVING weight <> 0 ORDER BY max(at) DESC, arxiv_id LIMIT :most
"""


@dataclass(slots=True, kw_only=True)
class Told:
    """What some servers think of papers, as it was stored at one moment.

    ``weights`` are by server, the newest opinions first; ``forgotten`` are by channel the words
    that do not count in it. ``newest`` is the day of the newest paper. ``papers`` are those of
    some servers, None for one that is not stored: most servers like the same ones.
    """

    newest: date
    weights: Mapping[int, Mapping[ArxivId, float]]
    forgotten: Mapping[int, tuple[str, ...]]
    papers: dict[ArxivId, Paper | None] = field(default_factory=dict)

    def list_missing(self, guild_id: int) -> list[ArxivId]:
        """List the papers to be read for a server, and then for those after it; none if all are."""
        if self.weights[guild_id].keys() <= self.papers.keys():
            return []
        guild_ids = [*self.weights]
        missing: dict[ArxivId, None] = {}
        for each in guild_ids[guild_ids.index(guild_id) :]:
            missing.update(dict.fromkeys(self.weights[each]))
            if len(missing) >= MOST_PAPERS:
                break
        return [*missing]

    def opinions(self, guild_id: int, categories: Collection[str]) -> "Opinions":
        """Return what a server thinks of the papers of some categories that were read."""
        told = ((self.papers[each], weight) for each, weight in self.weights[guild_id].items())
        followed = frozenset(categories)
        return tuple(
            (paper, weight)
            for paper, weight in told
            if paper is not None and not followed.isdisjoint(paper.categories)
        )


Opinions = tuple[tuple[Paper, float], ...]


class Tastes:
    """The tastes of channels, and the words that their admins took out of them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reference: tuple[date, Reference] | None = None
        self._reading = asyncio.Lock()
        self._learn = lru_cache(maxsize=MOST_TASTES)(_learn)

    async def read(self, guild_ids: Collection[int], channel_ids: Collection[int]) -> Told:
        """Read what these servers think of papers, and what their channels forgot, for `compare`.

        At once for a thousand of them it takes a fifth of the time.
        """
        return await self._database.read_within(DEADLINE_S, _read_told, guild_ids, channel_ids)

    async def get_taste(
        self, guild_id: int, channel_id: int, categories: Collection[str]
    ) -> Taste | None:
        """Learn from what a server thinks of papers of these categories; None of nothing."""
        known = await self._know(guild_id, channel_id, categories, None)
        return None if known is None else await asyncio.to_thread(self._learn, *known)

    async def compare(
        self,
        guild_id: int,
        channel_id: int,
        categories: Collection[str],
        papers: Sequence[Paper],
        told: Told | None = None,
    ) -> Likes:
        """Compare papers with a channel's taste; nothing where there is none.

        ``told`` is what was read for it and for others, else it is read now.
        """
        known = await self._know(guild_id, channel_id, categories, told)
        if known is None:
            return NO_LIKES
        return await asyncio.to_thread(lambda: compare(self._learn(*known), papers))

    async def _know(
        self, guild_id: int, channel_id: int, categories: Collection[str], told: Told | None
    ) -> tuple[Reference, Opinions, tuple[str, ...]] | None:
        """Bring together what a taste is learnt from; None where nobody thinks anything."""
        told = await self.read([guild_id], [channel_id]) if told is None else told
        if missing := told.list_missing(guild_id):
            found = await self._database.read_within(DEADLINE_S, _list_papers, missing)
            told.papers = dict.fromkeys(missing) | found
        if not (opinions := told.opinions(guild_id, categories)):
            return None
        return await self._read_reference(told.newest), opinions, told.forgotten[channel_id]

    async def forget_term(self, channel_id: int, term: str) -> bool:
        """Let a word or an author order a channel's papers no more; False if it did not."""
        changed = await self._database.write_within(
            PERSONS_PATIENCE_S,
            change,
            "INSERT INTO forgotten_taste (channel_id, term) VALUES (:channel_id, :term) "
            "ON CONFLICT DO NOTHING",
            {"channel_id": channel_id, "term": term},
        )
        return changed > 0

    async def list_forgotten(self, channel_id: int) -> list[str]:
        return await self._database.read(_list_forgotten, channel_id)

    async def remember_terms(self, channel_id: int) -> int:
        """Let all of them count again; returns how many there were."""
        return await self._database.write_within(
            PERSONS_PATIENCE_S,
            change,
            "DELETE FROM forgotten_taste WHERE channel_id = :channel_id",
            {"channel_id": channel_id},
        )

    async def _read_reference(self, newest: date) -> Reference:
        """Weigh the words by the newest papers, once for each day of announcement."""
        async with self._reading:
            if self._reference is None or self._reference[0] != newest:
                papers = await self._database.read_within(DEADLINE_S, _list_newest)
                self._reference = newest, await asyncio.to_thread(Reference, papers)
                self._learn.cache_clear()  # they hold the words of the day before
            return self._reference[1]


def _learn(reference: Reference, opinions: Opinions, forgotten: tuple[str, ...]) -> Taste:
    return learn(reference, opinions, forgotten=forgotten)


def _read_told(
    connection: sqlite3.Connection, guild_ids: Iterable[int], channel_ids: Iterable[int]
) -> Told:
    return Told(
        newest=_newest_day(connection),
        weights={each: _list_opinions(connection, each) for each in guild_ids},
        forgotten={each: tuple(_list_forgotten(connection, each)) for each in channel_ids},
    )


def _list_forgotten(connection: sqlite3.Connection, channel_id: int) -> list[str]:
    sql = "SELECT term FROM forgotten_taste WHERE channel_id = :channel_id ORDER BY term"
    return select(connection, str, sql, {"channel_id": channel_id})


def _list_opinions(connection: sqlite3.Connection, guild_id: int) -> Mapping[ArxivId, float]:
    parameters = {"guild_id": guild_id, "save_counts": SAVE_COUNTS, "most": MOST_OPINIONS}
    return dict(select_pairs(connection, ArxivId, float, _OPINIONS, parameters))


def _list_papers(
    connection: sqlite3.Connection, arxiv_ids: Collection[ArxivId]
) -> dict[ArxivId, Paper | None]:
    sql = f"SELECT {_TOLD} FROM json_each(:arxiv_ids) JOIN paper ON arxiv_id = value"
    rows = select_rows(connection, sql, {"arxiv_ids": json_array(arxiv_ids)})
    return {ArxivId(row[0]): _told_paper(*row) for row in rows}


def _told_paper(
    arxiv_id: ArxivId, version: int, title: str, abstract: str, authors: str, categories: str
) -> Paper:
    return Paper(
        arxiv_id=arxiv_id,
        version=version,
        title=title,
        abstract=abstract,
        source_title=title,
        source_abstract=abstract,
        authors=tuple(authors.split("\n")) if authors else (),
        categories=tuple(categories.split()),
    )


def _newest_day(connection: sqlite3.Connection) -> date:
    rows = select_rows(connection, "SELECT key FROM paper ORDER BY key DESC LIMIT 1")
    return day_of(rows[0][0] if rows else 0)


def _list_newest(connection: sqlite3.Connection) -> list[Paper]:
    sql = f"SELECT {_TOLD} FROM paper ORDER BY key DESC LIMIT :newest"
    return [_told_paper(*row) for row in select_rows(connection, sql, {"newest": NEWEST})]
