"""What `/paper show` answers: one paper in full."""

from collections.abc import Iterator, Sequence
from urllib.parse import quote

import discord

from bot.arxiv.identifier import abs_url
from bot.digest.messages import PostedMessage
from bot.digest.updates import NotedUpdate
from bot.models import UNKNOWN_VERSION, StoredPaper
from bot.text import markdown
from bot.text.withdrawal import is_withdrawn
from bot.text.words import long_date, short_date
from bot.ui.embeds import (
    MAX_DESCRIPTION,
    MAX_TITLE,
    MAX_TOTAL,
    WITHDRAWN,
    embed_width,
    render_authors,
    render_links,
    render_title,
)
from bot.ui.updates import render_updates

COLOUR = discord.Colour(0xB31B1B)  # arXiv's own red
MAX_FIELD = 1024


def render_paper_details(
    stored: StoredPaper, posted: PostedMessage | None, updates: Sequence[NotedUpdate] = ()
) -> discord.Embed:
    """Render all that is known of a paper; the abstract gives way when a message is too small.

    ``updates`` are what became known of it later, which stands as it does in digests.
    """
    paper = stored.paper
    embed = discord.Embed(
        title=render_title(paper, max_chars=MAX_TITLE), url=abs_url(paper.arxiv_id), colour=COLOUR
    )
    lines = (line for line in render_updates(updates) if markdown.width(line) <= MAX_FIELD)
    for name, value in (*_fields(stored, posted), ("Updates", next(lines, ""))):
        if value:
            embed.add_field(name=name, value=value, inline=False)
    gone = is_withdrawn(comment=paper.comment, abstract=paper.abstract)
    name = f"arXiv:{paper.arxiv_id}"
    name += ", version unknown" if paper.version == UNKNOWN_VERSION else f"v{paper.version}"
    embed.set_footer(text=f"{name} · {WITHDRAWN}" if gone else name)
    authors = render_authors(paper.authors, max_chars=600)
    room = min(MAX_DESCRIPTION, MAX_TOTAL - embed_width(embed)) - markdown.width(authors) - 4
    abstract = _abstract(paper.abstract, room)
    embed.description = "\n\n".join(part for part in (authors and f"*{authors}*", abstract) if part)
    return embed


def _fields(stored: StoredPaper, posted: PostedMessage | None) -> Iterator[tuple[str, str]]:
    paper = stored.paper
    estimated = " (estimated from the date of submission)" if stored.is_date_estimated else ""
    submitted = f", submitted {short_date(paper.submitted_at)}" if paper.submitted_at else ""
    yield "Links", render_links(paper, max_chars=MAX_FIELD)
    yield "Announced", f"{long_date(stored.announced_on)}{estimated}{submitted}"
    yield "Categories", markdown.shorten(", ".join(paper.categories), 300)
    yield "Comment", markdown.shorten(paper.comment or "", 500)
    yield "Journal", markdown.shorten(paper.journal_ref or "", 300)
    yield "DOI", _doi(paper.doi) if paper.doi else ""
    yield "Posted", markdown.masked_link("in this server", posted.url) if posted else ""


def _doi(doi: str) -> str:
    return markdown.masked_link(
        markdown.plain(doi, 100), f"https://doi.org/{quote(doi[:300], safe='/:;.')}"
    )


def _abstract(text: str, max_chars: int) -> str:
    """Render the paragraphs of an abstract as far as there is room."""
    shown: list[str] = []
    room = max_chars - 3  # for an ellipsis that stands for whole paragraphs
    for paragraph in text.split("\n\n"):
        if room < 40:
            shown.append("…")
            break
        shown.append(markdown.shorten(paragraph, room))
        room -= markdown.width(shown[-1]) + 2
    return "\n\n".join(part for part in shown if part)
