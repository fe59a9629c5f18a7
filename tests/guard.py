"""A test that never ends fails, and says what it was doing.

What counts is how long the process computes, which a busy machine does not change. By the clock a
test has `WAITS` times as long, for one that hangs without computing.
"""

import faulthandler
import signal
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import pytest

CPU_S = 120.0
"""How long a test may compute; another limit is ``@pytest.mark.cpu_limit(seconds)``."""
WAITS = 10


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    mark = item.get_closest_marker("cpu_limit")
    cpu_s = CPU_S if mark is None else float(mark.args[0])
    with limited(cpu_s, WAITS * cpu_s):
        return (yield)


@contextmanager
def limited(cpu_s: float, wall_s: float) -> Iterator[None]:
    """Fail what computes for longer than ``cpu_s``, or takes longer than ``wall_s``.

    It is told again after as long: asyncio goes on after what is raised in a callback.
    """
    if not hasattr(signal, "setitimer"):  # Windows
        yield
        return
    told = {
        signal.SIGPROF: f"has computed for {cpu_s:g} s",
        signal.SIGALRM: f"has run for {wall_s:g} s",
    }

    def fail(number: int, frame: FrameType | None) -> None:
        with suppress(OSError, ValueError):  # a stderr that is no file has room for no stacks
            faulthandler.dump_traceback(sys.stderr)
        pytest.fail(f"The test {told[signal.Signals(number)]}.")

    before = {each: signal.signal(each, fail) for each in told}
    left = [
        signal.setitimer(signal.ITIMER_PROF, cpu_s, cpu_s),
        signal.setitimer(signal.ITIMER_REAL, wall_s, wall_s),
    ]
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, *left[0])
        signal.setitimer(signal.ITIMER_REAL, *left[1])
        for number, handler in before.items():
            signal.signal(number, handler)
