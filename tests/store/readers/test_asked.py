"""A query asks what readers did: of the person who asks, and of the server where they do."""

import random
from collections.abc import AsyncIterator, Collection
from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import InputError
from bot.query.ast import LeafNode, Node, OfReaders, Query, with_leaves
from bot.query.parser import parse_query
from bot.query.results import Sort
from bot.store.readers.asked import Asker
from bot.store.search import walk
from bot.store.store import Store
from tests.builders import NOW, make_listing, make_paper
from tests.engine_table import (
    ADA,
    BEN,
    ELSEWHERE,
    HERE,
    OF_READERS,
    READ_PAPERS,
    announce_read,
)
from tests.stores import open_filled

WORDS = ("halo", "net", "graph", "dark", "deep")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_filled(tmp_path / "papers.db", announce_read) as filled:
        yield filled


async def ask(store: Store, text: str, user_id: int, guild_id: int | None) -> Query:
    query = parse_query(text, of_readers=True)
    return await store.asked.look_up(query, Asker(user_id=user_id, guild_id=guild_id))


async def find(store: Store, query: Query, sort: Sort = Sort.NEWEST) -> str:
    page = await store.search.find(query, sort=sort)
    assert (page.total, page.total_is_exact) == (len(page.matches), True)
    return "".join(match.stored.paper.arxiv_id[-1] for match in page.matches)


async def test_the_ways_to_search_agree(store: Store) -> None:
    """The walk in both orders, a day's matching and that of a library."""
    everything = [paper.arxiv_id for paper in READ_PAPERS]
    keys = {
        match.stored.paper.arxiv_id: match.stored.key
        for match in (await store.search.find(parse_query(""))).matches
    }
    for text, expected, why in OF_READERS:
        query = await ask(store, text, ADA, HERE)
        assert await find(store, query) == expected, (text, why)
        assert set(await find(store, query, Sort.RELEVANCE)) == set(expected), text
        matched = await store.search.match(query, everything)
        assert {each[-1] for each in matched} == set(expected), text
        assert await store.search.match_span([query], keys) == [matched], text


@pytest.mark.parametrize(
    ("text", "user_id", "guild_id", "expected"),
    [
        ("in:library", BEN, HERE, "4"),
        ("tag:slam", BEN, HERE, "4"),
        ("is:read", BEN, HERE, ""),
        ("in:library", ADA, None, "321"),
        ("posted:here", ADA, ELSEWHERE, "6"),
        ("liked:1", ADA, ELSEWHERE, "6"),
    ],
)
async def test_who_asks_where_decides(
    store: Store, text: str, user_id: int, guild_id: int | None, expected: str
) -> None:
    assert await find(store, await ask(store, text, user_id, guild_id)) == expected


@pytest.mark.parametrize("text", ["posted:here", "deep -liked:>2"])
async def test_outside_of_servers_none_is_asked_about(store: Store, text: str) -> None:
    with pytest.raises(InputError, match="asks of a server that I am in; there is none here"):
        await ask(store, text, ADA, None)


async def test_what_was_not_looked_up_holds_for_no_paper(store: Store) -> None:
    assert await find(store, parse_query("in:library", of_readers=True)) == ""


async def test_a_library_names_the_keys_of_its_papers(store: Store) -> None:
    keys = await store.asked.saved_keys(ADA)
    assert set(keys) == {paper.arxiv_id for paper in READ_PAPERS[:3]}
    page = await store.search.find(parse_query("id:2403.00002"))
    assert keys[READ_PAPERS[1].arxiv_id] == page.matches[0].stored.key


# Any sets, in any query


@pytest.mark.parametrize("few", [0, 1000], ids=["walked", "asked one by one"])
async def test_a_walk_among_sets_finds_what_the_matching_finds(
    store: Store, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(walk, "FEW_KEYS", few)
    dice = random.Random(5)
    papers = [make_paper(n, title=" ".join(dice.sample(WORDS, 2))) for n in range(7, 60)]
    await store.papers.add_listing(make_listing(*papers), now=NOW)
    page = await store.search.find(parse_query(""), limit=100)
    ids = [match.stored.paper.arxiv_id for match in page.matches]
    keys = [match.stored.key for match in page.matches]
    queries = [random_query(dice, keys) for _ in range(80)]
    found = await store.search.match_many(queries, ids)
    for query, expected in zip(queries, found, strict=True):
        page = await store.search.find(query, limit=100)
        shown = [match.stored.paper.arxiv_id for match in page.matches]
        assert shown == [each for each in ids if each in expected], query.text
        if len(query.text) % 4 == 0:
            assert await back_and_forth(store, query) == shown, query.text
    assert len({len(each) for each in found}) > 20


async def back_and_forth(store: Store, query: Query) -> list[str]:
    """Turn to the last page, and back to the first."""
    page = await store.search.find(query, limit=7)
    if page.last:
        page = await store.search.find(query, limit=7, after=page.last)
    found = [match.stored.paper.arxiv_id for match in page.matches]
    while page.previous:
        page = await store.search.find(query, limit=7, after=page.previous)
        found = [*(match.stored.paper.arxiv_id for match in page.matches), *found]
    return [str(each) for each in found]


def random_query(dice: random.Random, keys: Collection[int]) -> Query:
    sets: dict[Node, frozenset[int]] = {}

    def looked_up(leaf: LeafNode) -> LeafNode:
        if not isinstance(leaf, OfReaders):
            return leaf
        count = dice.choice((0, 1, 5, 30))
        some = sets.setdefault(leaf, frozenset(dice.sample(sorted(keys), count)))
        return replace(leaf, keys=some)

    text = _random_text(dice, 3)
    root = parse_query(text, of_readers=True).root
    return Query(text=text, root=with_leaves(root, looked_up))


def _random_text(dice: random.Random, depth: int) -> str:
    if not depth or dice.random() < 0.2:
        return dice.choice(
            (*WORDS, "in:library", "tag:a", "tag:b", "posted:here", "liked:2", "id:2403.00009",
             "since:2024-03-06", "until:2024-03-05", "title:deep")
        )  # fmt: skip
    one, other = (_random_text(dice, depth - 1) for _ in range(2))
    return dice.choice(("({0}) ({1})", "({0}) OR ({1})", "({0}) -({1})", "-({0})")).format(
        one, other
    )
