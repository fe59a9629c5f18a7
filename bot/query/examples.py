"""A query from examples: the shortest one that finds most of them and little else. Pure.

Candidates are the words, neighbouring words, beginnings and words of titles that several examples
share. A query is an OR of at most `MOST_TERMS` of them, or of pairs of them. Of all such queries
the one wins that explains the examples best (docs/decisions/0019-topics-from-examples.md): each
example it finds is worth the logarithm of how rare its finds are in the archive, each that it
misses costs `MISSED`, and each word costs what `_cost` says, so that a word must earn its place.

Everything is counted, nothing is drawn: the same examples give the same query again.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise, takewhile
from typing import Final

from bot.models import LinkKind, Paper
from bot.query.ast import Has, Node, Text, TextField, all_of, any_of
from bot.query.inflect import lemma_of
from bot.query.tokens import is_separate, words

LEAST_SUPPORT: Final = 2
"""Examples that must share a candidate; a pair, a beginning or a title's word needs one more."""
MOST_WORDS: Final = 130
MOST_PHRASES: Final = 80
MOST_SHARE: Final = 0.4
"""Of the archive: what more papers say tells nothing."""
LEAST_BEGINNING: Final = 5
PAIRED: Final = 60
MOST_TERMS: Final = 5
BEAM: Final = 6
MISSED: Final = 3.0
COSTS: Final = (9.0, 6.0, 5.0)
"""Of a candidate that no example, one, or more examples have in their titles."""
OTHER_SIZE: Final = 1.5
"""A wider proposal finds at least so many times as much, a narrower one so many times less."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that examples share; ``titles`` counts those that say it in their title."""

    node: Text | Has
    titles: int


@dataclass(frozen=True, slots=True)
class Measured:
    """A candidate with what it finds: bit ``n`` of a mask is the ``n``-th paper."""

    candidate: Candidate
    examples: int
    archive: int


@dataclass(frozen=True, slots=True)
class Proposed:
    """A query with the examples that it finds and how many papers of the archive, as masks."""

    root: Node
    examples: int
    archive: int

    @property
    def size(self) -> int:
        return self.archive.bit_count()


@dataclass(frozen=True, slots=True)
class Proposal:
    """The best query for the examples, and one that finds less and one that finds more, if any.

    ``groups`` are the examples of each term, disjoint, where no term finds half of the examples.
    """

    best: Proposed | None
    narrower: Proposed | None = None
    wider: Proposed | None = None
    groups: tuple[int, ...] = ()


# Candidates


def list_words(papers: Sequence[Paper]) -> dict[str, int]:
    """Return the words that examples share, as most of them write each, with how many say it."""
    said = _Said(papers)
    return {said.written(lemma): len(said.by[lemma]) for lemma in said.shared()}


def list_candidates(papers: Sequence[Paper], shares: Mapping[str, float]) -> list[Candidate]:
    """List what examples share; ``shares`` tells of `list_words` which part of the archive says it.

    A word is the more promising, the more examples and the fewer other papers say it.
    """
    said = _Said(papers)
    telling = [word for word in _most_telling(said, shares) if word]
    found: dict[Text | Has, None] = {Text(text=word): None for word in telling[:MOST_WORDS]}
    found.update((Text(text=phrase), None) for phrase in _phrases(said))
    found.update((Text(text=each, field=TextField.TITLE), None) for each in _titled(said))
    found.update((Text(text=each, is_prefix=True), None) for each in _beginnings(said))
    found.update((Has(kind=kind), None) for kind in _links(papers))
    return [Candidate(node, _in_titles(node, said)) for node in found]


class _Said:
    """Which examples say which words, by the form under which a dictionary has them."""

    def __init__(self, papers: Sequence[Paper]) -> None:
        self.titles = [words(each.title) for each in papers]
        self.lemmas_of_titles = [set(map(lemma_of, each)) for each in self.titles]
        self.abstracts = [words(each.abstract) for each in papers]
        self.by: dict[str, set[int]] = defaultdict(set)
        self._forms: dict[str, Counter[str]] = defaultdict(Counter)
        for number, texts in enumerate(zip(self.titles, self.abstracts, strict=True)):
            for word in sorted({word for text in texts for word in text}):
                if _is_word(word):
                    self.by[lemma_of(word)].add(number)
                    self._forms[lemma_of(word)][word] += 1

    def shared(self) -> list[str]:
        return sorted(each for each, by in self.by.items() if len(by) >= LEAST_SUPPORT)

    def written(self, lemma: str) -> str:
        forms = self._forms[lemma]
        return min(forms, key=lambda form: (-forms[form], form))


def _is_word(word: str) -> bool:
    return len(word) > 1 and not word.isdigit() and not is_separate(word)


def _most_telling(said: _Said, shares: Mapping[str, float]) -> list[str]:
    scored = []
    for lemma in said.shared():
        word, by = said.written(lemma), len(said.by[lemma])
        share = max(shares.get(word, 0.0), 1e-7)
        if share <= MOST_SHARE:
            scored.append((-by * math.log(by / len(said.titles) / share), word))
    return [word for _, word in sorted(scored)]


def _phrases(said: _Said) -> list[str]:
    """List neighbouring words, joined by the hyphen that asks for neighbours."""
    by: dict[tuple[str, str], set[int]] = defaultdict(set)
    forms: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for number, texts in enumerate(zip(said.titles, said.abstracts, strict=True)):
        for text in texts:
            for first, second in pairwise(text):
                if _is_word(first) and _is_word(second):
                    by[first, lemma_of(second)].add(number)
                    forms[first, lemma_of(second)][second] += 1
    shared = sorted(
        (-len(numbers), pair) for pair, numbers in by.items() if len(numbers) >= LEAST_SUPPORT
    )
    return [
        f"{pair[0]}-{min(forms[pair], key=lambda form: (-forms[pair][form], form))}"
        for _, pair in shared[:MOST_PHRASES]
    ]


def _titled(said: _Said) -> list[str]:
    counts = Counter(word for each in said.lemmas_of_titles for word in each if _is_word(word))
    return sorted(said.written(word) for word, count in counts.items() if count > LEAST_SUPPORT)


def _beginnings(said: _Said) -> list[str]:
    """List what several words begin with: ``robot*`` of robot and robotics."""
    long = sorted(each for each in said.by if each.isascii() and len(each) >= LEAST_BEGINNING)
    begun = {
        shared
        for one, other in pairwise(long)
        if len(shared := _shared_beginning(one, other)) >= LEAST_BEGINNING
        and 5 * len(shared) >= 3 * min(len(one), len(other))
        and shared.isalpha()
    }
    return sorted(
        each
        for each in begun
        if len(set().union(*(said.by[word] for word in long if word.startswith(each))))
        > LEAST_SUPPORT
    )


def _shared_beginning(one: str, other: str) -> str:
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return "".join(letter for letter, _ in alike)


def _links(papers: Sequence[Paper]) -> list[LinkKind]:
    kinds = (LinkKind.CODE, LinkKind.PROJECT, LinkKind.DATA, LinkKind.MODEL)
    return [
        kind for kind in kinds if sum(bool(each.links_of(kind)) for each in papers) > LEAST_SUPPORT
    ]


def _in_titles(node: Text | Has, said: _Said) -> int:
    if isinstance(node, Has) or node.field is TextField.TITLE:
        return 1
    if node.is_prefix:
        return sum(any(w.startswith(node.text) for w in each) for each in said.titles)
    wanted = set(map(lemma_of, node.text.split("-")))
    return sum(wanted <= each for each in said.lemmas_of_titles)


# Choosing


@dataclass(frozen=True, slots=True)
class _Term:
    """One alternative of a query: one candidate, or two that must both hold."""

    order: tuple[int, ...]
    examples: int
    archive: int
    cost: float


@dataclass(frozen=True, slots=True)
class _Formula:
    score: float
    terms: tuple[_Term, ...] = ()
    examples: int = 0
    archive: int = 0

    @property
    def place(self) -> tuple[float, tuple[tuple[int, ...], ...]]:
        """Order by score, and what scores alike always in the same order."""
        return -self.score, tuple(term.order for term in self.terms)


def propose(measured: Sequence[Measured], *, examples: int, archive: int) -> Proposal:
    """Choose the query for so many ``examples`` that explains them best among ``archive`` papers.

    Both counts are those of the masks' bits.
    """
    known = [
        each
        for each in measured
        if each.examples.bit_count() >= LEAST_SUPPORT
        and each.archive.bit_count() <= MOST_SHARE * archive
    ]
    ranked = sorted(known, key=lambda each: (-_worth(each, archive), _text_of(each)))
    terms = [*_single(ranked), *_paired(ranked)]
    tried = _try_all(terms, examples, archive)
    if not tried:
        return Proposal(best=None)
    best = min(tried, key=lambda each: each.place)

    def proposed(formula: _Formula | None) -> Proposed | None:
        return None if formula is None else _proposed(formula, ranked)

    size = best.archive.bit_count()
    narrower = [each for each in tried if each.archive.bit_count() * OTHER_SIZE <= size]
    wider = [
        each
        for each in tried
        if each.archive.bit_count() >= size * OTHER_SIZE
        and each.examples.bit_count() > best.examples.bit_count()
    ]
    return Proposal(
        best=proposed(best),
        narrower=proposed(min(narrower, key=lambda each: each.place, default=None)),
        wider=proposed(min(wider, key=lambda each: each.place, default=None)),
        groups=_groups(best, examples),
    )


def _worth(each: Measured, archive: int) -> float:
    return each.examples.bit_count() * math.log(archive / max(1, each.archive.bit_count()))


def _text_of(each: Measured) -> str:
    return repr(each.candidate.node)


def _cost(candidate: Candidate) -> float:
    return COSTS[min(candidate.titles, len(COSTS) - 1)]


def _single(ranked: Sequence[Measured]) -> Iterator[_Term]:
    for number, each in enumerate(ranked):
        yield _Term((number,), each.examples, each.archive, _cost(each.candidate))


def _paired(ranked: Sequence[Measured]) -> Iterator[_Term]:
    for (one, first), (two, second) in combinations(enumerate(ranked[:PAIRED]), 2):
        examples, archive = first.examples & second.examples, first.archive & second.archive
        least = min(first.archive.bit_count(), second.archive.bit_count())
        if examples.bit_count() > LEAST_SUPPORT and archive.bit_count() < 0.8 * least:
            cost = _cost(first.candidate) + _cost(second.candidate)
            yield _Term((one, two), examples, archive, cost)


def _try_all(terms: Sequence[_Term], examples: int, archive: int) -> list[_Formula]:
    """Grow queries term by term, the best `BEAM` of each length; returns all of these."""
    beam, tried = [_Formula(-MISSED * examples)], list[_Formula]()
    for _ in range(MOST_TERMS):
        grown: dict[tuple[tuple[int, ...], ...], _Formula] = {}
        for formula in beam:
            for term in terms:
                if term.examples & ~formula.examples:
                    one = _with(formula, term, examples, archive)
                    grown.setdefault(one.place[1], one)
        beam = sorted(grown.values(), key=lambda each: each.place)[:BEAM]
        tried += beam
        if not beam:
            break
    return tried


def _with(formula: _Formula, term: _Term, examples: int, archive: int) -> _Formula:
    terms = tuple(sorted((*formula.terms, term), key=lambda each: each.order))
    found, matched = formula.examples | term.examples, formula.archive | term.archive
    count = found.bit_count()
    score = (
        count * math.log(archive / (matched.bit_count() + 1))
        - (examples - count) * MISSED
        - sum(each.cost for each in terms)
    )
    return _Formula(score, terms, found, matched)


def _proposed(formula: _Formula, ranked: Sequence[Measured]) -> Proposed:
    nodes = [[ranked[number].candidate.node for number in each.order] for each in formula.terms]
    return Proposed(_factored(nodes), formula.examples, formula.archive)


def _factored(terms: Sequence[Sequence[Text | Has]]) -> Node:
    """Write terms as a query; what every one of them asks for is written once."""
    common = [node for node in terms[0] if all(node in each for each in terms)]
    rest = [[node for node in each if node not in common] for each in terms]
    if not all(rest):  # of one term, or of one that the others only narrow
        return all_of(*common)
    return all_of(*common, any_of(*(all_of(*each) for each in rest)))


def _groups(best: _Formula, examples: int) -> tuple[int, ...]:
    """Part the examples by terms where no term finds half of them; what none finds is left out."""
    counts = [each.examples.bit_count() for each in best.terms]
    if not counts or 2 * max(counts) >= examples:
        return ()
    groups: list[int] = []
    taken = 0
    for term in sorted(best.terms, key=lambda each: (-each.examples.bit_count(), each.order)):
        if own := term.examples & ~taken:
            groups.append(own)
        taken |= term.examples
    return tuple(groups)


def masks(numbers: Iterable[int], of: int) -> int:
    """Return a mask with these bits of ``of``."""
    bits = bytearray(of // 8 + 1)
    for number in numbers:
        bits[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(bits, "little")
