"""The database's file: create, lock, open, refuse. `executor` runs the work on it.

A file that exists is never created again: whatever is wrong with it, the bot refuses it.
"""

import asyncio
import contextlib
import os
import shutil
import sqlite3
import urllib.parse
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import IO, Final, NamedTuple

from bot.errors import AlreadyRunning, DatabaseBusy, DatabaseDamaged, DatabaseUnusable
from bot.store.sqlite import host, migrations
from bot.store.sqlite.executor import (
    BUSY_TIMEOUT_MS,
    DAMAGED,
    TRY_AGAIN,
    Connection,
    Database,
    primary_code,
)
from bot.store.sqlite.files import (
    BESIDE,
    HEADER_LENGTH,
    MAGIC,
    FileWatch,
    Stamp,
    beside,
    lock_file,
    make_private,
    make_private_folder,
    open_private,
    part_of,
    read_stamp,
    refuse_special,
)
from bot.store.sqlite.updating import ALONE, Updating

READ_CACHE_KIB = 32 * 1024
"""For each reader."""
SWITCH_INTERVAL_S: Final = 0.0005
"""After how long a thread that computes lets SQLite's threads go on, for `sys.setswitchinterval`.

A search lets others go first at each row and each look at its deadline, up to three thousand times.
By Python's own 5 ms it waits that long each time while a day is planned
(https://bugs.python.org/issue7946).
"""
LEAST_SPACE = 64 * 1024
"""Bytes that SQLite takes beside a database to open it at all."""

APPLICATION_ID_AT: Final = 68  # https://sqlite.org/fileformat2.html#the_database_header
PROGRESS_NUMBERS: Final = 3
LOCK_BYTES: Final = 4096
"""More than a lock file has."""


@contextlib.contextmanager
def instance_lock(path: Path) -> Iterator[IO[str]]:
    """Hold the lock file beside the database; a killed process frees it by itself.

    Raises `AlreadyRunning` when another instance holds it.
    """
    refuse_special(path)
    _prepare_folder(path)
    with _opened_lock(path) as lock:
        _take(lock.fileno(), path)
        yield lock


def keep_lock(lock: IO[str], path: Path) -> bool:
    """Make the lock file again if it was deleted; tell whether it was.

    People delete it because it looks left over. Another instance would find no lock then, and the
    next start would not know the database. Raises `AlreadyRunning` when one was faster.
    """
    with contextlib.suppress(OSError):
        if os.path.samestat(lock_file(path).stat(), os.fstat(lock.fileno())):
            return False
    content = host.read_start(lock.fileno(), LOCK_BYTES)
    with _opened_lock(path) as new:
        _take(new.fileno(), path)
        host.write_start(new.fileno(), content)
        os.dup2(new.fileno(), lock.fileno(), inheritable=False)
    return True


class LockContent(NamedTuple):
    """What the lock file says of the bot's database: its last start and how far it had got."""

    boot: str = ""
    progress: tuple[int, ...] = ()
    changes: int = 0


def parse_lock(content: bytes) -> LockContent:
    boot, *numbers = content.decode("ascii", "replace").split() or [""]
    reached = [int(number) for number in numbers if number.isdecimal()]
    changes = reached[PROGRESS_NUMBERS] if len(reached) > PROGRESS_NUMBERS else 0
    return LockContent(boot, tuple(reached[:PROGRESS_NUMBERS]), changes)


def read_lock_file(path: Path) -> LockContent:
    """Read the lock file of the database at ``path``; it says nothing where there is none."""
    try:
        return parse_lock(lock_file(path).read_bytes()[:LOCK_BYTES])
    except OSError:
        return LockContent()


def _opened_lock(path: Path) -> IO[str]:
    file = lock_file(path)
    try:
        return os.fdopen(open_private(file), "r+")
    except OSError as error:
        raise DatabaseUnusable(_unwritable(file, error, "lock file")) from error


def _take(lock: int, path: Path) -> None:
    try:
        host.lock_whole(lock)
    except OSError as error:
        raise AlreadyRunning(
            f"Another instance already uses {path}; stop it first or choose another database.path."
        ) from error


@contextlib.asynccontextmanager
async def open_database(path: Path, updating: Updating = ALONE) -> AsyncIterator[Database]:
    """Open (and create or migrate) the database at ``path``; close it whatever happens.

    ``updating`` hears of the update of a file of an earlier version.

    Raises `DatabaseUnusable` with one sentence when the file cannot be used; a file that is
    corrupt, foreign or newer is never touched, and one that is gone not replaced by an empty one.
    """
    _prepare_folder(path)
    if is_missing(path):
        _refuse_lost(path)
        await _create(path)
    reached = read_lock_file(path).changes  # before the file, which another process may change
    stamp = read_stamp(check_header(path))
    _refuse_foreign_log(path, stamp, reached)
    watch = FileWatch(path)
    try:
        async with _opened_writer(path, updating=updating) as writer:
            watch.check()
            database = Database(path, writer, partial(_open_reader, path), watch)
            try:
                yield database
            finally:
                await asyncio.shield(database.close())
    finally:
        watch.set_aside_log()
        watch.close()


def is_missing(path: Path) -> bool:
    return not os.path.lexists(path)


def _refuse_lost(path: Path) -> None:
    """Refuse to begin an empty database where a file beside it says that there was one.

    All would be posted again, and SQLite would read an old log into the new file.
    """
    for left in (lock_file(path), beside(path, "-wal")):
        with contextlib.suppress(OSError):
            if left.stat().st_size:
                raise DatabaseDamaged(
                    f"{path} is gone, but {left} says that there was one; put it back, or delete "
                    "that file to begin with an empty database."
                )


def _refuse_foreign_log(path: Path, stamp: Stamp, reached: int) -> None:
    """Refuse a copy that was put in place beside the log that a kill left of the file before.

    SQLite would read the log into it. ``reached`` is how many changes the bot saw in its file.
    """
    log = beside(path, "-wal")
    with contextlib.suppress(OSError):
        if log.stat().st_size and not (stamp.has_log and stamp.changes >= reached):
            raise DatabaseUnusable(
                f"{path} was replaced by an older copy, and {log} belongs to the file before; move "
                f"{log.name} and {beside(path, '-shm').name} away and start again, or use the "
                "command restore, which does that."
            )


def check_header(path: Path, *, is_only_read: bool = False) -> bytes:
    """Refuse a file that is no database of ours, by reading it only; returns its first bytes.

    One that ``is_only_read`` may be on a disk that cannot be written. Raises `DatabaseUnusable`.
    """
    refuse_special(path)
    try:
        with path.open("rb") as file:
            header = file.read(HEADER_LENGTH)
    except OSError as error:
        if is_only_read:
            raise DatabaseUnusable(
                f"{path} cannot be read ({error.strerror}); make it readable for the bot's user."
            ) from error
        raise DatabaseUnusable(_unwritable(path, error)) from error
    if not is_only_read and not os.access(path, os.W_OK):
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
    return header


def is_ours(header: bytes) -> bool:
    """Whether the first bytes of a file are those of a database of this program."""
    application = header[APPLICATION_ID_AT : APPLICATION_ID_AT + 4]
    return header.startswith(MAGIC) and application == migrations.APPLICATION_ID.to_bytes(4)


async def _create(path: Path) -> None:
    """Make a database beside ``path`` and put it there whole: a kill leaves none or all of it."""
    new = part_of(path)
    try:
        make_private(new)
        async with _opened_writer(path, new):
            pass  # the last connection to close moves the log into the file
        with contextlib.suppress(FileExistsError):  # another process was faster: use its file
            host.put_new(new, path)
    except OSError as error:
        raise DatabaseUnusable(_unwritable(path, error)) from error
    finally:
        for suffix in ("", *BESIDE):
            with contextlib.suppress(OSError):
                beside(new, suffix).unlink(missing_ok=True)


@contextlib.asynccontextmanager
async def _opened_writer(
    path: Path, new: Path | None = None, updating: Updating = ALONE
) -> AsyncIterator[Connection]:
    """Open the file, or a ``new`` one that is to become it, and close it in any case."""
    writer = Connection(partial(sqlite3.connect, new or path, isolation_level=None))
    with _refused(path):
        await writer.open(partial(_prepare_writer, updating=updating))
    try:
        yield writer
    finally:
        await asyncio.shield(writer.close())


def _prepare_writer(connection: sqlite3.Connection, updating: Updating) -> None:
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    migrations.check_version(connection)  # before anything is written
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",  # a commit lost to a power cut would be a paper posted twice
        "foreign_keys = ON",
        "trusted_schema = OFF",
        "cell_size_check = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")
    migrations.migrate(connection, updating)


async def _open_reader(path: Path) -> Connection:
    address = f"file:{urllib.parse.quote(str(path))}?mode=ro"
    reader = Connection(partial(sqlite3.connect, address, uri=True, isolation_level=None))
    await reader.open(_prepare_reader)
    return reader


def _prepare_reader(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    connection.execute(f"PRAGMA cache_size = -{READ_CACHE_KIB}")


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


def _prepare_folder(path: Path) -> None:
    """Make the database's folder, but not the folders above it.

    Where more is missing, a volume is probably not mounted: a fresh database there would post
    everything again.
    """
    try:
        make_private_folder(path.parent)
    except OSError as error:
        raise DatabaseUnusable(_unwritable(path, error)) from error


def _is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < LEAST_SPACE
    except OSError:  # then it is something else
        return False


def _unwritable(path: Path, error: Exception, what: str = "database") -> str:
    if _is_full(path.parent):  # SQLite calls that an I/O error while it opens a file
        return f"There is no space left on the disk of {path}; make some and start again."
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return (
        f"Cannot open the {what} {path} ({reason}); set database.path to a file in a "
        "folder that is there and that the bot may write to."
    )
