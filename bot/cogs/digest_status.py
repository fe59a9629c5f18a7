"""What `/digest status` shows, gathered from the store, the outbox, intake and Discord."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import discord

from bot.cogs.admin import AdminCog, channel_links, guild_of, say_lacking_tag
from bot.cogs.pings import say_ping_problem
from bot.delivery.notices import resumes_by_itself
from bot.delivery.posts import lacks_tag
from bot.digest.arrival import Arrival, Queue, estimate_arrivals
from bot.digest.due import following
from bot.digest.messages import DeliveryRecord
from bot.digest.models import Place, Subscription
from bot.digest.outlook import KnownDays, list_skipped, look_ahead
from bot.models import IntakeStatus
from bot.ui.digest_status import ChannelStatus, Wait, render_statuses
from bot.ui.intake import say_state
from bot.ui.permissions import missing_there

DIGESTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What is the same for all digests of an answer."""

    now: datetime
    known: KnownDays
    intake: Mapping[str, IntakeStatus]
    queues: Mapping[int, Queue]
    arrivals: Mapping[int, Arrival]
    troubles: Sequence[DeliveryRecord]


async def show_status(
    cog: AdminCog, interaction: discord.Interaction, subscriptions: Sequence[Subscription]
) -> None:
    """Answer with the status of ``subscriptions``, of which there is at least one."""
    guild = guild_of(interaction)
    statuses = await gather_statuses(cog, guild, subscriptions)
    now = cog.pipeline.now()
    content = await say_hindrance(cog, now)
    embeds = render_statuses(statuses, now=now)
    await interaction.edit_original_response(content=content, embeds=embeds)


async def gather_statuses(
    cog: AdminCog, guild: discord.Guild, subscriptions: Sequence[Subscription]
) -> list[ChannelStatus]:
    """Gather all that is to be said about these digests."""
    overview = await _gather(cog, guild.id, subscriptions)
    links = channel_links(guild, subscriptions)
    return [
        await _status(cog, overview, each, guild, links[each.channel_id]) for each in subscriptions
    ]


async def _gather(cog: AdminCog, guild_id: int, subscriptions: Sequence[Subscription]) -> Overview:
    now, store, speed = cog.pipeline.now(), cog.store, cog.delivery.settings
    queues = await store.arrivals.list_queues()
    arrivals = estimate_arrivals(queues, now=now, pace_per_s=speed.pace_per_s, lanes=speed.lanes)
    return Overview(
        now=now,
        known=await cog.pipeline.known_days(subscriptions),
        intake=await cog.pipeline.intake.statuses(),
        queues={queue.channel_id: queue for queue in queues},
        arrivals=arrivals,
        troubles=await store.troubles.list_open(guild_id),
    )


async def _status(
    cog: AdminCog, overview: Overview, subscription: Subscription, guild: discord.Guild, link: str
) -> ChannelStatus:
    channel_id = subscription.channel_id
    outlook = look_ahead(subscription, overview.known, now=overview.now)
    digests = await cog.store.arrivals.list_digests(channel_id, DIGESTS)
    skipped = list_skipped(subscription, overview.known, now=overview.now)
    known = [each.announced_on for each in digests if each.announced_on >= overview.known.since]
    waits = _waits(overview, outlook.day, outlook.waits_for)
    is_asked = outlook.at is None or any(
        (wait.category, outlook.day) in overview.known.records for wait in waits
    )
    channel = guild.get_channel_or_thread(channel_id)
    return ChannelStatus(
        subscription=subscription,
        channel=link,
        outlook=outlook,
        resumes_by_itself=resumes_by_itself(subscription),
        lacks=_lacking(channel, subscription.place),
        hints=_hints(channel, subscription),
        waits=waits if is_asked else (),
        digests=digests,
        without={day: _asked_in_vain(overview, subscription, day) for day in known},
        skipped={day: _not_stored(overview, subscription, day) for day in skipped},
        queue=overview.queues.get(channel_id),
        arrival=overview.arrivals.get(channel_id),
        troubles=[each for each in overview.troubles if each.channel_id == channel_id],
    )


def _asked_in_vain(overview: Overview, subscription: Subscription, day: date) -> list[Wait]:
    """Say which listings a digest lacked; what was not asked for was not followed then."""
    waits = _not_stored(overview, subscription, day)
    return [wait for wait in waits if (wait.category, day) in overview.known.records]


def _not_stored(overview: Overview, subscription: Subscription, day: date) -> list[Wait]:
    stored = overview.known.numbers
    followed = following(subscription, day, overview.now).categories
    missing = [each for each in followed if (each, day) not in stored]
    return _waits(overview, day, missing)


def _waits(overview: Overview, day: date, categories: Sequence[str]) -> list[Wait]:
    """Say why the listings of these categories are not there, and when arXiv is asked again."""
    waits = []
    for category in categories:
        record = overview.known.records.get((category, day))
        why = say_state(record) if record else ""
        is_over = record is not None and record.is_closed
        status = overview.intake.get(category)
        waits.append(
            Wait(
                category=category,
                why=why or "arXiv has not been asked yet",
                asked_at=status.next_poll if status and not is_over else None,
            )
        )
    return waits


def _hints(
    channel: discord.abc.GuildChannel | discord.Thread | None, subscription: Subscription
) -> list[str]:
    """Say what of the channel's and the server's settings is in a digest's way."""
    roles = {
        role
        for role in (subscription.ping_role, *(each.ping_role for each in subscription.topics))
        if role is not None
    }
    hints = [say_ping_problem(channel, role) for role in sorted(roles)]
    if isinstance(channel, discord.ForumChannel) and lacks_tag(channel, subscription.categories):
        hints.append(say_lacking_tag(channel.name, subscription.categories))
    return [hint for hint in hints if hint]


def _lacking(channel: discord.abc.GuildChannel | discord.Thread | None, place: Place) -> list[str]:
    """Name the permissions that the bot lacks; none where the channel is not known."""
    if channel is None:
        return []
    return missing_there(channel, channel.permissions_for(channel.guild.me), place)


async def say_hindrance(cog: AdminCog, now: datetime) -> str | None:
    """Say what holds up posting everywhere, if anything does."""
    held_until = cog.delivery.held_until
    if await cog.store.restored.is_waiting():
        return (
            "The database was restored from a backup. Nothing is posted until I have checked what "
            "the channels already have."
        )
    if cog.delivery.is_short_of_space:
        return (
            "Nothing is posted anywhere at the moment: the disk of the machine I run on is nearly "
            "full. The person who runs this bot needs to free some space."
        )
    if held_until is not None and now < held_until:
        return (
            "Nothing is posted anywhere at the moment: Discord is blocking me, and I try again "
            f"<t:{int(held_until.timestamp())}:R>."
        )
    return None
