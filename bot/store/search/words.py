"""What the archive knows about words: how many papers use one, which words begin so.

The counts lie in a small table that is renewed now and then (`count_words`), because FTS5 can
count the papers of a word only by reading all of them. They serve to weigh words against each
other, for which a few weeks' delay is nothing. An archive that was never counted is small enough
to count on the spot, up to a bound.
"""

import math
import sqlite3
import string
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from bot.query.ast import And, Author, Node, Not, Or, Text, any_of, leaves
from bot.query.compile import quoted
from bot.query.tags import MARK
from bot.query.tokens import words
from bot.query.widen import widen
from bot.store.search.index import RENEWED_TO, count_indexed
from bot.store.search.vocabulary import read_lexicon_of
from bot.store.sqlite.executor import Database, Reading
from bot.store.sqlite.statements import Row, json_array, small_cache

LEAST_PAPERS = 3  # of what is no English word; rarer ones are misprints and formulas
COUNTED_ON_THE_SPOT = 5000
ARCHIVE_COUNTED_ON_THE_SPOT = 200_000
BROAD = 40_000  # postings: what FTS5 collects of a beginning in about 10 ms before its first row
BROADEST_WORDS = 80

SMALL = 20_000  # papers: below, counting on the spot is as good
COUNTING_DEADLINE_S = 60.0
STEP_S: Final = 0.05
"""How long a step of counting goes on to the next words; the last of them may take as long."""
NEWEST = 1 << 62  # beyond every key
ARCHIVE = ""
"""The row of the table that says how many papers there were when the words were counted."""


def counted_archive(reading: Reading) -> int:
    """Return how many papers there were when the words were counted, 0 if they never were."""
    return sum(reading.integers("SELECT papers FROM word WHERE word = ?", (ARCHIVE,)))


def count_archive(reading: Reading, newest: int = NEWEST) -> int:
    """Return about how many papers there are up to the key ``newest``; at least 1."""
    counted = reading.integers("SELECT papers FROM word WHERE word = ?", (ARCHIVE,))
    if not counted:
        # The narrowest table with a row for each paper.
        sql = "SELECT count(*) FROM (SELECT 1 FROM paper_head_docsize WHERE id <= ? LIMIT ?)"
        counted = reading.integers(sql, (newest, ARCHIVE_COUNTED_ON_THE_SPOT))
    return max(1, sum(counted))


def count_papers(reading: Reading, words: Collection[str], newest: int = NEWEST) -> dict[str, int]:
    """Return in about how many papers up to the key ``newest`` each word occurs."""
    counts = _counted(reading, words)
    for each in words:
        if each not in counts:
            counts[each] = _count_on_the_spot(reading, each, newest)
    return counts


def count_forms(
    forms: Iterable[str],
    counts: Mapping[str, int],
    of_phrase: Callable[[Iterable[int]], int] = min,
) -> int:
    """Return in how many papers at most any of the forms of a word occurs."""
    return sum(of_phrase(counts.get(word, 0) for word in form.split(" ")) for form in forms)


def estimate_papers(
    counts: Mapping[str, int], archive: int, of_phrase: Callable[[Iterable[int]], int] = min
) -> Callable[[Node], float]:
    """Return what says about how many papers a node finds, from the counts of its words.

    Only to compare parts of a query: names are taken for rare, filters for common. ``of_phrase``
    makes one number of those of a phrase's words.
    """

    def papers(node: Node) -> float:
        match node:
            case And(parts):
                return min(map(papers, parts))
            case Or(parts):
                return sum(map(papers, parts))
            case Text(is_prefix=False):
                typed = " ".join(words(node.text))
                forms = (typed, *(form.words for form in node.forms))
                return count_forms(forms, counts, of_phrase)
            case Author():
                return archive * RARE_SHARE
            case _:
                return archive

    return papers


RARE_SHARE = 0.001


def seeking_order(counts: Mapping[str, int], archive: int) -> Callable[[Node], float]:
    """Return by what to order words that must all hold: what is least is looked for first.

    A phrase stands with its commonest word. Asked whether a paper holds it, FTS5 goes on through
    the lists of its words to the next paper that does, which is far where they are common.
    """
    return estimate_papers(counts, archive, max)


def counting_effort(counts: Mapping[str, int], archive: int) -> Callable[[Node], float]:
    """Return what says how many entries of the index are read to count what a node finds.

    For each entry of its rarest part an AND looks into the others, which takes as long as to read
    `SEEKING_EFFORT` entries; so do the words of a phrase. How many papers a name or a filter finds
    the tables do not know, and what is excluded has not been looked up.
    """

    def effort(node: Node) -> float:
        match node:
            case And(parts):
                wanted = [effort(part) for part in parts if not isinstance(part, Not)]
                return _together([*wanted, *[archive] * (len(parts) - len(wanted))])
            case Or(parts):
                return sum(map(effort, parts))
            case Text(is_prefix=False):
                forms = (" ".join(words(node.text)), *(form.words for form in node.forms))
                return sum(
                    _together([counts.get(word, 0) for word in form.split(" ")]) for form in forms
                )
            case Author():
                return archive * MOST_OF_ONE_NAME
            case _:
                return archive

    return effort


def _together(efforts: Sequence[float]) -> float:
    most = SEEKING_EFFORT * min(efforts, default=0)
    return sum(min(most, each) for each in efforts)


SEEKING_EFFORT = 30
MOST_OF_ONE_NAME = 0.1
"""Of all papers: about those with an author Wang."""


def count_roughly(reading: Reading, words: Collection[str]) -> dict[str, int]:
    """As `count_papers`, but 0 for rare words where the archive was counted: for many guesses."""
    counted = _counted(reading, words)
    if reading.rows("SELECT 1 FROM word WHERE word = ?", (ARCHIVE,)):
        return {each: counted.get(each, 0) for each in words}
    known = set(_noted(reading, words))
    return {
        each: _count_on_the_spot(reading, each, NEWEST) if each in known else 0 for each in words
    }


def _counted(reading: Reading, words: Collection[str]) -> dict[str, int]:
    rows = reading.rows(
        "SELECT word, papers FROM word WHERE papers AND word IN (SELECT value FROM json_each(?))",
        (json_array(words),),
    )
    return dict(rows)


def _noted(reading: Reading, words: Collection[str]) -> list[str]:
    sql = "SELECT word FROM word WHERE word IN (SELECT value FROM json_each(?))"
    return [word for (word,) in reading.rows(sql, (json_array(words),))]


def _count_on_the_spot(reading: Reading, word: str, newest: int) -> int:
    sql = "SELECT rowid FROM paper_text WHERE paper_text MATCH ? AND rowid <= ? LIMIT ?"
    return len(reading.rows(sql, (quoted(word), newest, COUNTED_ON_THE_SPOT)))


def widened(reading: Reading, root: Node) -> Node:
    """Add to the words of a query the forms that the archive's papers write."""
    if not any(isinstance(leaf, Text) for leaf in leaves(root)):
        return root
    is_new = not reading.rows("SELECT 1 FROM fact WHERE name = ?", (RENEWED_TO,))
    return widen(root, read_lexicon_of(reading.rows, root, holds=is_new))


def narrow_prefixes(reading: Reading, node: Node) -> tuple[Node, bool]:
    """Replace beginnings too broad to collect by the most used words that begin so.

    Returns the tree and whether anything was replaced, that is, whether rare words are missing.
    """
    match node:
        case And(parts) | Or(parts):
            done = [narrow_prefixes(reading, part) for part in parts]
            return type(node)(tuple(part for part, _ in done)), any(cut for _, cut in done)
        case Not(part):
            inner, cut = narrow_prefixes(reading, part)
            return Not(inner), cut
        case Text(is_prefix=True):
            narrowed = _most_used(reading, node)
            return (narrowed, True) if narrowed else (node, False)
        case _:
            return node, False


def _most_used(reading: Reading, leaf: Text) -> Node | None:
    typed = words(leaf.text)
    if len(typed) != 1:
        return None
    rows = reading.rows(
        "SELECT word, papers FROM word WHERE word >= ? AND word < ? ORDER BY papers DESC",
        (typed[0], typed[0] + MARK),
    )
    if sum(papers for _, papers in rows) < BROAD:
        return None
    known = [word for word, _ in rows[:BROADEST_WORDS]]
    return any_of(*(replace(leaf, text=word, is_prefix=False, is_exact=True) for word in known))


def weight(papers: int, archive: int) -> float:
    """Return how telling a word of ``papers`` papers is (BM25's inverse document frequency)."""
    return math.log(1 + (archive - min(papers, archive) + 0.5) / (papers + 0.5))


# Counting, now and then


async def count_words(database: Database) -> int:
    """Count again in how many papers each word occurs; returns the number of words kept.

    A few seconds for 100,000 papers, a minute for millions; in small steps, so that neither a
    search nor a listing waits longer than for one of them.
    """
    archive = await database.read(count_indexed)
    kept = 0
    left = list(_ranges())
    while left:
        counted = await database.search(COUNTING_DEADLINE_S, _count_some, left)
        for (first, end), (rows, is_stored) in zip(left, counted, strict=False):
            kept += len(rows)
            if not is_stored:
                await database.write(_store_range, first, end, rows)
        del left[: len(counted)]
    await database.write(_store_range, ARCHIVE, "\0", [(ARCHIVE, archive)])
    return kept


async def is_count_stale(database: Database) -> bool:
    """Whether the archive grew by half since its words were counted, or never were."""
    return await database.search(COUNTING_DEADLINE_S, _is_stale)


def _is_stale(reading: Reading) -> bool:
    return count_indexed(reading.connection) > max(SMALL, counted_archive(reading) * 3 // 2)


def _ranges() -> Iterator[tuple[str, str]]:
    """Cut the vocabulary into pieces of at most a few per cent; tags lie behind the last."""
    letters = string.digits + string.ascii_lowercase
    edges = ["\x01", *(one + other for one in letters for other in letters), "{", MARK]
    return pairwise(edges)


def _count_some(
    reading: Reading, ranges: Sequence[tuple[str, str]]
) -> list[tuple[list[Row], bool]]:
    """Count the words of the first ranges, as many as a step has time for, at least of one.

    Returns with the counts of each whether the same is stored already.
    """
    until = time.thread_time() + STEP_S
    counted: list[tuple[list[Row], bool]] = []
    with small_cache(reading.connection):
        reading.rows("CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab (main, paper_text, row)")
        for first, end in ranges:
            counted.append(_count(reading, first, end))
            if time.thread_time() > until:
                break
    return counted


def _count(reading: Reading, first: str, end: str) -> tuple[list[Row], bool]:
    rows = reading.rows(
        "SELECT term, doc FROM temp.vocabulary WHERE term >= ? AND term < ? "
        "AND (doc >= ? OR term IN (SELECT word FROM main.word))",
        (first, end, LEAST_PAPERS),
    )
    stored = reading.rows(
        "SELECT word, papers FROM word WHERE word >= ? AND word < ? AND papers ORDER BY word",
        (first, end),
    )
    return rows, rows == stored


def _store_range(connection: sqlite3.Connection, first: str, end: str, rows: Sequence[Row]) -> None:
    # What was noted meanwhile, and was not counted, stays.
    connection.execute("DELETE FROM word WHERE word >= ? AND word < ? AND papers", (first, end))
    connection.executemany(
        "INSERT INTO word (word, papers) VALUES (?, ?) "
        "ON CONFLICT DO UPDATE SET papers = excluded.papers",
        rows,
    )
