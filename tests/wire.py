"""A bot that people use over the wire: real HTTP, a real gateway, no simcord in between."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.delivery.edge import DiscordSender
from bot.delivery.trace import http_trace
from bot.delivery.worker import Delivery
from bot.pipeline import Pipeline
from bot.run.app import offline_pipeline
from bot.run.client import PaperBot
from bot.store.store import Store
from tests.builders import NOW
from tests.cogs.modals import Values, hold
from tests.conftest import LISTING
from tests.fakes.clock import VirtualClock
from tests.fakes.discord import DiscordServer
from tests.fakes.interactions import Reply
from tests.fakes.world import Channel, Guild, User
from tests.stores import open_store


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A Discord with a bot connected to it, one channel and an admin; `conftest.LISTING` is out."""

    server: DiscordServer
    store: Store
    clock: VirtualClock
    guild: Guild
    channel: Channel
    admin: User
    bot: PaperBot
    delivery: Delivery

    async def slash(self, command: str, **options: object) -> Reply:
        return await self.server.slash(self.guild, self.channel, self.admin, command, **options)

    async def submit(self, opened: Reply, values: Values, *, user: User | None = None) -> Reply:
        """Send a form that the bot opened, with some of its fields changed."""
        assert opened.modal is not None, opened.text
        return await self.server.interactions.submit(
            self.guild,
            self.channel,
            user or self.admin,
            opened.modal["custom_id"],
            [*hold(opened.modal, values)],
        )

    async def press(self, custom_id: str, channel: Channel | None = None) -> Reply:
        """Press a button with this id."""
        pressing = self.server.interactions.press
        return await pressing(self.guild, channel or self.channel, self.admin, custom_id)


@asynccontextmanager
async def open_scene(folder: Path) -> AsyncIterator[Scene]:
    clock = VirtualClock(NOW)
    async with DiscordServer(now=clock.now) as server, open_store(folder / "bot.db") as store:
        guild = server.add_guild()
        channel = server.add_channel(guild)
        await store.papers.add_listing(LISTING, now=NOW)
        pipeline = offline_pipeline(store, now=clock.now)
        sender = DiscordSender(now=clock.now)
        delivery = Delivery(store.outbox, sender, now=clock.now)
        bot = make_bot(pipeline, delivery)
        sender.use(bot)
        async with server.connected(bot):
            admin = server.add_user("admin", is_admin=True)
            yield Scene(
                server=server,
                store=store,
                clock=clock,
                guild=guild,
                channel=channel,
                admin=admin,
                bot=bot,
                delivery=delivery,
            )


def make_bot(pipeline: Pipeline, delivery: Delivery) -> PaperBot:
    """Make a bot, the first or one that takes its place after a restart."""
    bot = PaperBot(pipeline, delivery, http_trace=http_trace())
    bot._connection.guild_ready_timeout = 0.05  # discord.py waits two seconds for more guilds
    return bot
