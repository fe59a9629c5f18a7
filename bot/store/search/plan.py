"""The order in which a search walks the archive: stretches of keys, each with one FTS5 question.

A date in a query is a range of keys (see `keys`). Cut at the ends of all such ranges, the archive
falls into stretches inside which each of them is true or false everywhere. What names single
papers, an identifier or a person's library, is a set of keys: inside a stretch the query is one
FTS5 expression for the papers of no set, and one for those of each combination of sets; most of
these find nothing and are not asked. Walking the stretches from the newest key down is
newest-first, whatever the query says about dates.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.query.ast import (
    Announced,
    Category,
    Has,
    Licensed,
    Located,
    Node,
    OfReaders,
    Since,
    Text,
    TextField,
    Until,
    Venue,
    Withdrawn,
    leaves,
)
from bot.query.compile import CompiledQuery, compile_node, rarest_first
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
class Ask:
    """What to ask of ``only`` some papers, or of all ``but`` some.

    An FTS5 expression; None asks for nothing, and finds them all.
    """

    match: str | None
    only: frozenset[int] | None = None
    but: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Stretch:
    """A range of keys, and what to ask of an index there; no paper is found by two of the asks.

    ``tier`` is the stretch's rank of relevance, counted from 0.
    """

    keys: KeyRange
    asks: tuple[Ask, ...]
    index: str = TEXT
    tier: int = 0


KnownKeys = Mapping[Located, Sequence[int]]
"""The keys of the papers that a query's identifiers and DOIs name."""

_Keys = frozenset[int]


Papers = Callable[[Node], float]
"""Says about how many papers a part of a query finds."""


def plan_tiers(
    roots: Sequence[Node], known: KnownKeys, papers: Papers | None = None
) -> list[Stretch]:
    """Plan several queries, one behind the other; knowing ``papers``, rare words come first."""
    return [
        stretch
        for tier, root in enumerate(roots)
        for stretch in plan(
            compile_node(rarest_first(root, papers) if papers else root), known, tier
        )
    ]


def plan(compiled: CompiledQuery, known: KnownKeys, tier: int = 0) -> list[Stretch]:
    """Cut the archive for ``compiled``, newest first, and leave out what cannot hold a match."""
    spans = {place: _span(place) for place in compiled.places if isinstance(place, Since | Until)}
    sets = {place: _set(place, known) for place in compiled.places if place not in spans}
    edges = {edge for span in spans.values() for edge in (span.first, span.end)}
    index = smallest_index(compiled.root)
    stretches: list[Stretch] = []
    for end, first in pairwise(sorted({FIRST_KEY, LAST_KEY} | edges, reverse=True)):
        keys = KeyRange(first, end)
        here = frozenset(place for place, span in spans.items() if keys in span)
        asks = tuple(_asks(compiled, here, sets))
        if asks:
            _append(stretches, Stretch(keys, asks, index, tier))
    return stretches


def _asks(
    compiled: CompiledQuery, here: frozenset[Located], sets: Mapping[Located, _Keys]
) -> Iterator[Ask]:
    """List what to ask of the papers for which the places ``here`` hold, and some of the sets."""
    elsewhere = compiled.select(here.__contains__)
    asked: dict[str | None, set[int]] = defaultdict(set)
    for places, keys in _combinations(sets).items():
        selection = compiled.select((here | places).__contains__)
        if not selection.is_nothing:
            asked[None if selection.is_everything else selection.expression()] |= keys
    if not elsewhere.is_nothing:
        match = None if elsewhere.is_everything else elsewhere.expression()
        alike = asked.pop(match, set())
        yield Ask(match, but=frozenset().union(*sets.values()) - alike)
    for match, keys in asked.items():
        yield Ask(match, only=frozenset(keys))


def _combinations(sets: Mapping[Located, _Keys]) -> Mapping[frozenset[Located], set[int]]:
    """Sort the papers of some sets by all the sets that each is in."""
    places: dict[int, list[Located]] = defaultdict(list)
    for place, keys in sets.items():
        for key in keys:
            places[key].append(place)
    found: dict[frozenset[Located], set[int]] = defaultdict(set)
    for key, each in places.items():
        found[frozenset(each)].add(key)
    return found


def _append(stretches: list[Stretch], older: Stretch) -> None:
    """Add an older stretch; one that asks the same as its newer neighbour continues it."""
    if stretches:
        newer = stretches[-1]
        if newer.asks == older.asks and newer.keys.first == older.keys.end:
            keys = KeyRange(older.keys.first, newer.keys.end)
            stretches[-1] = Stretch(keys, newer.asks, newer.index, newer.tier)
            return
    stretches.append(older)


def smallest_index(root: Node) -> str:
    """Name the smallest index that knows all that ``root`` asks for."""
    return HEAD if all(map(_is_in_head, leaves(root))) else TEXT


def _is_in_head(leaf: Node) -> bool:
    if isinstance(leaf, Text):
        return leaf.field is TextField.TITLE
    return isinstance(leaf, Category | Announced | Has | Venue | Licensed | Withdrawn | Located)


def _span(place: Since | Until) -> KeyRange:
    match place:
        case Since(day=day):
            return KeyRange(max(FIRST_KEY, first_key(day)), LAST_KEY)
        case Until(day=day):
            return KeyRange(FIRST_KEY, max(FIRST_KEY, end_key(day)))


def _set(place: Located, known: KnownKeys) -> _Keys:
    return place.keys if isinstance(place, OfReaders) else frozenset(known.get(place, ()))
