"""What some categories announced over a span of dates, without the papers' texts: to be counted.

Four weeks of a large category are six thousand papers; their texts would take a second to load.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from bot.models import Announcement, AnnounceType, ArxivId, Listing, Paper
from bot.store.sqlite.statements import Row, json_array, read_day, select_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Listings by date, oldest first, and the store's key of each paper.

    Their papers carry an identifier and the announced version, and no text.
    """

    listings: Mapping[date, Sequence[Listing]]
    keys: Mapping[ArxivId, int]


def read_span(
    connection: sqlite3.Connection, categories: Sequence[str], since: date, until: date
) -> Span:
    """Read what is stored for ``categories`` from ``since`` to ``until``."""
    rows = select_rows(
        connection,
        "SELECT a.announced_on, category, position, a.arxiv_id, a.version, announce_type, key "
        "FROM announcement AS a CROSS JOIN paper ON paper.arxiv_id = a.arxiv_id "
        "WHERE category IN (SELECT value FROM json_each(:categories)) "
        "AND a.announced_on BETWEEN :since AND :until",
        {"categories": json_array(categories), "since": f"{since}", "until": f"{until}"},
    )
    listings: dict[date, list[Listing]] = {}
    for listing in _listings(sorted(rows)):
        listings.setdefault(listing.announced_on, []).append(listing)
    return Span(listings=listings, keys={ArxivId(row[3]): row[6] for row in rows})


def _listings(rows: Sequence[Row]) -> Iterator[Listing]:
    for (text, category), group in groupby(rows, key=lambda row: (row[0], row[1])):
        day = read_day(text)
        if day is not None:
            yield Listing(
                category=category,
                announced_on=day,
                announcements=tuple(_announcement(*row[2:6]) for row in group),
                source="",
            )


def _announcement(
    position: int, arxiv_id: ArxivId, version: int, announce_type: str
) -> Announcement:
    bare = Paper(
        arxiv_id=arxiv_id,
        version=version,
        title="",
        abstract="",
        source_title="",
        source_abstract="",
    )
    return Announcement(paper=bare, announce_type=AnnounceType(announce_type), position=position)
