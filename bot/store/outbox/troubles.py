"""Messages that an admin should know about: refused ones, and those of unknown outcome.

Admins are notified of each once. One of them settles it in one of two ways: have it posted again,
or let it be.
"""

import sqlite3
from collections.abc import Collection
from datetime import date, datetime

from bot.digest.messages import DeliveryRecord, DeliveryState
from bot.digest.models import NO_GUILD, Reason, ReasonCode
from bot.store.outbox.plans import nonce_of
from bot.store.outbox.records import (
    SET_REASON,
    THREAD_OF_POSTED,
    TROUBLE,
    list_records,
    moment_text,
)
from bot.store.sqlite.executor import PERSONS_PATIENCE_S, Database
from bot.store.sqlite.reasons import reason_parameters
from bot.store.sqlite.statements import change, json_array

FOUND = Reason(code=ReasonCode.FOUND)


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

    async def list_unnotified(self) -> list[DeliveryRecord]:
        """List the messages of all guilds whose admins were not notified, oldest first.

        Direct messages have no admin: their person is told at the next command.
        """
        where = f"{TROUBLE} AND notified_at IS NULL AND guild_id <> {NO_GUILD}"
        return await self._database.read(list_records, where, {})

    async def mark_notified(self, delivery_ids: Collection[int], now: datetime) -> None:
        """Note that the admins were notified of these messages, or cannot be reached."""
        await self._database.write(
            change,
            "UPDATE delivery SET notified_at = :now "
            "WHERE id IN (SELECT value FROM json_each(:ids)) AND notified_at IS NULL",
            {"ids": json_array(delivery_ids), "now": moment_text(now)},
        )

    async def post_again(self, delivery_id: int, now: datetime) -> bool:
        """Plan a message again by an admin's choice; False when it is no open trouble.

        It gets a new key and so a new nonce: Discord is to take it even if it has the first. It
        belongs to the channel's subscription of now: it may have been on its way when an earlier
        one was removed.
        """
        return await self._database.write_within(
            PERSONS_PATIENCE_S, post_open_again, delivery_id, now
        )

    async def post_refused(
        self, channel_id: int, codes: Collection[ReasonCode], since: date, now: datetime
    ) -> int:
        """Plan a channel's messages again that were refused for one of these reasons.

        They are certainly not there; those of dates before ``since``, and those of unknown outcome,
        wait for an admin. Returns how many.
        """
        return await self._database.write_within(
            PERSONS_PATIENCE_S, _post_refused, channel_id, frozenset(codes), since, now
        )

    async def mark_found(
        self, delivery_id: int, message_id: int, now: datetime, thread_id: int | None = None
    ) -> bool:
        """Note that a message in trouble is in its channel; False when it is no open trouble.

        ``thread_id`` is where it was found, if not in the thread of its starter.

        That is what an admin's re-post looks like to a copy made before it, so the steps are
        those of a re-post.
        """
        return await self._database.write(_mark_found, delivery_id, message_id, thread_id, now)

    async def doubt(self, delivery_id: int, reason: Reason, now: datetime) -> bool:
        """Note that a message that counts as failed may be there all the same.

        Admins are notified of it again. False when it did not fail, or is no open trouble.
        """
        return await self._database.write(_doubt, delivery_id, reason, now)

    async def settle(self, delivery_id: int, now: datetime) -> bool:
        """Let a message be as it is; False when it is no open trouble."""
        settled = await self._database.write_within(
            PERSONS_PATIENCE_S,
            change,
            f"UPDATE delivery SET settled_at = :now, notified_at = coalesce(notified_at, :now) "
            f"WHERE id = :id AND {TROUBLE} AND settled_at IS NULL",
            {"id": delivery_id, "now": moment_text(now)},
        )
        return settled > 0


def post_open_again(connection: sqlite3.Connection, delivery_id: int, now: datetime) -> bool:
    """Plan a message again within a transaction, as `Troubles.post_again` does."""
    record = _open(connection, delivery_id)
    if record is None or not record.payload:
        return False
    _plan_again(connection, record, Reason(code=ReasonCode.POSTED_AGAIN), now)
    connection.execute(
        "UPDATE delivery SET planned_at = :now, subscription_id = coalesce("
        "(SELECT id FROM subscription WHERE channel_id = delivery.channel_id), "
        "subscription_id) WHERE id = :id",
        {"id": delivery_id, "now": moment_text(now)},
    )
    return True


def _post_refused(
    connection: sqlite3.Connection,
    channel_id: int,
    codes: Collection[ReasonCode],
    since: date,
    now: datetime,
) -> int:
    where = (
        f"{TROUBLE} AND channel_id = :channel_id AND settled_at IS NULL AND state = 'failed' "
        f"AND announced_on >= :since"
    )
    values = {"channel_id": channel_id, "since": since.isoformat()}
    refused = [
        record.id
        for record in list_records(connection, where, values)
        if record.reason is not None and record.reason.code in codes
    ]
    return sum(post_open_again(connection, each, now) for each in refused)


def _mark_found(
    connection: sqlite3.Connection,
    delivery_id: int,
    message_id: int,
    thread_id: int | None,
    now: datetime,
) -> bool:
    record = _open(connection, delivery_id)
    if record is None:
        return False
    _plan_again(connection, record, FOUND, now)
    _move(connection, delivery_id, DeliveryState.SENDING, FOUND, now)
    _move(connection, delivery_id, DeliveryState.SENT, FOUND, now)
    connection.execute(
        f"UPDATE delivery SET message_id = :message_id, thread_id = {THREAD_OF_POSTED} "
        f"WHERE id = :id",
        {"id": delivery_id, "message_id": message_id, "thread_id": thread_id},
    )
    return True


def _doubt(connection: sqlite3.Connection, delivery_id: int, reason: Reason, now: datetime) -> bool:
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
    connection: sqlite3.Connection, record: DeliveryRecord, reason: Reason, now: datetime
) -> None:
    """Take a message out of its trouble, under a new key: the schema allows no other way."""
    key = f"{record.key}+"
    connection.execute(
        f"""
        UPDATE delivery SET state = 'planned', key = :key, nonce = :nonce, not_before = :now,
            changed_at = :now, claimed_at = NULL, claimed_boot = NULL, claimed_up_s = NULL,
            notified_at = NULL, {SET_REASON}
        WHERE id = :id
        """,
        {
            "id": record.id,
            "key": key,
            "nonce": nonce_of(key, record.payload),
            **reason_parameters(reason),
            "now": moment_text(now),
        },
    )


def _move(
    connection: sqlite3.Connection,
    delivery_id: int,
    state: DeliveryState,
    reason: Reason,
    now: datetime,
) -> None:
    connection.execute(
        f"UPDATE delivery SET state = :state, {SET_REASON}, changed_at = :now WHERE id = :id",
        {
            "id": delivery_id,
            "state": state.value,
            "now": moment_text(now),
            **reason_parameters(reason),
        },
    )
