"""How the database stands in numbers, for whoever watches the process."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.store.outbox.outbox import Outbox
from bot.store.search.search import count_indexed
from bot.store.sqlite.executor import Database
from bot.store.sqlite.statements import read_moment, select_one, select_pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How delivery gets on.

    ``due_since`` is since when the longest-waiting message could have been sent; None when none
    waits. ``sent_at`` is when the last one was.
    """

    due_since: datetime | None
    sent_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Numbers at one moment; ``unsettled`` counts the messages that are not posted, by state."""

    papers: int
    digests: int
    unsettled: Mapping[str, int]
    size_bytes: int
    free_bytes: int


async def read_progress(database: Database, outbox: Outbox, now: datetime) -> Progress:
    sent_at = await database.read(
        select_one,
        str,
        "SELECT at FROM delivery_history WHERE to_state = 'sent' ORDER BY rowid DESC LIMIT 1",
    )
    return Progress(due_since=await outbox.due_since(now), sent_at=read_moment(sent_at))


async def read_figures(database: Database) -> Figures:
    """Count; as fast with a million papers as with none: a monitor asks every few seconds."""
    return await database.read(_read)


def _read(connection: sqlite3.Connection) -> Figures:
    def number(sql: str) -> int:
        return select_one(connection, int, sql) or 0

    page_bytes = number("PRAGMA page_size")
    unsettled = select_pairs(
        connection, str, int,
        "SELECT state, count(*) FROM delivery WHERE state IN ('planned', 'sending') GROUP BY state "
        "UNION ALL SELECT state, count(*) FROM delivery WHERE state IN ('failed', 'unknown') "
        "GROUP BY state",
    )  # fmt: skip
    return Figures(
        papers=count_indexed(connection),
        digests=number("SELECT count(*) FROM subscription WHERE user_id IS NULL"),
        unsettled=dict(unsettled),
        size_bytes=page_bytes * number("PRAGMA page_count"),
        free_bytes=page_bytes * number("PRAGMA freelist_count"),
    )
