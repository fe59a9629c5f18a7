"""What a channel got, for those who catch up with it; and a paper at random."""

import sqlite3
from datetime import datetime
from typing import Final

from bot.models import ArxivId
from bot.store.keys import day_of, end_key, first_key
from bot.store.sqlite.executor import Database
from bot.store.sqlite.statements import select, select_one

MOST: Final = 5000
"""Papers: two hundred pages and more."""


class Received:
    """Papers as readers come upon them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_since(self, guild_id: int, channel_id: int, since: datetime) -> list[ArxivId]:
        """List what was posted to a channel of a server since a moment, the newest date first."""
        return await self._database.read(
            select,
            ArxivId,
            """
            SELECT arxiv_id FROM delivered_paper JOIN delivery ON delivery.id = delivery_id
            WHERE delivered_paper.channel_id = :channel_id AND guild_id = :guild_id
                AND state = 'sent' AND changed_at >= :since
            GROUP BY arxiv_id ORDER BY max(announced_on) DESC, min(part), arxiv_id LIMIT :most
            """,
            {
                "channel_id": channel_id,
                "guild_id": guild_id,
                "since": since.isoformat(),
                "most": MOST,
            },
        )

    async def pick(self) -> ArxivId | None:
        """Pick a paper at random: of a random day, any of its papers; None of an empty archive."""
        return await self._database.read(_pick)


def _pick(connection: sqlite3.Connection) -> ArxivId | None:
    near = select_one(
        connection,
        int,
        """
        SELECT key FROM paper WHERE key >= (
            SELECT first + abs(random() % (last - first + 1)) FROM (
                SELECT (SELECT key FROM paper ORDER BY key LIMIT 1) AS first,
                    (SELECT key FROM paper ORDER BY key DESC LIMIT 1) AS last))
        ORDER BY key LIMIT 1
        """,
    )
    if near is None:
        return None
    day = day_of(near)
    return select_one(
        connection,
        ArxivId,
        "SELECT arxiv_id FROM paper WHERE key >= :first AND key < :end ORDER BY random() LIMIT 1",
        {"first": first_key(day), "end": end_key(day)},
    )
