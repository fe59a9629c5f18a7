"""Papers like a paper."""

import pytest

from bot.store.search import similar as search_similar
from bot.store.search import words as search_words
from bot.store.store import Store
from tests.builders import NOW, make_listing, make_paper

FILLER = "We study a problem and show results with our method on data"


@pytest.mark.parametrize("is_counted", [False, True])
async def test_papers_that_share_telling_words_are_similar(
    store: Store, monkeypatch: pytest.MonkeyPatch, is_counted: bool
) -> None:
    papers = [
        make_paper(
            number,
            title=f"{topic} {number}",
            abstract=f"{FILLER}: {topic} {topic}, variant {number}.",
        )
        for topic, numbers in (
            ("Gaussian splatting radiance", range(1, 5)),
            ("Cosmic lensing halos", range(11, 15)),
            ("Protein folding energy", range(21, 25)),
        )
        for number in numbers
    ]
    await store.papers.add_listing(make_listing(*papers), now=NOW)
    if is_counted:
        monkeypatch.setattr(search_words, "SMALL", 0)
        assert await store.search.tidy()
    found = await store.search.find_similar(papers[0], limit=3)
    assert {match.stored.paper.arxiv_id for match in found} == {
        paper.arxiv_id for paper in papers[1:4]
    }


async def test_a_similar_paper_comes_with_the_telling_words_that_both_say(store: Store) -> None:
    """In any form, written as the given paper does, the most telling first; no common words."""
    given = make_paper(1, title="Splatted radiances", abstract=f"{FILLER}: Radiances, quickly.")
    both = make_paper(2, title="Splatting", abstract=f"{FILLER}: a radiance, and quick.")
    one = make_paper(3, title="Halos", abstract=f"{FILLER}: a radiance.")
    others = [make_paper(number, abstract=FILLER) for number in range(4, 30)]
    await store.papers.add_listing(make_listing(given, both, one, *others), now=NOW)
    found = await store.search.find_similar(given, limit=2)
    assert [match.stored.paper.arxiv_id for match in found] == [both.arxiv_id, one.arxiv_id]
    assert [match.shared for match in found] == [("Radiances", "Splatted"), ("Radiances",)]


async def test_a_paper_that_is_not_stored_has_similar_ones_too(store: Store) -> None:
    papers = [make_paper(number, title=f"Splatting fields {number}") for number in range(1, 4)]
    await store.papers.add_listing(make_listing(*papers), now=NOW)
    found = await store.search.find_similar(make_paper(99, title="Splatting fields anew"), limit=2)
    assert len(found) == 2


async def test_a_paper_without_words_is_like_none(store: Store) -> None:
    empty = make_paper(1, title="…", abstract="")
    await store.papers.add_listing(make_listing(empty), now=NOW)
    assert await store.search.find_similar(empty) == ()


async def test_how_often_a_paper_says_a_word_and_how_long_it_is_counts(store: Store) -> None:
    """Not only which telling words are shared, nor how new a paper is."""
    given = make_paper(1, title="Splatting radiance", abstract=f"{FILLER}: splatting radiance.")
    about = make_paper(2, title="Radiance splatting", abstract="Splatting, radiance, splatting.")
    once = make_paper(3, title="Halos", abstract="Of splatting and radiance.")
    long = " ".join(f"word{number}" for number in range(300))
    lost = make_paper(4, title="Surveys", abstract=f"{long} splatting radiance.")
    others = [make_paper(number, abstract=FILLER) for number in range(5, 30)]
    await store.papers.add_listing(make_listing(given, about, once, lost, *others), now=NOW)
    found = await store.search.find_similar(given, limit=3)
    assert [match.stored.paper.arxiv_id[-1] for match in found] == ["2", "3", "4"]


async def test_only_the_most_promising_texts_are_read(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_similar, "READ", 2)
    papers = [make_paper(number, title=f"Splatting fields {number}") for number in range(1, 9)]
    await store.papers.add_listing(make_listing(*papers), now=NOW)
    found = await store.search.find_similar(papers[0], limit=5)
    assert len(found) == 3
