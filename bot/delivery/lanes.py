"""What lets many channels be served side by side: a rate for all, a lane for each."""

import asyncio
from collections import Counter
from typing import Final, Self

MADE_UP_S: Final = 0.05
"""How much of a delay is made up for, else each would lower the rate."""


class RateLimiter:
    """Lets at most ``per_s`` callers a second pass.

    Their turns are even, but those that fall into the same ``step_s`` come together at its
    beginning: what they write then takes one transaction.
    """

    def __init__(self, per_s: float, step_s: float = 0.0) -> None:
        self._gap_s = 1 / per_s
        self._step_s = step_s
        self._next_s = 0.0

    async def wait(self) -> None:
        now_s = asyncio.get_running_loop().time()
        self._next_s = max(self._next_s + self._gap_s, now_s - MADE_UP_S)
        turn_s = self._next_s
        if self._step_s:
            turn_s -= turn_s % self._step_s
        if turn_s > now_s:
            await asyncio.sleep(turn_s - now_s)

    def give_back(self) -> None:
        """Let another caller pass instead: there was nothing to do."""
        self._next_s -= self._gap_s


class Lane:
    """One channel being served: its task, and its slot among those served at the same time.

    A send that takes too long gives the slot back and goes on by itself: it must not be cancelled,
    and the others must not wait for it.
    """

    task: asyncio.Task[None]
    """Set by the one who opens the lane."""

    def __init__(self, slots: asyncio.Semaphore) -> None:
        self._slots = slots
        self._has_slot = False
        self.left = asyncio.Event()
        """Set once nothing has to wait for this lane any more."""
        self.is_detached = False
        self.posted: Counter[str] = Counter()
        """Messages of each digest, by its name in the log."""

    async def __aenter__(self) -> Self:
        await self._slots.acquire()
        self._has_slot = True
        return self

    async def __aexit__(self, *_: object) -> None:
        self._leave()

    def detach(self) -> None:
        self.is_detached = True
        self._leave()

    def _leave(self) -> None:
        if self._has_slot:
            self._has_slot = False
            self._slots.release()
        self.left.set()
