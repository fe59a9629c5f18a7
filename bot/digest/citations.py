"""Papers for reference managers: RIS, CSL-JSON and a Markdown list; BibTeX is in `bibtex`. Pure."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from bot.arxiv.identifier import abs_url, pdf_url
from bot.digest.bibtex import citation_key, papers_to_bibtex, year_of
from bot.models import Paper


class Citation(StrEnum):
    """A form in which papers can be exported; the values are what people choose."""

    BIBTEX = "bibtex"
    RIS = "ris"
    CSL_JSON = "csl-json"
    MARKDOWN = "markdown"


ENDINGS: Final = MappingProxyType(
    {
        Citation.BIBTEX: "bib",
        Citation.RIS: "ris",
        Citation.CSL_JSON: "json",
        Citation.MARKDOWN: "md",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """A paper with what its reader wrote beside it."""

    paper: Paper
    tags: tuple[str, ...] = ()
    note: str = ""
    is_read: bool = False


def cite(papers: Sequence[Cited], form: Citation) -> str:
    """Write papers in a form, in their order."""
    return _WRITERS[form](papers)


# -- names ---------------------------------------------------------------------------------------

_GROUP = re.compile(r"\b(collaborations?|consortium|team|group|project)\b", re.IGNORECASE)
_SUFFIX = re.compile(r"(jr|sr)\.?|i{2,3}|iv", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Name:
    """A name in the parts that reference managers sort by; a group's is all ``family``."""

    family: str
    given: str = ""
    suffix: str = ""


def split_name(text: str) -> Name:
    """Take a name apart: the last word is the family's, with the small words in front of it."""
    words = text.split()
    if _GROUP.search(text) or len(words) < 2:
        return Name(" ".join(words))
    suffix = words.pop() if len(words) > 2 and _SUFFIX.fullmatch(words[-1]) else ""
    start = len(words) - 1
    while start > 1 and words[start - 1].islower():
        start -= 1
    return Name(" ".join(words[start:]), " ".join(words[:start]), suffix)


# -- RIS -----------------------------------------------------------------------------------------


def _to_ris(papers: Sequence[Cited]) -> str:
    return "".join("".join(_ris_lines(each)) for each in papers)


def _ris_lines(cited: Cited) -> Iterator[str]:
    paper = cited.paper
    yield _ris("TY", "JOUR" if paper.journal_ref else "UNPB")
    yield _ris("ID", citation_key(paper))
    yield _ris("TI", paper.title)
    for author in paper.authors:
        name = split_name(author)
        yield _ris("AU", ", ".join(part for part in (name.family, name.given, name.suffix) if part))
    yield _ris("PY", year_of(paper.arxiv_id))
    if paper.submitted_at:
        yield _ris("DA", paper.submitted_at.strftime("%Y/%m/%d/"))
    yield _ris("JO", paper.journal_ref or "")
    yield _ris("DO", paper.doi or "")
    yield _ris("AN", f"arXiv:{paper.arxiv_id}")
    yield _ris("UR", abs_url(paper.arxiv_id))
    yield _ris("L1", pdf_url(paper.arxiv_id))
    yield _ris("AB", paper.abstract)
    for word in (*paper.categories, *cited.tags):
        yield _ris("KW", word)
    yield _ris("N1", cited.note)
    yield "ER  - \n\n"


def _ris(tag: str, value: str) -> str:
    """Write a line; none without a value. A line break would begin another field."""
    line = " ".join(value.split())
    return f"{tag}  - {line}\n" if line else ""


# -- CSL-JSON ------------------------------------------------------------------------------------


def _to_csl(papers: Sequence[Cited]) -> str:
    return json.dumps([_csl(each) for each in papers], ensure_ascii=False, indent=1) + "\n"


def _csl(cited: Cited) -> dict[str, Any]:
    paper = cited.paper
    day = paper.submitted_at
    date_parts = [day.year, day.month, day.day] if day else [int(year_of(paper.arxiv_id))]
    values = {
        "id": citation_key(paper),
        "type": "article-journal" if paper.journal_ref else "article",
        "title": paper.title,
        "author": [_csl_name(split_name(author)) for author in paper.authors],
        "issued": {"date-parts": [date_parts]},
        "container-title": paper.journal_ref,
        "publisher": None if paper.journal_ref else "arXiv",
        "number": f"arXiv:{paper.arxiv_id}",
        "DOI": paper.doi,
        "URL": abs_url(paper.arxiv_id),
        "abstract": paper.abstract,
        "keyword": ", ".join((*paper.categories, *cited.tags)),
        "note": cited.note,
    }
    return {name: value for name, value in values.items() if value}


def _csl_name(name: Name) -> dict[str, str]:
    if not name.given:
        return {"literal": name.family}
    parts = {"family": name.family, "given": name.given, "suffix": name.suffix}
    return {key: value for key, value in parts.items() if value}


# -- Markdown ------------------------------------------------------------------------------------

_MARKS = re.compile(r"([\\`*_\[\]<>#|])")


def _to_markdown(papers: Sequence[Cited]) -> str:
    return "".join("".join(_markdown_lines(each)) for each in papers)


def _markdown_lines(cited: Cited) -> Iterator[str]:
    paper = cited.paper
    tags = "".join(f" `{tag}`" for tag in cited.tags)
    authors = _plain(", ".join(paper.authors))
    box = "x" if cited.is_read else " "
    yield f"- [{box}] [{_plain(paper.title)}]({abs_url(paper.arxiv_id)}){tags}\n"
    yield f"  {authors}{', ' if authors else ''}{year_of(paper.arxiv_id)}\n"
    for line in cited.note.splitlines():
        yield f"  > {_plain(line)}\n"


def _plain(text: str) -> str:
    return _MARKS.sub(r"\\\1", " ".join(text.split()))


# -- BibTeX --------------------------------------------------------------------------------------


def _to_bibtex(papers: Sequence[Cited]) -> str:
    return papers_to_bibtex(
        (each.paper for each in papers),
        beside={
            each.paper.arxiv_id: {"keywords": ", ".join(each.tags), "annote": each.note}
            for each in papers
        },
    )


_WRITERS: Final[MappingProxyType[Citation, Callable[[Sequence[Cited]], str]]] = MappingProxyType(
    {
        Citation.BIBTEX: _to_bibtex,
        Citation.RIS: _to_ris,
        Citation.CSL_JSON: _to_csl,
        Citation.MARKDOWN: _to_markdown,
    }
)
