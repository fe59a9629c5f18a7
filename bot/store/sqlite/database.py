"""SQLite plumbing: open, lock, transact, read. Contains no business logic.

One connection writes, another reads (WAL), so that a search never waits for a listing being
stored. A write is a coroutine that gets the connection; it runs as one transaction that outlives
a cancelled caller, because cancelling an await does not cancel SQL already handed to aiosqlite
(omnilib/aiosqlite#299). After a cancellation the rows are the truth.

A file that is there is never made anew: whatever is wrong with it, the bot refuses it.
"""

import asyncio
import contextlib
import fcntl
import os
import secrets
import shutil
import sqlite3
import time
import urllib.parse
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import IO, Final, TypeVar

import aiosqlite

from bot.errors import (
    AlreadyRunning,
    DatabaseBusy,
    DatabaseDamaged,
    DatabaseFull,
    DatabaseUnusable,
    StoreError,
)
from bot.store.sqlite import migrations
from bot.store.sqlite.group_commit import GroupCommit, Row, Writer

T = TypeVar("T")
Work = Callable[[aiosqlite.Connection], Awaitable[T]]

BUSY = "The database is busy; please try again in a moment."
BUSY_TIMEOUT_MS = 5000
PERSONS_PATIENCE_S = 2.0
"""How long somebody who changes a setting waits for the lock, before being told to try again."""
READ_CACHE_KIB = 64 * 1024
READ_DEADLINE_S = 1.5
LEAST_SPACE = 64 * 1024
"""Bytes that SQLite takes beside a database to open it at all."""

MAGIC: Final = b"SQLite format 3\0"
APPLICATION_ID_AT: Final = 68  # https://sqlite.org/fileformat2.html#the_database_header
HEADER_LENGTH: Final = 100

TRY_AGAIN = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_INTERRUPT)
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class Database:
    """An open database: `write` for transactions, `read` for queries with a deadline."""

    def __init__(self, path: Path, writer: Writer, reader: aiosqlite.Connection) -> None:
        self.path = path
        self._writer = writer
        self._reader = reader
        self._writing = asyncio.Lock()
        self._reading = asyncio.Lock()
        self._running: set[asyncio.Task[object]] = set()
        self._group = GroupCommit(writer, self._writing)

    async def write(self, work: Work[T], *, patience_s: float | None = None) -> T:
        """Run ``work`` as one transaction; never await the network inside it.

        Commits on success, rolls back on any exception. Raises `DatabaseBusy` when another
        process holds the lock, `StoreError` for every other SQLite failure. With patience it
        gives up waiting for its turn after so long, before anything is written.
        """

        async def run() -> T:
            async with self._turn(patience_s):
                with translated_errors():
                    return await _transact(self._writer, work)

        task: asyncio.Task[T] = asyncio.create_task(run())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    @contextlib.asynccontextmanager
    async def _turn(self, patience_s: float | None) -> AsyncIterator[None]:
        """Hold the writer; with patience, for somebody who waits for an answer."""
        if patience_s is None:
            async with self._writing:
                yield
            return
        begun = time.perf_counter()
        try:
            await asyncio.wait_for(self._writing.acquire(), patience_s)
        except TimeoutError:
            raise DatabaseBusy(BUSY) from None
        try:
            left_ms = max(int((patience_s - (time.perf_counter() - begun)) * 1000), 0)
            await self._writer.execute(f"PRAGMA busy_timeout = {left_ms}")
            yield
        finally:
            await self._writer.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
            self._writing.release()

    async def write_one(
        self, sql: str, parameters: Mapping[str, object], *, patience_s: float = 0.0
    ) -> list[Row]:
        """Run one statement and return the rows of its RETURNING; raises as `write` does.

        For what happens once a message: those that wait together, for ``patience_s`` at most,
        share one transaction.
        """
        with translated_errors():
            return await self._group.run(sql, parameters, patience_s)

    async def read(self, work: Work[T], *, deadline_s: float = READ_DEADLINE_S) -> T:
        """Run ``work`` on the read-only connection, interrupted after ``deadline_s``.

        Raises `DatabaseBusy` on an overrun as on a lock: both mean 'try again'.
        """
        async with self._reading:
            # Not monotonic(): the demo's Discord replaces that, and not for SQLite's thread.
            until = time.perf_counter() + deadline_s
            await self._reader.set_progress_handler(
                lambda: int(time.perf_counter() > until), 10_000
            )
            try:
                with translated_errors():
                    return await work(self._reader)
            except asyncio.CancelledError:
                await self._reader.interrupt()  # the whole file may be being read: minutes
                raise
            finally:
                # A cancelled caller must not leave its handler (or its read) to the next one.
                await asyncio.shield(_clear_progress_handler(self._reader))

    async def wait_for_writes(self) -> None:
        """Wait until every transaction that was asked for has ended."""
        await self._group.finish()
        while self._running:
            await asyncio.wait(set(self._running))


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
    except sqlite3.Error as error:
        raise _translated(error) from error
    except UnicodeEncodeError as error:
        raise StoreError("A text is not valid Unicode and cannot be stored.") from error


def _translated(error: sqlite3.Error) -> StoreError:
    code = primary_code(error)
    if code in TRY_AGAIN:
        return DatabaseBusy(BUSY)
    if code == sqlite3.SQLITE_FULL:
        return DatabaseFull("There is no space left for the database.")
    if code in DAMAGED:
        return DatabaseUnusable(f"The database is damaged ({error}); restore a backup.")
    return StoreError(f"The database refused: {error}.")


def primary_code(error: sqlite3.Error) -> int | None:
    """Return SQLite's error code without its extension (https://sqlite.org/rescode.html)."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


# Opening


@contextlib.contextmanager
def instance_lock(path: Path) -> Iterator[IO[str]]:
    """Hold the lock file beside the database; a killed process frees it by itself.

    Raises `AlreadyRunning` when another instance holds it.
    """
    _prepare_folder(path)
    lock_path = path.with_name(path.name + ".lock")
    try:
        lock: IO[str] = lock_path.open("a+")
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
        yield lock


@contextlib.asynccontextmanager
async def open_database(path: Path) -> AsyncIterator[Database]:
    """Open (and create or migrate) the database at ``path``; close it whatever happens.

    Raises `DatabaseUnusable` with one sentence when the file cannot be used; a file that is
    corrupt, foreign or newer is never touched.
    """
    _prepare_folder(path)
    if is_missing(path):
        await _create(path)
    check_header(path)
    async with _connected_writer(path) as writer, _connected_reader(path) as reader:
        database = Database(path, writer, reader)
        try:
            yield database
        finally:
            await asyncio.shield(database.wait_for_writes())


def is_missing(path: Path) -> bool:
    return not os.path.lexists(path)


def check_header(path: Path) -> None:
    """Refuse a file that is no database of ours, by reading it only.

    Raises `DatabaseUnusable`.
    """
    try:
        with path.open("rb") as file:
            header = file.read(HEADER_LENGTH)
    except OSError as error:
        raise DatabaseUnusable(_unwritable(path, error)) from error
    if not os.access(path, os.W_OK):
        raise DatabaseUnusable(
            f"{path} is not writable; make it writable for the bot's user or set database.path."
        )
    if not header:
        raise DatabaseDamaged(f"{path} is empty, so its data is lost.")
    if len(header) < HEADER_LENGTH or not header.startswith(MAGIC):
        raise DatabaseDamaged(f"{path} is not a database.")
    if not is_ours(header):
        raise DatabaseUnusable(
            f"{path} is a database of another program; set database.path to another file."
        )


def is_ours(header: bytes) -> bool:
    """Whether the first bytes of a file are those of a database of this program."""
    application = header[APPLICATION_ID_AT : APPLICATION_ID_AT + 4]
    return header.startswith(MAGIC) and application == migrations.APPLICATION_ID.to_bytes(4)


async def _create(path: Path) -> None:
    """Make a database beside ``path`` and put it there whole: a kill leaves none or all of it."""
    new = path.with_name(f"{path.name}.new-{secrets.token_hex(4)}")
    try:
        async with _connected_writer(new):
            pass  # the last connection to close moves the log into the file
        with contextlib.suppress(FileExistsError):  # another process was faster: use its file
            os.link(new, path)
    except OSError as error:
        raise DatabaseUnusable(_unwritable(path, error)) from error
    finally:
        for suffix in ("", "-wal", "-shm"):
            new.with_name(new.name + suffix).unlink(missing_ok=True)


@contextlib.asynccontextmanager
async def _connected_writer(path: Path) -> AsyncIterator[Writer]:
    writer = Writer(partial(sqlite3.connect, path, isolation_level=None), iter_chunk_size=64)
    async with _connected(path, writer):
        with _refused(path):
            await _configure_writer(writer)
        yield writer


@contextlib.asynccontextmanager
async def _connected_reader(path: Path) -> AsyncIterator[aiosqlite.Connection]:
    address = f"file:{urllib.parse.quote(str(path))}?mode=ro"
    reader = aiosqlite.connect(address, uri=True, isolation_level=None)
    async with _connected(path, reader):
        with _refused(path):
            await _configure_reader(reader)
        yield reader


@contextlib.asynccontextmanager
async def _connected(path: Path, connection: aiosqlite.Connection) -> AsyncIterator[None]:
    """Connect, and close in any case: left open it keeps the process alive.

    omnilib/aiosqlite#290
    """
    with _refused(path):
        await connection
    try:
        yield
    finally:
        await asyncio.shield(connection.close())


@contextlib.contextmanager
def _refused(path: Path) -> Iterator[None]:
    """Say what a failure while opening ``path`` means."""
    try:
        yield
    except DatabaseUnusable as error:
        raise DatabaseUnusable(f"{path} cannot be used: {error}") from error
    except sqlite3.Error as error:
        if primary_code(error) in TRY_AGAIN:
            raise DatabaseBusy(f"{path} is locked by another process; try again.") from error
        if primary_code(error) in DAMAGED:
            raise DatabaseDamaged(f"{path} is damaged ({error}).") from error
        raise DatabaseUnusable(_unwritable(path, error)) from error


async def _configure_writer(connection: aiosqlite.Connection) -> None:
    await connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    await migrations.check_version(connection)  # before anything is written
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",  # a commit lost to a power cut would be a paper posted twice
        "foreign_keys = ON",
        "trusted_schema = OFF",
        "cell_size_check = ON",
    ):
        await connection.execute(f"PRAGMA {pragma}")
    await migrations.migrate(connection)


async def _configure_reader(connection: aiosqlite.Connection) -> None:
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "query_only = ON",
        f"cache_size = -{READ_CACHE_KIB}",
    ):
        await connection.execute(f"PRAGMA {pragma}")


def _prepare_folder(path: Path) -> None:
    """Make the database's folder, but not the folders above it.

    Where more is missing, a volume is probably not mounted: a fresh database there would post
    everything again.
    """
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise DatabaseUnusable(_unwritable(path, error)) from error


def _is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < LEAST_SPACE
    except OSError:  # then it is something else
        return False


def _unwritable(path: Path, error: Exception) -> str:
    if _is_full(path.parent):  # SQLite calls that an I/O error while it opens a file
        return f"There is no space left on the disk of {path}; make some and start again."
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return (
        f"Cannot open the database {path} ({reason}); set database.path to a file in a "
        "folder that is there and that the bot may write to."
    )
