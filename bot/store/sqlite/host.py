"""Locks, open files and folders as the host's system has them: Windows differs from the others.

There a locked range can be read by nobody else, an open file can be neither renamed nor deleted, a
descriptor has one position for all threads, and files have no permissions but those of the folder.
`mypy --platform` reads each branch; `tests/fakes/windows.py` pretends the other system.
"""

import os
import sys
import threading
from pathlib import Path
from typing import Final

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

HAS_PERMISSIONS: Final = sys.platform != "win32"
"""Whether the mode of a file says who may read it."""

BINARY: Final = getattr(os, "O_BINARY", 0)
"""Windows changes line ends on the way, even in a database, unless a file is opened with this."""

LOCKED_AT: Final = 1 << 20
"""The byte that Windows locks: far behind what a lock file holds, which others must read."""

_positioning: Final = threading.Lock()


def lock_whole(descriptor: int) -> None:
    """Lock a file for as long as it is open in this process; raises `OSError` if another has it."""
    if sys.platform == "win32":
        with _positioning:
            os.lseek(descriptor, LOCKED_AT, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def read_start(descriptor: int, length: int) -> bytes:
    """Read the first bytes of an open file, whatever other threads do with it."""
    if sys.platform == "win32":
        with _positioning:
            os.lseek(descriptor, 0, os.SEEK_SET)
            return os.read(descriptor, length)
    else:
        return os.pread(descriptor, length, 0)


def write_start(descriptor: int, content: bytes) -> None:
    """Write over the first bytes of an open file."""
    if sys.platform == "win32":
        with _positioning:
            os.lseek(descriptor, 0, os.SEEK_SET)
            os.write(descriptor, content)
    else:
        os.pwrite(descriptor, content, 0)


def put_new(part: Path, path: Path) -> None:
    """Give a finished file its name; raises `FileExistsError` where there is one already."""
    if sys.platform == "win32":
        os.rename(part, path)  # which replaces nothing there, and knows disks without links
    else:
        os.link(part, path)


def put_in_place(part: Path, path: Path) -> None:
    """Move a finished file over another so that a power cut leaves the old or the new one."""
    with part.open("r+b") as file:  # Windows forces only what may be written to the disk
        os.fsync(file.fileno())
    part.replace(path)
    if sys.platform != "win32":  # which has no way to force a folder, and notes a name at once
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def make_own(descriptor: int, mode: int) -> None:
    """Give an open file its permissions; raises `OSError` where the disk knows none."""
    if sys.platform != "win32":
        os.fchmod(descriptor, mode)


def give_to_owner_of(source: Path, target: Path) -> None:
    """Give what root has made to the owner of ``source``; raises `OSError`."""
    if sys.platform != "win32" and os.geteuid() == 0:
        owner = source.stat()
        os.chown(target, owner.st_uid, owner.st_gid)
