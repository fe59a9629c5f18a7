"""What the people of a server like, and what they say is not for them; never shown by name."""

import sqlite3
from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from bot.models import ArxivId
from bot.store.sqlite.executor import PERSONS_PATIENCE_S, Database
from bot.store.sqlite.statements import change, select, select_pairs

SAVE_COUNTS: Final = 0.5
"""As much of a like."""


class Popular(NamedTuple):
    """A paper that people of a server liked or saved, and how many of them."""

    arxiv_id: ArxivId
    likes: int
    saves: int


class Opinions:
    """One opinion a person, server and paper."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def give(
        self,
        guild_id: int,
        user_id: int,
        arxiv_id: ArxivId,
        is_liked: bool | None,
        *,
        now: datetime,
    ) -> bool:
        """Like a paper, say that it is not for this server, or (None) take back what was said.

        Returns whether that changed anything.
        """
        values = {
            "guild_id": guild_id,
            "user_id": user_id,
            "arxiv_id": arxiv_id,
            "is_liked": None if is_liked is None else int(is_liked),
            "now": now.isoformat(),
        }
        return await self._database.write_within(PERSONS_PATIENCE_S, _give, values)

    async def weigh(self, guild_id: int) -> Mapping[ArxivId, float]:
        """Return what a server thinks of papers: a like is 1, a save a half, "not for us" -1."""
        pairs = await self._database.read(
            select_pairs,
            ArxivId,
            float,
            """
            SELECT arxiv_id, sum(counts) FROM (
                SELECT arxiv_id, iif(is_liked, 1.0, -1.0) AS counts FROM opinion
                WHERE guild_id = :guild_id
                UNION ALL
                SELECT arxiv_id, :save_counts FROM saved_paper WHERE guild_id = :guild_id
            ) GROUP BY arxiv_id
            """,
            {"guild_id": guild_id, "save_counts": SAVE_COUNTS},
        )
        return dict(pairs)

    async def list_popular(self, guild_id: int, since: datetime, limit: int = 10) -> list[Popular]:
        """List what a server liked and saved most since a moment, the newest first among equals."""
        return await self._database.read(
            select,
            Popular,
            """
            SELECT arxiv_id, sum(likes) AS likes, sum(saves) AS saves FROM (
                SELECT arxiv_id, is_liked AS likes, 0 AS saves, given_at AS at FROM opinion
                WHERE guild_id = :guild_id AND is_liked AND given_at >= :since
                UNION ALL
                SELECT arxiv_id, 0, 1, saved_at FROM saved_paper
                WHERE guild_id = :guild_id AND saved_at >= :since
            ) GROUP BY arxiv_id
            ORDER BY sum(likes) + :save_counts * sum(saves) DESC, max(at) DESC, arxiv_id DESC
            LIMIT :limit
            """,
            {
                "guild_id": guild_id,
                "since": since.isoformat(),
                "save_counts": SAVE_COUNTS,
                "limit": limit,
            },
        )


def _give(connection: sqlite3.Connection, values: Mapping[str, object]) -> bool:
    if values["is_liked"] is None:
        sql = (
            "DELETE FROM opinion WHERE guild_id = :guild_id AND user_id = :user_id "
            "AND arxiv_id = :arxiv_id"
        )
    else:
        sql = (
            "INSERT INTO opinion (guild_id, user_id, arxiv_id, is_liked, given_at) "
            "VALUES (:guild_id, :user_id, :arxiv_id, :is_liked, :now) "
            "ON CONFLICT DO UPDATE SET is_liked = excluded.is_liked, given_at = excluded.given_at "
            "WHERE is_liked <> excluded.is_liked"
        )
    return change(connection, sql, values) > 0
