"""One paper as one embed, within whatever room its message leaves it.

Lengths are counted in UTF-16 code units (`markdown.width`), the larger of the units that Discord
may count in: what fits by them fits by code points too.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

import discord

from bot.arxiv.identifier import abs_url, pdf_url
from bot.digest.models import DigestEntry
from bot.models import UNKNOWN_VERSION, AnnounceType, Link, LinkKind, Paper
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

_LABELS = {
    LinkKind.PDF: "PDF",
    LinkKind.CODE: "Code",
    LinkKind.PROJECT: "Project",
    LinkKind.DATA: "Data",
    LinkKind.MODEL: "Model",
}


def render_paper(entry: DigestEntry, *, excerpt_chars: int) -> discord.Embed:
    """Render a paper as a card whose abstract takes at most ``excerpt_chars``.

    Links are never dropped in favour of the abstract: it gives way first.
    """
    shown = _show(entry.paper)
    excerpt = markdown.cut(shown.abstract, min(excerpt_chars, shown.room))
    lines = (f"*{shown.authors}*" if shown.authors else "", excerpt, shown.links)
    embed = discord.Embed(
        title=shown.title,
        url=abs_url(entry.paper.arxiv_id),
        description="\n".join(line for line in lines if line),
        colour=COLOURS[entry.announce_type],
    )
    return embed.set_footer(text=_footer(entry))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """What is the same on each card of a paper; ``room`` is what the abstract may take at most."""

    title: str
    authors: str
    links: str
    abstract: str
    abstract_width: int
    room: int
    is_withdrawn: bool


@lru_cache(maxsize=1024)  # a day's papers, which many channels get
def _show(paper: Paper) -> _Shown:
    authors = render_authors(paper.authors, max_chars=MAX_AUTHORS)
    links = render_links(paper, max_chars=MAX_LINKS)
    abstract = markdown.escape(one_line(paper.abstract))
    return _Shown(
        title=render_title(paper, max_chars=MAX_TITLE),
        authors=authors,
        links=links,
        abstract=abstract,
        abstract_width=markdown.width(abstract),
        room=MAX_DESCRIPTION - markdown.width(f"*{authors}*\n\n{links}"),
        is_withdrawn=is_withdrawn(comment=paper.comment, abstract=paper.abstract),
    )


def abstract_width(paper: Paper) -> int:
    """Return what the whole abstract would take of a card."""
    return _show(paper).abstract_width


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
    rendered += [markdown.masked_link(link_label(link, links), link.url) for link in links]
    line = " · ".join(rendered)
    while markdown.width(line) > max_chars:
        rendered.pop()
        more = f"{len(links) + 1 - len(rendered):,} more links"
        line = " · ".join((*rendered, markdown.masked_link(more, abs_url(paper.arxiv_id))))
    return line


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


def _footer(entry: DigestEntry) -> str:
    categories = entry.paper.categories or tuple(each.category for each in entry.listed_in)
    parts = [", ".join(categories), type_label(entry.announce_type, entry.paper.version)]
    if _show(entry.paper).is_withdrawn:
        parts.append(WITHDRAWN)
    if entry.topics:
        parts.append(f"matches {', '.join(entry.topics)}")
    return _plain(" · ".join(parts))


@lru_cache(maxsize=1024)
def _plain(footer: str) -> str:
    return markdown.plain(one_line(footer), MAX_FOOTER)


def type_label(announce_type: AnnounceType, version: int) -> str:
    """Return ``new``, ``cross-list``, ``replacement v2``, or ``replacement`` of unknown version."""
    if announce_type.is_replacement:
        return "replacement" if version == UNKNOWN_VERSION else f"replacement v{version}"
    return "new" if announce_type is AnnounceType.NEW else "cross-list"
