"""How often words are used."""

import sqlite3
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from bot.query.ast import leaves
from bot.query.parser import parse_query
from bot.query.printer import print_node
from bot.query.results import Sort
from bot.store.search import words as search_words
from bot.store.search.words import (
    count_archive,
    count_papers,
    counting_effort,
    estimate_papers,
    narrow_prefixes,
    seeking_order,
    weight,
)
from bot.store.sqlite.executor import Reading
from bot.store.store import Store
from tests.builders import NOW, make_listing, make_paper
from tests.stores import open_filled


async def fill_and_count(store: Store) -> None:
    papers = [
        make_paper(
            number, title="Neural nets" if number % 3 else "Neurons propose", abstract="Agreed."
        )
        for number in range(1, 31)
    ]
    await store.papers.add_listing(make_listing(*papers), now=NOW)
    assert await store.search.tidy() >= 4


@pytest.fixture
async def counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Store]:
    monkeypatch.setattr(search_words, "SMALL", 0)
    async with open_filled(tmp_path / "papers.db", fill_and_count) as store:
        yield store


async def counts(store: Store, *words: str) -> dict[str, int]:
    return await store.database.search(5, lambda r: count_papers(r, words))


async def test_words_are_counted_by_paper(counted: Store) -> None:
    assert await counts(counted, "neural", "nets", "propose", "agreed", "zzz") == {
        "neural": 20,
        "nets": 20,
        "propose": 10,
        "agreed": 30,
        "zzz": 0,
    }
    assert await counted.database.search(5, count_archive) == 30


async def test_an_archive_never_counted_gives_the_same(store: Store) -> None:
    papers = [make_paper(number, title="Neural nets propose") for number in range(1, 6)]
    await store.papers.add_listing(make_listing(*papers), now=NOW)
    assert await counts(store, "neural", "propose", "zzz") == {"neural": 5, "propose": 5, "zzz": 0}


async def test_counting_again_waits_until_the_archive_grew(counted: Store) -> None:
    assert await counted.search.tidy() == 0
    more = [make_paper(number, title="Halos") for number in range(100, 160)]
    await counted.papers.add_listing(make_listing(*more), now=NOW)
    assert await counted.search.tidy() > 0
    assert (await counts(counted, "halos"))["halos"] == 60


async def test_counting_in_steps_counts_the_same(
    counted: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step counts on until its time is over; what comes then is counted by the next."""

    def stored(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
        return connection.execute("SELECT word, papers FROM word ORDER BY word").fetchall()

    steps: list[object] = []
    count_some = search_words._count_some

    def noting(reading: Reading, ranges: Sequence[tuple[str, str]]) -> object:
        steps.append(count_some(reading, ranges))
        return steps[-1]

    before = await counted.database.read(stored)
    await counted.database.write(lambda each: each.execute("UPDATE word SET papers = 0"))
    monkeypatch.setattr(search_words, "STEP_S", -1.0)
    monkeypatch.setattr(search_words, "_ranges", lambda: pairwise(["\x01", "b", "n", "o", "~"]))
    monkeypatch.setattr(search_words, "_count_some", noting)
    await counted.search.count_again()
    assert await counted.database.read(stored) == before
    assert len(steps) == 4


async def test_a_small_archive_is_not_counted(store: Store) -> None:
    assert await store.search.tidy() == 0


async def test_a_broad_beginning_stands_for_its_most_used_words(
    counted: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_words, "BROAD", 25)

    def narrowed(reading: Reading, query: str) -> tuple[str, bool]:
        node, is_narrowed = narrow_prefixes(reading, parse_query(query).root)
        return print_node(node), is_narrowed

    database = counted.database
    assert await database.search(5, lambda r: narrowed(r, "neur* -neur*")) == (
        '("neural" OR "neurons") -("neural" OR "neurons")',
        True,
    )
    assert await database.search(5, lambda r: narrowed(r, "propos*")) == ("propos*", False)


@pytest.mark.parametrize("sort", list(Sort))
async def test_a_result_of_a_broad_beginning_says_that_there_may_be_more(
    counted: Store, monkeypatch: pytest.MonkeyPatch, sort: Sort
) -> None:
    monkeypatch.setattr(search_words, "BROAD", 25)
    page = await counted.search.find(parse_query("neur*"), sort=sort)
    assert (page.total, page.total_is_exact, page.overran) == (30, False, True)


@pytest.mark.parametrize(
    ("query", "effort"),
    [
        ("halos", 10),
        ("halos OR stars", 1010),
        ("halos stars", 10 + 300),  # of the stars so many as it takes to look into them
        ("halos dark", 10 + 20),
        ('"halos stars"', 10 + 300),
        ("halos category:cs.CV", 10 + 300),
        ("halos -stars", 10 + 300),  # what is excluded is not looked up
        ("stars halos dark", 10 + 20 + 300),
        ("unknown stars", 0),
        ("-halos", 5000),
        ("category:cs.CV", 5000),
        ("author:wang", 500),
        ("hal*", 5000),
    ],
)
def test_to_count_takes_what_is_read(query: str, effort: float) -> None:
    known = {"halos": 10, "dark": 20, "stars": 1000}
    assert counting_effort(known, 5000)(parse_query(query).root) == effort


def test_rare_words_weigh_more() -> None:
    assert weight(1, 1000) > weight(100, 1000) > weight(1000, 1000) > 0


def test_a_phrase_is_looked_for_behind_words_that_are_as_common_as_its_commonest() -> None:
    known = {"web": 10, "based": 1000, "reward": 300}
    query = parse_query('"web based" reward based author:li category:cs.CV')
    ordered = sorted(leaves(query.root), key=seeking_order(known, 5000))
    asked = [print_node(leaf) for leaf in ordered]
    assert asked == ["author:li", "reward", '"web based"', "based", "category:cs.CV"]
    assert estimate_papers(known, 5000)(next(leaves(query.root))) == 10, "though it finds few"
