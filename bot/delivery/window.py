"""How long a send may be repeated: Discord recognises a nonce "for the past few minutes" only.

The time counts from the first try that may have arrived. Two clocks measure it, and the one that
shows more decides: the time since the host's boot goes on while the process is stopped or the host
sleeps, and the wall clock shows when a virtual machine was frozen. Where one of them went back,
or the host was restarted, the time is over: the channel's history is asked instead.
"""

import sys
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

from bot.delivery.outcome import Try
from bot.digest.messages import Instant
from bot.models import Clock

LATEST: Final = 5 / 6
"""The part of the window within which a try may begin: it takes time to arrive."""

BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


def up_s() -> float:
    """Return the seconds since the boot, or since some other moment; sleep counts.

    Linux stops CLOCK_MONOTONIC, which is Python's own, while the host sleeps; others do not.
    """
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


def host_clock(now: Clock) -> Callable[[], Instant]:
    """Return the host's clocks, of which ``now`` is the wall clock.

    Where the host has no name for its boot, each process counts as one.
    """
    try:
        boot = BOOT_ID.read_text().strip()
    except OSError:
        boot = uuid.uuid4().hex
    return lambda: Instant(boot=boot, up_s=up_s(), wall=now())


class NonceWindow:
    """Says whether a message may still be sent again under its nonce."""

    def __init__(
        self, length: timedelta = timedelta(seconds=60), *, now: Callable[[], Instant]
    ) -> None:
        self._latest_s = length.total_seconds() * LATEST
        self.now = now

    def is_open(self, first_try: Instant | None) -> bool:
        """Whether another try would still be recognised; None: nothing is known of the first."""
        now = self.now()
        if first_try is None or first_try.boot != now.boot:
            return False
        up_s = now.up_s - first_try.up_s
        wall_s = (now.wall - first_try.wall).total_seconds()
        return min(up_s, wall_s) >= 0 and max(up_s, wall_s) <= self._latest_s


class NonceWindowOver(Exception):
    """A further try might create a second message: Discord may have forgotten the nonce."""


class Tries:
    """The tries of one send; without a ``window`` there may be any number.

    ``first_unsure`` is when the first try began that may have arrived, if there was one before.
    """

    def __init__(
        self, window: NonceWindow | None = None, first_unsure: Instant | None = None
    ) -> None:
        self.made: list[Try] = []
        self.is_single = False
        """Whether a try that may have arrived must be the last: nothing would recognise another."""
        self.is_refused = False
        """Whether a further try was refused."""
        self._window = window
        self._first_unsure = first_unsure
        self._began: Instant | None = None

    def begin(self) -> None:
        """Note that a request begins; raises as `require_open` does."""
        self.require_open()
        self._began = self._window.now() if self._window else None

    def require_open(self) -> None:
        """Raise `NonceWindowOver` when the request must not leave (any more)."""
        is_repeated = self._first_unsure is not None
        is_late = self._window and is_repeated and not self._window.is_open(self._first_unsure)
        if is_late or (self.is_single and any(each.may_have_arrived for each in self.made)):
            self.is_refused = True
            raise NonceWindowOver

    def end(self, attempt: Try) -> None:
        """Note what became of the request that began last; a refused one is none."""
        if self.is_refused:
            return
        self.made.append(attempt)
        if attempt.may_have_arrived and self._first_unsure is None:
            self._first_unsure = self._began
