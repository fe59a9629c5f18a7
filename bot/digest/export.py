"""A digest as a file: the Markdown form this project began with, JSON, BibTeX."""

import re
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from bot.arxiv.markdown import infer_announce_types
from bot.digest.bibtex import papers_to_bibtex
from bot.digest.models import Digest, DigestEntry
from bot.models import AnnounceType, Paper, StoredPaper
from bot.text.words import long_date

_URL = re.compile(r"https?://[^\s<>\"]+")
_NOT_THE_URLS_END = ".,;:!?'*"
_CLOSING = {")": "(", "]": "[", "}": "{"}


def to_markdown(digest: Digest) -> str:
    """Render the Markdown form that `bot.arxiv.markdown` reads, the one of the first digest.

    The text is the authors' own (TeX), escaped as on arXiv's listing page. The form has no
    announce types; where its reader would infer wrong ones from the order of the identifiers, a
    comment line states the type of the papers that follow it. Others keep authors, categories,
    the authors' comment, DOI and journal reference.
    """
    heading = f"# ArXiv {'+'.join(digest.categories)} --{long_date(digest.announced_on)}\n"
    return heading + "".join(_markdown_papers(digest))


def _markdown_papers(digest: Digest) -> Iterator[str]:
    entries = digest.entries
    inferred = infer_announce_types([entry.paper.arxiv_id for entry in entries])
    needs_types = inferred != [entry.announce_type for entry in entries]
    stated: AnnounceType | None = None
    for number, entry in enumerate(entries, start=1):
        if needs_types and entry.announce_type is not stated:
            stated = entry.announce_type
            yield f"<!-- {stated} -->\n"
        yield _markdown_paper(number, entry.paper, digest.categories)


def _markdown_paper(number: int, paper: Paper, listed: Sequence[str]) -> str:
    # A comment is something to the reader of the form, and nothing in the text that it reads.
    title = _escape(paper.source_title.strip()) or "<!-- no title -->"
    abstract = _html(paper.source_abstract.strip()) or "<!-- no abstract -->"
    version = f"v{paper.version}" if paper.version > 1 else ""
    link = f"https://arxiv.org/pdf/{paper.arxiv_id}{version}.pdf"
    details = "".join(_markdown_details(paper, listed))
    return f"### {number}.{title}  [ :arrow_down: ]({link})\n{details}>  {abstract}      \n"


def _markdown_details(paper: Paper, listed: Sequence[str]) -> Iterator[str]:
    """Write what the form's two lines have no place for, as comments.

    The categories of a paper that has no other than those ``listed`` are told by the listing.
    """
    has_own = paper.is_primary_known and paper.categories != tuple(listed)
    details = {
        "authors": " | ".join(_escape(name).replace("|", "&#124;") for name in paper.authors),
        "categories": " ".join(paper.categories) if has_own else "",
        "comment": _escape(paper.comment or ""),
        "doi": _escape(paper.doi or ""),
        "journal": _escape(paper.journal_ref or ""),
    }
    return (f"<!-- {name}: {value} -->\n" for name, value in details.items() if value)


def _html(text: str) -> str:
    """Write text as the listing page does: escaped, each address a link that says little."""
    parts: list[str] = []
    end = 0
    for found in _URL.finditer(text):
        url = _without_trailing_punctuation(found[0])
        parts += (_escape(text[end : found.start()]), _anchor(url))
        end = found.start() + len(url)
    return "".join((*parts, _escape(text[end:])))


def _escape(text: str) -> str:
    """Escape for a single line: ``<br>`` is what parts paragraphs in HTML."""
    line = escape(text, quote=False).replace("\n\n", "<br>").replace("\n", " ")
    return line.replace("\r", "&#13;")


def _anchor(url: str) -> str:
    scheme = url.partition(":")[0]
    return (
        f'<a class="link-external link-{scheme}" href="{escape(url)}" '
        f'rel="external noopener nofollow">this {scheme} URL</a>'
    )


def _without_trailing_punctuation(url: str) -> str:
    """Leave the sentence its full stop, and a bracket its closing half."""
    while url[-1] in _NOT_THE_URLS_END or (
        url[-1] in _CLOSING and url.count(url[-1]) > url.count(_CLOSING[url[-1]])
    ):
        url = url[:-1]
    return url


def to_json(digest: Digest) -> dict[str, Any]:
    """Return the digest as JSON values; ``position`` is a paper's place in its listing."""
    return {
        "category": "+".join(digest.categories),
        "date": digest.announced_on.isoformat(),
        "papers": [_entry_to_json(entry) for entry in digest.entries],
    }


def _entry_to_json(entry: DigestEntry) -> dict[str, Any]:
    return paper_to_json(
        entry.paper, announce_type=entry.announce_type, position=entry.listed_in[0].position
    )


def paper_to_json(
    paper: Paper, *, announce_type: AnnounceType | None = None, position: int | None = None
) -> dict[str, Any]:
    """Return a paper as JSON values; how it was announced is null where no listing is meant."""
    return {
        "arxiv_id": paper.arxiv_id,
        "version": paper.version or None,  # null while no source told it
        "announce_type": None if announce_type is None else announce_type.value,
        "position": position,
        "title": paper.title,
        "authors": list(paper.authors),
        "abstract": paper.abstract,
        "primary_category": paper.primary_category,
        "categories": list(paper.categories),
        "links": [
            {"kind": link.kind.value, "url": link.url, "provenance": link.provenance.value}
            for link in paper.links
        ],
    }


def stored_to_json(stored: StoredPaper) -> dict[str, Any]:
    """Return a found paper: the same shape, and when it was announced."""
    return {**paper_to_json(stored.paper), "announced_on": stored.announced_on.isoformat()}


def to_bibtex(digest: Digest) -> str:
    """Render one BibTeX entry per paper, in the digest's order."""
    return papers_to_bibtex(entry.paper for entry in digest.entries)
