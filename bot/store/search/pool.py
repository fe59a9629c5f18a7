"""The papers that a search by relevance scores, out of all that it finds, and their scores.

They are those that the tiers bring first (see `bot.query.relevance`). What each tier finds alone is
not asked: an index answers *these, without those* by walking both. Each is asked with what the
tiers before it find too, which is known and left out.
"""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from bot.query.ast import And, Node, Not, Text, all_of, leaves
from bot.query.compile import compile_node
from bot.query.relevance import Scorer, parts_of, titled
from bot.query.tokens import words
from bot.store.keys import day_of, first_key
from bot.store.search.plan import (
    EVERYWHERE,
    FIRST_KEY,
    HEAD,
    TEXT,
    KeyRange,
    KnownKeys,
    Papers,
    Stretch,
    plan_tiers,
    smallest_index,
)
from bot.store.search.walk import Found, Pieces, among, follow, follow_up, span_of
from bot.store.sqlite.executor import Reading
from bot.store.sqlite.statements import Row, json_array

TITLED = 1500  # papers whose titles may say some of the words
POOL = 150  # papers that are scored: about 3 ms, and better than BM25 over all of them
READ = 60  # of them whose texts are read, at least
MOST_TITLED = 1500  # papers: to find more by their titles takes as long as to read 150 titles
AT_ONCE = 100  # titles
ASKED_AT_ONCE = 50  # papers, 30 µs each
CHECKED = 300  # titles whose papers are asked for the rest
GROWTH = 10  # times what was walked: where one or none is found, more may be behind it
SELDOM = 10_000
"""Papers, of which so many titles or fewer say it: to walk through them takes longer than to ask of
each title."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How to walk for any part of a query: see `plan_tiers`."""

    known: KnownKeys
    papers: Papers | None
    within: KeyRange = EVERYWHERE

    def of(self, *roots: Node) -> list[Stretch]:
        return plan_tiers(roots, self.known, self.papers)


class Titles:
    """Titles and how well they say it, each read once."""

    def __init__(self, reading: Reading, scorer: Scorer) -> None:
        self.reading = reading
        self.scorer = scorer
        self._known: dict[int, float] = {}

    def scores(self, keys: Sequence[int]) -> dict[int, float]:
        """Return the scores of the papers that are there, in the order of ``keys``."""
        missing = [key for key in keys if key not in self._known]
        for key, title in read(self.reading, "key, title", missing) if missing else ():
            self._known[key] = self.scorer.score_title(title)
        return {key: self._known[key] for key in keys if key in self._known}


def titles_since(newest: Sequence[int], *, is_all: bool) -> date | None:
    """Return from which day on some of the words in a title put a paper before others.

    Back through as many days as would hold `TITLED` papers if all were as full as those of the
    ``newest``: to look for such titles takes 8 µs for each paper that is found, and of millions it
    may be a hundred thousand. It depends on papers alone, so that every page draws the same line.
    """
    if is_all or not newest:
        return None
    first = day_of(newest[0])
    days = (first - day_of(newest[-1])).days
    return first - timedelta(days=math.ceil(days * TITLED / len(newest)))


def collect(
    titles: Titles, plan: Plan, root: Node, newest: Sequence[int], *, is_all: bool
) -> list[Found]:
    """List the first `POOL` papers that the tiers of ``root`` bring, in their order.

    ``newest`` are the newest papers that it finds, `POOL` or more; ``is_all`` says that it finds no
    others. Phrases of the title are told apart only where other titles could fill the pool.
    """
    says = titled(root)
    if says is None:
        return [(0, key) for key in newest[:POOL]]
    found = _Collector(titles, plan, root, newest, is_all)
    in_title = list(found.all_titled(says.words, says.filters))
    tier = 0
    if says.phrase is not None:
        if len(in_title) >= POOL:
            span = in_title[0] - in_title[-1]
            found.take(tier, found.walk(says.phrase, POOL, EVERYWHERE, span))
        tier += 1
    found.take(tier, in_title)
    if says.any_word is not None:
        tier += 1
        found.take(tier, found.any_titled(says.any_word))
    found.take(tier + 1, newest)  # as many as the pool holds, so that it is full now
    return [(tier, key) for key, tier in found.pool.items()]


class _Collector:
    """A pool being filled."""

    def __init__(
        self, titles: Titles, plan: Plan, root: Node, newest: Sequence[int], is_all: bool
    ) -> None:
        self.titles = titles
        self.reading = titles.reading
        self.plan = plan
        self.root = root
        self.newest = newest
        self.is_all = is_all
        self.pool: dict[int, int] = {}
        """The tier of each paper, in order."""

    def take(self, tier: int, keys: Iterable[int]) -> None:
        """Add papers to a pool that is not full; asks for no more of them than that takes."""
        wanted = POOL - len(self.pool)
        for key in keys if wanted else ():
            if key not in self.pool:
                self.pool[key] = tier
                wanted -= 1
                if not wanted:
                    break

    def walk(self, node: Node, wanted: int, within: KeyRange, span: int) -> list[int]:
        """List the newest papers of a range; about so many are in as many keys as ``span``."""
        within = self.archive.overlap(self.plan.within).overlap(within)
        pieces = Pieces(self.reading, self.plan.of(node), within, span, 0)
        pieces.go_on(wanted, GROWTH)
        return pieces.found[:wanted]

    @cached_property
    def archive(self) -> KeyRange:
        return span_of(self.reading)

    def all_titled(self, said: Node, rest: Node) -> Iterator[int]:
        """List the first papers of ``said``, which is asked of titles, and the rest."""
        found, reached = self._titled(said)
        yield from found
        if len(found) < POOL and not (self.is_all and reached <= self.newest[-1]):
            wanted = POOL - len(found)
            span = (self.newest[0] - reached) * wanted // max(1, len(found))
            yield from self._older_titled(said, rest, reached, wanted, span)

    def _older_titled(
        self, said: Node, rest: Node, reached: int, wanted: int, span: int
    ) -> list[int]:
        """Go on below a key, where ``rest`` is what is not asked of titles.

        The large index looks at every paper that says one of the words anywhere. Where titles say
        them seldom, their small index names some, and the rest is asked of these.
        """
        node = all_of(said, rest)
        if smallest_index(node) == HEAD or smallest_index(said) != HEAD:
            return self.walk(node, wanted, KeyRange(FIRST_KEY, reached), span)
        within = self.plan.within.overlap(KeyRange(FIRST_KEY, reached))
        keys = [key for _, key in follow(self.reading, self.plan.of(said), CHECKED, within=within)]
        last = keys[-1] if len(keys) == CHECKED else FIRST_KEY
        if (reached - last) * len(self.newest) < SELDOM * (self.newest[0] - self.newest[-1]):
            return self.walk(node, wanted, KeyRange(FIRST_KEY, reached), span)
        found: list[int] = []
        for start in range(0, len(keys), ASKED_AT_ONCE):
            found += self._holding(rest, keys[start : start + ASKED_AT_ONCE])
            if len(found) >= wanted:
                return found[:wanted]
        if len(keys) == CHECKED:
            found += self.walk(node, wanted - len(found), KeyRange(FIRST_KEY, last), span)
        return found[:wanted]

    def _holding(self, rest: Node, keys: Sequence[int]) -> list[int]:
        """List those of some papers for which ``rest`` holds.

        What it excludes is asked for: 'all papers, without those' takes five times as long.
        """
        if any(not isinstance(part, Not) for part in parts_of(rest)):
            return among(self.reading, self.plan.of(rest), keys)
        excluded = frozenset(among(self.reading, self.plan.of(Not(rest)), keys))
        return [key for key in keys if key not in excluded]

    def any_titled(self, any_word: Node) -> Iterator[int]:
        """List the first papers that say any of the words in the title."""
        found, reached = self._titled(any_word)
        yield from found
        left = [key for key in self.newest if key < reached]
        titles = self._titles_for(any_word)
        for start in range(0, len(left), AT_ONCE):
            scores = titles.scores(left[start : start + AT_ONCE])
            said = [key for key, score in scores.items() if score]
            found += said
            yield from said
        if not self.is_all:
            yield from self._older_any_titled(any_word, len(found))

    def _older_any_titled(self, any_word: Node, known: int) -> list[int]:
        """Go on behind the newest papers, ``known`` of which say any of the words in the title."""
        since = titles_since(self.newest, is_all=False)
        first = FIRST_KEY if since is None else max(FIRST_KEY, first_key(since))
        within = KeyRange(first, self.newest[-1])
        taken = sum(within.first <= key < within.end for key in self.pool)  # and found once more
        wanted = POOL - len(self.pool) + taken
        span = (self.newest[0] - self.newest[-1]) * wanted // max(1, known)
        return self.walk(all_of(self.root, any_word), wanted, within, span)

    def _titles_for(self, any_word: Node) -> Titles:
        """Score by the words alone where the query asks for others elsewhere."""
        fields = {leaf.field for leaf in leaves(self.root) if isinstance(leaf, Text)}
        if fields == {None}:
            return self.titles
        return Titles(self.reading, Scorer(any_word, lambda forms: 1.0))

    def _titled(self, title: Node) -> tuple[list[int], int]:
        """Ask the small index of titles for the newest that were found.

        Returns the papers, and down to which key they are all; titles may be too many to go on.
        """
        last = self.newest[-1]
        within = self.plan.within.overlap(KeyRange(last, self.newest[0] + 1))
        walk = plan_tiers([title], self.plan.known, self.plan.papers)
        if isinstance(title, And):  # such titles are few
            keys = follow_up(self.reading, walk, MOST_TITLED, [within])
        else:
            keys = [key for _, key in follow(self.reading, walk, MOST_TITLED, within=within)]
        titles = frozenset(keys)
        reached = keys[-1] if len(keys) == MOST_TITLED else last
        return [key for key in self.newest if key in titles], reached


# A rare word

FEW_PAPERS = 1000  # to rank them by FTS5's bm25 takes 3 ms at most; the pool takes 4
WEIGHTS = "10, 1, 2, 1, 0, 0"  # of title, abstract, authors, comment; tags tell nothing


def is_rare(root: Node, counts: Mapping[str, int]) -> bool:
    """Whether ``root`` asks for one word, without forms, of so few papers that all can be ranked.

    FTS5's bm25 takes each form for a word of its own, so that who writes *quark* and *quarks* seems
    to say twice as much; and it reads all papers of each word.
    """
    match root:
        case Text(is_prefix=False, forms=()):
            typed = words(root.text)
            return len(typed) == 1 and counts.get(typed[0], 0) <= FEW_PAPERS
        case _:
            return False


def rank_all(reading: Reading, root: Node, within: KeyRange) -> list[int]:
    """List all papers that ``root`` finds, the best first, newest first among equals."""
    sql = (
        f"SELECT rowid FROM {TEXT} WHERE {TEXT} MATCH ? AND rowid >= ? AND rowid < ? "
        f"ORDER BY bm25({TEXT}, {WEIGHTS}), rowid DESC"
    )
    return reading.integers(sql, (all_of_word(root), within.first, within.end))


def all_of_word(root: Node) -> str:
    """Write what `rank_all` asks."""
    return compile_node(root).select(lambda place: True).expression()


Score = tuple[bool, float, int]
"""Whether a paper was read, how well it says what was asked, and its key."""

NOT_READ: Score = (False, 0.0, 0)


def score_papers(titles: Titles, keys: Sequence[int]) -> dict[int, Score]:
    """Score papers: if they are many by their titles, and the best of these by their texts.

    To read a text takes four times as long as to read a title.
    """
    scores: dict[int, Score] = {}
    best: Collection[int] = keys
    if len(keys) > READ:  # with as many as promise no less than the last: often all say nothing
        scores = {key: (False, score, key) for key, score in titles.scores(keys).items()}
        ordered = sorted(scores, key=scores.__getitem__, reverse=True)
        least = scores[ordered[READ - 1]][1] if len(ordered) > READ else 0.0
        best = [key for key in ordered if scores[key][1] >= least]
    for key, *texts in read(titles.reading, "key, title, abstract, authors", best):
        scores[key] = (True, titles.scorer.score(*texts), key)
    return scores


def read(reading: Reading, columns: str, keys: Collection[int]) -> list[Row]:
    sql = f"SELECT {columns} FROM paper WHERE key IN (SELECT value FROM json_each(?))"
    return reading.rows(sql, (json_array(keys),))
