"""Walk through the days: the bot on a virtual clock, in this process or in one of its own.

The stand-in for arXiv follows the bot's clock, which comes with each request in the User-Agent.
"""

import asyncio
import contextlib
import json
import random
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp

from bot.arxiv.calendar import EASTERN, announcement_day
from bot.arxiv.client import ArxivClient
from bot.intake.schedule import IntakeRules
from bot.pipeline import Pipeline
from bot.run.app import build_pipeline
from tests.fakes.arxiv import ArxivServer
from tests.fakes.clock import VirtualClock
from tests.replay.faults import Script, at
from tests.replay.truth import Corpus
from tests.stores import open_store

SPACING_S = 3.0
ROOT = Path(__file__).resolve().parents[2]
AFTER = timedelta(days=5)
"""How long the walk goes on after the last date: what was missed is found by then, or never."""

Starts = Mapping[str, datetime]
"""From when on each category is followed."""

AGENT = "paper-digest-bot (replay)"
KILL_SHARE = 0.01
"""Which part of the ticks is cut short by a kill, in this process."""
REQUESTS_A_LIFE = 60
"""Before so many requests a process is killed."""


@dataclass(slots=True)
class Settings:
    """The ``[arxiv]`` settings; the address can be made to refuse connections."""

    url: str
    refuses: bool = False
    timeout_s: float = 2.0
    max_bytes: int = 20_000_000
    user_agent_header: str = "paper-digest-bot (replay)"

    @property
    def feed_url(self) -> str:
        return "http://127.0.0.1:1" if self.refuses else self.url

    listing_url = api_url = oai_url = feed_url

    def spacing_for(self, url: str) -> float:
        return SPACING_S


# --- the bot -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """One run of the bot, from ``start`` until ``end``."""

    url: str
    path: Path
    start: datetime
    end: datetime
    starts: Starts
    outages: tuple[tuple[datetime, datetime], ...] = ()

    def to_json(self) -> str:
        return json.dumps(
            {
                "url": self.url,
                "path": str(self.path),
                "start": self.start.isoformat(),
                "end": self.end.isoformat(),
                "starts": {name: start.isoformat() for name, start in self.starts.items()},
                "outages": [[start.isoformat() for start in each] for each in self.outages],
            }
        )

    @classmethod
    def from_json(cls, text: str) -> "Bot":
        told = json.loads(text)
        moment = datetime.fromisoformat
        return cls(
            url=told["url"],
            path=Path(told["path"]),
            start=moment(told["start"]),
            end=moment(told["end"]),
            starts={name: moment(start) for name, start in told["starts"].items()},
            outages=tuple((moment(start), moment(end)) for start, end in told["outages"]),
        )


class ToldSettings:
    """Settings whose User-Agent tells the time, and whose network goes away now and then."""

    timeout_s = 2.0
    max_bytes = 20_000_000

    def __init__(self, bot: Bot, clock: VirtualClock) -> None:
        self._bot = bot
        self._clock = clock

    @property
    def feed_url(self) -> str:
        now = self._clock.now()
        refuses = any(start <= now < end for start, end in self._bot.outages)
        return "http://127.0.0.1:1" if refuses else self._bot.url

    listing_url = api_url = oai_url = feed_url

    @property
    def user_agent_header(self) -> str:
        return f"{AGENT} {self._clock.now().isoformat()}"

    def spacing_for(self, url: str) -> float:
        return SPACING_S


class Killed(Exception):
    """The bot was killed within a tick."""


async def run_bot(bot: Bot, tell: Callable[[datetime], None], dice: random.Random | None) -> None:
    """Tick from ``start`` until ``end``, telling the time; ``dice`` decide whether it is killed.

    Raises `Killed`.
    """
    clock = VirtualClock(bot.start)
    async with open_store(bot.path) as store, aiohttp.ClientSession() as session:
        settings = ToldSettings(bot, clock)
        source = ArxivClient(
            session, settings, sleep=clock.sleep, monotonic=clock.monotonic, now=clock.now
        )
        pipeline = build_pipeline(store, source, rules=IntakeRules(), now=clock.now)
        while clock.now() < bot.end:
            followed = tuple(each for each, start in bot.starts.items() if start <= clock.now())
            pipeline.intake.rules = replace(pipeline.intake.rules, categories=followed)
            if dice is not None and dice.random() < KILL_SHARE:
                await _tick_until_killed(pipeline, dice)
                tell(clock.now())
                raise Killed
            await pipeline.tick()
            clock.advance(pause_until_next_tick(clock.now(), bot.end))
            tell(clock.now())


async def _tick_until_killed(pipeline: Pipeline, dice: random.Random) -> None:
    """Start a tick and cancel it anywhere."""
    tick = asyncio.create_task(pipeline.tick())
    for _ in range(dice.randrange(200)):
        await asyncio.sleep(0)
    tick.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await tick


def pause_until_next_tick(now: datetime, end: datetime) -> timedelta:
    """Tick every ten minutes at night, when things happen, and every hour by day or at the end."""
    hour = now.astimezone(EASTERN).hour
    is_quiet = 10 <= hour < 21 or end - now < AFTER - timedelta(days=1)
    return timedelta(hours=1) if is_quiet else timedelta(minutes=10)


# --- the world around it ---------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Replay:
    """One walk: a stand-in for arXiv, a script and a database file."""

    corpus: Corpus
    script: Script
    path: Path
    starts: Starts
    arxiv: ArxivServer
    dice: random.Random
    now: datetime
    is_process: bool = False
    kills: int = 0

    @property
    def end(self) -> datetime:
        return at((self.corpus.days[-1] + AFTER), 12)

    async def walk(self) -> None:
        """Run the bot until the end, and again after each kill."""
        self._publish()
        while self.now < self.end:
            bot = Bot(
                url=self.arxiv.url,
                path=self.path,
                start=self.now,
                end=self.end,
                starts=self.starts,
                outages=tuple(self.script.outages),
            )
            if not await (self._run_process(bot) if self.is_process else self._run_here(bot)):
                self.kills += 1
                self.tell(self.now + timedelta(seconds=self.dice.randrange(10, 7200)))

    async def _run_here(self, bot: Bot) -> bool:
        """Return whether the bot came to the end."""
        try:
            await run_bot(bot, self.tell, self.dice if self.script.kills else None)
        except Killed:
            return False
        return True

    async def _run_process(self, bot: Bot) -> bool:
        """Run it as a process of its own that is killed after some requests, or none."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.replay.walk", bot.to_json(),
            cwd=ROOT, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        follow = asyncio.create_task(self._follow(process))
        try:
            if self.script.kills:
                await self._kill_somewhere(process)
            return await process.wait() == 0
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            await follow

    async def _follow(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            self.tell(datetime.fromisoformat(line.decode().strip()))

    async def _kill_somewhere(self, process: asyncio.subprocess.Process) -> None:
        """Wait for some requests more, then for a moment, and kill: SIGKILL, as `kill -9` does."""
        requests = self.arxiv.requests
        most = len(requests) + self.dice.randrange(1, REQUESTS_A_LIFE)
        while process.returncode is None and len(requests) < most:  # noqa: ASYNC110  # on their own
            await asyncio.sleep(0.005)
        await asyncio.sleep(self.dice.random() * 0.05)
        if process.returncode is None:
            process.kill()

    def tell(self, now: datetime) -> None:
        """Let the world be at ``now``: no clock goes back."""
        self.now = max(self.now, now.astimezone(UTC))
        for change in [each for each in self.script.changes if each[0] <= self.now]:
            self.script.changes.remove(change)
            self.arxiv.publish_feed(*change[1], change[2])
        for fault, path in self.script.single.pop(announcement_day(self.now), []):
            self.arxiv.fail(fault, path=path)

    def meet(self, path: str, headers: Mapping[str, str]) -> None:
        """Look at a request: it tells the time, and may come in a bad moment."""
        self.tell(datetime.fromisoformat(headers["User-Agent"].removeprefix(f"{AGENT} ")))
        for spell in self.script.spells:
            if spell.path in path and spell.since <= self.now < spell.until:
                self.arxiv.fail(spell.fault, path=path)
                return

    def _publish(self) -> None:
        for (category, day), records in self.corpus.announced.items():
            self.arxiv.publish(category, day, records)
        for key in self.corpus.repeats:
            self.arxiv.publish_feed(*key, self.corpus.feeds[key])


async def walk(
    corpus: Corpus,
    path: Path,
    *,
    script: Script,
    starts: Starts | None = None,
    seed: int | None = None,
    is_process: bool = False,
) -> Replay:
    """Walk through the corpus; without ``starts`` every category is followed from its first day."""
    begin = at(corpus.days[0], 0)
    starts = starts or dict.fromkeys(corpus.categories, begin)
    replay: Replay | None = None

    def meet(asked: str, headers: Mapping[str, str]) -> None:
        assert replay is not None
        replay.meet(asked, headers)

    def now() -> datetime:
        return replay.now if replay is not None else begin

    def monotonic() -> float:
        return (now() - begin).total_seconds()

    async with ArxivServer(now=now, monotonic=monotonic, meet=meet) as arxiv:
        replay = Replay(
            corpus=corpus,
            script=script,
            path=path,
            starts=starts,
            arxiv=arxiv,
            dice=random.Random(seed),
            now=min(starts.values()).astimezone(UTC),
            is_process=is_process,
        )
        await replay.walk()
    return replay


if __name__ == "__main__":
    asyncio.run(
        run_bot(Bot.from_json(sys.argv[1]), lambda now: print(now.isoformat(), flush=True), None)
    )
