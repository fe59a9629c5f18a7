"""Copies of the database: making one, restoring one, noticing that one was restored.

A copy that was restored has forgotten what was posted since it was made. So it is marked, and
nothing is planned until the channels themselves were asked (`restored.py`).
"""

import asyncio
import contextlib
import secrets
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Final

from bot.errors import DatabaseUnusable, FileFormatError, StoreError
from bot.store.backup.copies import make_folder
from bot.store.backup.restored import COPIED, RESTORED
from bot.store.sqlite import host, migrations
from bot.store.sqlite.database import (
    LOCK_BYTES,
    LockContent,
    check_header,
    instance_lock,
    parse_lock,
)
from bot.store.sqlite.executor import DAMAGED, Database, primary_code, run_apart
from bot.store.sqlite.files import (
    BESIDE,
    beside,
    copy_permissions,
    kind_of,
    make_private,
    part_of,
)
from bot.store.sqlite.statements import select, select_one

BOOT: Final = "boot"
"""The fact that names the last start of the bot; the lock file beside the database has it too."""


DOUBT_PLANNED: Final = (
    "UPDATE delivery SET state = 'sending', claimed_at = planned_at, claimed_boot = NULL, "
    f"changed_at = ?, reason = '{COPIED}', reason_details = NULL WHERE state = 'planned'"
)
"""What a copy has as planned may have been posted since it was made."""

DOUBT_THREADS: Final = (
    "UPDATE delivery SET has_thread = NULL "
    "WHERE has_thread = 0 AND starter_id IS NULL AND thread_name IS NOT NULL"
)
"""And threads that a copy does not know may have been made."""


async def backup(path: Path, target: Path) -> None:
    """Copy the database at ``path``, which another process may use, to ``target``.

    Its folder is made if need be. Raises `DatabaseUnusable`, and `StoreError` as `copy_database`
    and `make_folder` do.
    """
    check_header(path)
    make_folder(target.parent)
    await copy_database(path, target)


async def copy_database(path: Path, target: Path) -> None:
    """Copy the database at ``path``, which this process may use too, to ``target``.

    Copying the file itself would lose what is still in its log. And it must not even be opened but
    by SQLite: closing it again would free the locks of this process, and the next other process
    would take the log away (https://sqlite.org/howtocorrupt.html, section 2.2). Raises `StoreError`
    when the copy cannot be made; a file at ``target`` is replaced only by a good one. A cancelled
    caller ends the work, which then leaves nothing.
    """
    if kind := kind_of(target):  # a device, say, would be replaced
        raise StoreError(f"{target} is {kind}, not a file; name a file for the backup.")
    part = part_of(target)
    try:
        make_private(part)  # VACUUM INTO takes an empty file
        await run_apart(path, copy_into, part)
        await run_apart(part, check_copy, part)
        await asyncio.to_thread(host.put_in_place, part, target)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"The backup {target} cannot be written: {error}.") from error
    finally:
        _discard(part)


async def restore(source: Path, path: Path, *, now: datetime) -> Path | None:
    """Put the backup ``source`` in the place of the database at ``path``.

    What was there is kept under another name, which is returned, and the new file has its
    permissions and its owner. Raises `AlreadyRunning` while
    the bot runs, `FileFormatError` and `DatabaseUnusable` when the backup is missing, damaged,
    foreign or newer.
    """
    with instance_lock(path):
        check_file(source)
        part = part_of(path)
        try:
            make_private(part)
            await run_apart(source, copy_into, part)
            await run_apart(part, check_copy, part)
            await run_apart(part, _mark_restored, now)
            copy_permissions(path, part)
            kept = _set_aside(path, now)
            await asyncio.to_thread(host.put_in_place, part, path)
        except (sqlite3.Error, OSError) as error:
            raise unreadable(source, "restored", error) from error
        finally:
            _discard(part)
        return kept


def unreadable(source: Path, done: str, error: sqlite3.Error | OSError) -> StoreError:
    """Say why a backup cannot be ``done``: of a cut one SQLite says only that it opens nothing."""
    if isinstance(error, sqlite3.Error) and primary_code(error) in DAMAGED:
        return DatabaseUnusable(f"{source} is damaged.")
    return StoreError(f"The backup {source} cannot be {done}: {error}.")


def check_file(source: Path) -> None:
    if not source.is_file():
        raise FileFormatError(f"{source} is not a file; name one that `backup` made.")
    check_header(source, is_only_read=True)


def _discard(part: Path) -> None:
    with contextlib.suppress(OSError):
        part.unlink(missing_ok=True)


def copy_into(connection: sqlite3.Connection, part: Path) -> None:
    connection.execute("VACUUM INTO ?", (str(part),))


def check_copy(connection: sqlite3.Connection, path: Path) -> None:
    """Raise `DatabaseUnusable` unless the database is whole and one that this program knows."""
    findings = select(connection, str, "PRAGMA integrity_check(3)")
    if findings != ["ok"]:
        raise DatabaseUnusable(f"{path} is damaged: {'; '.join(findings)}.")
    (version,) = select(connection, int, "PRAGMA user_version")
    if version > len(migrations.STEPS):
        raise DatabaseUnusable(f"{path} was written by a newer version of the bot; update it.")


def _mark_restored(connection: sqlite3.Connection, now: datetime) -> None:
    """Mark a copy as restored, one of an earlier version as well."""
    migrations.migrate(connection)
    with connection:
        connection.execute("BEGIN")
        connection.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (RESTORED, now.isoformat()))
        connection.execute(DOUBT_PLANNED, (now.isoformat(timespec="milliseconds"),))
        connection.execute(DOUBT_THREADS)


def _set_aside(path: Path, now: datetime) -> Path | None:
    """Rename the database at ``path``, its log included; whole or damaged, it is not deleted."""
    kept = path.with_name(f"{path.stem}.replaced-{now:%Y%m%dT%H%M%S}{path.suffix}")
    found = [suffix for suffix in (*BESIDE, "") if beside(path, suffix).exists()]
    for suffix in found:
        beside(path, suffix).rename(beside(kept, suffix))
    return kept if "" in found else None


# Noticing

PROGRESS: Final = """
    SELECT (SELECT ifnull(max(rowid), 0) FROM delivery_history),
           (SELECT ifnull(max(key), 0) FROM paper),
           (SELECT ifnull(max(id), 0) FROM subscription)
"""
"""How far a database got, in numbers that only a loss makes smaller."""


async def note_boot(
    database: Database, lock: IO[str], now: datetime, *, is_behind: bool = False
) -> bool:
    """Note that the bot starts with this database; True when it forgot what the bot knew of it.

    ``is_behind`` says that it did, whatever can be seen of that.

    A person may have restored a copy by hand: then the lock file, which stays where it is, names
    another start than the database does. Or deleted the ``-wal`` that a kill left: then the lock
    file says that the database had got further. The lock is kept up with each transaction from
    here on; after a loss of power it may be behind, which means nothing.
    """
    boot = secrets.token_hex(8)
    known = parse_lock(host.read_start(lock.fileno(), LOCK_BYTES))

    def keep_up(connection: sqlite3.Connection) -> None:
        _write_lock(lock, boot, (*progress_of(connection), database.watch.changes))

    database.after_commit = keep_up
    return await database.write(_note_boot, boot, known, now, is_behind)


def _note_boot(
    connection: sqlite3.Connection, boot: str, known: LockContent, now: datetime, is_behind: bool
) -> bool:
    last = select_one(connection, str, "SELECT value FROM fact WHERE name = ?", (BOOT,))
    is_behind = is_behind or any(
        here < there for here, there in zip(progress_of(connection), known.progress, strict=False)
    )
    is_other = (last or "") != known.boot or is_behind
    # Counts as a change of the file, so that it differs from every copy made before this start.
    (version,) = select(connection, int, "PRAGMA user_version")
    connection.execute(f"PRAGMA user_version = {version:d}")
    facts = [(BOOT, boot), *([(RESTORED, now.isoformat())] if is_other else [])]
    connection.executemany(
        "INSERT INTO fact VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", facts
    )
    if is_other:
        connection.execute(DOUBT_PLANNED, (now.isoformat(timespec="milliseconds"),))
        connection.execute(DOUBT_THREADS)
    return is_other


def progress_of(connection: sqlite3.Connection) -> Sequence[int]:
    (row,) = connection.execute(PROGRESS)
    return tuple(row)


def _write_lock(lock: IO[str], boot: str, progress: Sequence[int]) -> None:
    """Write over the content, never shorter than it was: a kill leaves the old or the new one."""
    content = " ".join((boot, *map("{:>19}".format, progress)))
    with contextlib.suppress(OSError):  # a full disk: behind then, which means nothing
        host.write_start(lock.fileno(), f"{content}\n".encode())
