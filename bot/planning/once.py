"""Where a server posts each paper once: which channel has or gets what others leave to it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from bot.arxiv.calendar import announcement_day
from bot.digest.decided import as_decided
from bot.digest.due import following
from bot.digest.models import NO_GUILD, Cadence, Subscription, SubscriptionState
from bot.digest.once import Claim, find_homes
from bot.digest.select import Verdict, entries_of
from bot.models import ArxivId
from bot.planning.announced import AnnouncedDay
from bot.store.store import Store

WAITED: Final = timedelta(days=1)
"""For so long after its date a paper is left to a channel whose digest has not come: the latest
time of day in the westernmost zone is on the next day."""

Homes = Mapping[int, Mapping[ArxivId, int]]
"""By channel the papers that it leaves to others, and to which."""


async def list_rivals(
    store: Store, subscriptions: Sequence[Subscription], day: date, *, now: datetime
) -> list[Subscription]:
    """List the other channels of the servers that post each paper once, as ``day`` has them."""
    guilds = {each.guild_id for each in subscriptions if each.user_id is None} - {NO_GUILD}
    if not guilds or not (guilds := guilds & await store.once.list_guilds()):
        return []
    ours = {each.channel_id for each in subscriptions}
    return [
        following(each, day, now)
        for guild_id in sorted(guilds)
        for each in await store.subscriptions.list_subscriptions(guild_id)
        if each.channel_id not in ours and _takes_part(each)
    ]


def _takes_part(subscription: Subscription) -> bool:
    is_active = subscription.state is SubscriptionState.ACTIVE
    return is_active and Cadence.DAY in subscription.cadences


async def find_all_homes(
    store: Store,
    announced: AnnouncedDay,
    planned: Sequence[Subscription],
    others: Sequence[Subscription],
    *,
    now: datetime,
) -> Homes:
    """Find what channels leave to others of their server, in a digest that is ``planned`` or not.

    The ``others`` get a paper only where their digest of the date is still to come.
    """
    homes: dict[int, Mapping[ArxivId, int]] = {}
    here = {each.guild_id for each in (*planned, *others) if each.user_id is None}
    guilds = here & await store.once.list_guilds()
    waiting = await _list_waiting(store, announced, others, now) if guilds else []
    able = {each.channel_id for each in (*waiting, *filter(_takes_part, planned))}
    for guild_id in guilds:
        claims = [
            _claim(announced, each) for each in (*planned, *others) if each.guild_id == guild_id
        ]
        bids = [each for each in claims if each.subscription.channel_id in able]
        found = find_homes(bids, await _find_known(store, guild_id, claims))
        for claim in claims:
            own = claim.subscription.channel_id
            ids = [each.paper.arxiv_id for each in claim.entries]
            homes[own] = {each: found[each] for each in ids if found.get(each, own) != own}
    return homes


async def _list_waiting(
    store: Store, announced: AnnouncedDay, others: Sequence[Subscription], now: datetime
) -> list[Subscription]:
    """List the channels whose digest of the date is still to come."""
    if announced.day < announcement_day(now) - WAITED:
        return []
    decided = await store.digests.list_of([each.channel_id for each in others], announced.day)
    waiting = [each for each in others if (each.channel_id, announced.day) not in decided]
    return [each for each in waiting if _takes_part(each)]


def _claim(announced: AnnouncedDay, subscription: Subscription) -> Claim:
    decisions = announced.decide(subscription)
    return Claim(subscription, entries_of(decisions, Verdict.POST))


async def _find_known(store: Store, guild_id: int, claims: Sequence[Claim]) -> dict[ArxivId, int]:
    """Find the channels that have papers, in the version that was announced or a newer one."""
    wanted = {each.paper.arxiv_id: each.least_version for claim in claims for each in claim.entries}
    held = await store.once.find_held(guild_id, wanted)
    return {
        arxiv_id: each.channel_id
        for arxiv_id, each in held.items()
        if each.version >= wanted[arxiv_id]
    }


async def list_lost(
    store: Store, subscriptions: Sequence[Subscription], since: date, *, now: datetime
) -> list[tuple[date, Subscription]]:
    """List the digests that left papers to a channel which does not have them now.

    Each comes with the settings with which it was decided.
    """
    waited = announcement_day(now) - WAITED
    lost = await store.once.list_lost(since, waited)
    if not lost:
        return []
    channels = {channel_id for channel_id, _ in lost}
    by_channel = {each.channel_id: each for each in subscriptions if each.channel_id in channels}
    decided = await store.digests.list_of(by_channel, since)
    return [
        (day, as_decided(following(by_channel[channel_id], day, now), record.settings))
        for channel_id, day in lost
        if channel_id in by_channel and (record := decided.get((channel_id, day)))
    ]
