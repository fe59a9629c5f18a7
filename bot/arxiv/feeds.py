"""The daily feeds of rss.arxiv.org, RSS 2.0 and Atom: bytes to a `Listing`.

One feed is one category's listing of the US/Eastern day on which it was made; on a day without
announcement it is whole and empty. The form is that of arXiv's own service
(https://info.arxiv.org/help/rss.html, https://github.com/arXiv/arxiv-feed).
"""

import contextlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from xml.etree.ElementTree import Element

from bot.arxiv.calendar import announcement_day
from bot.arxiv.identifier import parse_identifier
from bot.arxiv.paper import build_paper, split_authors
from bot.arxiv.safexml import parse_xml
from bot.arxiv.taxonomy import canonical_category, is_category
from bot.errors import InputError, ListingFormatError
from bot.models import Announcement, AnnounceType, ArxivId, Listing, SkippedRecord

MOST_RECORDS = 2000
"""ArXiv cuts a feed here without saying so."""

ATOM = "{http://www.w3.org/2005/Atom}"
ARXIV = "{http://arxiv.org/schemas/atom}"
DC = "{http://purl.org/dc/elements/1.1/}"

_TITLE = re.compile(r"\s*(.+?) updates on (?:the )?arXiv\.org", re.IGNORECASE)
_SUMMARY = re.compile(
    r"\s*arXiv:(?P<id>\S+)\s+Announce Type:\s*(?P<type>\S+)\s*Abstract:\s*(?P<abstract>.*)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    """An item or entry as it stands in the feed: the same fields in both forms."""

    identifier: str | None
    title: str | None
    summary: str | None
    announce_type: str | None
    authors: str | None
    categories: tuple[str, ...]
    doi: str | None
    journal_ref: str | None
    license: str | None


class _Unreadable(Exception):
    """Why one record cannot be used."""


def parse_feed(content: bytes) -> Listing:
    """Read a daily feed, RSS 2.0 or Atom.

    A record that cannot be read is left out and named in ``skipped``; positions are those of
    the feed. Raises `ListingFormatError` when the bytes are not a whole feed of one listing.
    """
    root = parse_xml(content, "a daily feed of arXiv")
    if root.tag == "rss":
        return _parse_rss(root)
    if root.tag == f"{ATOM}feed":
        return _parse_atom(root)
    if root.tag.endswith("}RDF"):
        raise ListingFormatError(
            "The answer is an RSS 1.0 feed, which arXiv gave up in 2024; expected RSS 2.0 or Atom."
        )
    raise ListingFormatError(
        f"The answer is XML of another kind (<{root.tag[:60]}>); expected an RSS or Atom feed."
    )


# --- the two forms ---------------------------------------------------------------------------


def _parse_rss(root: Element) -> Listing:
    channel = root.find("channel")
    if channel is None:
        raise ListingFormatError("The RSS feed has no <channel>; expected a daily feed of arXiv.")
    title = channel.findtext("title", "")
    _refuse_error_feed(title, channel.findtext("description"))
    stamps = (channel.findtext("pubDate"), channel.findtext("lastBuildDate"))
    return _build_listing(
        category=_category(title),
        announced_on=_first_date(stamps, parsedate_to_datetime),
        records=[_rss_record(item) for item in channel.findall("item")],
        source="rss",
    )


def _parse_atom(root: Element) -> Listing:
    title = root.findtext(f"{ATOM}title", "")
    _refuse_error_feed(title, root.findtext(f"{ATOM}subtitle"))
    # 'updated' is when the feed was made; an entry's 'published' is the listing's own date.
    stamps = (root.findtext(f"{ATOM}entry/{ATOM}published"), root.findtext(f"{ATOM}updated"))
    return _build_listing(
        category=_category(title),
        announced_on=_first_date(stamps, datetime.fromisoformat),
        records=[_atom_record(entry) for entry in root.findall(f"{ATOM}entry")],
        source="atom",
    )


def _rss_record(item: Element) -> _Record:
    texts = {child.tag: child.text for child in item}
    return _Record(
        identifier=texts.get("guid") or texts.get("link"),
        title=texts.get("title"),
        summary=texts.get("description"),
        announce_type=texts.get(f"{ARXIV}announce_type"),
        authors=texts.get(f"{DC}creator"),
        categories=tuple(child.text or "" for child in item if child.tag == "category"),
        doi=texts.get(f"{ARXIV}DOI"),
        journal_ref=texts.get(f"{ARXIV}journal_reference"),
        license=texts.get(f"{DC}rights"),
    )


def _atom_record(entry: Element) -> _Record:
    texts = {child.tag: child.text for child in entry}
    terms = (child.get("term", "") for child in entry if child.tag == f"{ATOM}category")
    return _Record(
        identifier=texts.get(f"{ATOM}id"),
        title=texts.get(f"{ATOM}title"),
        summary=texts.get(f"{ATOM}summary"),
        announce_type=texts.get(f"{ARXIV}announce_type"),
        authors=texts.get(f"{DC}creator"),
        categories=tuple(terms),
        doi=texts.get(f"{ARXIV}DOI"),
        journal_ref=texts.get(f"{ARXIV}journal_reference"),
        license=texts.get(f"{DC}rights"),
    )


# --- what the feed is about ------------------------------------------------------------------


def _refuse_error_feed(title: str, description: str | None) -> None:
    """ArXiv says what it did not like in the form of a feed (with HTTP 400)."""
    if title.startswith("Feed error"):
        reason = " ".join((description or title).split())
        raise ListingFormatError(f"arXiv refused the request: {reason[:200]}")


def _category(title: str) -> str:
    """Return the feed's category; an archive stays as it is, several are joined by ``+``."""
    named = _TITLE.match(title)
    if not named:
        raise ListingFormatError(
            f"The feed is titled {title.strip()[:60]!r}; expected 'cs.CV updates on arXiv.org'."
        )
    codes = [code.strip() for code in named[1].split(",")]
    return "+".join(canonical_category(code) if is_category(code) else code for code in codes)


def _first_date(stamps: Iterable[str | None], parse: Callable[[str], datetime]) -> date:
    """Return the US/Eastern date of the first stamp that can be read."""
    given = [stamp.strip() for stamp in stamps if stamp]
    for stamp in given:
        with contextlib.suppress(ValueError, OverflowError):
            moment = parse(stamp)
            if moment.tzinfo is not None:
                return announcement_day(moment)
    raise ListingFormatError(
        f"The feed has no readable date (found {', '.join(given)[:60] or 'none'}); expected the "
        "time at which it was made, with a time zone."
    )


# --- records to announcements ----------------------------------------------------------------


def _build_listing(
    *, category: str, announced_on: date, records: Sequence[_Record], source: str
) -> Listing:
    announcements: dict[ArxivId, Announcement] = {}
    skipped: list[SkippedRecord] = []
    for position, record in enumerate(records, start=1):
        try:
            announcement = _build_announcement(record, position)
            if announcement.paper.arxiv_id in announcements:
                raise _Unreadable("listed twice")
        except _Unreadable as error:
            name = record.identifier or record.title or f"record {position}"
            skipped.append(SkippedRecord(name=name.strip()[:100], reason=str(error)))
        else:
            announcements[announcement.paper.arxiv_id] = announcement
    return Listing(
        category=category,
        announced_on=announced_on,
        announcements=tuple(announcements.values()),
        source=source,
        skipped=tuple(skipped),
        is_complete=len(records) < MOST_RECORDS,
    )


def _build_announcement(record: _Record, position: int) -> Announcement:
    summary = _SUMMARY.match(record.summary or "")
    announce_type = record.announce_type or (summary["type"] if summary else None)
    arxiv_id, version = _identifier(record, summary)
    if not (record.title and record.title.strip()):
        raise _Unreadable("it has no title")
    if not (record.summary and record.summary.strip()):
        raise _Unreadable("it has no abstract")
    paper = build_paper(
        arxiv_id=arxiv_id,
        version=version,
        title=record.title,
        abstract=summary["abstract"] if summary else record.summary,
        authors=split_authors(record.authors or ""),
        categories=[category.strip() for category in record.categories if category.strip()],
        doi=record.doi,
        journal_ref=record.journal_ref,
        license=record.license,
    )
    return Announcement(paper=paper, announce_type=_announce_type(announce_type), position=position)


def _identifier(record: _Record, summary: re.Match[str] | None) -> tuple[ArxivId, int]:
    """Read identifier and version; the summary repeats what the record's own id says."""
    for text in (record.identifier, summary["id"] if summary else None):
        if text:
            with contextlib.suppress(InputError):
                arxiv_id, version = parse_identifier(text)
                return arxiv_id, version or _version(summary)
    raise _Unreadable("it has no arXiv identifier")


def _version(summary: re.Match[str] | None) -> int:
    if summary:
        with contextlib.suppress(InputError):
            return parse_identifier(summary["id"])[1] or 1
    return 1


def _announce_type(text: str | None) -> AnnounceType:
    try:
        return AnnounceType((text or "").strip().lower())
    except ValueError:
        raise _Unreadable(f"its announce type is {text!r}") from None
