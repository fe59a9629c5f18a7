"""What the archive knows about words: how many papers use a stem, which stems begin so.

The counts lie in a small table that is renewed now and then (`count_stems`), because FTS5 can
count the papers of a word only by reading all of them. They serve to weigh words against each
other, for which a few weeks' delay is nothing. An archive that was never counted is small enough
to count on the spot, up to a bound.
"""

import math
from collections.abc import Collection
from dataclasses import replace

from bot.query.ast import And, Node, Not, Or, Text, any_of
from bot.query.compile import quoted
from bot.query.tags import MARK
from bot.query.tokens import stem, surface, words
from bot.store.readers import Reading
from bot.store.rows import json_array

LEAST_PAPERS = 3  # rarer stems stay out of the table: two thirds of all, misprints and formulas
COUNTED_ON_THE_SPOT = 5000
ARCHIVE_COUNTED_ON_THE_SPOT = 200_000
BROAD = 300_000  # postings: what FTS5 collects of a beginning in about 80 ms before its first row
BROADEST_WORDS = 40

NEWEST = 1 << 62  # beyond every key
ARCHIVE = ""
"""The row of the table that says how many papers there were when the stems were counted."""


def count_archive(reading: Reading, newest: int = NEWEST) -> int:
    """Return about how many papers there are up to the key ``newest``; at least 1."""
    counted = reading.integers("SELECT papers FROM stem WHERE stem = ?", (ARCHIVE,))
    if not counted:
        # The narrowest table with a row for each paper.
        sql = "SELECT count(*) FROM (SELECT 1 FROM paper_head_docsize WHERE id <= ? LIMIT ?)"
        counted = reading.integers(sql, (newest, ARCHIVE_COUNTED_ON_THE_SPOT))
    return max(1, sum(counted))


def count_papers(reading: Reading, stems: Collection[str], newest: int = NEWEST) -> dict[str, int]:
    """Return in about how many papers up to the key ``newest`` each stem occurs."""
    rows = reading.rows(
        "SELECT stem, papers FROM stem WHERE stem IN (SELECT value FROM json_each(?))",
        (json_array(stems),),
    )
    counts = {str(row[0]): int(str(row[1])) for row in rows}
    for each in stems:
        if each not in counts:
            counts[each] = _count_on_the_spot(reading, each, newest)
    return counts


def _count_on_the_spot(reading: Reading, each: str, newest: int) -> int:
    word = surface(each)
    if word is None:
        return 0
    sql = "SELECT rowid FROM paper_text WHERE paper_text MATCH ? AND rowid <= ? LIMIT ?"
    return len(reading.rows(sql, (quoted(word), newest, COUNTED_ON_THE_SPOT)))


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
    beginning = stem(typed[0])
    rows = reading.rows(
        "SELECT stem, papers FROM stem WHERE stem >= ? AND stem < ? ORDER BY papers DESC",
        (beginning, beginning + MARK),
    )
    if sum(int(str(papers)) for _, papers in rows) < BROAD:
        return None
    known = [surface(str(found)) for found, _ in rows[:BROADEST_WORDS]]
    return any_of(*(replace(leaf, text=word, is_prefix=False) for word in known if word))


def weight(papers: int, archive: int) -> float:
    """Return how telling a word of ``papers`` papers is (BM25's inverse document frequency)."""
    return math.log(1 + (archive - min(papers, archive) + 0.5) / (papers + 0.5))
