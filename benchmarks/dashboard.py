"""A picture of docs/monitoring/dashboard.json, from days of the whole bot and a real Prometheus.

    python -m benchmarks dashboard [--days N] [--picture FILE] [--keep FOLDER]

The bot of `month` lives through real days of ../shared/corpus (made-up ones without it) on a clock
that stops every 15 minutes; people use it by day. At each stop its /metrics are read. The clock
stands until all that is due is done, so a stop's numbers hold until the next one, and Prometheus
gets them as often as it would have asked. It takes them with the moments of those days, and answers
the queries of the dashboard. `panels` draws the answers as a page, of which Chromium takes the
picture: Grafana has no part in it. So that trouble is seen, too, Discord takes no messages (503) in
the first hours of the last day.

What waits for a moment waits virtually; how long an answer, a command or the event loop takes is
the real time of this machine. Exits with 1 when a panel stays empty. Wants prometheus, promtool
(Debian: prometheus) and Chromium. ``--keep`` keeps the numbers, and takes them from there if kept.
"""

import argparse
import asyncio
import contextlib
import json
import random
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import aiohttp

from benchmarks.corpus import ROOT
from benchmarks.month import FIRST_DAY, Conductor, eastern, publish, read_month, set_up
from benchmarks.panels import (
    WIDTH,
    Panel,
    Series,
    Span,
    draw_page,
    height_of,
    name_series,
    read_panels,
)
from bot.arxiv.calendar import EASTERN
from tests.fakes.browser import PROGRAMS, open_browser
from tests.fakes.faults import page as answer_page
from tests.run.test_health import find_free_port

DASHBOARD = ROOT / "docs/monitoring/dashboard.json"
PICTURE = ROOT / "docs/images/dashboard.png"
STEP = timedelta(minutes=15)
ASKED_EVERY = timedelta(minutes=2.5)
"""How often Prometheus gets numbers: the shortest window of a query, 5 minutes, needs two."""
OUTAGE = timedelta(hours=3)
USED_AT = (8, 10, 11, 13, 14, 16, 20)
"""Hours at which people may use the bot."""


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="dashboard", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--days", type=int, default=3)
    parser.add_argument("--picture", type=Path, default=PICTURE)
    parser.add_argument("--keep", type=Path, metavar="FOLDER")
    options = parser.parse_args(argv)
    if missing := find_missing():
        wanted = " and ".join(missing)
        sys.exit(f"This needs {wanted} (Debian: apt-get install prometheus chromium).")
    panels = read_panels(json.loads(DASHBOARD.read_text("utf-8")))
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        return asyncio.run(make_picture(panels, options.days, folder, options.picture))


def find_missing() -> list[str]:
    """Return the programs that are not there, before days are lived through in vain."""
    wanted = {"prometheus": ("prometheus",), "promtool": ("promtool",), "chromium": PROGRAMS}
    return [name for name, programs in wanted.items() if not any(map(shutil.which, programs))]


async def make_picture(panels: Sequence[Panel], days: int, folder: Path, picture: Path) -> int:
    numbers = folder / "numbers.txt"
    if not numbers.exists():
        (folder / "bot").mkdir(parents=True)
        await live(days, folder / "bot" / "papers.db", numbers, wanted_by(panels))
    span = Span(eastern(FIRST_DAY, 0), eastern(FIRST_DAY + timedelta(days=days), 0), STEP)
    with tempfile.TemporaryDirectory() as temporary:
        async with prometheus(numbers, Path(temporary)) as address:
            drawn = [(panel, await answer(address, panel, span)) for panel in panels]
        page = Path(temporary) / "page.html"
        page.write_text(draw_page(drawn, span), "utf-8")
        async with open_browser(Path(temporary) / "profile") as browser:
            await browser.open(page.as_uri())
            await browser.wait_for("document.querySelectorAll('section').length")
            await browser.take_picture(picture, WIDTH, height_of(panels))
    empty = [panel.title for panel, lines in drawn if not lines]
    print(f"{picture}: {len(drawn)} panels; empty: {', '.join(empty) or 'none'}")
    return int(bool(empty))


# -- the days -------------------------------------------------------------------------------------


def wanted_by(panels: Sequence[Panel]) -> str:
    """Return all that the panels ask for, in which the name of a number is looked up."""
    return "\n".join(query.expr for panel in panels for query in panel.queries)


async def live(days: int, path: Path, numbers: Path, wanted: str) -> None:
    """Live through some days, and write what /metrics said as text in OpenMetrics' form."""
    month = [FIRST_DAY + timedelta(days=number) for number in range(days)]
    corpus = read_month(days)
    world = Conductor(path, eastern(month[0], -60))
    port = find_free_port()
    chance = random.Random(days)
    async with world.arxiv, world.discord, aiohttp.ClientSession() as session:
        publish(world.arxiv, corpus)
        people = await set_up(world, corpus.categories)
        async with world.running(health__port=port):
            await world.discord.wait_connected()
            with numbers.open("w", encoding="utf-8") as file:
                for moment in stops(month):
                    await reach(world, moment, outage=eastern(month[-1], 0))
                    if moment.minute == 0 and chance.random() < usage_at(moment):
                        await people.use(chance)
                    async with session.get(f"http://127.0.0.1:{port}/metrics") as response:
                        file.writelines(stamp(await response.text(), moment, wanted))
                    print(f"\r{moment:%Y-%m-%d %H:%M}", end="", file=sys.stderr, flush=True)
                file.write("# EOF\n")
    print("\r", end="", file=sys.stderr)


async def reach(world: Conductor, moment: datetime, *, outage: datetime) -> None:
    """Move the clock on; what is due waits for the end of the outage, and the clock does not."""
    if outage <= moment < outage + OUTAGE:
        world.discord.clear_faults()
        world.discord.inject(answer_page(503), standing=True)
        world.now = moment
        await world.ask(now=moment.isoformat())
        return
    world.discord.clear_faults()
    await world.reach(moment)


def stops(month: Sequence[date]) -> list[datetime]:
    count = timedelta(days=1) // STEP
    return [eastern(day, 0) + number * STEP for day in month for number in range(count)]


def usage_at(moment: datetime) -> float:
    """Return how likely people use the bot at a full hour."""
    here = moment.astimezone(EASTERN)
    return (0.6 if here.weekday() < 5 else 0.2) if here.hour in USED_AT else 0.0


def stamp(page: str, moment: datetime, wanted: str) -> list[str]:
    """Return the lines of /metrics that are wanted, at each moment until the next stop."""
    found = [
        line for line in page.splitlines()
        if not line.startswith("#") and line.partition(" ")[0].partition("{")[0] in wanted
    ]  # fmt: skip
    moments = [moment + number * ASKED_EVERY for number in range(STEP // ASKED_EVERY)]
    return [f"{line} {each.timestamp()}\n" for each in moments for line in found]


# -- Prometheus -----------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def prometheus(numbers: Path, folder: Path) -> AsyncIterator[str]:
    """Let a Prometheus answer for the numbers; yields its address."""
    data, config, port = folder / "data", folder / "prometheus.yml", find_free_port()
    taking = await asyncio.create_subprocess_exec(
        "promtool", "tsdb", "create-blocks-from", "openmetrics", "--quiet", numbers, data
    )
    assert await taking.wait() == 0
    config.write_text("{}\n")
    process = await asyncio.create_subprocess_exec(
        "prometheus", f"--config.file={config}", f"--storage.tsdb.path={data}",
        f"--web.listen-address=127.0.0.1:{port}", "--storage.tsdb.retention.time=100y",
        "--log.level=error",
    )  # fmt: skip
    try:
        address = f"http://127.0.0.1:{port}"
        await _wait_until_ready(address)
        yield address
    finally:
        process.terminate()
        await process.wait()


async def _wait_until_ready(address: str) -> None:
    async with aiohttp.ClientSession() as session, asyncio.timeout(60):
        while True:
            with contextlib.suppress(aiohttp.ClientConnectionError):
                async with session.get(f"{address}/-/ready") as response:
                    if response.ok:
                        return
            await asyncio.sleep(0.1)


async def answer(address: str, panel: Panel, span: Span) -> list[Series]:
    """Ask what a panel asks; the lines of its queries follow each other."""
    lines = []
    async with aiohttp.ClientSession(raise_for_status=True) as session:
        for query in panel.queries:
            asked = {
                "query": query.expr, "start": str(span.start.timestamp()),
                "end": str(span.end.timestamp()), "step": str(span.step.total_seconds()),
            }  # fmt: skip
            async with session.get(f"{address}/api/v1/query_range", params=asked) as response:
                lines += name_series(query, await response.json())
    return lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
