"""The plumbing: transactions that outlive their callers, and files that are refused."""

import asyncio
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import aiosqlite
import pytest

from bot.errors import AlreadyRunning, BotError, DatabaseBusy, DatabaseUnusable, StoreError
from bot.store.sqlite import migrations
from bot.store.sqlite.database import BUSY_TIMEOUT_MS, Database, instance_lock, open_database


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bot.db"


@pytest.fixture
async def database(path: Path) -> AsyncIterator[Database]:
    async with open_database(path) as database:
        yield database


async def add(connection: aiosqlite.Connection, name: str = "a") -> None:
    await connection.execute("INSERT INTO fact VALUES (?, '')", (name,))


async def count(connection: aiosqlite.Connection) -> int:
    rows = await connection.execute_fetchall("SELECT count(*) FROM fact")
    return int(next(iter(rows))[0])


async def _busy_timeout(connection: aiosqlite.Connection) -> int:
    return int(next(iter(await connection.execute_fetchall("PRAGMA busy_timeout")))[0])


async def create(path: Path) -> None:
    async with open_database(path) as database:
        await database.write(add)


# Transactions


async def test_a_failed_write_leaves_nothing(database: Database) -> None:
    async def work(connection: aiosqlite.Connection) -> None:
        await add(connection)
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        await database.write(work)
    assert await database.read(count) == 0


async def test_writers_do_not_mix(database: Database) -> None:
    """One's rollback takes nothing of another's."""

    async def failing(connection: aiosqlite.Connection) -> None:
        await add(connection, "gone")
        await asyncio.sleep(0)
        raise ValueError

    async def staying(name: str) -> None:
        await database.write(lambda connection: add(connection, name))

    works = [database.write(failing), staying("a"), database.write(failing), staying("b")]
    results = await asyncio.gather(*works, return_exceptions=True)
    assert [type(each) for each in results] == [ValueError, type(None)] * 2
    assert await database.read(count) == 2


async def read_for_ever(connection: aiosqlite.Connection) -> None:
    await connection.execute_fetchall(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    )


async def test_a_read_ends_at_its_deadline(database: Database) -> None:
    start = time.monotonic()
    with pytest.raises(DatabaseBusy):
        await database.read(read_for_ever, deadline_s=0.1)
    assert time.monotonic() - start < 2
    assert await database.read(count) == 0


async def test_a_read_ends_with_its_caller(database: Database) -> None:
    """Not at its deadline: a bot that is stopped while it checks a large file ends soon."""
    task = asyncio.create_task(database.read(read_for_ever, deadline_s=60))
    await asyncio.sleep(0.1)
    start = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - start < 2
    assert await database.read(count) == 0


async def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(StoreError):
        await database.read(add)


async def test_a_read_goes_on_while_a_write_waits(database: Database) -> None:
    async def slow(connection: aiosqlite.Connection) -> None:
        await add(connection)
        await asyncio.sleep(0.3)

    task = asyncio.create_task(database.write(slow))
    await asyncio.sleep(0.05)
    assert await database.read(count) == 0
    await task
    assert await database.read(count) == 1


async def test_who_waits_for_an_answer_waits_no_longer_than_asked(
    database: Database, path: Path
) -> None:
    """Whether another program or our own work has the lock; nothing is written later."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(database.write(partial(add, name="patient")))
    await asyncio.sleep(0.05)
    for _ in range(2):  # behind the first, then behind the file's lock alone
        with pytest.raises(DatabaseBusy):
            await database.write(add, patience_s=0.1)
    assert not waiting.done()
    other.execute("ROLLBACK")
    other.close()
    await waiting
    assert await database.read(count) == 1


async def test_patience_is_one_callers_own(database: Database) -> None:
    await database.write(add, patience_s=0.1)
    rows = await database.write(_busy_timeout)
    assert rows == BUSY_TIMEOUT_MS


async def test_a_locked_file_is_busy(database: Database) -> None:
    await database._writer.execute("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(database.path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(DatabaseBusy):
        await database.write(add)
    assert await database.read(count) == 0
    other.execute("ROLLBACK")
    other.close()
    await database.write(add)


async def test_a_full_disk_is_said_and_survived(database: Database) -> None:
    """Old data stays, and small writes work again once there is space."""
    await database.write(add)

    async def limit(connection: aiosqlite.Connection, pages: int) -> None:
        await connection.execute(f"PRAGMA max_page_count = {pages}")

    async def fill(connection: aiosqlite.Connection) -> None:
        await connection.execute("INSERT INTO fact VALUES ('big', ?)", ("x" * 10_000_000,))

    await limit(database._writer, 100)
    with pytest.raises(StoreError, match="no space"):
        await database.write(fill)
    await limit(database._writer, 1_000_000)
    await database.write(lambda connection: add(connection, "b"))
    assert await database.read(count) == 2


async def test_a_text_that_is_no_unicode_is_refused(database: Database) -> None:
    with pytest.raises(StoreError, match="Unicode"):
        await database.write(lambda connection: add(connection, "\ud800"))


async def test_closing_waits_for_a_write_whose_caller_is_gone(path: Path) -> None:
    async with open_database(path) as database:
        task = asyncio.create_task(database.write(add))
        await asyncio.sleep(0)
        task.cancel()
    async with open_database(path) as database:
        assert await database.read(count) == 1


# Files


def one_sentence(error: BotError) -> str:
    text = str(error)
    assert text.endswith(".")
    assert "\n" not in text
    return text


async def refusal(path: Path) -> str:
    """Return why ``path`` is refused; it must be left as it was."""
    before = path.read_bytes()
    with pytest.raises(DatabaseUnusable) as caught:
        async with open_database(path):
            pass
    assert path.read_bytes() == before
    return one_sentence(caught.value)


async def test_a_missing_file_is_made_whole(path: Path) -> None:
    await create(path)
    assert [file.name for file in path.parent.iterdir()] == ["bot.db"]


async def test_what_is_there_stays_when_opened_again(path: Path) -> None:
    await create(path)
    async with open_database(path) as database:
        assert await database.read(count) == 1


@pytest.mark.parametrize(
    "content",
    [b"", b"x", b"SQLite format 3\0", b"notes, no database " * 100],
    ids=["empty", "a byte", "a cut header", "text"],
)
async def test_a_file_that_is_no_database_is_refused(path: Path, content: bytes) -> None:
    """An emptied file is a loss to be noticed, not a place for a new database."""
    path.write_bytes(content)
    assert str(path) in await refusal(path)


async def test_a_database_of_another_program_is_refused(path: Path) -> None:
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE theirs (x)")
    other.close()
    assert "another program" in await refusal(path)


async def test_a_newer_database_is_refused(path: Path) -> None:
    await create(path)
    other = sqlite3.connect(path)
    other.execute(f"PRAGMA user_version = {len(migrations.STEPS) + 1}")
    other.close()
    assert "newer version" in await refusal(path)


async def test_a_damaged_schema_is_refused(path: Path) -> None:
    await create(path)
    content = bytearray(path.read_bytes())
    content[100:4096] = b"\xff" * 3996
    path.write_bytes(content)
    assert "damaged" in await refusal(path)


async def test_a_folder_is_refused(path: Path) -> None:
    path.mkdir()
    with pytest.raises(DatabaseUnusable) as caught:
        async with open_database(path):
            pass
    assert str(path) in one_sentence(caught.value)


async def test_only_the_last_folder_is_made(tmp_path: Path) -> None:
    """Where more is missing, a volume may be: a new database there would post all again."""
    await create(tmp_path / "data" / "bot.db")
    with pytest.raises(DatabaseUnusable) as caught:
        async with open_database(tmp_path / "volume" / "data" / "bot.db"):
            pass
    assert "volume" in one_sentence(caught.value)
    assert not (tmp_path / "volume").exists()


async def test_a_locked_file_at_the_start_is_busy(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await create(path)
    monkeypatch.setattr("bot.store.sqlite.database.BUSY_TIMEOUT_MS", 50)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    other.execute("INSERT INTO fact VALUES ('x', '')")
    with pytest.raises(DatabaseBusy) as caught:
        async with open_database(path):
            pass
    one_sentence(caught.value)
    other.close()


async def test_two_that_create_at_once_use_one_file(path: Path) -> None:
    async def opened(name: str) -> None:
        async with open_database(path) as database:
            await database.write(lambda connection: add(connection, name))

    await asyncio.gather(*(opened(str(number)) for number in range(4)))
    async with open_database(path) as database:
        assert await database.read(count) == 4


def test_a_second_instance_is_refused(path: Path) -> None:
    with instance_lock(path), pytest.raises(AlreadyRunning) as caught, instance_lock(path):
        pass
    one_sentence(caught.value)
    with instance_lock(path):
        pass


# Processes

OPEN = """
import asyncio, sys
from pathlib import Path
from bot.store.sqlite.database import open_database
async def main():
    async with open_database(Path(sys.argv[1])):
        if sys.argv[2:]: raise SystemExit(sys.argv[2])
asyncio.run(main())
"""


async def test_a_failed_migration_leaves_the_old_schema(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await create(path)
    broken = (*migrations.STEPS, ("CREATE TABLE more (x TEXT) STRICT", "nonsense"))
    with monkeypatch.context() as patched:
        patched.setattr(migrations, "STEPS", broken)
        assert "nonsense" in (await refusal(path))
    await create_again(path)


async def create_again(path: Path) -> None:
    async with open_database(path) as database:
        assert await database.read(count) == 1


def test_a_crash_after_opening_ends_the_process(path: Path) -> None:
    """An unclosed connection would keep it alive, a dead bot that looks live."""
    ran = subprocess.run(
        [sys.executable, "-c", OPEN, str(path), "crashed"],
        timeout=10,
        capture_output=True,
        check=False,
    )
    assert ran.returncode == 1
