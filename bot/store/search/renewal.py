"""Renewing the indexes of a file of an earlier version, a batch at a time.

The new ones grow beside the old, which go on answering, and take their place when they are
complete. Each batch is a transaction that says how far it went: a kill in the middle costs a batch.
"""

import sqlite3
from collections.abc import Callable

from bot.store.search.index import INDEXES, NEW, RENEWED_TO, add, new_index, renewed_to
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
    return renewed_to(connection) is not None


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
    last = renewed_to(connection) or 0
    done = sum(select(connection, int, "SELECT count(*) FROM paper WHERE key <= ?", (last,)))
    return done, sum(select(connection, int, "SELECT count(*) FROM paper"))


def renew_batch(connection: sqlite3.Connection) -> int:
    """Put the next papers into the new indexes; returns how many, 0 when all are in place."""
    renewed = renewed_to(connection)
    if renewed is None:
        return 0
    keys = select(
        connection,
        int,
        "SELECT key FROM paper WHERE key > ? ORDER BY key LIMIT ?",
        (renewed, BATCH),
    )
    if not keys:
        _put_in_place(connection)
        return 0
    for name in INDEXES:
        add(connection, new_index(name, prefix=NEW), keys)
    note_words(connection, keys)
    connection.execute("UPDATE fact SET value = ? WHERE name = ?", (str(keys[-1]), RENEWED_TO))
    return len(keys)


def _put_in_place(connection: sqlite3.Connection) -> None:
    for name in INDEXES:
        connection.execute(f"DROP TABLE {name}")
        connection.execute(f"ALTER TABLE {NEW}{name} RENAME TO {name}")
    connection.execute("DELETE FROM fact WHERE name = ?", (RENEWED_TO,))
