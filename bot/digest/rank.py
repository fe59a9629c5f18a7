"""Which papers of a digest come first, and how many of them stand out. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from math import prod
from typing import Final

from bot.digest.models import Digest, DigestEntry, Order
from bot.models import Likeness, Likes

NO_LIKES: Final = Likes(scores={}, explain=lambda _paper: Likeness())

Match = Callable[[DigestEntry], tuple[int, int]]
"""Tells how well a paper matches: by how many topics, and how rare they are."""


def rank(
    digest: Digest, *, top: int, likes: Likes = NO_LIKES, explained: int | None = None
) -> Digest:
    """Put the papers first that match more topics, then rarer ones, then the more liked.

    Papers that are alike in all of that stay in the listing's order. At most ``top`` stand out, and
    none that neither matches a topic nor is liked: a number is never filled up with other papers.
    What the digest offers counts, too: its papers were chosen before it. The first ``explained``
    papers, else those that stand out, say why they are liked.
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
    explained = top if explained is None else explained
    told = [_explain(entry, likes) for entry in ordered[:explained]]
    entries = (*told, *ordered[explained:])
    return replace(digest, entries=entries, order=order, top=min(top, worthy))


def _explain(entry: DigestEntry, likes: Likes) -> DigestEntry:
    is_liked = _like(entry, likes) > 0
    return replace(entry, likeness=likes.explain(entry.paper)) if is_liked else entry


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
    return likes.scores.get(entry.paper.arxiv_id, 0.0)


def measure_matches(entries: Iterable[DigestEntry]) -> Match:
    """Return what tells how well a paper matches, among these papers."""
    times = Counter([entry.topics for entry in entries])  # few, and the same for many papers
    matched: Counter[str] = Counter()
    for topics, papers in times.items():
        for topic in topics:
            matched[topic] += papers
    # A topic is the rarer, the fewer papers it matches; a product orders sets of topics as the sum
    # of logarithms does (inverse document frequency), without rounding.
    measures = {
        topics: (len(topics), -prod([matched[topic] for topic in topics])) for topics in times
    }
    return lambda entry: measures[entry.topics]
