"""Exports that reference managers read: each field in its place, whatever a paper says."""

import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        ("", Name("")),
    ],
)
def test_names_are_taken_apart_as_they_are_sorted(text: str, name: Name) -> None:
    assert split_name(text) == name


def test_ris_has_a_line_for_each_thing() -> None:
    lines = cite([PAPER], Citation.RIS).splitlines()
    assert lines[0] == "TY  - JOUR"
    assert lines[-2:] == ["ER  - ", ""]
    for line in (
        "TI  - Deep H&E [v2]",
        "AU  - van der Łukasz, Zoë",
        "AU  - Sample, Sam, Jr.",
        "AU  - ATLAS Collaboration",
        "PY  - 2024",
        "DA  - 2024/03/04/",
        "DO  - 10.1/x",
        "AB  - One. Two.",
        "KW  - cs.CV",
        "KW  - slam",
        "N1  - Read section 3 & 4.",
    ):
        assert line in lines
    assert cite([Cited(paper=make_paper())], Citation.RIS).startswith("TY  - UNPB\n")


def test_csl_json_is_what_citeproc_expects() -> None:
    (item,) = json.loads(cite([PAPER], Citation.CSL_JSON))
    assert item["type"] == "article-journal"
    assert item["author"][0] == {"family": "van der Łukasz", "given": "Zoë"}
    assert item["author"][2] == {"literal": "ATLAS Collaboration"}
    assert item["issued"] == {"date-parts": [[2024, 3, 4]]}
    assert item["keyword"] == "cs.CV, slam, to-read"
    (plain,) = json.loads(cite([Cited(paper=make_paper())], Citation.CSL_JSON))
    assert plain["type"] == "article"
    assert plain["publisher"] == "arXiv"
    assert plain["issued"] == {"date-parts": [[2024]]}


def test_markdown_is_a_list_to_tick_off() -> None:
    assert cite([PAPER], Citation.MARKDOWN) == (
        "- [x] [Deep H&E \\[v2\\]](https://arxiv.org/abs/2403.00001) `slam` `to-read`\n"
        "  Zoë van der Łukasz, Sam Sample Jr., ATLAS Collaboration, Plato, 2024\n"
        "  > Read\n"
        "  > section 3 & 4.\n"
    )


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
