"""What a search asked, of which index, what that finds and how fast: for ``--explain``."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from bot.query.ast import Node, Query
from bot.query.explain import list_widened
from bot.query.printer import print_node
from bot.query.relevance import asked_words
from bot.query.results import LAST_KEY, SearchPage, Sort
from bot.query.tags import readable
from bot.store.keys import day_of
from bot.store.search.find import Finding, Way
from bot.store.search.plan import EVERYWHERE, FIRST_KEY, TEXT, Ask, Stretch
from bot.store.search.pool import FEW_PAPERS, POOL, all_of_word
from bot.store.search.walk import keys_in
from bot.store.search.words import count_archive, count_papers, weight
from bot.store.sqlite.executor import Reading
from bot.text.words import count_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """One question to an index: about which days, what it found (at least) and how fast."""

    index: str
    expression: str
    since: date | None
    until: date | None
    papers: int
    took_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """How a search went.

    ``parsed`` is the query as it was understood; ``widened`` are its words that stand for others as
    well, each with a rule and the forms that the rule adds. ``way`` is how papers were found and
    put in order; from the day ``titled_since`` on some of the words in a title count. ``weights``
    say how telling the words are (only where papers are scored), ``took_ms`` is the time of the
    whole search with the loading of its page.
    """

    parsed: str
    widened: tuple[tuple[str, str, tuple[str, ...]], ...]
    way: Way
    titled_since: date | None
    lookups: tuple[Lookup, ...]
    weights: tuple[tuple[str, float], ...]
    page: SearchPage
    took_ms: float

    def lines(self) -> Iterator[str]:
        """Render it for a terminal."""
        yield f"understood   {self.parsed or '(every paper)'}"
        for word, rule, forms in self.widened:
            yield f"widened      {word}: {', '.join(forms)} ({rule})"
        yield f"order        {self.way}"
        if self.titled_since is not None:
            yield f"             some of the words in a title count since {self.titled_since}"
        for number, lookup in enumerate(self.lookups, start=1):
            days = f"{lookup.since or 'the beginning'} to {lookup.until or 'today'}"
            yield f"step {number}       {lookup.index}: {lookup.expression}"
            yield f"             {days}: {lookup.papers} papers in {lookup.took_ms:.2f} ms"
        if self.weights:
            words = ", ".join(f"{word} {weight:.1f}" for word, weight in self.weights)
            yield f"weights      {words}"
        yield f"whole search {self.took_ms:.2f} ms"


def trace(reading: Reading, query: Query, sort: Sort, limit: int) -> Trace:
    """Search, and ask each question of the search once more by itself."""
    begun = time.perf_counter()
    finding = Finding(reading, query, sort, limit, None)
    page = finding.page()
    took_ms = (time.perf_counter() - begun) * 1000
    is_weighed = finding.way in (Way.SCORED, Way.POOL)
    return Trace(
        parsed=print_node(finding.root),
        widened=tuple(list_widened(finding.root)),
        way=finding.way,
        titled_since=finding.titled_since if finding.way is Way.POOL else None,
        lookups=tuple(
            _lookup(reading, stretch, ask, most)
            for stretch, most in _asked(finding)
            for ask in stretch.asks
        ),
        weights=tuple(_weights(reading, finding.root)) if is_weighed else (),
        page=page,
        took_ms=took_ms,
    )


def _asked(finding: Finding) -> Iterator[tuple[Stretch, int]]:
    """List what a first page asks, and of how many papers at most."""
    if finding.way is Way.BM25:
        yield Stretch(EVERYWHERE, (Ask(all_of_word(finding.root)),), TEXT), FEW_PAPERS
        return
    yield from ((stretch, finding.most) for stretch in finding.newest)
    if finding.way is Way.POOL:
        yield from ((stretch, POOL) for stretch in finding.walk)


def _lookup(reading: Reading, stretch: Stretch, ask: Ask, most: int) -> Lookup:
    begun = time.perf_counter()
    found = keys_in(reading, replace(stretch, asks=(ask,)), stretch.keys, most)
    took_ms = (time.perf_counter() - begun) * 1000
    keys = stretch.keys
    return Lookup(
        index="paper" if ask.match is None else stretch.index,
        expression=_expression(ask),
        since=day_of(keys.first) if keys.first > FIRST_KEY else None,
        until=day_of(keys.end - 1) if keys.end < LAST_KEY else None,
        papers=len(found),
        took_ms=took_ms,
    )


def _expression(ask: Ask) -> str:
    said = "every paper" if ask.match is None else readable(ask.match)
    if ask.only is not None:
        return f"{said} (of {count_of(len(ask.only), 'paper')} that the query names)"
    return (
        f"{said} (but {count_of(len(ask.but), 'paper')} that the query names)" if ask.but else said
    )


def _weights(reading: Reading, root: Node) -> Iterator[tuple[str, float]]:
    archive = count_archive(reading)
    for word, papers in count_papers(reading, asked_words(root)).items():
        yield word, weight(papers, archive)
