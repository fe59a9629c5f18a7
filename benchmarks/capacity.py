"""One announcement day for many servers: shards, planning, posting, commands, memory and disk.

    python -m benchmarks capacity [--guilds N] [--channels N] [--papers N] [--shards N]
                                  [--minutes M] [--pace N] [--keep FILE]

The shipped program (`python -m bot run`) runs beside the loopback Discord, which keeps Discord's
budgets: 50 requests a second, 5 messages in 5 seconds for a channel, 2,500 servers a shard. A
server has 20 further channels and 15 roles. The day is one of the reference corpus with four lists;
of the channels, which follow one or two of them, a quarter has no topic, the others have up to five
of their own. Meanwhile people search, twice a second by relevance and twice by date.

First it plans and posts next to nothing, then it is started again and posts at Discord's pace, and
plans beside that what is left. Each is measured to its end or for M minutes, with several shards
from when all are connected; what is left is extrapolated, which the table says. With ``--pace``
Discord allows more than it does: that shows where the program's own limit is. Figures of the bot
are those of its process: CPU with all threads, memory as RSS. Papers are short, so that a million
of them can be made; ``--keep`` makes them once, or takes another database of papers.
"""

import argparse
import asyncio
import contextlib
import dataclasses
import gc
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from pathlib import Path

from benchmarks.corpus import FIRST_DAY, LAST_DAY, Grown, Record, build_database, read_corpus
from benchmarks.delivery import cpu_of
from benchmarks.digests import draw_query, read_days, weigh_words
from benchmarks.start import memory_mb
from benchmarks.tables import percentile, table, verdict
from bot.arxiv.calendar import is_announcement_day, previous_announcement_day
from bot.models import AnnounceType, Listing
from bot.store.keys import first_key
from bot.store.store import Store, open_store
from tests.fakes.discord import DiscordServer, RateLimits
from tests.fakes.process import BotProcess, bot_environ, running_bot
from tests.fakes.world import Channel, Role

ROOMS, ROLES = 20, 15
"""What a server has beside the channels that get digests."""
WORDS_OF_A_PAPER = 30
GUILDS_OF_A_SHARD = 1000
"""Discord recommends about one shard for so many."""
SHARE_WITHOUT_TOPICS = 0.25
STYLES = ("auto", "auto", "list", "cards", "brief")
SEARCHES_PER_S = 4
GOAL_S = 0.5
LOOKED_EVERY_S = 1.0

PLANNED = "SELECT count(*) FROM digest"

Words = tuple[Sequence[str], Sequence[float]]
"""Those of the corpus, and the running sums of how likely each is to be asked for."""


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="capacity", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--guilds", type=int, default=1000)
    parser.add_argument("--channels", type=int, help="with a digest; four a server where not given")
    parser.add_argument("--papers", type=int, default=100_000)
    parser.add_argument("--shards", type=int, help="as Discord would recommend where not given")
    parser.add_argument("--minutes", type=float, default=2.0, help="of each that are measured")
    parser.add_argument("--pace", type=float, default=1.0, help="times what Discord allows")
    parser.add_argument(
        "--keep", type=Path, help="a database of papers, made there where it is not"
    )
    options = parser.parse_args(argv)
    options.channels = options.channels or 4 * options.guilds
    options.shards = options.shards or -(-options.guilds // GUILDS_OF_A_SHARD)
    with tempfile.TemporaryDirectory() as folder:
        day = asyncio.run(measure(options, Path(folder)))
    print(report(options, day))
    return 0 if day.posting_waits_s and percentile(day.posting_waits_s, 0.99) < GOAL_S else 1


# -- what there is before the day ----------------------------------------------------------------


def make_papers(path: Path, papers: int, keep: Path | None) -> None:
    made = keep or path
    if not made.exists():
        build_database(made, short_papers(papers))
    if made != path:
        shutil.copyfile(made, path)


def short_papers(count: int) -> Iterator[Grown]:
    """Make papers from the words of the corpus, oldest first, as many a year as arXiv had."""
    records = read_corpus()
    days = (LAST_DAY - FIRST_DAY).days
    before, sequence = FIRST_DAY, 0
    for number in range(count):
        day = FIRST_DAY + timedelta(days=int(days * ((number + 1) / count) ** 0.5))
        sequence, before = (sequence + 1 if day == before else 0), day
        record = records[number % len(records)]
        other = records[(number * 7919 + number // len(records)) % len(records)]
        yield Grown(
            key=first_key(day) + sequence,
            arxiv_id=f"{day:%y%m}.{number:07d}",  # seven digits: no real paper
            announced_on=day,
            title=record["title"],
            abstract=" ".join(other["abstract"].split()[:WORDS_OF_A_PAPER]),
            authors=tuple(record["authors"][:10]),
            categories=tuple(record["categories"]),
            has_code=False,
        )


def add_guilds(server: DiscordServer, guilds: int, channels: int) -> list[Channel]:
    """Fill Discord; returns the channels that are to get digests."""
    made = [server.add_guild(f"guild {number}") for number in range(guilds)]
    for number, guild in enumerate(made):
        guild.id += number << 22  # made one after the other, they share their milliseconds
        server.guilds[guild.id] = guild
    server.guilds = {guild.id: guild for guild in made}
    for guild in made:
        for number in range(ROOMS):
            server.add_channel(guild, f"room-{number}")
        for number in range(ROLES):
            role = Role(id=server.ids.new(), name=f"role {number}")
            guild.roles[role.id] = role
    return [server.add_channel(made[number % guilds], "papers") for number in range(channels)]


def lists_of_a_day(records: Sequence[Record], day: date) -> list[Listing]:
    """Return the lists of the date of the corpus that has the most of them, as those of ``day``."""
    by_date: dict[date, list[Listing]] = {}
    for listing in read_days(records):
        by_date.setdefault(listing.announced_on, []).append(listing)
    most = max(by_date.values(), key=len)
    return [dataclasses.replace(each, announced_on=day) for each in most]


async def subscribe(
    store: Store, channels: Sequence[Channel], words: Words, names: Sequence[str]
) -> None:
    """Set up the digests of a few channels, and those of the others after their pattern."""
    dice = random.Random(4)
    patterns = channels[: len(names) * len(STYLES)]
    yesterday = datetime.now(UTC) - timedelta(days=1)
    for number, channel in enumerate(patterns):
        followed = dice.sample(names, dice.randint(1, 2))
        await store.subscriptions.set_subscription(
            guild_id=channel.guild_id, channel_id=channel.id, categories=followed,
            announce_types=(AnnounceType.NEW, AnnounceType.CROSS), post_at=None, zone="UTC",
            style=STYLES[number % len(STYLES)], now=yesterday,
        )  # fmt: skip
    topics = [
        (f"topic {number}", draw_query(dice, *words), channel.id)
        for channel in channels
        if dice.random() > SHARE_WITHOUT_TOPICS
        for number in range(dice.randint(1, 5))
    ]
    await store.database.write(_multiply, patterns, channels[len(patterns) :], topics)


def _multiply(
    connection: sqlite3.Connection,
    patterns: Sequence[Channel],
    others: Sequence[Channel],
    topics: Sequence[tuple[str, str, int]],
) -> None:
    own = ("id", "guild_id", "channel_id")
    table_info = connection.execute("PRAGMA table_info(subscription)").fetchall()
    columns = ", ".join(name for _, name, *_ in table_info if name not in own)
    connection.executemany(
        f"INSERT INTO subscription (guild_id, channel_id, {columns}) "
        f"SELECT ?, ?, {columns} FROM subscription WHERE channel_id = ?",
        [
            (each.guild_id, each.id, patterns[number % len(patterns)].id)
            for number, each in enumerate(others)
        ],
    )
    connection.executemany(
        "INSERT INTO topic (subscription_id, name, query) "
        "SELECT id, ?, ? FROM subscription WHERE channel_id = ?",
        topics,
    )


# -- the day -------------------------------------------------------------------------------------


@dataclasses.dataclass(slots=True)
class Day:
    """What one run came to; sizes in MB."""

    papers_mb: float = 0.0
    grown_mb: float = 0.0
    connected_s: float = 0.0
    connected_mb: float = 0.0
    planned: int = 0
    """Channels, of which some were planned."""
    planning_s: float = 0.0
    planning_cpu_s: float = 0.0
    planning_mb: float = 0.0
    messages: int = 0
    posted: int = 0
    rate: float = 0.0
    posting_cpu_ms: float = 0.0
    posting_cores: float = 0.0
    posting_mb: float = 0.0
    log_mb: float = 0.0
    planned_meanwhile: int = 0
    """Channels, while it posted."""
    starting_waits_s: list[float] = dataclasses.field(default_factory=list)
    planning_waits_s: list[float] = dataclasses.field(default_factory=list)
    posting_waits_s: list[float] = dataclasses.field(default_factory=list)


async def measure(options: argparse.Namespace, folder: Path) -> Day:
    records, pace = read_corpus(), options.pace
    known, weights = weigh_words(records)
    words: Words = known, list(accumulate(weights))
    limits = RateLimits(per_channel=round(5 * pace), global_per_s=round(50 * pace))
    async with DiscordServer(validate=False, limits=limits) as server:
        environ = bot_environ(folder, arxiv=None, discord=server)
        environ |= {  # as a host has it, not as tests do
            "PAPER_BOT_SCHEDULE__TICK_S": "30",
            "PAPER_BOT_LOG__LEVEL": "INFO",
        }
        path = Path(environ["PAPER_BOT_DATABASE__PATH"])
        await asyncio.to_thread(make_papers, path, options.papers, options.keep)
        channels = add_guilds(server, options.guilds, options.channels)
        server.gateway.recommended = options.shards
        async with open_store(path) as store:
            lists = lists_of_a_day(records, last_announcement_day())
            await subscribe(store, channels, words, [each.category for each in lists])
            for listing in lists:
                await store.papers.add_listing(listing, now=datetime.now(UTC))
        del records
        gc.collect()
        gc.freeze()  # else this process holds up the bot while it looks through all of Discord
        day = Day(papers_mb=size_mb(path))
        holding = environ | {"PAPER_BOT_DELIVERY__PACE_PER_S": "0.1"}
        async with running_bot(holding) as bot, searching(server, channels, words) as waits:
            await come_true(lambda: count(path, PLANNED) > 0, bot)
            if options.shards > 1:  # which takes minutes; with one planning might be over
                await _connect(options, server, bot, day)
                day.starting_waits_s = list(waits)
                waits.clear()
            await _plan(options, bot, path, day)
            day.planning_waits_s = waits
        async with running_bot(environ) as bot, searching(server, channels, words) as waits:
            await _connect(options, server, bot, day)
            waits.clear()
            await _post(options, server, bot, path, day)
            day.posting_waits_s = waits
            assert await bot.stop() == 0, bot.log[-5000:]
            day.log_mb = len(bot.log) / 1e6
        return day


def last_announcement_day() -> date:
    today = datetime.now(UTC).date()
    return today if is_announcement_day(today) else previous_announcement_day(today)


async def _plan(options: argparse.Namespace, bot: BotProcess, path: Path, day: Day) -> None:
    """Watch it plan, to the end or for a while; next to nothing is posted meanwhile."""
    begun_s, cpu_s, before = time.monotonic(), cpu_of(bot.pid), count(path, PLANNED)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(60 * options.minutes):
            await come_true(lambda: count(path, PLANNED) == options.channels, bot)
    day.planned = count(path, PLANNED)
    share = options.channels / max(day.planned - before, 1)
    day.planning_s = (time.monotonic() - begun_s) * share
    day.planning_cpu_s = (cpu_of(bot.pid) - cpu_s) * share
    day.planning_mb = memory_mb(bot.pid, "VmHWM")
    day.messages = count(path, "SELECT count(*) FROM delivery")
    day.grown_mb = (size_mb(path) - day.papers_mb) * options.channels / day.planned


async def _connect(
    options: argparse.Namespace, server: DiscordServer, bot: BotProcess, day: Day
) -> None:
    """Wait for all shards and their guilds."""
    begun_s = time.monotonic()
    await come_true(lambda: len(server.gateway.live) == options.shards, bot)
    await server.gateway.heard()
    day.connected_s, day.connected_mb = time.monotonic() - begun_s, memory_mb(bot.pid, "VmRSS")


async def _post(
    options: argparse.Namespace, server: DiscordServer, bot: BotProcess, path: Path, day: Day
) -> None:
    """Watch it post, to the end or for a while; it plans meanwhile what is not planned yet."""
    planned = count(path, PLANNED)
    begun_s, cpu_s, before = time.monotonic(), cpu_of(bot.pid), len(server.ledger)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(60 * options.minutes):
            await come_true(lambda: len(server.ledger) >= day.messages, bot)
    took_s, cpu_s = time.monotonic() - begun_s, cpu_of(bot.pid) - cpu_s
    day.planned_meanwhile = count(path, PLANNED) - planned
    day.posted = len(server.ledger)
    sent = max(day.posted - before, 1)
    day.rate, day.posting_cores = sent / took_s, cpu_s / took_s
    day.posting_cpu_ms = 1000 * cpu_s / sent
    day.posting_mb = memory_mb(bot.pid, "VmHWM")


async def come_true(condition: Callable[[], bool], bot: BotProcess) -> None:
    """Wait as long as it takes: no benchmark knows how busy the machine is."""
    while True:
        if condition():
            return
        assert not bot.has_ended, bot.log[-5000:]
        await asyncio.sleep(LOOKED_EVERY_S)


@contextlib.asynccontextmanager
async def searching(
    server: DiscordServer, channels: Sequence[Channel], words: Words
) -> AsyncIterator[list[float]]:
    """Let people search while the block runs; yields how long each answer took."""
    waits: list[float] = []
    task = asyncio.create_task(_search(server, channels, words, waits))
    try:
        yield waits
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _search(
    server: DiscordServer, channels: Sequence[Channel], words: Words, waits: list[float]
) -> None:
    known, sums = words
    dice, reader = random.Random(5), server.add_user()
    asking: set[asyncio.Task[None]] = set()

    async def ask(sort: str) -> None:
        place = dice.choice(channels)
        if not any(each.covers(place.guild_id) for each in server.gateway.live):
            return  # its shard is not there yet
        query = " ".join(dice.choices(known, cum_weights=sums, k=dice.randint(1, 2)))
        begun_s = time.monotonic()
        await server.slash(
            server.guilds[place.guild_id], place, reader, "paper search", query=query, sort=sort
        )
        waits.append(time.monotonic() - begun_s)

    await server.wait_until(lambda: bool(server.gateway.live and server.commands))
    for number in range(1 << 30):
        await asyncio.sleep(1 / SEARCHES_PER_S)
        task = asyncio.create_task(ask("relevance" if number % 2 else "newest"))
        asking.add(task)
        task.add_done_callback(asking.discard)


def count(path: Path, sql: str) -> int:
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return int(connection.execute(sql).fetchone()[0])


def size_mb(path: Path) -> float:
    """Return the size of the database, whether it is in its file yet or in the log beside it."""
    return (
        count(path, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size") / 1e6
    )


# -- the report ----------------------------------------------------------------------------------


def report(options: argparse.Namespace, day: Day) -> str:
    is_planned, is_posted = day.planned == options.channels, day.posted >= day.messages
    messages = day.messages * options.channels // day.planned
    left = "" if is_planned else f", extrapolated from {day.planned:,} channels"
    rest = "" if is_posted else ", extrapolated"
    starting = {"connecting": day.starting_waits_s} if day.starting_waits_s else {}
    waited = {**starting, "planning": day.planning_waits_s, "posting": day.posting_waits_s}
    numbers = (options.guilds, options.channels, options.papers, options.shards)
    rows = [
        ("guilds, channels, papers, shards", ", ".join(f"{each:,}" for each in numbers)),
        ("Discord's limits, times", f"{options.pace:g}"),
        ("planning, CPU", f"{day.planning_cpu_s:,.0f} s{left}"),
        ("planning, by the wall", f"{day.planning_s:,.0f} s{left}"),
        ("messages", f"{messages:,}{left}"),
        ("all shards connected after", f"{day.connected_s:.0f} s"),
        ("posted in the measured time", f"{day.posted:,}"),
        ("channels planned meanwhile", f"{day.planned_meanwhile:,}"),
        ("rate", f"{day.rate:.1f} a second"),
        ("hours to deliver", f"{messages / day.rate / 3600:.2f}{rest}"),
        ("CPU for a message", f"{day.posting_cpu_ms:.1f} ms"),
        ("CPU while posting", f"{day.posting_cores:.0%} of a core"),
        ("memory connected, most planning, most posting",
         f"{day.connected_mb:.0f}, {day.planning_mb:.0f}, {day.posting_mb:.0f} MB"),
        ("database with papers and settings", f"{day.papers_mb:,.0f} MB"),
        ("grown by the day", f"{day.grown_mb:,.1f} MB{left}"),
        ("log while posting", f"{day.log_mb:.1f} MB"),
        *[(f"searches while {name}, p99", _say_waits(waits)) for name, waits in waited.items()],
    ]  # fmt: skip
    return table(rows)


def _say_waits(waits: Sequence[float]) -> str:
    if not waits:
        return "none"
    p99_s = percentile(waits, 0.99)
    middle_s = percentile(waits, 0.5)
    return f"{p99_s:.2f} s of {len(waits)} (p50 {middle_s:.2f}), {verdict(p99_s < GOAL_S)}"


if __name__ == "__main__":
    sys.exit(main())
