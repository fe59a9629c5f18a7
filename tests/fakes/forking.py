"""One process that imports the program, and forks for each start of it that a test wants.

Importing takes most of a second of computing, hundreds of times over in the tests. A fork finds all
as after ``python -m bot``: arguments, environment, folder, exit code, a process of its own, and
warnings as errors. What Python or the loader read when they start (``PYTHON...``, ``LC_...``) comes
too late for it: `fits` tells. Tests of the start itself and of memory start Python (`process.py`).
"""

import atexit
import contextlib
import functools
import gc
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Final, NoReturn, cast

from bot.__main__ import __file__ as program_file
from bot.__main__ import start
from bot.cli import main as _imported_before_any_fork  # noqa: F401
from tests.fakes import crashing

ROOT = Path(__file__).resolve().parent.parent.parent
STRICT = (
    "error,ignore:'audioop' is deprecated:DeprecationWarning,"
    "ignore:'asyncio.iscoroutinefunction' is deprecated:DeprecationWarning"  # discord.py's
)
"""PYTHONWARNINGS of the program."""
OUT, ERR = 1, 2
READ_LATER: Final = (
    *("BLOCK_AT", "CRASH_AT", "GATEWAY_PATIENCE_S", "GATEWAY_PAUSE_S"),
    *("DISCORD_", "PAPER_BOT_", "PATH", "PYTHONIOENCODING"),
)
"""How the variables begin that nothing reads before the program runs, or that `_become` reads."""
ORDINARY: Final = {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": STRICT}
LONGEST_ORDER = 1 << 16


def fits(environ: Mapping[str, str]) -> bool:
    """Whether a fork in this environment is as good as a start."""
    return all(
        ORDINARY.get(name) == value or (name.startswith(READ_LATER) and value.isascii())
        for name, value in environ.items()
    )


def begin(
    environ: Mapping[str, str],
    arguments: Sequence[str],
    cwd: Path,
    *,
    out: int,
    err: int,
    umask: int | None = None,
) -> tuple[int, IO[bytes]]:
    """Begin ``python -m bot ARGUMENTS``, which writes to these files.

    Returns its process id, and a pipe that has a line with its exit code when it has ended.
    """
    order = {
        "environ": dict(environ), "arguments": list(arguments), "cwd": str(cwd), "umask": umask
    }  # fmt: skip
    read, write = os.pipe()
    ended = os.fdopen(read, "rb")
    with _ordering:  # the next may order when this one has begun
        socket.send_fds(_forking(), [f"{json.dumps(order)}\n".encode()], [out, err, write])
        os.close(write)
        return int(ended.readline()), ended


_ordering = threading.Lock()


@functools.cache
def _forking() -> socket.socket:
    """Start the process that forks; it ends with this one."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.fakes.forking", str(theirs.fileno())],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": STRICT},
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
    atexit.register(process.wait)
    atexit.register(ours.close)
    return ours


# In the process that forks


def serve(orders: socket.socket) -> None:
    """Fork for each order; in the fork, be the program."""
    running: dict[int, int] = {}
    signal.signal(signal.SIGCHLD, functools.partial(_tell_ends, running))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests, which then end this
    gc.collect()
    gc.freeze()  # else the first collection of each fork copies all of it
    while order := _next(orders):
        begun, (out, err, told) = order
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        child = os.fork()
        if child == 0:
            orders.close()
            for each in (told, *running.values()):
                os.close(each)
            _become(begun, out, err)
            _run()
        running[child] = told
        os.write(told, f"{child}\n".encode())
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        os.close(out)
        os.close(err)


def _next(orders: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    text, files, *_ = socket.recv_fds(orders, LONGEST_ORDER, 3)
    while text and not text.endswith(b"\n"):
        text += orders.recv(LONGEST_ORDER)
    return (json.loads(text), files) if text else None


def _tell_ends(running: dict[int, int], *_: object) -> None:
    for child in list(running):
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            told = running.pop(child)
            with contextlib.suppress(BrokenPipeError):  # a test that failed does not wait
                os.write(told, f"{os.waitstatus_to_exitcode(status)}\n".encode())
            os.close(told)


def _become(order: Mapping[str, Any], out: int, err: int) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    os.chdir(order["cwd"])
    if order["umask"] is not None:
        os.umask(order["umask"])
    os.environ.clear()
    os.environ.update(order["environ"])
    sys.argv = [program_file, *order["arguments"]]
    for file, number in ((out, OUT), (err, ERR)):
        os.dup2(file, number)
        os.close(file)
    _take_encoding(os.environ.get("PYTHONIOENCODING"))
    if crashing.program(os.environ) != "bot":
        crashing.lay_points()


def _run() -> NoReturn:
    """Run the program and end as Python does, but leave the modules whole.

    To take them apart is most of what a short command computes, and nobody sees it. What is not
    closed is told all the same: the collector finds it.
    """
    try:
        code: object = start()
    except SystemExit as end:
        code = end.code or 0
    gc.collect()
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        sys.exit(cast(int, code))  # Python has its own way to tell
    if isinstance(code, int):
        os._exit(code)
    sys.exit(cast(str, code))


def _take_encoding(encoding: str | None) -> None:
    """Do for stdout and stderr what Python does at its start."""
    if encoding is not None:
        for stream, errors in ((sys.stdout, "strict"), (sys.stderr, "backslashreplace")):
            assert isinstance(stream, io.TextIOWrapper)
            stream.reconfigure(encoding=encoding, errors=errors)


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as ordered:
        serve(ordered)
