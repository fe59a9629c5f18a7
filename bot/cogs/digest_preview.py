"""The pages of `/digest preview`: a summary, then the very messages."""

import discord

from bot.cogs.admin import AdminCog, digest_cog
from bot.cogs.answers import StateButton, make_turns
from bot.cogs.paper import AbstractMenu, abstract_menus
from bot.digest.audit import check_listings
from bot.digest.build import build_digest
from bot.pipeline import lay_out
from bot.text.words import long_date
from bot.ui.preview import render_message, render_summary
from bot.ui.views import PreviewPage, make_view


async def show_preview(cog: AdminCog, interaction: discord.Interaction, page: PreviewPage) -> None:
    """Replace the interaction's message by ``page`` of a preview, rendered again."""
    subscription = await cog.owned_subscription(interaction, page.channel_id)
    decisions = await cog.pipeline.explain(subscription, page.day)
    records = await cog.store.intake.list_of(subscription.categories, page.day)
    digest = build_digest(subscription, page.day, decisions, checks=check_listings(records))
    drafts = lay_out(subscription, digest)
    content = f"What <#{page.channel_id}> would get for {long_date(page.day)}:"
    embeds = [render_summary(subscription, page.day, decisions, drafts)]
    menus: list[AbstractMenu] = []
    if 0 < page.page <= len(drafts):
        draft = drafts[page.page - 1]
        content, embeds = render_message(draft, page.page, len(drafts))
        menus = abstract_menus(draft.body)
    view = make_view([*menus, *make_turns(PreviewPageButton, page, last=len(drafts))])
    await interaction.edit_original_response(content=content, embeds=embeds, view=view)


class PreviewPageButton(StateButton[PreviewPage], state=PreviewPage):
    """Turns the page of a preview."""

    async def press(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        await show_preview(digest_cog(interaction), interaction, self.state)
