"""One thread for each paper that people of a server want to discuss."""

from typing import Any

import discord

from bot.cogs.acts import make_act
from bot.cogs.admin import require_permissions
from bot.cogs.answers import StateButton, defer_privately
from bot.cogs.services import host_of
from bot.digest.models import Place
from bot.errors import InputError
from bot.models import StoredPaper
from bot.store.readers.discussions import Discussion
from bot.ui.acts import Act, no_longer_there
from bot.ui.discuss import (
    LABEL,
    MAY_NOT,
    NO_CHANNEL,
    DiscussPaper,
    name_thread,
    say_discussed,
)
from bot.ui.paper import render_paper_details
from bot.ui.views import make_view


class DiscussButton(StateButton[DiscussPaper], state=DiscussPaper):
    """Opens the thread about a paper, or leads to the one that is there."""

    def __init__(self, state: DiscussPaper, label: str = LABEL) -> None:
        super().__init__(state, label)

    async def press(self, interaction: discord.Interaction) -> None:
        await defer_privately(interaction)
        host, guild = host_of(interaction), interaction.guild
        stored = await host.pipeline.store.papers.get_paper(self.state.arxiv_id)
        if stored is None:
            raise no_longer_there(self.state.arxiv_id)
        if guild is None:
            raise InputError(NO_CHANNEL)
        async with host.discussing.of(guild.id):  # two presses at once open one thread
            said = await _discuss(interaction, guild, stored)
        await interaction.edit_original_response(content=said)


async def _discuss(
    interaction: discord.Interaction, guild: discord.Guild, stored: StoredPaper
) -> str:
    discussions = host_of(interaction).pipeline.store.discussions
    paper = stored.paper
    known = await discussions.get(guild.id, paper.arxiv_id)
    if known is not None and await _is_there(interaction, guild, known, name_thread(paper)):
        return say_discussed(known.thread_id, is_new=False)
    channel = _channel_of(interaction)
    items: list[discord.ui.Item[Any]] = [
        make_act(act, paper.arxiv_id) for act in (Act.SAVE, Act.LIKE, Act.NOT_FOR_US, Act.BIBTEX)
    ]
    message = await channel.send(embed=render_paper_details(stored, None), view=make_view(items))
    # First the row: a thread can be made of its message at any later press.
    where = Discussion(channel_id=channel.id, thread_id=message.id)
    await discussions.set(guild.id, paper.arxiv_id, where)
    await message.create_thread(name=name_thread(paper))
    return say_discussed(message.id, is_new=True)


def _channel_of(interaction: discord.Interaction) -> discord.TextChannel:
    """Return the channel where a thread is opened; raises `InputError` where none may be."""
    here = interaction.channel
    channel = here.parent if isinstance(here, discord.Thread) else here
    if not isinstance(channel, discord.TextChannel):
        raise InputError(NO_CHANNEL)
    if not interaction.permissions.create_public_threads:
        raise InputError(MAY_NOT)
    require_permissions(channel, Place.THREAD)
    return channel


async def _is_there(
    interaction: discord.Interaction, guild: discord.Guild, known: Discussion, name: str
) -> bool:
    """Whether the thread is there; where only its message is, the thread is made again."""
    client = interaction.client
    try:
        await client.fetch_channel(known.thread_id)
    except discord.NotFound:
        channel = client.get_partial_messageable(known.channel_id, guild_id=guild.id)
        try:
            await channel.get_partial_message(known.thread_id).create_thread(name=name)
        except discord.HTTPException:
            return False
    return True


BUTTONS = (DiscussButton,)
