"""What is offered while a person types."""

import pytest

from bot.store.store import Store
from tests.builders import NOW, make_listing, make_paper


@pytest.fixture
async def filled(store: Store) -> Store:
    papers = (
        make_paper(1, title="Attention is all you need", authors=("Ashish Vaswani", "Jakob U.")),
        make_paper(2, title="Deep attention for segmentation", authors=("Kaiming He",)),
        make_paper(3, title="Segment anything", authors=("Kaiming He", "Jean-Pierre Serré")),
        make_paper(4, title="Calm seas", authors=("Kaifeng Hu", "Søren Ørsted")),
    )
    await store.papers.add_listing(make_listing(*papers), now=NOW)
    return store


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        ("atten", "21"),
        ("attention is", "1"),
        ("attention is all y", "1"),
        ("segmentat", "2"),
        ("SEG", "32"),
        ("se", "432"),
        ("segment any", "3"),
        ("Attention, is: all", "1"),
        ("zzz", ""),
        ("a", ""),
        ("", ""),
        ('"', ""),
        ("title:x", ""),
        ("\0\ud800", ""),
    ],
)
async def test_titles_are_completed(filled: Store, typed: str, numbers: str) -> None:
    found = await filled.search.suggest_titles(typed)
    assert "".join(each.arxiv_id[-1] for each in found) == numbers


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("kai", ["Kaiming He", "Kaifeng Hu"]),
        ("he", ["Kaiming He"]),
        ("he kaim", ["Kaiming He"]),
        ("kaiming h", ["Kaiming He"]),
        ("serre", ["Jean-Pierre Serré"]),
        ("jean-p", ["Jean-Pierre Serré"]),
        ("soren", ["Søren Ørsted"]),
        ("Søren", ["Søren Ørsted"]),
        ("x", []),
        ("(", []),
    ],
)
async def test_authors_are_completed_those_with_most_papers_first(
    filled: Store, typed: str, names: list[str]
) -> None:
    assert await filled.search.suggest_authors(typed) == names


async def test_no_more_is_offered_than_asked_for(filled: Store) -> None:
    assert len(await filled.search.suggest_titles("se", limit=2)) == 2
    assert len(await filled.search.suggest_authors("kai", limit=1)) == 1
