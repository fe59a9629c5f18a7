"""`/topic from`: a query made from papers, to be edited by hand before it is saved."""

from typing import Final

import discord

from bot.cogs.admin import AdminCog
from bot.cogs.attached import read_attached
from bot.cogs.topic_saving import EditButton
from bot.digest.models import Subscription
from bot.topics.examples import from_papers, read_examples
from bot.topics.trials import read_past
from bot.ui.drafts import EditTopic
from bot.ui.from_papers import render_from_papers
from bot.ui.views import make_view

MAX_FILE_BYTES: Final = 2_000_000
NAME: Final = "from papers"
"""What the topic is called until the form gives it a name."""


async def show_from_papers(
    cog: AdminCog, interaction: discord.Interaction, subscription: Subscription, text: str
) -> None:
    """Show the queries that examples lead to, each with a button that opens the form with it."""
    examples = read_examples(text)
    past = await read_past(cog.store, subscription)
    found = await from_papers(cog.store, past, subscription, examples)
    buttons = [
        EditButton(EditTopic(channel_id=subscription.channel_id, at=number), f"Take: {name}")
        for number, (name, _) in enumerate(found.offered)
    ]
    await interaction.edit_original_response(
        embeds=render_from_papers(found, NAME, subscription.categories), view=make_view(buttons)
    )


async def read_file(file: discord.Attachment | None) -> str:
    """Read an attached file as text; raises `InputError` as `read_attached` does."""
    if file is None:
        return ""
    content = await read_attached(
        file, most_bytes=MAX_FILE_BYTES, meant="a .bib file of thousands of papers"
    )
    return content.decode("utf-8-sig", errors="replace")
