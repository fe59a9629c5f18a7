"""The copies that the bot makes of its database by itself: which there are, which may go.

When a copy was made stands in its name. So what is due is a question to the folder, and a restart
or a clock that jumps changes nothing. Other files there, a person's own backups among them, are
never deleted.
"""

import contextlib
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from bot.errors import DatabaseDamaged, StoreError
from bot.store.sqlite.database import is_missing, is_ours
from bot.store.sqlite.files import BESIDE, HEADER_LENGTH, beside, list_exposed, make_private_folder

MADE_AT: Final = "%Y%m%dT%H%M%SZ"
ROOM: Final = 4
"""A copy is made where this many would fit: a disk must not fill up for the sake of safety."""
ROOM_BYTES: Final = 200 * 1024 * 1024
"""What must be free beyond that; without space for its outcomes nothing is posted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A copy that the bot made, and when it says that was."""

    file: Path
    made_at: datetime


def name_copy(path: Path, now: datetime) -> str:
    return f"{path.stem}.auto-{now.astimezone(UTC).strftime(MADE_AT)}{path.suffix}"


def list_copies(path: Path, folder: Path) -> list[Copy]:
    """Return the copies of the database at ``path``, newest first."""
    pattern = re.compile(
        rf"{re.escape(path.stem)}\.auto-(\d{{8}}T\d{{6}}Z){re.escape(path.suffix)}"
    )
    copies = []
    for file in _files(folder):
        found = pattern.fullmatch(file.name)
        with contextlib.suppress(ValueError):  # a month 13, say: not a name of ours
            if found:
                made_at = datetime.strptime(found[1], MADE_AT).replace(tzinfo=UTC)
                copies.append(Copy(file=file, made_at=made_at))
    return sorted(copies, key=lambda copy: copy.made_at, reverse=True)


def list_temporary_files(path: Path, folder: Path) -> list[Path]:
    """Return the temporary files that a kill left of copies being made."""
    pattern = re.compile(rf"{re.escape(path.stem)}\.auto-\w+{re.escape(path.suffix)}\.new-.+")
    return [file for file in _files(folder) if pattern.fullmatch(file.name)]


def _files(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def is_due(copies: Sequence[Copy], every: timedelta, now: datetime) -> bool:
    """Return whether the last copy is old enough; one from the future is a clock's mistake."""
    return not any(copy.made_at <= now < copy.made_at + every for copy in copies)


def surplus(copies: Sequence[Copy], keep: int, now: datetime) -> list[Copy]:
    """Return the copies beyond the newest ``keep``; those from the future count as oldest."""
    return sorted(copies, key=lambda copy: (copy.made_at <= now, copy.made_at), reverse=True)[keep:]


def size_of(path: Path) -> int:
    """Return the bytes of the database at ``path``, what is still in its log included."""
    files = (path, beside(path, "-wal"))
    return sum(file.stat().st_size for file in files if file.exists())


def room_for(size: int) -> int:
    """Return how many bytes must be free for a copy of ``size`` bytes to be made."""
    return ROOM * size + ROOM_BYTES


# Rescue


def find_backups(path: Path, folder: Path) -> list[Path]:
    """Find databases of ours beside ``path`` and in ``folder``, newest first.

    Those that a restore has set aside are not backups: most were damaged. Not to be called in a
    process that has the database open: it opens files, and closing one that is a link to the
    database, or what is beside it, frees the locks of the process (see `copy_database`).
    """
    folders = dict.fromkeys((path.parent, folder))
    parts = re.compile(rf"{re.escape(path.name)}.*|.+\.new-.+|.+\.replaced-.+|.+-(wal|shm)")
    files = [file for each in folders for file in _files(each) if not parts.fullmatch(file.name)]
    found = [file for file in files if _is_database(file)]
    return sorted(found, key=lambda file: file.stat().st_mtime, reverse=True)


def _is_database(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            return is_ours(opened.read(HEADER_LENGTH))
    except OSError:
        return False


def refuse_lost(path: Path, folder: Path) -> None:
    """Refuse to begin an empty database where there are copies of one that is gone.

    Raises `DatabaseDamaged`.
    """
    if is_missing(path) and (copies := list_copies(path, folder)):
        raise DatabaseDamaged(
            f"{path} is gone, but there is a backup of it from {copies[0].made_at:%Y-%m-%d %H:%M} "
            "UTC; to begin with an empty database, set database.path to another file."
        )


def find_exposed(path: Path, folder: Path) -> list[Path]:
    """Return what others on this machine may read of the database at ``path`` and its backups."""
    files = [path, *(beside(path, suffix) for suffix in BESIDE), *find_backups(path, folder)]
    return list_exposed(files)


def advise(path: Path, folder: Path, program: str) -> str:
    """Say what to do about a damaged database; ``program`` is what a person types for the bot."""
    backups = find_backups(path, folder)
    if not backups:
        return f"There is no backup in {folder}: restore one from elsewhere, or set database.path."
    return f"Put the newest backup back with: {program} restore {_as_word(backups[0])}"


def _as_word(file: Path) -> str:
    """Write a name as it is typed: cmd and PowerShell know no single quotes of the shell's kind."""
    if sys.platform == "win32":
        return subprocess.list2cmdline([str(file)])
    return shlex.quote(str(file))


def make_folder(folder: Path) -> None:
    """Make the folder for copies, but none above it: a volume may not be mounted."""
    try:
        make_private_folder(folder)
    except OSError as error:
        raise StoreError(f"{folder} cannot be used for backups ({error.strerror}).") from error
