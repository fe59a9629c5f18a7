"""The search indexes hold what the papers say, whatever happened to the papers."""

import contextlib
import random
import sqlite3
from datetime import timedelta

import pytest

from bot.models import AnnounceType, ArxivId, Paper
from bot.query.parser import parse_query
from bot.store.search.index import count_indexed, merge_all
from bot.store.sqlite.maintenance import find_stale_indexes
from bot.store.sqlite.statements import select
from bot.store.store import Store
from tests.builders import DAY, NOW, make_id, make_link, make_listing, make_paper

WORDS = ("deep", "dark", "matter", "neural", "halo", "graph", "lattice", "quantum")


async def check_integrity(store: Store) -> None:
    """Compare every index with the papers, word by word, and its number of rows with theirs."""
    assert await find_stale_indexes(store.database) == []
    rows = await store.database.read(select, int, "SELECT count(*) FROM paper")
    assert [await store.papers.count_papers()] == rows


async def find(store: Store, query: str) -> set[ArxivId]:
    page = await store.search.find(parse_query(query), limit=1000)
    return {match.stored.paper.arxiv_id for match in page.matches}


async def test_a_replaced_title_is_no_longer_found(store: Store) -> None:
    await store.papers.add_listing(make_listing(make_paper(1, title="Dark halos")), now=NOW)
    newer = make_listing(
        (make_paper(1, version=2, title="Bright halos"), AnnounceType.REPLACE),
        announced_on=DAY + timedelta(days=3),
    )
    await store.papers.add_listing(newer, now=NOW)
    assert await find(store, "dark") == set()
    assert await find(store, "bright") == {make_id(1)}
    assert await find(store, "type:replace") == {make_id(1)}
    await check_integrity(store)


async def test_a_late_code_link_is_found(store: Store) -> None:
    await store.papers.add_listing(make_listing(make_paper(1)), now=NOW)
    assert await find(store, "has:code") == set()
    await store.papers.add_links(make_id(1), [make_link()])
    assert await find(store, "has:code") == {make_id(1)}
    await check_integrity(store)


async def test_a_second_announcement_adds_its_type(store: Store) -> None:
    paper = make_paper(1, categories=("cs.CV", "cs.LG"))
    await store.papers.add_listing(make_listing(paper), now=NOW)
    assert await find(store, "type:cross") == set()
    cross = make_listing((paper, AnnounceType.CROSS), category="cs.LG")
    await store.papers.add_listing(cross, now=NOW)
    assert await find(store, "type:cross") == {make_id(1)}
    assert await find(store, "type:new") == {make_id(1)}
    await check_integrity(store)


async def test_a_better_date_moves_a_paper(store: Store) -> None:
    replacement = (make_paper(1, version=2), AnnounceType.REPLACE)
    await store.papers.add_listing(make_listing(replacement), now=NOW)
    earlier = DAY - timedelta(days=1)
    await store.papers.add_listing(make_listing(make_paper(1), announced_on=earlier), now=NOW)
    assert await find(store, f"since:{earlier} until:{earlier}") == {make_id(1)}
    assert await find(store, f"until:{earlier - timedelta(days=1)}") == set()
    await check_integrity(store)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.slow
async def test_thousands_of_random_changes_leave_the_indexes_sound(store: Store, seed: int) -> None:
    dice = random.Random(seed)
    latest: dict[ArxivId, Paper] = {}
    for _ in range(60):
        papers = [make_random_paper(dice, latest) for _ in range(dice.randrange(1, 40))]
        distinct = {paper.arxiv_id: paper for paper in papers}
        latest.update(distinct)
        types = list(AnnounceType)
        listing = make_listing(
            *((paper, dice.choice(types)) for paper in distinct.values()),
            announced_on=DAY + timedelta(days=dice.randrange(-40, 40)),
            category=dice.choice(["cs.CV", "cs.LG"]),
        )
        await store.papers.add_listing(listing, now=NOW)
        linked = dice.choice(list(latest))
        await store.papers.add_links(linked, [make_link(f"https://github.com/x/{dice.random()}")])
    await check_integrity(store)
    for word in WORDS:
        stored = [await store.papers.get_paper(arxiv_id) for arxiv_id in latest]
        expected = {
            each.paper.arxiv_id for each in stored if each and word in each.paper.title.split()
        }
        assert await find(store, f"title:{word}") == expected


def make_random_paper(dice: random.Random, latest: dict[ArxivId, Paper]) -> Paper:
    number = dice.randrange(1, 200)
    before = latest.get(make_id(number))
    return make_paper(
        number,
        version=(before.version if before else 1) + dice.randrange(2),
        title=" ".join(dice.choices(WORDS, k=4)),
        abstract=" ".join(dice.choices(WORDS, k=20)),
        authors=dice.choices(["Ada Example", "B. Sample", "Ω", "Jean-Paul É. Test"], k=2),
        categories=dice.choices(["cs.CV", "cs.LG", "math.AG", "hep-th"], k=2),
        comment=dice.choice([None, "12 pages", "withdrawn"]),
    )


async def count_pieces(store: Store) -> int:
    def work(connection: sqlite3.Connection) -> int:
        rows = connection.execute("SELECT count(DISTINCT segid) FROM paper_text_idx")
        return int(next(iter(rows))[0])

    return await store.database.write(work)


async def test_merging_leaves_one_sound_piece(store: Store) -> None:
    for number in range(1, 8):
        await store.papers.add_listing(make_listing(make_paper(number)), now=NOW)
    assert await count_pieces(store) > 1
    assert await merge_all(store.database) > 0
    assert await count_pieces(store) == 1
    assert await merge_all(store.database) == 0
    await check_integrity(store)
    assert len(await find(store, "paper")) == 7


@pytest.mark.parametrize("papers", [0, 1, 127, 128, 16_383, 16_384])
def test_papers_are_counted_without_reading_them(papers: int) -> None:
    """By what FTS5 itself notes of them, at the edges of its numbers' lengths too."""
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(
            "CREATE VIRTUAL TABLE paper_head USING fts5 (title, filters, content = '')"
        )
        rows = ((key, "a title") for key in range(papers))
        connection.executemany("INSERT INTO paper_head (rowid, title) VALUES (?, ?)", rows)
        connection.commit()
        assert count_indexed(connection) == papers
