"""All channels share one pace, evenly; a lane gives its slot back once, at its end or before."""

import asyncio

import pytest

from bot.delivery.lanes import Lane, RateLimiter
from tests.virtual import VirtualLoop, in_virtual_time


async def passed(loop: VirtualLoop, limiter: RateLimiter, count: int) -> list[float]:
    """Let so many pass; returns the seconds until each did."""
    began_s, at_s = loop.time(), []
    for _ in range(count):
        await limiter.wait()
        at_s.append(loop.time() - began_s)
    return at_s


def test_callers_pass_at_an_even_pace() -> None:
    async def work(loop: VirtualLoop) -> list[float]:
        limiter = RateLimiter(4)
        await passed(loop, limiter, 1)
        return await passed(loop, limiter, 8)

    assert in_virtual_time(work) == pytest.approx([0.25 * number + 0.2 for number in range(8)])


def test_side_by_side_they_do_too() -> None:
    async def work(loop: VirtualLoop) -> list[float]:
        limiter = RateLimiter(10)
        await passed(loop, limiter, 1)
        groups = await asyncio.gather(*(passed(loop, limiter, 5) for _ in range(2)))
        return sorted(at_s for group in groups for at_s in group)

    at_s = in_virtual_time(work)
    assert at_s == pytest.approx([0.1 * number + 0.05 for number in range(10)])


def test_only_a_little_of_a_pause_is_made_up_for() -> None:
    """A twentieth of a second: else a loop that was late would be followed by a flood."""

    async def work(loop: VirtualLoop) -> list[float]:
        limiter = RateLimiter(100)
        await passed(loop, limiter, 50)
        await asyncio.sleep(60)
        return await passed(loop, limiter, 100)

    at_s = in_virtual_time(work)
    assert sum(each == 0 for each in at_s) == 6
    assert at_s[-1] == pytest.approx(0.94)


def test_turns_of_one_step_come_together() -> None:
    """None later than alone, and none earlier than by a step: the pace stays."""

    async def work(loop: VirtualLoop, step_s: float) -> list[float]:
        limiter = RateLimiter(10, step_s)
        await passed(loop, limiter, 1)
        groups = await asyncio.gather(*(passed(loop, limiter, 2) for _ in range(30)))
        return sorted(at_s for group in groups for at_s in group)

    together = in_virtual_time(lambda loop: work(loop, 0.5))
    alone = in_virtual_time(lambda loop: work(loop, 0.0))
    early = [each - other for each, other in zip(alone, together, strict=True)]
    assert all(-1e-6 < each_s < 0.5 + 1e-6 for each_s in early)
    assert len({round(each_s, 3) for each_s in together[5:]}) <= len(together) / 5 + 1


def test_a_turn_that_is_given_back_is_anothers() -> None:
    async def work(loop: VirtualLoop) -> list[float]:
        limiter = RateLimiter(10)
        await passed(loop, limiter, 5)
        began_s = loop.time()
        for _ in range(20):
            await limiter.wait()
            limiter.give_back()
        return [loop.time() - began_s]

    assert in_virtual_time(work) == pytest.approx([0.1])


@pytest.mark.parametrize("is_detached", [False, True])
async def test_a_lane_gives_its_slot_back_once(is_detached: bool) -> None:
    """When it ends, or before, when nobody is to wait for it any more."""
    slots = asyncio.Semaphore(1)
    lane = Lane(slots)
    async with lane:
        assert slots.locked()
        if is_detached:
            lane.detach()
            assert not slots.locked()
        assert lane.is_detached is is_detached
        assert lane.left.is_set() is is_detached
    assert lane.left.is_set()
    await slots.acquire()
    assert slots.locked()
