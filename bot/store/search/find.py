"""A page of results: walk the plan, newest first, or order the most relevant by score.

Every function takes a `Reading`, whose deadline may cut any walk short; what was found by then
is shown, and the page says so.
"""

from collections.abc import Sequence
from typing import Literal

from bot.models import Link, StoredPaper
from bot.query.ast import HasDoi, Identified, Located, Node, Query, leaves
from bot.query.relevance import Scorer, asked_words, tiers
from bot.query.results import LAST_KEY, Cursor, Match, SearchPage, Sort
from bot.store.rows import PAPER_COLUMNS, stored_link, stored_paper
from bot.store.search.plan import (
    EVERYWHERE,
    FIRST_KEY,
    HEAD,
    Ask,
    KeyRange,
    Stretch,
    plan_tiers,
)
from bot.store.search.words import (
    count_archive,
    count_forms,
    count_papers,
    narrow_prefixes,
    weight,
    widened,
)
from bot.store.sqlite.executor import Reading
from bot.store.sqlite.statements import Row, json_array

COUNTED = 1000  # a page says '1,000+' beyond: counting all of three million takes seconds
POOL = 150  # papers that are scored: about 10 ms, and better than BM25 over all of them
READ = 60  # of them whose texts are read, at least
TITLES_S = 0.03  # to find titles, after the deadline of finding
SCORING_S = 0.03  # to score and load what was found, after the deadline of finding
BEHIND_TIERS = 9  # a tier behind all of them
LOADING_S = 0.25  # the same for a long page; ten papers take a millisecond
FEW_KEYS = 200  # of a set: to ask of each takes 20 µs, to walk past another paper a tenth of one


Found = tuple[int, int]
"""A paper on the walk: its tier and key."""


def find(
    reading: Reading, query: Query, sort: Sort, limit: int, cursor: Cursor | None
) -> SearchPage:
    """Find the first page of papers, or the one that ``cursor`` leads to."""
    root, is_narrowed = understood(reading, query)
    return _Search(reading, root, sort, limit, cursor).page(is_narrowed)


def understood(reading: Reading, query: Query) -> tuple[Node, bool]:
    """Widen the words of a query, and narrow beginnings that are too broad.

    Returns the tree, and whether it was narrowed: then rare words are missing.
    """
    return narrow_prefixes(reading, widened(reading, query.root))


class _Search:
    """One page being found."""

    def __init__(
        self, reading: Reading, root: Node, sort: Sort, limit: int, cursor: Cursor | None
    ) -> None:
        self.reading = reading
        self.root = root
        self.limit = limit
        self.cursor = cursor
        self.shown = cursor.shown if cursor else 0
        self.total = cursor.total if cursor else 0
        self.is_exact = cursor.total_is_exact if cursor else True
        self.is_scored = sort is Sort.RELEVANCE and bool(asked_words(root))
        self.bound = cursor.bound if cursor else self._first_bound()
        self.within = KeyRange(FIRST_KEY, min(LAST_KEY, self.bound + 1))
        known = known_keys(reading, root)
        self.newest = plan_tiers([root], known)
        self.walk = plan_tiers(tiers(root), known) if self.is_scored else self.newest
        self.end_of_pool: Found | None = None

    def page(self, is_narrowed: bool) -> SearchPage:
        page, has_next = self._find()
        self.reading.allow(LOADING_S)
        matches = tuple(Match(stored=paper) for paper in load(self.reading, page))
        overran = self.reading.overran or is_narrowed
        return SearchPage(
            matches=matches,
            total=max(self.total, self.shown + len(page)),
            total_is_exact=self.is_exact and not overran,
            next=self._next(page) if page and has_next else None,
            previous=self._previous(page) if page and self.shown else None,
            last=self._last() if has_next and self.is_exact and not overran else None,
            overran=overran,
            first_number=self.shown + 1,
            asked=self.root,
        )

    def _first_bound(self) -> int:
        """Score among the papers that are there now, on later pages too."""
        if not self.is_scored:
            return LAST_KEY
        # Not max(key) with a condition, which would read the whole table.
        return sum(self.reading.integers("SELECT key FROM paper ORDER BY key DESC LIMIT 1"))

    def _find(self) -> tuple[list[Found], bool]:
        """Find the page's papers, and whether others follow."""
        cursor, limit = self.cursor, self.limit
        if self.is_scored and self.shown < POOL:
            found = self._in_pool()
        elif cursor and cursor.is_back:
            place = (cursor.tier, cursor.key)
            if self.is_exact:  # of a last page that is not full
                limit = max(1, min(limit, self.total - self.shown))
            found = follow_back(self.reading, self.walk, limit, place, self.within)
            return found, not self.is_exact or self.shown + len(found) < self.total
        elif cursor:
            found = self._behind((cursor.tier, cursor.key), limit + 1)
        else:
            found = self._behind(None, max(limit, COUNTED) + 1)
            self._count(found)
        return found[:limit], len(found) > limit

    def _count(self, found: Sequence[Found]) -> None:
        """Take a first page's walk, which went on to `COUNTED`, for the number of all."""
        self.total = min(len(found), COUNTED)
        self.is_exact = len(found) <= COUNTED

    def _behind(self, last: Found | None, wanted: int) -> list[Found]:
        return follow(self.reading, self.walk, wanted, last, self.within)

    def _in_pool(self) -> list[Found]:
        """Score the papers that the tiers bring first; behind the last of them the tiers go on."""
        pool = self._pool()
        self.reading.allow(SCORING_S)
        found = self._ranked(pool)[self.shown : self.shown + self.limit + 1]
        missing = self.limit + 1 - len(found)
        if len(pool) == POOL:
            self.end_of_pool = pool[-1]
            if missing:
                found += self._behind(self.end_of_pool, missing)
        return found

    def _pool(self) -> list[Found]:
        """Collect the papers to score; fewer than `POOL` are all that there are.

        If few papers match at all, the tiers need not be told apart. If even these are not found in
        time, the titles still are, from a small index.
        """
        is_first = self.cursor is None
        wanted = COUNTED if is_first else POOL
        newest = follow(self.reading, self.newest, wanted + 1, within=self.within)
        if is_first:
            self._count(newest)
        if self.reading.overran:
            self.reading.allow(TITLES_S)
            titled = [stretch for stretch in self.walk if stretch.index == HEAD]
            found = follow(self.reading, titled, POOL, within=self.within)
            known = {key for _, key in found}
            return [*found, *(each for each in newest if each[1] not in known)][:POOL]
        return newest if len(newest) < POOL else self._behind(None, POOL)

    def _ranked(self, pool: Sequence[Found]) -> list[Found]:
        """Order the pool by score, newest first among equals; the same for every page."""
        archive = count_archive(self.reading, self.bound)
        counts = count_papers(self.reading, asked_words(self.root), self.bound)
        scorer = Scorer(self.root, lambda forms: weight(count_forms(forms, counts), archive))
        scores = score_papers(self.reading, scorer, [key for _, key in pool])
        return sorted(pool, key=lambda found: scores.get(found[1], NOT_READ), reverse=True)

    def _next(self, page: Sequence[Found]) -> Cursor:
        shown = self.shown + len(page)
        # The page that ends the pool ends with any of its papers; the walk goes on behind the last.
        last = self.end_of_pool if self.end_of_pool and shown == POOL else page[-1]
        return self._cursor(last, shown, is_back=False)

    def _previous(self, page: Sequence[Found]) -> Cursor:
        return self._cursor(page[0], max(0, self.shown - self.limit), is_back=True)

    def _last(self) -> Cursor:
        """Lead to the last page: back from behind the end of the walk."""
        shown = (self.total - 1) // self.limit * self.limit
        return self._cursor((BEHIND_TIERS, FIRST_KEY), shown, is_back=True)

    def _cursor(self, place: Found, shown: int, *, is_back: bool) -> Cursor:
        tier, key = place
        return Cursor(
            tier=tier,
            key=key,
            shown=shown,
            total=max(self.total, self.shown),
            total_is_exact=self.is_exact and not self.reading.overran,
            bound=self.bound,
            is_back=is_back,
        )


Score = tuple[bool, float, int]
"""Whether a paper was read, how well it says what was asked, and its key."""

NOT_READ: Score = (False, 0.0, 0)


def score_papers(reading: Reading, scorer: Scorer, keys: Sequence[int]) -> dict[int, Score]:
    """Score papers: all of them by their titles, the best of these by their texts.

    To read a text takes ten times as long as to read a title.
    """
    titles = _read(reading, "key, title", keys)
    scores: dict[int, Score] = {
        key: (False, scorer.score_title(title), key) for key, title in titles
    }
    best = sorted(scores, key=scores.__getitem__, reverse=True)
    if len(best) > READ:  # with as many as promise no less than the last: often all say nothing
        least = scores[best[READ - 1]][1]
        best = [key for key in best if scores[key][1] >= least]
    for key, *texts in _read(reading, "key, title, abstract, authors", best):
        scores[key] = (True, scorer.score(*texts), key)
    return scores


def _read(reading: Reading, columns: str, keys: Sequence[int]) -> list[Row]:
    sql = f"SELECT {columns} FROM paper WHERE key IN (SELECT value FROM json_each(?))"
    return reading.rows(sql, (json_array(keys),))


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
    if ask.only is not None:
        # A plus keeps SQLite from asking the index once for each key.
        sql += f" AND {'' if len(ask.only) <= FEW_KEYS else '+'}{key} IN ({_VALUES})"
        values.append(json_array(ask.only))
    if ask.but:
        sql += f" AND +{key} NOT IN ({_VALUES})"
        values.append(json_array(ask.but))
    return reading.integers(f"{sql} ORDER BY {key} {order} LIMIT ?", (*values, limit))


_VALUES = "SELECT value FROM json_each(?)"


def load(reading: Reading, found: Sequence[Found]) -> list[StoredPaper]:
    """Load papers with their links, in the order given."""
    keys = [key for _, key in found]
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
        links.setdefault(key, []).extend(stored_link(kind, url, provenance))
    papers = {row[0]: stored_paper(row, links.get(row[0], ())) for row in rows}
    return [papers[key] for key in keys if key in papers]
