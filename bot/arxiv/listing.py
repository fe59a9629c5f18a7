"""The listing pages of arxiv.org: ``/list/<category>/new`` and ``/catchup/<category>/<date>``.

They show the same announcements as the feed, earlier and for longer: the new page from the
evening before, the catchup page for ninety days. They have comments and journal references,
which the feed lacks, but no versions. A page holds up to 2,000 papers; longer listings go on
over several, which `join_pages` puts together.

The form is that of https://github.com/arXiv/arxiv-browse (``browse/templates/list``), and the
one before 2023 as far as it is known.
"""

import contextlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from selectolax.lexbor import LexborHTMLParser, LexborNode

from bot.arxiv.calendar import named_day
from bot.arxiv.identifier import parse_identifier
from bot.arxiv.paper import build_paper, split_authors
from bot.arxiv.taxonomy import canonical_category, is_category
from bot.errors import InputError, ListingFormatError
from bot.models import (
    UNKNOWN_VERSION,
    Announcement,
    AnnounceType,
    ArxivId,
    Listing,
    Paper,
    SkippedRecord,
)
from bot.text.html import undo_html

MOST_BYTES = 10_000_000
"""A page of 2,000 papers has 6 MB; the HTML parser holds the interpreter while it runs."""
MOST_DEPTH = 500
"""Real pages nest 20 deep; the HTML parser's time grows with the square of the depth."""

_DATE = re.compile(r"\b[a-z]{3,9},? (\d{1,2}) ([a-z]{3,9}) (\d{4}|\d{2})\b", re.I | re.ASCII)
_TOTAL = re.compile(r"Total of (\d+) entries", re.I | re.ASCII)
_SECTION = re.compile(r"\s*(new submission|cross|replace)[^(]*(?:\((.*)\))?", re.I | re.DOTALL)
_OF_ENTRIES = re.compile(r"showing .*?(?:(\d+) of )?(\d+) entries", re.I | re.ASCII)
_LINKED_CATEGORY = re.compile(r"^/(?:list|catchup)/([a-z-]+(?:\.[a-z-]+)?)/", re.I)
_SUBJECT = re.compile(r"\(([a-z-]+(?:\.[a-z-]+)?)\)\s*(?:;|$)", re.I)
_HTML_VERSION = re.compile(r"/html/\S+?v(\d+)$", re.ASCII)
# arXiv makes links of 'method.The' as well, where an author forgot the blank.
_FALSE_LINK = re.compile(r'<a [^>]*href="http://([\w-]+\.[A-Z]\w*)"[^>]*>this http URL</a>')
_LINE_BREAK = re.compile(r"\s*<br\s*/?>\s*", re.I)
_NESTING_TAG = re.compile(
    # without the elements that have no end tag or need none
    rb"<(/?)(?!(?:area|base|br|col|dd|dt|embed|hr|img|input|li|link|meta|option|p|param|source|"
    rb"tbody|td|th|thead|tr|track|wbr)\b)[a-z]",
    re.I,
)
_NO_UPDATES = re.compile(r"No (?:further )?updates (?:today|for)", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingPage:
    """One page of a listing. ``total`` counts the papers of all its pages."""

    listing: Listing
    total: int

    @property
    def shown(self) -> int:
        """How many of them are on this page, unreadable ones included."""
        return len(self.listing.announcements) + len(self.listing.skipped)


class _Unreadable(Exception):
    """Why one paper of a page cannot be used."""


def parse_listing_page(content: bytes, category: str | None = None) -> Listing:
    """Read one listing page; ``is_complete`` is False where the listing goes on over others.

    ``category`` is needed only for the rare page that does not name its own. The version of a
    paper is `UNKNOWN_VERSION` where the page does not show it.
    Raises `ListingFormatError` when the bytes are not a whole page of one listing.
    """
    return parse_page(content, category).listing


def parse_page(content: bytes, category: str | None = None) -> ListingPage:
    """Read one listing page together with the number of papers in the whole listing."""
    _refuse_unusable(content)
    tree = LexborHTMLParser(content)
    text_of_top = _text(tree.css_first("#dlpage")) or _text(tree.body)
    announced_on = _date(tree)
    if announced_on is None:
        said = _text(tree.css_first("#content h1")) or text_of_top[:100]
        raise ListingFormatError(f"The page is not a listing; it says {said[:120]!r}.")
    items, total = _read_sections(tree)
    if total == 0 and not _NO_UPDATES.search(text_of_top):
        raise ListingFormatError("The page has neither papers nor a word of there being none.")
    listing = _build_listing(items, total, _category(tree, category, items), announced_on)
    is_catchup = _text(tree.css_first("h1")).startswith("Catchup")
    source = "catchup" if is_catchup else "list"
    return ListingPage(listing=replace(listing, source=source), total=total)


def join_pages(pages: Sequence[ListingPage]) -> Listing:
    """Put the pages of one listing together, in any order.

    Complete when they hold as many papers as the pages say there are. Raises
    `ListingFormatError` when they are pages of different listings.
    """
    first = pages[0].listing
    if len({(page.listing.category, page.listing.announced_on) for page in pages}) != 1:
        raise ListingFormatError("arXiv changed the listing while its pages were being fetched.")
    found = {a.paper.arxiv_id: a for page in pages for a in page.listing.announcements}
    skipped = dict.fromkeys(record for page in pages for record in page.listing.skipped)
    total = max(page.total for page in pages)
    return replace(
        first,
        announcements=tuple(sorted(found.values(), key=lambda a: a.position)),
        skipped=tuple(skipped),
        is_complete=len(found) + len(skipped) >= total,
    )


def _refuse_unusable(content: bytes) -> None:
    if not content.rstrip().endswith(b"</html>"):
        beginning = " ".join(content[:200].decode("utf-8", "replace").split())[:60]
        raise ListingFormatError(
            f"The answer is not a whole page (it begins {beginning!r}); expected a listing page."
        )
    if len(content) > MOST_BYTES:
        raise ListingFormatError(f"The page is larger than {MOST_BYTES / 1e6:g} MB.")
    depth = 0
    for tag in _NESTING_TAG.finditer(content):
        depth = max(depth - 1, 0) if tag[1] else depth + 1
        if depth > MOST_DEPTH:
            raise ListingFormatError("The page nests its elements too deep to be a listing.")


# --- what the page is about ------------------------------------------------------------------


def _date(tree: LexborHTMLParser) -> date | None:
    """Return the listing's date, from a heading: 'Tuesday, 30 June 2026', 'Fri, 21 Aug 20'."""
    for heading in tree.css("h1, h3"):
        text = _text(heading)
        named = _DATE.search(text)
        # '/list/cs.CV/recent' has a heading for each of its days, which are no listings.
        if named and re.match(r"showing|new sub|catchup|cross|replace", text, re.I):
            with contextlib.suppress(ValueError):
                return named_day(named[1], named[2], named[3])
    return None


def _category(tree: LexborHTMLParser, asked: str | None, items: Sequence["_Item"]) -> str:
    """Return the page's category: linked, told by the caller, or that of its new papers."""
    for anchor in tree.css("#dlpage a[href]"):
        linked = _LINKED_CATEGORY.search(anchor.attributes.get("href") or "")
        if linked and is_category(linked[1]):
            return canonical_category(linked[1])
    if asked is not None:
        return canonical_category(asked)
    for item in items:
        primary = _SUBJECT.search(_text(item.body.css_first(".primary-subject")))
        if item.section is AnnounceType.NEW and primary and is_category(primary[1]):
            return canonical_category(primary[1])
    raise ListingFormatError("The page does not say which category it lists.")


# --- papers ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """One paper as it stands on the page, and the section it stands in."""

    position: int
    head: LexborNode
    body: LexborNode
    section: AnnounceType


def _read_sections(tree: LexborHTMLParser) -> tuple[list[_Item], int]:
    """Return the papers in order, and how many there are on all pages."""
    items: list[_Item] = []
    section, in_sections, head = AnnounceType.NEW, 0, None
    for node in tree.css("h3, dt, dd"):
        if node.tag == "dt":
            head = node
        elif node.tag == "dd" and head is not None:
            position = _position(head) or len(items) + 1
            items.append(_Item(position=position, head=head, body=node, section=section))
            head = None
        elif node.tag == "h3" and (named := _SECTION.match(_text(node))):
            section = _SECTIONS[named[1].lower()]
            counted = _OF_ENTRIES.search(named[2] or "")
            in_sections += int(counted[2]) if counted else 0
    tops = "\n".join(map(_text, tree.css("#dlpage > div")))  # not an abstract that says so
    stated = _TOTAL.search(tops)
    return items, int(stated[1]) if stated else max(in_sections, len(items))


_SECTIONS = {
    "new submission": AnnounceType.NEW,
    "cross": AnnounceType.CROSS,
    "replace": AnnounceType.REPLACE,
}


def _build_listing(
    items: Iterable[_Item], total: int, category: str, announced_on: date
) -> Listing:
    announcements: dict[ArxivId, Announcement] = {}
    skipped: list[SkippedRecord] = []
    for item in items:
        try:
            announcement = _build_announcement(item, category)
            if announcement.paper.arxiv_id in announcements:
                raise _Unreadable("listed twice")
        except _Unreadable as error:
            name = " ".join(_text(item.head).split())[:100]
            skipped.append(SkippedRecord(name=name, reason=str(error)))
        else:
            announcements[announcement.paper.arxiv_id] = announcement
    return Listing(
        category=category,
        announced_on=announced_on,
        announcements=tuple(announcements.values()),
        source="list",
        skipped=tuple(skipped),
        is_complete=len(announcements) + len(skipped) >= total,
    )


def _build_announcement(item: _Item, category: str) -> Announcement:
    paper = _build_paper(item)
    announce_type = item.section
    primary = paper.primary_category
    if announce_type is AnnounceType.REPLACE and primary and not _is_same(primary, category):
        announce_type = AnnounceType.REPLACE_CROSS  # the page has one section for both
    return Announcement(paper=paper, announce_type=announce_type, position=item.position)


def _build_paper(item: _Item) -> Paper:
    title, abstract = _field(item.body, "list-title"), item.body.css_first(".meta > p, p.mathjax")
    if not title:
        raise _Unreadable("it has no title")
    if abstract is None:
        raise _Unreadable("it has no abstract")
    return build_paper(
        arxiv_id=_identifier(item.head),
        version=_version(item),
        title=title,
        abstract=_plain(_LINE_BREAK.sub("\n  ", abstract.inner_html or "")),
        authors=_authors(item.body),
        categories=_SUBJECT.findall(_text(item.body.css_first(".list-subjects"))),
        comment=_field(item.body, "list-comments"),
        doi=_field(item.body, "list-doi"),
        journal_ref=_field(item.body, "list-journal-ref"),
    )


def _identifier(head: LexborNode) -> ArxivId:
    anchor = head.css_first("a[title=Abstract], a[href^='/abs/']")
    address = (anchor.attributes.get("href") or "") if anchor else ""
    try:
        return parse_identifier(address.removeprefix("/abs/"))[0]
    except InputError:
        raise _Unreadable("it has no arXiv identifier") from None


def _version(item: _Item) -> int:
    """Return the version that the link to the HTML form names, else that it is unknown."""
    for anchor in item.head.css("a[href*='/html/']"):
        named = _HTML_VERSION.search(anchor.attributes.get("href") or "")
        if named:
            return int(named[1])
    return UNKNOWN_VERSION


def _authors(body: LexborNode) -> tuple[str, ...]:
    names = (" ".join(_text(anchor).split()) for anchor in body.css(".list-authors a"))
    listed = tuple(name for name in names if name and not name.startswith("et al"))
    return listed or split_authors(_field(body, "list-authors").strip("()"))


def _position(head: LexborNode) -> int | None:
    anchor = head.css_first("a[name^=item]")
    number = (anchor.attributes.get("name") or "")[4:] if anchor else ""
    return int(number) if number.isdecimal() else None


def _field(body: LexborNode, name: str) -> str:
    """Return the plain text of a field without its label ('Title:')."""
    node = body.css_first(f".{name}")
    if node is None:
        return ""
    for label in node.css(".descriptor"):
        label.decompose()
    return " ".join(_plain(node.inner_html or "").split())


def _plain(inner_html: str) -> str:
    return undo_html(_FALSE_LINK.sub(r"\1", inner_html))


def _is_same(one: str, other: str) -> bool:
    return is_category(one) and canonical_category(one) == other


def _text(node: LexborNode | None) -> str:
    return node.text().strip() if node is not None else ""
