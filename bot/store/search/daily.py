"""Match a day's papers against many queries at once: the topics of all channels.

The same compiled expressions as in a search, over an index of these papers alone, in memory. Each
distinct part of the queries is asked once; what it finds is a whole number with one bit a paper,
and AND, OR and NOT are operations on such numbers. 100,000 topics have far fewer distinct parts.
"""

import asyncio
import sqlite3
from collections.abc import Collection, Iterable, Sequence

from bot.errors import DatabaseBusy
from bot.models import ArxivId
from bot.query.ast import And, HasDoi, Identified, LeafNode, Node, Not, Or, Query, Since, Until
from bot.query.compile import leaf_expression
from bot.store.keys import day_of
from bot.store.search.index import INDEXES
from bot.store.sqlite.executor import Database, Reading, translated_errors
from bot.store.sqlite.statements import Row, json_array

LOADING_DEADLINE_S = 10.0

_COLUMNS = INDEXES["paper_text"]


async def match_many(
    database: Database, queries: Sequence[Query], arxiv_ids: Collection[ArxivId]
) -> list[frozenset[ArxivId]]:
    """Return for each query which of these papers it finds.

    Runs on a thread of its own, so that neither the event loop nor a search waits for it. Raises
    `DatabaseBusy` when the papers cannot be read in time: never a part of the answer.
    """

    def load(reading: Reading) -> list[Row]:
        rows = reading.rows(
            f"SELECT arxiv_id, key, doi, {_COLUMNS} FROM paper "
            "WHERE arxiv_id IN (SELECT value FROM json_each(?)) ORDER BY key",
            (json_array(arxiv_ids),),
        )
        if reading.overran:  # what is missing would never be posted
            raise DatabaseBusy("The database is too slow to read a day's papers; try again later.")
        return rows

    rows = await database.search(LOADING_DEADLINE_S, load)
    with translated_errors():
        return await asyncio.to_thread(_match_all, rows, queries)


def _match_all(rows: Sequence[Row], queries: Sequence[Query]) -> list[frozenset[ArxivId]]:
    matcher = _Matcher(rows)
    try:
        masks = [matcher.mask(query.root) for query in queries]
    finally:
        matcher.close()
    names = [ArxivId(str(row[0])) for row in rows]
    found = {mask: frozenset(_chosen(names, mask)) for mask in set(masks)}
    return [found[mask] for mask in masks]


def _chosen(names: Sequence[ArxivId], mask: int) -> Iterable[ArxivId]:
    bits = bin(mask)[:1:-1]
    at = bits.find("1")
    while at >= 0:
        yield names[at]
        at = bits.find("1", at + 1)


class _Matcher:
    """An index of a few thousand papers in memory; bit ``n`` of a mask is the ``n``-th row."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._papers = [(str(row[0]), day_of(int(str(row[1]))), row[2]) for row in rows]
        self._all = (1 << len(rows)) - 1
        self._known: dict[Node, int] = {}
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        marks = ", ".join("?" * len(_COLUMNS.split(", ")))
        self._connection.execute(
            f"CREATE VIRTUAL TABLE listed USING fts5 ({_COLUMNS}, content = '', "
            "tokenize = 'porter unicode61 remove_diacritics 2')"
        )
        self._connection.execute("BEGIN")
        self._connection.executemany(
            f"INSERT INTO listed (rowid, {_COLUMNS}) VALUES (?, {marks})",
            [(number, *row[3:]) for number, row in enumerate(rows)],
        )
        self._connection.execute("COMMIT")

    def close(self) -> None:
        self._connection.close()

    def mask(self, node: Node) -> int:
        """Return the papers that ``node`` finds."""
        match node:
            case And(parts):
                mask = self._all
                for part in parts:
                    mask &= self.mask(part)
                return mask
            case Or(parts):
                mask = 0
                for part in parts:
                    mask |= self.mask(part)
                return mask
            case Not(part):
                return self._all & ~self.mask(part)
            case _:
                if node not in self._known:
                    self._known[node] = self._ask(node)
                return self._known[node]

    def _ask(self, leaf: LeafNode) -> int:
        match leaf:
            case Since(day=day):
                return self._where(announced_on >= day for _, announced_on, _ in self._papers)
            case Until(day=day):
                return self._where(announced_on <= day for _, announced_on, _ in self._papers)
            case Identified(arxiv_id=arxiv_id):
                return self._where(each == arxiv_id for each, _, _ in self._papers)
            case HasDoi(doi=doi):
                return self._where(str(each or "").lower() == doi for _, _, each in self._papers)
            case _:
                found = self._connection.execute(
                    "SELECT rowid FROM listed WHERE listed MATCH ?", (leaf_expression(leaf),)
                )
                return sum(1 << number for (number,) in found)

    def _where(self, holds: Iterable[bool]) -> int:
        return sum(1 << number for number, each in enumerate(holds) if each)
