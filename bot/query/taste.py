"""What a server likes, as weighted words: learnt from papers, explained by papers. Pure.

Rocchio's method: the mean of the liked papers' words, less a part of the mean of those that are not
wanted. A paper's words are single ones and neighbouring pairs, weighed by how often it says them
(the title counts twice, repetition counts less and less) and by how rare they are among the newest
papers; a long abstract weighs no more than a short one. What this is worth against others is in
docs/decisions, measured by ``benchmarks/taste.py``.
"""

import math
import struct
from array import array
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import chain, compress, pairwise, repeat
from operator import itemgetter, mul
from typing import Final, NamedTuple, TypeVar

from bot.models import Likeness, Likes, Paper
from bot.query.inflect import lemma_of
from bot.query.interpret import FILLERS
from bot.query.tokens import is_separate, tokens, words

TITLE_COUNTS: Final = 2
SATURATION: Final = 2.0
MOST_SHARE: Final = 0.4
"""Of the papers: a word that more of them say weighs nothing."""
NAMED_SHARE: Final = 0.15
"""Of the papers: a word that more of them say weighs, and tells nobody why."""
LEAST_RARITY: Final = 0.5
"""Added to the logarithm, so that common words do not count for next to nothing."""
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
"""Papers whose words are kept for the day: some 35 MB, where servers like so many."""
LANE: Final = 64
WHOLE: Final = 1 << 20
"""In packed numbers: the bits of a paper, and the whole number that stands for 1."""

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


class Vector(NamedTuple):
    """A paper's words, as their numbers in the reference, and what each of them weighs."""

    words: tuple[int, ...]
    weights: Sequence[float]


Text = tuple[str, str]
"""Title and abstract: all that a paper's words depend on."""

N = TypeVar("N", int, float)


class Packed:
    """Some papers' words in whole numbers that hold all of these papers, each in 64 bits.

    One multiplication then weighs a word in every paper at once, in half of the time that it takes
    paper by paper. Weights are whole numbers of 20 bits here, likenesses of 40.
    """

    def __init__(self, vectors: Sequence[Vector], words: int) -> None:
        """``words`` is more than the number of any of their words."""
        self._size = len(vectors)
        self._saying = [0] * words
        for lane, vector in enumerate(vectors):
            for word, weight in zip(vector.words, vector.weights, strict=True):
                self._saying[word] += _whole(weight) << LANE * lane
        # Sums can be below 0; with this they borrow nothing from their neighbours.
        self._bias = sum(1 << LANE * lane + LANE - 2 for lane in range(self._size))

    def compare(self, vector: Vector) -> int:
        """Return how alike each paper is to these weights."""
        said = pick(self._saying, vector.words)
        return sum(filter(None, map(mul, map(_whole, vector.weights), said)))

    def total(self, compared: Iterable[tuple[int, float]]) -> list[float]:
        """Add up likenesses, each counted so many times; their sums must stay between -4 and 4."""
        total = self._bias + sum(alike * _whole(count) for alike, count in compared)
        lanes = struct.unpack(f"<{self._size}Q", total.to_bytes(self._size * LANE // 8, "little"))
        return [(lane - (1 << LANE - 2)) / WHOLE**3 for lane in lanes]


def _whole(weight: float) -> int:
    return round(weight * WHOLE)


def terms_of(paper: Paper) -> Counter[str]:
    """Count a paper's words and neighbouring pairs of words, in their basic forms."""
    return _count_terms(*_text(paper))


def _text(paper: Paper) -> Text:
    return paper.title, paper.abstract


def _count_terms(title: str, abstract: str) -> Counter[str]:
    return Counter([*_list_terms(title) * TITLE_COUNTS, *_list_terms(abstract)])


def _list_terms(text: str) -> list[str]:
    said = list(map(_telling, words(text)))
    pairs = [f"{first} {second}" for first, second in pairwise(said) if first and second]
    return [*filter(None, said), *pairs]


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
        said = [terms_of(paper) for paper in papers]
        counts = Counter(chain.from_iterable(said))
        most = max(LEAST_PAPERS, MOST_SHARE * len(papers))
        weighing = [term for term, count in counts.items() if LEAST_PAPERS <= count <= most]
        self._words = ["", *weighing]
        # Not as pairs of number and rarity: the garbage collector would look at 30,000 of them.
        self._numbers = {term: number for number, term in enumerate(weighing, start=1)}
        rarities = (math.log(len(papers) / counts[term]) + LEAST_RARITY for term in weighing)
        self._rarity = array("d", [0.0, *rarities])
        named = max(LEAST_PAPERS, NAMED_SHARE * len(papers))
        self._common = {term for term in weighing if counts[term] > named}
        vectors = list(map(self._weigh, said))
        self._newest = dict(zip(map(_text, papers), vectors, strict=True))
        self._sample = Packed(vectors[:: max(1, len(papers) // SAMPLE)], self.size)
        self._read = lru_cache(maxsize=MOST_VECTORS)(self._weigh_text)
        self._alike = lru_cache(maxsize=MOST_VECTORS)(self._compare)

    @property
    def size(self) -> int:
        """One more than words and pairs that weigh anything: they are numbered from 1."""
        return len(self._words)

    def name(self, word: int) -> str:
        """Return the word or pair of words that has this number."""
        return self._words[word]

    def number(self, term: str) -> int | None:
        """Return a word's number; None for one that is too rare or too common to weigh."""
        return self._numbers.get(term)

    def names(self, term: str) -> bool:
        """Whether a word, a pair or an author says why a paper is liked."""
        return term not in self._common and tells(term)

    def usual(self, opinions: Sequence[tuple[Paper, float]], forgotten: Vector) -> list[float]:
        """Return how alike some of the newest papers are to a taste, the least first.

        The taste is the sum of ``opinions``, papers with what each of them counts, without the
        weights of ``forgotten`` words. A paper is compared once for all tastes that it belongs to.
        """
        if not opinions:
            return []
        compared = [(self._alike(_text(paper)), count) for paper, count in opinions]
        return sorted(self._sample.total([*compared, (self._sample.compare(forgotten), -1.0)]))

    def vector(self, paper: Paper) -> Vector:
        """Return a paper's words with their weights; their squares sum up to 1."""
        return self._find((paper.title, paper.abstract))

    def _find(self, text: Text) -> Vector:
        return self._newest.get(text) or self._read(text)

    def _compare(self, text: Text) -> int:
        return self._sample.compare(self._find(text))

    def _weigh_text(self, text: Text) -> Vector:
        return self._weigh(_count_terms(*text))

    def _weigh(self, said: Mapping[str, int]) -> Vector:
        found = list(map(self._numbers.get, said, repeat(0)))
        numbers, counts = tuple(filter(None, found)), compress(said.values(), found)
        weights = [
            rarity * often / (often + SATURATION)
            for rarity, often in zip(pick(self._rarity, numbers), counts, strict=True)
        ]
        length = math.sqrt(sum(map(mul, weights, weights))) or 1.0
        return Vector(numbers, array("d", [weight / length for weight in weights]))


def pick(values: Sequence[N], places: Sequence[int]) -> Sequence[N]:
    """Look at many places at once, in two thirds of the time that it takes one by one."""
    return itemgetter(*places)(values) if len(places) > 1 else [values[each] for each in places]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taste:
    """Weighted words and authors; ``opinions`` are the papers that they come from.

    ``words`` has a weight for each word of the reference, of most 0: that of a number is found
    faster so. ``expected`` is the likeness of a paper that nobody would call alike.
    """

    reference: Reference
    words: Sequence[float]
    authors: Mapping[str, float]
    opinions: Sequence[tuple[Paper, float]]
    expected: float

    @property
    def weights(self) -> dict[str, float]:
        """All words and authors with their weights."""
        name, weighed = self.reference.name, enumerate(self.words)
        words = {name(word): weight for word, weight in weighed if weight}
        return words | {AUTHOR + name: weight for name, weight in self.authors.items()}

    def strongest(self, count: int, *, liked: bool = True) -> list[str]:
        """List the heaviest words and authors worth naming, of likes or else of the opposite."""
        heavy = self._heavy(liked=liked)
        named = filter(self.reference.names, heavy)
        return _most_telling({term: heavy[term] for term in named}, count)

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
                numbers.isdisjoint(self.reference.vector(paper).words)
                and names.isdisjoint(paper.authors)
            )
            for paper, weight in self.opinions
        )

    def says(self, paper: Paper, term: str) -> bool:
        """Whether a paper has a word, a pair of words or an author."""
        if term.startswith(AUTHOR):
            return term.removeprefix(AUTHOR) in paper.authors
        return self.reference.number(term) in self.reference.vector(paper).words


def learn(
    reference: Reference,
    opinions: Sequence[tuple[Paper, float]],
    *,
    forgotten: Collection[str] = (),
) -> Taste:
    """Learn a taste from papers with what people think of them: likes above 0, others below."""
    counting = list(_count(opinions))
    words = array("d", bytes(8 * reference.size))  # a list would be searched for garbage
    authors: dict[str, float] = defaultdict(float)
    for paper, count in counting:
        vector = reference.vector(paper)
        for word, weight in zip(vector.words, vector.weights, strict=True):
            words[word] += count * weight
        for name in set(paper.authors):
            authors[name] += count * AUTHOR_COUNTS
    lost: dict[int, float] = {}
    for term in forgotten:
        if term.startswith(AUTHOR):
            authors.pop(term.removeprefix(AUTHOR), None)
        elif (number := reference.number(term)) is not None:
            lost[number], words[number] = words[number], 0.0
    usual = reference.usual(counting, Vector(tuple(lost), tuple(lost.values())))
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


def compare(taste: Taste, papers: Iterable[Paper]) -> Likes:
    """Say of each paper how much it is to a taste, and of any by which words."""
    return Likes(
        scores={paper.arxiv_id: _measure(taste, paper) for paper in papers},
        explain=partial(_explain, taste),
    )


def _measure(taste: Taste, paper: Paper) -> float:
    vector, authors = taste.reference.vector(paper), taste.authors
    score: float = sum(map(mul, vector.weights, pick(taste.words, vector.words)), 0.0)
    if not authors.keys().isdisjoint(paper.authors):
        score += AUTHOR_COUNTS * sum(authors.get(name, 0.0) for name in paper.authors)
    return score - taste.expected


def _explain(taste: Taste, paper: Paper) -> Likeness:
    reference = taste.reference
    vector = reference.vector(paper)
    liked = pick(taste.words, vector.words)
    shares = {
        term: weight * count
        for word, weight, count in zip(vector.words, vector.weights, liked, strict=True)
        if count > 0 and reference.names(term := reference.name(word))
    }
    for name in paper.authors:
        if (count := taste.authors.get(name, 0.0)) > 0:
            shares[AUTHOR + name] = AUTHOR_COUNTS * count
    told = _most_telling(shares, WORDS_SHOWN)
    return Likeness(papers=taste.count_liked(told), words=tuple(written(paper, told)))


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
    for at in _places(said.words, term[0]):
        if list(said.words[at : at + len(term)]) == term:
            start, end = said.starts[at], said.ends[at + len(term) - 1]
            return " ".join(text[start:end].split())
    return ""


def _places(said: Sequence[str], word: str) -> Iterator[int]:
    at = -1
    with suppress(ValueError):
        while True:
            yield (at := said.index(word, at + 1))


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
