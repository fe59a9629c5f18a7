"""Which of the announced papers a channel gets, and why each of the others not.

Pure: listings, matches and what was delivered before go in, one decision per paper comes out.
"""

from collections.abc import Collection, Iterable, KeysView, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.digest.models import DigestEntry, ListedIn, Subscription
from bot.models import Announcement, AnnounceType, ArxivId, Listing, Paper, least_version


class Verdict(StrEnum):
    """What becomes of one announced paper in one channel.

    A paper is to be offered (``offer``) when the digest's cap leaves it out, and counts as offered
    from then on: no later digest posts it as new. What a person reads in a channel is not sent to
    that person as well (``read-elsewhere``). Where a server posts each paper in one channel, the
    others leave it to that one (``elsewhere``).
    """

    POST = "post"
    TYPE_NOT_FOLLOWED = "type-not-followed"
    NO_TOPIC_MATCHED = "no-topic-matched"
    POSTED_BEFORE = "posted-before"
    READ_ELSEWHERE = "read-elsewhere"
    ELSEWHERE = "elsewhere"
    OFFER = "offer"
    OFFERED_BEFORE = "offered-before"

    __hash__ = str.__hash__  # Python's own for members takes five times as long


POST, TYPE_NOT_FOLLOWED = Verdict.POST, Verdict.TYPE_NOT_FOLLOWED
"""Python takes longer to find a member in its enum than for all else that is done for a paper."""


IS_OFFERED = (Verdict.OFFER, Verdict.OFFERED_BEFORE)
"""A button of the digest opens it, or will."""


IS_SENT = (Verdict.POSTED_BEFORE, Verdict.OFFERED_BEFORE)
"""A message was planned for it before."""


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
    ``home`` is the channel of the server to which a paper is left.
    """

    entry: DigestEntry
    verdict: Verdict
    sent_version: int | None = None
    delivery: DeliveryStatus | None = None
    home: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """A paper and all listings of the followed categories that announced it."""

    paper: Paper
    listed_in: tuple[ListedIn, ...]


_WEIGHT = {announce_type: weight for weight, announce_type in enumerate(AnnounceType)}


def merge(categories: Iterable[str], listings: Sequence[Listing]) -> tuple[Announced, ...]:
    """Bring the listings of one date into the order of ``categories``, each paper once.

    Within a category the position decides; a paper of several stands where it appears first.
    """
    merged: dict[ArxivId, Announced] = {}
    for category in categories:
        for listing in listings:
            if listing.category == category:
                for announcement in sorted(listing.announcements, key=lambda each: each.position):
                    _add(merged, category, announcement)
    return tuple(merged.values())


def _add(merged: dict[ArxivId, Announced], category: str, announcement: Announcement) -> None:
    paper = announcement.paper
    listed = ListedIn(
        category=category,
        announce_type=announcement.announce_type,
        position=announcement.position,
    )
    known = merged.get(paper.arxiv_id)
    if known is None:
        merged[paper.arxiv_id] = Announced(paper=paper, listed_in=(listed,))
        return
    # Two listings read at different times may know different versions: the later text counts.
    newest = paper if paper.version > known.paper.version else known.paper
    is_repeat = any(
        (each.category, each.announce_type) == (listed.category, listed.announce_type)
        for each in known.listed_in
    )
    all_listed = known.listed_in if is_repeat else (*known.listed_in, listed)
    merged[paper.arxiv_id] = Announced(paper=newest, listed_in=all_listed)


class Decider:
    """Decides about the papers of a date, as `merge` gives them, for one channel after another.

    Most papers match nothing in most channels: what becomes of such a paper is decided once for all
    channels that follow the same types.
    """

    def __init__(self, announced: Iterable[Announced]) -> None:
        self._announced = tuple(announced)
        self._places = {each.paper.arxiv_id: at for at, each in enumerate(self._announced)}
        self._unmatched: dict[tuple[frozenset[AnnounceType], bool], tuple[Decision, ...]] = {}

    @property
    def arxiv_ids(self) -> KeysView[ArxivId]:
        return self._places.keys()

    def decide(
        self,
        subscription: Subscription,
        matches: Mapping[str, Collection[ArxivId]],
        delivered: Mapping[ArxivId, int],
        offered: Collection[ArxivId] = (),
    ) -> tuple[Decision, ...]:
        """Decide about every paper, in the order of the date.

        ``matches`` maps a topic's name to the identifiers its query found, ``delivered`` a paper to
        the highest version that the channel was sent; those ``offered`` were not posted.
        """
        followed = frozenset(subscription.announce_types)
        topics = _topics_of(subscription, matches)
        decisions = list(self._decide_unmatched(followed, has_topics=topics is not None))
        for arxiv_id, matched in (topics or {}).items():
            at = self._places.get(arxiv_id)
            if at is not None:
                decisions[at] = _with_topics(decisions[at], matched)
        for arxiv_id, version in delivered.items():
            at = self._places.get(arxiv_id)
            if at is not None:
                decisions[at] = _decide_one(
                    self._announced[at],
                    followed,
                    None if topics is None else topics.get(arxiv_id, ()),
                    version,
                    is_offered=arxiv_id in offered,
                )
        return tuple(decisions)

    def _decide_unmatched(
        self, followed: frozenset[AnnounceType], *, has_topics: bool
    ) -> tuple[Decision, ...]:
        """Decide about papers that match no topic and were never sent."""
        known = self._unmatched.get((followed, has_topics))
        if known is None:
            topics = () if has_topics else None
            known = tuple(_decide_one(each, followed, topics, None) for each in self._announced)
            self._unmatched[followed, has_topics] = known
        return known


def decide(
    *,
    subscription: Subscription,
    announced: Iterable[Announced],
    matches: Mapping[str, Collection[ArxivId]],
    delivered: Mapping[ArxivId, int],
) -> tuple[Decision, ...]:
    """Decide about every paper of a date for one channel, as `Decider.decide` does."""
    return Decider(announced).decide(subscription, matches, delivered)


def _topics_of(
    subscription: Subscription, matches: Mapping[str, Collection[ArxivId]]
) -> Mapping[ArxivId, tuple[str, ...]] | None:
    """Tell by paper which topics it matches, in the subscription's order; None without topics."""
    if subscription.takes_all:
        return None
    found: dict[ArxivId, tuple[str, ...]] = {}
    for topic in subscription.topics:
        for arxiv_id in () if topic.is_paused else matches.get(topic.name, ()):
            found[arxiv_id] = (*found.get(arxiv_id, ()), topic.name)
    return found


def _decide_one(
    announced: Announced,
    followed: Collection[AnnounceType],
    topics: tuple[str, ...] | None,
    sent_version: int | None,
    *,
    is_offered: bool = False,
) -> Decision:
    """Decide about a paper that matches ``topics``; None: the channel has none to match."""
    types = [each.announce_type for each in announced.listed_in]
    wanted = [each for each in types if each in followed]
    due = [each for each in wanted if _is_due(each, announced.paper.version, sent_version)]
    if not wanted:
        verdict = Verdict.TYPE_NOT_FOLLOWED
    elif not due:
        verdict = Verdict.OFFERED_BEFORE if is_offered else Verdict.POSTED_BEFORE
    elif topics is not None and not topics:
        verdict = Verdict.NO_TOPIC_MATCHED
    else:
        verdict = Verdict.POST
    entry = DigestEntry(
        paper=announced.paper,
        announce_type=_weightiest(due or wanted or types),
        listed_in=announced.listed_in,
        topics=topics or (),
    )
    return Decision(entry=entry, verdict=verdict, sent_version=sent_version)


def _with_topics(unmatched: Decision, topics: tuple[str, ...]) -> Decision:
    """Decide about a paper that was never sent and matches topics, as `_decide_one` does."""
    entry = unmatched.entry
    is_followed = unmatched.verdict is not TYPE_NOT_FOLLOWED
    return Decision(
        entry=DigestEntry(
            paper=entry.paper,
            announce_type=entry.announce_type,
            listed_in=entry.listed_in,
            topics=topics,
        ),
        verdict=POST if is_followed else TYPE_NOT_FOLLOWED,
    )


def _is_due(announce_type: AnnounceType, version: int, sent_version: int | None) -> bool:
    """Say whether an announcement is still to be posted: a paper once, a replacement per version.

    A late cross-list of a paper that was posted before brings nothing new to the channel.
    """
    if sent_version is None:
        return True
    return announce_type.is_replacement and least_version(version, announce_type) > sent_version


def _weightiest(types: Sequence[AnnounceType]) -> AnnounceType:
    return types[0] if len(types) == 1 else min(types, key=_WEIGHT.__getitem__)


def entries_of(decisions: Iterable[Decision], verdict: Verdict) -> list[DigestEntry]:
    """List the papers of which that was decided."""
    return [each.entry for each in decisions if each.verdict is verdict]


def leave_to_channels(
    decisions: Iterable[Decision], read: Collection[ArxivId]
) -> tuple[Decision, ...]:
    """Leave out what a person gets to ``read`` in channels."""
    return tuple(
        replace(each, verdict=Verdict.READ_ELSEWHERE)
        if each.verdict is POST and each.entry.paper.arxiv_id in read
        else each
        for each in decisions
    )


def leave_to_homes(
    decisions: Iterable[Decision], homes: Mapping[ArxivId, int]
) -> tuple[Decision, ...]:
    """Leave papers to the channels that ``homes`` names, of which none is the decisions' own."""
    return tuple(
        replace(each, verdict=Verdict.ELSEWHERE, home=homes[each.entry.paper.arxiv_id])
        if each.verdict is POST and each.entry.paper.arxiv_id in homes
        else each
        for each in decisions
    )


def cap_papers(decisions: Iterable[Decision], kept: Iterable[DigestEntry]) -> tuple[Decision, ...]:
    """Offer what was to be posted and is not among the ``kept`` papers."""
    kept_ids = {entry.paper.arxiv_id for entry in kept}
    return tuple(
        replace(each, verdict=Verdict.OFFER)
        if each.verdict is POST and each.entry.paper.arxiv_id not in kept_ids
        else each
        for each in decisions
    )
