"""Windows' ways for the bot, as far as they can be pretended here.

    python -m tests.fakes.windows COMMAND ... [+ COMMAND ...]

runs commands of the program, one after the other, and ends with the code of the first that fails.

What the bot's own code meets: ``sys.platform`` is "win32"; the modules and functions that Windows
lacks are gone; `msvcrt` locks ranges; a file that is open can be neither renamed nor deleted; a new
name must be free; folders cannot be opened, nor files forced to the disk that were opened to be
read; a file's mode says that all may read it; a descriptor without O_BINARY would change line ends.
What it does not: the drive letters and signs of Windows' paths, its event loop, its consoles, and
what the libraries do there, which are imported before.
"""

import errno
import fcntl
import importlib
import os
import signal
import stat
import struct
import sys
import time
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from types import ModuleType
from typing import Any, Final

GONE_MODULES: Final = ("fcntl", "grp", "pwd", "pty", "resource", "syslog", "termios", "tty")
GONE: Final[dict[ModuleType, tuple[str, ...]]] = {
    os: (
        "chown", "fchown", "lchown", "fchmod", "lchmod", "geteuid", "getuid", "getegid", "getgid",
        "setuid", "setsid", "fork", "killpg", "getpgid", "mkfifo", "nice", "pread", "pwrite",
        "posix_fallocate", "posix_fadvise", "sched_getaffinity", "statvfs", "fstatvfs", "sync",
        "sysconf", "uname", "getloadavg",
    ),
    signal: ("SIGHUP", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGSTOP", "SIGCONT", "setitimer"),
    time: ("clock_gettime", "CLOCK_BOOTTIME", "CLOCK_MONOTONIC", "tzset"),
}  # fmt: skip
O_BINARY: Final = 0x8000
"""Windows' own value, which Linux ignores."""
HELD_BY_OTHERS: Final = 4096
"""Before this byte of a lock file is what others must be able to read."""


def pretend() -> None:
    """Change this process for good."""
    importlib.import_module("bot.cli.main")  # so all libraries are there, for the true system
    importlib.import_module("simcord")
    for name in [each for each in sys.modules if each == "bot" or each.startswith("bot.")]:
        del sys.modules[name]
    for name in GONE_MODULES:
        sys.modules[name] = None  # type: ignore[assignment]  # as Python has it: no such module
    for module, names in GONE.items():
        for name in names:
            _take_away(module, name)
    sys.modules["msvcrt"] = _msvcrt()
    os.O_BINARY = O_BINARY  # type: ignore[attr-defined]
    signal.SIGBREAK = signal.SIGTTIN  # type: ignore[attr-defined]  # 21 on both
    for name, instead in (
        ("open", _open), ("fsync", _fsync), ("rename", _rename), ("replace", _replace),
        ("unlink", _unlink), ("remove", _unlink), ("chmod", _chmod),
    ):  # fmt: skip
        _put_instead(name, instead)
    sys.platform = "win32"


def _is_bots(depth: int) -> bool:
    """Whether the bot's code calls, itself or through `pathlib`."""
    caller = str(sys._getframe(depth).f_globals.get("__name__", ""))
    return caller.partition(".")[0] in ("bot", "pathlib")


def _take_away(module: ModuleType, name: str) -> None:
    """Let ``module`` lack a name for the bot; the libraries keep it, which are of this system."""
    there = getattr(module, name, None)
    if there is None:
        return
    if module is not os:  # whose functions the libraries of this system need
        delattr(module, name)
        return

    def gone(*given: Any, **named: Any) -> Any:
        if _is_bots(2):
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
        return there(*given, **named)

    setattr(module, name, gone)


def _put_instead(name: str, instead: Callable[..., Any]) -> None:
    there = getattr(os, name)

    def call(*given: Any, **named: Any) -> Any:
        return (instead if _is_bots(2) else there)(*given, **named)

    setattr(os, name, call)


# The functions of Windows

_real = {name: getattr(os, name) for name in ("open", "fsync", "rename", "replace", "unlink")}


def _open(path: Any, flags: int, mode: int = 0o777) -> int:
    if os.path.isdir(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))
    assert flags & O_BINARY or path == os.devnull, f"{path} is opened as a text"
    is_new = not os.path.exists(path)
    descriptor: int = _real["open"](path, flags, mode)
    if is_new:
        _chmod(path, stat.S_IWRITE)
    return descriptor


def _fsync(descriptor: int) -> None:
    if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
        raise OSError(errno.EBADF, "Bad file descriptor")
    _real["fsync"](descriptor)


def _rename(source: Any, target: Any) -> None:
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, "File exists", str(target))
    _replace(source, target)


def _replace(source: Any, target: Any) -> None:
    _refuse_open(source)
    _refuse_open(target)
    _real["replace"](source, target)


def _unlink(path: Any) -> None:
    _refuse_open(path)
    _real["unlink"](path)


def _refuse_open(path: Any) -> None:
    """A file that somebody has open: SQLite and Python open files so that others cannot do that."""
    if str(Path(path).resolve()) in set(_open_files()):
        raise PermissionError(errno.EACCES, "The process cannot access the file", str(path))


def _open_files() -> Iterator[str]:
    for number in os.listdir("/proc/self/fd"):
        try:
            yield os.readlink(f"/proc/self/fd/{number}")
        except OSError:  # the folder's own
            continue


_real_chmod = os.chmod


def _chmod(path: Any, mode: int, **_: Any) -> None:
    """Windows knows read-only and nothing else."""
    if not os.path.isdir(path):
        _real_chmod(path, 0o666 if mode & stat.S_IWRITE else 0o444)


def _msvcrt() -> ModuleType:
    module = ModuleType("msvcrt")

    def locking(descriptor: int, mode: int, count: int) -> None:
        at = os.lseek(descriptor, 0, os.SEEK_CUR)
        assert at >= HELD_BY_OTHERS, "nobody else can read what is locked"
        kind = fcntl.F_UNLCK if mode == 0 else fcntl.F_WRLCK
        # Of the open file, as Windows' are, and not of the process.
        fcntl.fcntl(
            descriptor, fcntl.F_OFD_SETLK, struct.pack("hhqqi0q", kind, os.SEEK_SET, at, count, 0)
        )

    module.__dict__.update(locking=locking, LK_UNLCK=0, LK_LOCK=1, LK_NBLCK=2)
    return module


def pytest_load_initial_conftests() -> None:
    """Let ``pytest -p tests.fakes.windows`` run tests of the bot in such a process."""
    pretend()


def main(arguments: list[str]) -> int:
    pretend()
    program = importlib.import_module("bot.__main__")
    for is_end, command in groupby(arguments, lambda word: word == "+"):
        if not is_end:
            sys.argv[1:] = command
            if code := program.start():
                return int(code)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
