from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.arxiv.paper import (
    SourceRecord,
    build_paper,
    clean_authors,
    reread,
    split_authors,
    unwrap,
)
from bot.models import ArxivId, Link, LinkKind, Paper, Provenance


def paper_of(title: str = "A title", abstract: str = "Text.", **more: object) -> Paper:
    return build_paper(
        arxiv_id=ArxivId("2401.01234"),
        version=1,
        title=title,
        abstract=abstract,
        **more,  # type: ignore[arg-type]  # any further field
    )


def test_text_is_made_readable_and_its_source_kept() -> None:
    paper = paper_of(r"$\beta$-decay of G\"oran", r"An \emph{old} tale.")
    assert (paper.title, paper.abstract) == ("β-decay of Göran", "An old tale.")
    assert paper.source_title == r"$\beta$-decay of G\"oran"
    assert paper.source_abstract == r"An \emph{old} tale."


def test_wrapped_titles_comments_and_names_are_one_line() -> None:
    paper = paper_of(
        "A title\n  on two lines", comment="10 pages,\n  2 figures", authors=["A\n B (X)"]
    )
    assert paper.title == paper.source_title == "A title on two lines"
    assert paper.comment == "10 pages, 2 figures"
    assert paper.authors == ("A B",)


def test_links_are_arxivs_own_first_then_those_the_authors_name() -> None:
    paper = paper_of(
        abstract="Code: https://github.com/ada/one.",
        comment="Also https://github.com/ada/two",
    )
    assert [(link.kind, link.provenance) for link in paper.links] == [
        (LinkKind.ABS, Provenance.ARXIV),
        (LinkKind.PDF, Provenance.ARXIV),
        (LinkKind.CODE, Provenance.ABSTRACT),
        (LinkKind.CODE, Provenance.COMMENT),
    ]


def test_what_a_source_leaves_blank_is_absent() -> None:
    paper = paper_of(
        comment=" \n", doi="", journal_ref=None, license=" ", authors=["", ":", "A", "..."]
    )
    assert (paper.comment, paper.doi, paper.journal_ref, paper.license) == (None,) * 4
    assert paper.authors == ("A",)


def test_a_paper_that_is_read_again_is_what_it_would_be_if_it_were_new() -> None:
    """Its texts and the authors' links by the rules of now; links of others stay, each once."""
    paper = paper_of(
        r"$\beta$-decay",
        "Code: https://github.com/ada/one.",
        comment="https://github.com/ada/two",
        authors=["Ada B"],
        doi="10.1/x",
    )
    elsewhere = Link(
        kind=LinkKind.MODEL,
        url="https://huggingface.co/ada/model",
        provenance=Provenance.HUGGING_FACE,
    )
    old = replace(
        paper,
        title="as an earlier version read it",
        abstract="",
        authors=("Ada B (X)",),
        links=(
            Link(kind=LinkKind.CODE, url="https://x.org", provenance=Provenance.COMMENT),
            elsewhere,
            replace(elsewhere, kind=LinkKind.CODE, url="https://github.com/ada/one"),
        ),
    )
    assert reread(old) == replace(paper, links=(*paper.links, elsewhere))


def test_a_record_is_built_into_the_paper_that_its_source_has() -> None:
    record = SourceRecord(
        arxiv_id=ArxivId("2401.01234"),
        version=2,
        title="$\\beta$\n  two lines",
        abstract="First.\n  Second.",
        authors=("Ada B",),
        categories=("cs.CV",),
        comment="3 pages",
        doi="10.1/x",
        journal_ref="J. 1",
        license="free",
        submitted_at=datetime(2024, 1, 2, tzinfo=UTC),
    )
    paper = record.build()
    assert (record.source_title, record.source_abstract) == (
        paper.source_title,
        paper.source_abstract,
    )
    assert paper == build_paper(
        arxiv_id=record.arxiv_id,
        version=2,
        title=record.title,
        abstract=record.abstract,
        authors=("Ada B",),
        categories=("cs.CV",),
        comment="3 pages",
        doi="10.1/x",
        journal_ref="J. 1",
        license="free",
        submitted_at=record.submitted_at,
    )
    assert (paper.version, paper.comment, paper.doi) == (2, "3 pages", "10.1/x")
    assert (paper.journal_ref, paper.license) == ("J. 1", "free")
    assert paper.submitted_at == record.submitted_at


def test_categories_keep_their_order_once() -> None:
    assert paper_of(categories=["cs.LG", "cs.CV", "cs.LG"]).categories == ("cs.LG", "cs.CV")


@pytest.mark.parametrize(
    ("text", "unwrapped"),
    [
        ("One line.", "One line."),
        ("  One\nwrapped line.\n", "One wrapped line."),
        ("First.\n  Second.", "First.\n\nSecond."),
        ("First.\n\nSecond.", "First.\n\nSecond."),
        ("First.\n  Second\ngoes on.", "First.\n\nSecond goes on."),
        (
            "Wrapped by (hand)\n  before the end. Then\n  more.",
            "Wrapped by (hand) before the end. Then more.",
        ),
        ("One:\n  (a) this\n  (b) that", "One: (a) this (b) that"),
        ("Hand-\n  wrapped\n\nand a paragraph", "Hand- wrapped\n\nand a paragraph"),
        ("", ""),
    ],
)
def test_paragraphs_stay_and_wrapped_lines_are_joined(text: str, unwrapped: str) -> None:
    assert unwrap(text) == unwrapped


@given(st.text(alphabet="aB.,- \n\t(", max_size=60))
def test_unwrapping_loses_no_word_and_is_stable(text: str) -> None:
    unwrapped = unwrap(text)
    assert unwrapped.split() == text.split()
    assert unwrap(unwrapped) == unwrapped


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", []),
        ("Ada B", ["Ada B"]),
        ("Ada B, Bo C", ["Ada B", "Bo C"]),
        ("Ada B and Bo C", ["Ada B", "Bo C"]),
        ("Ada B, Bo C, and Cy D", ["Ada B", "Bo C", "Cy D"]),
        (r"Ada B \& Bo C & Cy D", ["Ada B", "Bo C", "Cy D"]),
        ("Ada B; Bo C", ["Ada B", "Bo C"]),
        ("Ada B,\n  Bo C", ["Ada B", "Bo C"]),
        ("Sandy Anders, Andy Sand", ["Sandy Anders", "Andy Sand"]),
        ("Wei Wang, Wei Wang", ["Wei Wang", "Wei Wang"]),
        ("Ada B (Univ. of X, City, Land), Bo C (Y)", ["Ada B", "Bo C"]),
        ("Ada B (1), Bo C (1,2) ((1) Univ. X, City, (2) Y)", ["Ada B", "Bo C"]),
        ("Ada B (Univ. X (Campus), City) and Bo C", ["Ada B", "Bo C"]),
        ("Xiao (Sean) Li, Ada B", ["Xiao (Sean) Li", "Ada B"]),
        ("Ada B (MIT) and Bo C (MIT)", ["Ada B", "Bo C"]),
        ("Ada B (never closed, Bo C", ["Ada B", "Bo C"]),
        ("Ada B), Bo C", ["Ada B)", "Bo C"]),
        (r"G\"oran {\O}rsted, J.\,R. Smith", [r"G\"oran {\O}rsted", "J. R. Smith"]),
        ("{Ada, B}, Bo C", ["{Ada, B}", "Bo C"]),
        ("John Smith, Jr., Bo C", ["John Smith Jr.", "Bo C"]),
        ("John Smith Jr, Henry King III", ["John Smith Jr", "Henry King III"]),
        ("John Smith, III", ["John Smith III"]),
        ("Ada B, M.D., Bo C, PhD", ["Ada B", "Bo C"]),
        ("Ada B, Bo C, et al.", ["Ada B", "Bo C"]),
        ("ATLAS Collaboration", ["ATLAS Collaboration"]),
        ("X Collaboration: Ada B, Bo C", ["X Collaboration", "Ada B", "Bo C"]),
        ("Ada B (X Collaboration), Bo C (X Collaboration)", ["Ada B", "Bo C", "X Collaboration"]),
        ("Ada B, for the X Collaboration", ["Ada B", "X Collaboration"]),
        ("Ada B on behalf of the X Collaboration", ["Ada B", "X Collaboration"]),
        (" NVIDIA,  :, Ada B", ["NVIDIA", "Ada B"]),
        ("Bo C (Peter),  Tse-Hsun (Peter),  Chen", ["Bo C", "Tse-Hsun Chen"]),
        ("Plato, Ada B", ["Plato", "Ada B"]),
        ("Ada B, and Bo C", ["Ada B", "Bo C"]),
        ("X Institute of Arts and Sciences, Bo C", ["X Institute of Arts and Sciences", "Bo C"]),
        ("Ada B, and the Society for Y and Z", ["Ada B", "the Society for Y and Z"]),
    ],
)
def test_split_authors(text: str, names: list[str]) -> None:
    assert list(split_authors(text)) == names


@pytest.mark.parametrize(
    ("names", "cleaned"),
    [
        (["Ada B (Univ. X, City)", "Bo C (LIGM)"], ["Ada B", "Bo C"]),
        (["Ada B (Univ. X (Campus), City)", "Bo C (never closed"], ["Ada B", "Bo C"]),
        (
            ["Xiao (Sean) Li", "Xuemin (Sherman)", "Shen", "Plato"],
            ["Xiao (Sean) Li", "Xuemin Shen", "Plato"],
        ),
        (["Xuemin (Sherman)", "Ada B"], ["Xuemin", "Ada B"]),
        ([".", "Ada B", ":", "et al.", "--"], ["Ada B"]),
        (["Ada B (for the X Collaboration)", "Bo C"], ["Ada B", "Bo C", "X Collaboration"]),
        (["(Univ. X)", "Ada B"], ["Ada B"]),
        (["Plato", "Ada B", "Li"], ["Plato", "Ada B", "Li"]),
        (["X Æ A-12", "王伟", "R"], ["X Æ A-12", "王伟", "R"]),
    ],
)
def test_names_that_came_apart_lose_their_affiliations(
    names: list[str], cleaned: list[str]
) -> None:
    assert list(clean_authors(names)) == cleaned
    assert list(clean_authors(cleaned)) == cleaned


@given(st.lists(st.text(alphabet="Ab.(){}\\& ", max_size=20), max_size=6))
def test_no_list_of_names_breaks_it(names: list[str]) -> None:
    assert all(name.strip() for name in clean_authors(names))


@given(st.text(alphabet="Ab,;:(){}\\& \n", max_size=60))
def test_no_author_list_breaks_it(text: str) -> None:
    assert all(name.strip() for name in split_authors(text))
