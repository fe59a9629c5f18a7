"""Keep the search indexes equal to the papers: the hooks that every write of a paper calls.

The indexes take their text from ``paper``, cut into words by `bot.query.tokens`; so an entry must
be removed while the old row is still there, and added when the new one is: `unindex` before,
`index` after. There are no triggers (see `migrations`); one statement a batch, in ascending key
order, which FTS5 writes fastest.

While the indexes of an older version are being renewed (see `renewal`), theirs go on answering and
are kept like the new ones, which hold the papers up to a certain key.
"""

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from bot.models import AnnounceType, ArxivId, LinkKind
from bot.query.tags import filter_tags
from bot.store.search.vocabulary import note_words
from bot.store.sqlite.executor import Database
from bot.store.sqlite.statements import json_array, select, select_rows
from bot.text.venue import list_venues
from bot.text.withdrawal import is_withdrawn

INDEXES: Mapping[str, str] = MappingProxyType(
    {
        "paper_text": "title, abstract, authors, comment, filters, names",
        "paper_head": "title, filters",
        "paper_typed": "title, authors",
    }
)
"""The FTS5 tables and their columns, which are columns of ``paper``."""

TAGS = ("filters", "names")
"""Columns of tags, which are words already."""

WITH_FILTERS = ("paper_text", "paper_head")
RENEWED_TO = "search renewed to"
"""The fact that names the last key in the new indexes; there is none when they are complete."""

TAGS_RENEWED_TO = "search tags renewed to"
"""The fact that names the last key whose filters hold all tags of this version, if not all do."""

REPACKED_TO = "papers repacked to"
"""The fact that names the last key whose row has the shape of this version, if not all have."""

NAMES = "iif(names = '', author_tags(authors), names)"
"""Names follow from the authors, unless an earlier version wrote them down."""

EVERY_KEY = 1 << 62

_WANTED = "key IN (SELECT value FROM json_each(:keys)) AND key <= :last ORDER BY key"


@dataclass(frozen=True, slots=True)
class Index:
    """One FTS5 table as it is written: its columns, what goes into them, up to which key."""

    name: str
    columns: str
    values: str
    last: int = EVERY_KEY


def new_index(name: str, last: int = EVERY_KEY, prefix: str = "") -> Index:
    """Describe an index of words in their normal form."""
    columns = INDEXES[name]
    return Index(prefix + name, columns, ", ".join(map(_value, columns.split(", "))), last)


def _value(column: str) -> str:
    if column == "names":
        return NAMES
    return column if column in TAGS else f"indexed({column})"


def _indexes(connection: sqlite3.Connection, names: Collection[str]) -> Iterator[Index]:
    """List the tables to write, while an old file is renewed those of both kinds."""
    renewed = renewed_to(connection)
    for name in names:
        if renewed is None:
            yield new_index(name)
        else:
            yield Index(name, INDEXES[name], INDEXES[name])
            yield new_index(name, renewed, NEW)


NEW = "new_"


def renewed_to(connection: sqlite3.Connection) -> int | None:
    """Return the last key in the new indexes; None when they are the only ones."""
    return number_of(connection, RENEWED_TO)


def number_of(connection: sqlite3.Connection, fact: str) -> int | None:
    sql = "SELECT CAST(value AS INTEGER) FROM fact WHERE name = ?"
    return next(iter(select(connection, int, sql, (fact,))), None)


def count_indexed(connection: sqlite3.Connection) -> int:
    """Return how many papers are stored, at the same small cost however many there are.

    Each is in the indexes. FTS5 keeps the number of its rows, and writes it with every transaction:
    the first varint of the record 1 (https://sqlite.org/src/file/ext/fts5/fts5_index.c).
    `count(*)` would read a row for each, and keep what it read in memory.
    """
    record = select(connection, bytes, "SELECT block FROM paper_head_data WHERE id = 1")
    return _read_varint(b"".join(record))


def _read_varint(record: bytes) -> int:
    """Read SQLite's varint: seven bits a byte, the highest first, until a byte below 128.

    Eight bytes hold more than any archive; 0 of an empty record.
    """
    value = 0
    for byte in record[:8]:
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            break
    return value


def unindex(connection: sqlite3.Connection, keys: Sequence[int]) -> None:
    """Take these papers out of the indexes; their rows still hold what was indexed."""
    _remove(connection, keys, INDEXES)


NONE_TO_COME: Mapping[ArxivId, AnnounceType] = MappingProxyType({})


def index(
    connection: sqlite3.Connection,
    keys: Sequence[int],
    *,
    has_tags: bool = False,
    to_come: Mapping[ArxivId, AnnounceType] = NONE_TO_COME,
) -> None:
    """Put these papers into the indexes; their rows, links and announcements are written.

    ``has_tags`` says that the rows' filters are complete already, announcements included;
    ``to_come`` tells of announcements that will be written, so that `refresh` finds nothing to do.
    """
    if not has_tags:
        _write_filters(connection, _filters(connection, keys, to_come))
    if renewed_to(connection) is not None:  # the old indexes know the column only
        sql = f"UPDATE paper SET names = {NAMES} WHERE key IN (SELECT value FROM json_each(?))"
        connection.execute(sql, (json_array(keys),))
    _add(connection, keys, INDEXES)
    note_words(connection, keys)


def refresh(connection: sqlite3.Connection, arxiv_ids: Collection[ArxivId]) -> None:
    """Follow what changed around indexed papers (announcements, links), their rows unchanged."""
    keys = select(
        connection,
        int,
        "SELECT key FROM paper WHERE arxiv_id IN (SELECT value FROM json_each(:ids)) ORDER BY key",
        {"ids": json_array(arxiv_ids)},
    )
    refresh_keys(connection, keys)


def refresh_keys(connection: sqlite3.Connection, keys: Sequence[int]) -> None:
    """Put new filters of these papers, in order, in the place of those that differ."""
    filters = _filters(connection, keys)
    changed = [key for key, old, new in filters if old != new]
    _remove(connection, changed, WITH_FILTERS)
    _write_filters(connection, filters)
    _add(connection, changed, WITH_FILTERS)


def _remove(connection: sqlite3.Connection, keys: Sequence[int], names: Collection[str]) -> None:
    for each in _indexes(connection, names):
        connection.execute(
            f"INSERT INTO {each.name} ({each.name}, rowid, {each.columns}) "
            f"SELECT 'delete', key, {each.values} FROM paper WHERE {_WANTED}",
            {"keys": json_array(keys), "last": each.last},
        )


def _add(connection: sqlite3.Connection, keys: Sequence[int], names: Collection[str]) -> None:
    for each in _indexes(connection, names):
        add(connection, each, keys)


def add(connection: sqlite3.Connection, index: Index, keys: Sequence[int]) -> None:
    """Put papers into one of the indexes."""
    connection.execute(
        f"INSERT INTO {index.name} (rowid, {index.columns}) "
        f"SELECT key, {index.values} FROM paper WHERE {_WANTED}",
        {"keys": json_array(keys), "last": index.last},
    )


def _write_filters(connection: sqlite3.Connection, filters: Sequence[tuple[int, str, str]]) -> None:
    connection.executemany(
        "UPDATE paper SET filters = ? WHERE key = ?",
        [(new, key) for key, old, new in filters if old != new],
    )


def _filters(
    connection: sqlite3.Connection,
    keys: Sequence[int],
    to_come: Mapping[ArxivId, AnnounceType] = NONE_TO_COME,
) -> list[tuple[int, str, str]]:
    """Work out the filters of these papers: (key, as they are, as they should be)."""
    rows = select_rows(
        connection,
        f"""
        SELECT key, filters, arxiv_id, categories, license, comment, abstract, journal_ref,
            (SELECT group_concat(DISTINCT announce_type) FROM announcement
                WHERE announcement.arxiv_id = paper.arxiv_id),
            (SELECT group_concat(DISTINCT kind) FROM paper_link
                WHERE paper_link.arxiv_id = paper.arxiv_id)
        FROM paper WHERE {_WANTED}
        """,
        {"keys": json_array(keys), "last": EVERY_KEY},
    )
    return [
        (key, old, _render(to_come.get(arxiv_id), *values)) for key, old, arxiv_id, *values in rows
    ]


def _render(
    to_come: AnnounceType | None,
    categories: str,
    license_url: str | None,
    comment: str | None,
    abstract: str,
    journal_ref: str | None,
    types: str | None,
    kinds: str | None,
) -> str:
    known = set(map(AnnounceType, types.split(",") if types else ()))
    return filter_tags(
        categories=categories.split(),
        announce_types=sorted(known if to_come is None else known | {to_come}),
        link_kinds=sorted(map(LinkKind, kinds.split(",") if kinds else ())),
        license_url=license_url,
        is_withdrawn=is_withdrawn(comment=comment, abstract=abstract),
        venues=list_venues(comment, journal_ref),
    )


# Tidying up after many writes

MERGED_PAGES = 1000  # a step: about a tenth of a second for the writer


async def merge_all(database: Database) -> int:
    """Merge each index into one piece; returns the number of steps, each its own transaction.

    Every batch leaves a piece, and a search looks into all of them: one is a third faster than
    sixteen (https://sqlite.org/fts5.html#the_merge_command).
    """
    steps = 0
    for name in INDEXES:
        pages = -MERGED_PAGES  # negative at first: pieces of every size take part
        while await database.write(_merge, name, pages):
            pages = MERGED_PAGES
            steps += 1
    return steps


def _merge(connection: sqlite3.Connection, name: str, pages: int) -> bool:
    """Merge a little; returns whether there was anything to do."""
    before = connection.total_changes
    connection.execute(f"INSERT INTO {name} ({name}, rank) VALUES ('merge', {pages:d})")
    return connection.total_changes - before >= 2  # the statement itself counts one
