"""Rows 98 and 120: a host dies while it delivers, another goes on with the replica of its file.

In the end the first host comes back by mistake, with the file that it had.

    python -m tests.faults.takeover --times 20 --channels 20 --every 10 --seed 1

prints takeovers, messages, lost, duplicated, unknown, the exit code of the first host when it comes
back, how many messages it posts then, and the longest time to the first post.
"""

import argparse
import asyncio
import random
import shutil
import sqlite3
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.store.backup.backup import note_boot
from bot.store.sqlite.database import instance_lock
from tests.fakes.litestream import Replica
from tests.faults.invariants import Findings
from tests.faults.scenario import Scenario, scenario
from tests.stores import open_store
from tests.waiting import until


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOver:
    """How one went: what the promise says of it, and how long the new host needed."""

    findings: Findings
    posted_before: int
    messages: int
    first_post_s: float
    """From the start of the restore until a message was posted, or all were found to be there."""
    returned: int | None
    """The exit code of the first host when it comes back."""
    said: str
    """The last line of its log."""
    posted_by_returned: int
    """How many messages it posted, or may have."""


async def take_over(folder: Path, *, channels: int, every_s: float, kill_at: float) -> TakeOver:
    """Kill the first host when it has posted the share ``kill_at`` of all messages."""
    first, second = folder / "first", folder / "second"
    first.mkdir()
    second.mkdir()
    replica = Replica(folder / "replica", every_s=every_s)
    async with scenario(first, channels=channels, papers=24, delivery__pace_per_s=10) as day:
        total = 3 * channels
        await _boot_before(day)
        async with replica.carrying(day.path):
            await until(replica.is_there)
            async with day.running() as bot:
                await until(lambda: len(day.discord.ledger) >= kill_at * total, lambda: bot.log)
                await bot.kill()
        posted = len(day.discord.ledger)
        begun = time.monotonic()
        _move(day, second)
        await replica.restore(day.path)
        async with day.running() as bot:
            await until(
                lambda: len(day.discord.ledger) > posted or _is_settled(day), lambda: bot.log
            )
            first_post_s = time.monotonic() - begun
            await until(lambda: _is_settled(day), lambda: bot.log)
            await bot.ticks()
            assert await bot.stop() == 0, bot.log
        findings, messages = day.check(), len(day.discord.ledger)
        _move(day, first)
        code, said = await _come_back(day)
        return TakeOver(
            findings=findings,
            posted_before=posted,
            messages=messages,
            first_post_s=first_post_s,
            returned=code,
            said=said,
            posted_by_returned=len(day.discord.ledger) - messages,
        )


async def _come_back(day: Scenario) -> tuple[int | None, str]:
    """Start the first host again; None: it did not end by itself, though it had nothing to post."""
    async with day.running() as bot:
        await until(lambda: bot.has_ended or bot.ticked() >= 20, lambda: bot.log)
        code = await bot.wait() if bot.has_ended else None
        return code, bot.log.splitlines()[-1]


async def _boot_before(day: Scenario) -> None:
    """Let the bot have run with this file some day before, as it has where people set it up."""
    with instance_lock(day.path) as lock:
        async with open_store(day.path) as store:
            await note_boot(store.database, lock, datetime.now(UTC))


def _is_settled(day: Scenario) -> bool:
    """Whether every paper is in a message that is in a final state."""
    connection = sqlite3.connect(f"file:{day.path}?mode=ro", uri=True, timeout=5)
    try:
        (count,) = connection.execute(
            "SELECT count(DISTINCT delivered_paper.channel_id || arxiv_id) FROM delivered_paper "
            "JOIN delivery ON delivery.id = delivery_id WHERE state NOT IN ('planned', 'sending')"
        ).fetchone()
    finally:
        connection.close()
    return bool(count >= len(day.expected))


def _move(day: Scenario, folder: Path) -> None:
    """Let the day go on with the file of another host."""
    day.path = folder / day.path.name
    day.environ["PAPER_BOT_DATABASE__PATH"] = str(day.path)


async def main(times: int, channels: int, every_s: float, seed: int) -> None:
    chance = random.Random(seed)
    ended = []
    for number in range(times):
        folder = Path(tempfile.mkdtemp())
        kill_at = chance.uniform(0.02, 0.98)
        each = await take_over(folder, channels=channels, every_s=every_s, kill_at=kill_at)
        shutil.rmtree(folder)
        ended.append(each)
        print(
            f"{number + 1}: killed after {each.posted_before} of {each.messages} messages, first "
            f"post after {each.first_post_s:.1f} s, {each.findings}; the first host back: exit "
            f"code {each.returned}, {each.posted_by_returned} messages", flush=True,
        )  # fmt: skip
    print(f"takeovers {times}  longest {max(each.first_post_s for each in ended):.1f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--channels", type=int, default=20)
    parser.add_argument("--every", type=float, default=10.0, help="seconds that the replica lags")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    asyncio.run(main(options.times, options.channels, options.every, options.seed))
