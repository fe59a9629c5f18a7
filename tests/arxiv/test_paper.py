import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.arxiv.paper import build_paper, clean_authors, split_authors, unwrap
from bot.models import ArxivId, LinkKind, Paper, Provenance


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
