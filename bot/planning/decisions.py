"""Which papers a channel gets, and why: decided now, from what is stored. Plans nothing."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

from bot.arxiv.calendar import announcement_day, announcement_days
from bot.digest.audit import DayAudit, count_whereabouts
from bot.digest.due import following
from bot.digest.models import Cadence, Digest, DigestEntry, Subscription, SubscriptionState
from bot.digest.rank import NO_LIKES, put_best_first
from bot.digest.select import IS_SENT, Decision, Verdict, cap_papers, entries_of
from bot.digest.week import count_shown, find_end
from bot.errors import BotError
from bot.models import ArxivId, Clock, Likes
from bot.planning.announced import AnnouncedDay, read_day
from bot.planning.once import find_all_homes, list_rivals
from bot.store.readers.tastes import Told
from bot.store.store import Store
from bot.ui.styles import style_of

log = logging.getLogger(__name__)


class Decisions:
    """Decides for one channel at a time. A week is named by its last day."""

    def __init__(self, store: Store, *, now: Clock) -> None:
        self._store = store
        self._now = now

    async def decide(
        self,
        subscription: Subscription,
        day: date,
        cadence: Cadence = Cadence.DAY,
        *,
        from_scratch: bool = False,
    ) -> tuple[Decision, ...]:
        """Decide for every announced paper of ``day`` whether the channel gets it, and why.

        ``from_scratch`` decides as if nothing had been posted.
        """
        announced = await self.read([subscription], day, cadence)
        return await self.decide_from(
            announced.forget_posted() if from_scratch else announced, subscription
        )

    async def decide_day_of_week(
        self, subscription: Subscription, day: date
    ) -> tuple[Decision, ...]:
        """Decide for the papers of the week of ``day`` that were announced first on it."""
        end = find_end(day, subscription.weekday)
        announced = await self.read([subscription], end, Cadence.WEEK)
        days = announced.days(subscription.categories)
        decisions = await self.decide_from(announced, subscription)
        return tuple(each for each in decisions if days[each.entry.paper.arxiv_id] == day)

    async def decide_from(
        self, announced: AnnouncedDay, subscription: Subscription
    ) -> tuple[Decision, ...]:
        """Decide from a day that was read; what is above the channel's limit is offered."""
        decisions = announced.decide(subscription)
        if subscription.user_id is not None:
            return decisions  # a person asked for all of it
        is_week = announced.cadence is Cadence.WEEK
        cap = count_shown(subscription) if is_week else subscription.cap
        if not cap:
            return decisions
        posted = entries_of(decisions, Verdict.POST)
        if len(posted) <= cap:
            return decisions
        if _is_ranked(subscription, announced.cadence):
            likes = await self._compare(subscription, posted, announced.told)
            posted = [*put_best_first(posted, likes)]
        return cap_papers(decisions, posted[:cap])

    async def read(
        self, subscriptions: Sequence[Subscription], day: date, cadence: Cadence = Cadence.DAY
    ) -> AnnouncedDay:
        """Read a day for some channels at once, to decide from it for each of them."""
        store, now = self._store, self._now()
        read = {channel_id for each in subscriptions for channel_id in each.reads}
        channels = await store.subscriptions.list_of_channels(read)
        is_daily = cadence is Cadence.DAY
        here = [*subscriptions, *channels]
        rivals = await list_rivals(store, here, day, now=now) if is_daily else []
        announced = await read_day(store, [*here, *rivals], day, cadence, now=now)
        if is_daily:
            others = [*channels, *rivals]
            homes = await find_all_homes(store, announced, subscriptions, others, now=now)
            announced = replace(announced, homes=homes)
        announced = replace(announced, told=await self._read_told(subscriptions, cadence))
        elsewhere = {each.channel_id: await self._find_read(announced, each) for each in channels}
        return replace(announced, elsewhere=elsewhere) if elsewhere else announced

    async def _find_read(
        self, announced: AnnouncedDay, channel: Subscription
    ) -> Collection[ArxivId]:
        """Find what a channel has, or is to get, posted or behind a button, in any cadence."""
        arxiv_ids = announced.decider(channel.categories).arxiv_ids
        had = [
            await self._store.outbox.delivered_versions(channel.channel_id, arxiv_ids, each)
            for each in Cadence
        ]
        if channel.state is not SubscriptionState.ACTIVE:
            return set().union(*had)
        followed = following(channel, announced.day, self._now())
        coming = entries_of(announced.decide(followed), Verdict.POST)
        return {each.paper.arxiv_id for each in coming}.union(*had)

    async def preview(
        self,
        subscription: Subscription,
        day: date,
        cadence: Cadence = Cadence.DAY,
        *,
        from_scratch: bool = False,
        with_offered: bool = False,
    ) -> Digest:
        """Build the digest that would be posted for ``day`` now; stores nothing."""
        announced = await self.read([subscription], day, cadence)
        if from_scratch:
            announced = announced.forget_posted()
        if with_offered:
            subscription, announced = replace(subscription, cap=0), announced.take_back_offers()
        return announced.build(subscription, await self.decide_from(announced, subscription))

    async def likes(
        self, subscription: Subscription, digest: Digest, told: Told | None = None
    ) -> Likes:
        """Say which papers of a digest are like those that its server liked.

        They only order the digest, so it does without rather than fail. ``told`` is what was read
        of it with that of other servers.
        """
        if not _is_ranked(subscription, digest.cadence):
            return NO_LIKES
        return await self._compare(subscription, digest.entries, told)

    async def _read_told(
        self, subscriptions: Sequence[Subscription], cadence: Cadence
    ) -> Told | None:
        """Read what the servers of several channels think of papers; for one it is read later."""
        ranked = [each for each in subscriptions if _is_ranked(each, cadence)]
        if len(ranked) < 2:
            return None
        guild_ids = dict.fromkeys(each.guild_id for each in ranked)
        try:
            return await self._store.tastes.read(guild_ids, [each.channel_id for each in ranked])
        except BotError as error:
            log.warning("likes read one by one: %s", error)
            return None

    async def _compare(
        self, subscription: Subscription, entries: Sequence[DigestEntry], told: Told | None
    ) -> Likes:
        if not entries:
            return NO_LIKES
        try:
            return await self._store.tastes.compare(
                subscription.guild_id,
                subscription.channel_id,
                subscription.categories,
                [entry.paper for entry in entries],
                told,
            )
        except BotError as error:
            log.warning("digest without likes: %s", error)
            return NO_LIKES

    async def explain(
        self, subscription: Subscription, day: date, cadence: Cadence = Cadence.DAY
    ) -> tuple[Decision, ...]:
        """Decide as `decide` does, and say what became of papers that were not posted after all."""
        return await self._explain(
            subscription, await self.decide(subscription, day, cadence), cadence
        )

    async def _explain(
        self, subscription: Subscription, decisions: Sequence[Decision], cadence: Cadence
    ) -> tuple[Decision, ...]:
        before = [each.entry.paper.arxiv_id for each in decisions if each.verdict in IS_SENT]
        statuses = await self._store.arrivals.find_statuses(
            subscription.channel_id, before, cadence
        )
        return tuple(
            replace(each, delivery=statuses.get(each.entry.paper.arxiv_id)) for each in decisions
        )

    async def audit(
        self,
        subscription: Subscription,
        since: date,
        until: date,
        cadence: Cadence = Cadence.DAY,
    ) -> list[DayAudit]:
        """Account for every paper announced for a channel, date by date, oldest first."""
        days = set(announcement_days(since, min(until, announcement_day(self._now()))))
        for category, day in await self._store.digests.listings_since(since):
            if category in subscription.categories and day <= until:
                days.add(day)
        return [await self._audit_day(subscription, day, cadence) for day in sorted(days)]

    async def _audit_day(self, subscription: Subscription, day: date, cadence: Cadence) -> DayAudit:
        if cadence is Cadence.DAY:
            posted_with, decisions = day, await self.decide(subscription, day)
        else:
            posted_with = find_end(day, subscription.weekday)
            decisions = await self.decide_day_of_week(subscription, day)
        decisions = await self._explain(subscription, decisions, cadence)
        arxiv_ids = [each.entry.paper.arxiv_id for each in decisions]
        posted_on = await self._store.arrivals.find_days(
            subscription.channel_id, arxiv_ids, cadence
        )
        records = await self._store.intake.list_of(subscription.categories, day)
        return DayAudit(
            day=day,
            papers=count_whereabouts(posted_with, decisions, posted_on),
            records=tuple(records),
        )


def _is_ranked(subscription: Subscription, cadence: Cadence) -> bool:
    """Whether likes order a digest: they are those of servers, so never that of a person."""
    is_of_server = subscription.user_id is None
    return is_of_server and (cadence is Cadence.WEEK or style_of(subscription.style).is_ranked)
