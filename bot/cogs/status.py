"""`/bot`: how the bot is doing and what it can do."""

from collections.abc import Collection
from datetime import timedelta
from typing import Final

import discord
from discord import app_commands
from discord.ext import commands

from bot.arxiv.calendar import announcement_day
from bot.cogs.admin import channel_links
from bot.cogs.answers import defer_privately
from bot.cogs.services import CommandIds
from bot.models import DayRecord
from bot.pipeline import Pipeline
from bot.ui.status import render_admin_help, render_query_help, render_status, say_help

MISSED_FOR: Final = timedelta(days=30)
"""How long a date that was missed is shown."""


@app_commands.allowed_installs(guilds=True, users=True)
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
class BotCog(commands.GroupCog, group_name="bot", group_description="About this bot"):
    """For everyone, answered privately."""

    def __init__(self, pipeline: Pipeline, command_ids: CommandIds) -> None:
        super().__init__()
        self.pipeline = pipeline
        self.store = pipeline.store
        self.command_ids = command_ids

    @app_commands.command(description="How fresh the listings are and what comes next")
    async def status(self, interaction: discord.Interaction) -> None:
        await defer_privately(interaction)
        subscriptions = await self.store.subscriptions.list_subscriptions(interaction.guild_id or 0)
        followed = sorted({category for each in subscriptions for category in each.categories})
        statuses = await self.store.papers.listing_statuses()
        listings = {status.category: status for status in statuses}
        outlooks = await self.pipeline.outlooks(subscriptions)
        embed = render_status(
            categories=followed or await self.pipeline.watched_categories(),
            listings=listings,
            intake=await self.pipeline.intake.statuses(),
            digests=[(each, outlooks[each.channel_id]) for each in subscriptions],
            channels=channel_links(interaction.guild, subscriptions),
            papers=await self.store.papers.count_papers(),
            missed=await self._missed(followed),
        )
        await interaction.edit_original_response(embed=embed)

    async def _missed(self, followed: Collection[str]) -> list[DayRecord]:
        """List what was missed lately of the categories that are followed here."""
        since = announcement_day(self.pipeline.now() - MISSED_FOR)
        missed = await self.store.intake.list_missed(since)
        return [each for each in missed if not followed or each.category in followed]

    @app_commands.command(description="What I can do, and how to write a query")
    async def help(self, interaction: discord.Interaction) -> None:
        ids = self.command_ids()
        tree = interaction.client.tree  # type: ignore[attr-defined]  # a Bot has one
        leaves = [
            (command.qualified_name, command.description, ids.get(command.root_parent.name))
            for command in tree.walk_commands()
            if isinstance(command, app_commands.Command) and command.root_parent
        ]
        permissions = interaction.permissions
        is_admin = permissions.manage_guild or permissions.administrator
        embeds = [render_query_help()]
        if interaction.guild_id is not None and is_admin:
            embeds.insert(0, render_admin_help(leaves))
        await interaction.response.send_message(say_help(leaves), embeds=embeds, ephemeral=True)
