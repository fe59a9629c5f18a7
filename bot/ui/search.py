"""What `/paper search` and `/paper similar` answer: papers in a list, numbered over all pages."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import discord

from bot.digest.messages import PostedMessage
from bot.models import ArxivId, Paper, StoredPaper
from bot.query.ast import Query
from bot.query.explain import Explanation, explain
from bot.query.results import Match, SearchPage
from bot.text import markdown
from bot.text.words import count_of
from bot.ui.embeds import MAX_DESCRIPTION, MAX_TITLE, one_line
from bot.ui.matches import Room, render_match

COLOUR = discord.Colour(0xB31B1B)  # arXiv's own red

_ROOMS = (
    Room(title=200, authors=80, excerpt=240),
    Room(title=160, authors=80, excerpt=160),
    Room(title=120, authors=60, excerpt=100),
    Room(title=120, authors=60, excerpt=0),
    Room(title=70, authors=40, excerpt=0),
    Room(title=40, authors=0, excerpt=0),
)
"""What the results of a page may take; the first for which all of them fit."""

MAX_SHARED: Final = 80
_SORTS = {"newest": "newest first", "relevance": "most relevant first"}
CUT_SHORT = "-# The search was cut short, so there may be more; a narrower one finds them all."


class _Result(NamedTuple):
    """A paper to list, and why it is there."""

    stored: StoredPaper
    why: Explanation
    shared: Sequence[str] = ()


def render_search(
    page: SearchPage,
    query: Query,
    *,
    posted: Mapping[ArxivId, PostedMessage],
    sort: str = "newest",
) -> discord.Embed:
    """Render one page of at most ten results, with the words that matched in bold.

    ``posted`` tells in which message of the guild a paper was posted.
    """
    embed = discord.Embed(title=title_of(query), colour=COLOUR)
    papers = [match.stored for match in page.matches]
    results = [_Result(stored, explain(page.asked, stored.paper)) for stored in papers]
    embed.description = _fitting("\n".join(_head(page, sort)), results, posted, page.first_number)
    return embed


def title_of(query: Query) -> str:
    """Name a search."""
    title = f"Search: {one_line(query.text)}" if query.text.strip() else "All papers"
    return markdown.shorten(title, MAX_TITLE)


def render_similar(
    paper: Paper, matches: Sequence[Match], posted: Mapping[ArxivId, PostedMessage]
) -> discord.Embed:
    """Render at most ten papers that are like ``paper``, each with the words that say so."""
    title = markdown.shorten(f"Similar to: {one_line(paper.title)}", MAX_TITLE)
    embed = discord.Embed(title=title, colour=COLOUR)
    results = [_Result(match.stored, Explanation(), match.shared) for match in matches]
    head = "By its most distinctive words, most similar first"
    if not results:
        head = "No other paper shares its most distinctive words."
    embed.description = _fitting(head, results, posted, 1, _ROOMS[3:])
    return embed


def _head(page: SearchPage, sort: str) -> Iterator[str]:
    total = count_of(page.total, "paper") if page.total_is_exact else f"{page.total:,}+ papers"
    yield f"**{total}** · {_SORTS.get(sort, sort)}"
    if page.overran:
        yield CUT_SHORT


def _fitting(
    head: str,
    results: Sequence[_Result],
    posted: Mapping[ArxivId, PostedMessage],
    first_number: int,
    rooms: Sequence[Room] = _ROOMS,
) -> str:
    description = head
    for room in rooms:
        shown = [
            _render(number, result, posted.get(result.stored.paper.arxiv_id), room)
            for number, result in enumerate(results, start=first_number)
        ]
        between = "\n\n" if room.excerpt else "\n"
        description = between.join((head, *shown))
        if markdown.width(description) <= MAX_DESCRIPTION:
            break
    return description


def _render(number: int, result: _Result, posted: PostedMessage | None, room: Room) -> str:
    shown = render_match(number, result.stored, result.why, posted, room)
    if not result.shared or not room.authors:
        return shown
    return f"{shown}\nBoth say: {markdown.shorten(', '.join(result.shared), MAX_SHARED)}"
