"""Which papers of a digest come first, and how many of them stand out. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from math import prod
from types import MappingProxyType
from typing import Final

from bot.digest.models import Digest, DigestEntry, Order
from bot.models import ArxivId, Likeness

Likes = Mapping[ArxivId, Likeness]
"""How much papers are to a channel's taste."""
NO_LIKES: Final[Likes] = MappingProxyType({})

Match = Callable[[DigestEntry], tuple[int, int]]
"""Tells how well a paper matches: by how many topics, and how rare they are."""


def rank(digest: Digest, *, top: int, likes: Likes = NO_LIKES) -> Digest:
    """Put the papers first that match more topics, then rarer ones, then the more liked.

    Papers that are alike in all of that stay in the listing's order. At most ``top`` stand out, and
    none that neither matches a topic nor is liked: a number is never filled up with other papers.
    What the digest offers counts, too: its papers were chosen before it.
    """
    candidates = (*digest.entries, *digest.offered)
    match = measure_matches(candidates)
    ordered = _order(digest.entries, match, likes)
    worthy = sum(bool(entry.topics) or _like(entry, likes) > 0 for entry in ordered)
    if len({match(entry) for entry in candidates}) > 1:
        order = Order.TOPICS
    else:
        differ = len({_like(entry, likes) for entry in candidates}) > 1
        order = Order.LIKES if differ else Order.LISTING
    told = [
        replace(entry, likeness=likes[entry.paper.arxiv_id]) if _like(entry, likes) > 0 else entry
        for entry in ordered
    ]
    return replace(digest, entries=tuple(told), order=order, top=min(top, worthy))


def put_best_first(
    entries: Sequence[DigestEntry], likes: Likes = NO_LIKES
) -> tuple[DigestEntry, ...]:
    """Order papers as `rank` does."""
    return _order(entries, measure_matches(entries), likes)


def _order(entries: Sequence[DigestEntry], match: Match, likes: Likes) -> tuple[DigestEntry, ...]:
    return tuple(
        sorted(entries, key=lambda entry: (*match(entry), _like(entry, likes)), reverse=True)
    )  # stable, reversed too


def _like(entry: DigestEntry, likes: Likes) -> float:
    """Say how much a paper is liked; below 0 it stands out for nothing, and is still ordered."""
    likeness = likes.get(entry.paper.arxiv_id)
    return likeness.score if likeness else 0.0


def measure_matches(entries: Iterable[DigestEntry]) -> Match:
    """Return what tells how well a paper matches, among these papers."""
    matched = Counter(topic for entry in entries for topic in entry.topics)

    def match(entry: DigestEntry) -> tuple[int, int]:
        # A topic is the rarer, the fewer papers it matches; a product orders sets of topics as the
        # sum of logarithms does (inverse document frequency), without rounding.
        return len(entry.topics), -prod(matched[topic] for topic in entry.topics)

    return match
