"""What each person searched last, to be offered to that person alone."""

import sqlite3
from datetime import datetime, timedelta
from typing import Final

from bot.store.sqlite.executor import Database
from bot.store.sqlite.statements import change, select

MOST_KEPT: Final = 10
"""Per person."""
KEPT_FOR: Final = timedelta(days=90)
"""What was searched longer ago is forgotten."""


class RecentSearches:
    """The last searches of each person, newest first."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, user_id: int, query: str, *, now: datetime) -> None:
        """Remember a search; the same query again only becomes the newest."""
        await self._database.write(_add, user_id, query, now)

    async def list_newest(self, user_id: int) -> list[str]:
        """List a person's last queries, at most `MOST_KEPT`, the newest first."""
        return await self._database.read(
            select,
            str,
            "SELECT query FROM recent_search WHERE user_id = :user_id ORDER BY searched_at DESC",
            {"user_id": user_id},
        )

    async def forget(self, now: datetime) -> int:
        """Delete what was searched longer than `KEPT_FOR` ago; returns how many."""
        return await self._database.write(
            change,
            "DELETE FROM recent_search WHERE searched_at < :before",
            {"before": (now - KEPT_FOR).isoformat()},
        )


def _add(connection: sqlite3.Connection, user_id: int, query: str, now: datetime) -> None:
    values = {"user_id": user_id, "query": query, "at": now.isoformat(), "most": MOST_KEPT}
    connection.execute(
        "INSERT INTO recent_search (user_id, query, searched_at) VALUES (:user_id, :query, :at) "
        "ON CONFLICT DO UPDATE SET searched_at = excluded.searched_at",
        values,
    )
    connection.execute(
        """
        DELETE FROM recent_search WHERE user_id = :user_id AND query NOT IN (
            SELECT query FROM recent_search WHERE user_id = :user_id
            ORDER BY searched_at DESC, query = :query DESC LIMIT :most
        )
        """,
        values,
    )
