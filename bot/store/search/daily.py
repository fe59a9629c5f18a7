"""Match a day's papers against many queries at once: the topics of all channels.

The same compiled expressions as in a search, over an index of these papers alone, in memory. Each
distinct part of the queries is asked once; what it finds is a whole number with one bit a paper,
and AND, OR and NOT are operations on such numbers. 100,000 topics have far fewer distinct parts.
"""

import re
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from functools import partial

from bot.models import ArxivId
from bot.query.ast import (
    And,
    Author,
    HasDoi,
    Identified,
    LeafNode,
    Liked,
    Node,
    Not,
    Or,
    Posted,
    Query,
    Saved,
    Since,
    Until,
)
from bot.query.compile import leaf_expression
from bot.query.tags import tags_of_authors
from bot.query.tokens import TOKENIZER, indexed
from bot.query.widen import Lexicon, Widener
from bot.store.keys import day_of
from bot.store.search.index import INDEXES
from bot.store.search.vocabulary import read_lexicon_of
from bot.store.sqlite.executor import IN_MEMORY, Database, run_apart, translated_errors
from bot.store.sqlite.statements import Row, json_array, select_rows

LOADING_DEADLINE_S = 10.0

_COLUMNS = INDEXES["paper_text"]
_VALUES = _COLUMNS.replace("names", "authors")
"""What the columns are made of."""


async def match_many(
    database: Database, queries: Sequence[Query], arxiv_ids: Collection[ArxivId]
) -> list[frozenset[ArxivId]]:
    """Return for each query which of these papers it finds.

    Neither the event loop nor a search waits for it. Raises `DatabaseBusy` when the papers cannot
    be read in time: never a part of the answer.
    """
    papers, lexicon = await database.read_within(LOADING_DEADLINE_S, _load, queries, arxiv_ids)
    with translated_errors():
        return await run_apart(IN_MEMORY, _match_all, papers, queries, lexicon)


def _load(
    connection: sqlite3.Connection, queries: Sequence[Query], arxiv_ids: Collection[ArxivId]
) -> tuple[list[Row], Lexicon]:
    """Read the papers, and what the whole archive knows of the queries' words."""
    papers = select_rows(
        connection,
        f"SELECT arxiv_id, key, doi, {_VALUES} FROM paper "
        "WHERE arxiv_id IN (SELECT value FROM json_each(?)) ORDER BY key",
        (json_array(arxiv_ids),),
    )
    roots = [query.root for query in queries]
    return papers, read_lexicon_of(partial(select_rows, connection), *roots, holds=False)


def _match_all(
    connection: sqlite3.Connection,
    papers: Sequence[Row],
    queries: Sequence[Query],
    lexicon: Lexicon,
) -> list[frozenset[ArxivId]]:
    matcher = _Matcher(connection, papers)
    widener = Widener(replace(lexicon, holds=matcher.words.__contains__))
    masks = [matcher.mask(widener.widen(query.root)) for query in queries]
    names = [paper[0] for paper in papers]
    found = {mask: frozenset(_chosen(names, mask)) for mask in set(masks)}
    return [found[mask] for mask in masks]


def _chosen(names: Sequence[ArxivId], mask: int) -> Iterable[ArxivId]:
    bits = bin(mask)[:1:-1]
    at = bits.find("1")
    while at >= 0:
        yield names[at]
        at = bits.find("1", at + 1)


def _as_indexed(texts: Sequence[str | None]) -> list[str]:
    """Return a paper's texts as the archive's index holds them."""
    *said, filters, authors = (text or "" for text in texts)
    return [*map(indexed, said), filters, tags_of_authors(authors)]


_PHRASE = re.compile(r'"([^"]*)"')


class _Matcher:
    """An index of a few thousand papers in memory; bit ``n`` of a mask is the ``n``-th row."""

    def __init__(self, connection: sqlite3.Connection, papers: Sequence[Row]) -> None:
        self._papers = [(arxiv_id, key, doi) for arxiv_id, key, doi, *_ in papers]
        self._all = (1 << len(papers)) - 1
        self._known: dict[Node, int] = {}
        self._connection = connection
        marks = ", ".join("?" * len(_COLUMNS.split(", ")))
        connection.execute(
            f"CREATE VIRTUAL TABLE listed USING fts5 ({_COLUMNS}, content = '', "
            f"tokenize = '{TOKENIZER}')"
        )
        listed = [(number, *_as_indexed(texts)) for number, (_, _, _, *texts) in enumerate(papers)]
        self.words = {word for row in listed for text in row[1:] for word in str(text).split(" ")}
        # One segment, however many papers: each question would look into all that there are.
        connection.execute("INSERT INTO listed (listed, rank) VALUES ('hashsize', 67108864)")
        connection.execute("BEGIN")
        connection.executemany(
            f"INSERT INTO listed (rowid, {_COLUMNS}) VALUES (?, {marks})", listed
        )
        connection.execute("COMMIT")

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
                known = self._known.get(node)  # once: a node with its forms takes long to hash
                if known is None:
                    known = self._known[node] = self._ask(node)
                return known

    def _ask(self, leaf: LeafNode) -> int:
        match leaf:
            case Since(day=day):
                return self._where(day_of(key) >= day for _, key, _ in self._papers)
            case Until(day=day):
                return self._where(day_of(key) <= day for _, key, _ in self._papers)
            case Identified(arxiv_id=arxiv_id):
                return self._where(each == arxiv_id for each, _, _ in self._papers)
            case HasDoi(doi=doi):
                return self._where((each or "").lower() == doi for _, _, each in self._papers)
            case Saved() | Posted() | Liked():
                return self._where(key in leaf.keys for _, key, _ in self._papers)
            case _:
                expression = leaf_expression(leaf)
                if isinstance(leaf, Author) and not self._may_hold(expression):
                    return 0
                sql = "SELECT rowid FROM listed WHERE listed MATCH ?"
                found = select_rows(self._connection, sql, (expression,))
                return sum(1 << number for (number,) in found)

    def _may_hold(self, expression: str) -> bool:
        """Whether one of the tags of an author's expression is of these papers.

        Most authors that people follow have no paper on a day, and need not be looked for. Tags are
        made by the same functions on both sides, so they are compared as they are.
        """
        tags = (phrase.split(" ") for phrase in _PHRASE.findall(expression))
        return any(self.words.issuperset(tag) for tag in tags)

    def _where(self, holds: Iterable[bool]) -> int:
        return sum(1 << number for number, each in enumerate(holds) if each)
