"""A database that was restored from a backup: what the channels know better than it does.

It has forgotten what was posted since the copy was made, and what admins did. So nothing is planned
until each subscribed channel was asked what it holds, and what it holds was adopted; what the copy
says is paused is reported to the admins.
"""

import sqlite3
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from bot.digest.models import Cadence, Place, ReasonCode, Subscription
from bot.errors import StoreError
from bot.models import ArxivId
from bot.store.sqlite.executor import Database
from bot.store.sqlite.statements import (
    LONG_AGO,
    change,
    json_array,
    read_moment,
    select,
    select_one,
    select_rows,
)

RESTORED: Final = "restored_at"
"""The fact that the database was restored, until the channels were compared with it."""


COMPARED_UP_TO: Final = "compared_up_to"
"""The fact that names the newest message that was there when the channels were compared."""

COPIED: Final = ReasonCode.COPIED.value
"""The reason of a step that only says that the copy may be behind."""

PAUSED: Final = "restored_paused:"
"""Begins the fact that a channel was paused when it had been compared, until its admins know."""


class Adopted(NamedTuple):
    """A message that a channel holds, and its thread, as `Restored.adopt` takes them."""

    message_id: int
    posted_at: datetime
    thread_id: int | None
    thread_name: str
    cadence: Cadence

    @property
    def place(self) -> Place:
        if self.thread_id is None:
            return Place.CHANNEL
        return Place.FORUM if self.thread_id == self.message_id else Place.THREAD


class Restored:
    """What is to be done after a database was restored."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def is_waiting(self) -> bool:
        """Whether the channels are still to be compared."""
        return await self._database.read(_is_waiting)

    async def last_known(self) -> datetime | None:
        """Return when a message last changed that the copy knows; all it forgot came later."""
        return await self._database.read(
            select_one,
            datetime,
            "SELECT at FROM delivery_history WHERE reason IS NOT ? ORDER BY at DESC LIMIT 1",
            (COPIED,),
        )

    async def known_messages(self, channel_id: int) -> set[int]:
        """Return Discord's identifiers of a channel's messages that the copy knows."""
        return set(
            await self._database.read(
                select,
                int,
                "SELECT message_id FROM delivery WHERE channel_id = ? AND message_id IS NOT NULL",
                (channel_id,),
            )
        )

    async def unfinished_threads(self, channel_id: int) -> set[int]:
        """Return the threads of a channel into which more messages were to go."""
        return set(
            await self._database.read(
                select,
                int,
                "SELECT message_id FROM delivery AS starter WHERE channel_id = ? "
                "AND starter_id IS NULL AND thread_name IS NOT NULL AND message_id IS NOT NULL "
                "AND EXISTS (SELECT 1 FROM delivery "
                "WHERE delivery.starter_id = starter.id AND delivery.state <> 'sent')",
                (channel_id,),
            )
        )

    async def adopt(
        self,
        subscription: Subscription,
        papers: Sequence[tuple[ArxivId, int]],
        *,
        message_id: int,
        posted_at: datetime,
        thread_id: int | None = None,
        thread_name: str = "",
        cadence: Cadence = Cadence.DAY,
    ) -> int:
        """Remember a message that a channel holds; returns how many papers were forgotten.

        ``thread_id`` is the thread in which it is, ``thread_name`` what the thread is called that
        begins with it, if one does.
        """
        message = Adopted(message_id, posted_at, thread_id, thread_name, cadence)
        return await self._database.write(_adopt, subscription, papers, message)

    async def adopt_news(
        self, user_id: int, news: Sequence[tuple[ArxivId, frozenset[int]]]
    ) -> None:
        """Remember what a person was told of followed papers, by numbers."""
        await self._database.write(_adopt_news, user_id, news)

    async def finish(self, now: datetime, newest: int | None = None) -> None:
        """Note that all channels were compared: planning may go on, paused digests are told of.

        ``newest`` is Discord's identifier of the newest message that was found.
        """
        await self._database.write(_finish, now, newest)

    async def list_paused(self) -> dict[int, datetime]:
        """Return the channels that were paused after comparing, and when that was.

        A copy may have forgotten that a digest was resumed, so its admins are told once.
        """
        paused = await self._database.read(
            select_rows, "SELECT name, value FROM fact WHERE name GLOB ?", (f"{PAUSED}*",)
        )
        return {
            int(name.removeprefix(PAUSED)): read_moment(at) or LONG_AGO
            for name, at in paused
            if name.removeprefix(PAUSED).isdecimal()
        }

    async def forget_paused(self, channel_ids: Collection[int]) -> None:
        """Note that these channels need no further notice."""
        await self._database.write(
            change,
            "DELETE FROM fact WHERE name IN (SELECT value FROM json_each(?))",
            (json_array(f"{PAUSED}{channel_id}" for channel_id in channel_ids),),
        )


def require_compared(connection: sqlite3.Connection) -> None:
    """Raise `StoreError` while the channels are still to be compared."""
    if _is_waiting(connection):
        raise StoreError(
            "The database was restored from a backup; posting waits until the bot has looked "
            "what the channels already have."
        )


def _is_waiting(connection: sqlite3.Connection) -> bool:
    return bool(select_rows(connection, "SELECT 1 FROM fact WHERE name = ?", (RESTORED,)))


def _finish(connection: sqlite3.Connection, now: datetime, newest: int | None) -> None:
    connection.execute("DELETE FROM fact WHERE name = ?", (RESTORED,))
    # People whom the backup calls gone may have used the bot since, so start over with all answers.
    connection.execute("UPDATE presence SET asked_on = NULL, answer = NULL, gone_since = NULL")
    if newest is not None:
        connection.execute(
            "INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)", (COMPARED_UP_TO, str(newest))
        )
    connection.execute(
        "INSERT OR REPLACE INTO fact (name, value) "
        "SELECT :prefix || channel_id, :now FROM subscription WHERE state = 'paused'",
        {"prefix": PAUSED, "now": now.isoformat()},
    )


def _adopt(
    connection: sqlite3.Connection,
    subscription: Subscription,
    papers: Sequence[tuple[ArxivId, int]],
    message: Adopted,
) -> int:
    forgotten = [
        (arxiv_id, version)
        for arxiv_id, version in papers
        if not _is_delivered(
            connection, subscription.channel_id, message.cadence, arxiv_id, version
        )
    ]
    if forgotten:
        _insert(connection, subscription, forgotten, message)
    return len(forgotten)


def _adopt_news(
    connection: sqlite3.Connection,
    user_id: int,
    news: Sequence[tuple[ArxivId, frozenset[int]]],
) -> None:
    connection.executemany(
        "UPDATE followed_paper SET told = trim(told || ' ' || ?) "
        "WHERE user_id = ? AND arxiv_id = ?",
        [(" ".join(map(str, sorted(told))), user_id, arxiv_id) for arxiv_id, told in news],
    )


def _is_delivered(
    connection: sqlite3.Connection,
    channel_id: int,
    cadence: Cadence,
    arxiv_id: ArxivId,
    version: int,
) -> bool:
    rows = select_rows(
        connection,
        "SELECT 1 FROM delivered_paper WHERE channel_id = ? AND cadence = ? AND arxiv_id = ? "
        "AND version >= ?",
        (channel_id, cadence.value, arxiv_id, version),
    )
    return bool(rows)


def _insert(
    connection: sqlite3.Connection,
    subscription: Subscription,
    papers: Sequence[tuple[ArxivId, int]],
    message: Adopted,
) -> None:
    """Add a message that is sent; its payload is not known any more."""
    name = f"{subscription.channel_id}:adopted:{message.message_id}"
    posted_at = message.posted_at
    day, at = posted_at.date().isoformat(), posted_at.isoformat(timespec="milliseconds")
    cursor = connection.execute(
        """
        INSERT INTO delivery (subscription_id, guild_id, channel_id, announced_on, part, key,
            nonce, payload, payload_sha256, state, not_before, planned_at, claimed_at, changed_at,
            message_id, reason, place, starter_id, thread_id, thread_name, has_thread,
            cadence)
        SELECT :subscription_id, :guild_id, :channel_id, :day, coalesce(max(part), 0) + 1, :name,
            :name, '', '', 'sent', :at, :at, :at, :at, :message_id, :found, :place,
            (SELECT id FROM delivery WHERE message_id = :thread_id AND :place = 'thread'),
            :thread_id, :thread_name, 1, :cadence
        FROM delivery WHERE channel_id = :channel_id AND announced_on = :day
        """,
        {
            "subscription_id": subscription.id,
            "guild_id": subscription.guild_id,
            "channel_id": subscription.channel_id,
            "day": day,
            "name": name,
            "at": at,
            "message_id": message.message_id,
            "place": message.place.value,
            "thread_id": message.thread_id,
            "thread_name": message.thread_name or None,
            "found": ReasonCode.FOUND.value,
            "cadence": message.cadence.value,
        },
    )
    connection.executemany(
        "INSERT INTO delivered_paper "
        "(channel_id, cadence, arxiv_id, version, delivery_id, is_offered) "
        "VALUES (?, ?, ?, ?, ?, 0)",
        [
            (subscription.channel_id, message.cadence.value, *paper, cursor.lastrowid)
            for paper in papers
        ],
    )
