"""In which channel of a server a paper is posted, where each is posted in one alone. Pure.

It goes where it matches best: where more topics match it, then rarer ones; where its primary
category is followed; then where fewer categories are, which is the more special channel; and at
last to the channel that was set up first. What a channel has already stays there.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.digest.models import DigestEntry, Subscription
from bot.digest.rank import Match, measure_matches
from bot.models import ArxivId


@dataclass(frozen=True, slots=True)
class Claim:
    """What a channel would post of a date if it were the only one."""

    subscription: Subscription
    entries: Sequence[DigestEntry]


def find_homes(claims: Iterable[Claim], known: Mapping[ArxivId, int]) -> dict[ArxivId, int]:
    """Return by paper the channel that posts it; ``known`` are the homes that stand already."""
    best: dict[ArxivId, tuple[tuple[int, ...], int]] = {}
    for claim in claims:
        match = measure_matches(claim.entries)
        for entry in claim.entries:
            arxiv_id = entry.paper.arxiv_id
            offer = _fit(entry, match, claim.subscription), claim.subscription.channel_id
            best[arxiv_id] = max(best.get(arxiv_id, offer), offer)
    return {arxiv_id: channel_id for arxiv_id, (_, channel_id) in best.items()} | dict(known)


def _fit(entry: DigestEntry, match: Match, subscription: Subscription) -> tuple[int, ...]:
    is_primary = entry.paper.primary_category in subscription.categories
    return (*match(entry), is_primary, -len(subscription.categories), -subscription.id)
