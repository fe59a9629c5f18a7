"""`/digest why`: what became of one paper in one channel, or of all of a date."""

from datetime import date

import discord

from bot.cogs.admin import AdminCog, channel_links
from bot.digest.messages import DeliveryRecord, DeliveryState
from bot.digest.models import Cadence, Subscription
from bot.digest.select import Decision, Verdict
from bot.digest.week import find_end
from bot.models import ArxivId
from bot.ui.day import DayStory, render_day
from bot.ui.intake import say_state
from bot.ui.why import DatedDecision, say_unknown, say_why

MAX_DAYS = 3
"""Few papers are announced more often: new, and as a replacement now and then."""


async def explain_paper(cog: AdminCog, subscription: Subscription, arxiv_id: ArxivId) -> str:
    """Say for each date on which the followed categories announced the paper what became of it."""
    stored = await cog.store.papers.get_paper(arxiv_id)
    days = await cog.store.arrivals.list_days(arxiv_id, subscription.categories, MAX_DAYS)
    if stored is None or not days:
        return say_unknown(subscription, arxiv_id, stored)
    posted = await cog.store.outbox.find_messages(subscription.guild_id, [arxiv_id])
    message = posted.get(arxiv_id)
    is_here = message is not None and message.channel_id == subscription.channel_id
    dated = [
        await _decide(cog, subscription, arxiv_id, day, cadence)
        for day in days
        for cadence in subscription.cadences
    ]
    return say_why(subscription, stored.paper, dated, posted=message if is_here else None)


async def explain_day(
    cog: AdminCog, guild: discord.Guild, subscription: Subscription, day: date
) -> discord.Embed:
    """Say how the listings and the digest of a date came about."""
    steps = await cog.store.intake.history(subscription.categories, day)
    outlooks = await cog.pipeline.outlooks([subscription])
    records = await cog.store.outbox.list_deliveries(subscription.channel_id, day)
    return render_day(
        DayStory(
            subscription=subscription,
            channel=channel_links(guild, [subscription])[subscription.channel_id],
            day=day,
            outlook=outlooks[subscription.channel_id],
            steps={each: steps[each] for each in subscription.categories if each in steps},
            without={
                each: await _why_unasked(cog, each, day)
                for each in subscription.categories
                if each not in steps
            },
            announced=len(await cog.pipeline.decisions.decide(subscription, day)),
            messages=[each for each in records if await _is_part(cog, each)],
        )
    )


async def _why_unasked(cog: AdminCog, category: str, day: date) -> str:
    """Say why a category's listing was never judged."""
    if await cog.store.papers.get_listing(category, day) is not None:
        return "it was imported, not read from an announcement"
    record = await cog.store.intake.get_record(category, day)
    return (say_state(record) if record else "") or "arXiv was not asked about it"


async def _is_part(cog: AdminCog, record: DeliveryRecord) -> bool:
    """Whether a message still counts: one that was split or given up has no papers left."""
    return record.state is not DeliveryState.FAILED or bool(
        await cog.store.outbox.list_papers(record.id)
    )


async def _decide(
    cog: AdminCog, subscription: Subscription, arxiv_id: ArxivId, day: date, cadence: Cadence
) -> DatedDecision:
    is_week = cadence is Cadence.WEEK
    named = find_end(day, subscription.weekday) if is_week else day
    decisions = await cog.pipeline.decisions.explain(subscription, named, cadence)
    decision = next(each for each in decisions if each.entry.paper.arxiv_id == arxiv_id)
    is_next = await _is_next(cog, subscription, named, decision, cadence)
    return DatedDecision(day=named, decision=decision, is_next=is_next, cadence=cadence)


async def _is_next(
    cog: AdminCog, subscription: Subscription, day: date, decision: Decision, cadence: Cadence
) -> bool:
    """Whether a paper that is not posted yet comes with the next digest."""
    if decision.verdict not in (Verdict.POST, Verdict.OFFER):
        return False
    outlook = (await cog.pipeline.outlooks([subscription]))[subscription.channel_id]
    if cadence is Cadence.WEEK:
        return outlook.week is not None and outlook.week.end == day
    return outlook.day == day
