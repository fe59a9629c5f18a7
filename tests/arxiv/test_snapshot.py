import json
from datetime import UTC, date, datetime

import pytest

from bot.arxiv.snapshot import parse_snapshot_line, read_snapshot_line
from bot.errors import FileFormatError

RECORD: dict[str, object] = {
    "id": "0704.0001",
    "submitter": "Ada B",
    "authors": "Ada B\\'ez, Bo C (Univ., City)",
    "title": "On the\n  $\\beta$-decay",
    "comments": "37 pages,\n  15 figures",
    "journal-ref": "Phys.Rev.D76:013009,2007",
    "doi": "10.1103/PhysRevD.76.013009",
    "report-no": None,
    "categories": "hep-ph cs.CV",
    "license": None,
    "abstract": "  A calculation\nof it.\n  Second.\n",
    "versions": [
        {"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"},
        {"version": "v2", "created": "Tue, 24 Jul 2007 20:10:27 GMT"},
    ],
    "update_date": "2008-11-26",
    "authors_parsed": [["Báez", "Ada", ""], ["C", "Bo", "III", "Univ."]],
}


def line(**changes: object) -> str:
    return json.dumps({**RECORD, **changes})


def test_every_field_of_a_line_arrives() -> None:
    paper = parse_snapshot_line(line().encode())
    assert (paper.arxiv_id, paper.version) == ("0704.0001", 2)
    assert paper.title == "On the β-decay"
    assert paper.abstract == "A calculation of it.\n\nSecond."
    assert paper.authors == ("Ada Báez", "Bo C III")
    assert paper.categories == ("hep-ph", "cs.CV")
    assert paper.comment == "37 pages, 15 figures"
    assert paper.doi == "10.1103/PhysRevD.76.013009"
    assert paper.journal_ref == "Phys.Rev.D76:013009,2007"
    assert paper.submitted_at == datetime(2007, 4, 2, 19, 18, 42, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "authors"),
    [
        ({"authors_parsed": None}, ("Ada Béz", "Bo C")),
        ({"authors_parsed": None, "authors": ["Ada B", "Bo C"]}, ("Ada B", "Bo C")),
        (
            {"authors_parsed": [["X Collaboration", ""], "nonsense", [None, 3]]},
            ("X Collaboration",),
        ),
        ({"authors_parsed": []}, ("Ada Béz", "Bo C")),
        ({"authors_parsed": [[], ["", "", ""], None]}, ("Ada Béz", "Bo C")),
        ({"authors_parsed": [["D0 Collaboration", "", ""], [":", "", ""]]}, ("D0 Collaboration",)),
        ({"authors_parsed": None, "authors": None}, ()),
    ],
)
def test_authors_are_those_taken_apart_else_those_of_the_string(
    changes: dict[str, object], authors: tuple[str, ...]
) -> None:
    assert parse_snapshot_line(line(**changes)).authors == authors


@pytest.mark.parametrize("versions", [None, [], "v1", [3], [{"created": "yesterday"}], [{}]])
def test_unreadable_versions_are_one_without_a_time(versions: object) -> None:
    paper = parse_snapshot_line(line(versions=versions))
    assert (paper.version, paper.submitted_at) == (1, None)


def test_categories_may_be_a_list_as_in_mirrors() -> None:
    assert parse_snapshot_line(line(categories=["hep-ph cs.CV"])).categories == ("hep-ph", "cs.CV")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not JSON"),
        ("# ArXiv cs.CV", "not JSON"),
        (line()[:-3], "not JSON"),
        (b"\xff\xfe{}", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "no object"),
        ("3", "no object"),
        ("{}", "no title"),
        (line(title=" "), "no title"),
        (line(abstract=3), "no abstract"),
        (line(id="nothing"), "'nothing' is not an arXiv identifier"),
        (line(id=704.0001), "is not an arXiv identifier"),
    ],
)
def test_another_line_is_one_sentence(text: str | bytes, said: str) -> None:
    with pytest.raises(FileFormatError) as caught:
        parse_snapshot_line(text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_truncated_line_is_never_a_paper() -> None:
    whole = line()
    for end in range(len(whole)):
        with pytest.raises(FileFormatError):
            parse_snapshot_line(whole[:end])


@pytest.mark.parametrize(
    ("created", "moment"),
    [
        ("Mon, 2 Apr 2007 19:18:42 GMT", datetime(2007, 4, 2, 19, 18, 42, tzinfo=UTC)),
        ("Fri, 29 Feb 2008 00:00:00 GMT", datetime(2008, 2, 29, tzinfo=UTC)),
        ("Mon, 02 Apr 2007 15:18:42 -0400", datetime(2007, 4, 2, 19, 18, 42, tzinfo=UTC)),
        ("Fri, 30 Feb 2007 00:00:00 GMT", None),
        ("Mon, 2 Xyz 2007 19:18:42 GMT", None),
        ("Mon, 2 Apr 2007 25:18:42 GMT", None),
        ("Mon, 2 Apr 2007 19:18:42", None),
        ("yesterday", None),
    ],
)
def test_a_time_is_read_in_any_form_that_names_its_zone(
    created: str, moment: datetime | None
) -> None:
    versions = [{"version": "v1", "created": created}]
    assert parse_snapshot_line(line(versions=versions)).submitted_at == moment


@pytest.mark.parametrize(
    ("changes", "version", "announced_on"),
    [
        ({"version": 3, "versions": None, "announced": "2024-03-06"}, 3, date(2024, 3, 6)),
        ({"version": 3}, 2, None),
        ({"version": "3", "versions": None}, 1, None),
        ({"version": True, "versions": None}, 1, None),
        ({"version": -1, "versions": None, "announced": "soon"}, 1, None),
        ({"version": 10**9, "versions": None, "announced": 20240306}, 1, None),
    ],
)
def test_excerpts_by_others_state_version_and_date(
    changes: dict[str, object], version: int, announced_on: date | None
) -> None:
    record = read_snapshot_line(line(**changes))
    assert (record.version, record.announced_on) == (version, announced_on)


def test_half_a_character_is_refused() -> None:
    """JSON can hold it, no text can; a whole one in two escapes is fine."""
    with pytest.raises(FileFormatError, match="half a character"):
        parse_snapshot_line(line(title="\ud83d"))
    assert parse_snapshot_line(line(title="A \U0001f438")).title == "A \U0001f438"
