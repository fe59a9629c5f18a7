"""Renewing the indexes and rows of a file of an earlier version, a batch at a time.

New indexes grow beside the old, which go on answering, and take their place when they are
complete. Each batch is a transaction that says how far it went: a kill in the middle costs a batch.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from bot.store.rows import pack_source
from bot.store.search.index import (
    INDEXES,
    NEW,
    RENEWED_TO,
    REPACKED_TO,
    TAGS_RENEWED_TO,
    add,
    count_indexed,
    new_index,
    number_of,
    refresh_keys,
    renewed_to,
)
from bot.store.search.vocabulary import note_words
from bot.store.sqlite.executor import Database
from bot.store.sqlite.statements import select, select_rows

BATCH = 1000
"""Papers; about half a second for the writer."""
SMALL = 20_000
"""Papers that are renewed while the file is opened: some seconds."""

Progress = Callable[[int, int], None]
"""Is told how many papers are done, and of how many."""


def is_renewing(connection: sqlite3.Connection) -> bool:
    """Whether papers lack tags, or the indexes or rows are those of an earlier version."""
    return bool(_stages(connection))


def renew_if_small(connection: sqlite3.Connection) -> None:
    """Renew a small archive at once."""
    sql = "SELECT count(*) FROM (SELECT 1 FROM paper LIMIT ?)"
    if sum(select(connection, int, sql, (SMALL + 1,))) <= SMALL:
        while renew_batch(connection):
            pass


async def renew(database: Database, report: Progress) -> bool:
    """Renew what is to be; returns whether anything was."""
    stages = await database.read(_stages)
    for fact in stages:
        done, total = await database.read(_count, fact)
        report(done, total)
        while papers := await database.write(STAGES[fact]):
            done += papers
            report(min(done, total), total)
    return bool(stages)


def _stages(connection: sqlite3.Connection) -> list[str]:
    """Name the facts of the stages that are not complete."""
    return [fact for fact in STAGES if number_of(connection, fact) is not None]


def _count(connection: sqlite3.Connection, fact: str) -> tuple[int, int]:
    last = number_of(connection, fact) or 0
    done = sum(select(connection, int, "SELECT count(*) FROM paper WHERE key <= ?", (last,)))
    return done, count_indexed(connection)


def renew_batch(connection: sqlite3.Connection) -> int:
    """Bring the next papers up to date; returns how many, 0 at the end."""
    return next((papers for each in STAGES.values() if (papers := each(connection))), 0)


def _renew_indexes(connection: sqlite3.Connection) -> int:
    """Put the next papers, with new tags, into the new indexes."""
    renewed = renewed_to(connection)
    if renewed is None:
        return 0
    keys = _next_keys(connection, renewed)
    if not keys:
        _put_in_place(connection)
        return 0
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
    """Where only tags are new, the indexes stay and what differs is written again."""
    return _renew_rows(connection, TAGS_RENEWED_TO, refresh_keys)


def _repack(connection: sqlite3.Connection) -> int:
    return _renew_rows(connection, REPACKED_TO, _repack_rows)


def _renew_rows(
    connection: sqlite3.Connection,
    fact: str,
    renew: Callable[[sqlite3.Connection, Sequence[int]], None],
) -> int:
    renewed = number_of(connection, fact)
    if renewed is None:
        return 0
    keys = _next_keys(connection, renewed)
    if not keys:
        connection.execute("DELETE FROM fact WHERE name = ?", (fact,))
        return 0
    renew(connection, keys)
    _note(connection, fact, keys[-1])
    return len(keys)


STAGES: Mapping[str, Callable[[sqlite3.Connection], int]] = MappingProxyType(
    {RENEWED_TO: _renew_indexes, TAGS_RENEWED_TO: _renew_tags, REPACKED_TO: _repack}
)
"""What renews the next papers, by the fact that tells how far it got; 0 papers: it is complete."""

OUT_OF_THE_WAY = 1 << 62


def _repack_rows(connection: sqlite3.Connection, keys: Sequence[int]) -> None:
    """Leave out of some rows what follows from the rest, and what differs little pack.

    A row that shrinks leaves a gap in its page. So the rows go away and come back, one after the
    other: that fills the pages, and is no deletion, which would take links and announcements along.
    """
    rows = select_rows(
        connection,
        "SELECT title, abstract, coalesce(source_title, title), coalesce(source_abstract, "
        "abstract), key FROM paper WHERE key BETWEEN ? AND ? "
        "AND (source_title IS NOT NULL OR source_abstract IS NOT NULL)",
        (keys[0], keys[-1]),
    )
    connection.executemany(
        "UPDATE paper SET source = ? WHERE key = ?",
        [(pack_source(*row[:4]), row[4]) for row in rows],
    )
    connection.execute(
        "UPDATE paper SET key = key - ?, names = '', source_title = NULL, source_abstract = NULL "
        "WHERE key BETWEEN ? AND ?",
        (OUT_OF_THE_WAY, keys[0], keys[-1]),
    )
    connection.execute("UPDATE paper SET key = key + ? WHERE key < 0", (OUT_OF_THE_WAY,))


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
