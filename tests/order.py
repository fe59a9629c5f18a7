"""Long tests begin first, a core each, so that no core waits for the last of them in the end.

A mark says how long one takes, roughly: ``@pytest.mark.slow(30)``. All others stay in the random
order in which they are, a file's tests together.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import pytest

T = TypeVar("T")


@pytest.hookimpl(trylast=True)  # when those that are not wanted are out
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    items[:] = longest_first(items, takes_s, workers)


def takes_s(item: pytest.Item) -> float:
    """Return how long a test takes by its mark; 0 where that says nothing."""
    mark = item.get_closest_marker("slow")
    return float(mark.args[0]) if mark is not None and mark.args else 0.0


def longest_first(tests: Sequence[T], takes: Callable[[T], float], workers: int) -> list[T]:
    """Return the order in which each of some workers gets its share of the long ones first.

    xdist cuts the list into so many pieces of equal length, one for each worker.
    """
    long = sorted((test for test in tests if takes(test)), key=takes, reverse=True)
    others = [test for test in tests if not takes(test)]
    ordered: list[T] = []
    for worker in range(workers):
        piece = (len(tests) - len(ordered)) // (workers - worker)
        mine = long[worker::workers]
        left = max(piece - len(mine), 0)
        ordered += [*mine, *others[:left]]
        del others[:left]
    return ordered + others
