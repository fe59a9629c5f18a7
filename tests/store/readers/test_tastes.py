"""Tastes are learnt once for the channels that share one, and anew as soon as anything changed."""

from datetime import date, timedelta

import pytest

from bot.models import Paper
from bot.query.taste import Taste
from bot.store.readers import tastes
from bot.store.readers.tastes import Told
from bot.store.store import Store
from tests.builders import DAY, NOW, make_listing, make_paper

ADA, GUILD, FIRST, SECOND = 1, 1001, 2001, 2002
FIELDS = ("folding", "splatting", "speech", "graphs", "retrieval", "robots", "vision", "logic")
PAPERS = [
    make_paper(
        number + 1,
        title=f"Work {number} on {FIELDS[number % len(FIELDS)]}",
        abstract=f"Part {number} of {FIELDS[number % len(FIELDS)]}.",
    )
    for number in range(24)
]


async def taste_of(store: Store, channel_id: int = FIRST, category: str = "cs.CV") -> Taste:
    taste = await store.tastes.get_taste(GUILD, channel_id, [category])
    assert taste is not None
    return taste


async def test_channels_of_a_server_share_a_taste_until_something_is_liked(store: Store) -> None:
    await store.papers.add_listing(make_listing(*PAPERS), now=NOW)
    await store.opinions.give(GUILD, ADA, PAPERS[0].arxiv_id, True, now=NOW)
    taste = await taste_of(store)
    assert await taste_of(store, SECOND) is taste
    await store.opinions.give(GUILD, ADA, PAPERS[1].arxiv_id, True, now=NOW)
    assert "splat" in (await taste_of(store)).weights
    assert "splat" not in taste.weights


async def test_a_word_that_one_channel_forgets_counts_in_the_other(store: Store) -> None:
    await store.papers.add_listing(make_listing(*PAPERS), now=NOW)
    await store.opinions.give(GUILD, ADA, PAPERS[0].arxiv_id, True, now=NOW)
    await taste_of(store)
    await store.tastes.forget_term(FIRST, "fold")
    assert "fold" not in (await taste_of(store)).weights
    assert "fold" in (await taste_of(store, SECOND)).weights


async def test_the_next_day_weighs_words_anew(store: Store) -> None:
    await store.papers.add_listing(make_listing(*PAPERS), now=NOW)
    await store.opinions.give(GUILD, ADA, PAPERS[0].arxiv_id, True, now=NOW)
    before = await taste_of(store)
    more = [make_paper(number, title=f"More folding {number}") for number in range(30, 90)]
    tomorrow = NOW + timedelta(days=1)
    listing = make_listing(*more, announced_on=DAY + timedelta(days=1))
    await store.papers.add_listing(listing, now=tomorrow)
    after = await taste_of(store)
    assert after.reference is not before.reference
    assert "fold" not in after.weights  # most papers say it now


async def scores_of(
    store: Store, guild_id: int, channel_id: int, told: Told | None = None
) -> dict[str, float]:
    papers: list[Paper] = PAPERS
    likes = await store.tastes.compare(guild_id, channel_id, ["cs.CV"], papers, told)
    return {str(arxiv_id): score for arxiv_id, score in likes.scores.items()}


@pytest.mark.parametrize("most", [1, 3, 100])
async def test_servers_that_are_read_together_are_compared_as_each_alone(
    store: Store, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """However few of their papers are held at a time, and in whatever order they are asked for."""
    monkeypatch.setattr(tastes, "MOST_PAPERS", most)
    await store.papers.add_listing(make_listing(*PAPERS), now=NOW)
    for guild_id, liked in ((GUILD, (0, 1)), (GUILD + 1, (1, 2)), (GUILD + 2, (3,))):
        for number in liked:
            await store.opinions.give(guild_id, ADA, PAPERS[number].arxiv_id, True, now=NOW)
    await store.tastes.forget_term(SECOND, "fold")
    channels = {FIRST: GUILD, SECOND: GUILD, 2003: GUILD + 1, 2004: GUILD + 2, 2005: GUILD + 3}
    told = await store.tastes.read(dict.fromkeys(channels.values()), channels)
    alone = [await scores_of(store, guild_id, each) for each, guild_id in channels.items()]
    together = [await scores_of(store, guild_id, each, told) for each, guild_id in channels.items()]
    assert together == alone
    assert len({tuple(scores.values()) for scores in alone}) == len(channels)
    backwards = [
        await scores_of(store, guild_id, each, told) for each, guild_id in [*channels.items()][::-1]
    ]
    assert backwards[::-1] == alone


async def test_what_was_read_is_as_it_was_stored_then(store: Store) -> None:
    await store.papers.add_listing(make_listing(*PAPERS), now=NOW)
    await store.opinions.give(GUILD, ADA, PAPERS[0].arxiv_id, True, now=NOW)
    told = await store.tastes.read([GUILD], [FIRST])
    before = await scores_of(store, GUILD, FIRST, told)
    await store.opinions.give(GUILD, ADA, PAPERS[1].arxiv_id, True, now=NOW)
    assert await scores_of(store, GUILD, FIRST, told) == before
    assert await scores_of(store, GUILD, FIRST) != before


def test_papers_are_read_for_the_servers_that_come_next_and_once() -> None:
    first, second, third = (PAPERS[number].arxiv_id for number in range(3))
    weights = {1: {first: 1.0}, 2: {first: 1.0, second: 1.0}, 3: {third: 1.0}, 4: {}}
    told = Told(newest=date(2024, 5, 24), weights=weights, forgotten={})
    assert told.list_missing(4) == []
    assert told.list_missing(2) == [first, second, third]
    assert told.list_missing(1) == [first, second, third]
    told.papers = {first: PAPERS[0], second: None}
    assert told.list_missing(2) == []  # what is not stored is asked for once
    assert told.opinions(2, ["cs.CV"]) == ((PAPERS[0], 1.0),)
    assert told.opinions(2, ["math.CO"]) == ()
    assert told.list_missing(3) == [third]
