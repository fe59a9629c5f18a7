"""A paper is found by what it is called."""

import pytest

from bot.store.store import Store
from tests.builders import NOW, make_listing, make_paper

TITLES = ("Deep learning", "Deep learning for images", "Deep Learning: a survey", "Learning deep")


@pytest.fixture
async def filled(store: Store) -> Store:
    papers = [make_paper(number, title=title) for number, title in enumerate(TITLES, start=1)]
    papers.append(make_paper(5, title="CO₂ and β-VAE", doi="10.1000/182"))
    await store.papers.add_listing(make_listing(*papers), now=NOW)
    return store


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("2403.00004", "4"),
        ("https://hf.co/papers/2403.00004", "4"),
        ("arXiv preprint arXiv:2403.00004 (2024)", "4"),
        ("10.1000/182", "5"),
        ("2403.09999", ""),
        ("deep learning f", "2"),
        ("Deep learning: A su", "3"),
        ("deep", "321"),
        ("deep learning", "1"),
        ("learning", "4"),
        ("co2 and beta", "5"),
        ("for images", ""),
        ("", ""),
        ('" : *', ""),
        ("\0\ud800", ""),
    ],
)
async def test_a_name_finds_its_papers_newest_first(filled: Store, text: str, numbers: str) -> None:
    found = await filled.search.find_named(text)
    assert "".join(each.paper.arxiv_id[-1] for each in found) == numbers
