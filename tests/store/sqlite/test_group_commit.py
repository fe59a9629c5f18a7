"""Single statements that wait together share a transaction, and nothing else."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.errors import DatabaseBusy, StoreError
from bot.store.sqlite.database import Database, open_database

INSERT = "INSERT INTO fact VALUES (:name, '') RETURNING name"


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with open_database(tmp_path / "bot.db") as database:
        yield database


async def count_transactions(database: Database) -> list[str]:
    """Collect the commits that the writer makes from now on."""
    commits: list[str] = []

    def trace(statement: str) -> None:
        if statement == "COMMIT":
            commits.append(statement)

    await database._writer.set_trace_callback(trace)
    return commits


def names(database: Database) -> set[str]:
    connection = sqlite3.connect(database.path)
    try:
        return {row[0] for row in connection.execute("SELECT name FROM fact")}
    finally:
        connection.close()


async def add(database: Database, name: str, patience_s: float = 0.0) -> object:
    return await database.write_one(INSERT, {"name": name}, patience_s=patience_s)


async def test_statements_that_wait_together_share_a_transaction(database: Database) -> None:
    commits = await count_transactions(database)
    results = await asyncio.gather(*(add(database, str(number)) for number in range(20)))
    assert results == [[(str(number),)] for number in range(20)]
    assert len(commits) == 1
    assert len(names(database)) == 20


async def test_the_patient_go_with_the_next_or_at_last_alone(database: Database) -> None:
    commits = await count_transactions(database)
    patient = asyncio.create_task(add(database, "patient", 5.0))
    await asyncio.sleep(0.02)
    assert names(database) == set()
    await add(database, "hasty")
    await patient
    assert len(commits) == 1
    await add(database, "alone", 0.02)
    assert names(database) == {"patient", "hasty", "alone"}


async def test_one_that_fails_leaves_the_others_alone(database: Database) -> None:
    await add(database, "a")
    results = await asyncio.gather(
        add(database, "b"),
        add(database, "a"),
        add(database, "\ud800"),
        add(database, "c"),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [list, StoreError, StoreError, list]
    assert names(database) == {"a", "b", "c"}


async def test_a_locked_file_fails_all_and_harms_none(database: Database) -> None:
    await database._writer.execute("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(database.path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    results = await asyncio.gather(add(database, "a"), add(database, "b"), return_exceptions=True)
    assert [type(result) for result in results] == [DatabaseBusy, DatabaseBusy]
    other.execute("ROLLBACK")
    other.close()
    await add(database, "a")
    assert names(database) == {"a"}


async def test_what_was_asked_for_is_done_though_its_caller_is_gone(tmp_path: Path) -> None:
    """And closing waits for it."""
    async with open_database(tmp_path / "bot.db") as database:
        for patience_s in (0.0, 5.0):
            task = asyncio.create_task(add(database, str(patience_s), patience_s))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    assert names(database) == {"0.0", "5.0"}


async def test_it_does_not_mix_with_larger_transactions(database: Database) -> None:
    """A rollback of one takes nothing of the other."""

    async def failing(connection: object) -> None:
        await connection.execute("INSERT INTO fact VALUES ('gone', '')")  # type: ignore[attr-defined]
        await asyncio.sleep(0.02)
        raise ValueError

    results = await asyncio.gather(
        database.write(failing), add(database, "a"), add(database, "b"), return_exceptions=True
    )
    assert isinstance(results[0], ValueError)
    assert names(database) == {"a", "b"}
