"""Commands of the program, each in a process of its own that begins at once.

Importing the program takes half a second, hundreds of times over in the tests. So one process
imports it and forks for each command, which finds all as after ``python -m bot``: arguments,
environment, folder, exit code, and warnings as errors. Tests of the start itself, of signals and of
memory start Python; see `process.py`.
"""

import atexit
import functools
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from bot.__main__ import __file__ as program_file
from bot.__main__ import start
from bot.cli import main as _imported_before_any_fork  # noqa: F401
from tests.fakes import crashing

ROOT = Path(__file__).resolve().parent.parent.parent
STRICT = "error,ignore:'audioop' is deprecated:DeprecationWarning"
OUT, ERR = 1, 2


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended and what it wrote."""

    code: int
    out: str
    err: str


def run(environ: Mapping[str, str], *arguments: str | Path, cwd: Path | None = None) -> Ran:
    """Run a command to its end; ``CRASH_AT`` in ``environ`` kills it there (`crashing.py`)."""
    with tempfile.TemporaryDirectory() as folder:
        order = {
            "environ": dict(environ),
            "arguments": [str(each) for each in arguments],
            "cwd": str(cwd or Path.cwd()),
            "folder": folder,
        }
        with _asking:
            asked, answers = _forking()
            asked.write(f"{json.dumps(order)}\n")
            asked.flush()
            code = int(answers.readline())
        out, err = (_read(Path(folder, str(number))) for number in (OUT, ERR))
        return Ran(code, out, err)


_asking = threading.Lock()


@functools.cache
def _forking() -> tuple[IO[str], IO[str]]:
    """Start the process that forks; it ends with this one."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.commands"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": STRICT},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    atexit.register(process.communicate)
    return process.stdin, process.stdout


def _read(path: Path) -> str:
    return path.read_text("utf-8", errors="backslashreplace")


# In the process that forks


def _fork() -> None:
    """Fork for each order, and answer with the exit code; in the fork, be the command."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _become(json.loads(line))
            sys.exit(start())
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _become(order: Mapping[str, Any]) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["environ"])
    sys.argv = [program_file, *order["arguments"]]
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number in (OUT, ERR):
        path = Path(order["folder"], str(number))
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    _take_encoding(os.environ.get("PYTHONIOENCODING"))
    if crashing.program(os.environ) != "bot":
        crashing.lay_points()


def _take_encoding(encoding: str | None) -> None:
    """Do for stdout and stderr what Python does at its start."""
    if encoding is not None:
        for stream, errors in ((sys.stdout, "strict"), (sys.stderr, "backslashreplace")):
            assert isinstance(stream, io.TextIOWrapper)
            stream.reconfigure(encoding=encoding, errors=errors)


if __name__ == "__main__":
    _fork()
