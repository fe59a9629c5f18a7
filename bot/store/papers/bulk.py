"""Write papers, a listing's hundred or an archive's million, with few statements a batch.

A statement a row would take its way through Python each time, and each time wait for the
interpreter while another thread makes texts readable: that alone can take longer than the rest.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from bot.arxiv.dating import DatedPaper
from bot.arxiv.paper import SourceRecord, reread
from bot.models import ArxivId, Link, LinkKind, Paper
from bot.query.tags import filter_tags
from bot.store.keys import SEQUENCE_BITS, day_of, first_key
from bot.store.papers.merging import Change, FirstDay, better_day, change_to, has_news
from bot.store.papers.updates import note_updates
from bot.store.rows import PAPER_COLUMNS, load_papers, paper_values, read_source
from bot.store.search import search
from bot.store.sqlite.statements import Row, json_array, read_day, read_moment, select_rows
from bot.text.venue import list_venues
from bot.text.withdrawal import is_withdrawn

LINKS_WE_STORE = (LinkKind.CODE, LinkKind.PROJECT, LinkKind.DATA, LinkKind.MODEL)

COLUMNS = (*PAPER_COLUMNS.split(", "), "has_code", "filters", "names")
BULK_PRAGMAS = (
    "cache_size = -32768",  # KiB: a load reads and writes the indexes all over
    "wal_autocheckpoint = 20000",  # pages: most of them are written again by the next batch
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedPaper:
    """A paper and its row, all but the key: what takes time and needs no database is done."""

    dated: DatedPaper
    row: Row
    """The values of `COLUMNS` after the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedPapers:
    """What storing papers changed."""

    new: int = 0
    updated: int = 0
    unchanged: int = 0

    def __add__(self, other: "AddedPapers") -> "AddedPapers":
        return AddedPapers(
            new=self.new + other.new,
            updated=self.updated + other.updated,
            unchanged=self.unchanged + other.unchanged,
        )


def prepare_paper(dated: DatedPaper) -> PreparedPaper:
    """Make the row of a paper that is probably new; a pure function, fit for another thread."""
    change = change_to(None, dated.paper, dated.announced_on, is_estimated=dated.is_estimated)
    return PreparedPaper(dated=dated, row=_row(change))


def add_papers(connection: sqlite3.Connection, batch: Sequence[PreparedPaper]) -> AddedPapers:
    """Store a batch; a paper that it holds twice counts twice, the second time as known."""
    for pragma in BULK_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    first: dict[ArxivId, PreparedPaper] = {}
    again: list[PreparedPaper] = []
    for prepared in batch:
        paper = prepared.dated.paper
        if first.setdefault(paper.arxiv_id, prepared) is not prepared:
            again.append(prepared)
    changes = list_changes(connection, [prepared.dated for prepared in first.values()])
    new = [first[change.after.arxiv_id] for change in changes if change.before is None]
    updates = [change for change in changes if change.before is not None]
    _add_new(connection, new)
    if updates:
        search.index(connection, write_papers(connection, updates))
    unchanged = len(first) - len(changes)
    added = AddedPapers(new=len(new), updated=len(updates), unchanged=unchanged)
    return added + add_papers(connection, again) if again else added


def _add_new(connection: sqlite3.Connection, new: Sequence[PreparedPaper]) -> None:
    keys = _new_keys(connection, [prepared.dated.announced_on for prepared in new])
    _write_rows(connection, {key: each.row for key, each in zip(keys, new, strict=True)})
    _write_links(connection, [prepared.dated.paper for prepared in new])
    search.index(connection, sorted(keys), has_tags=True)


def list_changes(connection: sqlite3.Connection, batch: Iterable[DatedPaper]) -> list[Change]:
    """Work out what a batch that names each paper once would change, in its order."""
    told = {dated.paper.arxiv_id: dated for dated in batch}
    stored = load_papers(connection, told)
    changes = (
        change_to(
            stored.get(arxiv_id),
            dated.paper,
            dated.announced_on,
            is_estimated=dated.is_estimated,
        )
        for arxiv_id, dated in told.items()
    )
    return [change for change in changes if change.is_needed]


def reread_papers(
    connection: sqlite3.Connection, *, after: int, limit: int
) -> tuple[int | None, int]:
    """Reread up to ``limit`` papers behind the key ``after``.

    Returns the last key, None when there are no more, and how many papers read otherwise now.
    """
    for pragma in BULK_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    rows = select_rows(
        connection,
        "SELECT key, arxiv_id FROM paper WHERE key > :after ORDER BY key LIMIT :limit",
        {"after": after, "limit": limit},
    )
    stored = load_papers(connection, (arxiv_id for _, arxiv_id in rows))
    changes = [
        Change(
            before=before,
            after=reread(before.paper),
            announced_on=before.announced_on,
            is_estimated=before.is_date_estimated,
        )
        for before in stored.values()
    ]
    changes = [change for change in changes if change.is_needed]
    if changes:
        search.index(connection, write_papers(connection, changes))
    return (rows[-1][0] if rows else None), len(changes)


def list_changed(
    connection: sqlite3.Connection, records: Sequence[SourceRecord]
) -> list[SourceRecord]:
    """Return the records that hold something new, found without making their text readable."""
    rows = select_rows(
        connection,
        f"SELECT arxiv_id, {_KNOWN} FROM paper "
        "WHERE arxiv_id IN (SELECT value FROM json_each(:ids))",
        {"ids": json_array(record.arxiv_id for record in records)},
    )
    known = {
        arxiv_id: _Known(read_source(title, abstract, source)[1] if old is None else old, *row)
        for arxiv_id, title, abstract, source, old, *row in rows
    }
    return [record for record in records if _has_news(record, known.get(record.arxiv_id))]


class _Known(NamedTuple):
    """What is stored of a paper, as far as a source can add to it; its text as the source's."""

    abstract: str
    version: int
    authors: str
    words: str
    is_primary_known: bool
    comment: str | None
    doi: str | None
    journal_ref: str | None
    license: str | None
    submitted: str | None
    announced_on: str
    is_estimated: bool

    @property
    def categories(self) -> tuple[str, ...]:
        return tuple(self.words.split())

    @property
    def submitted_at(self) -> datetime | None:
        return read_moment(self.submitted)

    @property
    def links(self) -> tuple[Link, ...]:
        return ()


_KNOWN = (
    "title, abstract, source, source_abstract, version, authors, categories, is_primary_known, "
    "comment, doi, journal_ref, license, submitted_at, announced_on, is_date_estimated"
)


def _has_news(record: SourceRecord, known: _Known | None) -> bool:
    """Whether a record is worth reading further; if unsure, True."""
    if known is None or record.source_abstract != known.abstract:
        return True  # another abstract may hold other links
    if has_news(known, record):
        return True
    if record.announced_on is None:  # then the day follows from submitted_at
        return False
    known_day = read_day(known.announced_on)
    if known_day is None:
        return True
    day = FirstDay(known_day, known.is_estimated)
    found = FirstDay(record.announced_on, is_estimated=False)
    return better_day(record.arxiv_id, day, found) != day


def write_papers(connection: sqlite3.Connection, changes: Sequence[Change]) -> list[int]:
    """Write new and changed rows in ascending key order; returns their keys, to be indexed."""
    known = [change.before for change in changes if change.before]
    search.unindex(connection, sorted(stored.key for stored in known))
    keys = _assign_keys(connection, changes)
    rows = {key: _row(change) for key, change in zip(keys, changes, strict=True)}
    connection.execute(
        "DELETE FROM paper_link WHERE arxiv_id IN (SELECT value FROM json_each(:ids))",
        {"ids": json_array(stored.paper.arxiv_id for stored in known)},
    )
    _write_rows(connection, rows)
    _write_links(connection, [change.after for change in changes])
    note_updates(connection, changes)
    return sorted(keys)


# -- keys ----------------------------------------------------------------------------------------


def _assign_keys(connection: sqlite3.Connection, changes: Sequence[Change]) -> list[int]:
    """Give each change its key: the old one, or the next free one of its day."""
    days = [change.announced_on for change in changes if change.moves]
    new_keys = iter(_new_keys(connection, days))
    return [
        next(new_keys) if change.before is None or change.moves else change.before.key
        for change in changes
    ]


def _new_keys(connection: sqlite3.Connection, days: Sequence[date]) -> list[int]:
    """Return a free key for each of ``days``, in which a day may occur often."""
    rows = select_rows(
        connection,
        """
        SELECT value, (SELECT max(key) FROM paper WHERE key >= value AND key < value + :span)
        FROM json_each(:firsts)
        """,
        {"firsts": json_array(map(first_key, set(days))), "span": 1 << SEQUENCE_BITS},
    )
    free = {day_of(first): first if last is None else last + 1 for first, last in rows}
    keys = []
    for day in days:
        keys.append(free[day])
        free[day] += 1
    return keys


# -- rows ----------------------------------------------------------------------------------------

ROWS_A_STATEMENT = 500
"""21 parameters each; SQLite takes 32,766 (https://sqlite.org/limits.html)."""

_MARKS = f"({', '.join('?' * len(COLUMNS))})"
# Not INSERT OR REPLACE: it would leave the old row's entries in an external-content index.
_ON_CONFLICT = "ON CONFLICT (arxiv_id) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in COLUMNS if name != "arxiv_id"
)


def _write_rows(connection: sqlite3.Connection, rows: Mapping[int, Row]) -> None:
    """Write rows by key, in ascending order."""
    keys = sorted(rows)
    for start in range(0, len(keys), ROWS_A_STATEMENT):
        part = keys[start : start + ROWS_A_STATEMENT]
        connection.execute(
            f"INSERT INTO paper ({', '.join(COLUMNS)}) "
            f"VALUES {', '.join([_MARKS] * len(part))} {_ON_CONFLICT}",
            [value for key in part for value in (key, *rows[key])],
        )


def _row(change: Change) -> Row:
    paper = change.after
    values = paper_values(
        paper, key=0, announced_on=change.announced_on, is_estimated=change.is_estimated
    )
    filters = filter_tags(
        categories=paper.categories,
        announce_types=(),  # search.index adds those of the announcements
        link_kinds=sorted({link.kind for link in paper.links} & set(LINKS_WE_STORE)),
        license_url=paper.license,
        is_withdrawn=is_withdrawn(comment=paper.comment, abstract=paper.abstract),
        venues=list_venues(paper.comment, paper.journal_ref),
    )
    has_code = int(bool(paper.links_of(LinkKind.CODE)))
    return (*values[1:], has_code, filters, "")


def _write_links(connection: sqlite3.Connection, papers: Iterable[Paper]) -> None:
    connection.execute(
        """
        INSERT INTO paper_link (arxiv_id, kind, url, provenance, position)
        SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4
        FROM json_each(:rows) WHERE true ON CONFLICT DO NOTHING
        """,
        {"rows": json_array(row for paper in papers for row in _link_rows(paper))},
    )


def _link_rows(paper: Paper) -> list[Row]:
    return [
        (paper.arxiv_id, link.kind.value, link.url, link.provenance.value, position)
        for position, link in enumerate(_links_we_store(paper), start=1)
    ]


def _links_we_store(paper: Paper) -> list[Link]:
    return [link for link in paper.links if link.kind in LINKS_WE_STORE]
