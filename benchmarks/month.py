"""Thirty days of the whole bot on a virtual clock: memory, files, log, and whether anything leaks.

    python -m benchmarks month [--days N] [--archive N] [--replicate] [--trace] [--leak MB]

The bot is the one that `python -m bot run` starts (gateway, ticks, delivery, edits, backups,
tidying, damage count, weekly trial of a backup, asking again about posted papers), in a process of
its own whose wall clock is moved by this one. arXiv announces the days of ../shared/corpus, its
repeated feeds included, or made-up ones where that is absent; the loopback Discord has 20 channels
in all styles and places, three people who follow, and some who search, read, like and ask each day.

The clock goes on only when all that is due is done, so a day takes some seconds. What waits in real
time does so here too: looks every 0.1 s instead of 30 s, housekeeping every second instead of every
hour. A row shows how things stand at the end of a day: memory that the process holds (RSS), what of
it is in use (by Python and C alike, without SQLite's pages), pages of the file that SQLite holds,
Python's objects after a collection, answers in its caches (each has a limit), open files, threads
(without the pool's, which starts up to six one by one), tasks; bytes of the database, its log
(-wal) and the backups; lines and bytes that the bot's own log took that day at the level INFO.

Exits with 1 when the second half grows more than what was stored in it explains. The process holds
more than is in use, and by chance more or less of it, so a leak is looked for in what is in use,
and what is held has limits. ``--archive`` begins with so many papers; ``--replicate`` lets
Litestream carry the database to a folder; ``--trace`` prints which lines of code hold more memory
at the end than in the middle; ``--leak`` lets the bot lose so much memory each day, which must be
noticed.
"""

import argparse
import asyncio
import contextlib
import json
import random
import signal
import sqlite3
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.corpus import LISTINGS, PAPERS, ROOT, Grower, build_database, read_corpus
from benchmarks.tables import table
from bot.arxiv.calendar import EASTERN, is_announcement_day
from bot.digest.models import Cadence, DigestOptions, Place, Topic
from bot.models import AnnounceType, ArxivId
from bot.store.backup.copies import list_copies
from bot.store.follows import When
from bot.store.outbox.records import moment_text
from bot.store.sqlite.database import READ_CACHE_KIB
from bot.store.sqlite.executor import READERS
from bot.store.store import Store, open_store
from bot.ui.acts import Act, PaperAct
from tests.fakes.arxiv import ArxivServer, Record
from tests.fakes.discord import DiscordServer
from tests.fakes.litestream import Replica
from tests.fakes.process import bot_environ
from tests.fakes.world import Channel, User
from tests.replay.truth import Corpus
from tests.replay.truth import read_corpus as read_days

FIRST_DAY = date(2024, 3, 25)
"""Of the corpus; in the month from it on, three feeds repeat the day before."""

CHANNELS = 20
PEOPLE = 3
STYLES = ("cards", "list", "brief", "auto")
PLACES = (Place.CHANNEL, Place.THREAD, Place.FORUM)
TOPICS = {
    "video": "video-generation OR video-understanding OR text-to-video",
    "3d": "gaussian-splatting OR NeRF OR radiance-field",
    "agents": '"language model" agent OR tool-use',
}
WORDS = ("diffusion", "transformer", "graph", "robot", "alignment", "segmentation", "speech")

MINUTES = (10, 20, 40, 60, 120, 240, 480, 720, 780, 960, 1200, 1430)
"""When the clock stops in a day, in minutes after midnight Eastern, when feeds change."""
ASKED_AT = 780
"""The stop after which people use the bot: 13 h."""
TICK_S = 0.1
HOUSEKEEPING_S = 1.0
MOST_WAITS = 600
"""Ends a month in which something never becomes quiet."""

USED_MB = 6.0
"""How much memory in use may rise from the end of the first half to that of the second, beside
caches. A leak of 1 MB a day is 15 MB in a month."""
CACHED_MB = 0.25e-3
"""What an answer in a cache takes: a word, its form, and their places in the table."""
MOST_PAGES_MB = READERS * READ_CACHE_KIB * 1024 / 1e6 + 10
"""What SQLite may hold: its readers' caches, and the writer's, statements and the schema."""
MOST_RSS_MB = 300
FILES = 2
"""A reader of the database and of its -wal, which is opened when there are more to read."""
OBJECTS = 5_000
MORE = 1.25
"""Bytes for what was stored, and lines of log a day, of the second half to those of the first."""


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="month", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--archive", type=int, default=0, metavar="PAPERS")
    parser.add_argument("--replicate", action="store_true")
    parser.add_argument("--trace", action="store_true")
    parser.add_argument("--leak", type=float, default=0.0, metavar="MB")
    options = parser.parse_args(argv)
    if options.days < 2:
        parser.error("--days must be 2 or more: its halves are compared")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "papers.db"
        if options.archive:
            build_database(path, Grower(read_corpus()).grow(options.archive))
        month = [FIRST_DAY + timedelta(days=number) for number in range(options.days)]
        replica = Path(folder) / "replica" if options.replicate else None
        days = asyncio.run(
            conduct(
                read_month(options.days), month, path, replica,
                is_traced=options.trace, leak=round(options.leak * 1e6),
            )
        )  # fmt: skip
        carried = sum(each.stat().st_size for each in _files_in(replica))
    print(table([DAY_HEAD, *map(_row, days)], names=1))
    print(f"log lines a day: {_lines_by_level(days)}; CPU {days[-1].cpu_s / len(days):.1f} s a day")
    findings = judge(days)
    if replica:
        print(f"replica: {carried / 1e6:.1f} MB")
    print("\n".join(f"{'grows' if found else 'steady'}: {what}" for what, found in findings))
    return int(any(found for _, found in findings))


# -- what arXiv announces -------------------------------------------------------------------------


def read_month(days: int) -> Corpus:
    """Return ``days`` real days, or made-up ones where there is no corpus."""
    if not LISTINGS.exists():
        return make_month(days)
    last = FIRST_DAY + timedelta(days=days - 1)
    return read_days(LISTINGS, PAPERS).between(FIRST_DAY, last)


def make_month(days: int, *, papers: int = 150) -> Corpus:
    chance = random.Random(days)
    numbers = iter(range(1, 10**6))
    announced = {
        (category, day): [_make_record(next(numbers), category, chance) for _ in range(papers)]
        for day in (FIRST_DAY + timedelta(days=number) for number in range(days))
        if is_announcement_day(day)
        for category in ("cs.CV", "cs.LG", "cs.CL", "cs.AI")
    }
    return Corpus(feeds=announced, announced=announced)


def _make_record(number: int, category: str, chance: random.Random) -> Record:
    words = [f"{chance.choice(WORDS)}{chance.randrange(2000)}" for _ in range(180)]
    return Record(
        f"{2403 + number // 99_999}.{number % 99_999:05d}",
        title=" ".join((*chance.choices(WORDS, k=4), *words[:4])),
        abstract=" ".join(words),
        authors=tuple(f"Author {chance.randrange(5000)}" for _ in range(4)),
        categories=(category,),
    )


# -- one day --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """How things stand at the end of a day. Counters count from the start."""

    day: date
    papers: int
    messages: int
    edits: int
    rss_mb: float
    used_mb: float
    pages_mb: float
    objects: int
    cached: int
    files: int
    threads: int
    tasks: int
    database: int
    wal: int
    backups: int
    log: Mapping[str, tuple[int, int]]
    """Lines and bytes, by level."""
    log_lines: int
    log_bytes: int
    cpu_s: float


DAY_HEAD = (
    "day", "papers", "messages", "edits", "RSS MB", "used MB", "pages MB", "objects", "cached",
    "files", "threads", "tasks", "database MB", "wal MB", "backups MB", "lines", "log kB",
)  # fmt: skip


def _files_in(folder: Path | None) -> list[Path]:
    return [each for each in folder.rglob("*") if each.is_file()] if folder else []


def _row(each: Day) -> tuple[str, ...]:
    return (
        str(each.day), f"{each.papers:,}", f"{each.messages:,}", f"{each.edits:,}",
        f"{each.rss_mb:.1f}", f"{each.used_mb:.1f}", f"{each.pages_mb:.1f}",
        f"{each.objects:,}", f"{each.cached:,}", str(each.files),
        str(each.threads), str(each.tasks), f"{each.database / 1e6:.1f}", f"{each.wal / 1e6:.1f}",
        f"{each.backups / 1e6:.1f}", f"{each.log_lines:,}", f"{each.log_bytes / 1e3:.0f}",
    )  # fmt: skip


def _lines_by_level(days: Sequence[Day]) -> str:
    last = days[-1].log
    return ", ".join(
        f"{level} {lines / len(days):.1f} ({size / len(days) / 1e3:.1f} kB)"
        for level, (lines, size) in sorted(last.items())
    )


def judge(days: Sequence[Day]) -> list[tuple[str, bool]]:
    """Say of each figure how the halves compare, and whether the second grew too much."""
    half = len(days) // 2
    first, second = days[:half], days[half:]
    findings = []
    # The least of some days: what is opened for a moment is no leak, what is never closed stays.
    tail = max(len(days) // 6, 1)
    filled = days[-1].cached - first[-1].cached
    for name, may_add in (
        ("files", FILES), ("threads", 0), ("tasks", 0), ("objects", OBJECTS),
        ("used_mb", USED_MB + CACHED_MB * filled),
    ):  # fmt: skip
        before, after = (
            min(getattr(day, name) for day in part[-tail:]) for part in (first, second)
        )
        findings.append((f"{name}: {before:,.0f}, then {after:,.0f}", after > before + may_add))
    for name, most in (("rss_mb", MOST_RSS_MB), ("pages_mb", MOST_PAGES_MB)):
        largest = max(getattr(day, name) for day in days)
        findings.append((f"most {name}: {largest:,.0f} of {most:,.0f}", largest > most))
    before, after = (_bytes_a_piece(part) for part in (first, second))
    findings.append(
        (f"bytes for a paper, message or edit: {before:,.0f}, then {after:,.0f}",
         after > MORE * before)
    )  # fmt: skip
    before, after = (max(day.wal for day in part) for part in (first, second))
    findings.append((f"largest -wal: {before:,}, then {after:,} bytes", after > 2 * before))
    before, after = (sum(day.log_lines for day in part) / len(part) for part in (first, second))
    findings.append((f"log lines a day: {before:.0f}, then {after:.0f}", after > MORE * before))
    return findings


def _bytes_a_piece(days: Sequence[Day]) -> float:
    first, last = days[0], days[-1]
    pieces = [each.papers + each.messages + each.edits for each in (first, last)]
    return (last.database - first.database) / max(pieces[1] - pieces[0], 1)


# -- the world, and its clock ---------------------------------------------------------------------


class Conductor:
    """Moves the clock of the bot and of the stand-ins, and looks at the bot from outside."""

    def __init__(self, path: Path, start: datetime) -> None:
        self.path = path
        self.start = self.now = start
        self.discord = DiscordServer(now=lambda: self.now, validate=False)
        self.arxiv = ArxivServer(now=lambda: self.now)
        self.bot: asyncio.subprocess.Process | None = None
        self.environ: dict[str, str] = {}

    @contextlib.asynccontextmanager
    async def running(self, **settings: object) -> AsyncIterator[None]:
        """Run the bot's process, with further ``settings``; ends it as its host does."""
        self.environ = bot_environ(
            self.path.parent, arxiv=self.arxiv, discord=self.discord,
            schedule__tick_s=TICK_S, log__level="INFO", backup__every_h=24, intake__revisit="true",
            intake__poll_start="00:10", delivery__pace_per_s=48, **settings,
        )  # fmt: skip
        self.bot = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.month_bot", self.start.isoformat(),
            env=self.environ, cwd=ROOT,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            yield
            self.bot.send_signal(signal.SIGTERM)
            assert await self.bot.wait() == 0
        finally:
            if self.bot.returncode is None:
                self.bot.kill()
                await self.bot.wait()

    async def ask(self, **order: object) -> dict[str, Any]:
        """Let the bot do as told, and return what it answers."""
        assert self.bot is not None
        assert self.bot.stdin is not None
        assert self.bot.stdout is not None
        self.bot.stdin.write(json.dumps(order).encode() + b"\n")
        line = await self.bot.stdout.readline()
        assert line, "the bot has ended"
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def reach(self, moment: datetime) -> None:
        """Move the clock, and wait until all that is due is done."""
        self.now = moment
        for _ in range(MOST_WAITS):
            await self.ask(now=moment.isoformat())
            if not self.is_busy() and self.has_copy():
                return
        raise AssertionError(f"never quiet at {moment}")

    def is_busy(self) -> bool:
        """Whether messages or edits are due. Read by this process: another's look frees no lock."""
        (busy,) = self.select(
            "SELECT EXISTS (SELECT 1 FROM delivery WHERE state IN ('planned', 'sending') "
            "AND not_before <= :now) "
            "OR EXISTS (SELECT 1 FROM edit WHERE state = 'planned' AND not_before <= :now)"
        )
        return bool(busy)

    def has_copy(self) -> bool:
        """Whether the backup of the day is made."""
        made = list_copies(self.path, self.path.parent / "backups")
        return bool(made) and made[0].made_at > self.now - timedelta(hours=24)

    def select(self, sql: str) -> tuple[Any, ...]:
        with contextlib.closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as read:
            row: tuple[Any, ...] = read.execute(sql, {"now": moment_text(self.now)}).fetchone()
            return row

    async def end_day(self, day: date, before: Day | None) -> Day:
        told = await self.ask(measure=True)
        log = {level: (lines, size) for level, (lines, size) in told["log"].items()}
        lines, size = (sum(each[at] for each in log.values()) for at in (0, 1))
        earlier = before.log if before else {}
        copies = list_copies(self.path, self.path.parent / "backups")
        (papers,) = self.select("SELECT count(*) FROM paper")
        return Day(
            day=day,
            papers=papers,
            messages=len(self.discord.ledger),
            edits=len(self.discord.edited),
            rss_mb=told["rss_mb"],
            used_mb=told["used_mb"],
            pages_mb=told["pages_mb"],
            objects=told["objects"],
            cached=told["cached"],
            files=told["files"],
            threads=told["threads"],
            tasks=told["tasks"],
            database=self.path.stat().st_size,
            wal=self.path.with_name(f"{self.path.name}-wal").stat().st_size,
            backups=sum(copy.file.stat().st_size for copy in copies),
            log=log,
            log_lines=lines - sum(each[0] for each in earlier.values()),
            log_bytes=size - sum(each[1] for each in earlier.values()),
            cpu_s=told["cpu_s"],
        )


async def conduct(
    corpus: Corpus,
    month: Sequence[date],
    path: Path,
    replica: Path | None = None,
    *,
    is_traced: bool = False,
    leak: int = 0,
) -> list[Day]:
    """Live through the days of a month; returns how things stood at the end of each."""
    start = eastern(month[0], -60)
    world = Conductor(path, start)
    async with world.arxiv, world.discord:
        publish(world.arxiv, corpus)
        people = await set_up(world, corpus.categories)
        carrying = Replica(replica, every_s=1).carrying(path) if replica else _nobody()
        async with carrying, world.running():
            await world.discord.wait_connected()
            days: list[Day] = []
            for day in month:
                await _live_a_day(world, day, people)
                await world.ask(leak=leak)
                days.append(await world.end_day(day, days[-1] if days else None))
                print(f"\r{day}", end="", file=sys.stderr, flush=True)
                if is_traced and len(days) == len(month) // 2:
                    await world.ask(trace=True)
            if is_traced:
                print("\n".join((await world.ask(trace=True))["grown"]))
            print("\r", end="", file=sys.stderr)
        return days


@contextlib.asynccontextmanager
async def _nobody() -> AsyncIterator[None]:
    yield


def eastern(day: date, minutes: int) -> datetime:
    midnight = datetime(day.year, day.month, day.day, tzinfo=EASTERN)
    return (midnight + timedelta(minutes=minutes)).astimezone(UTC)


def publish(arxiv: ArxivServer, corpus: Corpus) -> None:
    for (category, day), records in corpus.announced.items():
        arxiv.publish(category, day, records)
    for key in corpus.repeats:
        arxiv.publish_feed(*key, corpus.feeds[key])


async def _live_a_day(world: Conductor, day: date, people: "People") -> None:
    for minutes in MINUTES:
        await world.reach(eastern(day, minutes))
        if minutes == ASKED_AT:
            await people.use(random.Random(day.toordinal()))


@dataclass(frozen=True, slots=True)
class People:
    """Those who use the bot in one channel, and an admin."""

    world: Conductor
    channel: Channel
    admin: User
    readers: tuple[User, ...]

    async def use(self, chance: random.Random) -> None:
        """Search, read, like, save, catch up; and an admin looks after the digests."""
        discord, guild = self.world.discord, self.world.discord.guilds[self.channel.guild_id]
        newest = self._newest(40)
        for reader in self.readers:
            words = " ".join(chance.sample(WORDS, 2))
            await discord.slash(guild, self.channel, reader, "paper search", query=words)
            for act in (Act.LIKE, Act.SAVE, Act.BIBTEX):
                if newest:
                    wish = PaperAct(act=act, arxiv_id=ArxivId(chance.choice(newest)))
                    await discord.interactions.press(guild, self.channel, reader, wish.custom_id)
            await discord.slash(guild, self.channel, reader, "paper catchup")
            await discord.slash(guild, self.channel, reader, "library list")
        for command in ("digest status", "digest preview", "digest panel", "bot status"):
            await discord.slash(guild, self.channel, self.admin, command)

    def _newest(self, count: int) -> list[str]:
        path = self.world.path
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as read:
            found = read.execute(f"SELECT arxiv_id FROM paper ORDER BY key DESC LIMIT {count:d}")
            return [arxiv_id for (arxiv_id,) in found]


async def set_up(world: Conductor, categories: Sequence[str]) -> People:
    """Let channels of all styles and places follow the categories in turn, and people follow."""
    discord = world.discord
    guilds = [discord.add_guild(f"guild {number}") for number in range(4)]
    async with open_store(world.path) as store:
        channels = []
        for number in range(CHANNELS):
            place, guild = PLACES[number % len(PLACES)], guilds[number % len(guilds)]
            add = discord.add_forum if place is Place.FORUM else discord.add_channel
            channels.append(add(guild, f"papers-{number}"))
            category = categories[number % len(categories)]
            await _subscribe(store, channels[-1], number, place, category, world.start)
        for number in range(PEOPLE):
            reader = discord.add_user(f"follower {number}")
            await _follow(store, reader, discord.private_channel(reader), world.start)
    readers = tuple(discord.add_user(f"reader {number}") for number in range(5))
    return People(world, channels[0], discord.add_user("ada", is_admin=True), readers)


async def _subscribe(
    store: Store, channel: Channel, number: int, place: Place, category: str, now: datetime
) -> None:
    cadences = (Cadence.DAY, Cadence.WEEK) if number % 5 == 4 else (Cadence.DAY,)
    await store.subscriptions.set_subscription(
        guild_id=channel.guild_id,
        channel_id=channel.id,
        categories=[category],
        announce_types=[AnnounceType.NEW, AnnounceType.CROSS],
        post_at=None,
        zone="UTC",
        style=STYLES[number % len(STYLES)],
        options=DigestOptions(place=place, cadences=cadences, cap=40 if number % 7 == 6 else 0),
        now=now,
    )
    if number % 2:
        for name, query in TOPICS.items():
            await store.subscriptions.set_topic(channel.id, name, query)


async def _follow(store: Store, person: User, private: Channel, now: datetime) -> None:
    await store.follows.set_up(person.id, private.id, When(), now)
    for name, query in TOPICS.items():
        await store.follows.follow(person.id, Topic(name=name, query=query))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
