"""Row 31: blind SIGKILLs at random moments while the shipped program delivers.

    python -m tests.faults.kills --kills 300 --channels 350 --nonce-window 0 --seed 7

prints kills, deliveries, lost, duplicated, unknown. With ``--nonce-window 0`` Discord recognises
no nonce and the bot is made to believe that it was down for half an hour, so only the channel's
history can tell what arrived; with ``--no-history`` not even that, and what was in flight at a
kill must end as unknown, never lost or doubled.
"""

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.fakes import faults
from tests.fakes.world import READ_MESSAGE_HISTORY
from tests.faults.invariants import Findings
from tests.faults.scenario import Scenario, scenario
from tests.waiting import until

DOWN_MINUTES = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """How long and under which conditions to kill."""

    kills: int
    channels: int
    papers: int = 12
    nonce_window_s: float = 300.0
    has_history: bool = True
    seed: int = 1
    pace_per_s: float = 8.0
    longest_life_s: float = 1.5


async def run_loop(loop: Loop, folder: Path) -> tuple[int, int, Findings]:
    """Kill and restart until all is delivered or the kills are used up, then deliver the rest.

    Returns the kills, the messages and what the check found.
    """
    dice = random.Random(loop.seed)
    async with scenario(
        folder,
        channels=loop.channels,
        papers=loop.papers,
        delivery__pace_per_s=loop.pace_per_s,
    ) as day:
        if not loop.has_history:
            day.guild.permissions &= ~READ_MESSAGE_HISTORY
        kills = 0
        while kills < loop.kills and not day.is_done():
            kills += await _live_and_die(day, loop, dice)
        day.discord.nonce_window_s = loop.nonce_window_s
        await _raise_pace(day)
        await day.run_to_the_end()
        return kills, len(day.states()), day.check()


async def _live_and_die(day: Scenario, loop: Loop, dice: random.Random) -> int:
    """Start the bot, let it live for a random while once it posts, kill it; 1 if it was killed."""
    day.discord.nonce_window_s = loop.nonce_window_s
    async with day.running() as bot:
        before = len(day.discord.calls)
        await until(lambda: len(day.discord.calls) > before + 2 or bot.has_ended)
        if dice.random() < 0.5:
            # Half of the kills strike while an answer is on its way: the worst moment there is.
            day.discord.inject(faults.hang(5, after=dice.random() < 0.7))
        await asyncio.sleep(dice.random() * loop.longest_life_s)
        await bot.kill()
    day.discord.clear_faults()
    if loop.nonce_window_s == 0:
        day.age_claims(DOWN_MINUTES)
    return 1


async def _raise_pace(day: Scenario) -> None:
    day.environ["PAPER_BOT_DELIVERY__PACE_PER_S"] = "45"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--channels", type=int, default=60)
    parser.add_argument("--papers", type=int, default=12)
    parser.add_argument("--nonce-window", type=float, default=300.0, metavar="SECONDS")
    parser.add_argument("--no-history", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pace", type=float, default=8.0, metavar="PER_S")
    options = parser.parse_args()
    loop = Loop(
        kills=options.kills,
        channels=options.channels,
        papers=options.papers,
        nonce_window_s=options.nonce_window,
        has_history=not options.no_history,
        seed=options.seed,
        pace_per_s=options.pace,
    )
    folder = Path(tempfile.mkdtemp(prefix="kills-"))
    started = time.monotonic()
    try:
        kills, messages, findings = asyncio.run(run_loop(loop, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(
        f"kills {kills}  messages {messages}  papers sent {findings.sent}  "
        f"lost {findings.lost}  duplicated {findings.duplicated}  unknown {findings.unknown}  "
        f"({time.monotonic() - started:.0f} s, {loop})"
    )
    print("\n".join(findings.problems))
    return int(bool(findings.problems))


if __name__ == "__main__":
    sys.exit(main())
