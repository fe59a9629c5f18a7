"""A day's papers against many queries at once."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import DatabaseBusy
from bot.models import AnnounceType, Paper
from bot.query.parser import parse_query
from bot.store.search import daily as search_daily
from bot.store.sqlite import executor
from bot.store.store import Store
from tests.builders import DAY, NOW, make_id, make_link, make_listing, make_paper, make_papers

WORDS = [f"{first}{second}word" for first in "bcdfgklmnp" for second in "aeiou"]


async def test_each_query_gets_its_own_papers(store: Store) -> None:
    papers = [make_paper(1, title="Deep nets"), make_paper(2, title="Dark halos")]
    await store.papers.add_listing(make_listing(*papers), now=NOW)
    queries = [parse_query(text) for text in ("deep", "halos", "deep OR halos", "zzz", "", "-deep")]
    found = await store.search.match_many(queries, [make_id(1), make_id(2), make_id(3)])
    assert found == [
        {make_id(1)},
        {make_id(2)},
        {make_id(1), make_id(2)},
        set(),
        {make_id(1), make_id(2)},
        {make_id(2)},
    ]


async def test_only_the_papers_asked_about_are_matched(store: Store) -> None:
    await store.papers.add_listing(make_listing(*make_papers(5)), now=NOW)
    found = await store.search.match(parse_query("paper"), [make_id(2), make_id(4)])
    assert found == {make_id(2), make_id(4)}


async def test_no_papers_or_no_queries_find_nothing(store: Store) -> None:
    assert await store.search.match_many([parse_query("x")], []) == [set()]
    assert await store.search.match_many([], [make_id(1)]) == []


async def test_a_day_that_cannot_be_read_in_time_is_an_error_not_half_an_answer(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_daily, "LOADING_DEADLINE_S", 0)
    monkeypatch.setattr(executor, "STEPS_BETWEEN_LOOKS", 1)
    await store.papers.add_listing(make_listing(*make_papers(50)), now=NOW)
    with pytest.raises(DatabaseBusy):
        await store.search.match(parse_query("paper"), [make_id(1), make_id(2)])


@pytest.mark.slow
async def test_what_search_finds_the_daily_matching_finds(store: Store) -> None:
    """Two evaluators of one language agree on a day's papers, new and replaced: 2,000 queries."""
    dice = random.Random(3)
    papers = [random_paper(dice, number) for number in range(1, 301)]
    older, replaced, new = papers[:100], papers[100:160], papers[160:]
    month_ago = DAY - timedelta(days=30)
    await store.papers.add_listing(make_listing(*older, *replaced, announced_on=month_ago), now=NOW)
    announced = [(paper, dice.choice(list(AnnounceType)[:2])) for paper in new]
    again = [(replace(paper, version=2), AnnounceType.REPLACE) for paper in replaced]
    await store.papers.add_listing(make_listing(*announced, *again), now=NOW)
    asked = {paper.arxiv_id for paper in (*replaced, *new)}

    texts = [random_query(dice, depth=3) for _ in range(2000)]
    found = await store.search.match_many([parse_query(text) for text in texts], asked)
    sizes = set()
    for text, matched in zip(texts, found, strict=True):
        page = await store.search.find(parse_query(text), limit=300, deadline_s=5)
        assert {match.stored.paper.arxiv_id for match in page.matches} & asked == matched, text
        sizes.add(len(matched))
    assert {0, 1, len(asked)} < sizes
    assert len(sizes) > 100


def random_paper(dice: random.Random, number: int) -> Paper:
    return make_paper(
        number,
        title=" ".join([*dice.choices(WORDS, k=6), dice.choice(CHAINED)]),
        abstract=" ".join(dice.choices(WORDS, k=40)),
        authors=[f"{dice.choice('ABC')}. {dice.choice(WORDS).title()}" for _ in range(2)],
        categories=dice.sample(["cs.CV", "cs.LG", "math.AG"], k=2),
        comment=dice.choice([None, dice.choice(WORDS)]),
        doi=dice.choice([None, f"10.1000/A{number}"]),
        links=dice.choice([[], [make_link(f"https://github.com/a/{number}")]]),
    )


CHAINED = (
    "bo2vec", "bo-2-vec", "bo 2 vec", "bo2-vec", "bo 2vec", "vec 2 bo", "geohydrology",
    "geo-hydro-logy", "geo hydro logy", "geo-hydrology", "hydro-logy geo", "bov8", "bo-v8",
    "bo v8", "geo-t5", "geo t5", "geot5", "bo2.5",
    "bo-2.5", "bo 2.5",
)  # fmt: skip
"""Compounds of three parts, in every way."""

LEAVES = (
    "{0}", "{0}", '"{0} {1}"', "{0} {1}", "{2}*", "title:{0}", 'abstract:"{0} {1}"', "title:{2}*",
    "author:{0}", "author:B.{1}", "comment:{0}", "category:cs.CV", "category:math.*", "has:code",
    "type:new", "type:replace", "since:2024-03-01", "until:2024-02-20", "since:{3} until:{3}",
    "id:{4}", "doi:10.1000/a{5}", "bo2vec", "bo 2 vec", "bo-2 vec", "title:(bo 2vec)", "2 vec",
    "geohydrology", "geo hydro logy", "geo-hydro logy", "title:(geo hydrology)", "{0} 2 vec {1}",
    "bov8", "bo v8", "bo v 8", "bo-v8", "geot5", "geo t5", "title:(geo t 5)",
    "bo2.5", "bo 2.5", "bo-2.5", "title:(bo 2.5)",
)  # fmt: skip


def random_query(dice: random.Random, *, depth: int) -> str:
    if not depth or dice.random() < 0.2:
        number = dice.randint(1, 320)
        first, second = dice.sample(WORDS, 2)
        return dice.choice(LEAVES).format(first, second, first[:3], DAY, make_id(number), number)
    one, other = (random_query(dice, depth=depth - 1) for _ in range(2))
    return dice.choice(["({0}) ({1})", "({0}) OR ({1})", "({0}) -({1})", "-({0})"]).format(
        one, other
    )
