"""Exports that reference managers read: each field in its place, whatever a paper says."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digest.bibtex import citation_key
from bot.digest.citations import Citation, Cited, Name, cite, split_name
from tests.builders import make_paper

PAPER = Cited(
    paper=make_paper(
        title="Deep H&E [v2]",
        authors=["Zoë van der Łukasz", "Sam Sample Jr.", "ATLAS Collaboration", "Plato"],
        abstract="One.\n\nTwo.",
        doi="10.1/x",
        journal_ref="J. Samples 12",
        submitted_at=datetime(2024, 3, 4, tzinfo=UTC),
    ),
    tags=("slam", "to-read"),
    note="Read\nsection 3 & 4.",
    is_read=True,
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Kaiming He", Name("He", "Kaiming")),
        ("Zoë van der Łukasz", Name("van der Łukasz", "Zoë")),
        ("Sam Sample Jr.", Name("Sample", "Sam", "Jr.")),
        ("ATLAS Collaboration", Name("ATLAS Collaboration")),
        ("Plato", Name("Plato")),
        ("bell hooks", Name("hooks", "bell")),
        ("John of the Cross III", Name("of the Cross", "John", "III")),
        ("Xi IV", Name("IV", "Xi")),
        ("", Name("")),
    ],
)
def test_names_are_taken_apart_as_they_are_sorted(text: str, name: Name) -> None:
    assert split_name(text) == name


def test_ris_has_a_line_for_each_thing() -> None:
    assert cite([PAPER], Citation.RIS).splitlines() == [
        "TY  - JOUR",
        f"ID  - {citation_key(PAPER.paper)}",
        "TI  - Deep H&E [v2]",
        "AU  - van der Łukasz, Zoë",
        "AU  - Sample, Sam, Jr.",
        "AU  - ATLAS Collaboration",
        "AU  - Plato",
        "PY  - 2024",
        "DA  - 2024/03/04/",
        "JO  - J. Samples 12",
        "DO  - 10.1/x",
        "AN  - arXiv:2403.00001",
        "UR  - https://arxiv.org/abs/2403.00001",
        "L1  - https://arxiv.org/pdf/2403.00001",
        "AB  - One. Two.",
        "KW  - cs.CV",
        "KW  - slam",
        "KW  - to-read",
        "N1  - Read section 3 & 4.",
        "ER  - ",
        "",
    ]


def test_ris_has_no_line_for_what_a_paper_lacks() -> None:
    lines = cite([Cited(paper=make_paper())], Citation.RIS).splitlines()
    assert lines[0] == "TY  - UNPB"
    assert {line[:2] for line in lines} & {"DA", "JO", "DO", "N1"} == set()


def test_csl_json_is_what_citeproc_expects() -> None:
    written = cite([PAPER], Citation.CSL_JSON)
    assert "van der Łukasz" in written  # readable as it is
    (item,) = json.loads(written)
    assert item == {
        "id": citation_key(PAPER.paper),
        "type": "article-journal",
        "title": "Deep H&E [v2]",
        "author": [
            {"family": "van der Łukasz", "given": "Zoë"},
            {"family": "Sample", "given": "Sam", "suffix": "Jr."},
            {"literal": "ATLAS Collaboration"},
            {"literal": "Plato"},
        ],
        "issued": {"date-parts": [[2024, 3, 4]]},
        "container-title": "J. Samples 12",
        "number": "arXiv:2403.00001",
        "DOI": "10.1/x",
        "URL": "https://arxiv.org/abs/2403.00001",
        "abstract": "One.\n\nTwo.",
        "keyword": "cs.CV, slam, to-read",
        "note": "Read\nsection 3 & 4.",
    }


def test_csl_json_names_arxiv_as_the_publisher_of_what_is_in_no_journal() -> None:
    (plain,) = json.loads(cite([Cited(paper=make_paper())], Citation.CSL_JSON))
    assert (plain["type"], plain["publisher"]) == ("article", "arXiv")
    assert plain["issued"] == {"date-parts": [[2024]]}
    assert plain.keys() & {"container-title", "DOI", "note"} == set()


def test_markdown_is_a_list_to_tick_off() -> None:
    assert cite([PAPER], Citation.MARKDOWN) == (
        "- [x] [Deep H&E \\[v2\\]](https://arxiv.org/abs/2403.00001) `slam` `to-read`\n"
        "  Zoë van der Łukasz, Sam Sample Jr., ATLAS Collaboration, Plato, 2024\n"
        "  > Read\n"
        "  > section 3 & 4.\n"
    )


@pytest.mark.parametrize(("is_read", "box"), [(True, "- [x] "), (False, "- [ ] ")])
def test_only_what_was_read_is_ticked_off(is_read: bool, box: str) -> None:
    assert cite([replace(PAPER, is_read=is_read)], Citation.MARKDOWN).startswith(box)


def test_bibtex_keeps_tags_and_notes() -> None:
    entry = cite([PAPER], Citation.BIBTEX)
    assert "  keywords = {slam, to-read},\n" in entry
    assert r"  annote = {Read section 3 {\&} 4.}" in entry


@given(st.text(max_size=60), st.text(max_size=30))
def test_no_text_ends_an_entry_of_ris_or_begins_another(title: str, author: str) -> None:
    paper = make_paper(title=title, abstract=title, authors=[author], comment=title)
    written = cite([Cited(paper=paper, note=title)] * 2, Citation.RIS)
    lines = [line for line in written.split("\n") if line]
    assert all(re.match(r"[A-Z][A-Z0-9]  - ", line) for line in lines)
    assert sum(line.startswith("TY  - ") for line in lines) == 2
    assert sum(line.startswith("ER  - ") for line in lines) == 2
