"""Ending a digest: asked first, as its topics go with it."""

import re
from typing import Self

import discord

from bot.cogs.admin import AdminCog, digest_cog
from bot.cogs.answers import Answered
from bot.models import Subscription
from bot.ui.replies import say_kept, say_removed, say_sure
from bot.ui.views import Removal, make_view


async def ask_removal(interaction: discord.Interaction, subscription: Subscription) -> None:
    """Ask whether a digest is to be removed."""
    yes, no = (
        Removal(channel_id=subscription.channel_id, is_meant=meant) for meant in (True, False)
    )
    view = make_view([RemovalButton(yes, "Remove the digest"), RemovalButton(no, "Keep it")])
    await interaction.edit_original_response(content=say_sure(subscription), view=view)


async def settle_removal(cog: AdminCog, interaction: discord.Interaction, answer: Removal) -> None:
    """Do what the person answered to 'remove the digest?'."""
    subscription = await cog.owned_subscription(interaction, answer.channel_id)
    said = say_kept(answer.channel_id)
    if answer.is_meant:
        await cog.store.subscriptions.delete_subscription(subscription.channel_id)
        said = say_removed(subscription)
    await interaction.edit_original_response(content=said, embeds=[], view=None)


class RemovalButton(
    Answered, discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=Removal.TEMPLATE,
):  # fmt: skip
    """Removes a digest, or keeps it."""

    def __init__(self, answer: Removal, label: str) -> None:
        style = discord.ButtonStyle.danger if answer.is_meant else discord.ButtonStyle.secondary
        super().__init__(discord.ui.Button(label=label, style=style, custom_id=answer.custom_id))
        self.answer = answer

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction,
        item: discord.ui.Item[discord.ui.View],
        match: re.Match[str],
        /,
    ) -> Self:
        return cls(Removal.from_match(match), "")

    async def press(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        await settle_removal(digest_cog(interaction), interaction, self.answer)
