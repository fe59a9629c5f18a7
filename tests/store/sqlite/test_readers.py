"""Questions have deadlines, and do not wait for each other."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.errors import DatabaseUnusable, StoreError
from bot.store.sqlite.database import open_database
from bot.store.sqlite.readers import Readers, Reading

ENDLESS = (
    "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers) "
    "SELECT n FROM numbers"
)
SILENT = f"SELECT count(*) FROM ({ENDLESS})"


@pytest.fixture
async def path(tmp_path: Path) -> AsyncIterator[Path]:
    async with open_database(tmp_path / "papers.db"):
        yield tmp_path / "papers.db"


@pytest.fixture
async def readers(path: Path) -> AsyncIterator[Readers]:
    readers = Readers(path)
    yield readers
    await readers.close()


async def test_rows_found_before_the_deadline_are_kept(readers: Readers) -> None:
    def work(reading: Reading) -> tuple[int, bool]:
        return len(reading.rows(ENDLESS)), reading.overran

    found, overran = await readers.run(work, deadline_s=0.05)
    assert found > 100
    assert overran


async def test_a_question_ends_soon_after_its_deadline(readers: Readers) -> None:
    begun = time.monotonic()
    await readers.run(lambda reading: reading.rows(SILENT), deadline_s=0.05)
    assert time.monotonic() - begun < 1


async def test_what_was_found_may_still_be_loaded(readers: Readers) -> None:
    def work(reading: Reading) -> list[int]:
        reading.rows(SILENT)
        reading.allow(5)
        return reading.integers("SELECT 7")

    assert await readers.run(work, deadline_s=0.02) == [7]


async def test_one_slow_question_does_not_delay_the_next(readers: Readers) -> None:
    slow = asyncio.create_task(readers.run(lambda r: r.rows(SILENT), deadline_s=1.0))
    await asyncio.sleep(0.02)
    begun = time.monotonic()
    await readers.run(lambda reading: reading.rows("SELECT 1"), deadline_s=1.0)
    assert time.monotonic() - begun < 0.5
    assert not slow.done()
    await slow


async def test_the_event_loop_goes_on_meanwhile(readers: Readers) -> None:
    slow = asyncio.create_task(readers.run(lambda r: r.rows(SILENT), deadline_s=0.4))
    longest = 0.0
    while not slow.done():
        begun = time.monotonic()
        await asyncio.sleep(0.005)
        longest = max(longest, time.monotonic() - begun)
    assert longest < 0.25


async def test_a_cancelled_question_leaves_its_connection_usable(readers: Readers) -> None:
    for _ in range(4):
        task = asyncio.create_task(readers.run(lambda r: r.rows(SILENT), deadline_s=0.1))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await readers.run(lambda r: r.integers("SELECT 1"), deadline_s=1.0) == [1]


async def test_nothing_can_be_written(readers: Readers) -> None:
    with pytest.raises(StoreError):
        await readers.run(lambda r: r.rows("DELETE FROM paper"), deadline_s=1.0)


async def test_wrong_sql_is_an_error_not_an_empty_result(readers: Readers) -> None:
    with pytest.raises(StoreError, match="nowhere"):
        await readers.run(lambda r: r.rows("SELECT * FROM nowhere"), deadline_s=1.0)


async def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    readers = Readers(tmp_path / "none.db")
    with pytest.raises(StoreError):
        await readers.run(lambda r: r.rows("SELECT 1"), deadline_s=1.0)
    await readers.close()


async def test_a_damaged_file_is_said_to_be_damaged(tmp_path: Path) -> None:
    (tmp_path / "bad.db").write_bytes(b"not a database, not at all" * 100)
    readers = Readers(tmp_path / "bad.db")
    with pytest.raises(DatabaseUnusable):
        await readers.run(lambda r: r.rows("SELECT * FROM paper"), deadline_s=1.0)
    await readers.close()


async def test_a_question_sees_one_state_of_the_database(path: Path, readers: Readers) -> None:
    """Also when something is written between two of its statements."""

    def work(reading: Reading) -> list[int]:
        before = reading.integers("SELECT count(*) FROM fact")
        connection = sqlite3.connect(path)
        with connection:
            connection.execute("INSERT INTO fact VALUES ('a', 'b')")
        connection.close()
        return before + reading.integers("SELECT count(*) FROM fact")

    assert await readers.run(work, deadline_s=5.0) == [0, 0]
    assert await readers.run(lambda r: r.integers("SELECT count(*) FROM fact"), deadline_s=5) == [1]
