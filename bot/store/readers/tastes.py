"""What a channel's readers like, in words: learnt when asked, from the likes of its server."""

import asyncio
import sqlite3
from collections.abc import Collection, Sequence
from datetime import date
from functools import lru_cache
from typing import Final, NamedTuple

from bot.digest.rank import NO_LIKES
from bot.models import ArxivId, Likes, Paper
from bot.query.taste import Reference, Taste, compare, learn
from bot.store.keys import day_of
from bot.store.readers.opinions import SAVE_COUNTS
from bot.store.sqlite.executor import PERSONS_PATIENCE_S, Database
from bot.store.sqlite.statements import change, select, select_rows

NEWEST: Final = 2000
"""Papers by which words are weighed: two or three days of all of computer science."""
MOST_OPINIONS: Final = 100
"""Papers that a taste is learnt from: the newest opinions, as interests change."""
MOST_TASTES: Final = 32
"""Tastes that are kept for the day, some 300 kB each: for the channels of one server, which share
one, and for who looks at it and takes words out."""
DEADLINE_S: Final = 10.0

_TOLD = "arxiv_id, version, title, abstract, authors, categories"
"""Of a paper only what a taste is learnt from and shown by: to read all of it takes four times as
long."""
_OPINIONS: Final = f"""
    WITH told AS (SELECT arxiv_id, sum(counts) AS weight, max(at) AS at FROM (
        SELECT arxiv_id, iif(is_liked, 1.0, -1.0) AS counts, given_at AS at FROM opinion
        WHERE guild_id = :guild_id
        UNION ALL
        SELECT arxiv_id, :save_counts, saved_at FROM saved_paper WHERE guild_id = :guild_id
    ) GROUP BY arxiv_id HAVING weight <> 0 ORDER BY max(at) DESC, arxiv_id LIMIT :most)
    SELECT {_TOLD}, weight
    FROM told JOIN paper USING (arxiv_id) ORDER BY at DESC, arxiv_id
"""


class Tastes:
    """The tastes of channels, and the words that their admins took out of them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reference: tuple[date, Reference] | None = None
        self._reading = asyncio.Lock()
        self._learn = lru_cache(maxsize=MOST_TASTES)(_learn)

    async def get_taste(
        self, guild_id: int, channel_id: int, categories: Collection[str]
    ) -> Taste | None:
        """Learn from what a server thinks of papers of these categories; None of nothing."""
        read = await self._read(guild_id, channel_id, categories)
        return None if read is None else await asyncio.to_thread(self._learn, *read)

    async def compare(
        self,
        guild_id: int,
        channel_id: int,
        categories: Collection[str],
        papers: Sequence[Paper],
    ) -> Likes:
        """Compare papers with a channel's taste; nothing where there is none."""
        read = await self._read(guild_id, channel_id, categories)
        if read is None:
            return NO_LIKES
        return await asyncio.to_thread(lambda: compare(self._learn(*read), papers))

    async def _read(
        self, guild_id: int, channel_id: int, categories: Collection[str]
    ) -> tuple[Reference, "_Told"] | None:
        told = await self._database.read_within(
            DEADLINE_S, _read_told, guild_id, channel_id, frozenset(categories)
        )
        return (await self._read_reference(told.newest), told) if told.opinions else None

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


class _Told(NamedTuple):
    """What a taste is learnt from; ``newest`` is the day of the newest paper. Can be a key."""

    opinions: tuple[tuple[Paper, float], ...]
    forgotten: tuple[str, ...]
    newest: date


def _learn(reference: Reference, told: _Told) -> Taste:
    return learn(reference, told.opinions, forgotten=told.forgotten)


def _read_told(
    connection: sqlite3.Connection, guild_id: int, channel_id: int, categories: frozenset[str]
) -> _Told:
    return _Told(
        opinions=_list_opinions(connection, guild_id, categories),
        forgotten=tuple(_list_forgotten(connection, channel_id)),
        newest=_newest_day(connection),
    )


def _list_forgotten(connection: sqlite3.Connection, channel_id: int) -> list[str]:
    sql = "SELECT term FROM forgotten_taste WHERE channel_id = :channel_id ORDER BY term"
    return select(connection, str, sql, {"channel_id": channel_id})


def _list_opinions(
    connection: sqlite3.Connection, guild_id: int, categories: frozenset[str]
) -> tuple[tuple[Paper, float], ...]:
    rows = select_rows(
        connection,
        _OPINIONS,
        {"guild_id": guild_id, "save_counts": SAVE_COUNTS, "most": MOST_OPINIONS},
    )
    told = ((_told_paper(*row), weight) for *row, weight in rows)
    return tuple(each for each in told if not categories.isdisjoint(each[0].categories))


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
