"""Copies of the database: making one, putting one back, noticing that one was put back.

A copy that was put back has forgotten what was posted since it was made. So it is marked, and
nothing is planned until the channels themselves were asked (`restored.py`).
"""

import contextlib
import os
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Final

from bot.errors import DatabaseUnusable, FileFormatError, StoreError
from bot.store.backup.restored import COPIED, RESTORED
from bot.store.sqlite import migrations
from bot.store.sqlite.database import check_header, instance_lock
from bot.store.sqlite.executor import Database

BOOT: Final = "boot"
"""The fact that names the last start of the bot; the lock file beside the database has it too."""


DOUBT_PLANNED: Final = (
    "UPDATE delivery SET state = 'sending', claimed_at = planned_at, changed_at = ?, "
    f"reason = '{COPIED}' WHERE state = 'planned'"
)
"""What a copy has as planned may have been posted since it was made."""


OnOpen = Callable[[sqlite3.Connection], None]
"""Is given each connection as it is opened, to interrupt its work from another thread."""


def _ignore(_: sqlite3.Connection) -> None:
    """Let the work go on to its end."""


def backup(path: Path, target: Path) -> None:
    """Copy the database at ``path``, which another process may use, to ``target``.

    Raises `DatabaseUnusable`, and `StoreError` as `copy_database` does.
    """
    check_header(path)
    copy_database(path, target)


def copy_database(path: Path, target: Path, *, on_open: OnOpen = _ignore) -> None:
    """Copy the database at ``path``, which this process may use too, to ``target``.

    Copying the file itself would lose what is still in its log. And it must not even be opened but
    by SQLite: closing it again would free the locks of this process, and the next other process
    would take the log away (https://sqlite.org/howtocorrupt.html, section 2.2). Raises `StoreError`
    when the copy cannot be made; a file at ``target`` is replaced only by a good one.
    """
    part = target.with_name(f"{target.name}.new-{secrets.token_hex(4)}")
    try:
        with _opened(path) as source:
            on_open(source)
            source.execute("VACUUM INTO ?", (str(part),))
        shutil.copymode(path, part)  # as few may read it as may read the database
        _check(part, on_open)
        _put(part, target)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"The backup {target} cannot be written: {error}.") from error
    finally:
        _discard(part)


def restore(source: Path, path: Path, *, now: datetime) -> Path | None:
    """Put the backup ``source`` in the place of the database at ``path``.

    What was there is kept under another name, which is returned. Raises `AlreadyRunning` while
    the bot runs, `FileFormatError` and `DatabaseUnusable` when the backup is missing, damaged,
    foreign or newer.
    """
    if not source.is_file():
        raise FileFormatError(f"{source} is not a file; name one that `backup` made.")
    with instance_lock(path):
        check_header(source)
        part = path.with_name(f"{path.name}.new-{secrets.token_hex(4)}")
        try:
            with _opened(source) as opened:
                opened.execute("VACUUM INTO ?", (str(part),))
            _check(part)
            _mark_restored(part, now)
            kept = _set_aside(path, now)
            _put(part, path)
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"The backup {source} cannot be put back: {error}.") from error
        finally:
            _discard(part)
        return kept


def _discard(part: Path) -> None:
    with contextlib.suppress(OSError):
        part.unlink(missing_ok=True)


def _check(path: Path, on_open: OnOpen = _ignore) -> None:
    """Raise `DatabaseUnusable` unless the database is whole and one that this program knows."""
    with _opened(path) as connection:
        on_open(connection)
        findings = [row[0] for row in connection.execute("PRAGMA integrity_check(3)")]
        if findings != ["ok"]:
            raise DatabaseUnusable(f"{path} is damaged: {'; '.join(findings)}.")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(migrations.STEPS):
        raise DatabaseUnusable(f"{path} was written by a newer version of the bot; update it.")


def _mark_restored(path: Path, now: datetime) -> None:
    """Mark a copy as put back."""
    with _opened(path) as connection:
        connection.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (RESTORED, now.isoformat()))
        connection.execute(DOUBT_PLANNED, (now.isoformat(timespec="milliseconds"),))


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


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a connection for one piece of work; it commits, and is closed in any case."""
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA busy_timeout = 5000")
        yield connection


# Noticing


async def note_boot(database: Database, lock: IO[str], now: datetime) -> bool:
    """Note that the bot starts with this database; True when it is not the one it last ran with.

    A person may have put back a copy by hand: then the lock file, which stays where it is, names
    another start than the database does.
    """
    lock.seek(0)
    known = lock.read().strip()
    boot = secrets.token_hex(8)

    def work(connection: sqlite3.Connection) -> bool:
        rows = connection.execute("SELECT value FROM fact WHERE name = ?", (BOOT,))
        last = next((str(row[0]) for row in rows), "")
        is_other = last != known
        facts = [(BOOT, boot), *([(RESTORED, now.isoformat())] if is_other else [])]
        connection.executemany(
            "INSERT INTO fact VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", facts
        )
        if is_other:
            connection.execute(DOUBT_PLANNED, (now.isoformat(timespec="milliseconds"),))
        return is_other

    is_other = await database.write(work)
    lock.truncate(0)
    lock.write(boot)
    lock.flush()
    return is_other
