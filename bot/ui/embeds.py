"""One paper as one embed, within whatever room its message leaves it.

Lengths are counted in UTF-16 code units (`markdown.width`), the larger of the units that Discord
may count in: what fits by them fits by code points too.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import discord

from bot.arxiv.identifier import abs_url, pdf_url
from bot.digest.models import DigestEntry
from bot.models import UNKNOWN_VERSION, AnnounceType, Likeness, Link, LinkKind, Paper, Provenance
from bot.text import markdown
from bot.text.links import imitates_a_forge, is_forge
from bot.text.withdrawal import is_withdrawn

MAX_TITLE = 256
MAX_DESCRIPTION = 4096
MAX_TOTAL = 6000  # over all embeds of a message
MAX_EMBEDS = 10

MAX_AUTHORS = 160
MAX_LINKS = 3000  # leaves room for title, authors and footer within a description and a message
MAX_FOOTER = 500
MAX_LABEL = 60
UNTITLED = "(untitled)"
WITHDRAWN = "withdrawn"

COLOURS = {
    AnnounceType.NEW: discord.Colour(0xB31B1B),  # arXiv's own red
    AnnounceType.CROSS: discord.Colour(0x3B7DD8),
    AnnounceType.REPLACE: discord.Colour(0x8A8F98),
    AnnounceType.REPLACE_CROSS: discord.Colour(0x8A8F98),
}

_COLOURS = {kind: colour.value for kind, colour in COLOURS.items()}

_LABELS = {
    LinkKind.PDF: "PDF",
    LinkKind.CODE: "Code",
    LinkKind.PROJECT: "Project",
    LinkKind.DATA: "Data",
    LinkKind.MODEL: "Model",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """What is the same on each card of a paper; ``room`` is what the abstract may take at most.

    ``width`` is that of all but the abstract and the footer, which begins with the ``categories``.
    """

    url: str
    title: str
    authors: str
    links: str
    abstract: str
    abstract_width: int
    room: int
    width: int
    categories: str
    is_withdrawn: bool


class Card(NamedTuple):
    """A paper's card but for its excerpt: how much of the abstract it shows is decided later.

    ``width`` is what counts towards a message's 6000 without the excerpt and its line,
    ``abstract_width`` what the whole abstract takes.
    """

    entry: DigestEntry
    shown: _Shown
    footer: str
    width: int
    abstract_width: int

    def render(self, excerpt_chars: int) -> dict[str, object]:
        """Return the embed of Discord's API, its abstract cut to ``excerpt_chars``.

        Links are never dropped in favour of the abstract: it gives way first.
        """
        shown = self.shown
        excerpt = markdown.cut(shown.abstract, min(excerpt_chars, shown.room))
        description = "\n".join(filter(None, (shown.authors, excerpt, shown.links)))
        return {
            "type": "rich",
            "flags": 0,
            "title": shown.title,
            "url": shown.url,
            "description": description,
            "color": _COLOURS[self.entry.announce_type],
            "footer": {"text": self.footer},
        }


def make_card(entry: DigestEntry) -> Card:
    """Make a paper's card, and measure it."""
    shown = _show(entry.paper)
    footer, width = _footer(entry, shown)
    return Card(entry, shown, footer, shown.width + width, shown.abstract_width)


_OTHERS: Mapping[str, str] = {Provenance.HUGGING_FACE: "Hugging Face"}
"""Who may name a paper's links beside its authors."""


def render_paper(entry: DigestEntry, *, excerpt_chars: int) -> discord.Embed:
    """Render a paper as a card whose abstract takes at most ``excerpt_chars``."""
    return discord.Embed.from_dict(make_card(entry).render(excerpt_chars))


@lru_cache(maxsize=1024)  # a day's papers, which many channels get
def _show(paper: Paper) -> _Shown:
    authors = render_authors(paper.authors, max_chars=MAX_AUTHORS)
    links = render_links(paper, max_chars=MAX_LINKS)
    abstract = markdown.escape(one_line(paper.abstract))
    title = render_title(paper, max_chars=MAX_TITLE)
    authors_line = f"*{authors}*" if authors else ""
    fixed = "\n".join(line for line in (authors_line, links) if line)
    return _Shown(
        url=abs_url(paper.arxiv_id),
        title=title,
        authors=authors_line,
        links=links,
        abstract=abstract,
        abstract_width=markdown.width(abstract),
        room=MAX_DESCRIPTION - markdown.width(f"*{authors}*\n\n{links}"),
        width=markdown.width(title) + markdown.width(fixed),
        categories=_plain(", ".join(paper.categories)),
        is_withdrawn=is_withdrawn(comment=paper.comment, abstract=paper.abstract),
    )


def embed_width(embed: discord.Embed) -> int:
    """Return what counts towards a message's 6000: all texts but the addresses."""
    texts = [embed.title, embed.description, embed.footer.text, embed.author.name]
    for field in embed.fields:
        texts += (field.name, field.value)
    return sum(markdown.width(text) for text in texts if text)


def render_title(paper: Paper, *, max_chars: int) -> str:
    return markdown.shorten(one_line(paper.title), max_chars) or UNTITLED


def one_line(text: str) -> str:
    """Return ``text`` with its paragraphs in one line."""
    return " ".join(text.split())


def render_authors(authors: Sequence[str], *, max_chars: int, asked: Collection[str] = ()) -> str:
    """Return as many names as fit, and how many more there are.

    Those ``asked`` for are in bold; where they would be left out they come first.
    """
    shown = _fitting(authors, max_chars, asked)
    if not set(asked) <= set(authors[: len(shown)]):
        others = [name for name in authors if name not in asked]
        shown = _fitting([*asked, *others], max_chars, asked)
    return _named(shown, len(authors) - len(shown))


def _fitting(authors: Sequence[str], max_chars: int, asked: Collection[str]) -> list[str]:
    shown: list[str] = []
    for number, name in enumerate(authors, start=1):
        label = markdown.shorten(one_line(name), max_chars // 2)
        names = [*shown, f"**{label}**" if label and name in asked else label]
        if shown and markdown.width(_named(names, len(authors) - number)) > max_chars:
            break
        shown = names
    return shown


def _named(names: Sequence[str], more: int) -> str:
    return ", ".join(name for name in names if name) + (f" and {more:,} more" if more else "")


def render_links(paper: Paper, *, max_chars: int) -> str:
    """Return the PDF and all links the paper names; those of a crowd say which one they are."""
    links = [link for link in paper.links if link.kind in _LABELS and link.kind is not LinkKind.PDF]
    rendered = [markdown.masked_link("PDF", pdf_url(paper.arxiv_id))]
    rendered += [named_link(link, links) for link in links]
    line = " · ".join(rendered)
    while markdown.width(line) > max_chars:
        rendered.pop()
        more = f"{len(links) + 1 - len(rendered):,} more links"
        line = " · ".join((*rendered, markdown.masked_link(more, abs_url(paper.arxiv_id))))
    return line


def named_link(link: Link, links: Sequence[Link]) -> str:
    """Return a link by its label, and who names it if not the authors."""
    return markdown.masked_link(link_label(link, links), link.url) + says(link.provenance)


def says(provenance: str) -> str:
    """Return what follows a link that others than the authors name; empty for the authors' own."""
    return f", says {_OTHERS[provenance]}" if provenance in _OTHERS else ""


def link_label(link: Link, links: Sequence[Link]) -> str:
    """Return what a link is called: by its kind, and among others of its kind by its place, too.

    A repository's place is its name; of other pages the host is named, whole. A host that looks
    like a known one without being it is always named.
    """
    label = _LABELS[link.kind]
    host, _, path = link.url.partition("://")[2].partition("/")
    if not imitates_a_forge(host) and sum(each.kind is link.kind for each in links) == 1:
        return label
    parts = re.split("[?#]", path)[0].split("/")[:2]
    if is_forge(host):
        return f"{label}: {'/'.join(parts)[:MAX_LABEL]}"
    place = "/".join((host, *parts)).rstrip("/")
    return f"{label}: {place[: max(MAX_LABEL, len(host))]}"


def say_likeness(likeness: Likeness) -> str:
    """Say why a paper stands out: by which words it is like what people in the server liked."""
    papers = "a paper" if likeness.papers == 1 else f"{likeness.papers:,} papers"
    return f"like {papers} that people here liked: {', '.join(likeness.words)}"


def _footer(entry: DigestEntry, shown: _Shown) -> tuple[str, int]:
    """Return a card's footer as Discord shows it, and how wide it is."""
    categories = shown.categories
    if not entry.paper.categories:
        categories = _plain(", ".join(each.category for each in entry.listed_in))
    parts = [categories, type_label(entry.announce_type, entry.paper.version)]
    if shown.is_withdrawn:
        parts.append(WITHDRAWN)
    if entry.topics:
        parts.append(_matches(entry.topics))
    if entry.likeness and entry.likeness.words:
        parts.append(_plain(say_likeness(entry.likeness)))
    text = markdown.cut(" · ".join(parts), MAX_FOOTER)
    return text, markdown.width(text)


@lru_cache(maxsize=1024)  # a channel's papers match the same few topics
def _matches(topics: Sequence[str]) -> str:
    return _plain(f"matches {', '.join(topics)}")


def _plain(text: str) -> str:
    return markdown.plain(one_line(text))


@lru_cache(maxsize=256)
def type_label(announce_type: AnnounceType, version: int) -> str:
    """Return ``new``, ``cross-list``, ``replacement v2``, or ``replacement`` of unknown version."""
    if announce_type.is_replacement:
        return "replacement" if version == UNKNOWN_VERSION else f"replacement v{version}"
    return "new" if announce_type is AnnounceType.NEW else "cross-list"
