"""Delivering 1,000 digests of 47 papers through Discord's real rate limits, and what it costs.

    python -m benchmarks delivery [--channels N] [--ways all | WAY ...]

Cards in a channel; with ``--ways all`` every style, and every place. Making a thread takes one of
the requests that Discord allows, so requests are counted, not only messages.

The shipped program (`python -m bot run`) delivers to the loopback Discord, which keeps Discord's
budgets: 50 requests a second, 5 messages in 5 seconds for a channel. Its peer is a bare loop over
discord.py's ``channel.send`` that posts the same messages, menus included, in the same channels,
threads or posts at the same pace, in a process of its own and without limits that could hold it
up. CPU is that of the delivering process alone, with all its threads, from its first message to
its last.
"""

import argparse
import asyncio
import contextlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import discord

from benchmarks.tables import percentile, table, verdict
from bot.arxiv.calendar import announcement_day
from bot.arxiv.files import parse_listing_file
from bot.delivery.lanes import RateLimiter
from bot.delivery.worker import DeliverySettings
from bot.digest.messages import MessageDraft
from bot.digest.models import DigestOptions, Place
from bot.digest.rank import rank
from bot.models import AnnounceType, Listing, Paper
from bot.run.client import use_stand_ins
from bot.store.store import open_store
from bot.ui.styles import STYLES
from tests.builders import make_digest, make_entry, make_listing, make_paper
from tests.fakes.discord import DiscordServer, RateLimits
from tests.fakes.process import bot_environ, running_bot
from tests.fakes.world import Channel

ROOT = Path(__file__).resolve().parents[1]
SEED = ROOT.parent / "shared" / "seed" / "cs.CV-2020-08-21.md"
CHANNELS_PER_GUILD = 20
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
RATE_GOAL = 0.9
CPU_GOAL = 2.0
ANSWER_GOAL_S = 1.0

WAYS = {
    **{style: (style, Place.CHANNEL) for style in ("cards", "list", "brief", "auto")},
    "thread": ("auto", Place.THREAD),
    "forum": ("auto", Place.FORUM),
}
THREAD_NAME = "Papers"
Beside = Callable[[Path], contextlib.AbstractAsyncContextManager[object]]
"""What runs beside the bot, with its database."""

TOPICS = ("segmentation", "detection")
"""What some of the papers match, so that a brief has something to rank."""


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--channels", type=int, default=1000, metavar="N")
    parser.add_argument("--ways", choices=[*WAYS, "all"], nargs="+", default=["cards"])
    parser.add_argument("--bare", nargs=2, help=argparse.SUPPRESS)  # the peer's own process
    options = parser.parse_args(argv)
    if options.bare:
        work, result = map(Path, options.bare)
        result.write_text(str(asyncio.run(send_bare(json.loads(work.read_text())))))
        return 0
    ways = WAYS if "all" in options.ways else options.ways
    return asyncio.run(measure(options.channels, [WAYS[name] for name in ways]))


def listing() -> Listing:
    if SEED.exists():
        return parse_listing_file(SEED.read_bytes())
    return make_listing(*(make_paper(n, abstract="We say much. " * 80) for n in range(1, 48)))


async def measure(channels: int, ways: Sequence[tuple[str, Place]]) -> int:
    rows: list[tuple[str, ...]] = [
        ("style", "place", "messages", "requests/s", "of limit", "CPU ms", "peer", "ratio", "")
    ]
    for style, place in ways:
        drafts = render(style)
        bare_cpu_ms = await measure_bare(drafts, channels, place)
        rate, cpu_ms, _ = await measure_bot(drafts, channels, place, with_commands=False)
        share, ratio = rate / RateLimits().global_per_s, cpu_ms / bare_cpu_ms
        numbers = [f"{each:.2f}" for each in (rate, share, cpu_ms, bare_cpu_ms, ratio)]
        met = verdict(share >= RATE_GOAL and ratio <= CPU_GOAL)
        rows.append((style, place.value, f"{channels * len(drafts):,}", *numbers, met))
    print(f"{channels:,} channels; of the limit >= {RATE_GOAL}, CPU per message <= {CPU_GOAL}")
    print(table(rows))
    drafts = render("cards")
    few = min(channels, 200)
    _, _, waits = await measure_bot(drafts, few, Place.CHANNEL, with_commands=True)
    slowest = percentile(waits, 0.99) if waits else 0.0
    said = f"{slowest:.2f} s, {verdict(slowest <= ANSWER_GOAL_S)}" if waits else "none was answered"
    print(f"p99 of a search meanwhile: {said}")
    return int(any("MISSED" in row[-1] for row in rows) or slowest > ANSWER_GOAL_S)


def render(style: str) -> tuple[MessageDraft, ...]:
    entries = [make_entry(each.paper, topics=match(each.paper)) for each in listing().announcements]
    digest = make_digest(*entries)
    chosen = STYLES[style]
    return chosen.render(rank(digest, top=5) if chosen.is_ranked else digest)


def match(paper: Paper) -> list[str]:
    return [topic for topic in TOPICS if topic in f"{paper.title} {paper.abstract}".lower()]


async def measure_bot(
    drafts: tuple[MessageDraft, ...],
    channels: int,
    place: Place,
    *,
    with_commands: bool,
    beside: Beside = contextlib.nullcontext,
) -> tuple[float, float, list[float]]:
    """Let the program deliver; returns requests per second, CPU per message and answer times."""
    with tempfile.TemporaryDirectory() as name:
        async with DiscordServer(validate=False, limits=RateLimits()) as server:
            places = add_places(server, channels, is_forum=place is Place.FORUM)
            environ = bot_environ(Path(name), arxiv=None, discord=server)
            environ |= {  # as a host has it, not as tests do
                "PAPER_BOT_SCHEDULE__TICK_S": "30",
                "PAPER_BOT_LOG__LEVEL": "INFO",
            }
            path = Path(environ["PAPER_BOT_DATABASE__PATH"])
            await plan(path, places, drafts, place)
            async with beside(path), running_bot(environ) as bot:
                await wait_for_messages(server, 1)
                cpu_s, started = cpu_of(bot.pid), time.monotonic()
                waits: list[float] = []
                searching = asyncio.create_task(search(server, places[0], waits))
                if not with_commands:
                    searching.cancel()
                total = channels * len(drafts)
                await wait_for_messages(server, total)
                wall_s, cpu_s = time.monotonic() - started, cpu_of(bot.pid) - cpu_s
                searching.cancel()
                await asyncio.gather(searching, return_exceptions=True)
                assert await bot.stop() == 0, bot.log
            assert len(server.ledger) == total
            threads = channels if place is Place.THREAD and len(drafts) > 1 else 0
            return (total + threads - 1) / wall_s, cpu_s / total * 1000, waits


async def wait_for_messages(server: DiscordServer, count: int) -> None:
    """Wait as long as there is any progress: the machine may be busy."""
    while (before := len(server.ledger)) < count:
        try:
            await server.wait_for_messages(count)
        except TimeoutError:
            if len(server.ledger) == before:
                raise


async def search(server: DiscordServer, place: Channel, waits: list[float]) -> None:
    """Search again and again and note how long each answer takes."""
    guild, user = server.guilds[place.guild_id], server.add_user()
    while True:
        started = time.monotonic()
        await server.slash(guild, place, user, "paper search", query="segmentation")
        waits.append(time.monotonic() - started)
        await asyncio.sleep(0.2)


def add_places(server: DiscordServer, channels: int, *, is_forum: bool = False) -> list[Channel]:
    guilds = [server.add_guild(f"guild {n}") for n in range(-(-channels // CHANNELS_PER_GUILD))]
    add = server.add_forum if is_forum else server.add_channel
    return [
        add(guilds[number // CHANNELS_PER_GUILD], f"papers-{number}") for number in range(channels)
    ]


async def plan(
    path: Path, places: list[Channel], drafts: tuple[MessageDraft, ...], place_in: Place
) -> None:
    """Subscribe every channel and put its digest into the outbox."""
    now = datetime.now(UTC)
    async with open_store(path) as store:
        await store.papers.add_listing(listing(), now=now)
        for place in places:
            subscription = await store.subscriptions.set_subscription(
                guild_id=place.guild_id,
                channel_id=place.id,
                categories=["cs.CV"],
                announce_types=list(AnnounceType),
                post_at=None,
                zone="UTC",
                style="cards",
                now=now,
                options=DigestOptions(place=place_in),
            )
            await store.outbox.plan(
                subscription, announcement_day(now), drafts, now=now, thread_name=THREAD_NAME
            )


# The peer


async def measure_bare(drafts: tuple[MessageDraft, ...], channels: int, place: Place) -> float:
    """Return the CPU in ms that a bare loop over ``channel.send`` takes for a message."""
    with tempfile.TemporaryDirectory() as name:
        boundless = RateLimits(per_channel=10**6, global_per_s=10**6)  # the headers stay
        async with DiscordServer(validate=False, limits=boundless) as server:
            places = add_places(server, channels, is_forum=place is Place.FORUM)
            work, result = Path(name) / "work.json", Path(name) / "result"
            job: dict[str, Any] = {
                "api_url": server.api_url,
                "gateway_url": server.gateway_url,
                "token": server.token,
                "channels": [place.id for place in places],
                "bodies": [dict(draft.body) for draft in drafts],
                "place": place.value,
                "pace_per_s": DeliverySettings().pace_per_s,
            }
            work.write_text(json.dumps(job))
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "benchmarks.delivery", "--bare", work, result, cwd=ROOT
            )
            assert await process.wait() == 0
            assert len(server.ledger) == channels * len(drafts)
            return float(result.read_text())


async def send_bare(job: dict[str, Any]) -> float:
    """Send the same messages one after the other, as the simplest of bots would."""
    use_stand_ins(job["api_url"], job["gateway_url"])
    async with discord.AutoShardedClient(intents=discord.Intents(guilds=True)) as client:
        await client.login(job["token"])
        running = asyncio.create_task(client.connect())
        await client.wait_until_ready()
        messages = [arguments_of(body) for body in job["bodies"]]
        pace = RateLimiter(job["pace_per_s"])
        cpu_s = time.process_time()
        for number in job["channels"]:
            await send_digest(client.get_channel(number), messages, Place(job["place"]), pace)
        cpu_s = time.process_time() - cpu_s
        await client.close()
        await running
        return float(cpu_s / len(job["channels"]) / len(messages) * 1000)


async def send_digest(
    channel: object, messages: Sequence[dict[str, Any]], place: Place, pace: RateLimiter
) -> None:
    """Send one channel's messages; where there are threads, all but the first into its own."""
    first, *rest = messages
    target: discord.abc.Messageable
    await pace.wait()
    if isinstance(channel, discord.ForumChannel):
        target = (await channel.create_thread(name=THREAD_NAME, **first)).thread
    else:
        assert isinstance(channel, discord.TextChannel)
        message, target = await channel.send(**first), channel
        if rest and place is Place.THREAD:
            await pace.wait()
            target = await message.create_thread(name=THREAD_NAME)
    for each in rest:
        await pace.wait()
        await target.send(**each)


def arguments_of(body: dict[str, Any]) -> dict[str, Any]:
    """Say in discord.py's words what a planned body says in those of Discord's API."""
    arguments: dict[str, Any] = {
        "content": body["content"],
        "embeds": [discord.Embed.from_dict(each) for each in body["embeds"]],
        "silent": discord.MessageFlags._from_value(body.get("flags", 0)).suppress_notifications,
    }
    if rows := body.get("components"):
        arguments["view"] = view = discord.ui.View(timeout=None)
        for menu in (each for row in rows for each in row["components"]):
            options = [discord.SelectOption(**option) for option in menu["options"]]
            view.add_item(discord.ui.Select(**{**without_type(menu), "options": options}))
    return arguments


def without_type(menu: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in menu.items() if key != "type"}


def cpu_of(pid: int) -> float:
    """Return the seconds of CPU that a process has used, its threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


if __name__ == "__main__":
    sys.exit(main())
