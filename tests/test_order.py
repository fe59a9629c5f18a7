"""The order of all tests: long ones first, spread over the workers as xdist cuts the list."""

import random

import pytest

from tests.order import longest_first


@pytest.mark.parametrize("workers", range(1, 6))
@pytest.mark.parametrize("count", [0, 1, 7, 40])
def test_every_worker_begins_with_its_share_of_the_long_ones(workers: int, count: int) -> None:
    dice = random.Random(count)
    tests = dice.sample(range(1000), 60)  # of so many seconds, if it is one of the long ones
    long = set(dice.sample(tests, count))
    ordered = longest_first(tests, lambda test: test if test in long else 0, workers)
    assert sorted(ordered) == sorted(tests)
    assert [test for test in ordered if test not in long] == [t for t in tests if t not in long]
    spread = sorted(long, reverse=True)
    for worker in range(workers):
        piece, ordered = _cut(ordered, workers - worker)
        mine = spread[worker::workers]
        assert piece[: len(mine)] == mine


def _cut(tests: list[int], workers: int) -> tuple[list[int], list[int]]:
    """Cut off a worker's piece as xdist does."""
    size = len(tests) // workers
    return tests[:size], tests[size:]


def test_more_long_ones_than_a_piece_holds_come_all_the_same() -> None:
    tests = list(range(1, 12))
    assert sorted(longest_first(tests, float, 4)) == tests


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_without_long_ones_the_order_stays(workers: int) -> None:
    assert longest_first("gacbd", lambda _: 0, workers) == list("gacbd")
