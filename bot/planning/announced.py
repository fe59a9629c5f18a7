"""One announcement date, or the week that ends on it, as the store has it for some channels.

It is read and matched once, however many channels follow it.
"""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache, partial

from bot.digest.audit import check_listings
from bot.digest.build import build_digest
from bot.digest.models import Cadence, Digest, ListingCheck, Subscription
from bot.digest.select import (
    TYPE_NOT_FOLLOWED,
    Decider,
    Decision,
    leave_to_channels,
    leave_to_homes,
    merge,
)
from bot.digest.week import days_of
from bot.errors import InputError
from bot.models import ArxivId, Listing
from bot.query.ast import Query
from bot.query.parser import parse_query
from bot.store.follows import News
from bot.store.outbox.outbox import Parts
from bot.store.readers.tastes import Told
from bot.store.store import Store
from bot.turns import in_turns
from bot.ui.styles import QUIET_STYLE
from bot.ui.updates import leave_told

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncedDay:
    """One date, or the week that ends on it, as it was read for some channels at ``read_at``.

    ``decider`` is that of the papers that some categories announced; ``found`` says by query which
    of them it finds; ``checks`` say how the listings were checked. By channel, ``delivered`` are
    the versions that it was sent, ``offered`` the papers that were not posted but offered, and
    ``parts`` counts the date's messages. ``known_update`` is the number of the last
    update of papers that was stored then.
    ``days`` says of a week's papers when some categories announced each first.
    ``elsewhere`` are the papers of channels that people read instead, and ``news`` by person what
    became known of the papers that they follow. ``homes`` are by channel the papers that it leaves
    to other channels of its server, and to which. ``told`` is what their servers think of papers,
    where it was read for several channels at once.
    """

    day: date
    cadence: Cadence
    days: Callable[[tuple[str, ...]], Mapping[ArxivId, date]]
    read_at: datetime
    decider: Callable[[tuple[str, ...]], Decider]
    found: Mapping[str, Collection[ArxivId]]
    checks: Sequence[ListingCheck]
    known_update: int
    delivered: Mapping[int, Mapping[ArxivId, int]]
    offered: Mapping[int, Collection[ArxivId]]
    parts: Mapping[int, Parts]
    news: News
    elsewhere: Mapping[int, Collection[ArxivId]] = field(default_factory=dict)
    homes: Mapping[int, Mapping[ArxivId, int]] = field(default_factory=dict)
    told: Told | None = None

    def decide(self, subscription: Subscription) -> tuple[Decision, ...]:
        """Decide about every paper for one channel, without its limit."""
        decisions = self._decide(subscription)
        if homes := self.homes.get(subscription.channel_id):
            decisions = leave_to_homes(decisions, homes)
        read = [self.elsewhere[each] for each in subscription.reads if each in self.elsewhere]
        return leave_to_channels(decisions, set().union(*read)) if read else decisions

    def _decide(self, subscription: Subscription) -> tuple[Decision, ...]:
        return self.decider(subscription.categories).decide(
            subscription,
            {topic.name: self.found[topic.query] for topic in subscription.topics},
            self.delivered.get(subscription.channel_id, {}),
            self.offered.get(subscription.channel_id, ()),
        )

    def build(
        self,
        subscription: Subscription,
        decisions: Sequence[Decision],
        *,
        is_supplement: bool = False,
    ) -> Digest:
        """Assemble the digest of one channel from what was decided for it."""
        is_week = self.cadence is Cadence.WEEK
        return build_digest(
            subscription,
            self.day,
            decisions,
            checks=self.checks,
            is_supplement=is_supplement,
            cadence=self.cadence,
            days=self.days(subscription.categories) if is_week else {},
        )

    def is_quiet_for(self, digest: Subscription) -> bool:
        """Whether a person's digest has nothing to tell."""
        topics = (each for each in digest.topics if not each.is_paused)
        return digest.user_id not in self.news and not any(self.found[t.query] for t in topics)

    def count(self, digest: Subscription) -> int:
        """Count what was announced for a digest, whether it matches or not."""
        decisions = self.decider(digest.categories).decide(digest, {}, {})
        return sum(each.verdict is not TYPE_NOT_FOLLOWED for each in decisions)

    def forget_posted(self) -> "AnnouncedDay":
        """Return the day as if nothing had been posted or offered in any channel."""
        return replace(self, delivered={}, offered={})

    def take_back_offers(self) -> "AnnouncedDay":
        """Return the day as if nothing had been offered in any channel."""
        delivered = {
            channel_id: {
                arxiv_id: version
                for arxiv_id, version in versions.items()
                if arxiv_id not in self.offered.get(channel_id, ())
            }
            for channel_id, versions in self.delivered.items()
        }
        return replace(self, delivered=delivered, offered={})


async def read_day(
    store: Store,
    subscriptions: Sequence[Subscription],
    day: date,
    cadence: Cadence = Cadence.DAY,
    *,
    now: datetime,
) -> AnnouncedDay:
    """Read what these channels follow of ``day``, and match all their topics at once."""
    known_update = await store.edits.last_update()
    days = [day] if cadence is Cadence.DAY else days_of(day)
    categories = sorted({name for each in subscriptions for name in each.categories})
    read = [
        await store.papers.get_listing(category, each) for each in days for category in categories
    ]
    listings = [listing for listing in read if listing is not None]
    queries = {topic.query for each in subscriptions for topic in each.topics}
    arxiv_ids = {entry.paper.arxiv_id for each in listings for entry in each.announcements}
    channel_ids = [each.channel_id for each in subscriptions]
    people = [each.user_id for each in subscriptions if each.user_id is not None]
    found = await _match(store, queries, arxiv_ids)
    return AnnouncedDay(
        day=day,
        cadence=cadence,
        days=lru_cache(maxsize=16)(partial(_find_days, listings)),
        read_at=now,
        decider=lru_cache(maxsize=16)(partial(_make_decider, listings)),
        found=found,
        checks=await _read_checks(store, listings) if cadence is Cadence.DAY else (),
        known_update=known_update,
        delivered=await _read_delivered(store, subscriptions, arxiv_ids, cadence),
        offered=await store.outbox.find_offered(arxiv_ids, cadence, among=channel_ids),
        parts=await store.outbox.count_parts(channel_ids, day, cadence, but=QUIET_STYLE),
        news=_untold(await store.follows.list_news(people, known_update, now.date())),
    )


def _untold(news: News) -> News:
    """Leave out what people were told before their database was put back."""
    left = {
        person: [each for each in map(leave_told, papers) if each.updates]
        for person, papers in news.items()
    }
    return {person: papers for person, papers in left.items() if papers}


async def _read_checks(store: Store, listings: Sequence[Listing]) -> Sequence[ListingCheck]:
    """Say how the listings of one date were checked."""
    if not listings:
        return ()
    names = [each.category for each in listings]
    return check_listings(await store.intake.list_of(names, listings[0].announced_on))


async def _read_delivered(
    store: Store,
    subscriptions: Sequence[Subscription],
    arxiv_ids: Collection[ArxivId],
    cadence: Cadence,
) -> Mapping[int, Mapping[ArxivId, int]]:
    """Read what was sent before: to a channel in this cadence, to a person in any."""
    outbox = store.outbox
    if len(subscriptions) > 1:
        among = [each.channel_id for each in subscriptions]
        delivered = await outbox.delivered_anywhere(arxiv_ids, cadence, among=among)
    else:
        (channel_id,) = (each.channel_id for each in subscriptions)
        sent = await outbox.delivered_versions(channel_id, arxiv_ids, cadence)
        delivered = {channel_id: sent}
    people = [each.channel_id for each in subscriptions if each.user_id is not None]
    if people:
        (other,) = (each for each in Cadence if each is not cadence)
        otherwise = await outbox.delivered_anywhere(arxiv_ids, other, among=people)
        for channel_id in people:
            delivered[channel_id] = {
                **otherwise.get(channel_id, {}),
                **delivered.get(channel_id, {}),
            }
    return delivered


async def _match(
    store: Store, texts: Collection[str], arxiv_ids: Collection[ArxivId]
) -> Mapping[str, Collection[ArxivId]]:
    """Return for each query which of the papers it finds; the same as a search would."""
    queries: dict[str, Query] = {}
    async for text in in_turns(sorted(texts)):
        try:
            queries[text] = parse_query(text)
        except InputError as error:
            # Saved by another version of the language: the topic waits for its admin.
            log.warning("topic not readable: %s", error, extra={"query": text})
    if not queries:
        return dict.fromkeys(texts, ())
    found = await store.search.match_many(list(queries.values()), arxiv_ids)
    return {**dict.fromkeys(texts, ()), **dict(zip(queries, found, strict=True))}


def _find_days(listings: Sequence[Listing], categories: tuple[str, ...]) -> Mapping[ArxivId, date]:
    """Find when some categories announced each paper first; ``listings`` are oldest first."""
    days: dict[ArxivId, date] = {}
    for listing in listings:
        if listing.category in categories:
            for each in listing.announcements:
                days.setdefault(each.paper.arxiv_id, listing.announced_on)
    return days


def _make_decider(listings: Sequence[Listing], categories: tuple[str, ...]) -> Decider:
    return Decider(merge(categories, listings))
