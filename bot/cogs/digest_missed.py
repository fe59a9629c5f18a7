"""`/digest missed`: liked papers that the topics left out, and what would have caught them."""

import discord

from bot.cogs.admin import AdminCog
from bot.cogs.topic_saving import EditButton
from bot.digest.models import Subscription
from bot.digest.reading import MISSED_REPORTED
from bot.text import markdown
from bot.topics.missed import find_missed
from bot.ui.drafts import MAX_LABEL, EditTopic
from bot.ui.missed import render_missed, say_none, say_weekly
from bot.ui.views import make_view


async def show_missed(
    cog: AdminCog,
    interaction: discord.Interaction,
    subscription: Subscription,
    weekly: bool | None,
) -> None:
    """Show what was missed, each wider topic with a button that opens the form with it.

    ``weekly`` says whether admins are to be told every week by themselves; None leaves that.
    """
    channel_id, notes = subscription.channel_id, []
    if weekly is not None:
        begun = cog.pipeline.now().isoformat() if weekly else ""
        await cog.store.facts.set(f"{MISSED_REPORTED}{channel_id}", begun)
        notes.append(say_weekly(is_on=weekly))
    missed = await find_missed(cog.store, subscription)
    if not missed.papers:
        notes.insert(0, say_none(channel_id, missed))
    buttons = [
        EditButton(
            EditTopic(channel_id=channel_id, at=number),
            markdown.plain(f"Change {each.topic}", MAX_LABEL),
        )
        for number, each in enumerate(missed.widened)
    ]
    await interaction.edit_original_response(
        content="\n".join(notes) or None,
        embeds=render_missed(channel_id, missed) if missed.papers else [],
        view=make_view(buttons),
    )
