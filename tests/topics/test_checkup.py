"""How the topics of a channel fare on two months of listings, and what would do better."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.digest.health import Ailment
from bot.digest.models import Topic
from bot.store.store import Store
from bot.topics.checkup import MOST_HELPED, check_up, try_starters
from tests.builders import DAY, NOW, make_listing, make_paper, make_subscription
from tests.stores import open_filled


async def fill(store: Store) -> None:
    """Store 45 dates with three papers each: frogs every day, axolotls on the last 20 days."""
    for back in range(60):
        day = DAY - timedelta(days=back)
        if day.weekday() < 5:
            kind = "axolotl" if back < 20 else "newt"
            papers = [
                make_paper(back * 3 + n, title=f"{word} nets {back} {n}")
                for n, word in enumerate(("Frog", "Frog", kind), start=1)
            ]
            await store.papers.add_listing(make_listing(*papers, announced_on=day), now=NOW)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_filled(tmp_path / "papers.db", fill) as store:
        yield store


async def test_a_dead_topic_gets_a_query_that_finds_something(store: Store) -> None:
    dead = Topic(name="dead", query="axolotl -nets")
    channel = make_subscription(topics=[dead])
    health, better = (await check_up(store, channel))["dead"]
    assert health.ailment is Ailment.DEAD
    assert better is not None
    assert better.topic.query == "axolotl"
    assert better.matched > 0
    assert better.others is None  # it has no other topic, and is none itself


async def test_topics_that_live_are_not_helped(store: Store) -> None:
    topics = [Topic(name="frogs", query="frog"), Topic(name="newts", query="newt")]
    found = await check_up(store, make_subscription(topics=topics))
    assert {name: better for name, (_, better) in found.items()} == {"frogs": None, "newts": None}
    assert found["frogs"][0].ailment is None
    assert found["newts"][0].ailment is Ailment.DRIFTED


async def test_only_some_dead_topics_are_helped_at_once(store: Store) -> None:
    topics = [Topic(name=f"dead {n}", query=f"axolotl -nets -x{n}") for n in range(5)]
    found = await check_up(store, make_subscription(topics=topics))
    assert all(health.ailment is Ailment.DEAD for health, _ in found.values())
    assert sum(better is not None for _, better in found.values()) == MOST_HELPED


async def test_a_topic_that_cannot_be_read_any_more_spoils_no_other(store: Store) -> None:
    """Another version of the language may have saved it."""
    topics = [Topic(name="odd", query="author:("), Topic(name="dead", query="axolotl -nets")]
    found = await check_up(store, make_subscription(topics=topics))
    assert found["odd"][1] is None
    assert found["dead"][1] is not None


async def test_starters_are_tried_on_the_channel_that_they_are_offered_to(store: Store) -> None:
    starters = [Topic(name="frogs", query="frog"), Topic(name="robots", query="robot")]
    trials = await try_starters(store, make_subscription(), starters)
    assert (trials["frogs"].share > 0.6, trials["robots"].matched) == (True, 0)
