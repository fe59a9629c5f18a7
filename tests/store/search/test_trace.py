"""What ``--explain`` tells of a search is what the search did."""

import re
from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from bot.query.parser import parse_query
from bot.query.results import Sort
from bot.query.tags import readable
from bot.store.search import find as search_find
from bot.store.search import pool, search
from bot.store.search.find import Way, find
from bot.store.sqlite.executor import Reading
from bot.store.store import Store
from tests.builders import DAY, NOW, make_listing, make_paper

_ASKED = re.compile(r"FROM (paper_\w+) .*MATCH '((?:[^']|'')*)'")


@pytest.fixture
async def filled(store: Store) -> Store:
    """Two dates of halos, 90 papers each, some with them in the title; three papers of quarks."""
    for back in (1, 0):
        papers = [
            make_paper(
                back * 100 + number,
                title="Dark halos" if number % 3 else "On rings",
                abstract="We see dark halos." if number % 30 else "Of quark, dark and halos.",
            )
            for number in range(90)
        ]
        listing = make_listing(*papers, announced_on=DAY - timedelta(days=40 * back))
        await store.papers.add_listing(listing, now=NOW)
    return store


async def ways(store: Store, query: str, sort: Sort = Sort.RELEVANCE) -> search.Trace:
    return await store.search.trace(parse_query(query), sort=sort, limit=5)


async def asked(store: Store, query: str, sort: Sort) -> set[tuple[str, str]]:
    """List the questions that a search really asks of the indexes."""

    def listen(reading: Reading) -> list[str]:
        said: list[str] = []
        reading.connection.set_trace_callback(said.append)
        try:
            find(reading, parse_query(query), sort, 5, None)
        finally:
            reading.connection.set_trace_callback(None)
        return said

    found = map(_ASKED.search, await store.database.search(5, listen))
    return {(each[1], readable(each[2].replace("''", "'"))) for each in found if each}


WAYS = (
    ("dark halos", Sort.NEWEST, Way.WALK),
    ("title:rings since:2024-03", Sort.NEWEST, Way.WALK),
    ("category:cs.CV", Sort.RELEVANCE, Way.WALK),
    ("quark", Sort.RELEVANCE, Way.BM25),
    ("title:rings", Sort.RELEVANCE, Way.BM25),
    ("dark rings", Sort.RELEVANCE, Way.SCORED),
    ("dark halos", Sort.RELEVANCE, Way.POOL),
)


async def test_it_tells_what_the_search_asked(filled: Store) -> None:
    assert (await ways(filled, "quark")).way is Way.SCORED, "words that were never counted"
    await filled.search.count_again()
    for query, sort, way in WAYS:
        trace = await ways(filled, query, sort)
        assert trace.way is way, query
        told = {(each.index, each.expression) for each in trace.lookups}
        really = await asked(filled, query, sort)
        if way is Way.POOL:  # the tiers are asked otherwise, and found the same
            assert {each for each in told if "title" not in each[1]} <= really
        else:
            assert told == really, query
        assert bool(trace.weights) is (way in (Way.SCORED, Way.POOL))
        assert any(str(way) in line for line in trace.lines())


def days(trace: search.Trace) -> Sequence[tuple[date | None, date | None]]:
    return [(each.since, each.until) for each in trace.lookups]


async def test_it_tells_from_when_on_titles_count(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = await ways(filled, "dark halos")
    assert everything.titled_since is None
    assert set(days(everything)) == {(None, None)}
    monkeypatch.setattr(search_find, "COUNTED", 150)
    monkeypatch.setattr(pool, "TITLED", 226)  # half as many again
    trace = await ways(filled, "dark halos")
    since = DAY - timedelta(days=60)
    assert trace.titled_since == since
    assert f"some of the words in a title count since {since}" in "\n".join(trace.lines())
    assert {(since, None), (None, since - timedelta(days=1))} <= set(days(trace))
