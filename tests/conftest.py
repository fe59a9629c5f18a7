"""A whole bot in a pretended Discord (simcord): a server, a channel, an admin and a member."""

import asyncio
import functools
import gc
import json
import os
import re
import tempfile
from collections.abc import AsyncIterator, Generator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import discord
import pytest
import simcord
from hypothesis import settings

from bot.config.starters import StarterTopic
from bot.delivery.edge import DiscordSender
from bot.delivery.worker import Delivery
from bot.digest.models import Subscription
from bot.models import AnnounceType, Listing
from bot.pipeline import Pipeline
from bot.run.app import offline_pipeline
from bot.run.client import PaperBot
from bot.store.store import Store
from bot.ui.errors import explain
from tests.builders import DAY, NOW, make_listing, make_paper
from tests.examples import FAST
from tests.fakes.clock import VirtualClock
from tests.fakes.spec import FROM_MESSAGE, MESSAGES, POSTS, body_errors
from tests.guard import pytest_runtest_protocol as pytest_runtest_protocol
from tests.order import pytest_collection_modifyitems as pytest_collection_modifyitems
from tests.stores import open_store
from tests.waiting import HUNG_S

LISTING = make_listing(
    *(
        make_paper(
            number,
            title=f"{'Diffusion' if number % 4 == 0 else 'Graph'} networks, part {number}",
        )
        for number in range(1, 26)
    )
)
"""25 papers of `builders.DAY`, every fourth about diffusion."""


STARTERS = [
    StarterTopic(name="graphs", query="graph", about="Networks of things."),
    StarterTopic(name="amphibians", query="frog OR axolotl", about="Frogs and the like."),
]


MEMORY = Path("/dev/shm")  # noqa: S108  # Linux has a file system there that is no disk
ROOM_BYTES = 2 << 30


def pytest_configure(config: pytest.Config) -> None:
    """Put files of tests where no commit waits for a disk, unless TMPDIR wants them elsewhere.

    What survives a killed process does so in memory too; no test cuts the power.
    """
    if config.option.markexpr == "not slow" and not config.option.hypothesis_profile:
        settings.load_profile(FAST)
    gc.set_threshold(10_000)  # tests make much garbage, and collect it themselves where that counts
    if "TMPDIR" not in os.environ and _has_room(MEMORY):
        tempfile.tempdir = str(MEMORY)


def _has_room(folder: Path) -> bool:
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        return False
    system = os.statvfs(folder)
    can_start_programs = not system.f_flag & getattr(os, "ST_NOEXEC", 0)
    return can_start_programs and system.f_bavail * system.f_frsize > ROOM_BYTES


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Have Python not look through what tests share before it ends: no one needs the memory."""
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Have the garbage collector pass over what stays: modules, and thousands of tests."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(optionalhook=True)  # `make mutants` runs without xdist
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Run three tests on two cores: they wait some of the time, for a process or a thread."""
    return -(-3 * (os.cpu_count() or 1) // 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything a test of commands talks to."""

    env: simcord.Env
    pipeline: Pipeline
    delivery: Delivery
    sender: DiscordSender
    clock: VirtualClock
    guild: simcord.GuildHandle
    channel: simcord.ChannelHandle
    admin: simcord.MemberActor
    member: simcord.MemberActor

    @property
    def store(self) -> Store:
        return self.pipeline.store

    def show_to_all(self, group: str) -> None:
        """Let every member see a command group, as a server's admins can."""
        bot = self.env.bot
        assert isinstance(bot, PaperBot)
        self.guild.set_command_permissions(
            SimpleNamespace(id=bot.command_ids[group]), {self.guild.default_role: True}
        )

    async def restart(self) -> None:
        """Put a new bot over the same store into the place of the old one."""
        bot = PaperBot(self.pipeline, self.delivery)
        await self.env.restart_bot(bot)
        self.sender.use(bot)

    async def announce(self, listing: Listing = LISTING) -> Listing:
        """Store a listing as intake does."""
        await self.store.papers.add_listing(listing, now=self.clock.now())
        return listing

    async def set_up(self, **options: object) -> simcord.InteractionResult:
        """Have the admin set up a digest of cs.CV in the channel, before today's list is out."""
        result = await self.set_up_late(**options)
        channel = options.get("channel", self.channel)
        assert isinstance(channel, simcord.ChannelHandle)
        await self.store.subscriptions.begin_with(channel.id, DAY)
        return result

    async def subscribe(self, *categories: str) -> Subscription:
        """Set one up without a command, which would ask arXiv for today's list."""
        return await self.store.subscriptions.set_subscription(
            guild_id=self.guild.id,
            channel_id=self.channel.id,
            categories=categories or ("cs.CV",),
            announce_types=(AnnounceType.NEW, AnnounceType.CROSS),
            post_at=None,
            zone="UTC",
            style="auto",
            now=self.clock.now(),
        )

    async def set_up_late(self, **options: object) -> simcord.InteractionResult:
        """Set it up where nobody can say that today's list is not out yet."""
        return await self.admin.slash(
            self.channel, "digest setup", **({"categories": "cs.CV"} | options)
        )


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture
async def pipeline(tmp_path: Path, clock: VirtualClock) -> AsyncIterator[Pipeline]:
    async with open_store(tmp_path / "papers.db") as store:
        yield offline_pipeline(store, now=clock.now)


@pytest.fixture
def sender(clock: VirtualClock) -> DiscordSender:
    return DiscordSender(now=clock.now)


@pytest.fixture
def delivery(pipeline: Pipeline, sender: DiscordSender, clock: VirtualClock) -> Delivery:
    return Delivery(pipeline.store.outbox, sender, now=clock.now)


@pytest.fixture
async def env(
    pipeline: Pipeline, delivery: Delivery, sender: DiscordSender
) -> AsyncIterator[simcord.Env]:
    """The pretended Discord; the test fails if the bot raises what it cannot explain to a person,
    or sends what Discord itself would refuse.
    """
    bot = PaperBot(pipeline, delivery, starters=STARTERS)
    env = simcord.Env(bot, shard_count=1, check_errors=False, settle_timeout=HUNG_S)
    # It looks every 50 ms whether the bot waits for SQLite still: most of what a test takes.
    looking = functools.partial(env._settle_internal, idle=0.001)
    env._settle_internal = looking  # type: ignore[method-assign]
    await env.start()
    sender.use(bot)
    delivering = asyncio.create_task(delivery.run())
    try:
        yield env
    finally:
        await delivery.stop()
        await delivering
        await env.shutdown()
    if unexplained := [error for error in env.errors if explain(error) is None]:
        raise BaseExceptionGroup("the bot raised", unexplained)
    assert [error for request in env.http_requests for error in request_errors(request)] == []


TEMPLATES = {
    r"/channels/\d+/messages": MESSAGES,
    r"/channels/\d+/threads": POSTS,
    r"/channels/\d+/messages/\d+/threads": FROM_MESSAGE,
    r"/interactions/\d+/[^/]+/callback": (
        "/interactions/{interaction_id}/{interaction_token}/callback"
    ),
    r"/webhooks/\d+/[^/]+": "/webhooks/{webhook_id}/{webhook_token}",
    r"/webhooks/\d+/[^/]+/messages/@original": (
        "/webhooks/{webhook_id}/{webhook_token}/messages/@original"
    ),
    r"/applications/\d+/commands": "/applications/{application_id}/commands",
    r"/users/@me/channels": "/users/@me/channels",
}
"""Paths of requests with a body, and what Discord's description calls them."""


def request_errors(request: simcord.HttpLogEntry) -> list[str]:
    """Name everything in a request that Discord would refuse."""
    if request.json is None:
        return []
    found = [name for path, name in TEMPLATES.items() if re.fullmatch(path, request.path)]
    assert found, f"not checked against Discord's rules: {request.method} {request.path}"
    errors = _errors_of(request.method, found[0], json.dumps(request.json))
    return [f"{request.method} {request.path}: {error}" for error in errors]


@functools.lru_cache(64)
def _errors_of(method: str, path: str, body: str) -> list[str]:
    """Check a body once: each bot that starts sends all its commands, the same as others did."""
    return body_errors(method, path, json.loads(body))


@pytest.fixture
def world(
    env: simcord.Env,
    pipeline: Pipeline,
    delivery: Delivery,
    sender: DiscordSender,
    clock: VirtualClock,
) -> World:
    return make_world(env, pipeline, delivery, sender, clock)


def make_world(
    env: simcord.Env,
    pipeline: Pipeline,
    delivery: Delivery,
    sender: DiscordSender,
    clock: VirtualClock,
) -> World:
    guild = env.create_guild("Reading group")
    manager = guild.create_role("manager", permissions=discord.Permissions(manage_guild=True))
    return World(
        env=env,
        pipeline=pipeline,
        delivery=delivery,
        sender=sender,
        clock=clock,
        guild=guild,
        channel=guild.create_text_channel("papers"),
        admin=guild.add_member(env.create_user("alice"), roles=[manager]),
        member=guild.add_member(env.create_user("bob")),
    )
