"""Commands of the program, each in a process of its own (`forking.py`)."""

import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.fakes.forking import begin


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended and what it wrote."""

    code: int
    out: str
    err: str


class Running:
    """A command that was started; ``ended`` is `forking.begin`'s."""

    def __init__(self, pid: int, ended: IO[bytes], out: IO[bytes], err: IO[bytes]) -> None:
        self._pid, self._ended, self._out, self._err = pid, ended, out, err
        self._code: int | None = None

    def wait(self) -> Ran:
        if self._code is None:
            self._code = int(self._ended.readline())
        return Ran(self._code, _text(self._out), _text(self._err))

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal; to one that has ended, none: another may have its number."""
        if self._code is None and not select.select([self._ended], [], [], 0)[0]:
            os.kill(self._pid, number)


def run(environ: Mapping[str, str], *arguments: str | Path, cwd: Path | None = None) -> Ran:
    """Run a command to its end; ``CRASH_AT`` in ``environ`` kills it there (`crashing.py`)."""
    if not hasattr(os, "fork"):
        return _run_started(environ, *map(str, arguments), cwd=cwd)
    with started(environ, *arguments, cwd=cwd) as running:
        return running.wait()


@contextmanager
def started(
    environ: Mapping[str, str],
    *arguments: str | Path,
    cwd: Path | None = None,
    terminal: int | None = None,
    output: int | None = None,
    umask: int | None = None,
) -> Iterator[Running]:
    """Start a command, which is over when the block is.

    Its stderr may be a ``terminal``, its stdout another ``output``, its umask one of its own.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        pid, ended = begin(
            environ,
            [str(each) for each in arguments],
            cwd or Path.cwd(),
            out=out.fileno() if output is None else output,
            err=err.fileno() if terminal is None else terminal,
            umask=umask,
        )
        running = Running(pid, ended, out, err)
        with ended:
            try:
                yield running
            finally:
                running.send_signal(signal.SIGKILL)
                running.wait()


def _run_started(environ: Mapping[str, str], *arguments: str, cwd: Path | None) -> Ran:
    """Start Python for the command, where a process cannot be forked."""
    ran = subprocess.run(
        [sys.executable, "-m", "bot", *arguments], env=os.environ | dict(environ), cwd=cwd,
        capture_output=True, check=False,
    )  # fmt: skip
    return Ran(ran.returncode, _decode(ran.stdout), _decode(ran.stderr))


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return _decode(file.read())


def _decode(written: bytes) -> str:
    return written.decode("utf-8", errors="backslashreplace")
