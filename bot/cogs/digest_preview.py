"""The pages of `/digest preview`: a summary, then the very messages.

Once something was posted, they show the day as if nothing had been; what is still to come is the
other way to look at it.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any, Final

import discord

from bot.cogs.admin import AdminCog, digest_cog
from bot.cogs.answers import StateButton, StateMenu, defer_beside_panel, make_turns
from bot.cogs.digest_send import SendButton
from bot.cogs.paper import abstract_menus
from bot.digest.models import SubscriptionState
from bot.digest.select import IS_SENT, Decision, Verdict
from bot.errors import InputError
from bot.ui.layout import lay_out
from bot.ui.preview import describe_preview, list_pages, render_message, render_summary
from bot.ui.views import PreviewMenu, PreviewPage, SendDay, make_view

JUMP_FROM: Final = 3
"""Messages from which on a menu leads to each."""


async def show_preview(cog: AdminCog, interaction: discord.Interaction, page: PreviewPage) -> None:
    """Replace the interaction's message by ``page`` of a preview, rendered again."""
    subscription = await cog.owned_subscription(interaction, page.channel_id)
    to_come = await cog.pipeline.decisions.explain(subscription, page.day, page.cadence)
    is_begun = any(each.verdict in IS_SENT for each in to_come)
    page = replace(page, is_rest=page.is_rest and is_begun)
    decisions, from_scratch = to_come, is_begun and not page.is_rest
    if from_scratch:
        decisions = await cog.pipeline.decisions.decide(
            subscription, page.day, page.cadence, from_scratch=True
        )
    digest = await cog.pipeline.decisions.preview(
        subscription, page.day, page.cadence, from_scratch=from_scratch
    )
    likes = await cog.pipeline.decisions.likes(subscription, digest)
    drafts = lay_out(subscription, digest, likes=likes)
    page = replace(page, page=min(max(page.page, 0), len(drafts)))
    amiss = sum(each.delivery is not None for each in to_come)
    content = describe_preview(page, is_begun=is_begun, amiss=amiss)
    embeds = [render_summary(subscription, page.day, decisions, drafts)]
    items: list[discord.ui.Item[Any]] = []
    if page.page:
        draft = drafts[page.page - 1]
        content, embeds = render_message(draft, page.page, len(drafts))
        items += abstract_menus(draft.body)
    if len(drafts) >= JUMP_FROM:
        menu = PreviewMenu(**asdict(page))
        items.append(PreviewJump(menu, list_pages(page, len(drafts)), "Go to a page"))
    items += make_turns(PreviewPageButton, page, last=len(drafts))
    items += _ways_on(page, to_come, is_begun=is_begun)
    is_active = subscription.state is SubscriptionState.ACTIVE
    view = make_view([each for each in items if is_active or not isinstance(each, SendButton)])
    await interaction.edit_original_response(content=content, embeds=embeds, view=view)


def _ways_on(
    page: PreviewPage, to_come: Sequence[Decision], *, is_begun: bool
) -> list[discord.ui.Item[Any]]:
    """Make the buttons to the other way to look at the day, and to post what is to come."""
    ways: list[discord.ui.Item[Any]] = []
    if is_begun:
        label = "As if nothing had been posted" if page.is_rest else "Only what is still to come"
        ways.append(PreviewPageButton(replace(page, page=0, is_rest=not page.is_rest), label))
    papers = sum(each.verdict is Verdict.POST for each in to_come)
    if papers:
        label = f"Post {papers:,} more now" if is_begun else "Post now"
        send = SendDay(channel_id=page.channel_id, day=page.day, cadence=page.cadence)
        ways.append(SendButton(send, label, is_grave=True))
    return ways


class PreviewPageButton(StateButton[PreviewPage], state=PreviewPage):
    """Turns the page of a preview."""

    async def press(self, interaction: discord.Interaction) -> None:
        await defer_beside_panel(interaction)
        await show_preview(digest_cog(interaction), interaction, self.state)


class PreviewJump(StateMenu[PreviewMenu], state=PreviewMenu):
    """Leads to a page of a preview."""

    async def press(self, interaction: discord.Interaction) -> None:
        if not self.chosen.isdecimal() or len(self.chosen) > 3:
            raise InputError("Pick one of the pages that the menu offers.")
        await interaction.response.defer()
        page = PreviewPage(**{**asdict(self.state), "page": int(self.chosen)})
        await show_preview(digest_cog(interaction), interaction, page)
