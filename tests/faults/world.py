"""Delivery between a real database and the loopback Discord, on a clock that a test moves."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from bot.delivery.amend import Amendments
from bot.delivery.edge import DiscordSender
from bot.delivery.edits import Editor
from bot.delivery.lanes import RateLimiter
from bot.delivery.window import Tries
from bot.delivery.worker import Delivery, DeliverySettings
from bot.digest.messages import DeliveryRecord, MessageDraft
from bot.digest.models import DigestOptions, Place, Subscription
from bot.store.store import Store
from bot.ui.reasons import say_reason
from tests.builders import DAY, NOW, make_id
from tests.fakes.clock import HostClock, VirtualClock
from tests.fakes.discord import SEND, DiscordServer, make_client
from tests.fakes.world import Channel
from tests.stores import open_store

FAST = DeliverySettings(pace_per_s=1000, send_timeout_s=5, poll_s=0.02)

MINUTES = timedelta(minutes=1)

THREAD_NAME = "cs.CV · Tue, 5 Mar 2024"


class HeldConnector(aiohttp.TCPConnector):
    """Connects, and once lets something happen before the request can be written."""

    meanwhile: Callable[[], None] | None = None

    async def connect(self, *args: Any, **kwargs: Any) -> aiohttp.connector.Connection:
        connection = await super().connect(*args, **kwargs)
        happens, self.meanwhile = self.meanwhile, None
        if happens is not None:
            happens()
        return connection


class World:
    """A Discord with a guild and a channel, a bot's database and its delivery."""

    def __init__(
        self,
        server: DiscordServer,
        store: Store,
        clock: VirtualClock,
        connector: HeldConnector,
    ) -> None:
        self.connector = connector
        self.server = server
        self.guild = server.add_guild()
        self.channel = server.add_channel(self.guild)
        self.store = store
        self.database = store.database
        self.clock = clock
        self.outbox = store.outbox
        self.host = HostClock(clock)
        self.sender = DiscordSender(now=self.host.now)
        self.amendments = Amendments(store.edits, now=clock.now)
        self.delivery = self.restarted()
        self.papers = 0

    def restarted(self, settings: DeliverySettings = FAST, **more: object) -> Delivery:
        """Forget everything that is not in the database, as a new process would."""
        free_bytes: Callable[[], int] | None = more.get("free_bytes")  # type: ignore[assignment]
        limiter: RateLimiter | None = more.get("limiter")  # type: ignore[assignment]
        self.editor = Editor(
            self.store.edits, self.sender, now=self.clock.now, window=settings.nonce_window
        )
        self.delivery = Delivery(
            self.outbox,
            self.sender,
            now=self.host.now,
            clock=self.host.instant,
            settings=settings,
            free_bytes=free_bytes,
            editor=self.editor,
            limiter=limiter,
        )
        return self.delivery

    def advance(self, by: timedelta) -> None:
        self.clock.advance(by)

    async def subscribe(self, channel: Channel, place: Place = Place.CHANNEL) -> Subscription:
        return await self.store.subscriptions.set_subscription(
            guild_id=channel.guild_id,
            channel_id=channel.id,
            categories=["cs.CV"],
            announce_types=[],
            post_at=time(9),
            zone="UTC",
            style="cards",
            now=self.clock.now(),
            options=DigestOptions(place=place),
        )

    async def plan(
        self, channel: Channel, parts: int = 1, papers: int = 2, place: Place = Place.CHANNEL
    ) -> list[str]:
        """Plan a digest; returns the first lines of its messages."""
        subscription = await self.subscribe(channel, place)
        earlier = len(await self.outbox.list_deliveries(channel.id, DAY))
        drafts = [self.draft(earlier + part, papers) for part in range(1, parts + 1)]
        await self.outbox.plan(
            subscription, DAY, drafts, now=self.clock.now(), thread_name=THREAD_NAME
        )
        return [str(draft.body["content"]) for draft in drafts]

    def draft(self, part: int, papers: int = 2) -> MessageDraft:
        ids = [make_id(self.papers + number) for number in range(1, papers + 1)]
        self.papers += papers
        embeds = [{"title": id_, "url": f"https://arxiv.org/abs/{id_}"} for id_ in ids]
        content = f"### cs.CV · Tue, 5 Mar 2024 · part {part}"
        return MessageDraft(
            style="cards",
            body={"content": content, "embeds": embeds},
            papers=tuple((id_, 1) for id_ in ids),
        )

    async def claim(self, channel: Channel) -> DeliveryRecord:
        """Claim as a process that was killed right after."""
        record = await self.outbox.claim(channel.id, self.clock.now(), self.host.instant())
        assert record is not None
        return record

    async def send_unseen(self, channel: Channel) -> DeliveryRecord:
        """Claim and post as a process that was killed before it could write that down."""
        record = await self.claim(channel)
        await self.sender.send(record, Tries())
        return record

    async def states(self, channel: Channel) -> list[str]:
        return [each.state.value for each in await self.outbox.list_deliveries(channel.id)]

    async def reasons(self, channel: Channel) -> list[str | None]:
        """Return what is said of each message of a channel."""
        records = await self.outbox.list_deliveries(channel.id)
        return [say_reason(each.reason) if each.reason else None for each in records]

    def posted(self, channel: Channel) -> list[str]:
        return [entry.content for entry in self.server.messages_in(channel)]

    def sends(self) -> int:
        return sum((call.method, call.template) == SEND for call in self.server.calls)


@asynccontextmanager
async def open_world(folder: Path) -> AsyncIterator[World]:
    """Open a world whose bot is connected; at the end no body may have been refused."""
    clock, connector = VirtualClock(NOW), HeldConnector(limit=0)
    client = make_client(connector=connector, max_ratelimit_timeout=30.0)
    async with (
        DiscordServer(now=clock.now) as server,
        open_store(folder / "bot.db") as store,
    ):
        world = World(server, store, clock, connector)
        world.sender.use(client)
        async with server.connected(client):
            yield world
            await world.delivery.stop(2)
        assert server.refusals == []
