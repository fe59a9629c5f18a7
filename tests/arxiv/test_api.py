from datetime import UTC, date, datetime

import pytest

from bot.arxiv.api import parse_api_response
from bot.errors import ListingFormatError
from tests.arxiv.recordings import cuts, recordings
from tests.fakes.arxiv_forms import Record, api_error, api_feed
from tests.shared import shared

DAY = date(1999, 1, 8)

RECORD = Record(
    "hep-th/9901001",
    version=3,
    title="On\n  $\\beta$-decay",
    abstract="  We study it.\n",
    authors=["Ada B", "Bo C"],
    categories=["hep-th", "cs.CV"],
    comment="10 pages, https://github.com/ada/two",
    doi="10.1000/1",
    journal_ref="J. Ex. 1 (2024) 1",
    submitted_at=datetime(1999, 1, 1, 12, 30, tzinfo=UTC),
)


def test_every_field_of_an_entry_arrives() -> None:
    response = parse_api_response(api_feed("", [(DAY, RECORD)], 0, 10).encode())
    assert (response.total, response.start) == (1, 0)
    [paper] = response.papers
    assert (paper.arxiv_id, paper.version) == ("hep-th/9901001", 3)
    assert response.revised_at == {paper.arxiv_id: datetime(1999, 1, 7, 12, tzinfo=UTC)}
    assert (paper.title, paper.abstract) == ("On β-decay", "We study it.")
    assert paper.authors == ("Ada B", "Bo C")
    assert paper.categories == ("hep-th", "cs.CV")
    assert paper.comment == "10 pages, https://github.com/ada/two"
    assert (paper.doi, paper.journal_ref) == ("10.1000/1", "J. Ex. 1 (2024) 1")
    assert paper.submitted_at == RECORD.submitted_at
    assert "https://github.com/ada/two" in [link.url for link in paper.links]


def test_the_primary_category_comes_first() -> None:
    text = api_feed("", [(DAY, RECORD)], 0, 10)
    text = text.replace('primary_category term="hep-th"', 'primary_category term="cs.CV"')
    assert parse_api_response(text.encode()).papers[0].categories == ("cs.CV", "hep-th")


def test_nothing_found_is_an_empty_answer() -> None:
    response = parse_api_response(api_feed("", [], 0, 10).encode())
    assert (response.papers, response.total) == ((), 0)
    assert not response.is_spurious


def test_an_empty_page_with_papers_left_is_spurious() -> None:
    assert (
        parse_api_response(api_feed("", [(DAY, RECORD)] * 9, 9, 10).encode()).is_spurious is False
    )
    empty = api_feed("", [], 0, 10).replace("totalResults>0<", "totalResults>9<")
    assert parse_api_response(empty.encode()).is_spurious


@pytest.mark.parametrize("old", ["hep-th/9901001v3", "On\n  $\\beta$-decay"])
def test_a_broken_entry_is_skipped_and_named(old: str) -> None:
    text = api_feed("", [(DAY, RECORD), (DAY, Record("2408.00001"))], 0, 10).replace(old, "")
    response = parse_api_response(text.encode())
    assert [paper.arxiv_id for paper in response.papers] == ["2408.00001"]
    assert [skipped.name.startswith("http://arxiv.org/abs/") for skipped in response.skipped] == [
        True
    ]


@pytest.mark.parametrize("stamp", ["", "yesterday", "2024-08-01T12:00:00"])
def test_an_unreadable_time_of_submission_is_absent(stamp: str) -> None:
    text = api_feed("", [(DAY, RECORD)], 0, 10).replace("1999-01-01T12:30:00Z", stamp)
    assert parse_api_response(text.encode()).papers[0].submitted_at is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"Rate exceeded.", "Rate exceeded"),
        (b"<html></html>", "not one of arXiv's query API"),
        (b"<feed xmlns='http://www.w3.org/2005/Atom'/>", "not one of arXiv's query API"),
        (api_error("incorrect id format for abc").encode(), "incorrect id format for abc"),
        (
            api_feed("", [], 0, 10).replace("totalResults>0<", "totalResults>many<").encode(),
            "number",
        ),
    ],
)
def test_anything_else_is_one_sentence(content: bytes, said: str) -> None:
    with pytest.raises(ListingFormatError, match=said):
        parse_api_response(content)


def test_recorded_answers_are_read_whole() -> None:
    for recording in recordings("api/*.xml"):
        if "id_abc" in recording.name:
            continue
        response = parse_api_response(recording.read_bytes())
        assert response.skipped == ()
        assert not response.is_spurious
        for paper in response.papers:
            assert paper.title
            assert paper.abstract
            assert paper.authors
            assert paper.categories
            assert paper.submitted_at


def test_a_recorded_old_paper() -> None:
    path = "recordings/api/id_astro-ph_0601001_s0_m100_3150dca9dc76.xml"
    [paper] = parse_api_response(shared(path).read_bytes()).papers
    assert paper.arxiv_id == "astro-ph/0601001"
    assert paper.authors[0] == "Andrew Gould"
    assert paper.journal_ref == "ActaAstron.56:1-50,2006"
    assert paper.submitted_at == datetime(2006, 1, 2, 14, 57, 58, tzinfo=UTC)


def test_the_recorded_refusal_is_told_in_arxivs_words() -> None:
    path = "recordings/api/id_abc_s0_m100_b79c8dcf6bc3.xml"
    with pytest.raises(ListingFormatError, match="incorrect id format for abc"):
        parse_api_response(shared(path).read_bytes())


def test_a_truncated_answer_is_never_one() -> None:
    for recording in recordings("api/*.xml"):
        for cut in cuts(recording.read_bytes(), most=30):
            with pytest.raises(ListingFormatError):
                parse_api_response(cut)
