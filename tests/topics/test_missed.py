"""What topics leave out although people liked it, on an archive of made-up papers."""

import random
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.digest.models import Subscription, Topic
from bot.digest.reading import MISSED_REPORTED
from bot.models import ArxivId
from bot.store.store import Store
from bot.topics.missed import WEEK, find_missed, report_missed
from bot.ui.missed import Missed, render_missed, say_none
from tests.builders import (
    DAY,
    NOW,
    make_draft,
    make_id,
    make_listing,
    make_paper,
    make_subscription,
)
from tests.fakes.spec import message_errors
from tests.faults.scenario import scenario
from tests.stores import open_filled, open_store
from tests.waiting import until

USUAL = [f"{first}{second}word" for first in "bcdfgklmnp" for second in "aeiou"]
FROGS, TOADS, NEWTS, SALT = range(1, 11), range(11, 15), range(15, 20), range(30, 35)
"""Papers about frogs, about toads, two of them about frogs as well; newts; and salt marshes."""


async def fill(store: Store) -> None:
    dice = random.Random(6)
    made = []
    for number in range(1, 201):
        about = "frog" if number in (*FROGS, 11, 12) else ""
        about += " toad" if number in TOADS else " newt" if number in NEWTS else ""
        title = f"{' '.join(dice.sample(USUAL, 3))} {about}"
        title = "Salt marshes" if number in SALT else title
        made.append(make_paper(number, title=title, abstract=" ".join(dice.sample(USUAL, 9))))
    await store.papers.add_listing(make_listing(*made), now=NOW)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_filled(tmp_path / "papers.db", fill) as store:
        yield store


FROG_TOPIC = Topic(name="frogs", query="title:frog -toad")
CHANNEL = replace(
    make_subscription(), topics=(FROG_TOPIC, Topic(name="newts", query="newt salamander"))
)


async def like(store: Store, *numbers: int, channel: Subscription = CHANNEL) -> None:
    for person, number in enumerate(numbers, start=1):
        await store.opinions.give(channel.guild_id, person, make_id(number), True, now=NOW)


async def set_up(store: Store, channel_id: int) -> Subscription:
    return await store.subscriptions.set_subscription(
        guild_id=CHANNEL.guild_id,
        channel_id=channel_id,
        categories=CHANNEL.categories,
        announce_types=CHANNEL.announce_types,
        post_at=None,
        zone="UTC",
        style="list",
        now=NOW,
    )


def shown(missed: Missed) -> list[tuple[str, str, int, int]]:
    return [(each.topic, each.query, each.caught, each.others) for each in missed.widened]


async def test_the_condition_that_kept_it_out_is_left_out(store: Store) -> None:
    await like(store, 11, 1)
    await store.library.save(9, make_id(11), guild_id=CHANNEL.guild_id, now=NOW)
    missed = await find_missed(store, CHANNEL)
    ((paper,),) = (missed.papers,)
    assert (paper.paper.arxiv_id, paper.likes, paper.saves) == (make_id(11), 1, 1)
    assert shown(missed) == [("frogs", "title:frog", 1, 1)]
    assert [each.arxiv_id for each in missed.widened[0].shown] == [make_id(12)]


async def test_papers_of_several_topics_get_a_widening_for_each(store: Store) -> None:
    await like(store, 11, 12, 15, 16, 17)
    missed = await find_missed(store, CHANNEL)
    assert [each.paper.arxiv_id for each in missed.papers][-1:] == [make_id(11)]
    assert shown(missed) == [("newts", "newt", 3, 2), ("frogs", "title:frog", 2, 0)]


async def test_a_paper_that_no_condition_kept_out_is_caught_by_words_of_its_title(
    store: Store,
) -> None:
    await like(store, 30)
    assert shown(await find_missed(store, CHANNEL)) == [
        ("frogs", "(title:frog -toad) OR salt", 1, 4)
    ]


@pytest.mark.parametrize(
    ("channel", "liked"),
    [
        (CHANNEL, ()),
        (CHANNEL, (1, 2)),
        (replace(CHANNEL, topics=()), (11,)),
        (replace(CHANNEL, topics=(replace(FROG_TOPIC, is_paused=True),)), ()),
        (replace(CHANNEL, categories=("math.AG",)), (11,)),
    ],
)
async def test_nothing_is_missed_that_is_posted_or_not_liked_or_not_followed(
    store: Store, channel: Subscription, liked: tuple[int, ...]
) -> None:
    await like(store, *liked)
    missed = await find_missed(store, channel)
    assert missed.papers == ()
    assert say_none(1, missed)


async def test_a_paused_topic_leaves_its_papers_out_and_is_not_widened(store: Store) -> None:
    paused = replace(FROG_TOPIC, is_paused=True)
    await like(store, 1, 15)
    missed = await find_missed(store, replace(CHANNEL, topics=(paused, CHANNEL.topics[1])))
    assert [each.paper.arxiv_id for each in missed.papers] == [make_id(15), make_id(1)]
    assert {each.topic for each in missed.widened} == {"newts"}


async def test_what_is_about_to_be_posted_is_not_missed(store: Store) -> None:
    await like(store, 11)
    channel = await set_up(store, CHANNEL.channel_id)
    await store.outbox.plan(channel, DAY, [make_draft(make_paper(11))], now=NOW)
    assert (await find_missed(store, CHANNEL)).papers == ()


async def test_what_another_channel_posted_was_missed_by_nobody(store: Store) -> None:
    await like(store, 11, 12)
    other = await set_up(store, CHANNEL.channel_id + 1)
    await store.outbox.plan(other, DAY, [make_draft(make_paper(11))], now=NOW)
    assert len((await find_missed(store, CHANNEL)).papers) == 2  # it is not there yet
    record = await store.outbox.claim(other.channel_id, NOW)
    assert record is not None
    await store.outbox.mark_sent(record.id, 77, NOW)
    missed = await find_missed(store, CHANNEL)
    assert [each.paper.arxiv_id for each in missed.papers] == [make_id(12)]


async def test_what_another_server_likes_and_what_is_not_for_this_one_is_no_loss(
    store: Store,
) -> None:
    await like(store, 11, channel=replace(CHANNEL, guild_id=CHANNEL.guild_id + 1))
    await store.opinions.give(CHANNEL.guild_id, 1, make_id(12), False, now=NOW)
    assert (await find_missed(store, CHANNEL)).papers == ()


async def test_however_much_is_missed_discord_takes_it(store: Store) -> None:
    await like(store, *range(11, 60))
    missed = await find_missed(store, CHANNEL)
    embeds = render_missed(CHANNEL.channel_id, missed)
    assert len(missed.papers) == 25
    assert message_errors({"embeds": [each.to_dict() for each in embeds]}) == []


class Listening:
    """Admins who are told, or cannot be reached for now."""

    def __init__(self) -> None:
        self.told: list[tuple[int, str, str]] = []
        self.answer: bool | None = True

    async def tell_admins(self, guild_id: int, text: str, nonce: str) -> bool | None:
        self.told.append((guild_id, text, nonce))
        return self.answer


async def test_admins_are_told_once_a_week_if_they_want_and_there_is_something(
    store: Store,
) -> None:
    channel = await set_up(store, CHANNEL.channel_id)
    await store.subscriptions.set_topic(channel.channel_id, "frogs", FROG_TOPIC.query)
    admins, fact = Listening(), f"{MISSED_REPORTED}{channel.channel_id}"
    await like(store, 11)
    assert await report_missed(store, admins, now=NOW + 2 * WEEK) == 0  # nobody asked for it
    await store.facts.set(fact, NOW.isoformat())
    assert await report_missed(store, admins, now=NOW + WEEK - timedelta(minutes=1)) == 0
    admins.answer = None
    assert await report_missed(store, admins, now=NOW + WEEK) == 0
    admins.answer = True
    assert await report_missed(store, admins, now=NOW + WEEK) == 0  # not at each tick
    later = NOW + WEEK + timedelta(hours=1)
    assert await report_missed(store, admins, now=later) == 1
    assert await report_missed(store, admins, now=later) == 0
    (guild_id, text, nonce), again = admins.told
    assert again == (guild_id, text, nonce)  # a repetition that Discord recognises
    assert guild_id == CHANNEL.guild_id
    assert "1 paper that no topic" in text
    assert "`title:frog`" in text
    assert message_errors({"content": text}) == []
    await store.subscriptions.delete_subscription(channel.channel_id, NOW)
    assert await store.facts.get(fact) is None


@pytest.mark.slow
async def test_the_running_bot_tells_the_servers_owner(tmp_path: Path) -> None:
    async with scenario(tmp_path, channels=1, papers=12) as day:
        guild, (channel,) = day.guild, day.channels
        async with open_store(day.path) as store:
            await store.subscriptions.set_topic(channel.id, "axolotls", "axolotl")
        async with day.running() as bot:
            await bot.ticks()
            assert await bot.stop() == 0
        now = datetime.now(UTC)
        async with open_store(day.path) as store:
            liked = ArxivId(day.records[0].arxiv_id)
            await store.opinions.give(guild.id, 1, liked, True, now=now)
            fact = f"{MISSED_REPORTED}{channel.id}"
            await store.facts.set(fact, (now - WEEK).isoformat())
        async with day.running() as bot:
            await until(lambda: day.discord.told(guild.owner), lambda: bot.log)
            await bot.ticks()
            assert await bot.stop() == 0
        (told,) = day.discord.told(guild.owner)
        assert f"1 paper that no topic of <#{channel.id}> matched" in told
