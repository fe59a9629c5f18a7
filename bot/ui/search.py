"""What `/paper search` and `/paper show` answer: a page of results, one paper in full."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol
from urllib.parse import quote

import discord

from bot.arxiv.identifier import abs_url, pdf_url
from bot.digest.words import count_of, long_date, short_date
from bot.models import ArxivId, LinkKind, Paper, PostedMessage, StoredPaper
from bot.text import markdown
from bot.ui.embeds import (
    MAX_DESCRIPTION,
    MAX_TITLE,
    MAX_TOTAL,
    UNTITLED,
    embed_width,
    one_line,
    render_authors,
    render_links,
    render_title,
)

COLOUR = discord.Colour(0xB31B1B)  # arXiv's own red
MAX_FIELD = 1024
MAX_LISTED_URL = 120  # a longer address is shown with the paper's details

# Title and authors of one result get as many characters as ten results leave room for.
_LIST_WIDTHS = ((200, 80), (140, 80), (100, 60), (70, 40), (40, 0))

_SORTS = {"newest": "newest first", "relevance": "most relevant first"}

NOTHING_FOUND = (
    "No paper matches. All words must occur in a paper, in any form (`train` finds *training*).\n"
    "- Try fewer words, or alternatives: `nerf OR splatting`.\n"
    "- Try a beginning: `segment*`.\n"
    '- Without quotes, the words of `"a phrase"` may stand apart.\n'
    "- Leave out a filter such as `category:`, `author:`, `since:` or `has:code`."
)


class Match(Protocol):
    """A paper that the search found."""

    @property
    def stored(self) -> StoredPaper: ...


class SearchPage(Protocol):
    """One page of what a search found, as the store returns it."""

    @property
    def matches(self) -> Sequence[Match]: ...
    @property
    def total(self) -> int: ...
    @property
    def total_is_exact(self) -> bool: ...
    @property
    def overran(self) -> bool: ...


def render_search(
    page: SearchPage,
    *,
    query_text: str,
    posted: Mapping[ArxivId, PostedMessage],
    sort: str = "newest",
    first_number: int = 1,
) -> discord.Embed:
    """Render one page of at most ten results as a list, numbered over all pages.

    ``posted`` tells in which message of the guild a paper was posted; ``first_number`` is the
    number of the page's first result.
    """
    title = f"Search: {one_line(query_text)}" if query_text.strip() else "All papers"
    embed = discord.Embed(title=markdown.shorten(title, MAX_TITLE), colour=COLOUR)
    head = "\n".join(_head(page, sort))
    if not page.matches:
        embed.description = f"{NOTHING_FOUND}\n{head}".strip()
        return embed
    papers = [match.stored for match in page.matches]
    for title_chars, author_chars in _LIST_WIDTHS:
        results = [
            _result(number, stored, posted.get(stored.paper.arxiv_id), title_chars, author_chars)
            for number, stored in enumerate(papers, start=first_number)
        ]
        embed.description = "\n".join((head, *results))
        if markdown.width(embed.description) <= MAX_DESCRIPTION:
            break
    return embed


def _head(page: SearchPage, sort: str) -> Iterator[str]:
    if page.matches:
        total = count_of(page.total, "paper") if page.total_is_exact else f"{page.total:,}+ papers"
        yield f"**{total}** · {_SORTS.get(sort, sort)}"
    if page.overran:
        yield "-# The search reached its time limit, so there may be more; a narrower one is fast."


def _result(
    number: int,
    stored: StoredPaper,
    posted: PostedMessage | None,
    title_chars: int,
    author_chars: int,
) -> str:
    paper = stored.paper
    label = markdown.plain(one_line(paper.title), title_chars) or UNTITLED
    title = markdown.masked_link(label, abs_url(paper.arxiv_id))
    about = [
        render_authors(paper.authors, max_chars=author_chars) if author_chars else "",
        _date(stored),
        markdown.escape(paper.primary_category or ""),
        *_list_links(paper, posted),
    ]
    return f"**{number}.** {title}\n{' · '.join(part for part in about if part)}"


def _list_links(paper: Paper, posted: PostedMessage | None) -> Iterator[str]:
    yield markdown.masked_link("PDF", pdf_url(paper.arxiv_id))
    code = paper.links_of(LinkKind.CODE)
    if code and len(code[0].url) <= MAX_LISTED_URL:
        yield markdown.masked_link("Code", code[0].url)
    if posted:
        yield markdown.masked_link("posted here", posted.url)


def _date(stored: StoredPaper) -> str:
    return f"{'about ' if stored.is_date_estimated else ''}{short_date(stored.announced_on)}"


def render_paper_details(stored: StoredPaper, posted: PostedMessage | None) -> discord.Embed:
    """Render all that is known of a paper; the abstract gives way when a message is too small."""
    paper = stored.paper
    embed = discord.Embed(
        title=render_title(paper, max_chars=MAX_TITLE), url=abs_url(paper.arxiv_id), colour=COLOUR
    )
    for name, value in _fields(stored, posted):
        if value:
            embed.add_field(name=name, value=value, inline=False)
    embed.set_footer(text=f"arXiv:{paper.arxiv_id}v{paper.version}")
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
