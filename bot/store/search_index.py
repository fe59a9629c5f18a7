"""Keep the search index equal to the papers: the hooks that every write of a paper calls.

The index takes its text from ``paper``, so an entry must be removed while the old row is still
there, and added when the new one is: `unindex` before, `index` after. There are no triggers (see
`migrations`); one statement a batch, in ascending key order, which FTS5 writes fastest.
"""

from collections.abc import Collection, Iterable, Sequence

import aiosqlite

from bot.models import AnnounceType, ArxivId, LinkKind
from bot.query.tags import paper_tags
from bot.store.rows import json_array

_COLUMNS = "title, abstract, authors, comment, tags"
_WANTED = "key IN (SELECT value FROM json_each(:keys)) ORDER BY key"


async def unindex(connection: aiosqlite.Connection, keys: Sequence[int]) -> None:
    """Take these papers out of the index; their rows still hold what was indexed."""
    await _remove_texts(connection, keys)
    await connection.execute(
        "INSERT INTO paper_title (paper_title, rowid, title) "
        f"SELECT 'delete', key, title FROM paper WHERE {_WANTED}",
        {"keys": json_array(keys)},
    )


async def index(connection: aiosqlite.Connection, keys: Sequence[int]) -> None:
    """Put these papers into the index; their rows, links and announcements are written."""
    tags = await _tags(connection, keys)
    await _write_tags(connection, [(text, key) for key, _, text in tags])
    await _add_texts(connection, keys)
    await connection.execute(
        f"INSERT INTO paper_title (rowid, title) SELECT key, title FROM paper WHERE {_WANTED}",
        {"keys": json_array(keys)},
    )


async def refresh(connection: aiosqlite.Connection, arxiv_ids: Collection[ArxivId]) -> None:
    """Follow what changed around these papers (announcements, links), their rows unchanged."""
    keys = await _keys_of(connection, arxiv_ids)
    changed = [
        (new, key) for key, old, new in await _tags(connection, keys) if old not in ("", new)
    ]
    await _remove_texts(connection, [key for _, key in changed])
    await _write_tags(connection, changed)
    await _add_texts(connection, [key for _, key in changed])


async def _remove_texts(connection: aiosqlite.Connection, keys: Sequence[int]) -> None:
    await connection.execute(
        f"INSERT INTO paper_text (paper_text, rowid, {_COLUMNS}) "
        f"SELECT 'delete', key, {_COLUMNS} FROM paper WHERE {_WANTED}",
        {"keys": json_array(keys)},
    )


async def _add_texts(connection: aiosqlite.Connection, keys: Sequence[int]) -> None:
    await connection.execute(
        f"INSERT INTO paper_text (rowid, {_COLUMNS}) "
        f"SELECT key, {_COLUMNS} FROM paper WHERE {_WANTED}",
        {"keys": json_array(keys)},
    )


async def _write_tags(connection: aiosqlite.Connection, rows: Iterable[tuple[str, int]]) -> None:
    await connection.executemany("UPDATE paper SET tags = ? WHERE key = ?", rows)


async def _tags(
    connection: aiosqlite.Connection, keys: Sequence[int]
) -> list[tuple[int, str, str]]:
    """Work out the tags of these papers: (key, tags as they are, tags as they should be)."""
    rows = await connection.execute_fetchall(
        f"""
        SELECT key, tags, categories, authors,
            (SELECT group_concat(DISTINCT announce_type) FROM announcement
                WHERE announcement.arxiv_id = paper.arxiv_id),
            (SELECT group_concat(DISTINCT kind) FROM paper_link
                WHERE paper_link.arxiv_id = paper.arxiv_id)
        FROM paper WHERE {_WANTED}
        """,
        {"keys": json_array(keys)},
    )
    return [(key, old, _render_tags(*values)) for key, old, *values in rows]


def _render_tags(categories: str, authors: str, types: str | None, kinds: str | None) -> str:
    return paper_tags(
        categories=categories.split(),
        authors=authors.split("\n"),
        announce_types=sorted(map(AnnounceType, types.split(",") if types else ())),
        link_kinds=sorted(map(LinkKind, kinds.split(",") if kinds else ())),
    )


async def _keys_of(connection: aiosqlite.Connection, arxiv_ids: Collection[ArxivId]) -> list[int]:
    rows = await connection.execute_fetchall(
        "SELECT key FROM paper WHERE arxiv_id IN (SELECT value FROM json_each(:ids)) ORDER BY key",
        {"ids": json_array(arxiv_ids)},
    )
    return [int(row[0]) for row in rows]
