"""`/digest taste`: what likes have taught, to read and to take back."""

from typing import Any

import discord

from bot.cogs.admin import AdminCog, digest_cog
from bot.cogs.answers import StateButton, StateMenu
from bot.digest.models import Subscription
from bot.ui.taste import (
    FORGET,
    NOTHING,
    REMEMBER,
    ForgetTerm,
    RememberTerms,
    render_taste,
    term_options,
)
from bot.ui.views import make_view


async def show_taste(
    cog: AdminCog, interaction: discord.Interaction, subscription: Subscription
) -> None:
    """Show the taste of a channel, with a menu of its words."""
    channel_id, tastes = subscription.channel_id, cog.store.tastes
    taste = await tastes.get_taste(subscription.guild_id, channel_id, subscription.categories)
    forgotten = await tastes.list_forgotten(channel_id)
    items: list[discord.ui.Item[Any]] = []
    if taste is not None and (options := term_options(taste)):
        items.append(TermMenu(ForgetTerm(channel_id=channel_id), options, FORGET))
    if forgotten:
        items.append(RememberButton(RememberTerms(channel_id=channel_id), REMEMBER))
    await interaction.edit_original_response(
        content=NOTHING if taste is None else None,
        embeds=[] if taste is None else [render_taste(channel_id, taste, forgotten)],
        view=make_view(items),
    )


class TermMenu(StateMenu[ForgetTerm], state=ForgetTerm):
    """Takes the chosen word out of a channel's taste."""

    async def press(self, interaction: discord.Interaction) -> None:
        cog = digest_cog(interaction)
        subscription = await cog.owned_subscription(interaction, self.state.channel_id)
        await interaction.response.defer()
        await cog.store.tastes.forget_term(subscription.channel_id, self.chosen[:100])
        await show_taste(cog, interaction, subscription)


class RememberButton(StateButton[RememberTerms], state=RememberTerms):
    """Lets every forgotten word count again."""

    async def press(self, interaction: discord.Interaction) -> None:
        cog = digest_cog(interaction)
        subscription = await cog.owned_subscription(interaction, self.state.channel_id)
        await interaction.response.defer()
        await cog.store.tastes.remember_terms(subscription.channel_id)
        await show_taste(cog, interaction, subscription)


BUTTONS = (TermMenu, RememberButton)
