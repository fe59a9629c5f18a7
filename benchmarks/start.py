"""From the start to the gateway: computing, waiting and memory, killed and started again.

    python -m benchmarks start [--papers N] [--rounds N] [--watch S] [--keep FILE]

The papers are grown from ../shared/corpus with a seed (`corpus.Grower`). The bot is `python -m bot
run`, a process of its own, beside stand-ins of arXiv and Discord in this one. A round is a start, S
seconds in which the file is read to its end, and a kill: the next start must be as fast. Computing
counts, as a busy machine makes waiting longer; memory is what the process holds (RSS), at the
moment when the gateway has it, and the most while the file is read.
"""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.corpus import Grower, build_database, read_corpus
from benchmarks.delivery import cpu_of
from benchmarks.tables import table, verdict

GOAL_S = 3.0
GOAL_MB = 120
READING_S = 10.0


@dataclass(frozen=True, slots=True)
class Start:
    computed_s: float
    waited_s: float
    ready_mb: float
    most_mb: float


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="start", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--papers", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--watch", type=float, default=READING_S, metavar="S")
    parser.add_argument("--keep", type=Path, help="a database to use, made there where it is not")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        path = options.keep or Path(folder) / "papers.db"
        if not path.exists():
            build_database(path, Grower(read_corpus()).grow(options.papers))
        starts = asyncio.run(start_and_kill(path, options.rounds, options.watch))
        print(f"{path.stat().st_size / 1e9:.1f} GB")
    print(table([("computed", "waited", "ready", "most"), *map(_row, starts)], names=0))
    slowest = max(each.computed_s for each in starts)
    largest = max(each.most_mb for each in starts)
    print(f"computed under {GOAL_S:.0f} s: {verdict(slowest < GOAL_S)}")
    print(f"under {GOAL_MB} MB: {verdict(largest < GOAL_MB)}")
    return 0 if slowest < GOAL_S and largest < GOAL_MB else 1


def _row(each: Start) -> tuple[str, ...]:
    return (
        f"{each.computed_s:.2f} s", f"{each.waited_s:.2f} s",
        f"{each.ready_mb:.0f} MB", f"{each.most_mb:.0f} MB",
    )  # fmt: skip


async def start_and_kill(path: Path, rounds: int, watch_s: float) -> list[Start]:
    from tests.fakes.arxiv import ArxivServer
    from tests.fakes.discord import DiscordServer
    from tests.fakes.process import bot_environ
    from tests.waiting import until

    async with ArxivServer() as arxiv, DiscordServer() as discord:
        discord.add_channel(discord.add_guild())
        environ = bot_environ(path.parent, arxiv=arxiv, discord=discord, schedule__tick_s=30)
        environ |= {"PAPER_BOT_DATABASE__PATH": str(path), "PYTHONPATH": os.getcwd()}
        starts = []
        for _ in range(rounds):
            connected = discord.gateway.connections
            begun_s = time.monotonic()
            bot = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run",
                env=environ, stderr=asyncio.subprocess.DEVNULL,
            )  # fmt: skip

            def is_back(before: int = connected) -> bool:
                return discord.gateway.connections > before

            await until(is_back)
            await discord.wait_connected()
            waited_s, ready = time.monotonic() - begun_s, cpu_of(bot.pid)
            ready_mb = memory_mb(bot.pid, "VmRSS")
            await asyncio.sleep(watch_s)
            starts.append(Start(ready, waited_s, ready_mb, memory_mb(bot.pid, "VmHWM")))
            bot.send_signal(signal.SIGKILL)
            await bot.wait()
    return starts


def memory_mb(pid: int, name: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (kib,) = (line.split()[1] for line in lines if line.startswith(f"{name}:"))
    return int(kib) * 1024 / 1e6
