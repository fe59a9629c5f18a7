"""Papers that no listing tells of, thousands at a time."""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.arxiv.dating import date_paper
from bot.arxiv.snapshot import read_snapshot_line
from bot.errors import StoreError
from bot.models import ArxivId, LinkKind, Paper, Provenance, StoredPaper
from bot.query.parser import parse_query
from bot.store.keys import day_of
from bot.store.papers.bulk import AddedPapers, prepare_paper
from bot.store.store import Store
from tests.builders import DAY, NOW, make_link, make_listing, make_paper, make_papers
from tests.indexes import check_indexes
from tests.samples import snapshot_line
from tests.stores import open_store


async def add(store: Store, papers: Iterable[Paper]) -> AddedPapers:
    return await store.papers.add_papers([prepare_paper(date_paper(paper)) for paper in papers])


async def get(store: Store, arxiv_id: ArxivId) -> StoredPaper:
    stored = await store.papers.get_paper(arxiv_id)
    assert stored is not None
    return stored


async def find(store: Store, query: str) -> list[str]:
    page = await store.search.find(parse_query(query), limit=100)
    return [match.stored.paper.arxiv_id for match in page.matches]


async def test_papers_are_read_back_as_they_were_added(store: Store) -> None:
    repositories = [make_link(f"https://github.com/f/{name}") for name in "cab"]
    papers = [
        make_paper(
            number,
            version=number % 3 + 1,
            source_title=f"Paper {{\\bf number}} {number}",
            categories=("math.CO", "cs.CV"),
            comment=None if number % 2 else 'a "comment", größer',
            doi="10.1/Ab" if number % 2 else None,
            journal_ref="J. Frogs 3" if number % 2 else None,
            license="https://example.org/by",
            submitted_at=datetime(2024, 3, 1, 3, number, tzinfo=UTC),
            links=repositories if number % 2 else [],
        )
        for number in range(1, 30)
    ]
    assert await add(store, papers) == AddedPapers(new=29)
    for paper in papers:
        stored = await get(store, paper.arxiv_id)
        assert stored.paper == paper
        assert (stored.announced_on, stored.is_date_estimated) == (date(2024, 3, 4), True)
        assert day_of(stored.key) == stored.announced_on


async def test_adding_a_batch_again_changes_nothing(store: Store) -> None:
    await add(store, make_papers(20))
    assert await add(store, make_papers(20)) == AddedPapers(unchanged=20)


async def test_papers_of_many_days_keep_the_order_of_their_days(store: Store) -> None:
    dice = random.Random(4)
    papers = [
        make_paper(number, submitted_at=datetime(2024, 3, dice.randrange(1, 29), 9, tzinfo=UTC))
        for number in range(1, 200)
    ]
    dice.shuffle(papers)
    for start in range(0, len(papers), 50):
        await add(store, papers[start : start + 50])
    found = await find(store, "category:cs.CV")
    days = [(await get(store, ArxivId(arxiv_id))).announced_on for arxiv_id in found]
    assert len(days) == 100
    assert days == sorted(days, reverse=True)


async def test_more_papers_than_fit_a_statement_are_stored(store: Store) -> None:
    assert await add(store, make_papers(1234)) == AddedPapers(new=1234)
    assert await store.papers.count_papers() == 1234


async def test_an_empty_batch_is_nothing(store: Store) -> None:
    assert await add(store, []) == AddedPapers()


async def test_a_paper_twice_in_a_batch_is_stored_once_with_the_best_of_both(store: Store) -> None:
    first = make_paper(1, comment="9 pages")
    second = make_paper(1, version=2, title="Better")
    assert await add(store, [first, second, first]) == AddedPapers(new=1, updated=1, unchanged=1)
    stored = await get(store, first.arxiv_id)
    assert (stored.paper.title, stored.paper.comment) == ("Better", "9 pages")


async def test_everything_about_them_can_be_searched(store: Store, tmp_path: Path) -> None:
    code, data = make_link(), make_link("https://zenodo.org/1", LinkKind.DATA)
    await add(
        store,
        [
            make_paper(1, title="On frogs", links=[code]),
            make_paper(2, abstract="Newts are not frogs.", links=[data]),
            make_paper(3, authors=["Zoé Łukasz"], categories=("math.CO", "cs.LG")),
        ],
    )
    assert await find(store, "frog") == ["2403.00002", "2403.00001"]
    assert await find(store, "title:frog") == ["2403.00001"]
    assert await find(store, "has:code") == ["2403.00001"]
    assert await find(store, "has:data") == ["2403.00002"]
    assert await find(store, 'author:"Z. Lukasz"') == ["2403.00003"]
    assert await find(store, "category:math.*") == ["2403.00003"]
    assert [each.title for each in await store.search.suggest_titles("on fr")] == ["On frogs"]
    check_indexes(tmp_path / "papers.db")


async def test_a_listing_that_comes_later_corrects_the_date(store: Store, tmp_path: Path) -> None:
    paper = make_paper(1, submitted_at=datetime(2024, 3, 1, 9, tzinfo=UTC))
    await add(store, [paper, *make_papers(5, first=2)])
    assert (await get(store, paper.arxiv_id)).announced_on == date(2024, 3, 4)
    await store.papers.add_listing(make_listing(paper), now=NOW)
    stored = await get(store, paper.arxiv_id)
    assert (stored.announced_on, stored.is_date_estimated) == (DAY, False)
    assert await find(store, "id:2403.00001") == ["2403.00001"]
    check_indexes(tmp_path / "papers.db")


async def test_an_announced_date_is_never_replaced_by_an_estimate(store: Store) -> None:
    paper = make_paper(1, submitted_at=datetime(2024, 3, 1, 9, tzinfo=UTC))
    await store.papers.add_listing(make_listing(paper), now=NOW)
    assert await add(store, [paper]) == AddedPapers(unchanged=1)
    assert (await get(store, paper.arxiv_id)).announced_on == DAY


async def test_what_the_metadata_adds_reaches_the_index(store: Store, tmp_path: Path) -> None:
    """A paper known from a feed gains its comment; the new version's text replaces the old."""
    await store.papers.add_listing(make_listing(make_paper(1), make_paper(2)), now=NOW)
    gained = make_paper(1, comment="with tadpoles", submitted_at=datetime(2024, 3, 1, tzinfo=UTC))
    newer = make_paper(2, version=2, abstract="Newts only.", links=[make_link()])
    assert await add(store, [gained, newer]) == AddedPapers(updated=2)
    assert await find(store, "tadpoles") == ["2403.00001"]
    assert await find(store, "newts has:code") == ["2403.00002"]
    assert await find(store, "problem") == ["2403.00001"]
    assert await find(store, "type:new newts") == ["2403.00002"]
    check_indexes(tmp_path / "papers.db")


async def test_hostile_text_is_stored_as_it_is(store: Store) -> None:
    paper = make_paper(1, title="'; DROP TABLE paper; --", source_abstract="a\0b \"c\" [d] 'e'")
    await add(store, [paper])
    assert (await get(store, paper.arxiv_id)).paper == paper


# -- what is worth reading further ---------------------------------------------------------------


async def changed(store: Store, lines: Sequence[str]) -> list[str]:
    records = [read_snapshot_line(line) for line in lines]
    return [record.arxiv_id for record in await store.papers.list_changed(records)]


async def test_records_that_are_stored_are_told_from_those_with_news(store: Store) -> None:
    await add(store, [read_snapshot_line(snapshot_line(number)).build() for number in (1, 2)])
    assert await changed(store, [snapshot_line(number) for number in (1, 2, 3)]) == ["2403.00003"]


VERSIONS = [{"version": f"v{n}", "created": "Mon, 4 Mar 2024 09:00:00 GMT"} for n in (1, 2)]


@pytest.mark.parametrize(
    "change",
    [
        {"versions": VERSIONS},
        {"versions": VERSIONS, "title": "Another", "abstract": "  Another.\n"},
        {"doi": "10.1/x"},
        {"journal-ref": "J. Frogs 3"},
        {"categories": "cs.CV cs.LG math.CO"},
        {"announced": "2024-03-06"},
    ],
)
async def test_a_record_with_news_is_never_passed_over(
    store: Store, change: dict[str, object]
) -> None:
    await add(store, [read_snapshot_line(snapshot_line()).build()])
    line = snapshot_line(1, **change)
    assert await changed(store, [line]) == ["2403.00001"]
    record = read_snapshot_line(line)
    prepared = prepare_paper(date_paper(record.build(), record.announced_on))
    await store.papers.add_papers([prepared])
    assert await changed(store, [line]) == []


@pytest.mark.parametrize(
    "change",
    [
        {"doi": None},
        {"comments": None},
        {"authors_parsed": [], "authors": ""},
        {"categories": ""},
        {"title": "Another of the same version"},
    ],
)
async def test_a_record_that_says_nothing_more_is_no_news(
    store: Store, change: dict[str, object]
) -> None:
    await add(store, [read_snapshot_line(snapshot_line(doi="10.1/x")).build()])
    assert await changed(store, [snapshot_line(1, **change)]) == []


TOLD: dict[str, list[object]] = {
    "versions": [VERSIONS[:1], VERSIONS],
    "title": ["On {\\bf frogs}", "On newts"],
    "abstract": ["Frogs.", "Newts, see https://github.com/frogs/newts."],
    "authors_parsed": [[], [["B", "A", ""]]],
    "categories": ["cs.CV", "cs.LG cs.CV", "math.CO"],
    "comments": [None, "9 pages", "This paper has been withdrawn"],
    "doi": [None, "10.1/x"],
    "journal-ref": [None, "J. Frogs 3"],
    "license": [None, "https://example.org/by"],
    "announced": [None, "2024-03-05", "2024-03-06"],
}


async def test_what_is_not_read_further_would_change_nothing(store: Store) -> None:
    """Whatever a record tells; and much is not read further."""
    dice = random.Random(6)
    outcomes = Counter[tuple[bool, bool]]()
    for number in range(1, 150):
        for _ in range(2):
            told = {name: dice.choice(values) for name, values in TOLD.items()}
            record = read_snapshot_line(snapshot_line(number, **told))
            is_news = bool(await store.papers.list_changed([record]))
            dated = date_paper(record.build(), record.announced_on)
            added = await store.papers.add_papers([prepare_paper(dated)])
            outcomes[is_news, added.unchanged == 0] += 1
    assert outcomes[False, True] == 0
    assert min(outcomes[False, False], outcomes[True, True]) > outcomes[True, False] > 0


async def test_of_two_records_of_a_paper_the_one_with_news_is_kept(store: Store) -> None:
    await add(store, [read_snapshot_line(snapshot_line()).build()])
    assert len(await changed(store, [snapshot_line(), snapshot_line(versions=VERSIONS)])) == 1


async def test_a_batch_is_stored_whole_or_not_at_all(tmp_path: Path) -> None:
    """Whatever breaks inside a batch, none of it stays, and the next batch is stored."""
    async with open_store(tmp_path / "papers.db") as store:
        with pytest.raises(StoreError, match="Unicode"):  # in the second statement of rows
            await add(store, [*make_papers(600), make_paper(601, title="\ud800")])
        assert await store.papers.count_papers() == 0
        assert await add(store, make_papers(3)) == AddedPapers(new=3)
    check_indexes(tmp_path / "papers.db")


async def test_papers_reread_have_the_texts_and_links_of_todays_rules(
    store: Store, tmp_path: Path
) -> None:
    foreign = make_link("https://github.com/other/one", provenance=Provenance.HUGGING_FACE)
    stale = make_paper(
        1,
        title="a ≡ b p",
        source_title=r"$a \equiv b \pmod{p}$",
        abstract="method is at https://github.com/ada/x",
        source_abstract=r"\method is at https://github.com/ada/x",
        authors=["Ada B (Univ. X)"],
        links=[make_link("https://example.org/stale"), foreign],
    )
    others = make_papers(1200, first=2)
    await add(store, [stale, *others])
    last, changed = await store.papers.reread()
    total = changed
    while last is not None:
        last, changed = await store.papers.reread(after=last)
        total += changed
    assert total == 1
    paper = (await get(store, stale.arxiv_id)).paper
    assert (paper.title, paper.authors) == ("a ≡ b (mod p)", ("Ada B",))
    assert paper.abstract == r"\method is at https://github.com/ada/x"
    assert [link.url for link in paper.links[2:]] == ["https://github.com/ada/x", foreign.url]
    assert await find(store, "title:mod") == [stale.arxiv_id]
    assert (await store.papers.reread())[1] == 0
