"""The past on which topics are tried: up to the newest list of any followed category."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.digest.models import Topic
from bot.query.parser import parse_query
from bot.store.store import Store
from bot.topics.trials import find_matches, list_matched, read_past, try_topics
from tests.builders import DAY, NOW, make_id, make_listing, make_paper, make_subscription
from tests.stores import open_filled

EARLIER = DAY - timedelta(days=7)


async def fill(store: Store) -> None:
    for number, (category, day) in enumerate(
        [("cs.CV", DAY), ("cs.CV", EARLIER), ("cs.LG", EARLIER)], start=1
    ):
        paper = make_paper(number, title=f"Frog nets {number}")
        listing = make_listing(paper, category=category, announced_on=day)
        await store.papers.add_listing(listing, now=NOW)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_filled(tmp_path / "papers.db", fill) as store:
        yield store


async def test_the_past_ends_with_the_newest_list_of_any_category(store: Store) -> None:
    past = await read_past(store, make_subscription(categories=["cs.LG", "cs.CV"]))
    assert [each.day for each in past.dates] == [EARLIER, DAY]
    assert len(past.keys) == 3
    week = await read_past(store, make_subscription(categories=["cs.LG", "cs.CV"]), weeks=1)
    assert [each.day for each in week.dates] == [DAY]


async def test_without_a_list_nothing_was_announced_and_nothing_matches(store: Store) -> None:
    channel = make_subscription(categories=["math.AG"])
    past = await read_past(store, channel)
    (trial,) = await try_topics(store, past, channel, [Topic(name="a", query="frog")])
    assert (trial.newest, trial.matched, trial.announced) == (None, 0, 0)


async def test_a_trial_counts_what_the_channels_other_topics_bring(store: Store) -> None:
    channel = make_subscription(topics=[Topic(name="one", query='"nets 1"')])
    past = await read_past(store, channel)
    (trial,) = await try_topics(store, past, channel, [Topic(name="all", query="frog")])
    assert (trial.matched, trial.added) == (2, 1)


async def test_a_query_that_cannot_be_read_finds_nothing_and_spoils_no_other(store: Store) -> None:
    past = await read_past(store, make_subscription())
    found = await find_matches(store, past, ["author:(", "frog"])
    assert found == {"frog": frozenset(past.keys)}


async def test_matched_papers_come_with_their_words_and_lost_ones_are_left_out(
    store: Store,
) -> None:
    asked = [(make_id(1), DAY), (make_id(99), DAY)]
    (shown,) = await list_matched(store, parse_query("frog"), asked)
    assert (shown.paper.arxiv_id, shown.day, shown.words) == (make_id(1), DAY, ("Frog",))
