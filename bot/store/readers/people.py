"""All that is kept of one person: to be handed over, or deleted, whole."""

import sqlite3
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from bot.digest.reading import (
    FollowedPaper,
    FollowedQuery,
    Follows,
    LastLook,
    Opinion,
    PersonData,
    SeenIn,
    SentPaper,
    SharedTag,
)
from bot.store.backup.restored import COMPARED_UP_TO, PAUSED
from bot.store.readers.library import SHARED, list_saved
from bot.store.sqlite.executor import PERSONS_PATIENCE_S, Database
from bot.store.sqlite.statements import change, select, select_one, select_rows

PRESENCE: Final = "presence"

PERSONAL: Final = (
    "saved_paper",
    "opinion",
    "shared_tag",
    "last_look",
    "recent_search",
    "followed_paper",
    "read_channel",
    "subscription",
    PRESENCE,
)
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
        return await self._database.write_within(PERSONS_PATIENCE_S, forget_person, user_id)

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
        follows=_get_follows(connection, values),
        seen=select(
            connection,
            SeenIn,
            "SELECT guild_id, seen_on, is_own, asked_on, answer, gone_since "
            f"FROM presence {of_person} guild_id",
            values,
        ),
    )


def _get_follows(connection: sqlite3.Connection, values: Mapping[str, object]) -> Follows | None:
    found = select_rows(
        connection,
        "SELECT categories, cadences, post_at, zone, created_at FROM subscription "
        "WHERE user_id = :user_id",
        values,
    )
    if not found:
        return None
    ((categories, every, post_at, zone, since),) = found
    return Follows(
        every=every,
        post_at=post_at or "",
        zone=zone,
        categories=tuple(categories.split()),
        since=since,
        queries=select(
            connection,
            FollowedQuery,
            "SELECT name, query FROM topic WHERE subscription_id = "
            "(SELECT id FROM subscription WHERE user_id = :user_id) ORDER BY name",
            values,
        ),
        papers=select(
            connection,
            FollowedPaper,
            "SELECT arxiv_id, followed_at FROM followed_paper WHERE user_id = :user_id "
            "ORDER BY followed_at, arxiv_id",
            values,
        ),
        reads=select(
            connection, int, "SELECT channel_id FROM read_channel WHERE user_id = :user_id", values
        ),
        sent=select(
            connection,
            SentPaper,
            "SELECT arxiv_id, version, announced_on FROM delivered_paper "
            f"JOIN delivery ON delivery.id = delivery_id WHERE delivery.channel_id IN ({_CHANNEL}) "
            "ORDER BY announced_on, part, arxiv_id",
            values,
        ),
    )


def forget_person(connection: sqlite3.Connection, user_id: int) -> int:
    """Delete everything that is kept of a person; returns how many things it was."""
    values = {"user_id": user_id}
    _forget_messages(connection, values)
    return sum(
        change(connection, f"DELETE FROM {table} WHERE user_id = :user_id", values)
        for table in PERSONAL
    )


_CHANNEL: Final = "SELECT channel_id FROM subscription WHERE user_id = :user_id"
_MESSAGES: Final = f"SELECT id FROM delivery WHERE channel_id IN ({_CHANNEL})"


def _forget_messages(connection: sqlite3.Connection, values: Mapping[str, object]) -> None:
    """Forget what was sent to a person, and send no more of it.

    Only up to where this file knows all posts is kept: else those forgotten would look like posts
    of another host.
    """
    connection.execute(
        f"INSERT INTO fact (name, value) SELECT '{COMPARED_UP_TO}', newest "
        f"FROM (SELECT max(message_id) AS newest FROM delivery WHERE id IN ({_MESSAGES})) "
        "WHERE newest IS NOT NULL ON CONFLICT DO UPDATE SET "
        "value = max(CAST(value AS INTEGER), CAST(excluded.value AS INTEGER))",
        values,
    )
    for statement in (
        f"DELETE FROM digest WHERE channel_id IN ({_CHANNEL})",
        f"DELETE FROM fact WHERE name IN (SELECT '{PAUSED}' || channel_id FROM ({_CHANNEL}))",
        f"DELETE FROM delivered_paper WHERE delivery_id IN ({_MESSAGES})",
        f"DELETE FROM delivery_history WHERE delivery_id IN ({_MESSAGES})",
        f"DELETE FROM edit WHERE delivery_id IN ({_MESSAGES})",
        f"DELETE FROM delivery WHERE channel_id IN ({_CHANNEL})",
    ):
        connection.execute(statement, values)


def forget_follows(connection: sqlite3.Connection, values: Mapping[str, object]) -> None:
    """Forget everything about what the person ``user_id`` follows."""
    _forget_messages(connection, values)
    for table in ("followed_paper", "read_channel", "subscription"):
        connection.execute(f"DELETE FROM {table} WHERE user_id = :user_id", values)


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
