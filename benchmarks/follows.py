"""What 20,000 follows cost on a day of 2,000 papers: matching them, and a whole tick of planning.

    python -m benchmarks follows [--follows N]

Half of them are authors of the real corpus, three in ten are queries as `search_daily` draws them,
the others are papers, for which nothing is searched; four a person. Seconds of CPU of all threads.
They are matched twice: what is worked out of words is kept for the day after. A tick plans for
everybody who has something to read; the next one finds nothing to do.
"""

import argparse
import asyncio
import gc
import logging
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from benchmarks.corpus import Record, build_database, counted_words, read_corpus, real_papers
from benchmarks.search_daily import make_topic
from benchmarks.tables import table, verdict
from bot.digest.models import Topic
from bot.models import Announcement, AnnounceType, ArxivId, Listing
from bot.query.parser import parse_query
from bot.run.app import offline_pipeline
from bot.store.follows import When
from bot.store.store import Store, open_store

PAPERS, FOLLOWS, EACH = 2_000, 20_000, 4
GOAL_S = 2.0
DAY = date(2026, 9, 1)
"""After all of the corpus."""
NOW = datetime(2026, 9, 1, 9, tzinfo=UTC)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--follows", type=int, default=FOLLOWS, metavar="N")
    options = parser.parse_args(argv)
    logging.getLogger("bot").setLevel(logging.WARNING)
    records = read_corpus()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "follows.db"
        build_database(path, real_papers(records))
        texts = _draw(path, records, options.follows)
        papers = len(records)
        del records
        gc.collect()  # the corpus is none of the bot's, and would be searched for rubbish each time
        rows = asyncio.run(_measure(path, texts))
    print(
        f"\n{options.follows:,} follows on a day of {min(PAPERS, papers):,} papers; seconds of CPU"
    )
    print(table([("step", "of", "found", "CPU s", "goal"), *rows], names=1))
    return 0


async def _measure(path: Path, texts: Sequence[str]) -> list[tuple[str, ...]]:
    connection = sqlite3.connect(path)
    newest = connection.execute("SELECT arxiv_id FROM paper ORDER BY key DESC LIMIT ?", (PAPERS,))
    day = [ArxivId(row[0]) for row in newest]
    connection.close()
    async with open_store(path) as store:
        queries = [text for text in texts if text]
        rows = [await _match(name, store, queries, day) for name in ("matching", "the day after")]
        await _follow(store, texts, day)
        stored = await store.papers.get_papers(day)
        listing = Listing(
            category="cs.CV",
            announced_on=DAY,
            announcements=tuple(
                Announcement(
                    paper=stored[each].paper, announce_type=AnnounceType.NEW, position=position
                )
                for position, each in enumerate(day, start=1)
            ),
            source="rss",
        )
        await store.papers.add_listing(listing, now=NOW - timedelta(hours=1))
        pipeline = offline_pipeline(store, now=lambda: NOW)
        for name in ("a tick that plans", "the next tick"):
            messages, cpu_s = await _timed(pipeline.plan_due())
            people = len(texts) // EACH
            rows.append((name, f"{people:,} people", f"{messages:,} messages", f"{cpu_s:.2f}", ""))
    return rows


def _draw(path: Path, records: Sequence[Record], follows: int) -> list[str]:
    """Draw what is followed; a paper is an empty text."""
    connection = sqlite3.connect(path)
    counted = counted_words(connection)
    connection.close()
    words = [word for word, _ in counted]
    weights = [papers**0.3 for _, papers in counted]
    dice = random.Random(5)

    def one() -> str:
        kind = dice.random()
        if kind < 0.5:
            return f'author:"{dice.choice(dice.choice(records)["authors"])}"'
        return make_topic(dice, words, weights) if kind < 0.8 else ""

    return [one() for _ in range(follows)]


async def _match(
    name: str, store: Store, texts: Sequence[str], day: Sequence[ArxivId]
) -> tuple[str, ...]:
    async def match() -> int:
        queries = [parse_query(text) for text in sorted(set(texts))]
        return sum(map(len, await store.search.match_many(queries, day)))

    pairs, cpu_s = await _timed(match())
    met = verdict(cpu_s <= GOAL_S)
    return (name, f"{len(texts):,} queries", f"{pairs:,} papers", f"{cpu_s:.2f}", met)


async def _timed(doing: Awaitable[int]) -> tuple[int, float]:
    begun = time.process_time()
    return await doing, time.process_time() - begun


async def _follow(store: Store, texts: Sequence[str], day: Sequence[ArxivId]) -> None:
    """Let all people follow what was drawn, four things each."""
    at = NOW - timedelta(days=1)
    when = When(categories=("cs.CV",))
    for person, start in enumerate(range(0, len(texts), EACH), start=1):
        await store.follows.set_up(person, 10**6 + person, when, at)
        for number, text in enumerate(texts[start : start + EACH]):
            if text:
                topic = Topic(name=f"follow {number}", query=text)
                await store.follows.follow(person, topic)
            else:
                paper = day[(person * EACH + number) % len(day)]
                await store.follows.follow_paper(person, paper, now=at)


if __name__ == "__main__":
    sys.exit(main())
