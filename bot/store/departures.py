"""Guilds that the bot is no longer in: since when, and the end of what is kept for them."""

import sqlite3
from collections.abc import Collection
from datetime import datetime

from bot.digest.models import NO_GUILD
from bot.digest.reading import MISSED_REPORTED, WELCOMED
from bot.store.outbox.records import moment_text
from bot.store.sqlite.executor import Database
from bot.store.sqlite.statements import change, json_array, select

KNOWN_GUILDS = (
    "SELECT guild_id FROM subscription UNION SELECT guild_id FROM delivery "
    "UNION SELECT guild_id FROM opinion UNION SELECT guild_id FROM shared_tag "
    "UNION SELECT guild_id FROM discussion UNION SELECT guild_id FROM saved_paper "
    "WHERE guild_id IS NOT NULL UNION SELECT guild_id FROM presence "
    f"UNION SELECT CAST(substr(name, {len(WELCOMED) + 1}) AS INTEGER) FROM fact "
    f"WHERE name LIKE '{WELCOMED}%'"
)
"""With `NO_GUILD`, where there are direct messages."""

CHANNELS = (
    "SELECT channel_id FROM subscription WHERE guild_id = :guild_id "
    "UNION SELECT channel_id FROM delivery WHERE guild_id = :guild_id"
)

FORGET = (
    f"DELETE FROM digest WHERE channel_id IN ({CHANNELS})",
    f"DELETE FROM forgotten_taste WHERE channel_id IN ({CHANNELS})",
    "DELETE FROM fact WHERE name IN "
    f"(SELECT '{MISSED_REPORTED}' || channel_id FROM subscription WHERE guild_id = :guild_id)",
    f"DELETE FROM fact WHERE name = '{WELCOMED}' || :guild_id",
    f"DELETE FROM last_look WHERE channel_id IN ({CHANNELS})",
    "DELETE FROM opinion WHERE guild_id = :guild_id",
    f"DELETE FROM elsewhere WHERE channel_id IN ({CHANNELS})",
    "DELETE FROM once_guild WHERE guild_id = :guild_id",
    "DELETE FROM shared_tag WHERE guild_id = :guild_id",
    "DELETE FROM discussion WHERE guild_id = :guild_id",
    "DELETE FROM presence WHERE guild_id = :guild_id",
    # A saved paper is its person's, wherever it was saved.
    "UPDATE saved_paper SET guild_id = NULL WHERE guild_id = :guild_id",
    "DELETE FROM delivered_paper WHERE delivery_id IN "
    "(SELECT id FROM delivery WHERE guild_id = :guild_id)",
    "DELETE FROM delivery_history WHERE delivery_id IN "
    "(SELECT id FROM delivery WHERE guild_id = :guild_id)",
    "DELETE FROM edit WHERE delivery_id IN (SELECT id FROM delivery WHERE guild_id = :guild_id)",
    "DELETE FROM delivery WHERE guild_id = :guild_id",
    "DELETE FROM subscription WHERE guild_id = :guild_id",
    "DELETE FROM departed_guild WHERE guild_id = :guild_id",
)


class Departures:
    """The store's guilds that removed the bot."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, present: Collection[int], now: datetime) -> int:
        """Note which known guilds are missing from ``present``; returns how many are new.

        One that is present again is no departure any more: its time starts again.
        """
        return await self._database.write(_note, present, now)

    async def list_since(self, noticed_before: datetime) -> list[int]:
        """List the guilds whose departure was noticed before a moment."""
        return await self._database.read(
            select,
            int,
            "SELECT guild_id FROM departed_guild WHERE noticed_at < :before ORDER BY guild_id",
            {"before": moment_text(noticed_before)},
        )

    async def forget(self, guild_id: int) -> int:
        """Delete all that is kept for a guild: digests, topics, what was posted there, likes.

        Returns how many rows that was.
        """
        return await self._database.write(_forget, guild_id)


def _note(connection: sqlite3.Connection, present: Collection[int], now: datetime) -> int:
    parameters = {"present": json_array(present), "now": moment_text(now)}
    connection.execute(
        "DELETE FROM departed_guild WHERE guild_id IN (SELECT value FROM json_each(:present))",
        parameters,
    )
    return change(
        connection,
        f"INSERT INTO departed_guild (guild_id, noticed_at) "
        f"SELECT guild_id, :now FROM ({KNOWN_GUILDS}) "
        f"WHERE guild_id NOT IN (SELECT value FROM json_each(:present)) "
        f"AND guild_id <> {NO_GUILD} ON CONFLICT DO NOTHING",
        parameters,
    )


def _forget(connection: sqlite3.Connection, guild_id: int) -> int:
    return sum(change(connection, statement, {"guild_id": guild_id}) for statement in FORGET)
