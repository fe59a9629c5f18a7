"""Pausing and resuming a channel's digest by hand."""

from dataclasses import replace

import discord

from bot.cogs.admin import AdminCog, DigestChannel, guild_of, require_permissions
from bot.delivery.notices import post_refused, resumes_by_itself
from bot.digest.models import Reason, ReasonCode, Subscription, SubscriptionState
from bot.errors import InputError
from bot.ui.pause import describe_reason, say_paused, say_resumed

BY_ADMIN = Reason(code=ReasonCode.PAUSED_BY_ADMIN)


async def pause(cog: AdminCog, subscription: Subscription) -> str:
    """Pause a digest until an admin resumes it; returns what to say.

    A pause that would end by itself becomes one that does not.
    """
    is_paused = subscription.state is SubscriptionState.PAUSED
    if is_paused and not resumes_by_itself(subscription):
        raise InputError(
            f"This digest is already paused ({describe_reason(subscription)}); "
            "/digest resume resumes it."
        )
    channel_id = subscription.channel_id
    await cog.store.subscriptions.pause(channel_id, BY_ADMIN, is_final=True)
    waiting = await count_waiting(cog, channel_id)
    return say_paused(channel_id, waiting=waiting, window=cog.pipeline.intake.rules.catchup_window)


async def count_waiting(cog: AdminCog, channel_id: int) -> int:
    """Count the messages that are on their way to a channel."""
    queues = await cog.store.arrivals.list_queues()
    return sum(queue.messages for queue in queues if queue.channel_id == channel_id)


def require_paused(subscription: Subscription) -> None:
    if subscription.state is not SubscriptionState.PAUSED:
        raise InputError("This digest is not paused; /digest status says what comes next.")


def require_active(subscription: Subscription) -> None:
    """Raise unless something can be posted for this digest now."""
    if subscription.state is SubscriptionState.PAUSED:
        raise InputError(
            f"This digest is paused ({describe_reason(subscription)}), so nothing is posted; "
            "/digest resume resumes it."
        )


async def resume(
    cog: AdminCog, interaction: discord.Interaction, subscription: Subscription
) -> str:
    """Resume a paused digest where the bot may post; returns what to say."""
    require_paused(subscription)
    channel = guild_of(interaction).get_channel_or_thread(subscription.channel_id)
    if isinstance(channel, DigestChannel):
        require_permissions(channel, subscription.place)
    refused = await post_refused(cog.store, subscription.channel_id, cog.pipeline.now())
    await cog.store.subscriptions.resume(subscription.channel_id)
    cog.delivery.wake()
    active = replace(subscription, state=SubscriptionState.ACTIVE, paused_because=None)
    outlooks = await cog.pipeline.outlooks([active])
    troubles = await cog.store.troubles.list_open(subscription.guild_id)
    return say_resumed(
        active,
        outlooks[active.channel_id],
        window=cog.pipeline.intake.rules.catchup_window,
        troubles=sum(each.channel_id == active.channel_id for each in troubles),
        refused=refused,
    )
