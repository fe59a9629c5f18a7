"""Posting a digest on request; where it is many messages, that is said and asked first."""

from dataclasses import replace
from typing import Final

import discord

from bot.cogs.admin import AdminCog, digest_cog
from bot.cogs.answers import StateButton, defer_beside_panel
from bot.cogs.digest_pause import require_active
from bot.digest.models import Cadence, Subscription
from bot.text.words import count_of
from bot.ui.layout import lay_out
from bot.ui.replies import SendOutcome, say_sent
from bot.ui.setup import say_sure_to_send
from bot.ui.views import SendDay, make_view

MAX_UNASKED: Final = 5
"""Messages that are posted without a question."""


async def send_or_ask(
    cog: AdminCog, interaction: discord.Interaction, subscription: Subscription, wish: SendDay
) -> None:
    """Post a digest, unless it is so long that the person should know first."""
    require_active(subscription)
    digest = await cog.pipeline.decisions.preview(
        subscription, wish.day, wish.cadence, with_offered=wish.with_offered
    )
    likes = await cog.pipeline.decisions.likes(subscription, digest)
    messages = len(lay_out(subscription, digest, likes=likes))
    if messages <= MAX_UNASKED:
        await send(cog, interaction, subscription, wish)
        return
    button = SendButton(
        replace(wish, is_sure=True), f"Post {count_of(messages, 'message')}", is_grave=True
    )
    await interaction.edit_original_response(
        content=say_sure_to_send(subscription, wish.day, digest.tally, messages=messages),
        embeds=[],
        view=make_view([button]),
    )


async def send(
    cog: AdminCog, interaction: discord.Interaction, subscription: Subscription, wish: SendDay
) -> None:
    """Post what the channel does not have yet of a date, and say what became of it."""
    require_active(subscription)
    if wish.cadence is Cadence.DAY:
        await cog.store.subscriptions.begin_with(subscription.channel_id, wish.day)
    plan = await cog.pipeline.plan(
        subscription, wish.day, cadence=wish.cadence, with_offered=wish.with_offered
    )
    cog.delivery.wake()
    deliveries = await cog.wait_for_messages(subscription.channel_id, wish.day)
    outcome = SendOutcome(
        subscription=subscription,
        day=wish.day,
        tally=plan.tally,
        messages=plan.messages,
        deliveries=tuple(each for each in deliveries if each.cadence is wish.cadence),
        cadence=wish.cadence,
    )
    await interaction.edit_original_response(content=say_sent(outcome), embeds=[], view=None)


class SendButton(StateButton[SendDay], state=SendDay):
    """Posts a date's digest; many messages only when the person is sure.

    Pressed twice, or late, it posts what is not there yet: the outbox knows the rest.
    """

    async def press(self, interaction: discord.Interaction) -> None:
        await defer_beside_panel(interaction)
        cog = digest_cog(interaction)
        subscription = await cog.owned_subscription(interaction, self.state.channel_id)
        post = send if self.state.is_sure else send_or_ask
        await post(cog, interaction, subscription, self.state)
