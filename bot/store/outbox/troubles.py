"""Messages that an admin should know about: refused ones, and those of unknown outcome.

Each is told once. An admin settles it in one of two ways: have it posted again, or let it be.
"""

import sqlite3
from collections.abc import Collection
from datetime import datetime

from bot.models import DeliveryState
from bot.store.outbox.outbox import (
    TROUBLE,
    DeliveryRecord,
    list_records,
    moment_text,
    nonce_of,
)
from bot.store.sqlite.executor import PERSONS_PATIENCE_S, Database
from bot.store.sqlite.statements import change, json_array

FOUND = "found in the channel"


class Troubles:
    """The store's messages that failed or are unknown."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_open(self, guild_id: int) -> list[DeliveryRecord]:
        """List a guild's messages that wait for an admin's decision, oldest first."""
        where = f"{TROUBLE} AND guild_id = :guild_id AND settled_at IS NULL"
        return await self._database.read(list_records, where, {"guild_id": guild_id})

    async def list_open_in(self, channel_id: int) -> list[DeliveryRecord]:
        """List a channel's messages that wait for an admin's decision, oldest first."""
        where = f"{TROUBLE} AND channel_id = :channel_id AND settled_at IS NULL"
        return await self._database.read(list_records, where, {"channel_id": channel_id})

    async def list_untold(self) -> list[DeliveryRecord]:
        """List the messages of all guilds of which no admin was told, oldest first."""
        return await self._database.read(list_records, f"{TROUBLE} AND told_at IS NULL", {})

    async def mark_told(self, delivery_ids: Collection[int], now: datetime) -> None:
        """Note that the admins heard of these messages, or cannot be reached."""
        await self._database.write(
            change,
            "UPDATE delivery SET told_at = :now "
            "WHERE id IN (SELECT value FROM json_each(:ids)) AND told_at IS NULL",
            {"ids": json_array(delivery_ids), "now": moment_text(now)},
        )

    async def post_again(self, delivery_id: int, now: datetime) -> bool:
        """Plan a message again by an admin's choice; False when it is no open trouble.

        It gets a new key and so a new nonce: Discord is to take it even if it has the first. It
        belongs to the channel's subscription of now: it may have been on its way when an earlier
        one was removed.
        """
        return await self._database.write_within(PERSONS_PATIENCE_S, _post_again, delivery_id, now)

    async def mark_found(self, delivery_id: int, message_id: int, now: datetime) -> bool:
        """Note that a message in trouble is in its channel; False when it is no open trouble.

        That is what an admin's re-post looks like to a copy made before it, so the steps are
        those of a re-post.
        """
        return await self._database.write(_mark_found, delivery_id, message_id, now)

    async def doubt(self, delivery_id: int, reason: str, now: datetime) -> bool:
        """Note that a message that counts as failed may be there all the same: it is told again.

        False when it did not fail, or is no open trouble.
        """
        return await self._database.write(_doubt, delivery_id, reason, now)

    async def settle(self, delivery_id: int, now: datetime) -> bool:
        """Let a message be as it is; False when it is no open trouble."""
        settled = await self._database.write_within(
            PERSONS_PATIENCE_S,
            change,
            f"UPDATE delivery SET settled_at = :now, told_at = coalesce(told_at, :now) "
            f"WHERE id = :id AND {TROUBLE} AND settled_at IS NULL",
            {"id": delivery_id, "now": moment_text(now)},
        )
        return settled > 0


def _post_again(connection: sqlite3.Connection, delivery_id: int, now: datetime) -> bool:
    record = _open(connection, delivery_id)
    if record is None or not record.payload:
        return False
    _plan_again(connection, record, "posted again by an admin", now)
    connection.execute(
        "UPDATE delivery SET planned_at = :now, subscription_id = coalesce("
        "(SELECT id FROM subscription WHERE channel_id = delivery.channel_id), "
        "subscription_id) WHERE id = :id",
        {"id": delivery_id, "now": moment_text(now)},
    )
    return True


def _mark_found(
    connection: sqlite3.Connection, delivery_id: int, message_id: int, now: datetime
) -> bool:
    record = _open(connection, delivery_id)
    if record is None:
        return False
    _plan_again(connection, record, FOUND, now)
    _move(connection, delivery_id, DeliveryState.SENDING, FOUND, now)
    _move(connection, delivery_id, DeliveryState.SENT, FOUND, now)
    connection.execute(
        "UPDATE delivery SET message_id = :message_id WHERE id = :id",
        {"id": delivery_id, "message_id": message_id},
    )
    return True


def _doubt(connection: sqlite3.Connection, delivery_id: int, reason: str, now: datetime) -> bool:
    record = _open(connection, delivery_id)
    if record is None or record.state is not DeliveryState.FAILED:
        return False
    _plan_again(connection, record, reason, now)
    _move(connection, delivery_id, DeliveryState.SENDING, reason, now)
    _move(connection, delivery_id, DeliveryState.UNKNOWN, reason, now)
    return True


def _open(connection: sqlite3.Connection, delivery_id: int) -> DeliveryRecord | None:
    """Read a message that waits for an admin's decision."""
    where = f"{TROUBLE} AND id = :id AND settled_at IS NULL"
    return next(iter(list_records(connection, where, {"id": delivery_id})), None)


def _plan_again(
    connection: sqlite3.Connection, record: DeliveryRecord, reason: str, now: datetime
) -> None:
    """Take a message out of its trouble, under a new key: the schema allows no other way."""
    key = f"{record.key}+"
    connection.execute(
        """
        UPDATE delivery SET state = 'planned', key = :key, nonce = :nonce, not_before = :now,
            changed_at = :now, claimed_at = NULL, told_at = NULL, reason = :reason
        WHERE id = :id
        """,
        {
            "id": record.id,
            "key": key,
            "nonce": nonce_of(key),
            "reason": reason,
            "now": moment_text(now),
        },
    )


def _move(
    connection: sqlite3.Connection,
    delivery_id: int,
    state: DeliveryState,
    reason: str,
    now: datetime,
) -> None:
    connection.execute(
        "UPDATE delivery SET state = :state, reason = :reason, changed_at = :now WHERE id = :id",
        {"id": delivery_id, "state": state, "reason": reason, "now": moment_text(now)},
    )
