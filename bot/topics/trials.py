"""Try topics on the stored listings of the last weeks: read them once, then ask what matches."""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from bot.digest.models import Subscription, Topic
from bot.digest.select import merge
from bot.digest.trial import AnnouncedDate, Trial, first_day, try_topic
from bot.errors import InputError
from bot.models import ArxivId, Paper
from bot.query.ast import Query
from bot.query.explain import matched_words
from bot.query.parser import parse_query
from bot.store.store import Store

WEEKS: Final = 4
SHOWN: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What a channel's categories announced in the last ``weeks``, oldest date first."""

    dates: Sequence[AnnouncedDate]
    keys: Mapping[ArxivId, int]
    weeks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedPaper:
    """A paper that a topic would have posted on ``day``, and the words of it that matched."""

    paper: Paper
    day: date
    words: tuple[str, ...]


async def read_past(store: Store, subscription: Subscription, weeks: int = WEEKS) -> Past:
    """Read the weeks up to the newest stored listing of the followed categories."""
    newest = [await store.papers.latest_listing_date(each) for each in subscription.categories]
    until = max((day for day in newest if day), default=None)
    if until is None:
        return Past(dates=(), keys={}, weeks=weeks)
    span = await store.papers.read_span(subscription.categories, first_day(until, weeks), until)
    dates = [
        AnnouncedDate(day=day, papers=merge(subscription.categories, span.listings[day]))
        for day in sorted(span.listings)
    ]
    return Past(dates=dates, keys=span.keys, weeks=weeks)


async def try_topics(
    store: Store, past: Past, subscription: Subscription, topics: Sequence[Topic]
) -> list[Trial]:
    """Try each of ``topics`` beside the channel's others; one that cannot be read finds nothing.

    Nine weeks of four large categories take a third of a second for ten, so others are let through.
    """
    matches = await find_matches(
        store, past, {topic.query for topic in (*subscription.topics, *topics)}
    )

    def try_all() -> list[Trial]:
        return [
            try_topic(subscription, topic, past.dates, matches, weeks=past.weeks)
            for topic in topics
        ]

    return await asyncio.to_thread(try_all)


async def find_matches(
    store: Store, past: Past, texts: Iterable[str]
) -> dict[str, frozenset[ArxivId]]:
    """Return for each query that can be read which papers of the past it finds."""
    queries: dict[str, Query] = {}
    for text in sorted(set(texts)):
        with contextlib.suppress(InputError):  # saved by another version of the language
            queries[text] = parse_query(text)
    found = await store.search.match_span(list(queries.values()), past.keys)
    return dict(zip(queries, found, strict=True))


async def list_matched(
    store: Store, query: Query, found: Sequence[tuple[ArxivId, date]]
) -> list[MatchedPaper]:
    """Load papers that a trial of ``query`` found, and say which of their words matched."""
    asked = await store.search.widen(query)
    stored = await store.papers.get_papers([arxiv_id for arxiv_id, _ in found])
    return [
        MatchedPaper(
            paper=stored[arxiv_id].paper,
            day=day,
            words=matched_words(asked, stored[arxiv_id].paper),
        )
        for arxiv_id, day in found
        if arxiv_id in stored
    ]
