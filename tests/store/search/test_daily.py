"""A day's papers against many queries at once."""

import random

import pytest

from bot.errors import DatabaseBusy
from bot.query.parser import parse_query
from bot.store.search import daily as search_daily
from bot.store.sqlite import executor
from bot.store.store import Store
from tests.builders import DAY, NOW, make_id, make_listing, make_paper, make_papers

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
    monkeypatch.setattr(executor, "SEARCH_STEPS_BETWEEN_LOOKS", 1)
    await store.papers.add_listing(make_listing(*make_papers(50)), now=NOW)
    with pytest.raises(DatabaseBusy, match="later"):
        await store.search.match(parse_query("paper"), [make_id(1), make_id(2)])


@pytest.mark.slow
async def test_matching_is_searching_that_day(store: Store) -> None:
    dice = random.Random(3)
    papers = [
        make_paper(
            number,
            title=" ".join(dice.choices(WORDS, k=6)),
            abstract=" ".join(dice.choices(WORDS, k=40)),
            categories=dice.choices(["cs.CV", "cs.LG", "math.AG"], k=2),
        )
        for number in range(1, 301)
    ]
    await store.papers.add_listing(make_listing(*papers), now=NOW)
    texts = [random_query(dice) for _ in range(150)]
    found = await store.search.match_many(
        [parse_query(text) for text in texts], [paper.arxiv_id for paper in papers]
    )
    for text, matched in zip(texts, found, strict=True):
        query = parse_query(f"({text}) since:{DAY} until:{DAY}")
        page = await store.search.find(query, limit=300, deadline_s=5)
        assert {match.stored.paper.arxiv_id for match in page.matches} == matched, text


def random_query(dice: random.Random) -> str:
    words = dice.choices(WORDS, k=3)
    form = dice.choice(
        ["{0}", '"{0} {1}"', "{0} {1}", "{0} OR {1}", "{0} -{1}", "title:{0} OR ({1} {2})",
         "-title:{0} category:cs.CV", "({0} OR {1}) -(category:math.* OR title:{2})",
         "-({0} {1})", "ba* -{1}"]
    )  # fmt: skip
    return str(form.format(*words))
