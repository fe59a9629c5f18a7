"""How the database stands in numbers, for whoever watches the process."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.digest.models import NO_GUILD
from bot.store.outbox.outbox import Outbox
from bot.store.outbox.records import OPEN, TROUBLE
from bot.store.search.search import count_indexed
from bot.store.sqlite.executor import Database
from bot.store.sqlite.statements import read_moment, select_one, select_pairs, select_rows

CHANNEL: Final = "channel"
PERSON: Final = "person"
"""Whom a message is for; those to a person hold what that person follows."""


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
    """Numbers at one moment.

    ``unsettled`` counts the messages that are not posted and with which nobody is done, by state
    and by whom they are for (`CHANNEL` or `PERSON`).

    ``followers`` are people who follow something, active or paused; ``follows`` counts what: a
    query, also one for an author, or a paper.
    """

    papers: int
    digests: int
    followers: Mapping[str, int]
    follows: Mapping[str, int]
    unsettled: Mapping[tuple[str, str], int]
    size_bytes: int
    free_bytes: int


_FOLLOWERS: Final = (
    "SELECT state, count(*) FROM subscription WHERE user_id IS NOT NULL GROUP BY state"
)
_TO: Final = f"iif(guild_id = :nobody, '{PERSON}', '{CHANNEL}')"
# In two halves, as each has its index.
_UNSETTLED: Final = f"""
    SELECT state, {_TO}, count(*) FROM delivery WHERE {OPEN} GROUP BY 1, 2
    UNION ALL
    SELECT state, {_TO}, count(*) FROM delivery WHERE {TROUBLE} AND settled_at IS NULL GROUP BY 1, 2
"""
_FOLLOWED_QUERIES: Final = (
    "SELECT count(*) FROM subscription JOIN topic ON subscription_id = subscription.id "
    "WHERE user_id IS NOT NULL"
)


async def read_progress(database: Database, outbox: Outbox, now: datetime) -> Progress:
    sent_at = await database.read(
        select_one,
        str,
        "SELECT at FROM delivery_history WHERE to_state = 'sent' ORDER BY rowid DESC LIMIT 1",
    )
    return Progress(due_since=await outbox.due_since(now), sent_at=read_moment(sent_at))


async def read_figures(database: Database) -> Figures:
    """Count things, and take no longer with a million papers: a monitor asks every few seconds."""
    return await database.read(_read)


def _read(connection: sqlite3.Connection) -> Figures:
    def number(sql: str) -> int:
        return select_one(connection, int, sql) or 0

    page_bytes = number("PRAGMA page_size")
    unsettled = select_rows(connection, _UNSETTLED, {"nobody": NO_GUILD})
    followers = dict(select_pairs(connection, str, int, _FOLLOWERS))
    return Figures(
        papers=count_indexed(connection),
        digests=number("SELECT count(*) FROM subscription WHERE user_id IS NULL"),
        followers={state: followers.get(state, 0) for state in ("active", "paused")},
        follows={
            "query": number(_FOLLOWED_QUERIES),
            "paper": number("SELECT count(*) FROM followed_paper"),
        },
        unsettled={(state, to): count for state, to, count in unsettled},
        size_bytes=page_bytes * number("PRAGMA page_count"),
        free_bytes=page_bytes * number("PRAGMA freelist_count"),
    )
