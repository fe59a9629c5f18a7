"""Papers and the listings that announced them.

A paper is stored once, under the date of its first announcement as far as we know it; every
listing that names it adds an announcement. Storing a listing twice changes nothing.
"""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from bot.arxiv.dating import DatedPaper, estimate_date, month_of
from bot.arxiv.paper import SourceRecord
from bot.digest.models import Cadence
from bot.models import (
    Announcement,
    AnnounceType,
    ArxivId,
    IntakeSource,
    Link,
    Listing,
    ListingStatus,
    Paper,
    StoredPaper,
)
from bot.store.papers import bulk
from bot.store.papers.bulk import AddedPapers, PreparedPaper, write_papers
from bot.store.papers.merging import Change, brought_up_to_date
from bot.store.papers.span import Span, read_span
from bot.store.rows import load_papers
from bot.store.search import search
from bot.store.sqlite.executor import Database
from bot.store.sqlite.statements import (
    LONG_AGO,
    Row,
    json_array,
    read_day,
    read_moment,
    select,
    select_one,
    select_rows,
)

BATCH_DEADLINE_S = 60.0
"""No person waits during an import, but a read is not to hang for ever."""

SPAN_DEADLINE_S = 5.0
"""A year of a large category takes half a second."""

PERSONS_DEADLINE_S = 10.0
"""Ten thousand papers, which a person may have saved, take two seconds."""

REREAD_AT_ONCE = 500
"""Papers whose texts are read again in one transaction: some tenths of a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedListing:
    """What storing a listing changed; all zero for a listing that was known already."""

    new_papers: int = 0
    updated_papers: int = 0
    new_announcements: int = 0


class Papers:
    """The store's papers, announcements and listings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_listing(
        self, listing: Listing, *, now: datetime, is_record: bool = False
    ) -> AddedListing:
        """Store what ``listing`` announces; idempotent, one transaction.

        A paper that is known gains what the listing adds (a higher version, fields that were
        empty, an earlier announcement date) and loses nothing. ``is_record`` says that this is
        arXiv's own record of the date.
        """
        return await self._database.write(_add_listing, listing, now, is_record)

    async def move_announcements(
        self,
        category: str,
        day: date,
        arxiv_ids: Collection[ArxivId],
        *,
        to: date | None,
        now: datetime,
    ) -> None:
        """Take papers from a date to which they do not belong; None is no other date.

        The date of a paper's first announcement follows, where it was the wrong one.
        """
        values = {
            "category": category,
            "day": day.isoformat(),
            "ids": json_array(arxiv_ids),
            "to": to.isoformat() if to is not None else None,
            "now": now.isoformat(),
        }
        await self._database.write(_correct, values, arxiv_ids, day)

    async def add_papers(self, batch: Sequence[PreparedPaper]) -> AddedPapers:
        """Store papers that are in no listing (history), in one transaction; idempotent.

        One to two thousand make a good batch: more need more memory and hold the lock longer.
        A paper that is known gains what the batch adds, as with `add_listing`.
        """
        return await self._database.write(bulk.add_papers, batch)

    async def reread(self, *, after: int = 0) -> tuple[int | None, int]:
        """Read the texts of a batch of papers again, those behind the key ``after``.

        Returns the last key of the batch, None behind the last, and how many read otherwise now.
        """
        return await self._database.write(bulk.reread_papers, after=after, limit=REREAD_AT_ONCE)

    async def list_changed(self, records: Sequence[SourceRecord]) -> list[SourceRecord]:
        """Return the records that are worth reading further: the others' contents are stored."""
        return await self._database.read_within(BATCH_DEADLINE_S, bulk.list_changed, records)

    async def add_links(self, arxiv_id: ArxivId, links: Sequence[Link]) -> int:
        """Add late links to a stored paper; returns how many were new."""
        return await self._database.write(_add_links, arxiv_id, links)

    async def bring_up_to_date(self, records: Sequence[Paper]) -> int:
        """Store arXiv's records of known papers as they are now; returns how many had news."""
        return await self._database.write(_bring_up_to_date, records)

    async def get_paper(self, arxiv_id: ArxivId) -> StoredPaper | None:
        return (await self._database.read(load_papers, [arxiv_id])).get(arxiv_id)

    async def get_papers(self, arxiv_ids: Collection[ArxivId]) -> dict[ArxivId, StoredPaper]:
        """Return those of the papers that are stored, by identifier."""
        return await self._database.read_within(PERSONS_DEADLINE_S, load_papers, arxiv_ids)

    async def get_listing(self, category: str, day: date) -> Listing | None:
        """Read a listing back in arXiv's order; None when nothing is stored for it."""
        return await self._database.read(_load_listing, category, day)

    async def list_listing_dates(self, category: str, limit: int = 25) -> list[date]:
        """List the dates for which a listing of ``category`` is stored, newest first."""
        return await self._database.read(
            select,
            date,
            "SELECT announced_on FROM listing WHERE category = :category "
            "ORDER BY announced_on DESC LIMIT :limit",
            {"category": category, "limit": limit},
        )

    async def latest_listing_date(self, category: str) -> date | None:
        return next(iter(await self.list_listing_dates(category, limit=1)), None)

    async def read_span(self, categories: Sequence[str], since: date, until: date) -> Span:
        """Read what categories announced from ``since`` to ``until``, without texts."""
        return await self._database.read_within(
            SPAN_DEADLINE_S, read_span, categories, since, until
        )

    async def listing_statuses(self) -> list[ListingStatus]:
        """Describe the newest stored listing of every category."""
        return await self._database.read(_newest_statuses)

    async def has_more_than(self, count: int) -> bool:
        """Whether more papers are stored than ``count``: without counting a large archive."""
        found = await self._database.read(
            select, int, "SELECT count(*) FROM (SELECT 1 FROM paper LIMIT ?)", (count + 1,)
        )
        return sum(found) > count

    async def count_papers(self) -> int:
        return await self._database.read(search.count_indexed)


def _add_listing(
    connection: sqlite3.Connection, listing: Listing, now: datetime, is_record: bool
) -> AddedListing:
    announced = first_mentions(listing)
    dated = [_dated(each, listing) for each in announced.values()]
    changes = bulk.list_changes(connection, dated)
    keys = write_papers(connection, changes)
    added = _write_announcements(connection, listing, now, is_record=is_record)
    search.index(connection, keys)
    if added:  # a known paper may have been announced with another type
        written = {change.after.arxiv_id for change in changes}
        search.refresh(connection, announced.keys() - written)
    new_papers = sum(change.before is None for change in changes)
    return AddedListing(
        new_papers=new_papers,
        updated_papers=len(changes) - new_papers,
        new_announcements=added,
    )


def first_mentions(listing: Listing) -> dict[ArxivId, Announcement]:
    """Return a listing's papers, each once: a file may name one twice, arXiv's feeds never do."""
    found: dict[ArxivId, Announcement] = {}
    for entry in listing.announcements:
        found.setdefault(entry.paper.arxiv_id, entry)
    return found


def _add_links(connection: sqlite3.Connection, arxiv_id: ArxivId, links: Sequence[Link]) -> int:
    stored = load_papers(connection, [arxiv_id]).get(arxiv_id)
    if stored is None:
        return 0
    urls = {link.url for link in stored.paper.links}
    fresh = tuple(link for link in links if link.url not in urls)
    change = Change(
        before=stored,
        after=replace(stored.paper, links=(*stored.paper.links, *fresh)),
        announced_on=stored.announced_on,
        is_estimated=stored.is_date_estimated,
    )
    if change.is_needed:
        search.index(connection, write_papers(connection, [change]))
    return len(fresh)


def _bring_up_to_date(connection: sqlite3.Connection, records: Sequence[Paper]) -> int:
    known = load_papers(connection, [record.arxiv_id for record in records])
    changes = [
        Change(
            before=stored,
            after=brought_up_to_date(stored.paper, record),
            announced_on=stored.announced_on,
            is_estimated=stored.is_date_estimated,
        )
        for record in records
        if (stored := known.get(record.arxiv_id)) is not None
    ]
    changes = [each for each in changes if each.is_needed]
    if changes:
        search.index(connection, write_papers(connection, changes))
    return len(changes)


def _dated(announcement: Announcement, listing: Listing) -> DatedPaper:
    paper = with_category(announcement, listing.category)
    day, is_estimated = _first_announcement(announcement, listing)
    return DatedPaper(paper=paper, announced_on=day, is_estimated=is_estimated)


def with_category(announcement: Announcement, category: str) -> Paper:
    """Make sure that a paper is found under the category that announced it.

    A form without categories (the Markdown digest) leaves them empty. What a category announces
    as new or replaced has it as primary category; a cross-list has another one, unknown here.
    """
    if announcement.paper.categories:
        return announcement.paper
    is_primary = announcement.announce_type in (AnnounceType.NEW, AnnounceType.REPLACE)
    return replace(announcement.paper, categories=(category,), is_primary_known=is_primary)


def _first_announcement(announcement: Announcement, listing: Listing) -> tuple[date, bool]:
    """Return the date under which a paper first seen here is kept, and whether it is a guess.

    A replacement was announced long before; its identifier tells the month (arXiv assigns
    identifiers at announcement). A listing that was worked out from OAI-PMH is a guess itself.
    """
    if not announcement.announce_type.is_replacement:
        return listing.announced_on, listing.source == IntakeSource.OAI
    return min(month_of(announcement.paper.arxiv_id), listing.announced_on), True


def _correct(
    connection: sqlite3.Connection,
    values: Mapping[str, str | None],
    arxiv_ids: Collection[ArxivId],
    wrong: date,
) -> None:
    _move_announcements(connection, values)
    _redate(connection, arxiv_ids, wrong)


def _redate(connection: sqlite3.Connection, arxiv_ids: Collection[ArxivId], wrong: date) -> None:
    """Give papers that were kept under a wrong date the date of what is left, or an estimate."""
    stored = load_papers(connection, arxiv_ids)
    rows = select_rows(
        connection,
        "SELECT arxiv_id, min(announced_on) FROM announcement "
        "WHERE arxiv_id IN (SELECT value FROM json_each(:ids)) "
        "AND announce_type IN ('new', 'cross') GROUP BY arxiv_id",
        {"ids": json_array(stored)},
    )
    told = {ArxivId(arxiv_id): day for arxiv_id, text in rows if (day := read_day(text))}
    changes = []
    for arxiv_id, before in stored.items():
        if before.announced_on != wrong or told.get(arxiv_id) == wrong:
            continue
        day = told.get(arxiv_id)
        change = Change(
            before=before,
            after=before.paper,
            announced_on=day or estimate_date(before.paper),
            is_estimated=day is None,
        )
        changes.append(change)
    if changes:
        search.index(connection, write_papers(connection, changes))
    search.refresh(connection, set(arxiv_ids) - {change.after.arxiv_id for change in changes})


def _write_announcements(
    connection: sqlite3.Connection, listing: Listing, now: datetime, *, is_record: bool
) -> int:
    """Add the announcements that are new; returns how many."""
    known = _announced(connection, listing.category, listing.announced_on)
    listed = {announcement.paper.arxiv_id for announcement in listing.announcements}
    # The fuller reading knows the true places; a filtered copy of a listing does not.
    knows_places = listed >= known
    connection.executemany(
        """
        INSERT INTO announcement
            (category, announced_on, position, arxiv_id, version, announce_type)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET position = iif(?, excluded.position, position),
            is_from_file = 0,
            -- It may have been unknown, or that of another announcement.
            version = iif(version AND (announce_type = excluded.announce_type OR NOT ?),
                version, excluded.version),
            announce_type = iif(?, excluded.announce_type, announce_type)
        """,
        [
            (*_announcement_row(entry, listing), knows_places, is_record, is_record)
            for entry in listing.announcements
        ],
    )
    added = len(listed - known)
    if added:
        connection.execute(
            "INSERT INTO listing (category, announced_on, source, stored_at, updated_at) "
            "VALUES (:category, :day, :source, :now, :now) "
            "ON CONFLICT DO UPDATE SET updated_at = :grown_at",
            {
                "category": listing.category,
                "day": listing.announced_on.isoformat(),
                "source": listing.source,
                "now": now.isoformat(),
                "grown_at": (growth_time(connection, listing.announced_on, now)).isoformat(),
            },
        )
    if is_record:
        connection.execute(
            "UPDATE listing SET is_record = 1 WHERE category = :category AND announced_on = :day",
            {"category": listing.category, "day": listing.announced_on.isoformat()},
        )
    return added


def _move_announcements(connection: sqlite3.Connection, values: Mapping[str, str | None]) -> None:
    """Put announcements under another date, or nowhere, and forget a listing without any."""
    moved = (
        "category = :category AND announced_on = :day "
        "AND arxiv_id IN (SELECT value FROM json_each(:ids))"
    )
    if values["to"] is not None:
        connection.execute(
            f"""
            INSERT INTO announcement
                (category, announced_on, position, arxiv_id, version, announce_type)
            SELECT category, :to, position, arxiv_id, version, announce_type
            FROM announcement WHERE {moved}
                AND EXISTS (SELECT 1 FROM paper WHERE arxiv_id = announcement.arxiv_id)
            ON CONFLICT DO NOTHING
            """,
            values,
        )
        connection.execute(
            """
            INSERT INTO listing (category, announced_on, source, stored_at, updated_at)
            SELECT category, :to, source, stored_at, :now
            FROM listing WHERE category = :category AND announced_on = :day
            ON CONFLICT DO NOTHING
            """,
            values,
        )
    connection.execute(f"DELETE FROM announcement WHERE {moved}", values)
    connection.execute(
        """
        DELETE FROM listing WHERE category = :category AND announced_on = :day
            AND NOT EXISTS (SELECT 1 FROM announcement
                WHERE category = :category AND announced_on = :day)
        """,
        values,
    )


CADENCES: Final = ", ".join(f"'{each.value}'" for each in Cadence)

LAST_DECISION: Final = (
    f"SELECT decided_at FROM digest WHERE cadence IN ({CADENCES}) AND announced_on = ? "
    "AND julianday(decided_at) IS NOT NULL ORDER BY decided_at DESC LIMIT 1"
)
"""Of any cadence: all are named, or each digest that was ever decided is looked at."""


def growth_time(connection: sqlite3.Connection, day: date, now: datetime) -> datetime:
    """Return ``now``, or a moment after the last decision about ``day`` if that is later.

    A clock that was set back since the decision must not make new papers look decided.
    """
    decided_at = select_one(
        connection,
        datetime,
        LAST_DECISION,
        (day.isoformat(),),
    )
    if decided_at is None or decided_at <= now:
        return now
    return decided_at + timedelta(microseconds=1)


def _announcement_row(announcement: Announcement, listing: Listing) -> Row:
    return (
        listing.category,
        listing.announced_on.isoformat(),
        announcement.position,
        announcement.paper.arxiv_id,
        announcement.paper.version,
        announcement.announce_type.value,
    )


def _announced(connection: sqlite3.Connection, category: str, day: date) -> set[ArxivId]:
    rows = select_rows(
        connection,
        "SELECT arxiv_id FROM announcement WHERE category = :category AND announced_on = :day",
        {"category": category, "day": day.isoformat()},
    )
    return {arxiv_id for (arxiv_id,) in rows}


def _load_listing(connection: sqlite3.Connection, category: str, day: date) -> Listing | None:
    which = {"category": category, "day": day.isoformat()}
    source = select_one(
        connection,
        str,
        "SELECT source FROM listing WHERE category = :category AND announced_on = :day",
        which,
    )
    if source is None:
        return None
    rows = select_rows(
        connection,
        "SELECT arxiv_id, announce_type, position, version FROM announcement "
        "WHERE category = :category AND announced_on = :day ORDER BY position, arxiv_id",
        which,
    )
    papers = load_papers(connection, (row[0] for row in rows))
    announcements = [
        Announcement(
            paper=replace(papers[arxiv_id].paper, version=version),
            announce_type=AnnounceType(announce_type),
            position=position,
        )
        for arxiv_id, announce_type, position, version in rows
        if arxiv_id in papers  # else it was deleted by hand: it is asked for again with its listing
    ]
    return Listing(
        category=category, announced_on=day, announcements=tuple(announcements), source=source
    )


def _newest_statuses(connection: sqlite3.Connection) -> list[ListingStatus]:
    rows = select_rows(
        connection,
        """
        SELECT category, announced_on, source, stored_at FROM listing AS newest
        WHERE announced_on =
            (SELECT max(announced_on) FROM listing WHERE category = newest.category)
        ORDER BY category
        """,
    )
    return [
        ListingStatus(
            category=category,
            announced_on=day,
            counts=_counts(connection, category, text),
            source=source,
            stored_at=read_moment(stored_at) or LONG_AGO,
        )
        for category, text, source, stored_at in rows
        if (day := read_day(text)) is not None
    ]


def _counts(connection: sqlite3.Connection, category: str, day: str) -> dict[AnnounceType, int]:
    rows = select_rows(
        connection,
        "SELECT announce_type, count(*) FROM announcement "
        "WHERE category = :category AND announced_on = :day GROUP BY announce_type",
        {"category": category, "day": day},
    )
    counts = dict.fromkeys(AnnounceType, 0)
    counts.update({AnnounceType(name): count for name, count in rows})
    return counts
