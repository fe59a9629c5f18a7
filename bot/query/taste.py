"""What a server likes, as weighted words: learnt from papers, explained by papers. Pure.

Rocchio's method: the mean of the liked papers' words, less a part of the mean of those that are not
wanted. A paper's words are single ones and neighbouring pairs, weighed by how often it says them
(the title counts twice, repetition counts less and less) and by how rare they are among the newest
papers; a long abstract weighs no more than a short one. What this is worth against others is in
docs/decisions, measured by ``benchmarks/taste.py``.
"""

import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise, repeat
from operator import mul
from typing import Final, NamedTuple

from bot.models import ArxivId, Likeness, Paper
from bot.query.inflect import lemma_of
from bot.query.interpret import FILLERS
from bot.query.tokens import is_separate, tokens, words

TITLE_COUNTS: Final = 2
SATURATION: Final = 2.0
MOST_SHARE: Final = 0.15
"""Of the papers: a word that more of them say tells nothing."""
LEAST_PAPERS: Final = 2
LEAST_LETTERS: Final = 3
UNWANTED_COUNTS: Final = 0.5
AUTHOR_COUNTS: Final = 0.5
"""A shared author, beside words whose likeness is seldom above 0.3."""
AUTHOR: Final = "author:"
EXPECTED: Final = 0.95
"""Alike is what is more so than this share of the newest papers."""
SAMPLE: Final = 150
WORDS_SHOWN: Final = 3
PAIR_TELLS: Final = 1.5
"""As much as a single word of that weight."""
MOST_VECTORS: Final = 8192
"""Papers whose words are kept for the day: some 50 MB, where servers like so many."""

_OF_ABSTRACTS = (
    "above according achieve across additionally after again against along alone already also "
    "although always among another around because become before being below besides between "
    "beyond both cannot consequently demonstrate despite down due during either else enough "
    "especially even ever existing experiment extensive extensively finally further furthermore "
    "hence here however indeed instead introduce itself just last least led many might more "
    "moreover most much must namely near neither never nevertheless nor not now often once only "
    "other otherwise outperform over particularly present previous previously propose rather "
    "respectively result same several significant significantly since so some specifically "
    "still such then thereby therefore though through throughout thus together too toward "
    "towards typically under unlike until upon usually various very via well whether while "
    "within without yet"
)
SMALL: Final = FILLERS | set(_OF_ABSTRACTS.split(" "))
"""Words that tell nothing of what a paper is about. Being in few papers does not make a pair with
one of them worth naming: *the last*, *these results*. *few shot* and *first order* are."""

Vector = Mapping[int, float]
"""What words weigh, by their numbers in the reference: numbers are found in half the time."""


def terms_of(paper: Paper) -> Counter[str]:
    """Count a paper's words and neighbouring pairs of words, in their basic forms."""
    counts: Counter[str] = Counter()
    for text, often in ((paper.title, TITLE_COUNTS), (paper.abstract, 1)):
        said = list(map(_telling, words(text)))
        pairs = [f"{first} {second}" for first, second in pairwise(said) if first and second]
        for _ in range(often):
            counts.update(filter(None, said))
            counts.update(pairs)
    return counts


@lru_cache(maxsize=1 << 15)
def _telling(word: str) -> str:
    """Return a word's basic form; nothing for one that tells nothing."""
    lemma = lemma_of(word)
    return lemma if len(lemma) >= LEAST_LETTERS and not lemma.isdigit() else ""


@lru_cache(maxsize=1 << 16)
def tells(term: str) -> bool:
    """Whether a word, a pair or an author is worth naming: small words only count."""
    return term.startswith(AUTHOR) or not any(map(_is_small, term.split(" ")))


def _is_small(lemma: str) -> bool:
    return lemma in _SMALL_LEMMAS or is_separate(lemma)


_SMALL_LEMMAS = frozenset(SMALL | set(map(lemma_of, SMALL)))


class Reference:
    """How rare words are among the newest papers, and each paper's words so weighed."""

    def __init__(self, papers: Sequence[Paper]) -> None:
        counts: Counter[str] = Counter()
        for paper in papers:
            counts.update(terms_of(paper).keys())
        most = max(LEAST_PAPERS, MOST_SHARE * len(papers))
        self._words = [term for term, count in counts.items() if LEAST_PAPERS <= count <= most]
        self._rarity = {
            term: (number, math.log(len(papers) / counts[term]))
            for number, term in enumerate(self._words)
        }
        self.vector = lru_cache(maxsize=MOST_VECTORS)(self._weigh)
        sample = papers[:: max(1, len(papers) // SAMPLE)]
        self._sampled = len(sample)
        self._alike = lru_cache(maxsize=MOST_VECTORS)(self._find_alike)
        self._saying: dict[int, list[tuple[int, float]]] = defaultdict(list)
        for number, paper in enumerate(sample):
            for word, weight in self.vector(paper).items():
                self._saying[word].append((number, weight))

    def name(self, word: int) -> str:
        """Return the word or pair of words that has this number."""
        return self._words[word]

    def number(self, term: str) -> int | None:
        """Return a word's number; None for one that is too rare or too common to weigh."""
        found = self._rarity.get(term)
        return found and found[0]

    def usual(self, opinions: Sequence[tuple[Paper, float]], forgotten: Vector) -> list[float]:
        """Return how alike some of the newest papers are to a taste, the least first.

        The taste is the sum of ``opinions``, papers with what each of them counts, without the
        weights of ``forgotten`` words. A paper is compared once for all tastes that it belongs to.
        """
        if not opinions:
            return []
        counts = [count for _, count in opinions]
        by_paper = zip(*(self._alike(paper) for paper, _ in opinions), strict=True)
        alike = [sum(map(mul, counts, shares)) for shares in by_paper]
        for number, share in enumerate(self._spread(forgotten)):
            alike[number] -= share
        return sorted(alike)

    def _find_alike(self, paper: Paper) -> Sequence[float]:
        return array("d", self._spread(self.vector(paper)))

    def _spread(self, weights: Vector) -> list[float]:
        """Multiply weights with each paper of the sample; most say few of the words."""
        alike = [0.0] * self._sampled
        for word, weight in weights.items():
            for number, share in self._saying.get(word, ()):
                alike[number] += weight * share
        return alike

    def _weigh(self, paper: Paper) -> Vector:
        """Return a paper's words with their weights; their squares sum up to 1."""
        raw: dict[int, float] = {}
        for said, often in terms_of(paper).items():
            if found := self._rarity.get(said):
                word, rarity = found
                raw[word] = rarity * often / (often + SATURATION)
        length = math.sqrt(sum(weight * weight for weight in raw.values())) or 1.0
        return {word: weight / length for word, weight in raw.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Taste:
    """Weighted words and authors; ``opinions`` are the papers that they come from.

    ``expected`` is the likeness of a paper that nobody would call alike.
    """

    reference: Reference
    words: Vector
    authors: Mapping[str, float]
    opinions: Sequence[tuple[Paper, float]]
    expected: float

    @property
    def weights(self) -> dict[str, float]:
        """All words and authors with their weights."""
        words = {self.reference.name(word): weight for word, weight in self.words.items()}
        return words | {AUTHOR + name: weight for name, weight in self.authors.items()}

    def strongest(self, count: int, *, liked: bool = True) -> list[str]:
        """List the heaviest words and authors worth naming, of likes or else of the opposite."""
        heavy = self._heavy(liked=liked)
        return _most_telling({term: heavy[term] for term in filter(tells, heavy)}, count)

    def count(self, *, liked: bool = True) -> int:
        """Count all words and authors of likes, or else of the opposite, small words too."""
        return len(self._heavy(liked=liked))

    def _heavy(self, *, liked: bool) -> dict[str, float]:
        sign = 1 if liked else -1
        return {term: sign * weight for term, weight in self.weights.items() if sign * weight > 0}

    def sources(self, term: str, *, liked: bool = True) -> list[Paper]:
        """List the papers that a word comes from, those that count most first."""
        sign = 1 if liked else -1
        found = [
            (sign * weight, paper)
            for paper, weight in self.opinions
            if sign * weight > 0 and self.says(paper, term)
        ]
        return [paper for _, paper in sorted(found, key=lambda each: -each[0])]

    def count_liked(self, terms: Sequence[str]) -> int:
        """Count the liked papers that have one of these words or authors."""
        numbers = {self.reference.number(term) for term in terms}
        names = {term.removeprefix(AUTHOR) for term in terms if term.startswith(AUTHOR)}
        return sum(
            weight > 0
            and not (
                self.reference.vector(paper).keys().isdisjoint(numbers)
                and names.isdisjoint(paper.authors)
            )
            for paper, weight in self.opinions
        )

    def says(self, paper: Paper, term: str) -> bool:
        """Whether a paper has a word, a pair of words or an author."""
        if term.startswith(AUTHOR):
            return term.removeprefix(AUTHOR) in paper.authors
        return self.reference.number(term) in self.reference.vector(paper)


def learn(
    reference: Reference,
    opinions: Sequence[tuple[Paper, float]],
    *,
    forgotten: Collection[str] = (),
) -> Taste:
    """Learn a taste from papers with what people think of them: likes above 0, others below."""
    counting = list(_count(opinions))
    words: dict[int, float] = {}
    authors: dict[str, float] = defaultdict(float)
    for paper, count in counting:
        for word, weight in reference.vector(paper).items():
            words[word] = words.get(word, 0.0) + count * weight
        for name in set(paper.authors):
            authors[name] += count * AUTHOR_COUNTS
    lost: dict[int, float] = {}
    for term in forgotten:
        if term.startswith(AUTHOR):
            authors.pop(term.removeprefix(AUTHOR), None)
        elif (number := reference.number(term)) in words:
            lost[number] = words.pop(number)
    usual = reference.usual(counting, lost)
    expected = usual[int(EXPECTED * (len(usual) - 1))] if usual else 0.0
    return Taste(
        reference=reference,
        words=words,
        authors=dict(authors),
        opinions=tuple(opinions),
        expected=max(0.0, expected),
    )


def _count(opinions: Sequence[tuple[Paper, float]]) -> Iterator[tuple[Paper, float]]:
    """Say what each paper counts in the mean of those that are liked, less the others' part."""
    for sign, counts in ((1, 1.0), (-1, -UNWANTED_COUNTS)):
        some = [(paper, sign * weight) for paper, weight in opinions if sign * weight > 0]
        total = sum(weight for _, weight in some)
        for paper, weight in some:
            yield paper, counts * weight / total


def compare(taste: Taste, papers: Iterable[Paper]) -> dict[ArxivId, Likeness]:
    """Say of each paper how much it is to a taste, and of those that are, by which words."""
    return {paper.arxiv_id: _compare(taste, paper) for paper in papers}


def _compare(taste: Taste, paper: Paper) -> Likeness:
    vector, authors = taste.reference.vector(paper), taste.authors
    score = _dot(vector, taste.words) - taste.expected
    score += AUTHOR_COUNTS * sum(authors.get(name, 0.0) for name in paper.authors)
    if score <= 0:
        return Likeness(score=score)
    shares = {
        term: weight * liked
        for word, weight in vector.items()
        if (liked := taste.words.get(word, 0.0)) > 0 and tells(term := taste.reference.name(word))
    }
    for name in paper.authors:
        if (liked := authors.get(name, 0.0)) > 0:
            shares[AUTHOR + name] = AUTHOR_COUNTS * liked
    told = _most_telling(shares, WORDS_SHOWN)
    return Likeness(score=score, papers=taste.count_liked(told), words=tuple(written(paper, told)))


def _dot(vector: Vector, weights: Vector) -> float:
    shared = map(mul, vector.values(), map(weights.get, vector, repeat(0.0)))
    return sum(shared, 0.0)


def _most_telling(weights: Mapping[str, float], count: int) -> list[str]:
    """Take the heaviest terms, but no word twice: a pair tells people more than its words do."""

    def telling(term: str) -> tuple[float, str]:
        is_pair = " " in term and not term.startswith(AUTHOR)
        return -weights[term] * (PAIR_TELLS if is_pair else 1.0), term

    taken: list[str] = []
    known: set[str] = set()
    for term in sorted(weights, key=telling):
        parts = {term} if term.startswith(AUTHOR) else set(term.split(" "))
        if len(taken) < count and not parts & known:
            taken.append(term)
            known |= parts
    return taken


def written(paper: Paper, terms: Iterable[str]) -> Iterator[str]:
    """Write terms as a paper does: in its abstract, if there, as titles have many capitals."""
    for term in terms:
        if term.startswith(AUTHOR):
            yield term.removeprefix(AUTHOR)
        else:
            found = (_find(text, term.split(" ")) for text in (paper.abstract, paper.title))
            yield next(filter(None, found), term)


def _find(text: str, term: Sequence[str]) -> str:
    """Return the first place of a word or a pair as it is written; empty where there is none."""
    said = _lemmas(text)
    for at in range(len(said.words) - len(term) + 1):
        if said.words[at] == term[0] and list(said.words[at : at + len(term)]) == term:
            start, end = said.starts[at], said.ends[at + len(term) - 1]
            return " ".join(text[start:end].split())
    return ""


class _Said(NamedTuple):
    """The words of a text in their basic forms, and where each stands."""

    words: Sequence[str]
    starts: Sequence[int]
    ends: Sequence[int]


@lru_cache(maxsize=2048)  # those of a day that channels find alike, some 5 MB
def _lemmas(text: str) -> _Said:
    said = list(tokens(text))
    return _Said(
        words=tuple(lemma_of(token.word) for token in said),
        starts=array("L", (token.start for token in said)),
        ends=array("L", (token.end for token in said)),
    )
