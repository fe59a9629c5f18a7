"""Messages that an admin should know about: refused ones, and those of unknown outcome.

Each is told once. An admin ends it in one of two ways: have it posted again, or let it be.
"""

from collections.abc import Collection
from datetime import datetime

import aiosqlite

from bot.store.database import Database
from bot.store.outbox import (
    COLUMNS,
    DeliveryRecord,
    fetch_one,
    list_records,
    moment_text,
    nonce_of,
)
from bot.store.rows import json_array

# Word for word the condition of the index delivery_trouble.
TROUBLE = "state IN ('failed', 'unknown')"


class Troubles:
    """The store's messages that failed or are unknown."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_open(self, guild_id: int) -> list[DeliveryRecord]:
        """List a guild's messages that wait for an admin's word, oldest first."""

        async def work(connection: aiosqlite.Connection) -> list[DeliveryRecord]:
            where = f"{TROUBLE} AND guild_id = :guild_id AND settled_at IS NULL"
            return await list_records(connection, where, {"guild_id": guild_id})

        return await self._database.read(work)

    async def list_untold(self) -> list[DeliveryRecord]:
        """List the messages of all guilds of which nobody was told, oldest first."""

        async def work(connection: aiosqlite.Connection) -> list[DeliveryRecord]:
            return await list_records(connection, f"{TROUBLE} AND told_at IS NULL", {})

        return await self._database.read(work)

    async def mark_told(self, delivery_ids: Collection[int], now: datetime) -> None:
        """Note that the admins heard of these messages, or cannot be reached."""

        async def work(connection: aiosqlite.Connection) -> None:
            await connection.execute(
                "UPDATE delivery SET told_at = :now "
                "WHERE id IN (SELECT value FROM json_each(:ids)) AND told_at IS NULL",
                {"ids": json_array(delivery_ids), "now": moment_text(now)},
            )

        await self._database.write(work)

    async def post_again(self, delivery_id: int, now: datetime) -> bool:
        """Plan a message again by an admin's choice; False when it needs no word (any more).

        It gets a new key and so a new nonce: Discord is to take it even if it has the first. It
        belongs to the channel's subscription of now, which may have been removed and set up again.
        """

        async def work(connection: aiosqlite.Connection) -> bool:
            record = await fetch_one(
                connection,
                f"SELECT {COLUMNS} FROM delivery "
                f"WHERE id = :id AND {TROUBLE} AND settled_at IS NULL",
                {"id": delivery_id},
            )
            if record is None or not record.payload:
                return False
            key = f"{record.key}+"
            await connection.execute(
                """
                UPDATE delivery SET state = 'planned', key = :key, nonce = :nonce,
                    not_before = :now, planned_at = :now, changed_at = :now, claimed_at = NULL,
                    told_at = NULL, reason = 'posted again by an admin',
                    subscription_id = coalesce((SELECT id FROM subscription
                        WHERE channel_id = delivery.channel_id), subscription_id)
                WHERE id = :id
                """,
                {
                    "id": delivery_id,
                    "key": key,
                    "nonce": nonce_of(key),
                    "now": moment_text(now),
                },
            )
            return True

        return await self._database.write(work)

    async def settle(self, delivery_id: int, now: datetime) -> bool:
        """Let a message be as it is; False when it needs no word (any more)."""

        async def work(connection: aiosqlite.Connection) -> bool:
            cursor = await connection.execute(
                f"UPDATE delivery SET settled_at = :now, told_at = coalesce(told_at, :now) "
                f"WHERE id = :id AND {TROUBLE} AND settled_at IS NULL",
                {"id": delivery_id, "now": moment_text(now)},
            )
            return cursor.rowcount > 0

        return await self._database.write(work)
