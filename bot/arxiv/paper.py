"""The one place where the text of a source becomes a `Paper`.

Every parser ends here, so a title reads the same whether it came from a feed, a page or a file.
Source text is TeX as the authors typed it, with HTML already undone by the parsers whose source
is HTML.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import ClassVar

from bot.arxiv.identifier import arxiv_links
from bot.models import ArxivId, Link, Paper, Provenance
from bot.text.links import find_links
from bot.text.tex import one_line, to_unicode


def build_paper(
    *,
    arxiv_id: ArxivId,
    version: int,
    title: str,
    abstract: str,
    authors: Sequence[str] = (),
    categories: Sequence[str] = (),
    comment: str | None = None,
    doi: str | None = None,
    journal_ref: str | None = None,
    license: str | None = None,
    submitted_at: datetime | None = None,
) -> Paper:
    """Make a paper of source text: readable title, abstract, authors and comment, all links.

    The source text is kept beside the readable one, with its line breaks already resolved.
    """
    source_abstract = unwrap(abstract)
    readable_abstract = to_unicode(source_abstract)
    readable_comment = _line_or_none(comment)
    return Paper(
        arxiv_id=arxiv_id,
        version=version,
        title=one_line(title),
        abstract=readable_abstract,
        source_title=unwrap_title(title),
        source_abstract=source_abstract,
        authors=clean_authors(map(one_line, authors)),
        categories=tuple(dict.fromkeys(categories)),
        comment=readable_comment,
        doi=_stripped_or_none(doi),
        journal_ref=_line_or_none(journal_ref),
        license=_stripped_or_none(license),
        submitted_at=submitted_at,
        links=(
            *arxiv_links(arxiv_id),
            *find_links(abstract=readable_abstract, comment=readable_comment),
        ),
    )


def reread(paper: Paper) -> Paper:
    """Read the texts and the links of a paper again, by the rules of this program.

    Links that others told us of stay; the authors' are those that their text names now.
    """
    again = build_paper(
        arxiv_id=paper.arxiv_id,
        version=paper.version,
        title=paper.source_title,
        abstract=paper.source_abstract,
        authors=paper.authors,
        categories=paper.categories,
        comment=paper.comment,
    )
    urls = {link.url for link in again.links}
    others = (link for link in paper.links if link.provenance not in _OWN and link.url not in urls)
    return replace(
        paper,
        title=again.title,
        abstract=again.abstract,
        authors=again.authors,
        comment=again.comment,
        links=(*again.links, *others),
    )


_OWN = (Provenance.ARXIV, Provenance.ABSTRACT, Provenance.COMMENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRecord:
    """A paper's metadata as a source has it, its text not yet readable.

    Making it readable is most of the cost of an import; a caller that already holds the same text
    need not. ``announced_on`` is set by sources that know it.
    """

    arxiv_id: ArxivId
    version: int
    title: str
    abstract: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    comment: str | None = None
    doi: str | None = None
    journal_ref: str | None = None
    license: str | None = None
    submitted_at: datetime | None = None
    announced_on: date | None = None
    is_primary_known: ClassVar = True
    links: ClassVar[tuple[Link, ...]] = ()
    """None yet: they are found in the readable text."""

    @property
    def source_title(self) -> str:
        return unwrap_title(self.title)

    @property
    def source_abstract(self) -> str:
        return unwrap(self.abstract)

    def build(self) -> Paper:
        """Make the paper of it, as `build_paper` does."""
        return build_paper(
            arxiv_id=self.arxiv_id,
            version=self.version,
            title=self.title,
            abstract=self.abstract,
            authors=self.authors,
            categories=self.categories,
            comment=self.comment,
            doi=self.doi,
            journal_ref=self.journal_ref,
            license=self.license,
            submitted_at=self.submitted_at,
        )


def _line_or_none(text: str | None) -> str | None:
    return (one_line(text) or None) if text else None


def _stripped_or_none(text: str | None) -> str | None:
    return (text.strip() or None) if text else None


# --- line breaks -----------------------------------------------------------------------------

_WRAPPED = re.compile(r"\s*\n\s*")
_MARKS_OF_PARAGRAPHS = ("\n\n", "\n ", "\n\t")
_BLANK_LINE = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_INDENTED_LINE = re.compile(r"\n[ \t]+")
_MID_SENTENCE = re.compile(r"[^.!?:;)\]}”\"'$]\n[ \t]+|[,\w-]\n[ \t]+|\n[ \t]+[a-z(,;]")


def unwrap_title(text: str) -> str:
    """Resolve the line breaks of a title: it has one line."""
    text = text.strip()
    return _WRAPPED.sub(" ", text) if "\n" in text else text


def unwrap(text: str) -> str:
    """Resolve the line breaks of an abstract: paragraphs stay apart, wrapped lines are joined.

    ArXiv begins a paragraph with an indented line, but keeps the lines of authors who wrapped
    and indented by hand the same way; a break in the middle of a sentence gives those away.
    """
    text = text.strip()
    if "\n" not in text:
        return text
    if not any(mark in text for mark in _MARKS_OF_PARAGRAPHS):
        return text.replace("\n", " ")
    text = _BLANK_LINE.sub("\0", text)
    indent = " " if _MID_SENTENCE.search(text) else "\0"
    return _INDENTED_LINE.sub(indent, text).replace("\n", " ").replace("\0", "\n\n")


# --- authors ---------------------------------------------------------------------------------

_SEPARATOR = re.compile(r"[,;:]")
_AND = re.compile(r"\s(?:and|&|\\&)(?=\s)")
_INSTITUTION = re.compile(r"\s(?:of|for|in)\s")  # 'X Department of Science and Technology'
_BEHALF = re.compile(r"\s(?:and\s+)?(?:on behalf of|for)\s+the\s", re.IGNORECASE)
_COLLABORATION = re.compile(r"[^,()]*\b(?:Collaboration|Consortium)", re.IGNORECASE)
_NICKNAME = re.compile(r"\([\w.'-]{1,20}\)(?=\s+(?!and\s|&)[^\s,;(])")
_BRACED = re.compile(r"\{[^{}]*\}")
_NOT_A_NAME = re.compile(r"[\W\d_]*|et\.? al\.?|M\.?D\.?|Ph\.?D\.?", re.IGNORECASE)
_SUFFIX = re.compile(r"(?:Jr|Sr)\.?|I{2,3}|IV")
_CUT = "\1"  # stands where an affiliation was cut out
_COMMA = "\2"  # stands for a comma that does not separate


def clean_authors(names: Iterable[str]) -> tuple[str, ...]:
    """Take the affiliations off names that came apart, and drop what is no name (``.``, ``:``).

    ArXiv takes ``ATLAS Collaboration: G. Aad`` for three authors and leaves affiliations in names:
    ``Ada B (Univ. X)`` is ``Ada B``; ``Xuemin (Sherman)`` and ``Shen``, whom a source took apart
    at the nickname, are one.
    """
    cleaned: list[str] = []
    collaborations: list[str] = []
    was_bare = False
    for raw in names:
        name, is_bare = raw, False
        if "(" in raw:
            cut, named = _cut_affiliations(" " + raw)
            collaborations += named
            name = " ".join(cut.replace(_CUT, " ").split())
            is_bare = " " not in name
        if not name or _NOT_A_NAME.fullmatch(name):
            continue
        if was_bare and " " not in name:
            cleaned[-1] = f"{cleaned[-1]} {name}"
        else:
            cleaned.append(name)
        was_bare = is_bare
    return (*cleaned, *(name for name in dict.fromkeys(collaborations) if name not in cleaned))


def split_authors(text: str) -> tuple[str, ...]:
    r"""Split an author list that came as one string into names, without their affiliations.

    ``Ada B (Univ. X, City), C. D{\'i}az and E Jr., for the F Collaboration`` is four names.
    Names stay in TeX. A parenthesis inside a name (``Xiao (Sean) Li``) stays; a collaboration
    named in parentheses becomes an author of its own, once.
    """
    text = " " + text.replace("\n", " ").replace("\\,", " ")
    text, collaborations = _cut_affiliations(text) if "(" in text else (text, [])
    if "{" in text:
        text = _BRACED.sub(lambda braced: braced[0].replace(",", _COMMA), text)
    names: list[str] = []
    was_bare = False
    for part in _parts(_BEHALF.sub(", ", text)):
        name = part.replace(_CUT, "").replace(_COMMA, ",").strip()
        is_bare = part.startswith("  ") and " " not in name
        if not name or _NOT_A_NAME.fullmatch(name):
            continue
        if names and (_SUFFIX.fullmatch(name) or (is_bare and was_bare)):
            # arXiv's feed turns 'Tse-Hsun (Peter) Chen' into ',  Tse-Hsun (Peter),  Chen'.
            names[-1] = f"{names[-1]} {name}"
        else:
            names.append(name)
        was_bare = is_bare and _CUT in part
    return (*names, *(name for name in dict.fromkeys(collaborations) if name not in names))


def _parts(text: str) -> Iterator[str]:
    for part in _SEPARATOR.split(text):
        if _INSTITUTION.search(part):
            yield re.sub(r"^\s*and\s", " ", part)
        else:
            yield from _AND.split(part)


def _cut_affiliations(text: str) -> tuple[str, list[str]]:
    """Cut what stands in parentheses, nested ones included; return the collaborations in it."""
    kept: list[str] = []
    collaborations: list[str] = []
    end = depth = opened = 0
    for mark in re.finditer(r"[()]", text):
        if mark[0] == "(":
            opened = opened if depth else mark.start()
            depth += 1
        elif depth:
            depth -= 1
            if not depth and not _NICKNAME.match(text, opened):
                kept += [text[end:opened].rstrip(" ") if opened else "", _CUT]
                end = mark.end()
                named = _COLLABORATION.match(_BEHALF.sub("", " " + text[opened + 1 : end]))
                collaborations += [named[0].strip()] if named else []
    rest = text[end:]
    # Without its closing parenthesis an affiliation is taken to end at the next comma.
    return "".join([*kept, re.sub(r"\s*\([^,]*", "", rest) if depth else rest]), collaborations
