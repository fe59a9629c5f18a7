"""An event loop in whose time a pause takes no time."""

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from bot import turns
from bot.turns import REST_S


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose time is what was slept in it, and which sleeps in no time."""

    def __init__(self) -> None:
        super().__init__(_Impatient(self))
        self.at_s = 1000.0

    def time(self) -> float:
        return self.at_s


class _Impatient(selectors.SelectSelector):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._loop.at_s += timeout or 0.0
        return super().select(0)


@contextmanager
def virtual_loop() -> Iterator[VirtualLoop]:
    loop = VirtualLoop()
    try:
        yield loop
    finally:
        loop.close()


def in_virtual_time(work: Callable[[VirtualLoop], Awaitable[Any]]) -> Any:
    with virtual_loop() as loop:
        return loop.run_until_complete(work(loop))


def note_looks(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let every item take long enough for a rest (`in_turns`); each look at the time is noted."""
    looks: list[float] = []

    def look() -> float:
        looks.append(float(len(looks)))  # a second later each time
        return looks[-1]

    monkeypatch.setattr(turns, "thread_time", look)
    return looks


def count_rests(monkeypatch: pytest.MonkeyPatch, *works: Awaitable[object]) -> list[int]:
    """Return how often each rests where every item takes long enough for it (`in_turns`)."""
    note_looks(monkeypatch)

    async def work(loop: VirtualLoop) -> list[int]:
        rests: list[int] = []
        for each in works:
            began_s = loop.time()
            await each
            rests.append(round((loop.time() - began_s) / REST_S))
        return rests

    counted: list[int] = in_virtual_time(work)
    return counted
