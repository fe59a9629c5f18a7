"""What buttons and menus of searches and previews carry."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import discord

from bot.digest.models import Cadence
from bot.errors import InputError
from bot.text import markdown
from bot.ui.ids import (
    MAX_CUSTOM_ID,
    CustomId,
    Day,
    Every,
    Page,
    PaperId,
    Part,
    Snowflake,
    flag,
    mark,
)

PREVIOUS = "← Previous"
NEXT = "Next →"
FIRST = "« First"
LAST = "Last »"
START = "start"
TO_FIRST = "first"
"""In place of a cursor: the first page."""
SORTS = {"newest": "Newest first", "relevance": "Most relevant first"}
"""Labels of the buttons that change the order."""


SortName = Annotated[str, Part("|".join(SORTS))]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPage(CustomId):
    """A page of what a date, or the week that ends on it, has for a channel; counted from 0."""

    channel_id: Snowflake
    day: Day
    page: Page
    cadence: Every = Cadence.DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewPage(DayPage):
    """A page of ``/digest preview``: 0 is the summary, then the messages.

    ``is_rest`` leaves out what the channel already has.
    """

    PREFIX = "preview:2"

    is_rest: Annotated[bool, flag("rest", "all")] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewMenu(PreviewPage):
    """The page of a preview that a menu is on, which leads to another."""

    PREFIX = "preview-menu:1"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendDay(CustomId):
    """A wish to post a date's digest; ``is_sure`` says that its length was asked about.

    ``with_offered`` posts what its cap left out, too. A week is named by its last day.
    """

    PREFIX = "send:1"

    channel_id: Snowflake
    day: Day
    is_sure: Annotated[bool, flag("sure", "ask")] = False
    cadence: Every = Cadence.DAY
    with_offered: Annotated[bool, mark("offered")] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchTurn(CustomId):
    """A way from one page of a search to another: the store's cursor.

    ``start`` and ``end`` stand where there is no such page, ``first`` for the first and ``last``
    where there is no last: buttons need different ids.
    The query is too long for an id; it stands in the footer of the message (`page_note`).
    """

    PREFIX = "search:1"

    asker: Snowflake
    sort: SortName
    cursor: Annotated[str, Part("[0-9a-f.+-]{1,40}|start|end|first|last")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOffer(CustomId):
    """Another search, offered where one found nothing; the query must fit into the id."""

    PREFIX = "offer:1"

    asker: Snowflake
    sort: SortName
    query: Annotated[str, Part("(?s:.+)")]

    @property
    def fits(self) -> bool:
        return markdown.width(self.custom_id) <= MAX_CUSTOM_ID


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut(DayPage):
    """A page of what a date announced for a channel and did not match, counted from 0."""

    PREFIX = "left:1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered(DayPage):
    """A page of what a digest's cap left out of the channel, counted from 0.

    Of a week it has what was announced first on ``day``.
    """

    PREFIX = "offered:1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere(DayPage):
    """A page of what a date's digest left to other channels of the server, counted from 0."""

    PREFIX = "elsewhere:1"


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarTo(CustomId):
    """A wish to see what is like a paper."""

    PREFIX = "similar:1"

    arxiv_id: PaperId


READ_ABSTRACT = "Read an abstract (only for you)"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAbstract(CustomId):
    """A wish to read a paper's abstract; which paper's is what the person chose in the menu."""

    PREFIX = "abstract:1"


_NOTE = re.compile(r"Page \d+(?: of \d+\+?)? ·(?P<query>.*)", re.DOTALL)


def page_note(number: int, query: str, of: str = "") -> str:
    """Name a page of results and what was searched; Discord renders no Markdown in footers.

    ``of`` says how many pages there are: ``12``, or ``200+`` if there may be more.
    """
    return f"Page {number}{f' of {of}' if of else ''} · {query}"


def query_of_note(message: discord.Message | None) -> str:
    """Read the query back from a page of results; raises `InputError` if it does not say."""
    notes = [embed.footer.text or "" for embed in message.embeds] if message else []
    match = next((found for note in notes if (found := _NOTE.fullmatch(note))), None)
    if match is None:
        raise InputError("This page no longer says what was searched; search again.")
    return match["query"].strip()


def make_view(items: Sequence[discord.ui.Item[Any]]) -> discord.ui.View:
    """Make a view that never times out."""
    view = discord.ui.View(timeout=None)
    for item in items:
        view.add_item(item)
    return view
