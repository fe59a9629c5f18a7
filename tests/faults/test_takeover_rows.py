"""Rows 98 and 120: the host dies, another one goes on with the replica, the first comes back."""

from pathlib import Path

import pytest

from tests.fakes.process import running_bot
from tests.faults.scenario import scenario
from tests.faults.takeover import take_over

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("kill_at", "every_s"), [(0.1, 1.0), (0.6, 10.0)])
async def test_row_98_120_another_host_goes_on_with_the_replica(
    tmp_path: Path, kill_at: float, every_s: float
) -> None:
    """What the replica does not know any more the channels tell: nothing lost, nothing twice."""
    taken = await take_over(tmp_path, channels=4, every_s=every_s, kill_at=kill_at)
    assert taken.findings.problems == []
    assert (taken.findings.lost, taken.findings.duplicated, taken.findings.unknown) == (0, 0, 0)
    assert taken.posted_before < taken.messages
    assert (taken.returned, taken.posted_by_returned) == (75, 0)
    assert "so this one posts nothing" in taken.said


async def test_row_120_a_host_that_was_cut_off_sees_who_posted_meanwhile(tmp_path: Path) -> None:
    """It was never stopped: its connection to the gateway is lost, and comes back."""
    async with scenario(tmp_path, channels=2, papers=4) as day:
        async with day.running() as bot:
            assert await day.finished(bot), bot.log
            posted = len(day.discord.ledger)
            body = dict(day.channels[0].messages[-1])
            other = {"content": f"{body['content']} again", "embeds": body["embeds"]}
            day.discord.post_as(day.discord.bot, day.channels[0], other)
            await bot.ticks()  # it was never away, so nobody can have taken over
            await day.discord.gateway.drop()
            assert await bot.wait() == 75, bot.log
            assert "so this one posts nothing" in bot.log
        async with day.running() as bot:
            assert await bot.wait() == 75, bot.log
        async with running_bot(day.environ, "run", "--adopt") as bot:
            await bot.says("database compared with the channels")
            await bot.ticks()
            assert await bot.stop() == 0, bot.log
        async with day.running() as bot:
            await day.discord.wait_connected()
            await bot.ticks()
            assert await bot.stop() == 0, bot.log
        assert len(day.discord.ledger) == posted
