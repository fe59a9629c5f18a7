"""What is said of a topic before it is saved is what its digest then posts."""

import gzip
import json
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest

from bot.arxiv.paper import build_paper
from bot.config.starters import load_starters
from bot.digest.models import Subscription, Topic
from bot.models import AnnounceType, ArxivId, Listing, Paper
from bot.pipeline import Pipeline
from bot.run.app import offline_pipeline
from bot.topics.trials import read_past, try_topics
from tests.builders import make_listing
from tests.shared import shared
from tests.stores import open_store

PAIRS = 200
CATEGORIES = ("cs.CV", "cs.CL")
DAYS = ("2024-05-29", "2024-05-30", "2024-05-31")
NOW = datetime(2024, 5, 31, 9, tzinfo=UTC)


def read_lines(name: str) -> Iterator[dict[str, Any]]:
    with gzip.open(shared(name), "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def read_listings() -> list[Listing]:
    lists = [
        line
        for line in read_lines("corpus/listings.jsonl.gz")
        if line["date"] in DAYS and line["category"] in CATEGORIES
    ]
    wanted = {arxiv_id for line in lists for arxiv_id, _, _ in line["items"]}
    papers = {
        line["id"]: build_paper(
            arxiv_id=ArxivId(line["id"]),
            version=line["version"],
            title=line["title"],
            abstract=line["abstract"],
            authors=tuple(line["authors"]),
            categories=tuple(line["categories"]),
        )
        for line in read_lines("corpus/papers.jsonl.gz")
        if line["id"] in wanted
    }
    return [read_listing(line, papers) for line in lists]


def read_listing(line: dict[str, Any], papers: dict[str, Paper]) -> Listing:
    items = [(papers[arxiv_id], AnnounceType(kind)) for arxiv_id, _, kind in line["items"]]
    return make_listing(
        *items, category=line["category"], announced_on=date.fromisoformat(line["date"])
    )


def random_topic(dice: random.Random, words: list[str], starters: list[str]) -> Topic:
    """Draw a query: a starter, or one to three words of the papers, with OR or NOT between them."""
    one, two, three = dice.sample(words, 3)
    forms = [one, f"{one} OR {two}", f"({one} OR {two}) -{three}", f"title:{one}", f"{one[:4]}*"]
    query = dice.choice([dice.choice(starters), *forms])
    return Topic(name="x", query=query)


@pytest.mark.slow(28)
@pytest.mark.cpu_limit(600)
async def test_trial_preview_digest_and_record_agree(tmp_path: Path) -> None:
    """For 200 random pairs of a topic and a real day, in one category or two."""
    dice = random.Random(17)
    listings = read_listings()
    words = sorted(
        {
            word
            for each in listings
            for entry in each.announcements
            for word in entry.paper.title.lower().split()
            if word.isalpha() and word.isascii() and len(word) > 3
        }
    )
    starters = [each.query for each in load_starters(Path("missing.toml"))]
    async with open_store(tmp_path / "papers.db") as store:
        pipeline = offline_pipeline(store, now=lambda: NOW)
        for listing in listings:
            await store.papers.add_listing(listing, now=NOW)
        found = 0
        for number in range(PAIRS):
            topic = random_topic(dice, words, starters)
            channel = await set_up(pipeline, number, dice)
            found += await assert_agreement(pipeline, channel, topic, dice)
        assert found > PAIRS


async def set_up(pipeline: Pipeline, number: int, dice: random.Random) -> Subscription:
    types = dice.choice([[AnnounceType.NEW], [AnnounceType.NEW, AnnounceType.CROSS]])
    return await pipeline.store.subscriptions.set_subscription(
        guild_id=1,
        channel_id=1000 + number,
        categories=dice.choice([["cs.CL"], ["cs.CL"], ["cs.CV", "cs.CL"]]),
        announce_types=types,
        post_at=time(9),
        zone="UTC",
        style="list",
        now=NOW,
    )


async def assert_agreement(
    pipeline: Pipeline, channel: Subscription, topic: Topic, dice: random.Random
) -> int:
    """Compare all that counts one topic on one day; returns how many papers it matched."""
    store = pipeline.store
    past = await read_past(store, channel)
    (trial,) = await try_topics(store, past, channel, [topic])
    day = dice.choice(trial.days)
    await store.subscriptions.put_topics(channel.channel_id, [topic])
    saved = await store.subscriptions.get_subscription(channel.channel_id)
    assert saved is not None
    (again,) = await try_topics(store, past, saved, [topic])
    preview = await pipeline.decisions.preview(saved, day.day)
    planned = await pipeline.plan(saved, day.day)
    decided = await store.digests.list_of([channel.channel_id], day.day)
    record = decided[channel.channel_id, day.day]
    sent = await store.outbox.delivered_versions(channel.channel_id, list(past.keys))
    counts = (day.announced, day.matched + day.tally.before)
    assert again == trial, topic
    assert (preview.tally.announced, preview.tally.matching) == counts, topic
    assert (planned.tally.announced, planned.tally.chosen) == counts, topic
    assert (record.announced, record.matching, record.planned) == (*counts, counts[1]), topic
    assert {each.paper.arxiv_id for each in preview.entries} == sent.keys(), topic
    assert set(day.posted) <= sent.keys(), topic
    return counts[1]
