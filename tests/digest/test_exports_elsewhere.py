"""What is exported, read by those who did not write it: bibtexparser, biber, rispy, citeproc-py."""

import json
import re
import shutil
import subprocess
import unicodedata
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import citeproc
import pytest
import rispy
from bibtexparser.entrypoint import parse_string
from bibtexparser.middlewares import NormalizeFieldKeys, SeparateCoAuthors, SplitNameParts
from citeproc.source.json import CiteProcJSON
from pylatexenc.latex2text import LatexNodes2Text

from bot.arxiv.paper import build_paper
from bot.digest.bibtex import citation_key
from bot.digest.citations import Citation, Cited, cite, split_name
from bot.models import ArxivId
from tests.text.corpus import papers

AWKWARD = (
    ("50% of {all} $x_i$ & \\alpha #1 ~ ^ _", ["Ádám István Szűcs", "Đorđe Łøœðı"]),
    ('"Quoted", it\'s "5\' 2""', ["The Sample Collaboration", "Sam Sample Jr."]),
    ("@article{x, title={y}} ER  - TY  - JOUR", ["Ludwig van der Sample", "Plato"]),
    ("量子计算 Ωμέγα Жизнь √(n+1) x₁²", ["Ada and Ben", "Ħal Ŧest", "O'Neil Ďuriš-Şahin"]),
    ("a \\textbf{b} \\% --- – — … “c” ‘d’", ["Sample, Jr.", "others", "Nguyễn Văn Ả"]),
)
"""Titles and authors made up to break a parser."""


def oddness(paper: dict[str, str]) -> int:
    """Count the signs that a parser could take for something."""
    text = paper["title"] + " ".join(paper["authors"])
    return len(re.findall(r"[^\w ,:.-]|[^\x00-\x7f]", text))


def make_cited(number: int, title: str, authors: Sequence[str], abstract: str) -> Cited:
    """Make a paper of these, every third in a journal; all have what else can be exported."""
    paper = build_paper(
        arxiv_id=ArxivId(f"2403.{number:05d}"),
        version=1,
        title=title,
        abstract=abstract,
        authors=authors,
        categories=("cs.CV", "stat.ML"),
        comment="12 pages & 3 {figures}, 5% \\more",
        doi="10.1000/a_b%c" if number % 3 == 0 else None,
        journal_ref="J. Samples & Co. 12 (2024)" if number % 3 == 0 else None,
        submitted_at=datetime(2024, 3, 4, tzinfo=UTC),
    )
    return Cited(paper=paper, tags=("slam", "to-read"), note='see "this" & {that}\n# 3')


@pytest.fixture(scope="module")
def awkward() -> list[Cited]:
    return [make_cited(number, *each, "x") for number, each in enumerate(AWKWARD, start=1)]


@pytest.fixture(scope="module")
def real() -> list[Cited]:
    """The oddest of the corpus, and every hundredth beside."""
    few = [each for each in papers() if len(each["authors"]) < 100]
    ordered = sorted(few, key=oddness, reverse=True)
    return [
        make_cited(number, each["title"], each["authors"], each["abstract"])
        for number, each in enumerate([*ordered[:120], *ordered[120::100]], start=1)
    ]


@pytest.fixture(params=["awkward", pytest.param("real", marks=pytest.mark.slow)])
def cited(request: pytest.FixtureRequest) -> list[Cited]:
    found: list[Cited] = request.getfixturevalue(request.param)
    return found


SAME = str.maketrans({"“": '"', "”": '"', "′": "'", "−": "-"})


def as_read(text: str) -> str:
    """Reduce a text to what it says: without blanks, forms of quotes, and how signs are raised."""
    plain = unicodedata.normalize("NFKC", text).translate(SAME).replace("''", '"')
    return re.sub(r"\s|[{}^ˆ_()]", "", plain)


def decode(latex: str) -> str:
    return str(LatexNodes2Text(math_mode="text").latex_to_text(latex))


def parse(text: str) -> Any:
    steps = [NormalizeFieldKeys(), SeparateCoAuthors(), SplitNameParts()]
    return parse_string(text, append_middleware=steps)


def names_in(entry: Any) -> list[str]:
    """Return the authors of an entry, each put together again from its parts."""
    parts = [(*name.first, *name.von, *name.last, *name.jr) for name in entry["author"]]
    return [as_read(decode(" ".join(words))) for words in parts]


def test_bibtexparser_reads_every_field_and_name(cited: list[Cited]) -> None:
    library = parse(cite(cited, Citation.BIBTEX))
    assert library.failed_blocks == []
    assert [each.key for each in library.entries] == [citation_key(each.paper) for each in cited]
    for entry, each in zip(library.entries, cited, strict=True):
        paper = each.paper
        assert as_read(decode(entry["title"])) == as_read(paper.title)
        assert names_in(entry) == [as_read(name) for name in paper.authors]
        told = [entry[name] for name in ("eprint", "archiveprefix", "primaryclass", "year")]
        assert told == [paper.arxiv_id, "arXiv", "cs.CV", "2024"]
        assert as_read(decode(entry["annote"])) == as_read(each.note)


def test_rispy_reads_every_field(cited: list[Cited]) -> None:
    read = rispy.loads(cite(cited, Citation.RIS))
    assert [each["id"] for each in read] == [citation_key(each.paper) for each in cited]
    for entry, each in zip(read, cited, strict=True):
        paper = each.paper
        assert "unknown_tag" not in entry
        assert entry["title"] == " ".join(paper.title.split())
        assert len(entry["authors"]) == len(paper.authors)
        assert entry["authors"][0].split(", ")[0] == split_name(paper.authors[0]).family
        assert entry["abstract"] == " ".join(paper.abstract.split())
        assert entry["keywords"] == ["cs.CV", "stat.ML", "slam", "to-read"]
        assert entry["urls"][0] == f"https://arxiv.org/abs/{paper.arxiv_id}"
        assert entry["notes"] == ['see "this" & {that} # 3']


def test_citeproc_cites_every_paper_without_a_doubt(cited: list[Cited]) -> None:
    """Its warnings, which are errors here, name every field that it does not know."""
    some = cited[:60]
    source = CiteProcJSON(json.loads(cite(some, Citation.CSL_JSON)))
    style = citeproc.CitationStylesStyle("harvard-cite-them-right", validate=False)
    bibliography = citeproc.CitationStylesBibliography(style, source, citeproc.formatter.plain)
    for each in some:
        item = citeproc.CitationItem(citation_key(each.paper))
        bibliography.register(citeproc.Citation([item]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        told = [as_read(str(line)) for line in bibliography.bibliography()]
    assert len(told) == len(some)
    for line, each in zip(told, some, strict=True):
        assert as_read(each.paper.title).casefold() in line.casefold()
        assert as_read(split_name(each.paper.authors[0]).family) in line
        assert "2024" in line


@pytest.mark.slow
def test_biber_reads_every_entry_without_a_warning(real: list[Cited], tmp_path: Path) -> None:
    """And decodes what TeX names: it writes each title and author as they are, in UTF-8."""
    biber = shutil.which("biber")
    if biber is None:
        pytest.skip("needs biber, which is not installed")
    written, read = tmp_path / "ours.bib", tmp_path / "read.bib"
    written.write_text(cite(real, Citation.BIBTEX), encoding="utf-8")
    arguments = [biber, "--tool", "--validate-datamodel", "--quiet", f"--output-file={read}"]
    ran = subprocess.run([*arguments, written], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    entries = {each.key: each for each in parse(read.read_text("utf-8")).entries}
    for each in real:
        entry = entries[citation_key(each.paper)]
        assert as_read(decode(entry["title"])) == as_read(each.paper.title)
        assert names_in(entry) == [as_read(name) for name in each.paper.authors]
        assert entry["eprint"] == each.paper.arxiv_id
