"""List: two lines a paper, and below each message a menu that opens any abstract privately.

A menu has at most 25 options, which is about what the 6000 characters of a message hold, too. The
menu also says which papers the message holds, so one whose embeds were removed is still known.
"""

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple, cast

from bot.arxiv.identifier import abs_url, parse_identifier, pdf_url
from bot.digest.messages import MessageDraft, ShownMessage
from bot.digest.models import Digest, DigestEntry, Subscription
from bot.errors import InputError
from bot.models import AnnounceType, ArxivId, LinkKind, Paper
from bot.text import markdown
from bot.text.withdrawal import is_withdrawn
from bot.ui.embeds import (
    COLOURS,
    MAX_DESCRIPTION,
    MAX_TOTAL,
    UNTITLED,
    WITHDRAWN,
    named_link,
    one_line,
    type_label,
)
from bot.ui.styles.body import Body, Papers, embeds_of
from bot.ui.styles.heading import first_line
from bot.ui.styles.notes import Notes, Room, with_embeds
from bot.ui.styles.parts import Part, make_drafts, make_pieces, pack
from bot.ui.styles.receipt import ROOM
from bot.ui.views import READ_ABSTRACT, ReadAbstract

MAX_PAPERS: Final = 25
"""A message's, which is Discord's limit for the options of a menu."""
MAX_TITLE: Final = 200
MAX_AUTHOR: Final = 60
MAX_TOPICS: Final = 60
MAX_URL: Final = 300
"""A longer address stands below the abstract only."""
MAX_OPTION: Final = 100

_FIRST_LINE: Final = re.compile(r"^\*\*[\d,]+\. \[", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class List:
    """The style; see `bot.ui.styles.Style` for what its methods promise."""

    code: str = "list"
    words: str = "list: two lines per paper, abstracts in a menu"
    is_ranked: bool = False

    def describe(self, subscription: Subscription) -> str:
        return "a list, abstracts in a menu"

    def measure(self, digest: Digest) -> int:
        return len(make_list(digest.entries))

    def render(self, digest: Digest, *, first_part: int = 1) -> tuple[MessageDraft, ...]:
        return make_drafts(digest, make_list(digest.entries), first_part, says_order=True)

    def split(self, body: Body, papers: Papers) -> tuple[MessageDraft, ...]:
        """Halve it; a half that is refused is halved again. Lines of other papers: not at all."""
        texts = [text for embed in embeds_of(body) for text in _texts_of(embed)]
        options = options_of(body)
        shown = [_paper_of(option) for option in options]
        is_ours = len(texts) == len(shown) and set(shown) == set(papers)
        if len(shown) < 2 or not is_ours:
            return ()
        lines = [
            _Line(text=_measure(text), option=option, paper=paper)
            for text, option, paper in zip(texts, options, cast(Papers, shown), strict=True)
        ]
        half = len(lines) // 2
        return make_pieces(body, [_part(lines[:half]), _part(lines[half:])])

    def amend(self, body: Body, notes: Notes) -> Body:
        """Put each line below the two of its paper; what gets too long goes on in a new column."""
        papers = iter([_paper_of(option) for option in options_of(body)])
        room, texts, left_out = Room(body), [], 0
        for text in (text for embed in embeds_of(body) for text in _texts_of(embed)):
            paper = next(papers, None)
            forms = notes.get(paper[0], ()) if paper else ()
            form, _ = room.take(forms)
            left_out += bool(forms) and form is None
            texts.append(_measure(text if form is None else f"{text}\n{form}"))
        others = [embed for embed in embeds_of(body) if not _texts_of(embed)]
        return with_embeds(body, [*_columns(texts), *others], left_out=left_out)

    def read(self, body: Body) -> ShownMessage | None:
        papers = tuple(paper for option in options_of(body) if (paper := _paper_of(option)))
        return ShownMessage(line=first_line(body.get("content")), papers=papers) if papers else None


LIST: Final = List()


class _Text(NamedTuple):
    """What a list shows of a paper, and what it takes with the end of its line."""

    text: str
    width: int


class _Line(NamedTuple):
    """A paper as its message shows it: the text, its option in the menu, and which it is."""

    text: _Text
    option: Mapping[str, str]
    paper: tuple[ArxivId, int]


def make_list(entries: Sequence[DigestEntry], first_number: int = 1) -> list[Part]:
    """List papers, numbered from ``first_number``, in as few messages as possible."""
    lines = _list(entries, first_number)
    groups = pack(lines, lambda line: line.text.width, MAX_TOTAL - ROOM, MAX_PAPERS)
    return [_part(group) for group in groups]


def _list(entries: Sequence[DigestEntry], first_number: int) -> list[_Line]:
    return [_line(entry, number) for number, entry in enumerate(entries, start=first_number)]


def _part(lines: Sequence[_Line]) -> Part:
    return Part(
        style=LIST.code,
        body={
            "embeds": _columns([line.text for line in lines]),
            "components": [_menu([line.option for line in lines])],
        },
        papers=[line.paper for line in lines],
    )


def _columns(texts: Sequence[_Text]) -> list[dict[str, object]]:
    """Show papers below each other, in as many embeds as they take."""
    columns = pack(texts, lambda text: text.width, MAX_DESCRIPTION)
    return [
        {
            "description": "\n".join(each.text for each in column),
            "color": COLOURS[AnnounceType.NEW].value,
        }
        for column in columns
    ]


def _measure(text: str) -> _Text:
    return _Text(text, markdown.width(text) + 1)


# -- a paper ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """What a list shows of a paper in any channel: its title, plain and linked, and the rest.

    ``width`` is that of link and rest together, with what always stands around them.
    """

    title: str
    link: str
    about: str
    width: int


def _line(entry: DigestEntry, number: int) -> _Line:
    shown, place = _show(entry.paper), f"{number:,}. "
    why = _reasons(entry.announce_type, entry.paper.version, entry.topics)
    text = f"**{place}{shown.link}**\n{shown.about}{why.text}"
    paper = (entry.paper.arxiv_id, entry.least_version)
    return _Line(
        _Text(text, len(place) + shown.width + why.width), _option(place, shown.title, paper), paper
    )


def _option(place: str, title: str, paper: tuple[ArxivId, int]) -> Mapping[str, str]:
    arxiv_id, version = paper
    return {
        "label": place + _shorten(title, MAX_OPTION - len(place)),
        "value": f"{arxiv_id}v{version}",
    }


@lru_cache(maxsize=1024)
def _reasons(announce_type: AnnounceType, version: int, topics: Sequence[str]) -> _Text:
    """Say behind a paper why it is there, as far as that is not a matter of course."""
    reasons = [] if announce_type is AnnounceType.NEW else [type_label(announce_type, version)]
    if name := markdown.shorten(one_line(", ".join(topics)), MAX_TOPICS):
        reasons.append(f"*{name}*")
    return _measure("".join(f" · {reason}" for reason in reasons))


@lru_cache(maxsize=4096)
def _shorten(title: str, max_chars: int) -> str:
    return markdown.plain(title, max_chars)


@lru_cache(maxsize=1024)  # of a day's papers, which many channels get
def _show(paper: Paper) -> _Shown:
    title = markdown.plain(one_line(paper.title), MAX_TITLE) or UNTITLED
    gone = is_withdrawn(comment=paper.comment, abstract=paper.abstract)
    about = (f"**{WITHDRAWN}**" if gone else "", _first_author(paper), *_links(paper))
    link = markdown.masked_link(title, abs_url(paper.arxiv_id))
    if not link.startswith("["):  # nothing of the title can stand in a link
        link = markdown.masked_link(UNTITLED, abs_url(paper.arxiv_id))
    line = " · ".join(part for part in about if part)
    width = markdown.width(f"****{link}\n{line}")
    return _Shown(title=title, link=link, about=line, width=width)


def _first_author(paper: Paper) -> str:
    labels = (markdown.shorten(one_line(name), MAX_AUTHOR) for name in paper.authors)
    first = next(filter(None, labels), "")
    return f"{first} +{len(paper.authors) - 1:,}" if first and paper.authors[1:] else first


def _links(paper: Paper) -> Iterator[str]:
    yield markdown.masked_link("PDF", pdf_url(paper.arxiv_id))
    links = [link for link in paper.links_of(LinkKind.CODE) if len(link.url) <= MAX_URL]
    if links:
        yield named_link(links[0], links[:1])


# -- the menu --------------------------------------------------------------------------------------

ROW, MENU = 1, 3
"""Discord's types of components."""


def _menu(options: Sequence[Mapping[str, str]]) -> dict[str, object]:
    menu = {
        "type": MENU,
        "custom_id": ReadAbstract().custom_id,
        "placeholder": READ_ABSTRACT,
        "options": list(options),
    }
    return {"type": ROW, "components": [menu]}


def make_menu(entries: Sequence[DigestEntry], first_number: int) -> Mapping[str, object]:
    """Make the menu of papers that are shown in another way, numbered from ``first_number``."""
    return _menu([line.option for line in _list(entries, first_number)])


def options_of(body: Body) -> Sequence[Mapping[str, str]]:
    """Return the options of a list's menu; of any other message there are none."""
    rows = cast(Sequence[Mapping[str, Any]], body.get("components") or ())
    menus = [menu for row in rows for menu in row.get("components") or ()]
    ours = [menu for menu in menus if menu.get("custom_id") == ReadAbstract().custom_id]
    return ours[0].get("options") or () if ours else ()


def _paper_of(option: Mapping[str, str]) -> tuple[ArxivId, int] | None:
    with contextlib.suppress(InputError):
        arxiv_id, version = parse_identifier(str(option.get("value") or ""))
        return arxiv_id, version or 1
    return None


def _texts_of(embed: Mapping[str, Any]) -> list[str]:
    """Cut a description into the papers that it lists."""
    text = str(embed.get("description") or "")
    starts = [found.start() for found in _FIRST_LINE.finditer(text)]
    ends = [*starts[1:], len(text)] if starts else []
    return [text[a:b].rstrip("\n") for a, b in zip(starts, ends, strict=True)]
