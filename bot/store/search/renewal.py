"""Renewing the indexes of a file of an earlier version, a batch at a time.

The new ones grow beside the old, which go on answering, and take their place when they are
complete. Each batch is a transaction that says how far it went: a kill in the middle costs a batch.
"""

import sqlite3
from collections.abc import Callable

from bot.store.search.index import (
    INDEXES,
    NEW,
    RENEWED_TO,
    TAGS_RENEWED_TO,
    add,
    new_index,
    number_of,
    refresh_keys,
    renewed_to,
)
from bot.store.search.vocabulary import note_words
from bot.store.sqlite.executor import Database
from bot.store.sqlite.statements import select

BATCH = 1000
"""Papers; about half a second for the writer."""
SMALL = 20_000
"""Papers that are renewed while the file is opened: some seconds."""

Progress = Callable[[int, int], None]
"""Is told how many papers are done, and of how many."""


def is_renewing(connection: sqlite3.Connection) -> bool:
    """Whether papers lack tags, or the indexes are those of an earlier version."""
    facts = (RENEWED_TO, TAGS_RENEWED_TO)
    return any(number_of(connection, fact) is not None for fact in facts)


def renew_if_small(connection: sqlite3.Connection) -> None:
    """Renew the indexes of a small archive at once."""
    sql = "SELECT count(*) FROM (SELECT 1 FROM paper LIMIT ?)"
    if sum(select(connection, int, sql, (SMALL + 1,))) <= SMALL:
        while renew_batch(connection):
            pass


async def renew(database: Database, report: Progress) -> bool:
    """Renew the indexes if they are to be; returns whether they were."""
    if not await database.read(is_renewing):
        return False
    done, total = await database.read(_count)
    report(done, total)
    while papers := await database.write(renew_batch):
        done += papers
        report(min(done, total), total)
    return True


def _count(connection: sqlite3.Connection) -> tuple[int, int]:
    facts = (RENEWED_TO, TAGS_RENEWED_TO)
    last = next(filter(None, (number_of(connection, fact) for fact in facts)), 0)
    done = sum(select(connection, int, "SELECT count(*) FROM paper WHERE key <= ?", (last,)))
    return done, sum(select(connection, int, "SELECT count(*) FROM paper"))


def renew_batch(connection: sqlite3.Connection) -> int:
    """Put the next papers, with new tags, into the new indexes; returns how many, 0 at the end.

    Where only tags are new, the indexes stay and what differs is written again.
    """
    renewed = renewed_to(connection)
    if renewed is None:
        return _renew_tags(connection)
    keys = _next_keys(connection, renewed)
    if not keys:
        _put_in_place(connection)
        return _renew_tags(connection)
    with_tags = number_of(connection, TAGS_RENEWED_TO) == renewed
    if with_tags:
        refresh_keys(connection, keys)
        _note(connection, TAGS_RENEWED_TO, keys[-1])
    for name in INDEXES:
        add(connection, new_index(name, prefix=NEW), keys)
    note_words(connection, keys)
    _note(connection, RENEWED_TO, keys[-1])
    return len(keys)


def _renew_tags(connection: sqlite3.Connection) -> int:
    renewed = number_of(connection, TAGS_RENEWED_TO)
    if renewed is None:
        return 0
    keys = _next_keys(connection, renewed)
    if not keys:
        connection.execute("DELETE FROM fact WHERE name = ?", (TAGS_RENEWED_TO,))
        return 0
    refresh_keys(connection, keys)
    _note(connection, TAGS_RENEWED_TO, keys[-1])
    return len(keys)


def _next_keys(connection: sqlite3.Connection, last: int) -> list[int]:
    sql = "SELECT key FROM paper WHERE key > ? ORDER BY key LIMIT ?"
    return select(connection, int, sql, (last, BATCH))


def _note(connection: sqlite3.Connection, fact: str, key: int) -> None:
    connection.execute("UPDATE fact SET value = ? WHERE name = ?", (str(key), fact))


def _put_in_place(connection: sqlite3.Connection) -> None:
    for name in INDEXES:
        connection.execute(f"DROP TABLE {name}")
        connection.execute(f"ALTER TABLE {NEW}{name} RENAME TO {name}")
    connection.execute("DELETE FROM fact WHERE name = ?", (RENEWED_TO,))
