"""What a query finds, in which order, page by page."""

from datetime import date, timedelta

import pytest

from bot.errors import InputError
from bot.models import AnnounceType
from bot.query.parser import parse_query
from bot.store import search_find
from bot.store.search import Cursor, Sort
from bot.store.store import Store
from tests.builders import DAY, NOW, make_link, make_listing, make_paper, make_papers

PAPERS = (
    make_paper(
        1,
        title="Deep Residual Learning for Image Recognition",
        abstract="Deeper neural networks are more difficult to train.",
        authors=("Kaiming He", "Xiangyu Zhang"),
        categories=("cs.CV", "cs.LG"),
        comment="Tech report",
    ),
    make_paper(
        2,
        title="Training C++ agents: a multi-agent study",
        abstract="Deep learning of policies; code at https://github.com/example/project.",
        authors=("Jean-Pierre Sérré", "K. Łukasik"),
        categories=("cs.MA",),
        links=(make_link(),),
    ),
    make_paper(
        3,
        title="Dark matter halos",
        abstract="We recognise images of halos without learning.",
        authors=("Kaiming Hu", "Xin He"),
        categories=("astro-ph.CO", "stat.ML"),
        doi="10.1103/PhysRevD.76.013009",
    ),
)


@pytest.fixture
async def stored(store: Store) -> Store:
    await store.papers.add_listing(make_listing(*PAPERS[:2]), now=NOW)
    later = make_listing(
        PAPERS[2], (PAPERS[0], AnnounceType.CROSS), announced_on=DAY + timedelta(days=1)
    )
    await store.papers.add_listing(later, now=NOW)
    return store


@pytest.mark.parametrize(
    ("query", "expected", "why"),
    [
        ("learning", "321", "a word in any field"),
        ("LEARNED", "321", "in any form and case"),
        ("deep learning", "21", "words are ANDed"),
        ('"deep learning"', "2", "a phrase is words next to each other"),
        ("halos OR residual", "31", "OR"),
        ("learning -deep", "3", "minus"),
        ("learning NOT deep", "3", "NOT"),
        ("-deep", "3", "only exclusion"),
        ("(residual OR halos) images", "31", "parentheses"),
        ("recogn*", "31", "prefix"),
        ("title:learning", "1", "field"),
        ("abstract:(deep learning)", "2", "a field for a group"),
        ("comment:report", "1", "comment"),
        ("serre", "2", "accents do not matter"),
        ("author:he", "31", "surname"),
        ('author:"K. He"', "1", "initial and surname of one person"),
        ('author:"He, Kaiming"', "1", "order does not matter"),
        ('author:"J.-P. Serre"', "2", "initials of a double name"),
        ('author:"Jeanpierre Serre"', "2", "a double name without hyphen"),
        ('author:"Krzysztof Lukasik"', "2", "the paper has only the initial"),
        ('author:"Kaiming Zhang"', "", "never parts of two persons"),
        ("category:cs.LG", "1", "cross-listed category"),
        ("category:cs.*", "21", "archive"),
        ("category:astro-ph", "3", "archive without star"),
        ("type:cross", "1", "announce type in any listing"),
        ("type:new", "321", "announced as new"),
        ("has:code", "2", "code link"),
        ("-has:code", "31", "no code link"),
        ("since:2024-03-06", "3", "since"),
        ("until:2024-03-05", "21", "until"),
        ("halos OR until:2024-03-05", "321", "a date inside OR"),
        ("-since:2024-03-06", "21", "a date excluded"),
        ("2403.00002v3", "2", "identifier, any version"),
        ("https://arxiv.org/pdf/2403.00003.pdf", "3", "address"),
        ("id:2403.00001 OR id:2403.00003", "31", "identifiers in OR"),
        ("10.1103/physrevd.76.013009", "3", "DOI"),
        ("2403.99999", "", "unknown identifier"),
        ("-2403.00002", "31", "identifier excluded"),
        ("C++ multi-agent", "2", "punctuation inside words"),
        ("", "321", "nothing asked"),
        ("zzz", "", "nothing found"),
    ],
)
async def test_a_query_finds(stored: Store, query: str, expected: str, why: str) -> None:
    parsed = parse_query(query)
    page = await stored.search.find(parsed)
    found = "".join(match.stored.paper.arxiv_id[-1] for match in page.matches)
    assert found == expected, why
    assert (page.total, page.total_is_exact) == (len(expected), True)
    ids = [paper.arxiv_id for paper in PAPERS]
    matched = await stored.search.match(parsed, ids)
    assert matched == {match.stored.paper.arxiv_id for match in page.matches}
    ranked = await stored.search.find(parsed, sort=Sort.RELEVANCE)
    assert set(ranked.matches) == set(page.matches)


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
    monkeypatch.setattr(search_find, "POOL", 25)
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


async def test_history_imported_late_stays_behind_newer_papers(store: Store) -> None:
    await store.papers.add_listing(make_listing(make_paper(1)), now=NOW)
    old = make_listing(make_paper(2), announced_on=date(2020, 8, 21))
    await store.papers.add_listing(old, now=NOW)
    page = await store.search.find(parse_query("paper"))
    assert [match.stored.announced_on for match in page.matches] == [DAY, date(2020, 8, 21)]


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
