"""Who computes for long rests in between; who does not is not held up."""

from collections.abc import Callable, Iterable

import pytest

from bot import turns
from bot.turns import COMPUTED_S, REST_S, in_turns
from tests.virtual import VirtualLoop, in_virtual_time

Begin = Callable[[Iterable[float]], list[float]]


@pytest.fixture
def begin(monkeypatch: pytest.MonkeyPatch) -> Begin:
    """Go through items that take so many seconds each; says when each was begun, in pauses."""
    worked_s = 0.0
    monkeypatch.setattr(turns, "thread_time", lambda: worked_s)

    async def work(loop: VirtualLoop, items: Iterable[float]) -> list[float]:
        nonlocal worked_s
        began_s, at_s = loop.time(), []
        async for each in in_turns(items):
            at_s.append(loop.time() - began_s)
            worked_s += each
        return at_s

    return lambda items: in_virtual_time(lambda loop: work(loop, items))


def test_after_enough_was_computed_comes_a_rest(begin: Begin) -> None:
    few = COMPUTED_S / 4
    assert begin([few] * 9) == pytest.approx([0.0] * 4 + [REST_S] * 4 + [2 * REST_S])


def test_one_item_that_takes_long_is_followed_by_one_rest(begin: Begin) -> None:
    assert begin([100 * COMPUTED_S, 0.0, 0.0]) == pytest.approx([0.0, REST_S, REST_S])


def test_what_costs_nothing_is_not_held_up(begin: Begin) -> None:
    assert begin([0.0] * 10_000) == [0.0] * 10_000


def test_the_last_item_needs_no_rest_after_it() -> None:
    async def work(loop: VirtualLoop) -> float:
        began_s = loop.time()
        async for _ in in_turns([1]):
            sum(range(1_000_000))  # more than may be computed in a row
        return loop.time() - began_s

    assert in_virtual_time(work) == 0.0
