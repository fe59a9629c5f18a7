"""Which words and compounds the papers write: what a query's words are widened by.

Every write of a paper notes its words at once, so a word that is new today is found today. None is
ever taken away: a word that no paper writes any more only finds nothing.
"""

import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence

from bot.query.tokens import compounds, words
from bot.query.widen import Lexicon
from bot.store.sqlite.statements import Parameters, Row, json_array, select_rows

LEAST_LETTERS = 3  # shorter words have no other forms
MOST_LETTERS = 30
ASKED_AT_ONCE = 20_000

Ask = Callable[[str, Parameters], list[Row]]


def note_words(connection: sqlite3.Connection, keys: Sequence[int]) -> None:
    """Note the words of these papers."""
    rows = select_rows(
        connection,
        "SELECT title, abstract, comment FROM paper WHERE key IN (SELECT value FROM json_each(?))",
        (json_array(keys),),
    )
    known: set[str] = set()
    joined: set[tuple[str, str]] = set()
    for row in rows:
        for text in filter(None, row):
            known.update(words(text))
            joined.update(compounds(text))
    connection.execute(
        "INSERT OR IGNORE INTO word (word, papers) SELECT value, 0 FROM json_each(?)",
        (json_array(sorted(filter(is_noted, known))),),
    )
    connection.execute(
        "INSERT OR IGNORE INTO compound (word, cut) SELECT value ->> 0, value ->> 1 "
        "FROM json_each(?)",
        (json_array(sorted((first + second, len(first)) for first, second in joined)),),
    )


def is_noted(word: str) -> bool:
    """Whether a word may be a form of another; of the rest it does not matter who writes them."""
    return LEAST_LETTERS <= len(word) <= MOST_LETTERS and word.isascii() and word.isalpha()


def read_lexicon(ask: Ask, wanted: Collection[str], *, holds: bool = True) -> Lexicon:
    """Read what is known of some words; without ``holds`` only where they take a hyphen.

    ``ask`` reads rows as `Reading.rows` does.
    """
    cuts: dict[str, list[int]] = {}
    sql = "SELECT word, cut FROM compound WHERE word IN (SELECT value FROM json_each(?))"
    for word, cut in _rows(ask, sql, wanted):
        cuts.setdefault(word, []).append(cut)
    if not holds:
        return Lexicon(lambda word: True, cuts)
    parts = {part for word, each in cuts.items() for at in each for part in (word[:at], word[at:])}
    sql = "SELECT word FROM word WHERE word IN (SELECT value FROM json_each(?))"
    known = {word for (word,) in _rows(ask, sql, {*filter(is_noted, {*wanted, *parts})})}
    return Lexicon(lambda word: word in known or not is_noted(word), cuts)


def _rows(ask: Ask, sql: str, wanted: Collection[str]) -> Iterator[Row]:
    asked = sorted(wanted)
    for start in range(0, len(asked), ASKED_AT_ONCE):
        yield from ask(sql, (json_array(asked[start : start + ASKED_AT_ONCE]),))
