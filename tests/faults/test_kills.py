"""Rows 31 and 52 to 54: short blind loops of kills and stops; `kills.py` runs longer ones."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from bot.digest.models import ReasonCode
from tests.fakes import faults
from tests.faults.kills import EVERYWHERE, Loop, run_loop
from tests.faults.scenario import scenario

KILLS = int(os.environ.get("KILLS", "5"))
SEED = int(os.environ.get("SEED", "1"))


@pytest.mark.slow(12)
@pytest.mark.cpu_limit(3600)
@pytest.mark.parametrize("has_history", [True, False], ids=["history", "no history"])
@pytest.mark.parametrize("nonce_window_s", [300.0, 0.0], ids=["nonce alive", "nonce expired"])
async def test_row_31_killed_at_random_moments(
    tmp_path: Path, nonce_window_s: float, has_history: bool
) -> None:
    """0 lost, 0 twice; unknown only where neither nonce nor history can tell."""
    loop = Loop(
        kills=KILLS,
        channels=max(KILLS * 2, 12),
        nonce_window_s=nonce_window_s,
        has_history=has_history,
        seed=SEED,
    )
    result = await run_loop(loop, tmp_path)
    assert result.findings.problems == []
    assert result.messages >= loop.channels
    if nonce_window_s or has_history:
        assert result.findings.unknown == 0
    assert result.findings.why_unknown.keys() <= {ReasonCode.HISTORY_HIDDEN}


@pytest.mark.slow(26)
@pytest.mark.cpu_limit(3600)
async def test_row_31_52_53_54_56_killed_and_stopped_while_discord_is_slow(tmp_path: Path) -> None:
    """0 lost, 0 twice and 0 unknown: the history can be read all the time."""
    loop = Loop(kills=KILLS, channels=max(KILLS * 2, 12), stops=0.5, pace_per_s=4, seed=SEED)
    result = await run_loop(loop, tmp_path)
    assert result.findings.problems == []
    assert result.findings.unknown == 0
    assert result.messages >= loop.channels


@pytest.mark.slow(18)
@pytest.mark.cpu_limit(3600)
@pytest.mark.parametrize("nonce_window_s", [300.0, 0.0], ids=["nonce alive", "nonce expired"])
async def test_row_31_80_87_killed_at_random_moments_in_every_place_and_style(
    tmp_path: Path, nonce_window_s: float
) -> None:
    """0 lost, 0 twice and 0 unknown, in channels, threads and forums."""
    loop = Loop(
        kills=KILLS,
        channels=max(KILLS, len(EVERYWHERE)),
        papers=40,
        nonce_window_s=nonce_window_s,
        seed=SEED,
        kinds=EVERYWHERE,
    )
    result = await run_loop(loop, tmp_path)
    assert result.findings.problems == []
    assert result.findings.unknown == 0
    assert result.messages >= loop.channels


@pytest.mark.slow(23)
@pytest.mark.cpu_limit(3600)
async def test_row_31_94_killed_at_random_moments_while_posts_are_edited(tmp_path: Path) -> None:
    """0 lost, 0 twice, no edit undone, and in the end every message says what is known."""
    loop = Loop(
        kills=KILLS,
        channels=max(KILLS, len(EVERYWHERE)),
        papers=40,
        edits=4 * KILLS,
        seed=SEED,
        kinds=EVERYWHERE,
    )
    result = await run_loop(loop, tmp_path)
    assert result.findings.problems == []
    assert result.findings.unknown == 0
    assert result.edits.problems == []
    assert result.edits.made > 0


@pytest.mark.slow
async def test_row_54_a_process_that_is_stopped_with_a_try_in_the_air(tmp_path: Path) -> None:
    """Discord took the message and its answer waits when the process goes on: no second try."""
    async with scenario(tmp_path, channels=1, delivery__nonce_window_s=1) as day:
        day.discord.nonce_window_s = 2
        taken = asyncio.Event()
        lost = faults.slowly(faults.answer(502, after=True), 0.5).while_(taken.set)
        day.discord.inject(lost)
        async with day.running() as bot:
            await taken.wait()
            bot.send_signal(signal.SIGSTOP)
            await asyncio.sleep(3)  # the nonce is forgotten meanwhile, however fast the machine is
            bot.send_signal(signal.SIGCONT)
            assert await day.finished(bot)
            await bot.ticks()
            assert await bot.stop() == 0, bot.log
        findings = day.check()
        assert findings.problems == []
        assert findings.unknown == 0
