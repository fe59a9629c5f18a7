"""SQLite plumbing: open, lock, transact, read. Contains no business logic.

One connection writes, another reads (WAL), so that a search never waits for a listing being
stored. A write is a coroutine that gets the connection; it runs as one transaction that outlives
a cancelled caller, because cancelling an await does not cancel SQL already handed to aiosqlite
(omnilib/aiosqlite#299). After a cancellation the rows are the truth.
"""

import asyncio
import contextlib
import fcntl
import os
import sqlite3
import time
import urllib.parse
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import IO, TypeVar

import aiosqlite

from bot.errors import AlreadyRunning, DatabaseBusy, DatabaseUnusable, StoreError
from bot.store import migrations

T = TypeVar("T")
Work = Callable[[aiosqlite.Connection], Awaitable[T]]

BUSY_TIMEOUT_MS = 5000
READ_CACHE_KIB = 64 * 1024
READ_DEADLINE_S = 1.5


class Database:
    """An open database: `write` for transactions, `read` for queries with a deadline."""

    def __init__(
        self, path: Path, writer: aiosqlite.Connection, reader: aiosqlite.Connection
    ) -> None:
        self.path = path
        self._writer = writer
        self._reader = reader
        self._writing = asyncio.Lock()
        self._reading = asyncio.Lock()
        self._running: set[asyncio.Task[object]] = set()

    async def write(self, work: Work[T]) -> T:
        """Run ``work`` as one transaction; never await the network inside it.

        Commits on success, rolls back on any exception. Raises `DatabaseBusy` when another
        process holds the lock, `StoreError` for every other SQLite failure.
        """

        async def run() -> T:
            async with self._writing:
                with translated_errors():
                    return await _transact(self._writer, work)

        task: asyncio.Task[T] = asyncio.create_task(run())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def read(self, work: Work[T], *, deadline_s: float = READ_DEADLINE_S) -> T:
        """Run ``work`` on the read-only connection, interrupted after ``deadline_s``.

        Raises `DatabaseBusy` on an overrun as on a lock: both mean 'try again'.
        """
        async with self._reading:
            until = time.monotonic() + deadline_s
            await self._reader.set_progress_handler(lambda: int(time.monotonic() > until), 10_000)
            try:
                with translated_errors():
                    return await work(self._reader)
            finally:
                # A cancelled caller must not leave its handler (or its read) to the next one.
                await asyncio.shield(_clear_progress_handler(self._reader))

    async def close(self) -> None:
        """Wait for running writes, then close both connections."""
        while self._running:
            await asyncio.wait(set(self._running))
        await self._reader.close()
        await self._writer.close()


async def _clear_progress_handler(connection: aiosqlite.Connection) -> None:
    await connection.set_progress_handler(None, 0)  # type: ignore[arg-type]  # None removes it


async def _transact(connection: aiosqlite.Connection, work: Work[T]) -> T:
    await connection.execute("BEGIN IMMEDIATE")
    try:
        result = await work(connection)
        await connection.execute("COMMIT")
    except BaseException:
        # A full disk has already rolled back: then there is no transaction to end.
        with contextlib.suppress(sqlite3.Error):
            await connection.execute("ROLLBACK")
        raise
    return result


@contextlib.contextmanager
def translated_errors() -> Iterator[None]:
    """Turn SQLite's exceptions into ours; bugs (wrong SQL) pass through as `StoreError` too."""
    try:
        yield
    except sqlite3.OperationalError as error:
        message = str(error)
        if "locked" in message or "busy" in message or "interrupted" in message:
            raise DatabaseBusy("The database is busy; please try again in a moment.") from error
        raise StoreError(f"The database refused: {message}.") from error
    except sqlite3.Error as error:
        raise StoreError(f"The database refused: {error}.") from error


@contextlib.contextmanager
def instance_lock(path: Path) -> Iterator[None]:
    """Hold the lock file beside the database; a killed process frees it by itself.

    Raises `AlreadyRunning` when another instance holds it.
    """
    _prepare_directory(path)
    lock_path = path.with_name(path.name + ".lock")
    try:
        lock: IO[str] = lock_path.open("a")
    except OSError as error:
        raise DatabaseUnusable(_unwritable(path, error)) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise AlreadyRunning(
                f"Another instance already uses {path}; stop it first or choose another "
                "database.path."
            ) from error
        yield


@contextlib.asynccontextmanager
async def open_database(path: Path) -> AsyncIterator[Database]:
    """Open (and create or migrate) the database at ``path``; close it whatever happens.

    Raises `DatabaseUnusable` with one sentence when the file cannot be used; a file that is
    corrupt, foreign or newer is never touched.
    """
    _prepare_directory(path)
    writer = await _connect(path)
    try:
        reader = await _connect_reader(path)
        try:
            database = Database(path, writer, reader)
            yield database
            while database._running:
                await asyncio.wait(set(database._running))
        finally:
            await asyncio.shield(reader.close())
    finally:
        # An unclosed aiosqlite connection keeps the process alive (omnilib/aiosqlite#290).
        await asyncio.shield(writer.close())


def _prepare_directory(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseUnusable(_unwritable(path, error)) from error
    if path.exists() and not os.access(path, os.W_OK):
        raise DatabaseUnusable(
            f"{path} is not writable; make it writable for the bot's user or set database.path."
        )


async def _connect(path: Path) -> aiosqlite.Connection:
    try:
        connection = await aiosqlite.connect(path, isolation_level=None)
    except sqlite3.Error as error:
        raise DatabaseUnusable(_unwritable(path, error)) from error
    try:
        await _configure_writer(connection)
        await migrations.migrate(connection)
    except sqlite3.Error as error:
        await connection.close()
        if "locked" in str(error):
            raise DatabaseBusy(f"{path} is locked by another process; try again.") from error
        raise DatabaseUnusable(
            f"{path} cannot be used as a database ({error}); restore a backup or set "
            "database.path to another file."
        ) from error
    except BaseException:
        await connection.close()
        raise
    return connection


async def _configure_writer(connection: aiosqlite.Connection) -> None:
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",  # a commit lost to a power cut would be a paper posted twice
        "foreign_keys = ON",
        "trusted_schema = OFF",
        "cell_size_check = ON",
    ):
        await connection.execute(f"PRAGMA {pragma}")


async def _connect_reader(path: Path) -> aiosqlite.Connection:
    address = f"file:{urllib.parse.quote(str(path))}?mode=ro"
    connection = await aiosqlite.connect(address, uri=True, isolation_level=None)
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "query_only = ON",
        f"cache_size = -{READ_CACHE_KIB}",
    ):
        await connection.execute(f"PRAGMA {pragma}")
    return connection


def _unwritable(path: Path, error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return (
        f"Cannot open the database {path} ({reason}); set database.path to a file in a "
        "directory that the bot may write to."
    )
