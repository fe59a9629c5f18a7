"""From tree to index: a query as one FTS5 expression per stretch of the archive.

Everything a paper says is a token of the index, so any combination of AND, OR and NOT of words,
names and filters is one FTS5 expression. Dates and identifiers are not tokens but ranges of the
papers' keys: inside a range that no such leaf cuts, each of them is simply true or false, and
what remains is again one expression (`CompiledQuery.expression`). The store works out the ranges.

Each term reaches FTS5 as a quoted string and operators come only from our own tree, so nothing
typed is ever read as FTS5 syntax (``C++`` and ``multi-agent`` would be errors).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.query.ast import (
    And,
    Announced,
    Author,
    Category,
    Has,
    HasDoi,
    Identified,
    Node,
    Not,
    Or,
    Place,
    Query,
    Said,
    Since,
    Text,
    Until,
    leaves,
)
from bot.query.names import is_initial, name_words
from bot.query.tags import (
    EVERY_PAPER,
    archive_tag,
    both_tag,
    category_tag,
    has_tag,
    initial_tag,
    name_tag,
    type_tag,
)
from bot.query.tokens import fold, stem, surface, tokens


@dataclass(frozen=True, slots=True)
class Selection:
    """A set of papers: those that an FTS5 expression finds, or all but those.

    FTS5 has no plain NOT, only 'these, without those'; carrying the complement along lets every
    tree become one expression.
    """

    match: str | None = None
    """An FTS5 expression; None finds nothing."""
    is_complement: bool = False

    def inverted(self) -> "Selection":
        return Selection(self.match, not self.is_complement)

    @property
    def is_nothing(self) -> bool:
        return self.match is None and not self.is_complement

    @property
    def is_everything(self) -> bool:
        return self.match is None and self.is_complement

    def expression(self) -> str:
        """Write it for FTS5; not for nothing, which needs no asking."""
        if not self.is_complement and self.match is not None:
            return self.match
        every = quoted(EVERY_PAPER)
        return every if self.match is None else f"{every} NOT ({self.match})"


NOTHING = Selection()
EVERYTHING = Selection(is_complement=True)


@dataclass(frozen=True, slots=True)
class CompiledQuery:
    """A query ready for the index; `places` are the leaves that the store turns into key ranges."""

    root: Node
    places: tuple[Place, ...]

    def select(self, holds: Callable[[Place], bool]) -> Selection:
        """Return what the query asks of the index where its places hold as ``holds`` says."""
        return _select(self.root, holds)


def compile_query(query: Query) -> CompiledQuery:
    return compile_node(query.root)


def compile_node(root: Node) -> CompiledQuery:
    places = dict.fromkeys(leaf for leaf in leaves(root) if isinstance(leaf, Place))
    return CompiledQuery(root, tuple(places))


def _select(node: Node, holds: Callable[[Place], bool]) -> Selection:
    match node:
        case And(parts):
            return intersection([_select(part, holds) for part in parts])
        case Or(parts):
            return union([_select(part, holds) for part in parts])
        case Not(part):
            return _select(part, holds).inverted()
        case Since() | Until() | Identified() | HasDoi():
            return EVERYTHING if holds(node) else NOTHING
        case _:
            return Selection(leaf_expression(node))


def intersection(selections: Sequence[Selection]) -> Selection:
    """Find the papers that are in all of them."""
    if any(selection.is_nothing for selection in selections):
        return NOTHING
    wanted = [s.match for s in selections if s.match is not None and not s.is_complement]
    unwanted = [s.match for s in selections if s.match is not None and s.is_complement]
    if not wanted:
        return Selection(_joined(unwanted, "OR"), is_complement=True)
    match = _joined(wanted, "AND")
    return Selection(f"({match}) NOT ({_joined(unwanted, 'OR')})" if unwanted else match)


def union(selections: Sequence[Selection]) -> Selection:
    """Find the papers that are in any of them: all but those that none has (De Morgan)."""
    return intersection([selection.inverted() for selection in selections]).inverted()


def _joined(expressions: Sequence[str], operator: str) -> str | None:
    distinct = list(dict.fromkeys(expressions))
    if len(distinct) <= 1:
        return distinct[0] if distinct else None
    return f" {operator} ".join(f"({expression})" for expression in distinct)


def leaf_expression(leaf: Said) -> str:
    """Write one leaf as an FTS5 expression."""
    match leaf:
        case Text():
            column = f"{leaf.field.value} : " if leaf.field else ""
            said = _beginning(leaf.text) if leaf.is_prefix else quoted(leaf.text)
            return f"{column}{said}"
        case Author():
            return _author_expression(leaf.name)
        case Category():
            return quoted(archive_tag(leaf.code) if leaf.is_archive else category_tag(leaf.code))
        case Announced():
            return quoted(type_tag(leaf.announce_type))
        case Has():
            return quoted(has_tag(leaf.kind))


@dataclass(frozen=True, slots=True)
class Beginning:
    """How to ask an index of stems for words that begin with something.

    FTS5 stems the beginning too, which may change it (``poly`` to ``poli``); so it gets ``asked``,
    a word whose stem is that beginning. And ``segmentation`` is in the index as ``segment``, which
    does not begin with ``segmentat``; so such ``words`` are asked for by name.
    """

    asked: str
    kept: str
    words: tuple[str, ...]

    def fits(self, stemmed: str) -> bool:
        return stemmed.startswith(self.kept) or stemmed in map(stem, self.words)


@lru_cache(maxsize=1024)  # each tier of relevance asks again, and each paper that is explained
def read_beginning(text: str) -> Beginning:
    """Read the last word of ``text`` as a beginning."""
    _, last = _last_word(text)
    asked = surface(last)
    kept = stem(last) if asked is None else last
    return Beginning(asked or last, kept, tuple(_whole_words(last, kept)))


def _beginning(text: str) -> str:
    before, _ = _last_word(text)
    read = read_beginning(text)
    asked = [f"{quoted(before + read.asked)} *", *(quoted(before + word) for word in read.words)]
    return f"({' OR '.join(asked)})"


def _last_word(text: str) -> tuple[str, str]:
    *_, last = tokens(text)
    return text[: last.start], fold(text[last.start : last.end])


def _whole_words(last: str, kept: str) -> list[str]:
    """List words that begin with ``last`` while their stems do not begin with ``kept``."""
    candidates = [last]
    for ending in _ENDINGS:
        cuts = range(min(len(ending), len(last)))
        candidates += [last + ending[cut:] for cut in cuts if last.endswith(ending[:cut])]
    known: dict[str, str] = {}
    for word in candidates:
        if not stem(word).startswith(kept):
            known.setdefault(stem(word), word)
    return list(known.values())


_ENDINGS = (
    "s", "es", "ies", "ied", "ed", "ing", "ings", "ly", "y", "ation", "ations", "ational",
    "ization", "izations", "ically", "icity", "icities", "ical", "ity", "ities", "ivity",
    "ibility", "ability", "iveness", "ousness", "fulness", "ness", "ally", "ively", "ously",
    "ably", "ibly", "ent", "ents", "ement", "ements", "ance", "ances", "ence", "ences", "ator",
    "ators", "izer", "izers", "izing", "ating", "ion", "ions", "tional", "tionally", "ism",
    "isms", "ate", "ates", "able", "ible", "ive", "ous", "ize", "er", "ers", "al", "ative",
    "bility",
)  # fmt: skip
"""English endings that the stemmer takes off, alone or in a chain."""


def quoted(text: str) -> str:
    """Quote for FTS5: nothing inside is syntax."""
    return '"' + text.replace('"', '""') + '"'


def _author_expression(name: str) -> str:
    readings = [_reading(words) for words in name_words(name)]
    return _joined(readings, "OR") or quoted(name)


def _reading(words: Sequence[str]) -> str:
    """Any part written out may be the surname; every other part must belong to the same name."""
    surnames = [word for word in words if not is_initial(word)]
    if len(words) == 1 or not surnames:
        return _joined([quoted(name_tag(word)) for word in words], "AND") or ""
    anchored: list[str] = []
    for surname in dict.fromkeys(surnames):
        others = list(words)
        others.remove(surname)
        asked = [_same_person(surname, other) for other in others]
        if len(asked) == 1:
            anchored += asked[0]
        else:
            anchored.append(_joined([_joined(tags, "OR") or "" for tags in asked], "AND") or "")
    return _joined(anchored, "OR") or ""


def _same_person(surname: str, other: str) -> list[str]:
    """The other part as it is; written out, also as the initial that a paper may have instead."""
    if is_initial(other):
        return [quoted(f"{name_tag(surname)} {initial_tag(other)}")]
    return [quoted(both_tag(surname, part)) for part in (other, other[0])]
