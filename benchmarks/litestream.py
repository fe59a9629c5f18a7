"""What Litestream costs the bot: posts a second, how long a write takes, CPU, bytes a day.

    python -m benchmarks litestream [--channels N] [--writes N] [--days N]

Everything is measured without it and with it, carrying to a folder every second (its own default)
and every ten. Posts are those of `delivery`: the shipped program and the loopback Discord's limits.
A write is one row in one transaction that is forced to the disk, as the outcome of a post is, one
after the other as fast as they go. The days are those of `month`, with all that a bot does in them.
"""

import argparse
import asyncio
import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Final

from benchmarks.delivery import cpu_of, measure_bot, render
from benchmarks.month import FIRST_DAY, conduct, read_month
from benchmarks.start import memory_mb
from benchmarks.tables import table
from bot.digest.models import Place
from bot.store.store import open_store
from tests.fakes.litestream import Replica, find_litestream

EVERY_S: Final = (None, 1.0, 10.0)
"""How far behind the replica may be; None: there is none."""
CATCH_UP_S: Final = 2.0


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="litestream", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--channels", type=int, default=100)
    parser.add_argument("--writes", type=int, default=5000)
    parser.add_argument("--days", type=int, default=3)
    options = parser.parse_args(argv)
    find_litestream()
    asyncio.run(measure(options.channels, options.writes, options.days))
    return 0


async def measure(channels: int, writes: int, days: int) -> None:
    rows: list[tuple[str, ...]] = [
        ("replica", "posts/s", "CPU ms a post", "writes/s", "p50 ms", "p99 ms", "most ms",
         "Litestream CPU s", "MB")
    ]  # fmt: skip
    for every_s in EVERY_S:
        posting, writing = Beside(every_s), Beside(every_s)
        rate, cpu_ms, _ = await measure_bot(
            render("cards"), channels, Place.CHANNEL, with_commands=False, beside=posting.run
        )
        times = await write(writes, writing)
        cuts = statistics.quantiles(times, n=100)
        figures = (
            rate, cpu_ms, writes / sum(times), *(1000 * each for each in (cuts[49], cuts[98])),
            1000 * max(times), posting.cpu_s, posting.memory_mb,
        )  # fmt: skip
        name = "none" if every_s is None else f"every {every_s:.0f} s"
        rows.append((name, *(f"{each:.1f}" for each in figures)))
        print(table(rows[-1:]), file=sys.stderr)
    print(table(rows))
    print(await carry_days(days))


class Beside:
    """Litestream beside a database, or nothing; tells what it took in the end."""

    def __init__(self, every_s: float | None) -> None:
        self.every_s = every_s
        self.cpu_s = self.memory_mb = 0.0

    @contextlib.asynccontextmanager
    async def run(self, path: Path) -> AsyncIterator[None]:
        if self.every_s is None:
            yield
            return
        replica = Replica(path.parent / "replica", every_s=self.every_s)
        async with replica.carrying(path) as litestream:
            yield
            await asyncio.sleep(CATCH_UP_S)  # what is still to be carried counts too
            self.cpu_s, self.memory_mb = cpu_of(litestream.pid), memory_mb(litestream.pid, "VmHWM")


async def write(count: int, beside: Beside) -> list[float]:
    """Return the seconds that each write took."""
    times = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "papers.db"
        async with open_store(path) as store, beside.run(path):
            await asyncio.sleep(CATCH_UP_S)  # it copies the file first
            for number in range(count):
                began = time.perf_counter()
                await store.facts.set("written", str(number))
                times.append(time.perf_counter() - began)
    return times


async def carry_days(count: int) -> str:
    """Say how much is carried in some days of `month`, beside how much the database grows."""
    month = [FIRST_DAY + timedelta(days=number) for number in range(count)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "replica"
        days = await conduct(read_month(count), month, Path(name) / "papers.db", folder)
        carried = sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())
    largest = max(day.wal for day in days)
    return (
        f"{count} days: database {days[-1].database / 1e6:.1f} MB, papers {days[-1].papers:,}, "
        f"messages {days[-1].messages:,}, edits {days[-1].edits:,}; carried "
        f"{carried / count / 1e6:.1f} MB a day; largest -wal {largest / 1e6:.1f} MB"
    )


if __name__ == "__main__":
    sys.exit(main())
