"""A found paper in a few lines: what it is, where the query's words are in it, where it leads."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.arxiv.identifier import abs_url, pdf_url
from bot.digest.messages import PostedMessage
from bot.models import LinkKind, Paper, StoredPaper
from bot.query.explain import Explanation, Spans, excerpt
from bot.text import markdown
from bot.text.withdrawal import is_withdrawn
from bot.text.words import short_date
from bot.ui.embeds import UNTITLED, WITHDRAWN, named_link, render_authors

MAX_LISTED_URL = 120  # a longer address is shown with the paper's details
MAX_CATEGORIES = 60
MAX_COMMENT = 80

_LINKS = (LinkKind.CODE, LinkKind.PROJECT, LinkKind.DATA, LinkKind.MODEL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How many characters the parts of one result may take; 0 leaves a part out."""

    title: int
    authors: int
    excerpt: int


def render_match(
    number: int, stored: StoredPaper, why: Explanation, posted: PostedMessage | None, room: Room
) -> str:
    """Render a result; ``posted`` is the message in which this guild saw the paper."""
    paper = stored.paper
    about = [
        f"**{WITHDRAWN}**" if is_withdrawn(comment=paper.comment, abstract=paper.abstract) else "",
        render_authors(paper.authors, max_chars=room.authors, asked=why.authors)
        if room.authors
        else "",
        _date(stored),
        _categories(paper, why),
        *_links(paper, why, posted),
    ]
    lines = [
        f"**{number}.** {_title(paper, why.title, room.title)}",
        " · ".join(part for part in about if part),
    ]
    if room.excerpt:
        lines += _quotes(paper, why, room.excerpt)
    return "\n".join(lines)


def _title(paper: Paper, spans: Spans, max_chars: int) -> str:
    label = markdown.plain(" ".join(paper.title.split()), max_chars)
    kept = tuple(span for span in spans if label.startswith(paper.title[: span[1]]))
    return markdown.masked_link(label or UNTITLED, abs_url(paper.arxiv_id), kept)


def _date(stored: StoredPaper) -> str:
    return f"{'about ' if stored.is_date_estimated else ''}{short_date(stored.announced_on)}"


def _categories(paper: Paper, why: Explanation) -> str:
    """Name the primary category, or all of them where one of them was asked for."""
    is_asked = any("category" in reason.fields for reason in why.reasons)
    names = ", ".join(paper.categories) if is_asked else paper.primary_category or ""
    return markdown.shorten(names, MAX_CATEGORIES)


def _links(paper: Paper, why: Explanation, posted: PostedMessage | None) -> Iterator[str]:
    yield markdown.masked_link("PDF", pdf_url(paper.arxiv_id))
    asked = {reason.part for reason in why.reasons if "has" in reason.fields}
    for kind in _LINKS:
        links = paper.links_of(kind) if kind is LinkKind.CODE or f"has:{kind}" in asked else ()
        if links and len(links[0].url) <= MAX_LISTED_URL:
            yield named_link(links[0], links[:1])
    if posted:
        yield markdown.masked_link("posted here", posted.url)


def _quotes(paper: Paper, why: Explanation, max_chars: int) -> Iterator[str]:
    """Quote what fits best from the abstract, and the comment where it matched."""
    said = _excerpt(paper.abstract, why.abstract, max_chars)
    if said:
        yield f"> {said}"
    if why.comment:
        yield f"> Comment: {_excerpt(paper.comment or '', why.comment, MAX_COMMENT)}"


def _excerpt(text: str, spans: Spans, max_chars: int) -> str:
    """Show the piece of ``text`` that holds most matches."""
    line = "".join(" " if char.isspace() else char for char in text)
    piece = excerpt(line, spans, max_chars)
    shown = markdown.mark(piece.text, piece.spans).strip()
    if not shown:
        return ""
    return f"{'' if piece.is_beginning else '… '}{shown}{'' if piece.is_end else ' …'}"
