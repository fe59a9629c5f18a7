"""Walking a plan: the papers that each stretch finds, one way or the other.

Every function takes a `Reading`, whose deadline may cut any walk short.
"""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Literal

from bot.query.ast import HasDoi, Identified, Located, Node, leaves
from bot.query.results import LAST_KEY
from bot.store.search.plan import EVERYWHERE, FIRST_KEY, Ask, KeyRange, Stretch
from bot.store.sqlite.executor import Reading
from bot.store.sqlite.statements import json_array

MARGIN = 1.2  # times what promises as many papers as are missing, where a walk goes on
LEAST = 0.1  # of what was walked: to begin a piece takes as long as to walk so far
ONE = 1  # paper: what a piece promises at most in which none is, whatever chance would have
NONE = 0.001  # papers: what a piece promises in which none is, at least
FEW_KEYS = 200  # of a set: to ask of each takes 30 µs, to walk past another paper a tenth of one

NO_LIMIT = -1

Found = tuple[int, int]
"""A paper on the walk: its tier and key."""


def known_keys(reading: Reading, root: Node) -> dict[Located, list[int]]:
    """Look up the keys of the papers that a query names."""
    known: dict[Located, list[int]] = {}
    for leaf in leaves(root):
        match leaf:
            case Identified(arxiv_id=arxiv_id):
                sql = "SELECT key FROM paper WHERE arxiv_id = ?"
                known[leaf] = reading.integers(sql, (arxiv_id,))
            case HasDoi(doi=doi):
                sql = "SELECT key FROM paper WHERE doi = ? COLLATE NOCASE"
                known[leaf] = reading.integers(sql, (doi,))
    return known


def span_of(reading: Reading) -> KeyRange:
    """Return the keys from the oldest paper to the newest."""
    ends = [
        reading.integers(f"SELECT key FROM paper ORDER BY key {order} LIMIT 1")
        for order in ("ASC", "DESC")
    ]
    return KeyRange(sum(ends[0]), sum(ends[1]) + 1)


def follow(
    reading: Reading,
    walk: Sequence[Stretch],
    wanted: int,
    after: Found | None = None,
    within: KeyRange = EVERYWHERE,
) -> list[Found]:
    """Walk until ``wanted`` papers are found, in order, starting behind ``after``."""
    found: list[Found] = []
    for stretch in walk:
        keys = stretch.keys.overlap(within)
        if after and stretch.tier == after[0]:
            keys = keys.overlap(KeyRange(FIRST_KEY, after[1]))
        if keys.is_empty or (after and stretch.tier < after[0]):
            continue
        part = keys_in(reading, stretch, keys, wanted - len(found))
        found.extend((stretch.tier, key) for key in part)
        if len(found) >= wanted or reading.overran:
            break
    return found


def count(reading: Reading, walk: Sequence[Stretch], within: KeyRange = EVERYWHERE) -> int:
    """Count the papers that a walk finds whose asks name no sets of papers."""
    total = 0
    for stretch in walk:
        keys = stretch.keys.overlap(within)
        for ask in () if keys.is_empty else stretch.asks:
            table, key = (stretch.index, "rowid") if ask.match is not None else ("paper", "key")
            asked = "" if ask.match is None else f" AND {table} MATCH ?"
            sql = f"SELECT count(*) FROM {table} WHERE {key} >= ? AND {key} < ?{asked}"
            said = () if ask.match is None else (ask.match,)
            total += sum(reading.integers(sql, (keys.first, keys.end, *said)))
    return total


def follow_back(
    reading: Reading, walk: Sequence[Stretch], wanted: int, before: Found, within: KeyRange
) -> list[Found]:
    """Return the last ``wanted`` papers of the walk in front of ``before``, in order."""
    found: list[Found] = []
    for stretch in reversed(walk):
        keys = stretch.keys.overlap(within)
        if stretch.tier == before[0]:
            keys = keys.overlap(KeyRange(before[1] + 1, LAST_KEY))
        if keys.is_empty or stretch.tier > before[0]:
            continue
        part = keys_in(reading, stretch, keys, wanted - len(found), order="ASC")
        found.extend((stretch.tier, key) for key in part)
        if len(found) >= wanted or reading.overran:
            break
    return found[::-1]


def follow_up(
    reading: Reading, walk: Sequence[Stretch], wanted: int, ranges: Iterable[KeyRange]
) -> list[int]:
    """Return the newest ``wanted`` papers in some ranges, newest first, one behind the other."""
    found: list[int] = []
    for within in ranges:
        found += _rise(reading, walk, within)
        if len(found) >= wanted or reading.overran:
            break
    return found[:wanted]


class Pieces:
    """A walk through a range of keys, newest first, that finds what `follow` finds.

    Each piece of the range is walked upwards, which takes half of the time where an index looks for
    a rare word beside common ones: of a page of a long list it needs only what comes before the
    word. The first has the keys of ``piece``, each next as many as promise the rest by what was
    found; where nothing was, by ``density``, the papers that each key holds by chance. A piece that
    the deadline cuts is left out, since its newest papers are missing.
    """

    def __init__(
        self,
        reading: Reading,
        walk: Sequence[Stretch],
        within: KeyRange,
        piece: int,
        density: float,
    ) -> None:
        self.found: list[int] = []
        self._reading = reading
        self._walk = walk
        self._within = within
        self._end = within.end
        self._piece = piece
        self._density = density

    @property
    def is_over(self) -> bool:
        """Whether the whole range was walked."""
        return self._end <= self._within.first

    def go_on(self, wanted: int, growth: float = math.inf) -> None:
        """Walk until ``wanted`` papers are found, or some more.

        Each piece is at most ``growth`` times as long as what was walked before.
        """
        while len(self.found) < wanted and not self.is_over and not self._reading.overran:
            self.step(wanted, growth)

    def step(self, wanted: int, growth: float = math.inf) -> None:
        """Walk one piece."""
        piece = self._next_piece(wanted - len(self.found), growth)
        first = max(self._within.first, self._end - max(1, piece))
        part = _rise(self._reading, self._walk, KeyRange(first, self._end))
        if not self._reading.overran:
            self.found += part
            self._end = first

    def _next_piece(self, missing: int, growth: float) -> int:
        walked = self._within.end - self._end
        if not walked:
            return self._piece
        expected = min(ONE, self._density * walked)
        promised = missing * MARGIN / max(NONE, expected, len(self.found))
        return int(walked * min(growth, max(LEAST, promised)))


def few(reading: Reading, walk: Sequence[Stretch], most: int) -> list[int] | None:
    """Return all papers of a walk, newest first in each stretch; None where there are ``most``."""
    found: list[int] = []
    for stretch in walk:
        missing = most - len(found)
        found += keys_in(reading, stretch, stretch.keys, missing, order="ASC")[::-1]
        if len(found) >= most:
            return None
    return found


def follow_newest(reading: Reading, walk: Sequence[Stretch], wanted: int) -> list[int]:
    """Return the newest ``wanted`` papers of a walk, newest first, as `follow` finds them.

    Upwards first, which takes half of the time where they are few, so that all are looked for. That
    it finds enough takes about a millisecond; then they are many, and the newest are found as soon.
    """
    found = few(reading, walk, wanted)
    return [key for _, key in follow(reading, walk, wanted)] if found is None else found


def _rise(reading: Reading, walk: Sequence[Stretch], within: KeyRange) -> list[int]:
    """List the papers of a range, newest first, walking up to its end or that of the archive.

    Downwards FTS5 looks for the next paper below the range too, however far down it is.
    """
    found: list[int] = []
    for stretch in walk:
        keys = stretch.keys.overlap(within)
        if not keys.is_empty:
            found += keys_in(reading, stretch, keys, NO_LIMIT, order="ASC")[::-1]
    return found


def keys_in(
    reading: Reading,
    stretch: Stretch,
    keys: KeyRange,
    limit: int,
    order: Literal["ASC", "DESC"] = "DESC",
) -> list[int]:
    """List the papers of a stretch that lie in ``keys``, newest first unless told otherwise."""
    found = [
        key for ask in stretch.asks for key in _ask(reading, stretch.index, ask, keys, limit, order)
    ]
    if len(stretch.asks) > 1:
        found.sort(reverse=order == "DESC")
    return found[:limit] if limit >= 0 else found


def among(reading: Reading, walk: Sequence[Stretch], keys: Collection[int]) -> list[int]:
    """List those of a few papers that the walk finds, newest first."""
    wanted = frozenset(keys)
    found: list[int] = []
    for stretch in walk:
        asks = tuple(
            replace(ask, only=wanted if ask.only is None else wanted & ask.only)
            for ask in stretch.asks
        )
        found += keys_in(reading, replace(stretch, asks=asks), stretch.keys, NO_LIMIT)
    return found


def _ask(
    reading: Reading, index: str, ask: Ask, keys: KeyRange, limit: int, order: str
) -> list[int]:
    if ask.match is None and ask.only is not None:
        inside = (key for key in ask.only if keys.first <= key < keys.end)
        return sorted(inside, reverse=order == "DESC")
    table, key = (index, "rowid") if ask.match is not None else ("paper", "key")
    values: list[object] = [keys.first, keys.end]
    sql = f"SELECT {key} FROM {table} WHERE {key} >= ? AND {key} < ?"
    if ask.match is not None:
        sql += f" AND {index} MATCH ?"
        values.append(ask.match)
    are_few = ask.only is not None and len(ask.only) <= FEW_KEYS
    if ask.only is not None:
        # A plus keeps SQLite from asking the index once for each key.
        sql += f" AND {'' if are_few else '+'}{key} IN ({_VALUES})"
        values.append(json_array(ask.only))
    if ask.but:
        sql += f" AND +{key} NOT IN ({_VALUES})"
        values.append(json_array(ask.but))
    if are_few:  # the index finds one key twice as fast where it need not go down from it
        found = sorted(reading.integers(sql, values), reverse=order == "DESC")
        return found[:limit] if limit >= 0 else found
    return reading.integers(f"{sql} ORDER BY {key} {order} LIMIT ?", (*values, limit))


_VALUES = "SELECT value FROM json_each(?)"
