"""The query API (``export.arxiv.org/api/query``): Atom to papers, with what the feeds lack.

It knows comments, DOIs, journal references, full author lists and when the first version was
submitted, but not when a paper was announced. The form is that of 2026, which differs from the
manual (https://info.arxiv.org/help/api/user-manual.html) in the order of elements only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from xml.etree.ElementTree import Element

from bot.arxiv.identifier import parse_identifier
from bot.arxiv.paper import build_paper
from bot.arxiv.safexml import parse_xml, text_of
from bot.errors import InputError, ListingFormatError
from bot.models import ArxivId, Paper, SkippedRecord

ATOM = "{http://www.w3.org/2005/Atom}"
ARXIV = "{http://arxiv.org/schemas/atom}"
OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiResponse:
    """One page of an answer: ``total`` papers exist, these begin at ``start`` (from 0).

    ``revised_at`` says when the version told of a paper was submitted, where that can be read.
    """

    papers: tuple[Paper, ...]
    total: int
    start: int
    revised_at: Mapping[ArxivId, datetime] = field(default_factory=dict)
    skipped: tuple[SkippedRecord, ...] = ()

    @property
    def is_spurious(self) -> bool:
        """Whether the page is empty although papers are left: the API does that now and then.

        https://github.com/lukasschwab/arxiv.py/issues/43
        """
        return not self.papers and not self.skipped and self.start < self.total


def parse_api_response(content: bytes) -> ApiResponse:
    """Read one page of an answer.

    An entry that cannot be read is left out and named in ``skipped``. Raises
    `ListingFormatError` when the bytes are not a whole answer, or say what was wrong.
    """
    root = parse_xml(content, "an answer of arXiv's query API")
    if root.tag != f"{ATOM}feed" or root.find(f"{OPENSEARCH}totalResults") is None:
        raise ListingFormatError("The answer is not one of arXiv's query API.")
    papers: list[Paper] = []
    skipped: list[SkippedRecord] = []
    revised_at: dict[ArxivId, datetime] = {}
    for place, entry in enumerate(root.iter(f"{ATOM}entry"), start=1):
        name = (entry.findtext(f"{ATOM}id") or f"entry {place}").strip()
        if "/api/errors" in name:  # sent with HTTP 400, and once with 200
            reason = " ".join((entry.findtext(f"{ATOM}summary") or name).split())
            raise ListingFormatError(f"arXiv refused the request: {reason[:200]}")
        try:
            papers.append(_build_paper(entry))
            if (moment := _moment(entry, "updated")) is not None:
                revised_at[papers[-1].arxiv_id] = moment
        except ValueError as error:
            skipped.append(SkippedRecord(name=name[:100], reason=str(error)))
    return ApiResponse(
        papers=tuple(papers),
        total=_number(root, "totalResults"),
        start=_number(root, "startIndex"),
        revised_at=revised_at,
        skipped=tuple(skipped),
    )


def _number(root: Element, name: str) -> int:
    try:
        return int(root.findtext(f"{OPENSEARCH}{name}", ""))
    except ValueError:
        raise ListingFormatError(f"The answer has no number in <{name}>.") from None


def _build_paper(entry: Element) -> Paper:
    """Raises ValueError with the reason when the entry cannot be used."""
    title = entry.findtext(f"{ATOM}title", "")
    if not title.strip():
        raise ValueError("it has no title")
    try:
        arxiv_id, version = parse_identifier(entry.findtext(f"{ATOM}id", ""))
    except InputError:
        raise ValueError("it has no arXiv identifier") from None
    return build_paper(
        arxiv_id=arxiv_id,
        version=version or 1,
        title=title,
        abstract=entry.findtext(f"{ATOM}summary", ""),
        authors=[name for author in entry.iter(f"{ATOM}author") if (name := _name(author))],
        categories=_categories(entry),
        comment=entry.findtext(f"{ARXIV}comment"),
        doi=entry.findtext(f"{ARXIV}doi"),
        journal_ref=entry.findtext(f"{ARXIV}journal_ref"),
        submitted_at=_moment(entry, "published"),
    )


def _name(author: Element) -> str:
    return (text_of(author.find(f"{ATOM}name")) or "").strip()


def _categories(entry: Element) -> list[str]:
    """Return the primary category and then the others."""
    primary = entry.find(f"{ARXIV}primary_category")
    terms = [category.get("term", "") for category in entry.iter(f"{ATOM}category")]
    first = [primary.get("term", "")] if primary is not None else []
    return [term for term in dict.fromkeys([*first, *terms]) if term]


def _moment(entry: Element, name: str) -> datetime | None:
    """Read when version 1 was submitted ('published'), or the version told of ('updated')."""
    try:
        moment = datetime.fromisoformat(entry.findtext(f"{ATOM}{name}", "").strip())
    except ValueError:
        return None
    return moment if moment.tzinfo else None
