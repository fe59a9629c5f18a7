"""What a digest left out, opened privately by the button on its receipt. For everyone there."""

from dataclasses import replace

import discord

from bot.cogs.admin import digest_cog, guild_of
from bot.cogs.answers import StateButton, defer_privately, make_turns
from bot.cogs.paper import abstract_menus
from bot.digest.models import DigestEntry
from bot.digest.select import Verdict
from bot.errors import InputError
from bot.ui.left_out import render_left_out
from bot.ui.styles import embeds_of, list_papers
from bot.ui.views import LeftOut, make_view


class LeftOutButton(StateButton[LeftOut], state=LeftOut):
    """Opens the papers that a digest left out, or turns their page."""

    async def press(self, interaction: discord.Interaction) -> None:
        is_turning = interaction.message is not None and interaction.message.flags.ephemeral
        if is_turning:
            await interaction.response.defer()
        else:
            await defer_privately(interaction)
        await show_left_out(interaction, self.state)


async def show_left_out(interaction: discord.Interaction, state: LeftOut) -> None:
    """Show a page of what the date announced for the channel and did not match."""
    entries, announced = await _read(interaction, state)
    pages = list_papers(entries)
    if not pages:
        raise InputError("Every paper of that day matches the channel's topics now.")
    last = len(pages) - 1
    state = replace(state, page=min(max(state.page, 0), last))
    page = pages[state.page]
    said = render_left_out(state, len(pages), left_out=len(entries), announced=announced)
    await interaction.edit_original_response(
        content=said,
        embeds=[discord.Embed.from_dict(embed) for embed in embeds_of(page)],
        view=make_view([*abstract_menus(page), *make_turns(LeftOutButton, state, last=last)]),
    )


async def _read(interaction: discord.Interaction, state: LeftOut) -> tuple[list[DigestEntry], int]:
    """Decide the day again; ids can be made up, so the guild of the digest counts."""
    guild, cog = guild_of(interaction), digest_cog(interaction)
    subscription = await cog.store.subscriptions.get_subscription(state.channel_id)
    if subscription is None or subscription.guild_id != guild.id:
        raise InputError("This digest no longer exists; /paper search finds every paper it had.")
    decisions = await cog.pipeline.decide(subscription, state.day)
    followed = [each for each in decisions if each.verdict is not Verdict.TYPE_NOT_FOLLOWED]
    left_out = [each.entry for each in followed if each.verdict is Verdict.NO_TOPIC_MATCHED]
    return left_out, len(followed)


BUTTONS = (LeftOutButton,)
