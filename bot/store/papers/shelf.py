"""The shelf: what imported files say was announced when, kept as they say it.

A feed's date can be wrong, and which it is shows only beside its neighbours, which may be
imported later. So a file's papers are stored at once, its list lies here, and what all lists of a
category come to is worked out again whenever one is added (`bot.intake.placing`) and written by
`Shelf.place`. Announcements that the bot read itself are not of a file, and stay.
"""

import hashlib
import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import islice
from typing import Any, NamedTuple

from bot.arxiv.calendar import is_announcement_day, previous_announcement_day
from bot.arxiv.dating import DatedPaper, estimate_date
from bot.models import (
    Announcement,
    AnnounceType,
    ArxivId,
    Listing,
    Paper,
    StoredPaper,
)
from bot.store.papers import bulk
from bot.store.papers.bulk import write_papers
from bot.store.papers.merging import Change, FirstDay, better_day
from bot.store.papers.papers import (
    BATCH_DEADLINE_S,
    AddedListing,
    first_mentions,
    growth_time,
    with_category,
)
from bot.store.rows import load_papers
from bot.store.search import search
from bot.store.sqlite.executor import Database
from bot.store.sqlite.statements import (
    json_array,
    read_day,
    read_list,
    read_moment,
    select,
    select_rows,
)

AT_ONCE = 2000
"""Papers whose dates are written together: what is loaded of them is some megabytes."""


class PlacedPaper(NamedTuple):
    """How a listing announces a paper; ``is_from_file`` says that no list of arXiv's does yet."""

    version: int
    announce_type: AnnounceType
    position: int
    is_from_file: bool = False


@dataclass(slots=True, kw_only=True)
class PlacedListing:
    """What is to be stored, or is stored, of a date; ``is_uncertain`` as in `NearListing`."""

    source: str
    is_record: bool = False
    is_uncertain: bool = False
    papers: dict[ArxivId, PlacedPaper] = field(default_factory=dict)

    @property
    def is_from_file(self) -> bool:
        return all(paper.is_from_file for paper in self.papers.values())


Listings = Mapping[date, PlacedListing]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelvedListing:
    """A file's listing, under the date that it carries; its papers have no text here."""

    number: int
    listing: Listing


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelved:
    """What came of putting a file on the shelf: its number, and what it told of papers."""

    number: int
    added: AddedListing


class Shelf:
    """The lists of files, and where they belong."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, listing: Listing) -> Shelved:
        """Store the papers of a file's list, with estimated dates, and keep the list; idempotent.

        `place` gives both their dates.
        """
        return await self._database.write(_add, listing)

    async def list_unplaced(self) -> list[str]:
        """List the categories with lists that were not judged since they came."""
        return await self._database.read(
            select, str, "SELECT DISTINCT category FROM shelf WHERE is_placed = 0 ORDER BY 1"
        )

    async def list_lists(self, category: str) -> list[ShelvedListing]:
        """Return all lists of a category that files brought, in no order that means anything."""
        return await self._database.read_within(BATCH_DEADLINE_S, _shelved, category)

    async def list_read(self, category: str) -> dict[date, PlacedListing]:
        """Return what is stored of a category that the bot itself has read."""
        return await self._database.read_within(BATCH_DEADLINE_S, _read, category)

    async def place(
        self,
        category: str,
        lists: Collection[ShelvedListing],
        listings: Listings,
        *,
        now: datetime,
    ) -> None:
        """Make ``listings`` all that is stored of a category, as its ``lists`` were judged.

        Papers follow: their first announcement's date, or an estimate for those that none has.
        """
        await self._database.write(_place, category, lists, listings, now)


# --- onto the shelf ----------------------------------------------------------------------------


def _add(connection: sqlite3.Connection, listing: Listing) -> Shelved:
    announced = first_mentions(listing)
    dated = [_with_guess(entry, listing) for entry in announced.values()]
    changes = bulk.list_changes(connection, dated)
    to_come = {arxiv_id: entry.announce_type for arxiv_id, entry in announced.items()}
    search.index(connection, write_papers(connection, changes), to_come=to_come)
    new_papers = sum(change.before is None for change in changes)
    added = AddedListing(new_papers=new_papers, updated_papers=len(changes) - new_papers)
    return Shelved(number=_keep(connection, listing, announced.values()), added=added)


def _with_guess(entry: Announcement, listing: Listing) -> DatedPaper:
    """Date a paper until its list is placed: mostly it is of the date that it carries."""
    paper = with_category(entry, listing.category)
    guess = _guess(entry, listing)
    return DatedPaper(paper=paper, announced_on=guess or estimate_date(paper), is_estimated=True)


def _guess(entry: Announcement, listing: Listing) -> date | None:
    if entry.announce_type.is_replacement:
        return None
    stamp = listing.announced_on
    return stamp if is_announcement_day(stamp) else previous_announcement_day(stamp)


def _keep(connection: sqlite3.Connection, listing: Listing, entries: Iterable[Announcement]) -> int:
    values = {
        "category": listing.category,
        "stamp": listing.announced_on.isoformat(),
        "source": listing.source,
        "built_at": listing.built_at.isoformat() if listing.built_at is not None else None,
        "is_complete": int(listing.is_complete),
        "entries": json.dumps(
            [
                [each.paper.arxiv_id, each.paper.version, each.announce_type, each.position]
                for each in entries
            ],
            separators=(",", ":"),
        ),
    }
    digest = hashlib.sha256(json.dumps(values).encode()).hexdigest()
    values |= {"digest": digest, "is_placed": 0}
    all_of_it = [f"{name} = excluded.{name}" for name in values]  # the row may have been damaged
    rows = connection.execute(
        f"INSERT INTO shelf ({', '.join(values)}) "
        f"VALUES ({', '.join(f':{name}' for name in values)}) "
        f"ON CONFLICT (digest) DO UPDATE SET {', '.join(all_of_it)} RETURNING number",
        values,
    ).fetchall()
    ((number,),) = rows
    return int(number)


# --- what is known -----------------------------------------------------------------------------


def _shelved(connection: sqlite3.Connection, category: str) -> list[ShelvedListing]:
    rows = select_rows(
        connection,
        "SELECT number, stamp, source, built_at, is_complete, entries FROM shelf "
        "WHERE category = :category",
        {"category": category},
    )
    return [
        ShelvedListing(number=number, listing=listing)
        for number, *row in rows
        if (listing := _listing(category, *row)) is not None
    ]


def _listing(
    category: str, stamp: str, source: str, built_at: str | None, is_complete: int, text: str
) -> Listing | None:
    """Read a list; what is damaged is not of it, and None where that is the whole."""
    day, entries = read_day(stamp), read_list(text)
    if day is None or entries is None:
        return None
    announcements = tuple(_announcements(entries))
    return Listing(
        category=category,
        announced_on=day,
        source=source,
        built_at=read_moment(built_at),
        is_complete=bool(is_complete) and len(announcements) == len(entries),
        announcements=announcements,
    )


def _announcements(entries: Iterable[Any]) -> Iterator[Announcement]:
    for each in entries:
        try:
            arxiv_id, version, announce_type, position = each
            yield Announcement(
                paper=Paper(
                    arxiv_id=ArxivId(str(arxiv_id)),
                    version=int(version),
                    title="",
                    abstract="",
                    source_title="",
                    source_abstract="",
                ),
                announce_type=AnnounceType(announce_type),
                position=int(position),
            )
        except (ValueError, TypeError):
            continue  # damaged, or a type of another version


def _read(connection: sqlite3.Connection, category: str) -> dict[date, PlacedListing]:
    stored = _stored(connection, category)
    for listing in stored.values():
        listing.papers = {
            arxiv_id: paper for arxiv_id, paper in listing.papers.items() if not paper.is_from_file
        }
    return {day: listing for day, listing in stored.items() if listing.papers}


def _stored(connection: sqlite3.Connection, category: str) -> dict[date, PlacedListing]:
    """Return all that is stored of a category."""
    listings = {
        day: PlacedListing(
            source=source, is_record=bool(is_record), is_uncertain=bool(is_uncertain)
        )
        for text, source, is_record, is_uncertain in select_rows(
            connection,
            "SELECT announced_on, source, is_record, is_uncertain FROM listing "
            "WHERE category = :category",
            {"category": category},
        )
        if (day := read_day(text)) is not None
    }
    for text, arxiv_id, *paper in select_rows(
        connection,
        "SELECT announced_on, arxiv_id, version, announce_type, position, is_from_file "
        "FROM announcement WHERE category = :category",
        {"category": category},
    ):
        if (day := read_day(text)) is None:
            continue
        listing = listings.setdefault(day, PlacedListing(source=""))
        version, announce_type, position, is_from_file = paper
        listing.papers[ArxivId(arxiv_id)] = PlacedPaper(
            version, AnnounceType(announce_type), position, bool(is_from_file)
        )
    return listings


# --- off the shelf, into the listings ----------------------------------------------------------


def _place(
    connection: sqlite3.Connection,
    category: str,
    lists: Collection[ShelvedListing],
    listings: Listings,
    now: datetime,
) -> None:
    before = _stored(connection, category)
    listings = _with_unreadable(listings, before, lists)
    gone, came = _missing_in(listings, before), _missing_in(before, listings)
    _write_listings(connection, category, before, listings, gone, now)
    guesses = _guesses(lists)
    wrong: dict[ArxivId, set[date]] = {}
    for day, arxiv_id in gone:
        wrong.setdefault(arxiv_id, set()).add(day)
    rest = iter(sorted({arxiv_id for _, arxiv_id in gone | came}))
    while part := list(islice(rest, AT_ONCE)):
        _redate(connection, part, wrong, guesses)
    connection.executemany(
        "UPDATE shelf SET is_placed = 1 WHERE number = ?", [(each.number,) for each in lists]
    )


def _with_unreadable(
    listings: Listings, before: Listings, lists: Collection[ShelvedListing]
) -> Listings:
    """Leave what a file brought where it is stored, if its list cannot be read any more.

    Replacements are in other lists as well, so a date keeps all if most of it is in none.
    """
    told = {entry.paper.arxiv_id for each in lists for entry in each.listing.announcements}
    kept = dict(listings)
    for day, listing in before.items():
        papers = {name: paper for name, paper in listing.papers.items() if paper.is_from_file}
        lost = {name: paper for name, paper in papers.items() if name not in told}
        if lost:
            there = kept.get(day) or replace(listing, papers={})
            left = papers if 2 * len(lost) > len(papers) else lost
            kept[day] = replace(there, papers={**left, **there.papers})
    return kept


def _missing_in(listings: Listings, others: Listings) -> set[tuple[date, ArxivId]]:
    """Return what ``others`` have and ``listings`` have not."""
    return {
        (day, arxiv_id)
        for day, other in others.items()
        for arxiv_id in other.papers.keys()
        - (listings[day].papers.keys() if day in listings else set())
    }


def _write_listings(
    connection: sqlite3.Connection,
    category: str,
    before: Listings,
    listings: Listings,
    gone: Collection[tuple[date, ArxivId]],
    now: datetime,
) -> None:
    connection.executemany(
        "DELETE FROM announcement WHERE category = ? AND announced_on = ? AND arxiv_id = ?",
        [(category, day.isoformat(), arxiv_id) for day, arxiv_id in sorted(gone)],
    )
    for day, listing in sorted(listings.items()):
        known = before.get(day)
        if known != listing:
            grown = known is None or bool(listing.papers.keys() - known.papers.keys())
            _write_listing(connection, (category, day), listing, now, is_grown=grown)
    connection.executemany(
        "DELETE FROM listing WHERE category = ? AND announced_on = ?",
        [(category, day.isoformat()) for day in sorted(before.keys() - listings.keys())],
    )


def _write_listing(
    connection: sqlite3.Connection,
    key: tuple[str, date],
    listing: PlacedListing,
    now: datetime,
    *,
    is_grown: bool,
) -> None:
    category, day = key
    connection.executemany(
        "INSERT OR REPLACE INTO announcement (category, announced_on, arxiv_id, version, "
        "announce_type, position, is_from_file) SELECT ?, ?, ?3, ?, ?, ?, ? "
        "WHERE EXISTS (SELECT 1 FROM paper WHERE arxiv_id = ?3)",  # else it was deleted by hand
        [(category, day.isoformat(), arxiv_id, *how) for arxiv_id, how in listing.papers.items()],
    )
    connection.execute(
        """
        INSERT INTO listing
            (category, announced_on, source, stored_at, updated_at, is_record, is_uncertain)
        VALUES (:category, :day, :source, :now, :now, :is_record, :is_uncertain)
        ON CONFLICT DO UPDATE SET source = excluded.source, is_record = excluded.is_record,
            is_uncertain = excluded.is_uncertain,
            updated_at = iif(:is_grown, :grown_at, updated_at)
        """,
        {
            "category": category,
            "day": day.isoformat(),
            "source": listing.source,
            "now": now.isoformat(),
            "is_record": int(listing.is_record),
            "is_uncertain": int(listing.is_uncertain),
            "is_grown": int(is_grown),
            "grown_at": growth_time(connection, day, now).isoformat(),
        },
    )


def _guesses(lists: Iterable[ShelvedListing]) -> dict[ArxivId, date]:
    """Return the first date that files give each paper, for those of which none is certain."""
    guesses: dict[ArxivId, date] = {}
    for shelved in lists:
        for entry in shelved.listing.announcements:
            guess, arxiv_id = _guess(entry, shelved.listing), entry.paper.arxiv_id
            if guess is not None:
                guesses[arxiv_id] = min(guess, guesses.get(arxiv_id, guess))
    return guesses


def _redate(
    connection: sqlite3.Connection,
    arxiv_ids: Collection[ArxivId],
    wrong: Mapping[ArxivId, Collection[date]],
    guesses: Mapping[ArxivId, date],
) -> None:
    """Give papers the date of what announces them now, or an estimate."""
    stored = load_papers(connection, arxiv_ids)
    told = _first_announcements(connection, stored)
    days = {
        arxiv_id: _first_day(before, told.get(arxiv_id), wrong.get(arxiv_id, ()), guesses)
        for arxiv_id, before in stored.items()
    }
    confirmed = [
        arxiv_id
        for arxiv_id, before in stored.items()
        if days[arxiv_id] == FirstDay(before.announced_on, False) and before.is_date_estimated
    ]
    changes = [
        Change(
            before=before,
            after=before.paper,
            announced_on=days[arxiv_id].announced_on,
            is_estimated=days[arxiv_id].is_estimated,
        )
        for arxiv_id, before in stored.items()
        if days[arxiv_id].announced_on != before.announced_on
        or days[arxiv_id].is_estimated > before.is_date_estimated
    ]
    # Most were guessed right, and are left where they are.
    connection.execute(
        "UPDATE paper SET is_date_estimated = 0 WHERE arxiv_id IN (SELECT value FROM json_each(?))",
        (json_array(confirmed),),
    )
    if changes:
        search.index(connection, write_papers(connection, changes))
    search.refresh(connection, stored.keys() - {change.after.arxiv_id for change in changes})


def _first_announcements(
    connection: sqlite3.Connection, arxiv_ids: Iterable[ArxivId]
) -> dict[ArxivId, FirstDay]:
    rows = select_rows(
        connection,
        "SELECT arxiv_id, announced_on, source = 'oai' FROM announcement "
        "JOIN listing USING (category, announced_on) "
        "WHERE arxiv_id IN (SELECT value FROM json_each(:ids)) "
        "AND announce_type IN ('new', 'cross')",
        {"ids": json_array(arxiv_ids)},
    )
    found: dict[ArxivId, FirstDay] = {}
    for arxiv_id, text, is_estimated in rows:
        if (day := read_day(text)) is None:
            continue
        told = FirstDay(day, bool(is_estimated))
        found[arxiv_id] = better_day(arxiv_id, found.get(arxiv_id, told), told)
    return found


def _first_day(
    before: StoredPaper,
    told: FirstDay | None,
    wrong: Collection[date],
    guesses: Mapping[ArxivId, date],
) -> FirstDay:
    """Choose a paper's date; what is stored counts where a source stated it that was not wrong."""
    arxiv_id = before.paper.arxiv_id
    days = [FirstDay(estimate_date(before.paper), True)]
    if not before.is_date_estimated and before.announced_on not in wrong:
        days.append(FirstDay(before.announced_on, False))
    if arxiv_id in guesses:
        days.append(FirstDay(guesses[arxiv_id], True))
    if told is not None:
        days.append(told)
    best, *others = days
    for day in others:
        best = better_day(arxiv_id, best, day)
    return best
