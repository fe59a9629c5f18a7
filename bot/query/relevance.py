"""Relevance: which of the papers a query finds say it best.

Ranking every match would mean reading every match, seconds for common words. Instead the papers
fall into tiers, each a query of its own and none overlapping: those whose title holds the words
as typed, whose title holds all of them, some of them, none. The first few hundred papers in the
order of the tiers, newest first in each, are the pool; a `Scorer` orders the pool by BM25 with
the title counting most (S. Robertson and H. Zaragoza, The Probabilistic Relevance Framework,
2009, section 3.6). Beyond the pool the order of the tiers goes on.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from bot.query.ast import And, Node, Not, Or, Since, Text, TextField, all_of, any_of
from bot.query.tokens import is_signed, searchable, words

TITLE_WEIGHT = 10.0  # of one occurrence, against 1 in the abstract
NAME_WEIGHT = 2.0
SATURATION = 1.2  # BM25's k1
LENGTH_SHARE = 0.6  # BM25's b
AVERAGE_LENGTH = 290.0  # weighted words of a paper, measured on 29,000
CHARS_PER_WORD = 7.0
ADJACENT_BONUS = 1.0  # for two neighbouring words of the query that are neighbours in the title


@dataclass(frozen=True, slots=True)
class Titled:
    """What a query asks of titles: all of its words there, as one ``phrase``, or ``any_word``.

    The first two keep what else the query asks, its ``filters``; ``typed`` and ``words`` are the
    same without them.
    """

    all_words: Node
    words: Node
    phrase: Node | None
    typed: Text | None
    any_word: Node | None
    filters: Node


def titled(root: Node) -> Titled | None:
    """Ask for the words of ``root`` in the title; None where it has none that stand anywhere."""
    said, filters = _parted(root)
    in_title = _in_title(said)
    if in_title == said:
        return None
    typed = _title_phrase(said)
    others = [part for part in parts_of(in_title) if not isinstance(part, Text)]
    any_word = any_of(*(replace(word, field=TextField.TITLE) for word in _wanted(said)))
    return Titled(
        all_words=all_of(in_title, *filters),
        words=in_title,
        phrase=None if typed is None else all_of(typed, *others, *filters),
        typed=typed,
        any_word=None if any_word == in_title else any_word,
        filters=all_of(*filters),
    )


def tiers(root: Node, since: date | None = None) -> tuple[Node, ...]:
    """Split what ``root`` finds into disjoint parts, the most relevant first.

    Some of the words in the title put only papers ``since`` a day before those with none of them;
    None: papers of every day.
    """
    says = titled(root)
    if says is None:
        return (root,)
    first = [says.all_words]
    if says.phrase is not None and says.typed is not None:
        first = [says.phrase, all_of(says.all_words, Not(says.typed))]
    rest = all_of(root, Not(says.words))
    if says.any_word is None:
        return (*first, rest)
    some = says.any_word if since is None else all_of(says.any_word, Since(day=since))
    return (*first, all_of(rest, some), all_of(rest, Not(some)))


def _parted(root: Node) -> tuple[Node, list[Node]]:
    """Part what must hold into what is said in free words and all the rest."""
    parts = parts_of(root)
    said = [part for part in parts if _wanted(part)]
    return all_of(*said), [part for part in parts if not _wanted(part)]


def parts_of(root: Node) -> tuple[Node, ...]:
    """List what must all hold."""
    return root.parts if isinstance(root, And) else (root,)


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


MOST_OF_A_PHRASE = 3
"""Words: so few titles hold more of them that they need not be told apart by their order."""


def _title_phrase(root: Node) -> Text | None:
    """Return the words of ``root`` as one phrase of the title, when there are several."""
    parts = root.parts if isinstance(root, And) else ()
    asked = [part for part in parts if isinstance(part, Text) and part.field is None]
    if not 1 < len(asked) <= MOST_OF_A_PHRASE or any(word.is_prefix for word in asked[:-1]):
        return None
    text = " ".join(word.text for word in asked)
    is_prefix = asked[-1].is_prefix
    return Text(text=text, field=TextField.TITLE, is_prefix=is_prefix, is_exact=not is_prefix)


@dataclass(frozen=True, slots=True)
class Asked:
    """A word or phrase that a query asks for, in all its forms."""

    forms: tuple[str, ...]
    is_prefix: bool


class Scorer:
    """Scores papers for one query; ``weigh`` says how distinctive a word in all its forms is."""

    def __init__(self, root: Node, weigh: Callable[[Collection[str]], float]) -> None:
        asked = list(dict.fromkeys(_asked(root)))
        self.weights = [weigh(each.forms) for each in asked]
        self._phrases: dict[str, list[tuple[list[str], int]]] = defaultdict(list)
        for number, each in enumerate(asked):
            for form in () if each.is_prefix else each.forms:
                first, *rest = form.split(" ")
                self._phrases[first].append((rest, number))
        self._beginnings = [
            (form.split(" ")[-1], number)
            for number, each in enumerate(asked)
            if each.is_prefix
            for form in each.forms
        ]
        self._heads = tuple(beginning for beginning, _ in self._beginnings)
        self._stems = _stems(asked)
        self._titles: dict[str, tuple[Mapping[int, float], int, float]] = {}
        self._is_quick = len(self._stems) <= MOST_STEMS
        said = (word for each in asked for form in each.forms for word in form.split(" "))
        self._has_signs = any(map(is_signed, said))

    def score_title(self, title: str) -> float:
        """Return how well a title alone says it, as a paper of usual length would count."""
        if not self._may_say(title):
            return 0.0
        often, near, length = self._read_title(title)
        return self._total(often, near, AVERAGE_LENGTH + length)

    def score(self, title: str, abstract: str, authors: str) -> float:
        """Return how well a paper says it, in no particular unit."""
        in_title, near, length = self._read_title(title)
        often = dict(in_title)
        for number, count in self._count(abstract).items():
            often[number] = often.get(number, 0.0) + count
        if self._may_say(authors):
            for number, count in self._count(authors).items():
                often[number] = often.get(number, 0.0) + NAME_WEIGHT * count
        return self._total(often, near, len(abstract) / CHARS_PER_WORD + length)

    def _read_title(self, title: str) -> tuple[Mapping[int, float], int, float]:
        """Weigh what a title says, count the neighbours of the query in it, and measure it."""
        if title not in self._titles:
            said = words(title)
            often, near = self._in_title(said)
            self._titles[title] = often, near, TITLE_WEIGHT * len(said)
        return self._titles[title]

    def _may_say(self, text: str) -> bool:
        """Whether a text may say anything that is asked for: most titles and names do not.

        To look for the beginnings takes a tenth of the time of cutting a title into words.
        """
        if not self._is_quick or not text.isascii():
            return True
        lower = text.lower()
        for stem in self._stems:
            if stem in lower:
                return True
        return "_" in lower or "^" in lower  # K_s is a word without the sign

    def _total(self, often: Mapping[int, float], near: int, length: float) -> float:
        damping = SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * length / AVERAGE_LENGTH)
        total = ADJACENT_BONUS * near
        for number, said_so in sorted(often.items()) if len(often) > 1 else often.items():
            total += self.weights[number] * said_so * (SATURATION + 1) / (said_so + damping)
        return total

    def _in_title(self, title: list[str]) -> tuple[dict[int, float], int]:
        """Weigh what a title says, and count the neighbours of the query that are such there."""
        often: dict[int, float] = {}
        near: set[tuple[int, int]] = set()
        before, last = -2, -2
        for at, number in self._find(title):
            often[number] = often.get(number, 0.0) + TITLE_WEIGHT
            if at == before + 1 and number == last + 1:
                near.add((last, number))
            before, last = at, number
        return often, len(near)

    def _count(self, text: str) -> Mapping[int, int]:
        """Count what is asked for in a text.

        Most of a text is something else: to look for the beginnings of the words takes a sixth of
        the time that it takes to cut the text into words.
        """
        whole = searchable(text, has_signs=self._has_signs) if self._is_quick else None
        if whole is None:
            return Counter(number for _, number in self._find(words(text)))
        counts: dict[int, int] = {}
        for stem in self._stems:
            at = whole.find(stem)
            while at >= 0:
                if not at or not whole[at - 1].isalnum():
                    for number in self._said_at(whole, at):
                        counts[number] = counts.get(number, 0) + 1
                at = whole.find(stem, at + len(stem))
        return counts

    def _said_at(self, text: str, at: int) -> Iterator[int]:
        """Return the numbers of what begins with the word at a place."""
        found = _WORD.match(text, at)
        word = found[0] if found else ""
        for rest, number in self._phrases.get(word, ()):
            if not rest or _next_words(text, at + len(word), len(rest)) == rest:
                yield number
        for beginning, number in self._beginnings:
            if word.startswith(beginning):
                yield number

    def _find(self, said: list[str]) -> Iterator[tuple[int, int]]:
        """Walk the words that are asked for, each with its place and its number in the query."""
        phrases, heads = self._phrases, self._heads
        if heads:
            places = [at for at, w in enumerate(said) if w in phrases or w.startswith(heads)]
        else:
            places = [at for at, word in enumerate(said) if word in phrases]
        for at in places:
            for rest, number in phrases.get(said[at], ()):
                if not rest or said[at + 1 : at + 1 + len(rest)] == rest:
                    yield at, number
            for beginning, number in self._beginnings:
                if said[at].startswith(beginning):
                    yield at, number


_WORD = re.compile(r"[^\W_]*")
_NEXT_WORD = re.compile(r"[\W_]*([^\W_]+)")
MOST_STEMS = 12
"""To look for more is slower than to cut the text into words."""
LEAST_STEM = 3
"""Letters: what is shorter begins too many words."""


def _stems(asked: Sequence[Asked]) -> list[str]:
    """List beginnings, none of them of another, so that each word asked for begins with one."""
    stems: set[str] = set()
    for each in asked:
        ends = -1 if each.is_prefix else 0  # of a phrase only the last word is a beginning
        firsts = [form.split(" ")[ends] for form in each.forms]
        common = _common_beginning(firsts)
        stems.update([common] if len(common) >= LEAST_STEM else firsts)
    kept: list[str] = []
    for stem in sorted(stems):
        if not kept or not stem.startswith(kept[-1]):
            kept.append(stem)
    return kept


def _common_beginning(words: Sequence[str]) -> str:
    first, last = min(words), max(words)
    at = 0
    while at < len(first) and first[at] == last[at]:  # what sorts behind it is no beginning of it
        at += 1
    return first[:at]


def _next_words(text: str, at: int, count: int) -> list[str]:
    found = []
    for _ in range(count):
        word = _NEXT_WORD.match(text, at)
        if word is None:
            break
        found.append(word[1])
        at = word.end()
    return found


def asked_words(root: Node) -> list[str]:
    """List the words whose numbers of papers a `Scorer` will want."""
    return list(
        dict.fromkeys(
            word for asked in _asked(root) for form in asked.forms for word in form.split(" ")
        )
    )


def _asked(root: Node) -> list[Asked]:
    return [asked for text in _texts(root) if (asked := _read(text)) is not None]


def _texts(node: Node) -> Iterator[Text]:
    match node:
        case Text():
            yield node
        case And(parts) | Or(parts):
            for part in parts:
                yield from _texts(part)


def _read(text: Text) -> Asked | None:
    said = " ".join(words(text.text))
    if not said:
        return None
    return Asked((said, *(form.words for form in text.forms)), text.is_prefix)
