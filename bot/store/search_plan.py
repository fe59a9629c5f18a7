"""The order in which a search walks the archive: stretches of keys, each with one FTS5 question.

A date or an identifier in a query is a range of keys (see `keys`). Cut at the ends of all such
ranges, the archive falls into stretches inside which each of them is true or false everywhere;
there the query is a single FTS5 expression. Walking the stretches from the newest key down is
newest-first, whatever the query says about dates.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.query.ast import HasDoi, Identified, Place, Since, Until
from bot.query.compile import CompiledQuery
from bot.store.keys import end_key, first_key

FIRST_KEY = 0
LAST_KEY = 1 << 62


@dataclass(frozen=True, slots=True)
class KeyRange:
    """The keys ``first <= key < end``."""

    first: int
    end: int

    def __contains__(self, other: "KeyRange") -> bool:
        return self.first <= other.first and other.end <= self.end


@dataclass(frozen=True, slots=True)
class Stretch:
    """A range of keys, and the FTS5 expression that finds papers in it (None: all of them)."""

    keys: KeyRange
    match: str | None


def plan(compiled: CompiledQuery, known: Mapping[Place, Sequence[int]]) -> list[Stretch]:
    """Cut the archive for ``compiled``, newest first, and leave out what cannot hold a match.

    ``known`` gives the keys of the papers that its identifiers and DOIs name.
    """
    ranges = {place: _ranges(place, known) for place in compiled.places}
    cuts = {FIRST_KEY, LAST_KEY}
    for each in ranges.values():
        cuts.update(edge for keys in each for edge in (keys.first, keys.end))
    stretches: list[Stretch] = []
    for end, first in pairwise(sorted(cuts, reverse=True)):
        keys = KeyRange(first, end)
        selection = compiled.select(
            lambda place, keys=keys: any(keys in each for each in ranges[place])  # type: ignore[misc]
        )
        if not selection.is_nothing:
            match = None if selection.is_everything else selection.expression()
            _append(stretches, Stretch(keys, match))
    return stretches


def _append(stretches: list[Stretch], stretch: Stretch) -> None:
    """Add an older stretch; one that asks the same as its newer neighbour continues it."""
    if stretches:
        newer = stretches[-1]
        if newer.match == stretch.match and newer.keys.first == stretch.keys.end:
            stretches[-1] = Stretch(KeyRange(stretch.keys.first, newer.keys.end), newer.match)
            return
    stretches.append(stretch)


def _ranges(place: Place, known: Mapping[Place, Sequence[int]]) -> list[KeyRange]:
    match place:
        case Since(day=day):
            return [KeyRange(max(FIRST_KEY, first_key(day)), LAST_KEY)]
        case Until(day=day):
            return [KeyRange(FIRST_KEY, max(FIRST_KEY, end_key(day)))]
        case Identified() | HasDoi():
            return [KeyRange(key, key + 1) for key in known.get(place, ())]
