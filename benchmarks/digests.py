"""The largest day in each style: how high it is in the demo's page, and what planning it takes.

    python -m benchmarks digests [--channels N] [--papers N] [--no-page]

Heights are those of a day's messages in the demo's page (headless Chromium, 1280 pixels wide), for
the day of the reference corpus with the most new papers and cross-lists. All of it matches a topic,
some papers more of them, so that a brief has something to rank. Planning is a day of 733 papers for
1,000 channels with five topics each: matching, deciding, ranking, rendering and storing; seconds of
CPU of all threads. Once more with likes: each channel is then in a server of its own that liked 20
of the 3,000 papers before, and the words of the newest are counted first.
"""

import argparse
import asyncio
import gc
import logging
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

import simcord

from benchmarks.corpus import LISTINGS, Record, need, read_corpus
from benchmarks.tables import table, verdict
from bot.arxiv.paper import build_paper
from bot.config.schema import Config, DatabaseConfig
from bot.models import Announcement, AnnounceType, ArxivId, Listing, Paper
from bot.run.app import App, build_app, open_offline
from bot.run.demo import HOUR, clock_from
from bot.store.store import Store
from tests.fakes.browser import chromium, open_browser
from tests.replay.truth import read_lines

TYPES = (AnnounceType.NEW, AnnounceType.CROSS)
TOPICS = ("graph", "diffusion", "language", "vision", "theory")
CATEGORIES = ("cs.CV", "cs.LG", "cs.AI", "cs.CL", "stat.ML", "cs.RO", "eess.IV", "cs.HC")
WIDTH = 1280

PLANNED_PAPERS = 733
LIKES = 20
LIKED_AMONG = 3000
PLANNING_GOAL_S = 10.0
HEIGHT_GOALS = {"list": 0.25, "brief": 0.3}
MESSAGES_GOAL = 0.5


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--channels", type=int, default=1000, metavar="N")
    parser.add_argument("--papers", type=int, default=PLANNED_PAPERS, metavar="N")
    parser.add_argument("--no-page", action="store_true", help="measure no heights")
    options = parser.parse_args(argv)
    if not options.no_page:
        chromium()  # or ends here, before much is computed in vain
    logging.getLogger("bot").setLevel(logging.WARNING)
    records = read_corpus()
    asyncio.run(_measure_planning(records, options.channels, options.papers))
    if not options.no_page:
        asyncio.run(_measure_heights(largest_day(records)))
    return 0


def largest_day(records: Sequence[Record]) -> Listing:
    """Return the listing of the corpus with the most new papers and cross-lists."""
    return max(read_days(records), key=_followed)


def read_days(records: Sequence[Record]) -> Iterator[Listing]:
    """Read the lists of the corpus, those of a date and category each."""
    papers = {record["id"]: _paper(record) for record in records}
    return (_listing(line, papers) for line in read_lines(need(LISTINGS)))


def _followed(listing: Listing) -> int:
    return sum(each.announce_type in TYPES for each in listing.announcements)


def _listing(day: Mapping[str, Any], papers: Mapping[str, Paper]) -> Listing:
    items = [item for item in day["items"] if item[0] in papers]
    return Listing(
        category=day["category"],
        announced_on=date.fromisoformat(day["date"]),
        announcements=tuple(
            Announcement(paper=papers[id_], announce_type=AnnounceType(kind), position=position)
            for position, (id_, _, kind) in enumerate(items, start=1)
        ),
        source="rss",
    )


def _paper(record: Record) -> Paper:
    return build_paper(
        arxiv_id=ArxivId(record["id"]),
        version=record["version"],
        title=record["title"],
        abstract=record["abstract"],
        authors=tuple(record["authors"]),
        categories=tuple(record["categories"]),
    )


# -- planning ------------------------------------------------------------------------------------


async def _measure_planning(records: Sequence[Record], channels: int, count: int) -> None:
    rows: list[Sequence[str]] = [("style", "channels", "messages", "papers", "CPU s", "goal")]
    for style, likes in (("auto", 0), ("brief", 0), ("list", 0), ("cards", 0), ("brief", LIKES)):
        messages, papers, cpu_s = await _plan(records, count, channels, style, likes)
        goal_s = PLANNING_GOAL_S * channels / 1000
        met = verdict(cpu_s <= goal_s)
        numbers = [f"{each:,}" for each in (channels, messages, papers)]
        rows.append((f"{style}, likes" if likes else style, *numbers, f"{cpu_s:.1f}", met))
    print(f"\nPlanning a day of {count} papers, five topics a channel")
    print(table(rows))


async def _plan(
    records: Sequence[Record], count: int, channels: int, style: str, likes: int
) -> tuple[int, int, float]:
    """Plan the day once; returns the messages, their papers and the seconds of CPU."""
    papers = [_paper(each) for each in records if "cs.LG" in each["categories"]]
    listing = _list_new(papers[:count], date(2024, 5, 24))
    clock = clock_from(datetime.combine(listing.announced_on, HOUR))
    with tempfile.TemporaryDirectory() as folder:
        config = Config(database=DatabaseConfig(path=Path(folder) / "papers.db"))
        async with open_offline(config, now=clock) as pipeline:
            if likes:  # first, so that no channel gets the day before
                liked = papers[count : count + LIKED_AMONG]
                await _like(pipeline.store, channels, likes, liked, clock())
            await _subscribe(pipeline.store, channels, style, records, clock())
            await pipeline.store.papers.add_listing(listing, now=clock() - timedelta(hours=1))
            gc.collect()  # the corpus is none of the bot's, and would be searched for garbage
            gc.freeze()
            begun = time.process_time()
            messages = await pipeline.plan_due()
            cpu_s = time.process_time() - begun
            ids = [
                each.channel_id for each in await pipeline.store.subscriptions.list_subscriptions()
            ]
            days = await pipeline.store.digests.list_of(ids, listing.announced_on)
            return messages, sum(each.planned for each in days.values()), cpu_s


def _list_new(papers: Sequence[Paper], day: date) -> Listing:
    return Listing(
        category="cs.LG",
        announced_on=day,
        announcements=tuple(
            Announcement(paper=paper, announce_type=AnnounceType.NEW, position=position)
            for position, paper in enumerate(papers, start=1)
        ),
        source="rss",
    )


async def _like(
    store: Store, channels: int, likes: int, papers: Sequence[Paper], now: datetime
) -> None:
    """Let a person of each channel's server like some of these papers."""
    yesterday = now - timedelta(days=1)
    await store.papers.add_listing(_list_new(papers, yesterday.date()), now=yesterday)
    dice = random.Random(3)
    for channel_id in range(1, channels + 1):
        for paper in dice.sample(papers, likes):
            await store.opinions.give(channel_id, 1, paper.arxiv_id, is_liked=True, now=yesterday)


async def _subscribe(
    store: Store, channels: int, style: str, records: Sequence[Record], now: datetime
) -> None:
    """Set up channels with topics as `search_daily` draws them."""
    words, weights = weigh_words(records)
    dice, sums = random.Random(2), list(accumulate(weights))
    for channel_id in range(1, channels + 1):
        await store.subscriptions.set_subscription(
            guild_id=channel_id, channel_id=channel_id, categories=["cs.LG"], announce_types=TYPES,
            post_at=None, zone="UTC", style=style, now=now - timedelta(days=1),
        )  # fmt: skip
        for number in range(5):
            query = draw_query(dice, words, sums)
            await store.subscriptions.set_topic(channel_id, f"topic {number}", query)


def weigh_words(records: Sequence[Record]) -> tuple[list[str], list[float]]:
    """Return the words of the corpus, and how likely each is to be in a topic."""
    texts = (f"{each['title']} {each['abstract']}".lower() for each in records)
    words = Counter(word for text in texts for word in set(re.findall("[a-z]{4,}", text)))
    return sorted(words), [words[word] ** 0.3 for word in sorted(words)]


def draw_query(dice: random.Random, known: Sequence[str], sums: Sequence[float]) -> str:
    """Draw a topic's query; ``sums`` are the running sums of the weights of the words."""
    query = " OR ".join(dice.choices(known, cum_weights=sums, k=dice.randint(1, 3)))
    if categories := dice.sample(CATEGORIES, dice.randint(0, 2)):
        query = f"({query}) category:({' OR '.join(categories)})"
    return query


# -- heights -------------------------------------------------------------------------------------


async def _measure_heights(listing: Listing) -> None:
    cards = await _look(listing, "cards")
    rows: list[Sequence[str]] = [
        ("style", "papers", "messages", "pixels", "a paper", "of cards", "goal")
    ]
    for style in ("cards", "list", "brief"):
        messages, papers, height = cards if style == "cards" else await _look(listing, style)
        share, goal = height / cards[2], HEIGHT_GOALS.get(style)
        is_met = goal is None or (share <= goal and messages <= MESSAGES_GOAL * cards[0])
        numbers = [papers, messages, height, round(height / papers)]
        met = verdict(is_met) if goal else ""
        rows.append((style, *(f"{number:,}" for number in numbers), f"{share:.2f}", met))
    print(f"\n{listing.category} of {listing.announced_on} in the demo's page, {WIDTH} pixels wide")
    print(table(rows))


async def _look(listing: Listing, style: str) -> tuple[int, int, int]:
    """Post the day and look at it; returns the messages, their papers and their height."""
    with tempfile.TemporaryDirectory() as folder:
        clock = clock_from(datetime.combine(listing.announced_on, HOUR))
        config = Config(database=DatabaseConfig(path=Path(folder) / "papers.db"))
        async with open_offline(config, now=clock) as pipeline:
            app = build_app(config, pipeline)
            env = simcord.Env(app.bot, shard_count=1, check_errors=False)
            await env.start()
            try:
                channel, reader = await _post(env, app, listing, style)
                async with env.preview(channel, viewers=[reader], layout="channel") as page:
                    height = await _height(page.url, Path(folder) / "browser")
                decided = await app.store.digests.list_of([channel.id], listing.announced_on)
                (day,) = decided.values()
                return len(tuple(channel.history())), day.planned, height
            finally:
                await env.shutdown()


async def _post(
    env: simcord.Env, app: App, listing: Listing, style: str
) -> tuple[simcord.ChannelHandle, simcord.MemberActor]:
    guild = env.create_guild("Reading group")
    channel = guild.create_text_channel("papers")
    subscriptions = app.store.subscriptions
    await subscriptions.set_subscription(
        guild_id=guild.id, channel_id=channel.id, categories=[listing.category],
        announce_types=TYPES, post_at=None, zone="UTC", style=style, now=app.pipeline.now(),
    )  # fmt: skip
    for topic in (f"category:{listing.category}", *TOPICS):  # all match, some more than others
        await subscriptions.set_topic(channel.id, topic, topic)
    await app.store.papers.add_listing(listing, now=app.pipeline.now())
    await app.pipeline.plan_due()
    await app.delivery.run_once()
    return channel, guild.add_member(env.create_user("reader"))


async def _height(url: str, profile: Path) -> int:
    async with open_browser(profile) as page:
        await page.call(
            "Emulation.setDeviceMetricsOverride",
            width=WIDTH, height=900, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip
        await page.open(url)
        await page.wait_for_text("announced")
        await page.wait_for_text("Viewport updated")
        total: float = await page.run(
            "Array.from(document.querySelectorAll('[data-message-id]:not(.message-row)'))"
            ".reduce((sum, e) => sum + e.getBoundingClientRect().height, 0)"
        )
        return round(total)


if __name__ == "__main__":
    sys.exit(main())
