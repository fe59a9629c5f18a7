"""The pool is what the tiers bring first, however it is collected."""

import asyncio
import math
import random
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest

from bot.query.ast import Node
from bot.query.parser import parse_query
from bot.query.relevance import Scorer, asked_words, tiers
from bot.query.results import Sort
from bot.query.widen import UNKNOWN, widen
from bot.store.keys import SEQUENCE_BITS, day_of
from bot.store.search import find as find_module
from bot.store.search import pool
from bot.store.search.plan import KeyRange, plan_tiers
from bot.store.search.pool import Plan, Titles, collect, score_papers, titles_since
from bot.store.search.walk import Found, Pieces, follow, follow_newest, span_of
from bot.store.search.words import estimate_papers
from bot.store.sqlite import executor
from bot.store.sqlite.executor import Reading
from bot.store.store import Store
from tests.builders import DAY, NOW, make_listing, make_paper
from tests.stores import open_store

WORDS = [
    "graph",
    "graphs",
    "neural",
    "net",
    "nets",
    "model",
    "models",
    "deep",
    "of",
    "the",
    "sparse",
    "quark",
]
SIGNS = ("", "", "", "-", "title:", "abstract:")
OF_OLD_TITLES = [
    widen(parse_query(text).root, UNKNOWN)
    for text in ("model of category:cs.LG", "models of abstract:nets")
]
"""Few titles say all of these, but some of those that say a part, behind the newest papers."""
PAPERS, QUERIES = 300, 40
POOL = 12


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[asyncio.Runner, Store]]:
    """Papers of few words, common and rare ones, of three dates."""
    dice = random.Random(7)
    weights = [1 / number for number in range(1, len(WORDS) + 1)]

    def text(most: int) -> str:
        return " ".join(dice.choices(WORDS, weights, k=dice.randint(2, most)))

    papers = [
        make_paper(
            number,
            title=text(4),
            abstract=text(9),
            categories=dice.sample(["cs.CV", "cs.LG"], dice.randint(1, 2)),
        )
        for number in range(PAPERS)
    ]

    async def fill(store: Store) -> None:
        for each in range(3):
            listing = make_listing(*papers[each::3], announced_on=DAY + timedelta(days=each))
            await store.papers.add_listing(listing, now=NOW)

    with asyncio.Runner() as runner:
        opened = open_store(tmp_path_factory.mktemp("pool") / "papers.db")
        store = runner.run(opened.__aenter__())
        runner.run(fill(store))
        yield runner, store
        runner.run(opened.__aexit__(None, None, None))


def random_query(dice: random.Random) -> str:
    def part() -> str:
        word = dice.choice(SIGNS) + dice.choice(WORDS)
        return dice.choice([word, word, word, f"({word} OR {dice.choice(WORDS)})", f'"{word}"'])

    filters = ["", "", "", "category:cs.LG", f"since:{DAY + timedelta(days=1)}", "-deep", "mod*"]
    parts = [dice.choice(WORDS), *(part() for _ in range(dice.randint(0, 2))), dice.choice(filters)]
    return " ".join(filter(None, parts))


def roots(seed: int) -> list[Node]:
    dice = random.Random(seed)
    return [widen(parse_query(random_query(dice)).root, UNKNOWN) for _ in range(QUERIES)]


@pytest.mark.parametrize("seldom", [0, 10_000], ids=["asked of each", "walked"])
@pytest.mark.parametrize("most_titled", [3, 10_000], ids=["titles read", "titles asked"])
@pytest.mark.parametrize("known", [POOL + 1, 40, PAPERS])
def test_the_pool_is_what_the_tiers_bring_first(
    archive: tuple[asyncio.Runner, Store],
    monkeypatch: pytest.MonkeyPatch,
    most_titled: int,
    known: int,
    seldom: int,
) -> None:
    """However many of the newest are known, and however many titles say it."""
    monkeypatch.setattr(pool, "POOL", POOL)
    monkeypatch.setattr(pool, "TITLED", known * 3)
    monkeypatch.setattr(pool, "MOST_TITLED", most_titled)
    monkeypatch.setattr(pool, "AT_ONCE", 5)
    monkeypatch.setattr(pool, "ASKED_AT_ONCE", 3)
    monkeypatch.setattr(pool, "CHECKED", 8)
    monkeypatch.setattr(pool, "SELDOM", seldom)
    runner, store = archive
    asked = [*roots(known + most_titled), *OF_OLD_TITLES]
    compared = runner.run(store.database.search(60.0, compare, asked, known))
    assert compared > QUERIES / 2


def compare(reading: Reading, roots: Sequence[Node], known: int) -> int:
    """Collect the pools of queries in both ways; returns how many were full."""
    full = 0
    counts = {word: len(word) * 7 % 11 for word in WORDS}  # any order finds the same
    for root in roots:
        plan = Plan({}, estimate_papers(counts, PAPERS))
        newest = [key for _, key in follow(reading, plan_tiers([root], {}), known)]
        if len(newest) < POOL:
            continue
        full += 1
        since = titles_since(newest, is_all=len(newest) < known)
        one_by_one = follow(reading, plan_tiers(tiers(root, since), {}), POOL)
        titles = Titles(reading, Scorer(root, lambda forms: 3.0))
        found = collect(titles, plan, root, newest, is_all=len(newest) < known)
        assert keys_of(found) == keys_of(one_by_one), root
        assert found[-1][1] == one_by_one[-1][1], root
    return full


def keys_of(found: Sequence[Found]) -> list[int]:
    return sorted(key for _, key in found)


def test_what_is_scored_by_its_text_is_scored_as_if_all_were_read(
    archive: tuple[asyncio.Runner, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Titles only choose what is read."""
    runner, store = archive

    def compare_scores(reading: Reading) -> int:
        read = 0
        for root in roots(1):
            scorer = Scorer(root, lambda forms: 3.0)
            newest = [key for _, key in follow(reading, plan_tiers([root], {}), 40)]
            monkeypatch.setattr(pool, "READ", 40)
            all_read = score_papers(Titles(reading, scorer), newest)
            monkeypatch.setattr(pool, "READ", 10)
            some_read = score_papers(Titles(reading, scorer), newest)
            texts = {key: score for key, score in some_read.items() if score[0]}
            assert texts.items() <= all_read.items()
            assert len(texts) >= min(10, len(newest))
            read += len(texts) < len(newest) and bool(asked_words(root))
        return read

    assert runner.run(store.database.search(60.0, compare_scores))


@pytest.mark.parametrize("density", [0, 1e-6])
@pytest.mark.parametrize("piece", [1, 40, 1 << SEQUENCE_BITS, 1 << 40])
def test_upwards_is_found_what_is_found_downwards(
    archive: tuple[asyncio.Runner, Store], piece: int, density: float
) -> None:
    runner, store = archive

    def compare_walks(reading: Reading) -> int:
        ends = span_of(reading)
        dice, compared = random.Random(piece), 0
        for root in roots(2):
            walk, wanted = plan_tiers([root], {}), dice.choice([1, 5, 40, PAPERS])
            within = KeyRange(ends.first, ends.end - dice.choice([0, 30, 1 << SEQUENCE_BITS]))
            expected = [key for _, key in follow(reading, walk, wanted, within=within)]
            pieces = Pieces(reading, walk, within, piece, density)
            for more in (dice.randint(1, wanted), wanted):
                pieces.go_on(more, dice.choice([1.5, math.inf]))
                assert pieces.found[:more] == expected[:more]
            newest = [key for _, key in follow(reading, walk, wanted)]
            assert follow_newest(reading, walk, wanted) == newest
            compared += bool(expected)
        return compared

    assert runner.run(store.database.search(60.0, compare_walks)) > QUERIES / 2


def test_a_piece_grows_as_it_is_told_to(archive: tuple[asyncio.Runner, Store]) -> None:
    """Though few papers were found so far, and all are wanted."""
    runner, store = archive
    walk = plan_tiers([parse_query("quark").root], {})

    def days(reading: Reading) -> tuple[list[int], list[int]]:
        pieces = Pieces(reading, walk, span_of(reading), 1 << SEQUENCE_BITS, 0)
        for _ in range(2):
            pieces.step(PAPERS, 1)
        return pieces.found, [key for _, key in follow(reading, walk, PAPERS)]

    found, every = runner.run(store.database.search(60.0, days))
    last_days = [key for key in every if day_of(key) > DAY]
    assert found == last_days
    assert 0 < len(found) < len(every)


def test_pages_of_a_large_archive_are_those_of_a_small_one(
    archive: tuple[asyncio.Runner, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where counting is cut short after some papers, too."""
    runner, store = archive
    runner.run(store.database.write(note_count, PAPERS))
    monkeypatch.setattr(find_module, "COUNTING_S", 0)
    monkeypatch.setattr(find_module, "PIECES_S", 0)
    monkeypatch.setattr(find_module, "PIECE", 30)
    monkeypatch.setattr(find_module, "PAGE_PIECE", 4)
    monkeypatch.setattr(executor, "SEARCH_STEPS_BETWEEN_LOOKS", 1)

    def pages() -> list[list[int]]:
        dice = random.Random(3)
        queries = [parse_query(random_query(dice)) for _ in range(15)]
        found = [
            runner.run(store.search.find(each, sort=sort)) for each in queries for sort in Sort
        ]
        return [[match.stored.key for match in page.matches] for page in found]

    small = pages()
    monkeypatch.setattr(find_module, "COUNTED_IN_FULL", 1)
    assert pages() == small


def note_count(connection: sqlite3.Connection, papers: int) -> None:
    connection.execute("INSERT INTO word (word, papers) VALUES ('', ?)", (papers,))


def test_a_piece_that_the_deadline_cuts_is_left_out(
    archive: tuple[asyncio.Runner, Store],
) -> None:
    """What it holds are its oldest papers, in front of which newer ones would be missing."""
    runner, store = archive
    root = parse_query("graph").root

    def cut(reading: Reading) -> list[int]:
        reading.overran = True
        pieces = Pieces(reading, plan_tiers([root], {}), span_of(reading), 1 << 40, 0)
        pieces.step(5)
        return pieces.found

    assert runner.run(store.database.search(60.0, cut)) == []
