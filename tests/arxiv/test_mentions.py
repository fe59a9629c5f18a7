"""Papers are found in whatever people paste, and numbers are not taken for papers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.arxiv.mentions import Mention, find_mentions
from bot.models import ArxivId
from tests.query.hostile import HOSTILE


def ids(text: str) -> list[str]:
    return [str(each.arxiv_id or each.doi) for each in find_mentions(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see https://arxiv.org/abs/2401.01234v2.", ["2401.01234"]),
        ("<https://arxiv.org/pdf/2401.01234v2.pdf>", ["2401.01234"]),
        ("[this](https://www.alphaxiv.org/abs/2401.01234)", ["2401.01234"]),
        ("https://huggingface.co/papers/2401.01234?x=1", ["2401.01234"]),
        ("arXiv:hep-th/9901001 and arxiv: 0704.0001", ["hep-th/9901001", "0704.0001"]),
        ("https://doi.org/10.48550/arXiv.2401.01234", ["2401.01234"]),
        ("(doi:10.1103/PhysRevLett.1.2)", ["10.1103/physrevlett.1.2"]),
        ("**2401.01234**, math.GT/0309136", ["2401.01234", "math/0309136"]),
        ("2401.01235 before 2401.01234 and 2401.01235 again", ["2401.01235", "2401.01234"]),
    ],
)
def test_every_usual_form_is_found(text: str, found: list[str]) -> None:
    assert ids(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1234.5678 of month 34",
        "v1.2401.01234",
        "https://example.org/2401.01234",
        "a/1234567 and and/or/1234567",
        "12401.012345",
        "10.1/x",
    ],
)
def test_other_numbers_are_no_papers(text: str) -> None:
    assert ids(text) == []


def test_a_bare_number_is_not_certain_until_an_address_says_the_same() -> None:
    assert find_mentions("2401.01234") == [
        Mention(arxiv_id=ArxivId("2401.01234"), is_certain=False)
    ]
    both = find_mentions("2401.01234 https://arxiv.org/abs/2401.01234")
    assert both == [Mention(arxiv_id=ArxivId("2401.01234"))]


@given(st.text(max_size=300))
def test_whatever_is_written_is_read(text: str) -> None:
    find_mentions(text)


def test_hostile_texts_are_read_in_time() -> None:
    for text in [*HOSTILE, "a-" * 40_000, "10.1234/" * 9000, "https://" * 9000]:
        find_mentions(text)
