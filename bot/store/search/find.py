"""A page of results: walk the plan, newest first, or order the most relevant by score.

Every function takes a `Reading`, whose deadline may cut any walk short; what was found by then
is shown, and the page says so.
"""

import math
from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from functools import cached_property

from bot.models import Link, StoredPaper
from bot.query.ast import And, Node, Query
from bot.query.relevance import Scorer, asked_words, parts_of, tiers
from bot.query.results import LAST_KEY, Cursor, Match, SearchPage, Sort
from bot.store.rows import PAPER_COLUMNS, stored_link, stored_paper
from bot.store.search.plan import FIRST_KEY, HEAD, TEXT, KeyRange, Papers, Stretch
from bot.store.search.pool import (
    NOT_READ,
    POOL,
    Plan,
    Titles,
    collect,
    is_rare,
    rank_all,
    score_papers,
    titles_since,
)
from bot.store.search.walk import (
    Found,
    Pieces,
    count,
    follow,
    follow_back,
    known_keys,
    span_of,
)
from bot.store.search.words import (
    count_archive,
    count_forms,
    count_papers,
    counted_archive,
    counting_effort,
    estimate_papers,
    narrow_prefixes,
    seeking_order,
    weight,
    widened,
)
from bot.store.sqlite.executor import Reading
from bot.store.sqlite.statements import json_array

COUNTED = 1000  # where not all can be counted, a page says '1,000+' beyond
KNOWN = 500  # the same by relevance where several words must hold: each takes up to 10 µs
COUNTED_EXACTLY = 12_000  # entries of the index: to read so many takes a millisecond at most
COUNTING_S = 0.001  # what finding more than a page, to count them, may take
PIECES_S = 0.0005  # the same piece by piece, with the page
COUNTED_IN_FULL = 100_000  # papers: in a smaller archive counting takes no longer
TITLES_S = 0.03  # to find titles, after the deadline of finding
SCORING_S = 0.03  # to score and load what was found, after the deadline of finding
PIECE = 500  # postings of the rarest word, walked through first
PAGE_PIECE = 100  # the same for a page of the newest
COUNTING_GROWTH = 2.0  # times what was walked, which takes as many times as long
IN_COMPANY = 100  # times as many papers say some words together as would by chance, at most
BEHIND_TIERS = 9  # a tier behind all of them
LOADING_S = 0.25  # the same for a long page; ten papers take a millisecond


def find(
    reading: Reading, query: Query, sort: Sort, limit: int, cursor: Cursor | None
) -> SearchPage:
    """Find the first page of papers, or the one that ``cursor`` leads to."""
    return Finding(reading, query, sort, limit, cursor).page()


def understood(reading: Reading, query: Query) -> tuple[Node, bool]:
    """Widen the words of a query, and narrow beginnings that are too broad.

    Returns the tree, and whether it was narrowed: then rare words are missing.
    """
    return narrow_prefixes(reading, widened(reading, query.root))


class Way(StrEnum):
    """How the papers of a page are found and put in order."""

    WALK = "newest first"
    BM25 = "a rare word: all its papers by FTS5's bm25"
    SCORED = f"fewer than {POOL} papers: all of them by score"
    POOL = f"the first {POOL} papers of the tiers by score, then the tiers"


class Finding:
    """One page being found; what it was found by can be asked then (see `trace`)."""

    def __init__(
        self, reading: Reading, query: Query, sort: Sort, limit: int, cursor: Cursor | None
    ) -> None:
        root, self.is_narrowed = understood(reading, query)
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
        self.counted = counted_archive(reading)
        self.plan = Plan(known_keys(reading, root), self._papers(), self.within)
        self.end_of_pool: Found | None = None

    def _papers(self) -> Papers | None:
        """Know how common words are where that saves time: of two, either order is as good."""
        if self.counted and isinstance(self.root, And) and len(self.root.parts) > 2:
            return seeking_order(self.counts, self.counted)
        return None

    @cached_property
    def counts(self) -> dict[str, int]:
        return count_papers(self.reading, asked_words(self.root), self.bound)

    @cached_property
    def estimate(self) -> Papers:
        return estimate_papers(self.counts, self.counted)

    @cached_property
    def is_far(self) -> bool:
        """Whether to walk piece by piece: texts must say several words, one may be seldom."""
        if not isinstance(self.root, And) or self.counted < COUNTED_IN_FULL:
            return False
        return len(self.newest) == 1 and self.newest[0].index == TEXT

    @cached_property
    def by_chance(self) -> float:
        """In how many papers all parts would meet if none sought the company of the others."""
        papers = map(self.estimate, parts_of(self.root))
        return self.counted * math.prod(min(1, each / self.counted) for each in papers)

    @cached_property
    def is_rare(self) -> bool:
        # An archive that was not counted is small: to count costs more than to score.
        return bool(self.is_scored and self.counted) and is_rare(self.root, self.counts)

    @cached_property
    def way(self) -> Way:
        if not self.is_scored:
            return Way.WALK
        if self.is_rare:
            return Way.BM25
        return Way.SCORED if len(self.known) < POOL else Way.POOL

    @cached_property
    def is_countable(self) -> bool:
        """Whether to count all papers is cheap; the same for every page and every machine."""
        if any(ask.only is not None or ask.but for each in self.newest for ask in each.asks):
            return False
        if not self.counted:
            return True
        return counting_effort(self.counts, self.counted)(self.root) <= COUNTED_EXACTLY

    @cached_property
    def newest(self) -> list[Stretch]:
        return self.plan.of(self.root)

    @cached_property
    def titles(self) -> Titles:
        archive = count_archive(self.reading, self.bound)
        scorer = Scorer(self.root, lambda forms: weight(count_forms(forms, self.counts), archive))
        return Titles(self.reading, scorer)

    @cached_property
    def walk(self) -> list[Stretch]:
        """The stretches in the order of the pages; needed where the pool ends."""
        if not self.is_scored:
            return self.newest
        return self.plan.of(*tiers(self.root, self.titled_since))

    @cached_property
    def titled_since(self) -> date | None:
        """From which day on some of the words in a title count."""
        known = [key for _, key in self.known]
        return titles_since(known, is_all=len(known) <= self.most)

    @cached_property
    def most(self) -> int:
        """So many papers are counted one by one, the same for every page."""
        return KNOWN if self.is_scored and self.is_far else COUNTED

    @cached_property
    def known(self) -> list[Found]:
        """The newest papers, among which the tiers are looked for; the same for every page."""
        return self._follow_far(self.most + 1)

    def page(self) -> SearchPage:
        page, has_next = self._find()
        self.reading.allow(LOADING_S)
        matches = tuple(Match(stored=paper) for paper in load(self.reading, page))
        overran = self.reading.overran or self.is_narrowed
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
        if self.way is Way.BM25:
            found = self._of_all()
        elif self.is_scored and self.shown < POOL:
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
            found = self._newest(limit)
        return found[:limit], len(found) > limit

    def _of_all(self) -> list[Found]:
        """Rank all papers, which are few."""
        keys = rank_all(self.reading, self.root, self.within)
        self.total = len(keys)
        return [(0, key) for key in keys[self.shown : self.shown + self.limit + 1]]

    def _newest(self, least: int) -> list[Found]:
        """Walk to more than ``least`` papers, and on to as many as are counted while that is cheap.

        What a first page's walk finds is taken for the number of all, unless all are counted.
        """
        wanted = max(least, self.most) + 1
        found, is_cut = self._first_found(least, wanted)
        self.total = min(len(found), wanted - 1)
        self.is_exact = not is_cut and len(found) < wanted
        if not self.is_exact and not self.reading.overran and self.is_countable:
            total = count(self.reading, self.newest, self.within)
            if not self.reading.overran:
                self.total, self.is_exact = total, True
        return found

    def _first_found(self, least: int, wanted: int) -> tuple[list[Found], bool]:
        """Find ``wanted`` papers, or fewer where that takes long, but more than ``least``.

        Returns them, and whether the walk ended before all that were wanted were found.
        """
        if self.is_scored:
            # The tiers are looked for among what is found: that saves more than it takes.
            return self.known, False
        if self.counted < COUNTED_IN_FULL:
            return self._follow(self.newest, wanted), False
        if self.is_countable and self.estimate(self.root) > COUNTED:  # all will be counted
            found = self._follow(self.newest, least + 1)
            return found, len(found) > least
        if not self.is_far:
            with self.reading.briefly(COUNTING_S) as brief:
                found = self._follow(self.newest, wanted)
            if not brief.is_cut or len(found) > least:
                return found, brief.is_cut
            found = self._follow(self.newest, least + 1)
            return found, len(found) > least
        pieces = self._count_on(least, wanted)
        found = self._numbered(pieces.found[:wanted])
        return found, len(found) < wanted and not pieces.is_over

    def _count_on(self, least: int, wanted: int) -> Pieces:
        """Find a page piece by piece, and go on to ``wanted`` papers while there is time."""
        began = self.reading.now()
        pieces = self._pieces(least + 1, PAGE_PIECE)
        pieces.go_on(least + 1)
        while len(pieces.found) < wanted and not pieces.is_over:
            spent_s = self.reading.now() - began
            if spent_s * (1 + COUNTING_GROWTH) > PIECES_S:
                break
            pieces.step(wanted, COUNTING_GROWTH)
        return pieces

    def _follow(
        self, walk: Sequence[Stretch], wanted: int, after: Found | None = None
    ) -> list[Found]:
        return follow(self.reading, walk, wanted, after, self.within)

    def _follow_far(self, wanted: int) -> list[Found]:
        """Walk newest first, piece by piece where that is faster."""
        if not self.is_far:
            return self._follow(self.newest, wanted)
        pieces = self._pieces(wanted, PIECE)
        pieces.go_on(wanted)
        return self._numbered(pieces.found[:wanted])

    def _pieces(self, wanted: int, postings: int) -> Pieces:
        """Begin with some postings of the rarest word, or with all where few papers say it all."""
        (stretch,) = self.newest
        archive = span_of(self.reading)
        keys = archive.end - archive.first
        is_seldom = self.by_chance * IN_COMPANY < wanted
        piece = (
            keys if is_seldom else int(keys * postings / max(postings, self.estimate(self.root)))
        )
        within = archive.overlap(self.within).overlap(stretch.keys)
        return Pieces(self.reading, self.newest, within, piece, self.by_chance / keys)

    def _numbered(self, keys: Sequence[int]) -> list[Found]:
        return [(self.newest[0].tier, key) for key in keys]

    def _behind(self, last: Found | None, wanted: int) -> list[Found]:
        return self._follow(self.walk, wanted, last)

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
        newest = self._newest(POOL) if is_first else self.known
        if self.reading.overran:
            self.reading.allow(TITLES_S)
            titled = [stretch for stretch in self.walk if stretch.index == HEAD]
            found = self._follow(titled, POOL)
            known = {key for _, key in found}
            return [*found, *(each for each in newest if each[1] not in known)][:POOL]
        if self.way is Way.SCORED:
            return newest
        keys = [key for _, key in newest]
        return collect(self.titles, self.plan, self.root, keys, is_all=len(keys) <= self.most)

    def _ranked(self, pool: Sequence[Found]) -> list[Found]:
        """Order the pool by score, newest first among equals; the same for every page."""
        scores = score_papers(self.titles, [key for _, key in pool])
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
