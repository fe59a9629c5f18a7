"""Which papers of a digest come first, and how many of them stand out. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from math import prod
from types import MappingProxyType
from typing import Final

from bot.digest.models import Digest, DigestEntry, Order
from bot.models import ArxivId, Likeness

Likes = Mapping[ArxivId, Likeness]
"""How much papers are to a channel's taste."""
NO_LIKES: Final[Likes] = MappingProxyType({})


def rank(digest: Digest, *, top: int, likes: Likes = NO_LIKES) -> Digest:
    """Put the papers first that match more topics, then rarer ones, then the more liked.

    Papers that are alike in all of that stay in the listing's order. At most ``top`` stand out, and
    none that neither matches a topic nor is liked: a number is never filled up with other papers.
    """
    matched = Counter(topic for entry in digest.entries for topic in entry.topics)

    def match(entry: DigestEntry) -> tuple[int, int]:
        # A topic is the rarer, the fewer papers it matches; a product orders sets of topics as the
        # sum of logarithms does (inverse document frequency), without rounding.
        return len(entry.topics), -prod(matched[topic] for topic in entry.topics)

    def like(entry: DigestEntry) -> float:
        likeness = likes.get(entry.paper.arxiv_id)
        return max(0.0, likeness.score) if likeness else 0.0

    ordered = sorted(
        digest.entries, key=lambda entry: (*match(entry), like(entry)), reverse=True
    )  # stable, reversed too
    worthy = sum(bool(entry.topics) or like(entry) > 0 for entry in ordered)
    if len({match(entry) for entry in ordered}) > 1:
        order = Order.TOPICS
    else:
        order = Order.LIKES if len({like(entry) for entry in ordered}) > 1 else Order.LISTING
    told = [
        replace(entry, likeness=likes[entry.paper.arxiv_id]) if like(entry) > 0 else entry
        for entry in ordered
    ]
    return replace(digest, entries=tuple(told), order=order, top=min(top, worthy))
