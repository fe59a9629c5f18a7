"""BibTeX that a reference manager reads back as the same papers."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digest.bibtex import citation_key, papers_to_bibtex
from tests.builders import make_paper


def test_a_preprint_is_an_entry_with_its_eprint() -> None:
    paper = make_paper(title="Deep H&E at 5% of $x_1$", authors=["Zoë Łukasz", "Ben Sample"])
    assert papers_to_bibtex([paper]) == (
        "@misc{lukasz-2403.00001,\n"
        r"  title = {{Deep H{\&}E at 5{\%} of {\$}x{\_}1{\$}}}," + "\n"
        r"  author = {Zo{\"e} {\L}ukasz and Ben Sample}," + "\n"
        "  year = {2024},\n"
        "  eprint = {2403.00001},\n"
        "  archivePrefix = {arXiv},\n"
        "  primaryClass = {cs.CV},\n"
        "  url = {https://arxiv.org/abs/2403.00001}\n"
        "}\n"
    )


def test_a_published_paper_is_an_article_with_journal_and_doi() -> None:
    paper = make_paper(
        journal_ref="J. Samples 12 (2024) 3", doi="10.1000/a_b<1::c>3.0.CO;2-#", comment="12 pages"
    )
    entry = papers_to_bibtex([paper])
    assert entry.startswith("@article{")
    assert "journal = {J. Samples 12 (2024) 3}" in entry
    assert "doi = {10.1000/a_b<1::c>3.0.CO;2-#}" in entry
    assert "note = {12 pages}" in entry


@pytest.mark.parametrize(
    ("arxiv_id", "year"),
    [
        ("hep-th/9108001", "1991"),
        ("hep-th/9901001", "1999"),
        ("math/0309136", "2003"),
        ("0704.0001", "2007"),
        ("9012.00001", "2090"),
    ],
)
def test_the_year_is_that_of_the_identifier(arxiv_id: str, year: str) -> None:
    assert f"year = {{{year}}}" in papers_to_bibtex([make_paper(arxiv_id=arxiv_id)])


@pytest.mark.parametrize(
    ("arxiv_id", "authors", "key"),
    [
        ("2403.00001", ["Göran Öst"], "ost-2403.00001"),
        ("hep-th/9901001", ["O'Brien"], "obrien-hep-th-9901001"),
        ("2403.00001", ["王伟"], "2403.00001"),
        ("2403.00001", ["Ada de la Cruz", "Ben Sample"], "cruz-2403.00001"),
        ("2403.00001", ["Þórður Æbleß"], "aebless-2403.00001"),
        ("2403.00001", ["Đorđe Łøœðı"], "looedi-2403.00001"),
        ("2403.00001", [], "2403.00001"),
    ],
)
def test_keys_are_plain_and_carry_the_identifier(
    arxiv_id: str, authors: list[str], key: str
) -> None:
    assert citation_key(make_paper(arxiv_id=arxiv_id, authors=authors)) == key


def test_one_paper_given_twice_is_one_entry() -> None:
    assert papers_to_bibtex([make_paper(), make_paper()]).count("@misc{") == 1


def test_entries_stand_apart() -> None:
    first, second = make_paper(1), make_paper(2)
    assert papers_to_bibtex([first, second]) == "\n".join(
        papers_to_bibtex([each]) for each in (first, second)
    )
    assert "}\n\n@misc{" in papers_to_bibtex([first, second])


@pytest.mark.parametrize(
    ("title", "encoded"),
    [
        (
            '"Set It Up!" of a "user"',
            r"{\textquotedblleft}Set It Up!{\textquotedblright} of a "
            r"{\textquotedblleft}user{\textquotedblright}",
        ),
        ('a 5" disk', "a 5{''} disk"),
        ("O(√T)", r"O({\ensuremath{\sqrt{T}}})"),
        ("√(n+1) ∛10", r"{\ensuremath{\sqrt{n+1}}} {\ensuremath{\sqrt[3]{10}}}"),
        ("√(f(x₁)²)", r"{\ensuremath{\sqrt{f(x_{1})^{2}}}}"),
        ("√(xᵢ₊₁)", r"{\ensuremath{\sqrt{x_{i+1}}}}"),
        ("√ and √(", r"{\ensuremath{\sqrt{}}} and {\ensuremath{\sqrt{}}}("),
        (
            "∜16 √ab √[a]",
            r"{\ensuremath{\sqrt[4]{16}}} {\ensuremath{\sqrt{a}}}b "
            r"{\ensuremath{\sqrt{}}}[a]",
        ),
        ("√(x²*) √((a))", r"{\ensuremath{\sqrt{x^{2}*}}} {\ensuremath{\sqrt{(a)}}}"),
        ('("a") x-"b', r"({\textquotedblleft}a{\textquotedblright}) x-{\textquotedblleft}b"),
        ("{a}", r"{\textbraceleft}a{\textbraceright}"),
        ("a\x07b\n\t c", "a b c"),
    ],
)
def test_quotation_marks_open_and_close_and_roots_hold_their_terms(
    title: str, encoded: str
) -> None:
    assert f"title = {{{{{encoded}}}}}" in papers_to_bibtex([make_paper(title=title)])


@pytest.mark.parametrize(
    ("name", "encoded"),
    [
        ("Szűcs Ő", r"Sz{\H{u}}cs {\H{O}}"),
        ("Ríos ïì", r"R{\'{i}}os {\"{i}}{\`{i}}"),
        ("Ħal ŧ Ё", r"{Ħ}al {ŧ} {\CYRYO}"),
    ],
)
def test_no_letter_becomes_another(name: str, encoded: str) -> None:
    assert f"author = {{{encoded}}}" in papers_to_bibtex([make_paper(authors=[name])])


def test_an_author_without_a_letter_is_nobody() -> None:
    assert "author = {Ada B}" in papers_to_bibtex([make_paper(authors=[".", "Ada B", ":"])])


@pytest.mark.parametrize(
    "name",
    ["The Sample Collaboration", "Sample, Jr.", "Ada and Ben", "Ada AND Ben", "Ada et Others"],
)
def test_a_name_that_bibtex_would_split_is_kept_whole(name: str) -> None:
    paper = make_paper(authors=[name, "Sandy Othersen"])
    assert f"author = {{{{{name}}} and Sandy Othersen}}" in papers_to_bibtex([paper])


def test_an_address_keeps_its_signs_but_for_those_that_end_a_field() -> None:
    entry = papers_to_bibtex([make_paper(doi=" 10.1/a b%c{d}\\e ")])
    assert "doi = {10.1/a%20b%25c%7Bd%7D%5Ce}" in entry


def test_further_fields_are_those_of_their_paper_and_are_never_empty() -> None:
    first, second = make_paper(1), make_paper(2)
    beside = {second.arxiv_id: {"keywords": "50% off", "annote": ""}}
    told = papers_to_bibtex([first, second], beside=beside)
    assert told == papers_to_bibtex([first]) + "\n" + papers_to_bibtex([second]).replace(
        "\n}\n", ",\n  keywords = {50{\\%} off}\n}\n"
    )


@given(text=st.text(max_size=40))
def test_no_text_can_leave_its_field(text: str) -> None:
    """Braces balance as BibTeX counts them, and no raw special character remains."""
    entry = papers_to_bibtex([make_paper(title=text, authors=[text], comment=text, doi=text)])
    depth = 0
    for character in entry:
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0
    fields = [line for line in entry.splitlines() if not line.startswith("  doi")]
    assert not re.search(r"(?<!\\)[%#&$]", "\n".join(fields))
