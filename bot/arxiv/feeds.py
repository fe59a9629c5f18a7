"""The daily feeds of rss.arxiv.org, RSS 2.0 and Atom: bytes to a `Listing`.

One feed is one category's listing of the US/Eastern day on which it was made; on a day without
announcement it is whole and empty. The form is that of arXiv's own service
(https://info.arxiv.org/help/rss.html, https://github.com/arXiv/arxiv-feed).
"""

import contextlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime

from bot.arxiv.calendar import announcement_day
from bot.arxiv.identifier import parse_identifier
from bot.arxiv.paper import build_paper, split_authors
from bot.arxiv.safexml import Fields, Layout, Records, read_records
from bot.arxiv.taxonomy import canonical_category, is_category
from bot.errors import InputError, ListingFormatError
from bot.models import Announcement, AnnounceType, ArxivId, Listing, SkippedRecord

MOST_RECORDS = 2000
"""ArXiv cuts a feed here without saying so."""

ATOM = "http://www.w3.org/2005/Atom}"
ARXIV = "http://arxiv.org/schemas/atom}"
DC = "http://purl.org/dc/elements/1.1/}"

_TITLE = re.compile(r"\s*(.+?) updates on (?:the )?arXiv\.org", re.IGNORECASE)
_SUMMARY = re.compile(
    r"\s*arXiv:(?P<id>\S+)\s+Announce Type:\s*(?P<type>\S+)\s*Abstract:\s*(?P<abstract>.*)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """What the two forms call the same things."""

    source: str
    layout: Layout
    title: str
    description: str
    stamps: tuple[str, ...]
    built: str
    parse_stamp: Callable[[str], datetime]
    record_stamp: str
    identifiers: tuple[str, ...]
    summary: str
    category: str


_FORMS = {
    "rss": _Form(
        source="rss",
        layout=Layout(container="channel", record="item"),
        title="title",
        description="description",
        stamps=("pubDate", "lastBuildDate"),
        built="lastBuildDate",
        parse_stamp=parsedate_to_datetime,
        record_stamp="pubDate",
        identifiers=("guid", "link"),
        summary="description",
        category="category",
    ),
    f"{ATOM}feed": _Form(
        source="atom",
        layout=Layout(
            container=None, record=f"{ATOM}entry", attributes={f"{ATOM}category": "term"}
        ),
        title=f"{ATOM}title",
        description=f"{ATOM}subtitle",
        stamps=(f"{ATOM}updated",),
        built=f"{ATOM}updated",
        parse_stamp=datetime.fromisoformat,
        record_stamp=f"{ATOM}published",
        identifiers=(f"{ATOM}id",),
        summary=f"{ATOM}summary",
        category=f"{ATOM}category",
    ),
}
_LAYOUTS = {root: form.layout for root, form in _FORMS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class RawFeed:
    """A feed as it was sent: what it is about, and its records in TeX, unread."""

    category: str
    announced_on: date
    built_at: datetime | None
    form: _Form
    records: Sequence[Fields]


class _Unreadable(Exception):
    """Why one record cannot be used."""


def parse_feed(content: bytes) -> Listing:
    """Read a daily feed, RSS 2.0 or Atom.

    A record that cannot be read is left out and named in ``skipped``; positions are those of
    the feed. Raises `ListingFormatError` when the bytes are not a whole feed of one listing.
    """
    return build_listing(read_feed(content))


def read_feed(content: bytes) -> RawFeed:
    """Do the first half of `parse_feed`: everything but the text of the papers."""
    found = read_records(content, _LAYOUTS, "a daily feed of arXiv")
    if found.root.endswith("}RDF"):
        raise ListingFormatError(
            "The answer is an RSS 1.0 feed, which arXiv gave up in 2024; expected RSS 2.0 or Atom."
        )
    form = _FORMS.get(found.root)
    if form is None:
        raise ListingFormatError(
            f"The answer is XML of another kind (<{found.root[:60]}>); expected RSS or Atom."
        )
    if not found.has_container:
        raise ListingFormatError("The RSS feed has no <channel>; expected a daily feed of arXiv.")
    title = found.head.get(form.title, "")
    if title.startswith("Feed error"):  # arXiv's way to say what it did not like, with HTTP 400
        reason = " ".join((found.head.get(form.description) or title).split())
        raise ListingFormatError(f"arXiv refused the request: {reason[:200]}")
    return RawFeed(
        category=_category(title),
        announced_on=_announced_on(found, form),
        built_at=_read_stamp(found.head.get(form.built), form),
        form=form,
        records=found.records,
    )


# --- what the feed is about ------------------------------------------------------------------


def _category(title: str) -> str:
    """Return the feed's category; an archive stays as it is, several are joined by ``+``."""
    named = _TITLE.match(title)
    if not named:
        raise ListingFormatError(
            f"The feed is titled {title.strip()[:60]!r}; expected 'cs.CV updates on arXiv.org'."
        )
    codes = [code.strip() for code in named[1].split(",")]
    return "+".join(canonical_category(code) if is_category(code) else code for code in codes)


def _announced_on(found: Records, form: _Form) -> date:
    """Return the US/Eastern date of the first stamp that can be read.

    The head says when the feed was made, which is that day; an Atom entry has the date itself.
    """
    stamps = [found.head.get(name) for name in form.stamps]
    if form.record_stamp not in form.stamps and found.records:
        stamps.insert(0, found.records[0].get(form.record_stamp))
    given = [stamp.strip() for stamp in stamps if stamp]
    for stamp in given:
        moment = _read_stamp(stamp, form)
        with contextlib.suppress(ValueError, OverflowError):
            if moment is not None:
                return announcement_day(moment)
    raise ListingFormatError(
        f"The feed has no readable date (found {', '.join(given)[:60] or 'none'}); expected the "
        "time at which it was made, with a time zone."
    )


def _read_stamp(stamp: str | None, form: _Form) -> datetime | None:
    with contextlib.suppress(ValueError, OverflowError):
        moment = form.parse_stamp((stamp or "").strip())
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    return None


# --- records to announcements ----------------------------------------------------------------


def build_listing(feed: RawFeed) -> Listing:
    """Do the second half of `parse_feed`: make the papers readable."""
    announcements: dict[ArxivId, Announcement] = {}
    skipped: list[SkippedRecord] = []
    for position, record in enumerate(feed.records, start=1):
        try:
            announcement = _build_announcement(record, feed.form, position)
            if announcement.paper.arxiv_id in announcements:
                raise _Unreadable("listed twice")
        except _Unreadable as error:
            names = (*feed.form.identifiers, feed.form.title)
            name = next(filter(None, (record.get(key) for key in names)), f"record {position}")
            skipped.append(SkippedRecord(name=name.strip()[:100], reason=str(error)))
        else:
            announcements[announcement.paper.arxiv_id] = announcement
    return Listing(
        category=feed.category,
        announced_on=feed.announced_on,
        announcements=tuple(announcements.values()),
        source=feed.form.source,
        skipped=tuple(skipped),
        is_complete=len(feed.records) < MOST_RECORDS,
        built_at=feed.built_at,
    )


def _build_announcement(record: Fields, form: _Form, position: int) -> Announcement:
    title, text = record.get(form.title), record.get(form.summary)
    summary = _SUMMARY.match(text or "")
    announce_type = record.get(f"{ARXIV}announce_type") or (summary["type"] if summary else "")
    arxiv_id, version = _identifier(record, form, summary)
    if not (title and title.strip()):
        raise _Unreadable("it has no title")
    if not (text and text.strip()):
        raise _Unreadable("it has no abstract")
    paper = build_paper(
        arxiv_id=arxiv_id,
        version=version,
        title=title,
        abstract=summary["abstract"] if summary else text,
        authors=split_authors(record.get(f"{DC}creator") or ""),
        categories=record.get(form.category, "").split(),
        doi=record.get(f"{ARXIV}DOI"),
        journal_ref=record.get(f"{ARXIV}journal_reference"),
        license=record.get(f"{DC}rights"),
    )
    return Announcement(paper=paper, announce_type=_announce_type(announce_type), position=position)


def _identifier(record: Fields, form: _Form, summary: re.Match[str] | None) -> tuple[ArxivId, int]:
    """Read identifier and version; the summary repeats what the record's own id says."""
    texts = [record.get(name) for name in form.identifiers]
    for text in (*texts, summary["id"] if summary else None):
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


def _announce_type(text: str) -> AnnounceType:
    try:
        return AnnounceType(text.strip().lower())
    except ValueError:
        raise _Unreadable(f"its announce type is {text[:40]!r}") from None
