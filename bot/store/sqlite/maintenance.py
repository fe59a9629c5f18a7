"""Is the database whole? Looked at when the bot starts, and by ``check``."""

import contextlib
import sqlite3
from collections.abc import Iterator

from bot.errors import DatabaseDamaged
from bot.store.sqlite.executor import DAMAGED, Database, primary_code, run_apart
from bot.store.sqlite.statements import select


async def check_pages(database: Database) -> None:
    """Read every page: damage in one is not noticed until its content is needed.

    On a connection of its own, as 300 MB take about a second: others go on meanwhile. It ends with
    its caller. Raises `DatabaseDamaged`.
    """
    try:
        findings = await run_apart(database.path, _quick_check)
    except sqlite3.DatabaseError as error:
        findings = [str(error)]
    if findings != ["ok"]:
        raise DatabaseDamaged(f"{database.path} is damaged ({'; '.join(findings)}).")


def _quick_check(connection: sqlite3.Connection) -> list[str]:
    return select(connection, str, "PRAGMA quick_check(3)")


async def repair_indexes(database: Database) -> list[str]:
    """Rebuild the full-text indexes that are out of step with the papers, and name them."""
    stale = await find_stale_indexes(database)
    for name in stale:
        await rebuild_index(database, name)
    return stale


async def find_stale_indexes(database: Database) -> list[str]:
    """Compare the full-text indexes with the papers, and name those that differ.

    Only this check sees an index that is out of step; searches would just miss papers. It holds
    the writer for about a second for each 40,000 papers.
    """
    return [
        name for name in await list_indexes(database) if not await database.write(_is_in_step, name)
    ]


async def list_indexes(database: Database) -> list[str]:
    """Name the full-text indexes."""
    return await database.read(_index_names)


def _index_names(connection: sqlite3.Connection) -> list[str]:
    return select(
        connection,
        str,
        "SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL TABLE%USING fts5%' "
        "AND name NOT GLOB 'new_*' ORDER BY name",  # those are still being built
    )


async def rebuild_index(database: Database, name: str) -> None:
    """Build the full-text index ``name`` from the papers."""
    await database.write(_rebuild, name)


def _rebuild(connection: sqlite3.Connection, name: str) -> None:
    with _reading_views(connection):
        connection.execute(f"INSERT INTO {name} ({name}) VALUES ('rebuild')")


@contextlib.contextmanager
def _reading_views(connection: sqlite3.Connection) -> Iterator[None]:
    """Let FTS5 read the words of papers: a view of ours, with a function of ours."""
    connection.execute("PRAGMA trusted_schema = ON")
    try:
        yield
    finally:
        connection.execute("PRAGMA trusted_schema = OFF")


def _is_in_step(connection: sqlite3.Connection, name: str) -> bool:
    # https://sqlite.org/fts5.html#the_integrity_check_command: rank 1 compares with the content
    try:
        with _reading_views(connection):
            connection.execute(f"INSERT INTO {name} ({name}, rank) VALUES ('integrity-check', 1)")
    except sqlite3.DatabaseError as error:
        if primary_code(error) in DAMAGED:
            return False
        raise
    return True
