"""What is read of a date for some channels, to decide from it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.digest.models import Cadence, Subscription
from bot.planning.announced import read_day
from bot.store.follows import When
from bot.store.outbox.outbox import Parts
from bot.store.store import Store
from tests.builders import (
    DAY,
    NOW,
    make_draft,
    make_id,
    make_listing,
    make_papers,
    make_subscription,
    make_topic,
)
from tests.stores import open_store
from tests.virtual import note_looks

ADA, ADAS_DM = 1, 501


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(tmp_path / "bot.db") as store:
        await store.papers.add_listing(make_listing(*make_papers(3)), now=NOW)
        yield store


async def subscribe(store: Store, channel_id: int) -> Subscription:
    return await store.subscriptions.set_subscription(
        guild_id=1001,
        channel_id=channel_id,
        categories=["cs.CV"],
        announce_types=[],
        post_at=None,
        zone="UTC",
        style="cards",
        now=NOW,
    )


async def post(
    store: Store, subscription: Subscription, *numbers: int, cadence: Cadence = Cadence.DAY
) -> None:
    drafts = [make_draft(*make_papers(1, first=number)) for number in numbers]
    assert await store.outbox.plan(subscription, DAY, drafts, now=NOW, cadence=cadence)


async def test_what_was_sent_is_read_of_the_channels_that_are_asked_about(store: Store) -> None:
    """In the cadence that is asked for; the messages of the date are counted in both."""
    channels = [await subscribe(store, channel_id) for channel_id in (1, 2, 3)]
    for each in channels:
        await post(store, each, 1, 2)
    await post(store, channels[0], 3, cadence=Cadence.WEEK)
    daily = await read_day(store, channels[:2], DAY, now=NOW)
    assert daily.delivered == {each: {make_id(1): 1, make_id(2): 1} for each in (1, 2)}
    assert daily.parts == {1: Parts(3, 2, True), 2: Parts(2, 2, True)}
    weekly = await read_day(store, channels[:1], DAY, Cadence.WEEK, now=NOW)
    assert weekly.delivered == {1: {make_id(3): 1}}
    assert weekly.parts == {1: Parts(3, 1, True)}


@pytest.mark.parametrize("with_channel", [True, False])
async def test_what_a_person_was_sent_is_read_in_any_cadence(
    store: Store, *, with_channel: bool
) -> None:
    """The channel beside it has its own cadence only."""
    channel = await subscribe(store, 1)
    await store.follows.set_up(ADA, ADAS_DM, When(categories=("cs.CV",)), NOW)
    person = await store.follows.get(ADA)
    assert person is not None
    for each in (channel, person):
        await post(store, each, 1)
        await post(store, each, 2, cadence=Cadence.WEEK)
    asked = [channel, person] if with_channel else [person]
    delivered = (await read_day(store, asked, DAY, now=NOW)).delivered
    assert delivered[ADAS_DM] == {make_id(1): 1, make_id(2): 1}
    assert delivered.get(1, {}) == ({make_id(1): 1} if with_channel else {})


async def test_queries_that_cannot_be_read_find_nothing(store: Store) -> None:
    broken = [make_topic(str(number), f"since:{number}x") for number in range(3)]
    subscription = make_subscription(topics=broken)
    found = (await read_day(store, [subscription], DAY, now=NOW)).found
    assert found == dict.fromkeys([each.query for each in broken], ())
    readable = replace(subscription, topics=(*broken, make_topic("all", "problem")))
    found = (await read_day(store, [readable], DAY, now=NOW)).found
    assert set(found["problem"]) == {make_id(number) for number in (1, 2, 3)}
    assert len(found) == 4


async def test_between_queries_others_have_their_turn(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = note_looks(monkeypatch)
    subscription = make_subscription(topics=[make_topic(each, each) for each in "abc"])
    await read_day(store, [subscription], DAY, now=NOW)
    assert len(looks) > 3
