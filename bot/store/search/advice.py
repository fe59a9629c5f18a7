"""What to tell a person whose search found nothing: words nobody uses, the part to blame."""

import string
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.query.ast import And, Node, Or, Query, Text, all_of
from bot.query.printer import print_node
from bot.query.results import Advice, Blame, DoubtfulWord
from bot.query.tags import MARK
from bot.query.tokens import words
from bot.store.search.find import follow, known_keys
from bot.store.search.plan import plan_tiers
from bot.store.search.words import count_forms, count_papers, count_roughly, widened
from bot.store.sqlite.executor import Reading

COUNTED = 100
LEAST_CORRECTED = 4  # letters; in shorter words everything is like everything
MOST_CORRECTED = 40  # letters; longer runs are no words, and have thousands of neighbours each
RARE = 20  # papers; archives hold misspellings too
USUAL = 100  # times as many papers as the doubtful word, for a suggestion
MOST_SUGGESTED = 3
MOST_LOOKED_THROUGH = 3000  # words that begin like the misspelt word


def advise(reading: Reading, query: Query) -> Advice:
    """Say why ``query`` finds nothing."""
    doubtful = _doubtful_words(reading, widened(reading, query.root))
    return Advice(
        doubtful=tuple(doubtful),
        corrected=_corrected(reading, query.root, doubtful),
        blame=tuple(_blame(reading, query.root)),
    )


def _doubtful_words(reading: Reading, root: Node) -> list[DoubtfulWord]:
    asked = dict(_asked_forms(root))
    counts = count_papers(
        reading, {word for forms in asked.values() for each in forms for word in each.split(" ")}
    )
    found = []
    for word, forms in asked.items():
        if reading.has_passed():
            break
        papers = count_forms(forms, counts)
        if papers <= RARE:
            suggestions = tuple(_suggest(reading, word, papers))
            if suggestions or not papers:
                found.append(DoubtfulWord(word=word, papers=papers, suggestions=suggestions))
    return found


def _asked_forms(root: Node) -> Iterator[tuple[str, list[str]]]:
    """Walk the words asked for, each with all that it stands for."""
    for text in _asked_texts(root):
        said = words(text.text)
        if len(said) == 1:
            yield said[0], [said[0], *(form.words for form in text.forms)]
        elif not text.forms:
            yield from ((word, [word]) for word in said)


def _asked_texts(node: Node) -> Iterator[Text]:
    match node:
        case Text(is_prefix=False):
            yield node
        case And(parts) | Or(parts):
            for part in parts:
                yield from _asked_texts(part)


# Did you mean


def _suggest(reading: Reading, word: str, papers: int) -> list[str]:
    """List usual words that are one or two mistakes away, fewer mistakes and more papers first."""
    if not LEAST_CORRECTED <= len(word) <= MOST_CORRECTED or not word.isalpha():
        return []
    near = dict.fromkeys([*_one_mistake_away(word), *_split(word)])
    counts = count_roughly(reading, {part for each in near for part in each.split()})
    known = {each: min(counts[part] for part in each.split()) for each in near}
    usual = [each for each in known if known[each] > papers * USUAL]
    best = sorted(usual, key=lambda each: -known[each])
    best = [each for each in best if known[each] * USUAL >= known[best[0]]]
    if not best and not papers:
        best = list(_two_mistakes_away(reading, word))
    return best[:MOST_SUGGESTED]


def _one_mistake_away(word: str) -> Iterator[str]:
    """Make every word with one letter missing, added, changed or swapped with its neighbour."""
    for at in range(len(word) + 1):
        head, tail = word[:at], word[at:]
        if tail:
            yield head + tail[1:]
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
        for letter in string.ascii_lowercase:
            yield head + letter + tail
            if tail:
                yield head + letter + tail[1:]


def _split(word: str) -> Iterator[str]:
    """Make two words of one: ``deeplearning`` is ``deep learning``."""
    for at in range(3, len(word) - 2):
        yield f"{word[:at]} {word[at:]}"


def _two_mistakes_away(reading: Reading, word: str) -> Iterator[str]:
    rows = reading.rows(
        "SELECT word FROM word WHERE word >= ? AND word < ? AND length(word) BETWEEN ? AND ? "
        "ORDER BY papers DESC LIMIT ?",
        (word[:2], word[:2] + MARK, len(word) - 2, len(word) + 2, MOST_LOOKED_THROUGH),
    )
    return (found for (found,) in rows if _distance(word, found) <= 2)


def _distance(one: str, other: str) -> int:
    """Count the letters to change, add or drop (V. Levenshtein, 1966)."""
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one, start=1):
        before, row[0] = row[0], number
        for at, against in enumerate(other, start=1):
            change = before + (letter != against)
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, change)
    return row[-1]


def _corrected(reading: Reading, root: Node, doubtful: Sequence[DoubtfulWord]) -> Query | None:
    better = {each.word: each.suggestions[0] for each in doubtful if each.suggestions}
    if not better or len(better) < len(doubtful):
        return None
    node = _replaced(root, better)
    return Query(text=print_node(node), root=node) if _count(reading, node, 1) else None


def _replaced(node: Node, better: dict[str, str]) -> Node:
    match node:
        case And(parts) | Or(parts):
            return type(node)(tuple(_replaced(part, better) for part in parts))
        case Text(is_prefix=False) if any(word in better for word in words(node.text)):
            typed = words(node.text)
            meant = [part for word in typed for part in better.get(word, word).split()]
            if len(typed) > 1:
                return replace(node, text=" ".join(meant))
            return all_of(*(replace(node, text=word) for word in meant))
        case _:
            return node


# Which part is to blame


def _blame(reading: Reading, root: Node) -> list[Blame]:
    """Leave out each part of an AND in turn, and see what is found."""
    parts = root.parts if isinstance(root, And) else ()
    if len(parts) < 2:
        return []
    found = []
    for at, part in enumerate(parts):
        if reading.has_passed():
            break
        papers = _count(reading, all_of(*parts[:at], *parts[at + 1 :]), COUNTED)
        if papers:
            found.append(Blame(part=print_node(part), papers=papers))
    return sorted(found, key=lambda blame: -blame.papers)


def _count(reading: Reading, node: Node, most: int) -> int:
    node = widened(reading, node)
    return len(follow(reading, plan_tiers([node], known_keys(reading, node)), most))
