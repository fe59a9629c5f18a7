"""Relevance: which of the papers a query finds say it best.

Ranking every match would mean reading every match, seconds for common words. Instead the papers
fall into tiers, each a query of its own and none overlapping: those whose title holds the words
as typed, whose title holds all of them, some of them, none. The first few hundred papers in the
order of the tiers, newest first in each, are the pool; a `Scorer` orders the pool by BM25 with
the title counting most (S. Robertson and H. Zaragoza, The Probabilistic Relevance Framework,
2009, section 3.6). Beyond the pool the order of the tiers goes on.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from bot.query.ast import And, Node, Not, Or, Text, TextField, all_of, any_of
from bot.query.tokens import stem, stems

TITLE_WEIGHT = 10.0  # of one occurrence, against 1 in the abstract
NAME_WEIGHT = 2.0
SATURATION = 1.2  # BM25's k1
LENGTH_SHARE = 0.6  # BM25's b
AVERAGE_LENGTH = 290.0  # weighted words of a paper, measured on 29,000
CHARS_PER_WORD = 7.0
ADJACENT_BONUS = 1.0  # for two neighbouring words of the query that are neighbours in the title


def tiers(root: Node) -> tuple[Node, ...]:
    """Split what ``root`` finds into disjoint parts, the most relevant first."""
    said, filters = _parted(root)
    titled = _in_title(said)
    if titled == said:
        return (root,)
    words = _wanted(said)
    phrase = _title_phrase(said)
    in_title = all_of(titled, *filters)
    first = [in_title]
    if phrase is not None:
        first = [all_of(in_title, phrase), all_of(in_title, Not(phrase))]
    rest = all_of(root, Not(titled))
    if len(words) < 2:
        return (*first, rest)
    any_word = any_of(*(replace(word, field=TextField.TITLE) for word in words))
    return (*first, all_of(rest, any_word), all_of(rest, Not(any_word)))


def _parted(root: Node) -> tuple[Node, list[Node]]:
    """Part what must hold into what is said in free words and all the rest."""
    parts = root.parts if isinstance(root, And) else (root,)
    said = [part for part in parts if _wanted(part)]
    return all_of(*said), [part for part in parts if not _wanted(part)]


def _in_title(node: Node) -> Node:
    """Ask the same of the title alone; what is excluded stays excluded everywhere."""
    match node:
        case Text(field=None):
            return replace(node, field=TextField.TITLE)
        case And(parts):
            return And(tuple(map(_in_title, parts)))
        case Or(parts):
            return Or(tuple(map(_in_title, parts)))
        case _:
            return node


def _wanted(node: Node) -> list[Text]:
    """List the words that are asked for anywhere, without those that are excluded."""
    match node:
        case Text(field=None):
            return [node]
        case And(parts) | Or(parts):
            return [word for part in parts for word in _wanted(part)]
        case _:
            return []


def _title_phrase(root: Node) -> Text | None:
    """Return the words of ``root`` as one phrase of the title, when there are several."""
    parts = root.parts if isinstance(root, And) else ()
    words = [part for part in parts if isinstance(part, Text) and part.field is None]
    if len(words) < 2 or any(word.is_prefix for word in words[:-1]):
        return None
    text = " ".join(word.text for word in words)
    return Text(text=text, field=TextField.TITLE, is_prefix=words[-1].is_prefix)


@dataclass(frozen=True, slots=True)
class Term:
    """A stem that a query asks for, and how telling it is."""

    stem: str
    is_prefix: bool
    weight: float


class Scorer:
    """Scores papers for one query; ``weigh`` tells how telling a stem is.

    It looks for the words of the query only (a quarter of the time of reading all words).
    """

    def __init__(self, root: Node, weigh: Callable[[str], float]) -> None:
        asked = _asked(root)
        self.terms = [
            Term(each, is_prefix, weigh(each)) for each, is_prefix in dict.fromkeys(asked)
        ]
        self._neighbours = {(one, other) for (one, _), (other, _) in pairwise(asked)}
        # Every word begins with its stem, but for the stem's last letter (studies, studi).
        beginnings = dict.fromkeys(re.escape(each[:-1] or each) for each, _ in asked)
        self._words = re.compile(rf"\b(?:{'|'.join(beginnings)})\w*")

    def score(self, title: str, abstract: str, authors: str) -> float:
        """Return how well a paper says it, in no particular unit."""
        titled = stems(title)
        in_title, in_abstract = Counter(titled), self._count(abstract)
        in_authors = self._count(authors)
        length = len(abstract) / CHARS_PER_WORD + TITLE_WEIGHT * len(titled)
        damping = SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * length / AVERAGE_LENGTH)
        total = ADJACENT_BONUS * len(self._neighbours.intersection(pairwise(titled)))
        for term in self.terms:
            often = (
                TITLE_WEIGHT * _occurrences(term, in_title)
                + _occurrences(term, in_abstract)
                + NAME_WEIGHT * _occurrences(term, in_authors)
            )
            total += term.weight * often * (SATURATION + 1) / (often + damping)
        return total

    def _count(self, text: str) -> Counter[str]:
        return Counter(map(stem, self._words.findall(text.lower())))


def asked_stems(root: Node) -> list[str]:
    """List the stems whose weights a `Scorer` will want."""
    return list(dict.fromkeys(each for each, _ in _asked(root)))


def _asked(root: Node) -> list[tuple[str, bool]]:
    return [pair for text in _texts(root) for pair in _stems_of(text)]


def _texts(node: Node) -> Iterator[Text]:
    match node:
        case Text():
            yield node
        case And(parts) | Or(parts):
            for part in parts:
                yield from _texts(part)


def _stems_of(text: Text) -> Sequence[tuple[str, bool]]:
    found = stems(text.text)
    return [(each, text.is_prefix and at == len(found)) for at, each in enumerate(found, start=1)]


def _occurrences(term: Term, counts: Counter[str]) -> int:
    if not term.is_prefix:
        return counts[term.stem]
    return sum(count for each, count in counts.items() if each.startswith(term.stem))
