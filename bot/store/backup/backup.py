"""Copies of the database: making one, putting one back, noticing that one was put back.

A copy that was put back has forgotten what was posted since it was made. So it is marked, and
nothing is planned until the channels themselves were asked (`restored.py`).
"""

import asyncio
import contextlib
import os
import secrets
import shutil
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import IO, Final

from bot.errors import DatabaseUnusable, FileFormatError, StoreError
from bot.store.backup.restored import COPIED, RESTORED
from bot.store.sqlite import migrations
from bot.store.sqlite.database import check_header, instance_lock
from bot.store.sqlite.executor import Database, run_apart
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

    Raises `DatabaseUnusable`, and `StoreError` as `copy_database` does.
    """
    check_header(path)
    await copy_database(path, target)


async def copy_database(path: Path, target: Path) -> None:
    """Copy the database at ``path``, which this process may use too, to ``target``.

    Copying the file itself would lose what is still in its log. And it must not even be opened but
    by SQLite: closing it again would free the locks of this process, and the next other process
    would take the log away (https://sqlite.org/howtocorrupt.html, section 2.2). Raises `StoreError`
    when the copy cannot be made; a file at ``target`` is replaced only by a good one. A cancelled
    caller ends the work, which then leaves nothing.
    """
    part = _part_of(target)
    try:
        await run_apart(path, _copy_into, part)
        shutil.copymode(path, part)  # as few may read it as may read the database
        await run_apart(part, _check, part)
        await asyncio.to_thread(_put, part, target)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"The backup {target} cannot be written: {error}.") from error
    finally:
        _discard(part)


async def restore(source: Path, path: Path, *, now: datetime) -> Path | None:
    """Put the backup ``source`` in the place of the database at ``path``.

    What was there is kept under another name, which is returned. Raises `AlreadyRunning` while
    the bot runs, `FileFormatError` and `DatabaseUnusable` when the backup is missing, damaged,
    foreign or newer.
    """
    with instance_lock(path):
        _check_file(source)
        part = _part_of(path)
        try:
            await run_apart(source, _copy_into, part)
            await run_apart(part, _check, part)
            await run_apart(part, _mark_restored, now)
            kept = _set_aside(path, now)
            await asyncio.to_thread(_put, part, path)
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"The backup {source} cannot be put back: {error}.") from error
        finally:
            _discard(part)
        return kept


def _check_file(source: Path) -> None:
    if not source.is_file():
        raise FileFormatError(f"{source} is not a file; name one that `backup` made.")
    check_header(source)


def _part_of(target: Path) -> Path:
    return target.with_name(f"{target.name}.new-{secrets.token_hex(4)}")


def _discard(part: Path) -> None:
    with contextlib.suppress(OSError):
        part.unlink(missing_ok=True)


def _copy_into(connection: sqlite3.Connection, part: Path) -> None:
    connection.execute("VACUUM INTO ?", (str(part),))


def _check(connection: sqlite3.Connection, path: Path) -> None:
    """Raise `DatabaseUnusable` unless the database is whole and one that this program knows."""
    findings = select(connection, str, "PRAGMA integrity_check(3)")
    if findings != ["ok"]:
        raise DatabaseUnusable(f"{path} is damaged: {'; '.join(findings)}.")
    (version,) = select(connection, int, "PRAGMA user_version")
    if version > len(migrations.STEPS):
        raise DatabaseUnusable(f"{path} was written by a newer version of the bot; update it.")


def _mark_restored(connection: sqlite3.Connection, now: datetime) -> None:
    """Mark a copy as put back, one of an earlier version as well."""
    migrations.migrate(connection)
    with connection:
        connection.execute("BEGIN")
        connection.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (RESTORED, now.isoformat()))
        connection.execute(DOUBT_PLANNED, (now.isoformat(timespec="milliseconds"),))
        connection.execute(DOUBT_THREADS)


def _set_aside(path: Path, now: datetime) -> Path | None:
    """Rename the database at ``path``, its log included; whole or damaged, it is not deleted."""
    if not path.exists():
        return None
    kept = path.with_name(f"{path.stem}.replaced-{now:%Y%m%dT%H%M%S}{path.suffix}")
    for suffix in ("-wal", "-shm", ""):
        file = path.with_name(path.name + suffix)
        if file.exists():
            file.rename(kept.with_name(kept.name + suffix))
    return kept


def _put(part: Path, target: Path) -> None:
    """Move a finished file to its place so that a power cut leaves the old or the new one."""
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


# Noticing


async def note_boot(database: Database, lock: IO[str], now: datetime) -> bool:
    """Note that the bot starts with this database; True when it is not the one it last ran with.

    A person may have put back a copy by hand: then the lock file, which stays where it is, names
    another start than the database does.
    """
    lock.seek(0)
    known = lock.read().strip()
    boot = secrets.token_hex(8)
    is_other = await database.write(_note_boot, boot, known, now)
    lock.truncate(0)
    lock.write(boot)
    lock.flush()
    return is_other


def _note_boot(connection: sqlite3.Connection, boot: str, known: str, now: datetime) -> bool:
    last = select_one(connection, str, "SELECT value FROM fact WHERE name = ?", (BOOT,))
    is_other = (last or "") != known
    facts = [(BOOT, boot), *([(RESTORED, now.isoformat())] if is_other else [])]
    connection.executemany(
        "INSERT INTO fact VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", facts
    )
    if is_other:
        connection.execute(DOUBT_PLANNED, (now.isoformat(timespec="milliseconds"),))
        connection.execute(DOUBT_THREADS)
    return is_other
