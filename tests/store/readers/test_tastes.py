"""Tastes are learnt once for the channels that share one, and anew as soon as anything changed."""

from datetime import timedelta

from bot.query.taste import Taste
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
