"""The whole way on a clock that a test moves: arXiv, the intake, a real file, Discord."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path

import aiohttp
from aiohttp import web

from bot.arxiv.client import ArxivClient
from bot.delivery.edge import DiscordSender
from bot.delivery.notices import Caretaker
from bot.delivery.worker import Delivery
from bot.intake.backfill import Backfill, PastDays
from bot.intake.schedule import IntakeRules
from bot.models import AnnounceType, DayRecord, IntakeSource
from bot.run.app import build_pipeline
from bot.store.store import Store
from tests.builders import DAY
from tests.fakes import arxiv as fake
from tests.fakes.arxiv import ArxivServer, Fault, Page, Record
from tests.fakes.clock import HostClock, VirtualClock
from tests.fakes.discord import DiscordServer, make_client
from tests.fakes.world import Channel
from tests.faults.world import FAST
from tests.replay.faults import at
from tests.replay.walk import SPACING_S, Settings
from tests.stores import open_store

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)

FOLLOWED = (AnnounceType.NEW, AnnounceType.CROSS)

ALWAYS = 10_000
"""So many requests come in no test."""


class Fetching:
    """A bot that follows arXiv for a channel; its day begins at midnight Eastern on `DAY`.

    The bot goes by ``host``, the rest of the world by ``clock``.
    """

    def __init__(
        self, arxiv: ArxivServer, server: DiscordServer, store: Store, clock: VirtualClock
    ) -> None:
        self.arxiv, self.server, self.store, self.clock = arxiv, server, store, clock
        self.host = HostClock(clock)
        self.guild = server.add_guild()
        self.channel = server.add_channel(self.guild)
        self.settings = Settings(arxiv.url)
        self.sender = DiscordSender(now=self.host.now)
        self.caretaker = Caretaker(store, self.sender, now=self.host.now)
        self.delivery = Delivery(store.outbox, self.sender, now=self.host.now, settings=FAST)

    def use(self, session: aiohttp.ClientSession) -> None:
        """Ask arXiv with ``session`` from now on, as a process that was started again."""
        self.source = ArxivClient(
            session,
            self.settings,
            sleep=self.clock.sleep,
            monotonic=self.clock.monotonic,
            now=self.host.now,
        )
        self.set_rules()

    def set_rules(self, *, cross_check: bool = True) -> None:
        """Start with other rules for asking arXiv."""
        rules = IntakeRules(cross_check=cross_check)
        self.pipeline = build_pipeline(self.store, self.source, rules=rules, now=self.host.now)

    async def backfill(self, category: str, since: date, until: date) -> None:
        """Fetch the papers of past days, as the command does."""
        backfill = Backfill(
            self.store,
            self.source,
            now=self.host.now,
            report=lambda line: None,
            sleep=self.clock.sleep,
        )
        await backfill.run(PastDays(category=category, since=since, until=until))

    async def subscribe(
        self,
        *categories: str,
        channel: Channel | None = None,
        types: Iterable[AnnounceType] = FOLLOWED,
        post_at: time | None = None,
    ) -> Channel:
        channel = channel or self.channel
        await self.store.subscriptions.set_subscription(
            guild_id=channel.guild_id,
            channel_id=channel.id,
            categories=categories or ("cs.CV",),
            announce_types=list(types),
            post_at=post_at,
            zone="America/New_York",
            style="cards",
            now=self.host.now(),
        )
        return channel

    # -- time --------------------------------------------------------------------------------

    async def tick(self) -> None:
        """Do what the process does every half minute."""
        await self.pipeline.tick()
        await self.delivery.run_once()
        await self.caretaker.look_around()

    async def until(self, moment: datetime, every: timedelta = 30 * MINUTE) -> None:
        """Tick now and then until ``moment``, and at that moment."""
        while self.clock.now() < moment:
            await self.tick()
            self.clock.advance(min(every, max(moment - self.clock.now(), timedelta())))
        await self.tick()

    async def until_asked(self, times: int) -> list[timedelta]:
        """Tick every minute until arXiv was asked so often; returns when that was."""
        while len(asked := self.asked("")) < times:
            await self.tick()
            self.clock.advance(MINUTE)
        return asked

    async def first_poll(self) -> DayRecord:
        """Tick every minute until arXiv was asked for the first time; returns what came of it."""
        while IntakeSource.FEED not in (record := await self.record()).inquiries:
            self.clock.advance(MINUTE)
            await self.tick()
        return record

    # -- what came of it ---------------------------------------------------------------------

    async def record(self, category: str = "cs.CV") -> DayRecord:
        """Return what is known of `DAY`."""
        record = await self.store.intake.get_record(category, DAY)
        return record or DayRecord(category=category, day=DAY)

    async def planned(self, channel: Channel | None = None) -> int:
        """Count the messages of a channel in the outbox, posted or not."""
        channel = channel or self.channel
        return len(await self.store.outbox.list_deliveries(channel.id))

    def posted(self, channel: Channel | None = None) -> list[str]:
        """Return the identifiers posted in a channel, in order."""
        messages = self.server.messages_in(channel or self.channel)
        return [url.rpartition("/")[2] for each in messages for url in each.embed_urls]

    def told(self) -> list[str]:
        """Return what the host was told."""
        return self.server.told(self.server.host)

    def asked(self, part: str) -> list[timedelta]:
        """Return when arXiv was asked for paths with ``part``, as times since midnight."""
        return [
            timedelta(seconds=each.began_at) for each in self.arxiv.requests if part in each.path
        ]

    def meanwhile(self, moment: datetime, fault: Fault, path: str = "/rss/") -> None:
        """Answer with ``fault`` until ``moment``."""

        async def strike(request: web.Request, page: Page) -> web.StreamResponse:
            is_over = self.clock.now() >= moment
            return page.response() if is_over else await fault(request, page)

        self.arxiv.fail(*[strike] * ALWAYS, path=path)

    def check(self) -> None:
        """I2 and I6: nothing twice in a channel, no request too early, no body refused."""
        posted = Counter(
            (entry.channel_id, embed["url"])
            for entry in self.server.ledger
            for embed in entry.body["embeds"]
            # a receipt has no address, and a replacement is another version
            if "url" in embed and "replacement" not in embed["footer"]["text"]
        )
        assert [pair for pair, count in posted.items() if count > 1] == []
        assert [gap for gap in self.arxiv.gaps_s() if gap < SPACING_S] == []
        assert self.server.refusals == []


@asynccontextmanager
async def open_fetching(folder: Path) -> AsyncIterator[Fetching]:
    clock = VirtualClock(at(DAY, 0))
    client = make_client()
    async with (
        ArxivServer(now=clock.now, monotonic=clock.monotonic) as arxiv,
        DiscordServer(now=clock.now) as server,
        open_store(folder / "papers.db") as store,
        aiohttp.ClientSession() as session,
    ):
        day = Fetching(arxiv, server, store, clock)
        day.use(session)
        day.sender.use(client)
        async with server.connected(client):
            yield day
            await day.delivery.stop(2)
        day.check()


def records(
    count: int, first: int = 1, announce_type: str = "new", version: int = 1
) -> list[Record]:
    return [
        Record(f"2403.{number:05d}", announce_type, version, title=f"Paper {number}")
        for number in range(first, first + count)
    ]


def ids(found: Iterable[Record]) -> list[str]:
    return [record.arxiv_id for record in found]


def cut_chunked(keep: float) -> Fault:
    """Send a part of the body in chunks, then close without the last one."""

    async def fault(request: web.Request, page: Page) -> web.StreamResponse:
        body = page.body[: int(len(page.body) * keep)]
        transport = request.transport
        assert transport is not None
        head = f"Content-Type: {page.content_type}\r\nTransfer-Encoding: chunked\r\n\r\n"
        transport.write(f"HTTP/1.1 200 OK\r\n{head}{len(body):x}\r\n".encode() + body + b"\r\n")
        transport.close()
        return page.response()  # goes nowhere: the connection is closed

    return fault


def changed(change: Callable[[str], str]) -> Fault:
    """Answer with the page changed by hand."""

    async def fault(request: web.Request, page: Page) -> web.StreamResponse:
        body = change(page.body.decode()).encode()
        assert body != page.body
        return await fake.answer_bytes(body)(request, page)

    return fault
