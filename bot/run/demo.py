"""The whole bot in a browser, without token or network: `python -m bot demo`.

simcord stands in for Discord. Everything else is the bot itself: the real client and commands,
a real database (in a temporary folder), the real pipeline, outbox and delivery. The day is the
listing's own, so that its digest is due.

A page of simcord shows one channel and cannot go to another, so each channel has a page, whose last
message links the others. It shows no list of a forum's posts: the post of the day has the page.
"""

import asyncio
import logging
import shlex
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
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
from bot.digest.models import PLAIN_DIGEST, Cadence, DigestOptions, Place, Subscription, Topic
from bot.errors import InputError
from bot.models import Announcement, AnnounceType, ArxivId, Clock, Link, LinkKind, Listing
from bot.run.app import App, build_app, open_offline
from bot.run.stopping import stopping_on_signals, until
from bot.store.follows import When
from bot.text.words import count_of, long_date

if TYPE_CHECKING:
    import simcord

DAY = "cs.CV-2026-08-18.md"
FIRST_DAY = "cs.CV-2020-08-21.md"
MAX_PORT = 65535
HOUR = time_of_day(12, tzinfo=UTC)  # of the listing's day: its digest is due, nothing is late
EVENING = time_of_day(18)

VIDEO = "video-generation OR video-understanding OR text-to-video"
SCENES_3D = "gaussian-splatting OR NeRF OR radiance-field OR 3D-reconstruction"
DIFFUSION = "diffusion-model OR flow-matching"
MEDICAL = "MRI OR CT OR x-ray OR radiology OR histopathology"
TOPICS = {"video": VIDEO, "3d": SCENES_3D, "diffusion": DIFFUSION}

LATER = "2608.16143"
"""A paper of `DAY` whose code becomes known only after its digests were posted."""

POSTED = "Above is the digest as the bot posted it."
LIVES = (
    f"{POSTED} The line with ↳ was added to the post later, when the code of that paper became "
    "known. The menu below each list opens the abstract of a paper for you alone."
)
READ_ABSTRACT = f"{POSTED} The menu below each list opens the abstract of a paper for you alone."
NOT_POSTED = (
    "Nothing is posted here yet. Try `/digest preview`, `/digest setup` with another `style`, then "
    "`/digest send`."
)
NOTHING_YET = (
    "No digest is set up here. Type `/digest setup` with `categories` computer vision and `query` "
    "diffusion, or alone for a form; then press *Preview*, then *Post now*."
)
TO_TRY = (
    "You are an admin here. Type `/` below to use the bot, for example:\n"
    "- `/paper search` with `query` video OR action\n"
    "- `/topic add` with `name` video and the same `query`\n"
    "- `/bot help`"
)
OTHER_CHANNELS = "The other channels, each with a page of its own:"
NEEDS_SIMCORD = (
    "The demo needs simcord with its preview; install it with "
    f"{shlex.quote(sys.executable)} -m pip install 'simcord[preview]==3.2.1'."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One channel of the pretended server: what it ``shows``, and what the guide says of it."""

    name: str
    shows: str
    greeting: str = READ_ABSTRACT
    style: str
    options: DigestOptions = PLAIN_DIGEST
    topics: Mapping[str, str] = field(default_factory=dict)
    post_at: time_of_day | None = None
    is_first_day: bool = False
    is_empty: bool = False
    """Whether no digest is set up in it."""


SCENES = (
    Scene(
        name="papers",
        shows="auto, with three topics: the best matches are cards, the other matches a list",
        greeting=LIVES,
        style="auto",
        topics=TOPICS,
    ),
    Scene(name="list", shows="list, without topics: every paper in two lines", style="list"),
    Scene(
        name="brief",
        shows="brief, with two other topics and three cards (top:3)",
        style="brief",
        options=DigestOptions(top=3),
        topics={"medical": MEDICAL, "segmentation": "segmentation"},
    ),
    Scene(
        name="thread",
        shows="as #papers, but in a thread: one message in the channel, the others behind it",
        style="auto",
        options=DigestOptions(place=Place.THREAD),
        topics=TOPICS,
    ),
    Scene(
        name="forum",
        shows="as #papers, but in a forum: one post a day",
        style="auto",
        options=DigestOptions(place=Place.FORUM),
        topics=TOPICS,
    ),
    Scene(
        name="week",
        shows="a weekly digest that ends on this day: the best matches, the others by day",
        greeting=f"{POSTED} Its buttons open the other papers of each day, for you alone.",
        style="auto",
        options=DigestOptions(cadences=(Cadence.WEEK,), weekday=1),  # a Tuesday, as the listing's
        topics=TOPICS,
    ),
    Scene(
        name="evening",
        shows="no digest yet: it is due at 18:00",
        greeting=NOT_POSTED,
        style="auto",
        topics=TOPICS,
        post_at=EVENING,
    ),
    Scene(
        name="first-day",
        shows="cards: 21 Aug 2020, the day with which this project began",
        greeting=POSTED,
        style="cards",
        is_first_day=True,
    ),
    Scene(
        name="new",
        shows="no digest: set one up, from nothing to its first post",
        greeting=NOTHING_YET,
        style="auto",
        is_empty=True,
    ),
)
CHOSEN_SCENES = (
    Scene(name="papers", shows="cards, without topics", greeting=POSTED, style="cards"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What one page shows: a channel, or the thread or forum post in which its digest went on.

    Direct messages have no ``greeting``.
    """

    title: str
    shows: str
    greeting: str
    handle: "simcord.ChannelHandle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The pretended server, and who looks at it: ``person`` is you, ``guide`` tells what to try."""

    views: tuple[View, ...]
    person: "simcord.MemberActor"
    guide: "simcord.MemberActor"


async def run_demo(
    show: Callable[[str], None], *, port: int = 0, listing: Listing | None = None
) -> None:
    """Serve the demo until Ctrl-C, SIGTERM or a page's own end button.

    ``show`` prints the text that names the pages. ``port`` is that of the first page, 0 takes a
    free one; the others always take free ones. A ``listing`` is shown in one channel instead of
    those of `SCENES`. Raises `InputError` when simcord is missing or the port is taken.
    """
    if find_spec("simcord") is None or find_spec("markdown_it") is None:
        raise InputError(NEEDS_SIMCORD)
    if not 0 <= port <= MAX_PORT:
        raise InputError(f"There is no port {port}; choose one from 1 to {MAX_PORT}.")
    _be_quiet()
    scenes = CHOSEN_SCENES if listing else SCENES
    listing = listing or default_listing()
    with tempfile.TemporaryDirectory(prefix="paper-digest-demo-") as folder:
        clock = clock_from(datetime.combine(listing.announced_on, HOUR))
        config = Config(database=DatabaseConfig(path=Path(folder) / "papers.db"))
        async with open_offline(config, now=clock) as pipeline:
            app = build_app(config, pipeline)
            await _perform(app, listing, scenes, port=port, show=show)


async def _perform(
    app: App,
    listing: Listing,
    scenes: Sequence[Scene],
    *,
    port: int,
    show: Callable[[str], None],
) -> None:
    import simcord

    env = simcord.Env(app.bot, shard_count=1, check_errors=False)
    _dress(env, app.pipeline.now())
    await env.start()
    # simcord takes every error for a failed test; here the bot has told the person what was wrong.
    del app.bot.tree.on_error
    try:
        stage = await _set_stage(env, app, listing, scenes)
        async with (
            stopping_on_signals() as stopped,
            _delivering(app.delivery),
            AsyncExitStack() as stack,
        ):
            ports = (port, *[0] * (len(stage.views) - 1))
            pages = [
                await stack.enter_async_context(_open_page(env, stage, view, each))
                for view, each in zip(stage.views, ports, strict=True)
            ]
            await _greet(stage, pages)
            show(_describe(stage, pages, listing))
            await until(stopped, *(page.wait_closed() for page in pages))
    finally:
        await env.shutdown()


# -- the pretended server ------------------------------------------------------------------------


async def _set_stage(
    env: "simcord.Env", app: App, listing: Listing, scenes: Sequence[Scene]
) -> Stage:
    """Make a server whose channels follow the listing's category, and post what is due there."""
    guild = env.create_guild("Reading group")
    admin = guild.create_role("admin", permissions=discord.Permissions(administrator=True))
    person = guild.add_member(env.create_user("you"), roles=[admin])
    guide = guild.add_member(env.create_user("guide", global_name="Demo guide"), roles=[admin])
    handles = {scene.name: _make_channel(guild, scene) for scene in scenes}
    if len(scenes) > 1:
        await _follow(app, person.user, listing)
    of_today = [scene for scene in scenes if not (scene.is_first_day or scene.is_empty)]
    for scene in of_today:
        await _subscribe(app, guild.id, handles[scene.name].id, listing.category, scene)
    listing, links = _hold_back(listing)
    await app.store.papers.add_listing(listing, now=app.pipeline.now())
    await app.pipeline.plan_due()
    for scene in scenes:
        if scene.is_first_day:
            await _post_first_day(app, guild.id, handles[scene.name].id, scene)
    await app.delivery.run_once()
    await app.store.papers.add_links(ArxivId(LATER), links)
    await app.amendments.plan()
    await app.editor.run_round(_may_edit, lambda _: None)
    views = [view for scene in scenes for view in _views_of(scene, handles[scene.name])]
    if person.user.dm_channel.history():
        views.append(_view_of_direct(person.user))
    return Stage(views=tuple(views), person=person, guide=guide)


def _hold_back(listing: Listing) -> tuple[Listing, Sequence[Link]]:
    """Take from a listing what of `LATER` is to become known later; nothing where it is not in."""
    announcements: list[Announcement] = []
    held: list[Link] = []
    for each in listing.announcements:
        links = each.paper.links_of(LinkKind.CODE) if each.paper.arxiv_id == LATER else ()
        others = tuple(link for link in each.paper.links if link not in links)
        announcements.append(replace(each, paper=replace(each.paper, links=others)))
        held += links
    return replace(listing, announcements=tuple(announcements)), held


async def _may_edit() -> bool:
    return True


async def _follow(app: App, person: "simcord.UserHandle", listing: Listing) -> None:
    """Make you follow an author who has a paper that day, and a popular subject."""
    store, (first, *_) = app.store.follows, listing.announcements
    await store.set_up(person.id, person.dm_channel.id, When(), app.pipeline.now())
    name = first.paper.authors[0]
    await store.follow(person.id, Topic(name=name, query=f'author:"{name}"'))
    await store.follow(person.id, Topic(name="medical", query=MEDICAL))


def _view_of_direct(person: "simcord.UserHandle") -> View:
    return View(
        title="direct messages",
        shows="what you follow yourself: an author and a query; `/follow add` follows more",
        greeting="",
        handle=person.dm_channel,
    )


def _make_channel(guild: "simcord.GuildHandle", scene: Scene) -> "simcord.ChannelHandle":
    if scene.options.place is Place.FORUM:
        return guild.create_forum_channel(scene.name)
    return guild.create_text_channel(scene.name, topic=scene.shows)


async def _subscribe(
    app: App, guild_id: int, channel_id: int, category: str, scene: Scene
) -> Subscription:
    subscriptions = app.store.subscriptions
    subscription = await subscriptions.set_subscription(
        guild_id=guild_id,
        channel_id=channel_id,
        categories=[category],
        announce_types=[AnnounceType.NEW, AnnounceType.CROSS],
        post_at=scene.post_at,
        zone="UTC",
        style=scene.style,
        now=app.pipeline.now(),
        options=scene.options,
    )
    for name, query in scene.topics.items():
        await subscriptions.set_topic(channel_id, name, query)
    return subscription


async def _post_first_day(app: App, guild_id: int, channel_id: int, scene: Scene) -> None:
    """Post the day of 2020, long past: planned as an admin would who asks for it."""
    listing = first_listing()
    subscription = await _subscribe(app, guild_id, channel_id, listing.category, scene)
    await app.store.papers.add_listing(listing, now=app.pipeline.now())
    await app.pipeline.plan(subscription, listing.announced_on)


def _views_of(scene: Scene, handle: "simcord.ChannelHandle") -> Iterator[View]:
    name, is_forum = f"#{scene.name}", scene.options.place is Place.FORUM
    if not is_forum:
        yield View(title=name, shows=scene.shows, greeting=scene.greeting, handle=handle)
    for thread in handle.threads:
        yield View(
            title=f"post in {name}" if is_forum else f"thread in {name}",
            shows=scene.shows if is_forum else "all but the first message of the day",
            greeting=scene.greeting,
            handle=thread,
        )


# -- the pages -----------------------------------------------------------------------------------


@asynccontextmanager
async def _open_page(
    env: "simcord.Env", stage: Stage, view: View, port: int
) -> "AsyncIterator[simcord.Preview]":
    import simcord

    # A page of direct messages is seen by a person without a server.
    viewer = stage.person if view.greeting else stage.person.user
    page = env.preview(view.handle, viewers=[viewer], layout="channel", port=port)
    try:
        await page.__aenter__()
    except simcord.SetupError as error:
        raise InputError(
            f"Port {port} of this machine is taken; choose another with --port, or leave it out."
        ) from error
    # simcord wants one page a world, though several get along; its version is pinned.
    env._preview = None
    try:
        yield page
    finally:
        await page.close()


async def _greet(stage: Stage, pages: "Sequence[simcord.Preview]") -> None:
    """Let the guide say in each channel what can be tried, and where the others are."""
    links = [
        f"- [{view.title}]({page.url}): {view.shows}"
        for view, page in zip(stage.views, pages, strict=True)
    ]
    for number, (view, page) in enumerate(zip(stage.views, pages, strict=True)):
        if not view.greeting:
            continue  # nobody else can write there
        others = links[:number] + links[number + 1 :]
        lines = [view.greeting, TO_TRY, *(["", OTHER_CHANNELS, *others] if others else ())]
        await stage.guide.send(view.handle, "\n".join(lines))
        await page.show(view.handle.history()[0])  # read from the top


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


def _describe(stage: Stage, pages: "Sequence[simcord.Preview]", listing: Listing) -> str:
    addresses = "".join(
        f"\n{view.title}: {view.shows}\n    {page.url}\n"
        for view, page in zip(stage.views, pages, strict=True)
    )
    papers = count_of(len(listing.announcements), "paper")
    return (
        f"The demo runs; open a page (only this machine can):\n{addresses}\n"
        f"The day is {listing.category} of {long_date(listing.announced_on)}: {papers}.\n"
        "Type / there for the bot's commands, for example /paper search, /topic add, /bot help.\n"
        "Ctrl-C ends it.\n"
    )


def default_listing() -> Listing:
    """Read the listing that the demo shows: new submissions and cross-lists, 18 August 2026."""
    return _read_data(DAY)


def first_listing() -> Listing:
    """Read the listing with which this project began: cs.CV of 21 August 2020."""
    return _read_data(FIRST_DAY)


def _read_data(name: str) -> Listing:
    return parse_listing_file((resources.files("bot.run") / "data" / name).read_bytes())


def clock_from(start: datetime) -> Clock:
    """Return a clock that shows ``start`` now and goes on from there.

    simcord lets ``time.monotonic`` stand still in commands, and ``time.perf_counter`` go on.
    """
    began = time.perf_counter()
    return lambda: start + timedelta(seconds=time.perf_counter() - began)
