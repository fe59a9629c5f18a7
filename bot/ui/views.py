"""What buttons and menus carry: their whole state is in the custom id, so they outlive a restart.

An id starts with what it is for and a version (``preview:1:``), so that an older bot's buttons
are recognised, and has at most 100 characters, as Discord demands. Ids are not secret and can be
made up: the code that acts on one checks again who may do that.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Self

import discord

from bot.digest.models import Cadence
from bot.errors import InputError
from bot.models import ArxivId
from bot.text import markdown

PREVIOUS = "← Previous"
NEXT = "Next →"
FIRST = "« First"
LAST = "Last »"
START = "start"
TO_FIRST = "first"
"""In place of a cursor: the first page."""
SORTS = {"newest": "Newest first", "relevance": "Most relevant first"}
"""Labels of the buttons that change the order."""


_DAY_PAGE = (
    r"(?P<channel>\d{1,20}):(?P<day>\d{4}-\d\d-\d\d):(?P<page>-?\d{1,3})(?::(?P<cadence>week))?"
)
_PREVIEW_PAGE = _DAY_PAGE + r":(?P<kind>all|rest)"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPage:
    """A page of what a date, or the week that ends on it, has for a channel; counted from 0."""

    PREFIX: ClassVar[str]
    TEMPLATE: ClassVar[str]

    channel_id: int
    day: date
    page: int
    cadence: Cadence = Cadence.DAY

    @property
    def custom_id(self) -> str:
        return self._named_page

    @property
    def _named_page(self) -> str:
        week = ":week" if self.cadence is Cadence.WEEK else ""
        return f"{self.PREFIX}{self.channel_id}:{self.day.isoformat()}:{self.page}{week}"

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        return cls._read(match)

    @classmethod
    def _read(cls, match: re.Match[str], **more: Any) -> Self:
        return cls(
            channel_id=int(match["channel"]),
            day=date.fromisoformat(match["day"]),
            page=int(match["page"]),
            cadence=Cadence(match["cadence"] or Cadence.DAY),
            **more,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewPage(DayPage):
    """A page of ``/digest preview``: 0 is the summary, then the messages.

    ``is_rest`` leaves out what the channel already has.
    """

    PREFIX: ClassVar[str] = "preview:2:"
    TEMPLATE: ClassVar[str] = PREFIX + _PREVIEW_PAGE

    is_rest: bool = False

    @property
    def custom_id(self) -> str:
        kind = "rest" if self.is_rest else "all"
        return f"{self._named_page}:{kind}"

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        return cls._read(match, is_rest=match["kind"] == "rest")


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewMenu(PreviewPage):
    """The page of a preview that a menu is on, which leads to another."""

    PREFIX: ClassVar[str] = "preview-menu:1:"
    TEMPLATE: ClassVar[str] = PREFIX + _PREVIEW_PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class SendDay:
    """A wish to post a date's digest; ``is_sure`` says that its length was asked about.

    ``with_offered`` posts what its cap left out, too. A week is named by its last day.
    """

    TEMPLATE: ClassVar[str] = (
        r"send:1:(?P<channel>\d{1,20}):(?P<day>\d{4}-\d\d-\d\d):(?P<sure>ask|sure)"
        r"(?::(?P<kind>week|offered))?"
    )

    channel_id: int
    day: date
    is_sure: bool = False
    cadence: Cadence = Cadence.DAY
    with_offered: bool = False

    @property
    def custom_id(self) -> str:
        sure = "sure" if self.is_sure else "ask"
        kind = ":offered" if self.with_offered else ""
        kind = ":week" if self.cadence is Cadence.WEEK else kind
        return f"send:1:{self.channel_id}:{self.day.isoformat()}:{sure}{kind}"

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        return cls(
            channel_id=int(match["channel"]),
            day=date.fromisoformat(match["day"]),
            is_sure=match["sure"] == "sure",
            cadence=Cadence.WEEK if match["kind"] == "week" else Cadence.DAY,
            with_offered=match["kind"] == "offered",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchTurn:
    """A way from one page of a search to another: the store's cursor.

    ``start`` and ``end`` stand where there is no such page, ``first`` for the first and ``last``
    where there is no last: buttons need different ids.
    The query is too long for an id; it stands in the footer of the message (`page_note`).
    """

    TEMPLATE: ClassVar[str] = (
        r"search:1:(?P<asker>\d{1,20}):(?P<sort>newest|relevance):"
        r"(?P<cursor>[0-9a-f.+-]{1,40}|start|end|first|last)"
    )

    asker: int
    sort: str
    cursor: str

    @property
    def custom_id(self) -> str:
        return f"search:1:{self.asker}:{self.sort}:{self.cursor}"

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        return cls(asker=int(match["asker"]), sort=match["sort"], cursor=match["cursor"])


MAX_CUSTOM_ID = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOffer:
    """Another search, offered where one found nothing; the query must fit into the id."""

    TEMPLATE: ClassVar[str] = (
        r"offer:1:(?P<asker>\d{1,20}):(?P<sort>newest|relevance):(?P<query>(?s:.+))"
    )

    asker: int
    sort: str
    query: str

    @property
    def custom_id(self) -> str:
        return f"offer:1:{self.asker}:{self.sort}:{self.query}"

    @property
    def fits(self) -> bool:
        return markdown.width(self.custom_id) <= MAX_CUSTOM_ID

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        return cls(asker=int(match["asker"]), sort=match["sort"], query=match["query"])


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut(DayPage):
    """A page of what a date announced for a channel and did not match, counted from 0."""

    PREFIX: ClassVar[str] = "left:1:"
    TEMPLATE: ClassVar[str] = PREFIX + _DAY_PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered(DayPage):
    """A page of what a digest's cap left out of the channel, counted from 0.

    Of a week it has what was announced first on ``day``.
    """

    PREFIX: ClassVar[str] = "offered:1:"
    TEMPLATE: ClassVar[str] = PREFIX + _DAY_PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere(DayPage):
    """A page of what a date's digest left to other channels of the server, counted from 0."""

    PREFIX: ClassVar[str] = "elsewhere:1:"
    TEMPLATE: ClassVar[str] = PREFIX + _DAY_PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarTo:
    """A wish to see what is like a paper."""

    TEMPLATE: ClassVar[str] = r"similar:1:(?P<paper>[A-Za-z0-9./-]{1,40})"

    arxiv_id: ArxivId

    @property
    def custom_id(self) -> str:
        return f"similar:1:{self.arxiv_id}"

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        return cls(arxiv_id=ArxivId(match["paper"]))


READ_ABSTRACT = "Read an abstract (only for you)"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAbstract:
    """A wish to read a paper's abstract; which paper's is what the person chose in the menu."""

    TEMPLATE: ClassVar[str] = r"abstract:1"

    @property
    def custom_id(self) -> str:
        return "abstract:1"

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        return cls()


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
