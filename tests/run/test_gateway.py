"""A gateway that closes each connection is asked ever more rarely, and one that lasts at once."""

import asyncio
from itertools import pairwise

import pytest

from bot.run.gateway import LASTING_S, LONGEST_PAUSE_S, GatewayPauses, next_pause


def test_pauses_grow_up_to_a_limit() -> None:
    pauses = [0.0]
    for _ in range(10):
        pauses.append(next_pause(0.1, pauses[-1]))
    assert pauses[1:5] == [1, 2, 4, 8]
    assert all(before <= after for before, after in pairwise(pauses))
    assert pauses[-1] == LONGEST_PAUSE_S < 60


@pytest.mark.parametrize(("lasted_s", "pause_s"), [(LASTING_S, 0.0), (LASTING_S - 1, 16.0)])
def test_a_connection_that_lasted_needs_no_pause(lasted_s: float, pause_s: float) -> None:
    assert next_pause(lasted_s, 8.0) == pause_s


async def test_every_shard_connects_at_once() -> None:
    """Three connections one after the other are a start, not a storm; the fourth waits."""
    closed = False
    pauses = GatewayPauses(shards=lambda: 3, is_closed=lambda: closed, first_pause_s=30)
    for _ in range(3):
        await pauses.before_connecting()
    closed = True
    with pytest.raises(asyncio.CancelledError):
        await pauses.before_connecting()
