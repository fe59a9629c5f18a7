"""A person's searches take turns; nobody waits for another person's."""

import asyncio
import gc

from bot.cogs.turns import Turns
from tests.waiting import HUNG_S

ADA, BEN = 1, 2


async def test_one_persons_works_never_run_at_once() -> None:
    turns = Turns()
    running = most = 0

    async def work() -> None:
        nonlocal running, most
        async with turns.of(ADA):
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            running -= 1

    await asyncio.gather(*(work() for _ in range(20)))
    assert most == 1


async def test_nobody_waits_for_another_person() -> None:
    turns = Turns()
    async with turns.of(ADA), asyncio.timeout(HUNG_S), turns.of(BEN):
        assert turns.of(ADA).locked()


async def test_a_failure_gives_the_turn_back() -> None:
    turns = Turns()
    try:
        async with turns.of(ADA):
            raise ValueError
    except ValueError:
        assert not turns.of(ADA).locked()


async def test_nothing_is_kept_of_those_who_are_done() -> None:
    turns = Turns()
    for person in range(100):
        async with turns.of(person):
            pass
    gc.collect()
    assert len(turns) == 0
