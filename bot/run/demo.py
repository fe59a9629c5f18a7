"""The whole bot in a browser, without token or network: `python -m bot demo`.

simcord stands in for Discord. Everything else is the bot itself: the real client and commands,
a real database (in a temporary folder), the real pipeline, outbox and delivery. The day is the
listing's own, so that its digest is due.
"""

import asyncio
import logging
import shlex
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import discord

from bot.arxiv.files import parse_listing_file
from bot.config.schema import Config, DatabaseConfig
from bot.delivery.worker import Delivery
from bot.errors import InputError
from bot.models import AnnounceType, Clock, Listing
from bot.run.app import App, build_app, open_offline
from bot.run.stopping import stopping_on_signals, until
from bot.text.words import count_of, long_date

if TYPE_CHECKING:
    import simcord

LISTING = "cs.CV-2020-08-21.md"
MAX_PORT = 65535
HOUR = time_of_day(12, tzinfo=UTC)  # of the listing's day: its digest is due, nothing is late

GREETING = (
    "Above is the day's digest as the bot posts it; scroll up to read it. You are an admin here. "
    "Type `/` below to use the bot, for example:\n"
    "- `/paper search` with `query` video OR action\n"
    "- `/topic add` with `name` video and the same `query`\n"
    "- `/bot help`"
)
NEEDS_SIMCORD = (
    "The demo needs simcord with its preview; install it with "
    f"{shlex.quote(sys.executable)} -m pip install 'simcord[preview]==3.2.1'."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The pretended server: what the page shows, and who looks at it."""

    channel: "simcord.ChannelHandle"
    person: "simcord.MemberActor"
    greeting: discord.Message
    posted: tuple[discord.Message, ...]


async def run_demo(
    show: Callable[[str], None], *, port: int = 0, listing: Listing | None = None
) -> None:
    """Serve the demo until Ctrl-C, SIGTERM or the page's own end button.

    ``port`` 0 takes a free one; ``show`` prints the text that names the page. Raises `InputError`
    when simcord is missing or the port is taken.
    """
    if find_spec("simcord") is None or find_spec("markdown_it") is None:
        raise InputError(NEEDS_SIMCORD)
    _be_quiet()
    listing = listing or default_listing()
    with tempfile.TemporaryDirectory(prefix="paper-digest-demo-") as folder:
        clock = clock_from(datetime.combine(listing.announced_on, HOUR))
        config = Config(database=DatabaseConfig(path=Path(folder) / "papers.db"))
        async with open_offline(config, now=clock) as pipeline:
            await _perform(build_app(config, pipeline), listing, port, show)


async def _perform(app: App, listing: Listing, port: int, show: Callable[[str], None]) -> None:
    import simcord

    env = simcord.Env(app.bot, shard_count=1, check_errors=False)
    _dress(env, app.pipeline.now())
    await env.start()
    # simcord takes every error for a failed test; here the bot has told the person what was wrong.
    del app.bot.tree.on_error
    try:
        stage = await _set_stage(env, app, listing)
        async with (
            stopping_on_signals() as stopped,
            _delivering(app.delivery),
            _open_page(env, stage, port) as page,
        ):
            show(_greet(page.url, stage, listing))
            await until(stopped, page.wait_closed())
    finally:
        await env.shutdown()


async def _set_stage(env: "simcord.Env", app: App, listing: Listing) -> Stage:
    """Make a server whose channel follows the listing's category, and post its digest there."""
    guild = env.create_guild("Reading group")
    channel = guild.create_text_channel("papers", topic="What arXiv announced")
    admin = guild.create_role("admin", permissions=discord.Permissions(administrator=True))
    person = guild.add_member(env.create_user("you"), roles=[admin])
    await app.store.subscriptions.set_subscription(
        guild_id=guild.id,
        channel_id=channel.id,
        categories=[listing.category],
        announce_types=[AnnounceType.NEW, AnnounceType.CROSS],
        post_at=None,
        zone="UTC",
        style="cards",
        now=app.pipeline.now(),
    )
    await app.store.papers.add_listing(listing, now=app.pipeline.now())
    await app.pipeline.plan_due()
    await app.delivery.run_once()
    posted = tuple(channel.history())
    guide = guild.add_member(env.create_user("guide", global_name="Demo guide"))
    greeting = await guide.send(channel, GREETING)
    return Stage(channel=channel, person=person, greeting=greeting, posted=posted)


@asynccontextmanager
async def _open_page(
    env: "simcord.Env", stage: Stage, port: int
) -> "AsyncIterator[simcord.Preview]":
    import simcord

    if not 0 <= port <= MAX_PORT:
        raise InputError(f"There is no port {port}; choose one from 1 to {MAX_PORT}.")
    page = env.preview(stage.channel, viewers=[stage.person], layout="channel", port=port)
    try:
        await page.__aenter__()
    except simcord.SetupError as error:
        raise InputError(
            f"Port {port} of this machine is taken; choose another with --port, or leave it out."
        ) from error
    try:
        await page.show(stage.greeting)  # the last message: answers come into view below it
        yield page
    finally:
        await page.close()


@asynccontextmanager
async def _delivering(delivery: Delivery) -> AsyncIterator[None]:
    """Keep posting what commands in the page put into the outbox."""
    work = asyncio.create_task(delivery.run())
    try:
        yield
    finally:
        await delivery.stop()
        await work


def _dress(env: "simcord.Env", now: datetime) -> None:
    """Give the bot its name and the messages their day.

    simcord has no public way to do either; its version is pinned.
    """
    env.backend.bot_user.name = "Paper Digest Bot"
    env.backend.clock._epoch = now


def _be_quiet() -> None:
    """Log only what is wrong: a person who watches the page has no use for the rest."""
    logging.getLogger("bot").setLevel(logging.WARNING)
    logging.getLogger("discord").setLevel(logging.ERROR)  # it warns of missing intents


def _greet(url: str, stage: Stage, listing: Listing) -> str:
    papers = sum(len(message.embeds) for message in stage.posted)
    return (
        f"The demo runs; open this page (only this machine can):\n\n    {url}\n\n"
        f"#papers shows {listing.category} of {long_date(listing.announced_on)}: "
        f"{count_of(papers, 'paper')} in {count_of(len(stage.posted), 'message')}.\n"
        "Type / there for the bot's commands, for example /paper search, /topic add, /bot help.\n"
        "Ctrl-C ends it.\n"
    )


def default_listing() -> Listing:
    """Read the listing that comes with the bot: cs.CV of 21 August 2020."""
    return parse_listing_file((resources.files("bot.run") / "data" / LISTING).read_bytes())


def clock_from(start: datetime) -> Clock:
    """Return a clock that shows ``start`` now and goes on from there."""
    began = time.monotonic()
    return lambda: start + timedelta(seconds=time.monotonic() - began)
