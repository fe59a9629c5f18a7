"""A page of results: walk the plan, newest first, or order the most relevant by score.

Every function takes a `Reading`, whose deadline may cut any walk short; what was found by then
is shown, and the page says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.errors import InputError
from bot.models import Link, LinkKind, Provenance, StoredPaper
from bot.query.ast import HasDoi, Identified, Node, Place, Query, leaves
from bot.query.relevance import Scorer, asked_stems, tiers
from bot.store.readers import Reading
from bot.store.rows import PAPER_COLUMNS, json_array, stored_paper
from bot.store.search_plan import (
    EVERYWHERE,
    FIRST_KEY,
    KeyRange,
    Known,
    Stretch,
    plan_tiers,
)
from bot.store.search_words import count_archive, count_papers, narrow_prefixes, weight

COUNTED = 1000  # a page says '1,000+' beyond: counting all of three million takes seconds
POOL = 150  # papers that are scored: about 10 ms, and better than BM25 over all of them
LOADING_S = 0.25  # to load what was found, after the deadline of finding


class Sort(StrEnum):
    NEWEST = "newest"
    RELEVANCE = "relevance"


IN_POOL = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where the next page begins: behind paper ``key`` of ``tier``.

    In the scored pool (``tier`` is `IN_POOL`) ``key`` bounds the papers that take part, and the
    place is ``shown``. ``shown`` counts the papers before this page, ``total`` is the first
    page's; so both stay the same while new papers arrive. ``str(cursor)`` fits into a button's
    custom id (at most 40 characters).
    """

    tier: int
    key: int
    shown: int
    total: int
    total_is_exact: bool

    def __str__(self) -> str:
        exact = "" if self.total_is_exact else "+"
        return f"{self.tier}.{self.key:x}.{self.shown}.{self.total}{exact}"

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Read ``str(cursor)`` again; raises `InputError` for anything else."""
        try:
            tier, key, shown, total = text.split(".")
            cursor = cls(
                tier=int(tier),
                key=int(key, 16),
                shown=int(shown),
                total=int(total.removesuffix("+")),
                total_is_exact=not total.endswith("+"),
            )
        except ValueError as error:
            raise InputError("This page no longer exists; search again.") from error
        if not (IN_POOL <= cursor.tier < 10 and FIRST_KEY <= cursor.key < EVERYWHERE.end):
            raise InputError("This page no longer exists; search again.")
        return cursor


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A paper that a query found."""

    stored: StoredPaper


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """One page of results; ``first_number`` is the first result's place among all, from 1.

    ``total`` is a lower bound unless ``total_is_exact``; ``next`` is None on the last page.
    ``overran`` says that the search was cut off at its deadline: there may be more.
    """

    matches: tuple[Match, ...]
    total: int
    total_is_exact: bool
    next: Cursor | None
    overran: bool = False
    first_number: int = 1


Found = tuple[int, int]
"""A paper on the walk: its tier and key."""


def find(
    reading: Reading, query: Query, sort: Sort, limit: int, after: Cursor | None
) -> SearchPage:
    """Find a page of papers; ``after`` is the previous page's ``next``."""
    root, is_narrowed = narrow_prefixes(reading, query.root)
    known = known_keys(reading, root)
    newest = plan_tiers([root], known)
    count = _Count(after, is_narrowed)
    if sort is Sort.NEWEST or not asked_stems(root):
        walk = newest
    elif after is None or after.tier == IN_POOL:
        return _find_in_pool(reading, root, known, count, limit)
    else:
        walk = plan_tiers(tiers(root), known)
    wanted = limit + 1 if after else max(limit, COUNTED) + 1
    found = follow(reading, walk, wanted, (after.tier, after.key) if after else None)
    count.close(reading, found)
    return _page(reading, found[:limit], count, found[limit - 1] if len(found) > limit else None)


class _Count:
    """The numbers around a page: how many papers come before it, how many there are in all."""

    def __init__(self, after: Cursor | None, is_narrowed: bool) -> None:
        self.after = after
        self.shown = after.shown if after else 0
        self.total = after.total if after else 0
        self.is_exact = after.total_is_exact if after else True
        self.overran = is_narrowed

    def close(self, reading: Reading, found: Sequence[Found]) -> None:
        """Take the first page's walk as the count of all; nothing is searched after this."""
        if self.after is None:
            self.total = min(len(found), COUNTED)
            self.is_exact = len(found) <= COUNTED
        self.overran |= reading.overran
        self.is_exact &= not self.overran
        reading.allow(LOADING_S)


def _find_in_pool(
    reading: Reading, root: Node, known: Known, count: _Count, limit: int
) -> SearchPage:
    """Score the papers that the tiers bring first; behind the last of them the tiers go on."""
    counted = [] if count.after else follow(reading, plan_tiers([root], known), COUNTED + 1)
    bound = count.after.key if count.after else _newest_key(reading)
    walk = plan_tiers(tiers(root), known)
    pool = follow(reading, walk, POOL, within=KeyRange(FIRST_KEY, bound + 1))
    ranked = _ranked(reading, root, pool, bound)[count.shown : count.shown + limit + 1]
    if len(ranked) <= limit and len(pool) == POOL:
        ranked += follow(reading, walk, limit + 1 - len(ranked), pool[-1])
    count.close(reading, counted)
    last: Found | None = None
    if len(ranked) > limit:
        in_pool = count.shown + limit < len(pool)
        last = (IN_POOL, bound) if in_pool else _behind(ranked[limit - 1], pool)
    return _page(reading, ranked[:limit], count, last)


def _behind(last: Found, pool: Sequence[Found]) -> Found:
    """Return where the walk goes on after ``last``, which may be of the pool, out of order."""
    return pool[-1] if last in pool else last


def _page(
    reading: Reading, found: Sequence[Found], count: _Count, last: Found | None
) -> SearchPage:
    shown = count.shown + len(found)
    total = max(count.total, shown)
    following = None
    if last:
        tier, key = last
        following = Cursor(
            tier=tier, key=key, shown=shown, total=total, total_is_exact=count.is_exact
        )
    return SearchPage(
        matches=tuple(Match(stored=paper) for paper in load(reading, [key for _, key in found])),
        total=total,
        total_is_exact=count.is_exact,
        next=following,
        overran=count.overran,
        first_number=count.shown + 1,
    )


def known_keys(reading: Reading, root: Node) -> dict[Place, list[int]]:
    """Look up the keys of the papers that a query names."""
    known: dict[Place, list[int]] = {}
    for leaf in leaves(root):
        match leaf:
            case Identified(arxiv_id=arxiv_id):
                sql = "SELECT key FROM paper WHERE arxiv_id = ?"
                known[leaf] = reading.integers(sql, (arxiv_id,))
            case HasDoi(doi=doi):
                sql = "SELECT key FROM paper WHERE doi = ? COLLATE NOCASE"
                known[leaf] = reading.integers(sql, (doi,))
    return known


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


def keys_in(reading: Reading, stretch: Stretch, keys: KeyRange, limit: int) -> list[int]:
    """List the papers of a stretch that lie in ``keys``, newest first."""
    if stretch.match is None:
        return reading.integers(
            "SELECT key FROM paper WHERE key >= ? AND key < ? ORDER BY key DESC LIMIT ?",
            (keys.first, keys.end, limit),
        )
    return reading.integers(
        f"SELECT rowid FROM {stretch.index} WHERE {stretch.index} MATCH ? "
        "AND rowid >= ? AND rowid < ? ORDER BY rowid DESC LIMIT ?",
        (stretch.match, keys.first, keys.end, limit),
    )


def _newest_key(reading: Reading) -> int:
    return max(reading.integers("SELECT max(key) FROM paper WHERE key > 0"), default=0)


def _ranked(reading: Reading, root: Node, pool: Sequence[Found], bound: int) -> list[Found]:
    """Order the pool by score, newest first among equals; the same for every page."""
    archive = count_archive(reading, bound)
    counts = count_papers(reading, asked_stems(root), bound)
    scorer = Scorer(root, lambda stem: weight(counts.get(stem, 0), archive))
    rows = reading.rows(
        "SELECT key, title, abstract, authors FROM paper "
        "WHERE key IN (SELECT value FROM json_each(?))",
        (json_array([key for _, key in pool]),),
    )
    scores = {key: scorer.score(*map(str, texts)) for key, *texts in rows}
    return sorted(pool, key=lambda found: (-scores.get(found[1], 0.0), -found[1]))


def load(reading: Reading, keys: Sequence[int]) -> list[StoredPaper]:
    """Load papers with their links, in the order of ``keys``."""
    wanted = (json_array(keys),)
    rows = reading.rows(
        f"SELECT {PAPER_COLUMNS} FROM paper WHERE key IN (SELECT value FROM json_each(?))", wanted
    )
    links: dict[object, list[Link]] = {}
    for key, kind, url, provenance in reading.rows(
        "SELECT key, kind, url, provenance FROM paper JOIN paper_link USING (arxiv_id) "
        "WHERE key IN (SELECT value FROM json_each(?)) ORDER BY key, position",
        wanted,
    ):
        link = Link(kind=LinkKind(str(kind)), url=str(url), provenance=Provenance(str(provenance)))
        links.setdefault(key, []).append(link)
    papers = {row[0]: stored_paper(row, links.get(row[0], ())) for row in rows}
    return [papers[key] for key in keys if key in papers]
