"""``python -m bot``."""

import gc
import os
import signal
import sys
from collections.abc import Callable

NAMES = ("SIGINT", "SIGTERM", "SIGBREAK")
SIGNALS = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
"""What ends the bot. SIGBREAK is Windows': Ctrl-Break, or a window that is closed."""


def start() -> int:
    """Run one command; returns its exit code.

    A bot that is told to stop before it has begun anything leaves at once: importing the rest
    takes longer than some hosts wait. Once it runs it answers signals itself (run/process.py).
    """
    is_bot = "run" in sys.argv[1:]
    if is_bot:
        _answer(_leave)
    main = imported()
    code = main()
    if is_bot:
        _answer(signal.SIG_IGN)  # all is closed, and the exit code stands
    return code


def imported() -> Callable[[], int]:
    """Import the rest without looking for garbage: there is none, only a thousand modules.

    Nor is it looked for in them later, but once an hour by the bot, or at the end. A command starts
    in three fifths of the time.
    """
    gc.disable()
    from bot.cli.main import main

    gc.freeze()
    gc.enable()
    return main


def _answer(handler: "signal._HANDLER") -> None:
    for number in SIGNALS:
        signal.signal(number, handler)


def _leave(*_: object) -> None:
    os._exit(0)


if __name__ == "__main__":
    sys.exit(start())
