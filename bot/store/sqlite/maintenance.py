"""Is the database whole? Looked at before the bot starts, and by ``check``."""

import sqlite3
from functools import partial

import aiosqlite

from bot.errors import DatabaseDamaged, DatabaseUnusable
from bot.store.sqlite.database import DAMAGED, Database, primary_code

CHECK_DEADLINE_S = 600.0


async def check_pages(database: Database) -> None:
    """Read every page; a damaged one is not noticed until somebody needs it.

    Raises `DatabaseDamaged`.
    """

    async def work(connection: aiosqlite.Connection) -> list[str]:
        rows = await connection.execute_fetchall("PRAGMA quick_check(3)")
        return [str(row[0]) for row in rows]

    try:
        findings = await database.read(work, deadline_s=CHECK_DEADLINE_S)
    except DatabaseUnusable as error:
        findings = [str(error.__cause__)]
    if findings != ["ok"]:
        raise DatabaseDamaged(f"{database.path} is damaged ({'; '.join(findings)}).")


async def repair_indexes(database: Database) -> list[str]:
    """Rebuild the full-text indexes that are out of step with the papers, and name them."""
    stale = await find_stale_indexes(database)
    for name in stale:
        await rebuild_index(database, name)
    return stale


async def find_stale_indexes(database: Database) -> list[str]:
    """Compare the full-text indexes with the papers, and name those that differ.

    Only this check sees an index that is out of step; searches would just miss papers. Nobody
    else can write meanwhile: a second or so for each 40,000 papers.
    """
    return [
        name
        for name in await list_indexes(database)
        if not await database.write(partial(_is_in_step, name=name))
    ]


async def list_indexes(database: Database) -> list[str]:
    """Name the full-text indexes."""

    async def work(connection: aiosqlite.Connection) -> list[str]:
        rows = await connection.execute_fetchall(
            "SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL TABLE%USING fts5%' "
            "ORDER BY name"
        )
        return [str(row[0]) for row in rows]

    return await database.read(work)


async def rebuild_index(database: Database, name: str) -> None:
    """Make the full-text index ``name`` anew from the papers."""

    async def work(connection: aiosqlite.Connection) -> None:
        await connection.execute(f"INSERT INTO {name} ({name}) VALUES ('rebuild')")

    await database.write(work)


async def _is_in_step(connection: aiosqlite.Connection, name: str) -> bool:
    # https://sqlite.org/fts5.html#the_integrity_check_command: rank 1 compares with the content
    try:
        await connection.execute(f"INSERT INTO {name} ({name}, rank) VALUES ('integrity-check', 1)")
    except sqlite3.DatabaseError as error:
        if primary_code(error) in DAMAGED:
            return False
        raise
    return True
