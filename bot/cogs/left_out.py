"""What a digest left out, opened privately by the button on its receipt. For everyone there."""

from collections.abc import Collection
from dataclasses import replace
from typing import TypeVar

import discord

from bot.cogs.admin import digest_cog, guild_of
from bot.cogs.answers import StateButton, defer_privately, make_turns
from bot.cogs.paper import abstract_menus
from bot.digest.models import Cadence
from bot.digest.select import IS_OFFERED, Decision, Verdict
from bot.errors import InputError
from bot.ui.left_out import PAGE_SIZE, render_elsewhere, render_left_out
from bot.ui.styles import embeds_of, list_papers
from bot.ui.views import DayPage, Elsewhere, LeftOut, Offered, make_view

Page = TypeVar("Page", bound=DayPage)


class LeftOutButton(StateButton[LeftOut], state=LeftOut):
    """Opens the papers that matched no topic, or turns their page."""

    async def press(self, interaction: discord.Interaction) -> None:
        await _open(interaction)
        await _show(interaction, self.state, LeftOutButton, [Verdict.NO_TOPIC_MATCHED])


class OfferedButton(StateButton[Offered], state=Offered):
    """Opens the papers beyond a digest's cap, or turns their page."""

    async def press(self, interaction: discord.Interaction) -> None:
        await _open(interaction)
        await _show(interaction, self.state, OfferedButton, IS_OFFERED)


class ElsewhereButton(StateButton[Elsewhere], state=Elsewhere):
    """Opens the papers that a digest left to other channels, each with a link to its message."""

    async def press(self, interaction: discord.Interaction) -> None:
        await _open(interaction)
        decisions, announced = await _read(interaction, self.state, [Verdict.ELSEWHERE])
        if not decisions:
            raise InputError("Every paper of that day is in this channel now.")
        guild, store = guild_of(interaction), digest_cog(interaction).store
        last = -(-len(decisions) // PAGE_SIZE) - 1
        shown = replace(self.state, page=min(max(self.state.page, 0), last))
        page = decisions[shown.page * PAGE_SIZE : (shown.page + 1) * PAGE_SIZE]
        messages = await store.outbox.find_messages(
            guild.id, [each.entry.paper.arxiv_id for each in page]
        )
        said = render_left_out(shown, last + 1, left_out=len(decisions), announced=announced)
        await interaction.edit_original_response(
            content=said,
            embeds=[render_elsewhere(page, messages)],
            view=make_view(make_turns(ElsewhereButton, shown, last=last)),
        )


async def _open(interaction: discord.Interaction) -> None:
    is_turning = interaction.message is not None and interaction.message.flags.ephemeral
    if is_turning:
        await interaction.response.defer()
    else:
        await defer_privately(interaction)


async def _show(
    interaction: discord.Interaction,
    state: Page,
    button: type[StateButton[Page]],
    verdicts: Collection[Verdict],
) -> None:
    """Show a page of the papers of a date of which this was decided."""
    decisions, announced = await _read(interaction, state, verdicts)
    entries = [each.entry for each in decisions]
    pages = list_papers(entries)
    if not pages:
        is_offer = isinstance(state, Offered)
        where = "is in the channel" if is_offer else "matches the channel's topics"
        raise InputError(f"Every paper of that day {where} now.")
    last = len(pages) - 1
    shown = replace(state, page=min(max(state.page, 0), last))
    page = pages[shown.page]
    said = render_left_out(shown, len(pages), left_out=len(entries), announced=announced)
    await interaction.edit_original_response(
        content=said,
        embeds=[discord.Embed.from_dict(embed) for embed in embeds_of(page)],
        view=make_view([*abstract_menus(page), *make_turns(button, shown, last=last)]),
    )


async def _read(
    interaction: discord.Interaction, state: DayPage, verdicts: Collection[Verdict]
) -> tuple[list[Decision], int]:
    """Decide the day again; ids can be made up, so the guild of the digest counts."""
    guild, cog = guild_of(interaction), digest_cog(interaction)
    subscription = await cog.store.subscriptions.get_subscription(state.channel_id)
    if subscription is None or subscription.guild_id != guild.id:
        raise InputError("This digest no longer exists; /paper search finds every paper it had.")
    if state.cadence is Cadence.WEEK and isinstance(state, Offered):
        decisions = await cog.pipeline.decisions.decide_day_of_week(subscription, state.day)
    else:
        decisions = await cog.pipeline.decisions.decide(subscription, state.day, state.cadence)
    followed = [each for each in decisions if each.verdict is not Verdict.TYPE_NOT_FOLLOWED]
    return [each for each in followed if each.verdict in verdicts], len(followed)


BUTTONS = (LeftOutButton, OfferedButton, ElsewhereButton)
