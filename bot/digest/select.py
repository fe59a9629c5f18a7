"""Which of the announced papers a channel gets, and why each of the others not.

Pure: listings, matches and what was delivered before go in, one decision per paper comes out.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.digest.models import DigestEntry, ListedIn, Subscription
from bot.models import Announcement, AnnounceType, ArxivId, Listing, Paper, least_version


class Verdict(StrEnum):
    """What becomes of one announced paper in one channel."""

    POST = "post"
    TYPE_NOT_FOLLOWED = "type-not-followed"
    NO_TOPIC_MATCHED = "no-topic-matched"
    POSTED_BEFORE = "posted-before"


class DeliveryStatus(StrEnum):
    """What became of a planned message that is not (known to be) in its channel."""

    ON_ITS_WAY = "on-its-way"
    FAILED = "failed"
    UNKNOWN = "unknown"
    LEFT = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One announced paper and what becomes of it in the channel.

    ``sent_version`` is the highest version that the channel was sent, None while it got none.
    ``delivery`` says what became of the message of a paper that counts as posted; None: it arrived.
    """

    entry: DigestEntry
    verdict: Verdict
    sent_version: int | None = None
    delivery: DeliveryStatus | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Announced:
    """A paper and all listings of the followed categories that announced it."""

    paper: Paper
    listed_in: tuple[ListedIn, ...]


_WEIGHT = {announce_type: weight for weight, announce_type in enumerate(AnnounceType)}


def decide(
    *,
    subscription: Subscription,
    listings: Sequence[Listing],
    matches: Mapping[str, Collection[ArxivId]],
    delivered: Mapping[ArxivId, int],
) -> tuple[Decision, ...]:
    """Decide about every paper that the followed categories announced on one date.

    The order is the listings' own: categories as the subscription names them, then position; a
    paper of several categories stands where it appears first. ``matches`` maps a topic's name to
    the identifiers its query found, ``delivered`` a paper to the highest version that the channel
    was sent.
    """
    return tuple(
        _decide_one(announced, subscription, matches, delivered)
        for announced in _merge(subscription, listings)
    )


def _merge(subscription: Subscription, listings: Sequence[Listing]) -> list[_Announced]:
    """Bring the listings into the subscription's order, each paper once."""
    merged: dict[ArxivId, _Announced] = {}
    for category in subscription.categories:
        for listing in listings:
            if listing.category == category:
                for announcement in sorted(listing.announcements, key=lambda each: each.position):
                    _add(merged, category, announcement)
    return list(merged.values())


def _add(merged: dict[ArxivId, _Announced], category: str, announcement: Announcement) -> None:
    paper = announcement.paper
    listed = ListedIn(
        category=category,
        announce_type=announcement.announce_type,
        position=announcement.position,
    )
    known = merged.get(paper.arxiv_id)
    if known is None:
        merged[paper.arxiv_id] = _Announced(paper=paper, listed_in=(listed,))
        return
    # Two listings read at different times may know different versions: the later text counts.
    newest = paper if paper.version > known.paper.version else known.paper
    is_repeat = any(
        (each.category, each.announce_type) == (listed.category, listed.announce_type)
        for each in known.listed_in
    )
    all_listed = known.listed_in if is_repeat else (*known.listed_in, listed)
    merged[paper.arxiv_id] = _Announced(paper=newest, listed_in=all_listed)


def _decide_one(
    announced: _Announced,
    subscription: Subscription,
    matches: Mapping[str, Collection[ArxivId]],
    delivered: Mapping[ArxivId, int],
) -> Decision:
    paper = announced.paper
    types = {each.announce_type for each in announced.listed_in}
    followed = types.intersection(subscription.announce_types)
    sent_version = delivered.get(paper.arxiv_id)
    due = {
        each for each in followed if _is_due(each, least_version(paper.version, each), sent_version)
    }
    entry = DigestEntry(
        paper=paper,
        announce_type=_weightiest(due or followed or types),
        listed_in=announced.listed_in,
        topics=tuple(
            topic.name
            for topic in subscription.topics
            if paper.arxiv_id in matches.get(topic.name, ())
        ),
    )
    if not followed:
        verdict = Verdict.TYPE_NOT_FOLLOWED
    elif not due:
        verdict = Verdict.POSTED_BEFORE
    elif subscription.topics and not entry.topics:
        verdict = Verdict.NO_TOPIC_MATCHED
    else:
        verdict = Verdict.POST
    return Decision(entry=entry, verdict=verdict, sent_version=sent_version)


def _is_due(announce_type: AnnounceType, version: int, sent_version: int | None) -> bool:
    """Say whether an announcement is still to be posted: a paper once, a replacement per version.

    A late cross-list of a paper that was posted before brings nothing new to the channel.
    """
    if sent_version is None:
        return True
    return announce_type.is_replacement and version > sent_version


def _weightiest(types: Iterable[AnnounceType]) -> AnnounceType:
    return min(types, key=_WEIGHT.__getitem__)
