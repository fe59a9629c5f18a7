"""The smallest changes of topics that find given papers too, and little else. Pure.

A topic is widened by leaving out one of its conditions, by asking all of a paper instead of one
field, or by one more alternative: words of the papers' titles, or what several of the papers
share. What each of these finds is counted on the papers of some weeks, and the one is taken that
catches most and brings the fewest others; then the next, for those still missed.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from bot.models import ArxivId, Paper
from bot.query.ast import EVERYTHING, And, Node, Not, Or, Text, all_of, any_of
from bot.query.printer import print_node
from bot.query.tokens import is_separate, words

MOST_WIDENINGS: Final = 3
MOST_SHARE: Final = 0.1
"""Of the papers: what brings more is no small widening."""
COST: Final = 3
NEW_COST: Final = 6
"""What a condition less and another alternative must be worth: the latter is another subject."""
LEAST_FOUND: Final = 3
"""Papers of the archive that say what is a term."""


@dataclass(frozen=True, slots=True)
class Option:
    """A widened topic: its place among the topics, its query, and all that this finds.

    ``is_new`` where it has one more alternative, and ``is_rare`` where that is no term of the
    field, but words that happen to stand together in one title.
    """

    topic: int
    root: Node
    found: frozenset[ArxivId]
    is_new: bool
    is_rare: bool = False


@dataclass(frozen=True, slots=True)
class Widening:
    """A chosen option: which of the missed papers it catches, and which others it brings."""

    option: Option
    caught: frozenset[ArxivId]
    others: frozenset[ArxivId]


def relax(node: Node) -> Iterator[Node]:
    """List what asks for one condition less than ``node``."""
    match node:
        case And(parts):
            for at, part in enumerate(parts):
                rest = (*parts[:at], *parts[at + 1 :])
                if any(not isinstance(each, Not) for each in rest):  # else it finds nearly all
                    yield all_of(*rest)
                yield from (all_of(*parts[:at], each, *parts[at + 1 :]) for each in relax(part))
        case Or(parts):
            for at, part in enumerate(parts):
                yield from (any_of(*parts[:at], each, *parts[at + 1 :]) for each in relax(part))
        case Text(field=field) if field is not None:
            yield replace(node, field=None)
        case Text(is_exact=True):
            yield replace(node, is_exact=False)
        case _:
            pass


def list_title_terms(papers: Iterable[Paper]) -> list[Text]:
    """List the words of titles and their neighbouring pairs, the same for the same papers."""
    found: dict[Text, None] = {}
    for paper in papers:
        said = words(paper.title)
        found.update((Text(text=each), None) for each in said if _is_telling(each))
        found.update(
            (Text(text=f"{one}-{other}"), None)
            for one, other in pairwise(said)
            if _is_telling(one) and _is_telling(other)
        )
    return list(found)


def _is_telling(word: str) -> bool:
    return len(word) > 2 and not word.isdigit() and not is_separate(word)


def add_term(
    topics: Sequence[Node],
    found: Sequence[frozenset[ArxivId]],
    term: Node,
    finds: frozenset[ArxivId],
    known: int,
) -> Option:
    """Make the term one more alternative of the topic that finds most of the same papers.

    ``known`` papers of the archive say it.
    """
    nearest = max(
        range(len(topics)),
        key=lambda at: len(finds & found[at]) / max(1, len(finds | found[at])),
    )
    root = any_of(topics[nearest], term)
    return Option(nearest, root, found[nearest] | finds, True, known < LEAST_FOUND)


def choose(
    options: Iterable[Option],
    missed: frozenset[ArxivId],
    known: frozenset[ArxivId],
    of: int,
) -> list[Widening]:
    """Choose widenings for the ``missed`` papers, of ``of`` papers in all.

    ``known`` are those that the topics find as they are.
    """
    small = [
        Widening(option, option.found & missed, option.found - missed - known)
        for option in options
        if option.root != EVERYTHING and option.found & missed
    ]
    small = [each for each in small if len(each.others) <= MOST_SHARE * of]
    chosen: list[Widening] = []
    while small and len(chosen) < MOST_WIDENINGS:
        best = min(small, key=lambda each: _place(each, of))
        if chosen and _worth(best, of) <= 0:
            break
        chosen.append(best)
        left = (replace(each, caught=each.caught - best.caught) for each in small)
        small = [each for each in left if each.caught]
    return chosen


def _worth(each: Widening, of: int) -> float:
    """Return what is caught, each paper by how rare the widening's finds are, less what it costs.

    As a query is chosen that is made from examples (docs/decisions/0019-topics-from-examples.md).
    """
    cost = NEW_COST if each.option.is_new else COST
    return len(each.caught) * math.log(of / (len(each.others) + 1)) - cost


def _place(each: Widening, of: int) -> tuple[bool, float, int, str]:
    """Order by worth; what is no term comes last."""
    written = print_node(each.option.root)
    return each.option.is_rare, -_worth(each, of), len(written), written
