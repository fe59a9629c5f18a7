"""What `/paper search` and `/paper similar` answer: papers in a list, numbered over all pages."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import discord

from bot.digest.messages import PostedMessage
from bot.models import ArxivId, Paper, StoredPaper
from bot.query.ast import Node, Query, all_of
from bot.query.explain import Explanation, explain
from bot.query.printer import print_node
from bot.query.results import Closest, Match, SearchPage
from bot.text import markdown
from bot.text.words import count_of
from bot.ui.embeds import MAX_DESCRIPTION, MAX_TITLE, one_line
from bot.ui.matches import Room, render_match
from bot.ui.replies import code

COLOUR = discord.Colour(0xB31B1B)  # arXiv's own red

_ROOMS = (
    Room(title=160, authors=60, excerpt=110),
    Room(title=120, authors=60, excerpt=100),
    Room(title=120, authors=60, excerpt=0),
    Room(title=70, authors=40, excerpt=0),
    Room(title=40, authors=0, excerpt=0),
)
"""What the results of a page may take; the first for which all of them fit.

On a phone a line has about 45 letters: five results with excerpts of two or three lines fill its
screen.
"""

MAX_SHARED: Final = 80
_SORTS = {"newest": "newest first", "relevance": "most relevant first"}
CUT_SHORT = "-# The search was cut short, so there may be more; a narrower one finds them all."


MOST_COUNTED: Final = 8
MOST_TOLD: Final = 8
NONE_SAYS_ALL = "No paper matches all of this. These come closest:"


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
    closest: Closest | None = None,
) -> discord.Embed:
    """Render one page of at most ten results, with the words that matched in bold.

    ``posted`` says in which message of the guild a paper was posted. ``closest`` are papers that
    say most of it, where too few say all.
    """
    embed = discord.Embed(title=title_of(query), colour=COLOUR)
    results = _results(page.matches, page.asked)
    head = "\n".join(_head(page, sort))
    if closest is None or not closest.matches:
        told = say_meant(closest, code) if closest else ""
        head = f"{head}\n-# {told}" if told else head
        embed.description = _fitting(head, results, posted, page.first_number)
        return embed
    nearly = _results(closest.matches, closest.asked)
    first, *others = say_closest(closest, len(results), code)
    told = "\n".join([first, *(f"-# {line}" for line in others)])
    head = f"{head}\n" if results else ""
    embed.description = _fitting(head, results, posted, 1, second=(told, nearly))
    return embed


def _results(matches: Sequence[Match], asked: Node) -> list[_Result]:
    return [_Result(match.stored, explain(asked, match.stored.paper)) for match in matches]


def say_closest(closest: Closest, found: int, show: Callable[[str], str]) -> Iterator[str]:
    """Say what was made of a query, and that the papers that follow, if any, say most of it.

    ``show`` sets words off from the sentences.
    """
    if closest.matches:
        only = "Only 1 paper matches" if found == 1 else f"Only {found} papers match"
        yield f"{only} all of this. These come closest:" if found else NONE_SAYS_ALL
    meant = say_meant(closest, show)
    if meant:
        yield meant
    if closest.matches and 1 < len(closest.counts) <= MOST_COUNTED:
        counts = " · ".join(f"{show(word)} {papers:,}" for word, papers in closest.counts)
        yield f"Papers that match each part: {counts}"


def say_meant(closest: Closest, show: Callable[[str], str]) -> str:
    """Say as what a query was understood, and what was left out of it; empty if it is as typed."""
    told = [f"read {show(each.typed)} as {show(each.meant)}" for each in closest.mended]
    told += [f"understood {show(print_node(each))}" for each in closest.filters]
    if closest.unmet:
        told.append(f"nothing close matches {show(print_node(all_of(*closest.unmet)))}")
    told += [
        f"did you mean {show(each.meant)}, not {show(each.typed)}?" for each in closest.doubtful
    ]
    if closest.left_out:
        told.append(f"left out {', '.join([*dict.fromkeys(closest.left_out)][:MOST_TOLD])}")
    said = " · ".join(told[:MOST_TOLD])
    return said[:1].upper() + said[1:]


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
    second: tuple[str, Sequence[_Result]] = ("", ()),
) -> str:
    """Write ``head`` and the results below it, then the ``second`` ones below theirs."""
    description = head
    told, nearly = second
    for room in rooms:
        shown = [
            _render(number, result, posted.get(result.stored.paper.arxiv_id), room)
            for number, result in enumerate([*results, *nearly], start=first_number)
        ]
        if told:
            shown.insert(len(results), told)
        between = "\n\n" if room.excerpt else "\n"
        description = between.join(part for part in (head, *shown) if part)
        if markdown.width(description) <= MAX_DESCRIPTION:
            break
    return description


def _render(number: int, result: _Result, posted: PostedMessage | None, room: Room) -> str:
    shown = render_match(number, result.stored, result.why, posted, room)
    if not result.shared or not room.authors:
        return shown
    return f"{shown}\nBoth say: {markdown.shorten(', '.join(result.shared), MAX_SHARED)}"
