"""The papers of weeks, matched by the archive's own index."""

import random
from datetime import timedelta

import pytest

from bot.models import AnnounceType, ArxivId
from bot.query.parser import parse_query
from bot.store.search import search as searching
from bot.store.store import Store
from tests.builders import DAY, NOW, make_listing
from tests.store.search.test_daily import random_paper, random_query


async def fill(store: Store) -> dict[ArxivId, int]:
    """Announce 120 papers on three days, of which 20 were announced a year before; return these."""
    dice = random.Random(5)
    papers = [random_paper(dice, number) for number in range(1, 161)]
    old = make_listing(*papers[:40], announced_on=DAY - timedelta(days=400))
    await store.papers.add_listing(old, now=NOW)
    announced = papers[20:140]
    for number in range(3):
        day = make_listing(
            *((paper, AnnounceType.CROSS) for paper in announced[number::3]),
            announced_on=DAY + timedelta(days=number),
        )
        await store.papers.add_listing(day, now=NOW)
    span = await store.papers.read_span(["cs.CV"], DAY, DAY + timedelta(days=2))
    assert len(span.keys) == 120
    return dict(span.keys)


async def test_the_index_finds_of_a_span_what_a_digest_would_match(store: Store) -> None:
    keys = await fill(store)
    dice = random.Random(6)
    queries = [parse_query(random_query(dice, depth=2)) for _ in range(150)]
    queries += [parse_query(text) for text in ("", "-zzz", "zzz", "b*", "-b*")]
    found = await store.search.match_span(queries, keys)
    assert found == await store.search.match_many(queries, keys)
    assert len(set(map(len, found))) > 20


async def test_what_the_index_cannot_tell_in_time_is_matched_as_a_digest_is(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = await fill(store)
    queries = [parse_query("-zzz"), parse_query("zzz")]
    monkeypatch.setattr(searching, "find_within", lambda *asked: None)
    assert await store.search.match_span(queries, keys) == [keys.keys(), set()]


async def test_no_papers_are_no_matches(store: Store) -> None:
    assert await store.search.match_span([parse_query("x")], {}) == [frozenset()]
    assert await store.search.match_span([], {}) == []
