"""Write papers, a listing's hundred or an archive's million, with few statements a batch.

The rows of a batch travel as one JSON array: a statement a row would cost its way through Python
each time, and would each time wait for the interpreter while other threads convert texts.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import aiosqlite

from bot.arxiv.dating import DatedPaper
from bot.models import ArxivId, LinkKind, Paper, StoredPaper
from bot.query.tags import author_tags, filter_tags
from bot.store import search
from bot.store.keys import SEQUENCE_BITS, day_of, first_key
from bot.store.merging import Change, change_to
from bot.store.rows import PAPER_COLUMNS, Row, json_array, load_papers, paper_values

LINKS_WE_STORE = (LinkKind.CODE, LinkKind.PROJECT, LinkKind.DATA, LinkKind.MODEL)

COLUMNS = (*PAPER_COLUMNS.split(", "), "has_code", "filters", "names")
CACHE_KIB = 32 * 1024
"""The writer's page cache during a bulk load, which touches the indexes all over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedPaper:
    """A paper and its row, all but the key: what takes time and needs no database is done."""

    dated: DatedPaper
    row: str
    """The values of `COLUMNS` after the key, as JSON without the bracket that opens it."""


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
    return PreparedPaper(dated=dated, row=_json_row(change))


async def add_papers(
    connection: aiosqlite.Connection, batch: Sequence[PreparedPaper]
) -> AddedPapers:
    """Store a batch; a paper that it holds twice counts twice, the second time as known."""
    await connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    first: dict[ArxivId, PreparedPaper] = {}
    again: list[PreparedPaper] = []
    for prepared in batch:
        paper = prepared.dated.paper
        if first.setdefault(paper.arxiv_id, prepared) is not prepared:
            again.append(prepared)
    known = await load_papers(connection, list(first))
    new = [prepared for arxiv_id, prepared in first.items() if arxiv_id not in known]
    await _add_new(connection, new)
    updated = await _update(connection, [first[arxiv_id] for arxiv_id in known], known)
    added = AddedPapers(new=len(new), updated=updated, unchanged=len(known) - updated)
    return added + await add_papers(connection, again) if again else added


async def _add_new(connection: aiosqlite.Connection, new: Sequence[PreparedPaper]) -> None:
    keys = await _new_keys(connection, [prepared.dated.announced_on for prepared in new])
    await _write_rows(connection, {key: each.row for key, each in zip(keys, new, strict=True)})
    await _write_links(connection, [prepared.dated.paper for prepared in new])
    await search.index(connection, sorted(keys), has_tags=True)


async def _update(
    connection: aiosqlite.Connection,
    batch: Iterable[PreparedPaper],
    known: Mapping[ArxivId, StoredPaper],
) -> int:
    changes = []
    for prepared in batch:
        dated, before = prepared.dated, known[prepared.dated.paper.arxiv_id]
        day, is_estimated = dated.announced_on, dated.is_estimated
        change = change_to(before, dated.paper, day, is_estimated=is_estimated)
        if change.is_needed:
            changes.append(change)
    if changes:
        await search.index(connection, await write_papers(connection, changes))
    return len(changes)


async def write_papers(connection: aiosqlite.Connection, changes: Sequence[Change]) -> list[int]:
    """Write new and changed rows in ascending key order; returns their keys, to be indexed."""
    known = [change.before for change in changes if change.before]
    await search.unindex(connection, sorted(stored.key for stored in known))
    keys = await _assign_keys(connection, changes)
    rows = {key: _json_row(change) for key, change in zip(keys, changes, strict=True)}
    await connection.execute(
        "DELETE FROM paper_link WHERE arxiv_id IN (SELECT value FROM json_each(:ids))",
        {"ids": json_array(stored.paper.arxiv_id for stored in known)},
    )
    await _write_rows(connection, rows)
    await _write_links(connection, [change.after for change in changes])
    return sorted(keys)


# -- keys ----------------------------------------------------------------------------------------


async def _assign_keys(connection: aiosqlite.Connection, changes: Sequence[Change]) -> list[int]:
    """Give each change its key: the old one, or the next free one of its day."""
    days = [change.announced_on for change in changes if change.moves]
    new_keys = iter(await _new_keys(connection, days))
    return [
        next(new_keys) if change.before is None or change.moves else change.before.key
        for change in changes
    ]


async def _new_keys(connection: aiosqlite.Connection, days: Sequence[date]) -> list[int]:
    """Return a free key for each of ``days``, in which a day may occur often."""
    rows = await connection.execute_fetchall(
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

# Not INSERT OR REPLACE: it would leave the old row's entries in an external-content index.
_WRITE = (
    f"INSERT INTO paper ({', '.join(COLUMNS)}) "
    f"SELECT {', '.join(f'value ->> {place}' for place in range(len(COLUMNS)))} "
    "FROM json_each(:rows) WHERE true "  # without it ON would belong to the FROM
    "ON CONFLICT (arxiv_id) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in COLUMNS if name != "arxiv_id")
)


async def _write_rows(connection: aiosqlite.Connection, rows: Mapping[int, str]) -> None:
    """Write rows, given as JSON without their keys."""
    text = ",".join(f"[{key},{rows[key]}" for key in sorted(rows))
    await connection.execute(_WRITE, {"rows": f"[{text}]"})


def _json_row(change: Change) -> str:
    paper = change.after
    values: Row = (
        *paper_values(
            paper, key=0, announced_on=change.announced_on, is_estimated=change.is_estimated
        ),
        int(bool(paper.links_of(LinkKind.CODE))),
        filter_tags(
            categories=paper.categories,
            announce_types=(),  # search.index adds those of the announcements
            link_kinds=sorted({link.kind for link in paper.links} & set(LINKS_WE_STORE)),
        ),
        author_tags(paper.authors),
    )
    # SQLite ends a JSON string at a NUL.
    usable = [text.replace("\0", " ") if isinstance(text, str) else text for text in values[1:]]
    return json.dumps(usable, ensure_ascii=False, separators=(",", ":"))[1:]


async def _write_links(connection: aiosqlite.Connection, papers: Iterable[Paper]) -> None:
    await connection.execute(
        """
        INSERT INTO paper_link (arxiv_id, kind, url, provenance, position)
        SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4
        FROM json_each(:rows) WHERE true ON CONFLICT DO NOTHING
        """,
        {"rows": json_array(row for paper in papers for row in _link_rows(paper))},
    )


def _link_rows(paper: Paper) -> list[Row]:
    stored = [link for link in paper.links if link.kind in LINKS_WE_STORE]
    return [
        (paper.arxiv_id, link.kind.value, link.url, link.provenance.value, position)
        for position, link in enumerate(stored, start=1)
    ]
