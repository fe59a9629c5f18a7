"""What a query finds, in which order, page by page."""

import itertools
import sqlite3
import time
from datetime import date, timedelta

import pytest

from bot.errors import InputError
from bot.query.parser import parse_query
from bot.query.results import Cursor, SearchPage, Sort
from bot.query.widen import UNKNOWN, widen
from bot.store.search import find as search_find
from bot.store.search import pool
from bot.store.search.search import FIND_DEADLINE_S
from bot.store.sqlite import executor
from bot.store.sqlite.executor import Reading
from bot.store.store import Store
from tests.builders import DAY, NOW, make_listing, make_paper, make_papers
from tests.engine_table import PAPERS, announce_papers


@pytest.fixture
async def stored(store: Store) -> Store:
    await announce_papers(store)
    return store


async def test_relevance_puts_title_phrases_first_then_titles_then_the_rest(store: Store) -> None:
    papers = (
        make_paper(1, title="Graph neural networks"),
        make_paper(2, title="Networks, neural and other"),
        make_paper(3, title="Something else", abstract="Neural networks."),
    )
    await store.papers.add_listing(make_listing(*papers), now=NOW)
    page = await store.search.find(parse_query("neural networks"), sort=Sort.RELEVANCE)
    assert [match.stored.paper.arxiv_id for match in page.matches] == [p.arxiv_id for p in papers]


@pytest.mark.parametrize("sort", list(Sort))
async def test_pages_stay_in_step_while_papers_arrive(store: Store, sort: Sort) -> None:
    await store.papers.add_listing(make_listing(*make_papers(25)), now=NOW)
    query = parse_query("paper OR problem")
    page = await store.search.find(query, sort=sort, limit=10)
    seen = [match.stored.paper.arxiv_id for match in page.matches]
    number = 100
    while page.next:
        newer = make_listing(make_paper(number), announced_on=DAY + timedelta(days=number))
        await store.papers.add_listing(newer, now=NOW)
        number += 1
        cursor = Cursor.parse(str(page.next))
        assert cursor == page.next
        assert len(str(cursor)) <= 40
        page = await store.search.find(query, sort=sort, limit=10, after=cursor)
        seen += [match.stored.paper.arxiv_id for match in page.matches]
        assert page.total == 25
    expected = [paper.arxiv_id for paper in reversed(make_papers(25))]
    assert (seen if sort is Sort.NEWEST else sorted(seen, reverse=True)) == expected


@pytest.mark.parametrize("sort", list(Sort))
async def test_pages_turn_back_the_way_they_came(
    store: Store, sort: Sort, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also across the end of the scored pool, and with papers arriving in front."""
    for module in (search_find, pool):
        monkeypatch.setattr(module, "POOL", 25)
    papers = [
        make_paper(number, title="Paper one" if number % 3 else f"Number {number} of papers")
        for number in range(1, 60)
    ]
    await store.papers.add_listing(make_listing(*papers), now=NOW)
    query = parse_query("paper OR problem")
    page = await store.search.find(query, sort=sort, limit=10)
    forward = [page]
    while page.next:
        page = await store.search.find(query, sort=sort, limit=10, after=page.next)
        forward.append(page)
    assert len({match.stored.key for page in forward for match in page.matches}) == 59
    newer = make_listing(*make_papers(3, first=100), announced_on=DAY + timedelta(days=1))
    await store.papers.add_listing(newer, now=NOW)
    for earlier in reversed(forward[:-1]):
        assert page.previous is not None
        assert len(str(page.previous)) <= 40
        cursor = Cursor.parse(str(page.previous))
        assert cursor == page.previous
        page = await store.search.find(query, sort=sort, limit=10, after=cursor)
        assert page == earlier
    assert page.previous is None


@pytest.mark.parametrize("limit", ["COUNTED", "KNOWN"])
async def test_titles_of_long_ago_are_only_looked_for_when_their_day_comes(
    store: Store, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    """Every paper is on one page, wherever the line is drawn, and the way back is the same."""
    for module in (search_find, pool):
        monkeypatch.setattr(module, "POOL", 12)
    monkeypatch.setattr(search_find, limit, 24)
    monkeypatch.setattr(search_find, "COUNTED_IN_FULL", 1 if limit == "KNOWN" else 100)
    monkeypatch.setattr(search_find, "COUNTED_EXACTLY", 0)
    await store.database.write(note_count, 60)
    monkeypatch.setattr(pool, "TITLED", 37)
    for day in range(6):
        papers = [
            make_paper(
                number, title="Nets" if number % 5 == 0 else "Other", abstract="Sparse nets."
            )
            for number in range(10 * day, 10 * day + 10)
        ]
        listing = make_listing(*papers, announced_on=DAY + timedelta(days=day))
        await store.papers.add_listing(listing, now=NOW)
    query = parse_query("sparse nets")
    pages = [await store.search.find(query, sort=Sort.RELEVANCE, limit=5)]
    while after := pages[-1].next:
        pages.append(await store.search.find(query, sort=Sort.RELEVANCE, limit=5, after=after))
    assert (pages[0].total, pages[0].total_is_exact) == (24, False)
    numbers = [int(match.stored.paper.arxiv_id[-5:]) for page in pages for match in page.matches]
    assert len(numbers) == len(set(numbers)) == 60
    newest, last_days = numbers[:12], range(20, 60)
    assert [number for number in range(55, 19, -5) if number not in newest] == []
    behind = [number for number in numbers[12:] if number not in last_days]
    assert behind == sorted(behind, reverse=True)
    for earlier, later in itertools.pairwise(reversed(pages)):
        back = await store.search.find(query, sort=Sort.RELEVANCE, limit=5, after=earlier.previous)
        assert back.matches == later.matches


async def test_all_papers_of_a_rare_word_are_ranked(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not only those that a pool holds: the oldest, whose abstract repeats it, is before others."""
    for module in (search_find, pool):
        monkeypatch.setattr(module, "POOL", 5)
    papers = [
        make_paper(1, title="Something else", abstract="Quark, quark and a quark."),
        *(make_paper(number, abstract="On a quark in it.") for number in range(2, 24)),
        make_paper(24, title="A quark"),
        *make_papers(40, first=50),
    ]
    await store.papers.add_listing(make_listing(*papers), now=NOW)
    await store.search.count_again()
    query = parse_query("=quark")
    pages = [await store.search.find(query, sort=Sort.RELEVANCE, limit=10)]
    while cursor := pages[-1].next:
        pages.append(await store.search.find(query, sort=Sort.RELEVANCE, limit=10, after=cursor))
    found = [match.stored.paper.arxiv_id for page in pages for match in page.matches]
    ids = [paper.arxiv_id for paper in papers]
    assert found == [ids[23], ids[0], *ids[22:0:-1]]
    assert [(page.total, page.total_is_exact) for page in pages] == [(24, True)] * 3
    last = await store.search.find(query, sort=Sort.RELEVANCE, limit=10, after=pages[0].last)
    assert last.matches == pages[-1].matches
    back = await store.search.find(query, sort=Sort.RELEVANCE, limit=10, after=last.previous)
    assert back.matches == pages[1].matches


@pytest.mark.parametrize(
    ("text", "counts", "expected"),
    [
        ("quark", {"quark": 10}, False),
        ("=quark", {"quark": 11}, False),
        ("title:=quark", {}, True),
        ("=quark", {"quark": 10, "quarks": 90}, True),
        ("quar*", {}, False),
        ("=k-means", {}, False),
        ("=quark OR =net", {}, False),
        ("=quark -net", {}, False),
        ("author:quark", {}, False),
    ],
)
def test_a_rare_word_is_one_word_of_few_papers(
    text: str, counts: dict[str, int], *, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "FEW_PAPERS", 10)
    assert pool.is_rare(widen(parse_query(text).root, UNKNOWN), counts) is expected


async def test_history_imported_late_stays_behind_newer_papers(store: Store) -> None:
    await store.papers.add_listing(make_listing(make_paper(1)), now=NOW)
    old = make_listing(make_paper(2), announced_on=date(2020, 8, 21))
    await store.papers.add_listing(old, now=NOW)
    page = await store.search.find(parse_query("paper"))
    assert [match.stored.announced_on for match in page.matches] == [DAY, date(2020, 8, 21)]


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("deadline_s", [0, 0.001, 0.004, 0.016, 10])
async def test_a_search_cut_off_shows_what_it_found_and_says_so(
    store: Store, monkeypatch: pytest.MonkeyPatch, sort: Sort, deadline_s: float
) -> None:
    monkeypatch.setattr(executor, "SEARCH_STEPS_BETWEEN_LOOKS", 1)
    await store.papers.add_listing(make_listing(*make_papers(400)), now=NOW)
    query = parse_query('paper "number 1" OR problem -number')
    whole = await store.search.find(query, limit=400, deadline_s=60)
    page = await store.search.find(query, sort=sort, limit=10, deadline_s=deadline_s)
    assert set(page.matches) <= set(whole.matches)
    assert page.overran or page.total == whole.total
    if page.overran:
        assert not page.total_is_exact
        assert page.total <= whole.total


@pytest.mark.parametrize("text", ["paper OR problem", "number problem"])
async def test_a_large_archive_is_counted_as_far_as_that_is_cheap(
    store: Store, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """The page is the same, and the number says that there are more."""
    monkeypatch.setattr(executor, "SEARCH_STEPS_BETWEEN_LOOKS", 1)
    await store.papers.add_listing(make_listing(*make_papers(400)), now=NOW)
    await store.database.write(note_count, 400)
    query = parse_query(text)
    whole = await store.search.find(query)
    assert (whole.total, whole.total_is_exact) == (400, True)
    monkeypatch.setattr(search_find, "COUNTED_IN_FULL", 100)
    monkeypatch.setattr(search_find, "COUNTING_S", 0)
    monkeypatch.setattr(search_find, "PIECES_S", 0)
    monkeypatch.setattr(search_find, "PAGE_PIECE", 20)
    assert await store.search.find(query) == whole, "rare enough to count"
    monkeypatch.setattr(search_find, "COUNTED_EXACTLY", 399)
    page = await store.search.find(query)
    assert page.matches == whole.matches
    assert 10 <= page.total < 400
    assert not page.total_is_exact
    assert not page.overran
    monkeypatch.setattr(search_find, "COUNTING_S", 60)
    monkeypatch.setattr(search_find, "PIECES_S", 60)
    assert await store.search.find(query) == whole, "time enough"


@pytest.mark.parametrize("sort", list(Sort))
async def test_all_are_counted_where_that_is_cheap(
    store: Store, monkeypatch: pytest.MonkeyPatch, sort: Sort
) -> None:
    """Beyond what a page walks to, from day to day, and on to the last page."""
    monkeypatch.setattr(search_find, "COUNTED", 12)
    monkeypatch.setattr(search_find, "POOL", 8)
    monkeypatch.setattr(pool, "POOL", 8)
    for back in (30, 0):
        listing = make_listing(
            *make_papers(20, first=1 + back), announced_on=DAY - timedelta(days=back)
        )
        await store.papers.add_listing(listing, now=NOW)
    await store.search.count_again()
    for text, papers in (
        ("number problem", 40),
        (f"number problem since:{DAY}", 20),
        ("number -10", 39),
    ):
        query = parse_query(text)
        page = await store.search.find(query, sort=sort, limit=6)
        assert (page.total, page.total_is_exact) == (papers, True), text
        assert page.last is not None
        last = await store.search.find(query, sort=sort, limit=6, after=page.last)
        assert last.first_number + len(last.matches) - 1 == papers
        assert last.next is None
    monkeypatch.setattr(search_find, "COUNTED_EXACTLY", 40)
    page = await store.search.find(parse_query("number problem"), sort=sort, limit=6)
    assert (page.total, page.total_is_exact, page.last) == (12, False, None)
    page = await store.search.find(parse_query("number id:2403.00001 OR paper"), limit=6)
    assert not page.total_is_exact, "papers that are named are not counted apart"


@pytest.mark.parametrize("overruns", [False, True])
async def test_counting_that_is_cut_off_leaves_what_was_found(
    store: Store, monkeypatch: pytest.MonkeyPatch, *, overruns: bool
) -> None:
    """A count that breaks off counts nothing, though papers were found."""
    monkeypatch.setattr(executor, "SEARCH_STEPS_BETWEEN_LOOKS", 1)
    monkeypatch.setattr(search_find, "COUNTED", 12)
    await store.papers.add_listing(make_listing(*make_papers(40)), now=NOW)
    await store.search.count_again()
    query = parse_query("number problem")

    clock = [0.0]

    def search(given: Reading) -> SearchPage:
        connection = given.connection
        reading = Reading(connection, 60.0, lambda: clock[0])

        def overrun(statement: str) -> None:
            if overruns and "count(*) FROM paper_text" in statement:
                clock[0] += 60.1

        connection.set_progress_handler(reading.has_passed, 1)
        connection.set_trace_callback(overrun)
        try:
            return search_find.find(reading, query, Sort.NEWEST, 6, None)
        finally:
            connection.set_trace_callback(None)

    page = await store.database.search(60.0, search)
    assert len(page.matches) == 6
    expected = (12, False, True) if overruns else (40, True, False)
    assert (page.total, page.total_is_exact, page.overran) == expected
    assert (page.last is None) == overruns


def note_count(connection: sqlite3.Connection, papers: int) -> None:
    connection.execute("INSERT INTO word (word, papers) VALUES ('', ?)", (papers,))


@pytest.mark.parametrize("text", ["", "1", "a.b.c.d", "0.1.2.3.4.5", "0.zz.1.2", "٣.1.2.3"])
def test_a_foreign_cursor_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(InputError, match="search again"):
        Cursor.parse(text)


async def test_titles_are_completed_from_unfinished_words(stored: Store) -> None:
    found = await stored.search.suggest_titles("deep resid")
    assert [each.title for each in found] == [PAPERS[0].title]
    assert await stored.search.suggest_titles('"(') == []


async def test_authors_are_completed_in_any_order(stored: Store) -> None:
    assert await stored.search.suggest_authors("he ka") == ["Kaiming He"]
    assert await stored.search.suggest_authors("sér") == ["Jean-Pierre Sérré"]


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize("count", [23, 170])
async def test_the_last_page_is_the_one_that_turning_leads_to(
    store: Store, sort: Sort, count: int
) -> None:
    papers = [
        make_paper(number, title="Nets" if number % 3 else "Others", abstract="With nets.")
        for number in range(1, count + 1)
    ]
    await store.papers.add_listing(make_listing(*papers), now=NOW)
    query = parse_query("nets")
    page = await store.search.find(query, sort=sort, limit=10)
    last = page.last
    pages = [page]
    while page.next:
        page = await store.search.find(query, sort=sort, limit=10, after=page.next)
        pages.append(page)
    assert page.last is None
    found = await store.search.find(query, sort=sort, limit=10, after=last)
    assert (found.matches, found.first_number) == (page.matches, page.first_number)
    assert (found.next, found.total) == (None, count)
    before = await store.search.find(query, sort=sort, limit=10, after=found.previous)
    assert before.matches == pages[-2].matches


async def test_a_machine_that_is_busy_shows_no_fewer_papers(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between any two looks at the clock others computed for two milliseconds."""
    monkeypatch.setattr(executor, "SEARCH_STEPS_BETWEEN_LOOKS", 100)
    await store.papers.add_listing(make_listing(*make_papers(300)), now=NOW)
    asked = ["paper number", "problem -7", "pap*", '"study problem"', "number OR solve", ""]
    queries = [(parse_query(text), sort) for text in asked for sort in Sort]
    quiet = [await store.search.find(query, sort=sort, deadline_s=60) for query, sort in queries]
    passed = itertools.count(start=time.perf_counter(), step=0.002)
    monkeypatch.setattr(time, "perf_counter", lambda: next(passed))
    begun = time.perf_counter()
    busy = [await store.search.find(query, sort=sort) for query, sort in queries]
    assert time.perf_counter() - begun > len(queries) * FIND_DEADLINE_S, "others had their turns"
    assert [page.matches for page in busy] == [page.matches for page in quiet]
    assert [page.total for page in busy] == [page.total for page in quiet]
    assert not any(page.overran for page in busy)
