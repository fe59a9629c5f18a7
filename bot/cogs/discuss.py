"""One thread for each paper that people of a server want to discuss."""

import contextlib
import hashlib
from datetime import timedelta
from typing import Any, Final

import discord

from bot.cogs.acts import ActButton, make_act
from bot.cogs.admin import require_permissions
from bot.cogs.answers import StateButton, defer_privately
from bot.cogs.services import host_of
from bot.digest.models import Place
from bot.errors import InputError
from bot.models import Paper, StoredPaper
from bot.store.readers.discussions import Begun, Discussion
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

ACTS: Final = (Act.SAVE, Act.LIKE, Act.NOT_FOR_US, Act.BIBTEX)
"""The buttons below the message of a discussion."""
CLOCK_TOLERANCE: Final = timedelta(minutes=1)
"""By how much Discord's clock may differ from the host's."""
MOST_READ: Final = 200
"""Messages of a channel in which one is looked for."""
NONCE_IS_KNOWN: Final = timedelta(minutes=1)
"""For so long, at least, Discord recognises a message that it has got already."""
MAX_NONCE: Final = 25
THREAD_EXISTS: Final = 160004
"""Discord's code for a message that has a thread, or had one that was deleted."""


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
    """Find the paper's thread, or open it.

    First the row, then the message, then its thread: the next press goes on where one was cut off.
    """
    client, pipeline = interaction.client, host_of(interaction).pipeline
    discussions, paper = pipeline.store.discussions, stored.paper
    known = await discussions.get(guild.id, paper.arxiv_id)
    found = await _find(client, guild, paper, known)
    if found is not None and await _has_thread(client, guild, found, paper):
        if found != known:
            await discussions.set(guild.id, paper.arxiv_id, found)
        return say_discussed(found.thread_id, is_new=False)
    here = Begun(_channel_of(interaction).id, pipeline.now())
    begun = known if isinstance(known, Begun) and _may_be_under_way(known, here) else here
    await discussions.begin(guild.id, paper.arxiv_id, begun)
    opened = Discussion(begun.channel_id, await _send(client, guild, stored, begun))
    await discussions.set(guild.id, paper.arxiv_id, opened)
    await _open_thread(client, guild, opened, paper)
    return say_discussed(opened.thread_id, is_new=True)


async def _find(
    client: discord.Client, guild: discord.Guild, paper: Paper, known: Discussion | Begun | None
) -> Discussion | None:
    """Find the message of a discussion, also where it was sent and nobody could note that."""
    if isinstance(known, Discussion):
        return known
    if known is None:  # or the database was put back as it was before
        return await _find_thread(client, guild, paper)
    channel = client.get_partial_messageable(known.channel_id, guild_id=guild.id)
    since = known.begun_at - CLOCK_TOLERANCE
    with contextlib.suppress(discord.Forbidden, discord.NotFound):
        async for message in channel.history(limit=MOST_READ, after=since):
            if _is_card(client, message, paper):
                return Discussion(known.channel_id, message.id)
    return None


async def _find_thread(
    client: discord.Client, guild: discord.Guild, paper: Paper
) -> Discussion | None:
    """Find an open thread that was made of the paper's message."""
    for thread in guild.threads:
        if thread.owner_id == guild.me.id and thread.name == name_thread(paper):
            channel = client.get_partial_messageable(thread.parent_id, guild_id=guild.id)
            with contextlib.suppress(discord.Forbidden, discord.NotFound):
                if _is_card(client, await channel.fetch_message(thread.id), paper):
                    return Discussion(thread.parent_id, thread.id)
    return None


def _is_card(client: discord.Client, message: discord.Message, paper: Paper) -> bool:
    """Whether a message begins the discussion of a paper: ours, with these buttons alone."""
    rows = [row for row in message.components if isinstance(row, discord.ActionRow)]
    ids = [item.custom_id for row in rows for item in row.children]
    is_ours = client.user is not None and message.author.id == client.user.id
    return is_ours and ids == [each.custom_id for each in _buttons(paper)]


def _buttons(paper: Paper) -> list[ActButton]:
    return [make_act(act, paper.arxiv_id) for act in ACTS]


def _may_be_under_way(known: Begun, here: Begun) -> bool:
    """Whether a message may arrive yet; within that time its nonce recognises a second one."""
    return timedelta(0) <= here.begun_at - known.begun_at < NONCE_IS_KNOWN


async def _send(
    client: discord.Client, guild: discord.Guild, stored: StoredPaper, begun: Begun
) -> int:
    """Send the message of a discussion; a second time it is recognised."""
    items: list[discord.ui.Item[Any]] = [*_buttons(stored.paper)]
    channel = client.get_partial_messageable(begun.channel_id, guild_id=guild.id)
    named = f"{guild.id} {stored.paper.arxiv_id} {begun.begun_at}"
    message = await channel.send(
        embed=render_paper_details(stored, None),
        view=make_view(items),
        nonce=hashlib.sha256(named.encode()).hexdigest()[:MAX_NONCE],
    )
    return message.id


async def _has_thread(
    client: discord.Client, guild: discord.Guild, where: Discussion, paper: Paper
) -> bool:
    """Whether the thread is there; where only its message is, the thread is made."""
    try:
        await client.fetch_channel(where.thread_id)
    except discord.NotFound:
        try:
            await _open_thread(client, guild, where, paper)
        except discord.NotFound:  # its message was deleted, too
            return False
        except discord.HTTPException as error:
            if error.code != THREAD_EXISTS:  # it was deleted
                raise
            return False
    return True


async def _open_thread(
    client: discord.Client, guild: discord.Guild, where: Discussion, paper: Paper
) -> None:
    channel = client.get_partial_messageable(where.channel_id, guild_id=guild.id)
    message = channel.get_partial_message(where.thread_id)
    await message.create_thread(name=name_thread(paper))


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


BUTTONS = (DiscussButton,)
