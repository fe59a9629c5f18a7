"""The files of a database: of what kind they are, who may read them, whether they are still there.

They hold what people searched for, so those that the bot makes are its own user's only, whatever
the umask says. An open file can be deleted, renamed or replaced: then what is written to it is
lost, and a message whose note is lost would be posted twice.
"""

import contextlib
import os
import secrets
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.errors import DatabaseUnusable
from bot.store.sqlite import host

PRIVATE: Final = 0o600
PRIVATE_FOLDER: Final = 0o700
BESIDE: Final = ("-wal", "-shm")
"""What SQLite has beside an open database; it gives these files the database's permissions."""

MAGIC: Final = b"SQLite format 3\0"
HEADER_LENGTH: Final = 100
"""Bytes: https://sqlite.org/fileformat2.html#the_database_header."""

KINDS: Final = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def beside(path: Path, suffix: str) -> Path:
    """Return the file that belongs to the database at ``path``: its ``-wal``, say."""
    return path.with_name(path.name + suffix)


def lock_file(path: Path) -> Path:
    return beside(path, ".lock")


def part_of(path: Path) -> Path:
    """Return a new name beside ``path`` for what is to become it."""
    return beside(path, f".new-{secrets.token_hex(4)}")


# Kind


def kind_of(path: Path) -> str:
    """Name what is at ``path`` when it is no file ("a folder"); empty for a file or nothing."""
    try:
        mode = path.stat().st_mode
    except OSError:  # opening it will show what is wrong
        return ""
    return next((kind for is_kind, kind in KINDS if is_kind(mode)), "")


def refuse_special(path: Path) -> None:
    """Refuse what is no file, without opening it: a pipe nobody writes to would never answer.

    Raises `DatabaseUnusable`.
    """
    if kind := kind_of(path):
        raise DatabaseUnusable(f"{path} is {kind}, not a file; set database.path to a file.")


# Who may read them


def open_private(path: Path) -> int:
    """Open a file to read and write, and make it if need be; return its descriptor.

    A new one is the user's own. Made by root it is of the folder's owner, or the bot could not use
    what an administrator's command had made. Raises `OSError`.
    """
    with contextlib.suppress(FileExistsError):
        made = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | host.BINARY, PRIVATE)
        with contextlib.suppress(OSError):  # some disks know no permissions
            host.make_own(made, PRIVATE)  # the umask may have taken even the owner's
        _give_to_owner_of(path.parent, path)
        return made
    return os.open(path, os.O_RDWR | os.O_CREAT | host.BINARY, PRIVATE)


def make_private(path: Path) -> None:
    """Make an empty file for its user only; raises `OSError`."""
    os.close(open_private(path))


def make_private_folder(folder: Path) -> None:
    """Make a folder for its user only, but none above it; raises `OSError`."""
    try:
        folder.mkdir(PRIVATE_FOLDER)
    except FileExistsError:
        if not folder.is_dir():
            raise
    else:
        with contextlib.suppress(OSError):
            folder.chmod(PRIVATE_FOLDER)
        _give_to_owner_of(folder.parent, folder)


def copy_permissions(source: Path, target: Path) -> None:
    """Give ``target`` the permissions and the owner of ``source``, as far as that is allowed."""
    with contextlib.suppress(OSError):
        target.chmod(stat.S_IMODE(source.stat().st_mode))
    _give_to_owner_of(source, target)


def _give_to_owner_of(source: Path, target: Path) -> None:
    with contextlib.suppress(OSError):
        host.give_to_owner_of(source, target)


def list_exposed(files: Iterable[Path]) -> list[Path]:
    """Return those of the files that others than their user may read or write.

    None where files have no permissions of their own: there the folder's count.
    """
    return [file for file in files if _is_exposed(file)] if host.HAS_PERMISSIONS else []


def _is_exposed(file: Path) -> bool:
    try:
        return bool(file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
    except OSError:
        return False


# Which database a file is


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the first bytes of a database say of it.

    ``changes`` counts the changes that reached the file; the log has later ones. Without
    ``has_log`` it is a copy that SQLite made, which the bot has not opened since.
    """

    has_log: bool
    changes: int


def read_stamp(header: bytes) -> Stamp:
    return Stamp(header[18:20] == b"\2\2", int.from_bytes(header[24:28]))


# Whether they are still there

Identity = tuple[int, int]


def _identity(file: Path) -> Identity:
    status = os.stat(file)  # each transaction looks: a path's own takes longer
    return status.st_dev, status.st_ino


class FileWatch:
    """Knows an open database's files, and notices when one is not at its place any more.

    It holds the file open: to close it would free SQLite's locks, so `close` comes last
    (https://sqlite.org/howtocorrupt.html, section 2.2).
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        # Each transaction looks: the names are made once.
        self._files = {suffix: beside(path, suffix) for suffix in ("", *BESIDE)}
        self._known: dict[str, Identity] = {}
        self._file: int | None = None
        self.changes = 0
        """How many changes the file had at the last look."""

    def check(self) -> None:
        """Raise `DatabaseUnusable` when a file that was there is gone, or is another one."""
        self._check_files()
        self._check_content()

    def close(self) -> None:
        """Let go of the file, when SQLite has closed it."""
        if self._file is not None:
            os.close(self._file)
        self._file = None

    def _check_content(self) -> None:
        """Notice a copy that was written over the open file; its own changes only grow."""
        known = self.changes  # before the look: another thread may look later, and see more
        try:
            if self._file is None:
                self._file = os.open(self._path, os.O_RDONLY | host.BINARY)
            header = host.read_start(self._file, HEADER_LENGTH)
        except OSError as error:
            raise DatabaseUnusable(self._say(self._path, error)) from error
        if not header and not known:
            return  # not written yet
        stamp = read_stamp(header)
        if not header.startswith(MAGIC) or not stamp.has_log or stamp.changes < known:
            raise DatabaseUnusable(
                f"{self._path} was overwritten while it was in use, so it may hold parts of two "
                "files; put a backup in its place with the command restore and start again."
            )
        self.changes = max(self.changes, stamp.changes)

    def _check_files(self) -> None:
        for suffix, file in self._files.items():
            known = self._known.get(suffix)
            try:
                seen = _identity(file)
            except OSError as error:
                if known is not None:
                    raise DatabaseUnusable(self._say(file, error)) from error
                continue
            if seen != self._known.setdefault(suffix, seen):
                raise DatabaseUnusable(self._say(file))

    def set_aside_log(self) -> None:
        """Rename the log of a database that was moved away, once it is closed.

        SQLite leaves it, and would read it into whatever file is put in the database's place.
        """
        with contextlib.suppress(OSError):
            if _identity(self._path) == self._known.get(""):
                return
        for suffix in BESIDE:
            file = beside(self._path, suffix)
            with contextlib.suppress(OSError):
                if _identity(file) == self._known.get(suffix):
                    file.rename(beside(self._path, f".lost{suffix}"))

    def _say(self, file: Path, error: OSError | None = None) -> str:
        if error is not None and not isinstance(error, FileNotFoundError | NotADirectoryError):
            return (
                f"{file} cannot be reached any more ({error.strerror}); see to its disk and its "
                "folder and start again."
            )
        lost = f"{file} was deleted, renamed or replaced while it was in use; "
        if file == self._path:
            return f"{lost}put it or a backup of it back in its place and start again."
        return f"{lost}start again, and leave the files beside {self._path.name} alone until then."
