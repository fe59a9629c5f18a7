"""How the database stands in numbers, for whoever watches the process."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.store.outbox.outbox import Outbox
from bot.store.sqlite.executor import Database
from bot.store.sqlite.statements import read_moment, select_one, select_pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Numbers at one moment.

    ``unsettled`` counts the messages that are not posted, by state. ``due_since`` is since when the
    longest-waiting message could have been sent; None when none waits. ``sent_at`` is when the last
    one was.
    """

    papers: int
    digests: int
    unsettled: Mapping[str, int]
    due_since: datetime | None
    sent_at: datetime | None
    size_bytes: int
    free_bytes: int


async def read_figures(database: Database, outbox: Outbox, now: datetime) -> Figures:
    """Count; a fraction of a second with a million papers."""
    return await database.read(_read, await outbox.due_since(now))


def _read(connection: sqlite3.Connection, due_since: datetime | None) -> Figures:
    def number(sql: str) -> int:
        return select_one(connection, int, sql) or 0

    page_bytes = number("PRAGMA page_size")
    unsettled = select_pairs(
        connection, str, int,
        "SELECT state, count(*) FROM delivery WHERE state IN ('planned', 'sending') GROUP BY state "
        "UNION ALL SELECT state, count(*) FROM delivery WHERE state IN ('failed', 'unknown') "
        "GROUP BY state",
    )  # fmt: skip
    sent_at = select_one(
        connection, str,
        "SELECT at FROM delivery_history WHERE to_state = 'sent' ORDER BY rowid DESC LIMIT 1",
    )  # fmt: skip
    return Figures(
        papers=number("SELECT count(*) FROM paper"),
        digests=number("SELECT count(*) FROM subscription WHERE user_id IS NULL"),
        unsettled=dict(unsettled),
        due_since=due_since,
        sent_at=read_moment(sent_at),
        size_bytes=page_bytes * number("PRAGMA page_count"),
        free_bytes=page_bytes * number("PRAGMA freelist_count"),
    )
