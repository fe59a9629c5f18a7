"""Files: made whole, opened, locked, and refused when they are not what they should be."""

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bot.errors import AlreadyRunning, BotError, DatabaseBusy, DatabaseUnusable
from bot.store.sqlite import migrations
from bot.store.sqlite.database import instance_lock, open_database
from tests.waiting import HUNG_S


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bot.db"


def add(connection: sqlite3.Connection, name: str = "a") -> None:
    connection.execute("INSERT INTO fact VALUES (?, '')", (name,))


def count(connection: sqlite3.Connection) -> int:
    return int(
        connection.execute("SELECT count(*) FROM fact WHERE name NOT GLOB 'search *'").fetchone()[0]
    )


async def create(path: Path) -> None:
    async with open_database(path) as database:
        await database.write(add)


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


@pytest.mark.parametrize("steps", range(10))
async def test_opening_that_is_cancelled_leaves_no_half_file(path: Path, steps: int) -> None:
    async def opened() -> None:
        async with open_database(path):
            pass

    task = asyncio.create_task(opened())
    for _ in range(steps):
        await asyncio.sleep(0.002)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert {file.name for file in path.parent.iterdir()} <= {"bot.db"}
    await create(path)


async def test_two_that_create_at_once_use_one_file(path: Path) -> None:
    async def opened(name: str) -> None:
        async with open_database(path) as database:
            await database.write(add, name)

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
        timeout=HUNG_S,
        capture_output=True,
        check=False,
    )
    assert ran.returncode == 1
