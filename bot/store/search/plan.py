"""The order in which a search walks the archive: stretches of keys, each with one FTS5 question.

A date or an identifier in a query is a range of keys (see `keys`). Cut at the ends of all such
ranges, the archive falls into stretches inside which each of them is true or false everywhere;
there the query is a single FTS5 expression. Walking the stretches from the newest key down is
newest-first, whatever the query says about dates.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.query.ast import (
    Announced,
    Category,
    Has,
    HasDoi,
    Identified,
    Licensed,
    Located,
    Node,
    Since,
    Text,
    TextField,
    Until,
    Venue,
    Withdrawn,
    leaves,
)
from bot.query.compile import CompiledQuery, compile_node
from bot.query.results import LAST_KEY
from bot.store.keys import end_key, first_key

FIRST_KEY = 0
HEAD = "paper_head"
"""The index of titles and filters: a tenth of the size of the other."""
TEXT = "paper_text"


@dataclass(frozen=True, slots=True)
class KeyRange:
    """The keys ``first <= key < end``."""

    first: int
    end: int

    def __contains__(self, other: "KeyRange") -> bool:
        return self.first <= other.first and other.end <= self.end

    def overlap(self, other: "KeyRange") -> "KeyRange":
        return KeyRange(max(self.first, other.first), min(self.end, other.end))

    @property
    def is_empty(self) -> bool:
        return self.first >= self.end


EVERYWHERE = KeyRange(FIRST_KEY, LAST_KEY)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A range of keys, and what to ask there: an FTS5 expression (None: nothing) of an index.

    ``tier`` is the stretch's rank of relevance, counted from 0.
    """

    keys: KeyRange
    match: str | None
    index: str = TEXT
    tier: int = 0


KnownKeys = Mapping[Located, Sequence[int]]
"""The keys of the papers that a query's identifiers and DOIs name."""


def plan_tiers(roots: Sequence[Node], known: KnownKeys) -> list[Stretch]:
    """Plan several queries, one behind the other."""
    return [
        stretch
        for tier, root in enumerate(roots)
        for stretch in plan(compile_node(root), known, tier)
    ]


def plan(compiled: CompiledQuery, known: KnownKeys, tier: int = 0) -> list[Stretch]:
    """Cut the archive for ``compiled``, newest first, and leave out what cannot hold a match."""
    ranges = {place: _ranges(place, known) for place in compiled.places}
    edges = {edge for each in ranges.values() for keys in each for edge in (keys.first, keys.end)}
    index = _smallest_index(compiled.root)
    stretches: list[Stretch] = []
    for end, first in pairwise(sorted({FIRST_KEY, LAST_KEY} | edges, reverse=True)):
        keys = KeyRange(first, end)
        true_here = {place for place, each in ranges.items() if any(keys in one for one in each)}
        selection = compiled.select(true_here.__contains__)
        if not selection.is_nothing:
            match = None if selection.is_everything else selection.expression()
            _append(stretches, Stretch(keys, match, index, tier))
    return stretches


def _append(stretches: list[Stretch], older: Stretch) -> None:
    """Add an older stretch; one that asks the same as its newer neighbour continues it."""
    if stretches:
        newer = stretches[-1]
        if newer.match == older.match and newer.keys.first == older.keys.end:
            keys = KeyRange(older.keys.first, newer.keys.end)
            stretches[-1] = Stretch(keys, newer.match, newer.index, newer.tier)
            return
    stretches.append(older)


def _smallest_index(root: Node) -> str:
    """Name the smallest index that knows all that ``root`` asks for."""
    return HEAD if all(map(_is_in_head, leaves(root))) else TEXT


def _is_in_head(leaf: Node) -> bool:
    if isinstance(leaf, Text):
        return leaf.field is TextField.TITLE
    return isinstance(leaf, Category | Announced | Has | Venue | Licensed | Withdrawn | Located)


def _ranges(place: Located, known: KnownKeys) -> list[KeyRange]:
    match place:
        case Since(day=day):
            return [KeyRange(max(FIRST_KEY, first_key(day)), LAST_KEY)]
        case Until(day=day):
            return [KeyRange(FIRST_KEY, max(FIRST_KEY, end_key(day)))]
        case Identified() | HasDoi():
            return [KeyRange(key, key + 1) for key in known.get(place, ())]
