"""Setting a digest up or changing it, by the options of a command or by a form. Posts nothing."""

from dataclasses import dataclass, replace

import discord

from bot.arxiv.calendar import announcement_day
from bot.cogs.admin import (
    AdminCog,
    DigestChannel,
    place_in,
    require_permissions,
    require_tag,
)
from bot.cogs.digest_pause import require_active
from bot.cogs.options import SetupOptions, Wishes, read_wishes
from bot.cogs.pings import read_ping
from bot.cogs.topic_saving import draft_of_query, require_room
from bot.delivery.reconcile import may_repeat
from bot.digest.models import Cadence, Subscription, Topic
from bot.digest.tally import count_papers
from bot.digest.week import find_end
from bot.digest.zones import list_zones
from bot.ui.drafts import Draft
from bot.ui.setup import Newest


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A digest after it was set up or changed, and ``before``, if it was there."""

    subscription: Subscription
    before: Subscription | None
    wishes: Wishes


async def apply_options(
    cog: AdminCog, interaction: discord.Interaction, here: DigestChannel, options: SetupOptions
) -> Done:
    """Do what the options say; raises `InputError`, and changes nothing, where they are wrong."""
    before = await cog.store.subscriptions.get_subscription(here.id)
    wishes = read_wishes(before, options, zones=list_zones())
    draft = draft_of_query(options.query) if options.query is not None else None
    place = place_in(here, wishes.place, before.place if before else None)
    require_permissions(here, place)
    require_tag(here, wishes.categories)
    if before and may_repeat(before):
        require_active(before)
    role = wishes.options.ping_role
    if options.ping:
        role = read_ping(interaction, here, options.ping)
    wishes = replace(wishes, options=replace(wishes.options, place=place, ping_role=role))
    subscription = await _store(cog, here, before, wishes, draft)
    return Done(subscription=subscription, before=before, wishes=wishes)


async def _store(
    cog: AdminCog,
    here: DigestChannel,
    before: Subscription | None,
    wishes: Wishes,
    draft: Draft | None,
) -> Subscription:
    store = cog.store.subscriptions
    if draft and before:
        await require_room(cog, before, draft)
    subscription = await store.set_subscription(
        guild_id=here.guild.id,
        channel_id=here.id,
        categories=wishes.categories,
        announce_types=wishes.announce_types,
        post_at=wishes.post_at,
        zone=wishes.zone,
        style=wishes.style,
        options=wishes.options,
        now=cog.pipeline.now(),
        out=await cog.pipeline.intake.count_as_out(wishes.categories),
    )
    if draft is not None:
        await store.put_topic(here.id, Topic(name=draft.name, query=draft.query), instead_of="")
    new = [each for each in wishes.categories if not before or each not in before.categories]
    late = await cog.pipeline.intake.find_late(new)
    await store.begin_with(here.id, announcement_day(cog.pipeline.now()), late)
    return await store.get_subscription(here.id) or subscription


async def find_newest(
    cog: AdminCog, subscription: Subscription, cadence: Cadence | None = None
) -> Newest | None:
    """Count the newest list of a channel, or the week that it is in; None while none is stored.

    Without a ``cadence`` that of the channel counts, for both the day.
    """
    newest = cog.store.papers.latest_listing_date
    days = [day for each in subscription.categories if (day := await newest(each)) is not None]
    if not days or not subscription.cadences:
        return None
    cadence = cadence or subscription.cadences[0]
    day, stored = max(days), days.count(max(days))
    if cadence is Cadence.WEEK:
        day, stored = find_end(day, subscription.weekday), len(days)
    decisions = await cog.pipeline.decisions.decide(subscription, day, cadence)
    return Newest(
        day=day,
        tally=count_papers(subscription, decisions),
        today=announcement_day(cog.pipeline.now()),
        stored=stored,
        followed=len(subscription.categories),
        cadence=cadence,
    )
