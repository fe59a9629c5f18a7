"""A million saved papers of 50,000 people: pages, searches in a library, and bursts of presses.

    python -m benchmarks readers [--people N] [--saved N] [--presses N] [--rate N]

The shipped program answers people in the loopback Discord. Wall time is from the press or command
to the whole answer, and to its acknowledgement; CPU is that of the bot's process alone, with all
its threads. A burst comes at so many presses a second, and once all at the same moment. Ordinary
people have about 18 papers, ten have 10,000, the most there can be.
"""

import argparse
import asyncio
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.corpus import build_database, read_corpus, real_papers
from benchmarks.tables import table, verdict
from bot.digest.reading import MOST_SAVED
from bot.models import ArxivId
from bot.ui.acts import Act, PaperAct
from tests.fakes.discord import DiscordServer
from tests.fakes.interactions import Reply
from tests.fakes.process import BotProcess, bot_environ, running_bot
from tests.fakes.world import Channel, Guild, User

GOAL_S = 1.0
COLLECTORS = 10
"""People with a full library."""
PEOPLE_FROM = 10_000
GUILD_ID = 7
TAGS = ("", "slam", "to-read", "slam to-read", "survey")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A Discord with the bot, and the papers that there are."""

    server: DiscordServer
    guild: Guild
    channel: Channel
    bot: BotProcess
    papers: Sequence[ArxivId]

    def press(self, person: int, act: Act, arxiv_id: ArxivId) -> Awaitable[Reply]:
        custom_id = PaperAct(act=act, arxiv_id=arxiv_id).custom_id
        pressing = self.server.interactions.press
        return pressing(self.guild, self.channel, user(person), custom_id)

    def list_library(self, person: int, query: str = "") -> Awaitable[Reply]:
        options = {"query": query} if query else {}
        return self.server.slash(self.guild, self.channel, user(person), "library list", **options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """How long people waited, and what it cost the bot."""

    name: str
    answered_s: Sequence[float]
    acknowledged_s: Sequence[float]
    cpu_s: float

    @property
    def is_good(self) -> bool:
        return percentile(self.answered_s, 99) <= GOAL_S

    def row(self) -> tuple[str, ...]:
        count = len(self.answered_s)
        waits = [self.acknowledged_s, self.answered_s]
        numbers = [f"{percentile(each, n) * 1000:,.0f}" for each in waits for n in (50, 99)]
        cpu_ms = f"{self.cpu_s / count * 1000:.1f}"
        return self.name, f"{count:,}", *numbers, cpu_ms, verdict(self.is_good)


def percentile(values: Sequence[float], n: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[n - 1]


def user(person: int) -> User:
    return User(id=person, name=f"person-{person}")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=50_000, metavar="N")
    parser.add_argument("--saved", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--presses", type=int, default=300, metavar="N")
    parser.add_argument("--rate", type=int, default=50, metavar="N", help="presses a second")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "papers.db"  # where `bot_environ` has it
        build_database(path, real_papers(read_corpus()))
        papers = fill(path, options.people, options.saved)
        size_mb = path.stat().st_size / 1e6
        saved, people = options.saved, options.people
        print(f"{saved:,} papers saved by {people:,} people; {size_mb:,.0f} MB", flush=True)
        measured = asyncio.run(measure(Path(name), papers, options))
    return report(measured)


async def measure(
    folder: Path, papers: Sequence[ArxivId], options: argparse.Namespace
) -> list[Measured]:
    async with DiscordServer(validate=False) as server:
        guild = server.add_guild()
        channel = server.add_channel(guild)
        environ = bot_environ(folder, arxiv=None, discord=server, schedule__tick_s=60)
        async with running_bot(environ) as bot:
            await server.wait_connected()
            await bot.ticks(1)
            scene = Scene(server=server, guild=guild, channel=channel, bot=bot, papers=papers)
            measured = await measure_all(scene, options.people, options.presses, options.rate)
            assert await bot.stop() == 0, bot.log
    return measured


def report(measured: Sequence[Measured]) -> int:
    heads = ("", "times", "ack p50 ms", "p99", "answer p50 ms", "p99", "CPU ms", f"<= {GOAL_S} s")
    print(table([heads, *(each.row() for each in measured)]))
    return int(not all(each.is_good for each in measured))


def fill(path: Path, people: int, saved: int) -> list[ArxivId]:
    """Let people save papers, each library in one go; returns all papers that there are."""
    connection = sqlite3.connect(path)
    papers = [ArxivId(row[0]) for row in connection.execute("SELECT arxiv_id FROM paper")]
    with connection:
        connection.executemany(
            "INSERT INTO saved_paper (user_id, arxiv_id, saved_at, guild_id, tags, is_read) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            saved_papers(papers, people, saved),
        )
    connection.close()
    return papers


def saved_papers(
    papers: Sequence[ArxivId], people: int, saved: int
) -> Iterator[tuple[object, ...]]:
    dice, now = random.Random(15), datetime.now(UTC).isoformat()
    full = min(COLLECTORS * MOST_SAVED, saved // 5) // COLLECTORS
    rest = saved - COLLECTORS * full
    others = people - COLLECTORS
    for person in range(people):
        if person < COLLECTORS:
            count = full
        else:
            place = person - COLLECTORS
            count = rest * (place + 1) // others - rest * place // others
        for arxiv_id in dice.sample(papers, count):
            tags, is_read = dice.choice(TAGS), dice.random() < 0.3
            yield PEOPLE_FROM + person, arxiv_id, now, GUILD_ID, tags, is_read


async def measure_all(scene: Scene, people: int, presses: int, rate: int) -> list[Measured]:
    dice = random.Random(16)
    some = [PEOPLE_FROM + each for each in dice.sample(range(COLLECTORS, people), presses)]
    few = [PEOPLE_FROM + each % COLLECTORS for each in range(30)]
    drawn = dict(zip(some, dice.choices(scene.papers, k=presses), strict=True))

    def pressing(act: Act) -> Callable[[int], Awaitable[Reply]]:
        return lambda person: scene.press(person, act, drawn[person])

    def searching(query: str) -> Callable[[int], Awaitable[Reply]]:
        return lambda person: scene.list_library(person, query)

    await scene.list_library(some[0])  # the first of a kind reads what all need
    return [
        await one_by_one(scene, "a page of a library", some[:100], scene.list_library),
        await one_by_one(scene, "a search in it", some[:100], searching("network tag:slam")),
        await one_by_one(scene, "a page of 10,000", few, scene.list_library),
        await one_by_one(scene, "a search in 10,000", few, searching("network tag:slam")),
        await burst(scene, f"saves, {rate} a second", some, pressing(Act.SAVE), rate),
        await burst(scene, f"likes, {rate} a second", some, pressing(Act.LIKE), rate),
        await burst(scene, "the same likes again", some, pressing(Act.LIKE), rate),
        await burst(scene, "50 saves at once", some[:50], pressing(Act.SAVE), None),
    ]


async def one_by_one(
    scene: Scene, name: str, people: Sequence[int], act: Callable[[int], Awaitable[Reply]]
) -> Measured:
    return await timed(scene, name, people, act, None, at_once=False)


async def burst(
    scene: Scene,
    name: str,
    people: Sequence[int],
    act: Callable[[int], Awaitable[Reply]],
    rate: int | None,
) -> Measured:
    return await timed(scene, name, people, act, rate, at_once=True)


async def timed(
    scene: Scene,
    name: str,
    people: Sequence[int],
    act: Callable[[int], Awaitable[Reply]],
    rate: int | None,
    *,
    at_once: bool,
) -> Measured:
    """Let people act at a rate, all at once (None), or each after the other's answer."""
    scene.server.interactions.acknowledged_after_s.clear()
    before_s = scene.bot.cpu_s()
    waits: list[float] = []

    async def one(number: int, person: int) -> None:
        if rate:
            await asyncio.sleep(number / rate)
        begun = time.perf_counter()
        reply = await act(person)
        waits.append(time.perf_counter() - begun)
        assert reply.text, name
        assert "on my side" not in reply.text, reply.text

    if at_once:
        await asyncio.gather(*(one(*each) for each in enumerate(people)))
    else:
        for each in enumerate(people):
            await one(*each)
    return Measured(
        name=name,
        answered_s=waits,
        acknowledged_s=list(scene.server.interactions.acknowledged_after_s),
        cpu_s=scene.bot.cpu_s() - before_s,
    )
