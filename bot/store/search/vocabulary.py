"""Which words and compounds the papers write: what a query's words are widened by.

Every write of a paper notes its words at once, so a word that is new today is found today. None is
ever taken away: a word that no paper writes any more only finds nothing.
"""

import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence

from bot.query.ast import Node
from bot.query.tokens import compounds, words
from bot.query.widen import MOST_PARTS, Lexicon, more_to_look_up, words_to_look_up
from bot.store.sqlite.statements import Parameters, Row, json_array, json_arrays, select_rows

LEAST_LETTERS = 3  # shorter words have no other forms
MOST_LETTERS = 30
ASKED_AT_ONCE = 20_000

Ask = Callable[[str, Parameters], list[Row]]
Cuts = dict[str, list[int]]


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


def read_lexicon_of(ask: Ask, *roots: Node, holds: bool = True) -> Lexicon:
    """Read what is known of the words of some queries; see `read_lexicon`."""
    asked = words_to_look_up(*roots)
    lexicon = read_lexicon(ask, asked, holds=holds)
    for _ in range(MOST_PARTS - 2):  # the parts of a compound, and the parts of those
        more = more_to_look_up(lexicon, *roots) - asked
        cuts = _read_cuts(ask, more) if more else {}
        if not cuts:
            break
        asked |= more
        lexicon = _with(lexicon, cuts, _read_holds(ask, more, cuts) if holds else lexicon.holds)
    return lexicon


def _with(lexicon: Lexicon, cuts: Cuts, knows: Callable[[str], bool]) -> Lexicon:
    return Lexicon(lambda word: lexicon.holds(word) or knows(word), {**lexicon.cuts, **cuts})


def read_lexicon(ask: Ask, wanted: Collection[str], *, holds: bool = True) -> Lexicon:
    """Read what is known of some words; without ``holds`` only where they take a hyphen.

    ``ask`` reads rows as `Reading.rows` does.
    """
    cuts = _read_cuts(ask, wanted)
    return Lexicon(_read_holds(ask, wanted, cuts) if holds else lambda word: True, cuts)


def _read_cuts(ask: Ask, wanted: Collection[str]) -> Cuts:
    cuts: Cuts = {}
    sql = "SELECT word, cut FROM compound WHERE word IN (SELECT value FROM json_each(?))"
    for word, cut in _rows(ask, sql, wanted):
        cuts.setdefault(word, []).append(cut)
    return cuts


def _read_holds(ask: Ask, wanted: Collection[str], cuts: Cuts) -> Callable[[str], bool]:
    """Read which of the words, and of the parts of compounds, some paper writes."""
    parts = {part for word, each in cuts.items() for at in each for part in (word[:at], word[at:])}
    sql = "SELECT word FROM word WHERE word IN (SELECT value FROM json_each(?))"
    known = {word for (word,) in _rows(ask, sql, {*filter(is_noted, {*wanted, *parts})})}
    return lambda word: word in known or not is_noted(word)


def _rows(ask: Ask, sql: str, wanted: Collection[str]) -> Iterator[Row]:
    for asked in json_arrays(sorted(wanted), ASKED_AT_ONCE):
        yield from ask(sql, (asked,))
