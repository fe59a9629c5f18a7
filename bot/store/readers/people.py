"""All that is kept of one person: to be handed over, or deleted, whole."""

import sqlite3
from datetime import datetime
from typing import Final

from bot.digest.reading import LastLook, Opinion, PersonData, SharedTag
from bot.store.readers.library import SHARED, list_saved
from bot.store.sqlite.executor import PERSONS_PATIENCE_S, Database
from bot.store.sqlite.statements import change, select, select_one

PERSONAL: Final = ("saved_paper", "opinion", "shared_tag", "last_look", "recent_search")
"""Every table with a person's number; tests/store/readers/test_people.py looks for others."""


class People:
    """What is kept, by person."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get_data(self, user_id: int) -> PersonData:
        """Return everything that is kept of a person."""
        return await self._database.read(_get, user_id)

    async def forget(self, user_id: int) -> int:
        """Delete everything that is kept of a person, at once; returns how many things it was."""
        return await self._database.write_within(PERSONS_PATIENCE_S, _forget, user_id)

    async def look(self, user_id: int, channel_id: int, *, now: datetime) -> datetime | None:
        """Note that a person catches up with a channel; returns when it was before, if ever."""
        return await self._database.write_within(
            PERSONS_PATIENCE_S, _look, user_id, channel_id, now
        )


def _get(connection: sqlite3.Connection, user_id: int) -> PersonData:
    values = {"user_id": user_id}
    of_person = "WHERE user_id = :user_id ORDER BY"
    return PersonData(
        user_id=user_id,
        saved=list_saved(connection, user_id),
        opinions=select(
            connection,
            Opinion,
            f"SELECT guild_id, arxiv_id, is_liked, given_at FROM opinion {of_person} given_at",
            values,
        ),
        shared=select(
            connection, SharedTag, f"SELECT {SHARED} FROM shared_tag {of_person} shared_at", values
        ),
        looks=select(
            connection,
            LastLook,
            f"SELECT channel_id, looked_at FROM last_look {of_person} looked_at",
            values,
        ),
        searches=select(
            connection, str, f"SELECT query FROM recent_search {of_person} searched_at", values
        ),
    )


def _forget(connection: sqlite3.Connection, user_id: int) -> int:
    return sum(
        change(connection, f"DELETE FROM {table} WHERE user_id = :user_id", {"user_id": user_id})
        for table in PERSONAL
    )


def _look(
    connection: sqlite3.Connection, user_id: int, channel_id: int, now: datetime
) -> datetime | None:
    values = {"user_id": user_id, "channel_id": channel_id, "now": now.isoformat()}
    before = select_one(
        connection,
        LastLook,
        "SELECT channel_id, looked_at FROM last_look "
        "WHERE user_id = :user_id AND channel_id = :channel_id",
        values,
    )
    change(
        connection,
        "INSERT INTO last_look (user_id, channel_id, looked_at) "
        "VALUES (:user_id, :channel_id, :now) "
        "ON CONFLICT DO UPDATE SET looked_at = excluded.looked_at",
        values,
    )
    return before.looked_at if before else None
