"""What the file knows of the newest posts, to tell them from those of another host."""

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from bot.digest.messages import DeliveryRecord
from bot.store.backup.restored import COMPARED_UP_TO
from bot.store.outbox.outbox import DueChannel
from bot.store.outbox.records import OPEN, list_records
from bot.store.sqlite.executor import Database
from bot.store.sqlite.statements import LONG_AGO, select, select_one

RECENT: Final = """
    SELECT delivery_id FROM delivery_history WHERE to_state = 'sent' ORDER BY rowid DESC LIMIT 200
"""
"""The deliveries posted last; their history is in the order in which things happened."""

DISCORD_EPOCH: Final = datetime(2015, 1, 1, tzinfo=UTC)
"""From when Discord's identifiers count (https://docs.discord.com/developers/reference)."""

POSTED_LAST: Final = f"""
    SELECT guild_id, channel_id FROM delivery WHERE id IN ({RECENT})
    GROUP BY channel_id ORDER BY max(id) DESC LIMIT ?
"""
DUE_FIRST: Final = f"""
    SELECT guild_id, channel_id FROM delivery WHERE {OPEN}
    GROUP BY channel_id ORDER BY min(id) LIMIT ?
"""


class Horizon(NamedTuple):
    """How far the file knows what was posted, and channels in which more would be seen.

    ``up_to`` is Discord's identifier of the newest message that it knows in any channel:
    identifiers grow with time. Where it knows none, one of the time when the first was planned.
    """

    up_to: int
    channels: Sequence[DueChannel]


class Posted:
    """The store's knowledge of what was posted last."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def horizon(self, each: int) -> Horizon:
        """Return up to where posts are known; ``each`` channels posted to last, and due first."""
        return await self._database.read(_horizon, each)

    async def list_tried(self, channel_id: int) -> list[DeliveryRecord]:
        """List a channel's messages that may be there without the file knowing where."""
        where = (
            "channel_id = :channel_id AND message_id IS NULL "
            "AND (attempts > 0 OR claimed_at IS NOT NULL)"
        )
        return await self._database.read(list_records, where, {"channel_id": channel_id})


def _horizon(connection: sqlite3.Connection, each: int) -> Horizon:
    compared = select_one(
        connection, str, "SELECT value FROM fact WHERE name = ?", (COMPARED_UP_TO,)
    )
    known = [
        select_one(connection, int, f"SELECT max(message_id) FROM delivery WHERE id IN ({RECENT})"),
        int(compared) if compared is not None and compared.isdecimal() else None,
    ]
    found = [
        channel
        for sql in (POSTED_LAST, DUE_FIRST)
        for channel in select(connection, DueChannel, sql, (each,))
    ]
    up_to = max((each for each in known if each is not None), default=_first_plan(connection))
    return Horizon(up_to, list(dict.fromkeys(found)))


def _first_plan(connection: sqlite3.Connection) -> int:
    """Return the identifier of a message that was posted when the first one was planned."""
    first = f"SELECT planned_at FROM delivery WHERE {OPEN} ORDER BY planned_at LIMIT 1"
    planned_at = select_one(connection, datetime, first)
    since = (planned_at or LONG_AGO) - DISCORD_EPOCH
    return max(int(since / timedelta(milliseconds=1)), 0) << 22
