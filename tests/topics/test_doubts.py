"""What speaks against a topic before it is saved, and what is proposed instead."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from bot.digest.models import Topic
from bot.store.store import Store
from bot.topics.doubts import LEAST_ANNOUNCED, MAX_QUERY, find_doubts
from bot.topics.trials import read_past, try_topics
from bot.ui.doubts import Doubt, DoubtKind
from tests.builders import DAY, NOW, make_listing, make_paper, make_subscription
from tests.stores import open_filled

LONG = " OR ".join(f"word{number:02}" for number in range(24)) + " OR deep OR " + "x" * 40


async def fill(store: Store) -> None:
    """Store 60 papers of cs.CV, one of cs.RO, and older ones; `deep` is in every abstract."""
    papers = [
        make_paper(
            number,
            title=f"{'Frog' if number % 6 == 0 else 'Newt'} nets {number}"
            + (" rare" if number < 4 else "")
            + (" deep" if number % 10 == 0 else ""),
            abstract="We go deep.",
        )
        for number in range(1, 61)
    ]
    ancient = make_paper(100, title="An ancient tale", abstract="Of old.")
    robot = make_paper(101, title="A robot", abstract="It moves.", categories=("cs.RO",))
    seldom = make_paper(102, title="A seldom sight", abstract="It is.")
    long_ago = DAY - timedelta(days=400)
    for listing in (
        make_listing(seldom, announced_on=DAY - timedelta(days=100)),
        make_listing(ancient, announced_on=long_ago),
        make_listing(robot, category="cs.RO"),
        make_listing(*papers),
    ):
        await store.papers.add_listing(listing, now=NOW)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_filled(tmp_path / "papers.db", fill) as store:
        yield store


async def doubts(
    store: Store, query: str, others: Sequence[str] = (), categories: Sequence[str] = ("cs.CV",)
) -> list[Doubt]:
    topics = [Topic(name=f"other {at}", query=each) for at, each in enumerate(others)]
    channel = make_subscription(topics=topics, categories=categories)
    past = await read_past(store, channel)
    (trial,) = await try_topics(store, past, channel, [Topic(name="new", query=query)])
    return await find_doubts(store, past, channel, trial)


@pytest.mark.parametrize(
    ("query", "kind", "part", "better"),
    [
        ("frog", None, "", None),
        ("newt", DoubtKind.EVERYTHING, "newt", None),  # in titles it is as frequent
        ("deep", DoubtKind.EVERYTHING, "deep", "title:deep"),
        ("frog OR newt", DoubtKind.EVERYTHING, "newt", "frog"),
        ("frog -nets", DoubtKind.NEGATED, "-nets", "frog"),
        ("frgo", DoubtKind.NEVER, "frgo", "frog"),
        ("frog axolotlish", DoubtKind.NEVER, "frog axolotlish", "frog"),
        ("newt axolotlish", DoubtKind.NEVER, "newt axolotlish", None),  # which is too much
        ("seldom", None, "", None),  # within a year
        ("ancient", DoubtKind.NEVER, "ancient", None),  # longer ago than a year
        ("robot", DoubtKind.NEVER, "robot", None),  # in another category
        (LONG, DoubtKind.EVERYTHING, "deep", None),  # what would be better is no topic's length
    ],
)
async def test_what_a_topic_is_doubted_for(
    store: Store, query: str, kind: DoubtKind | None, part: str, better: str | None
) -> None:
    assert len(query) <= MAX_QUERY
    found = await doubts(store, query)
    if kind is None:
        assert found == []
        return
    (doubt,) = found
    assert (doubt.kind, doubt.part) == (kind, part)
    assert (doubt.better.topic.query if doubt.better else None) == better


@pytest.mark.parametrize(
    ("query", "other", "is_same"),
    [
        ("frog", "FROG", True),  # asks the same
        ("frog", "frog nets", True),  # finds the same
        ("rare", "RARE", True),
        ("frog", "newt", False),
        ("rare", '"nets 1 rare" OR "nets 2 rare" OR "nets 3 rare"', False),  # too few to say so
    ],
)
async def test_another_topic_that_finds_the_same_is_named(
    store: Store, query: str, other: str, is_same: bool
) -> None:
    found = await doubts(store, query, others=["author:(", other])
    assert [(each.kind, each.part) for each in found] == (
        [(DoubtKind.SAME, "other 1")] if is_same else []
    )


async def test_of_few_papers_no_share_and_no_lack_is_made_much_of(store: Store) -> None:
    for query in ("robot", "frgo"):
        assert await doubts(store, query, categories=["cs.RO"]) == []
    assert LEAST_ANNOUNCED > 1
