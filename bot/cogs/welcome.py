"""The one thing that the bot says by itself in a server that it is new in."""

import logging
from datetime import datetime, timedelta
from typing import Final

import aiohttp
import discord

from bot.cogs.digest_panel import HERE, make_step
from bot.digest.reading import WELCOMED
from bot.store.facts import Facts
from bot.ui.panel import PanelAct, render_welcome
from bot.ui.views import make_view

log = logging.getLogger(__name__)

NEW: Final = timedelta(days=1)
"""For so long a server counts as new that the bot was added to while it was not running."""


def is_new(guild: discord.Guild, now: datetime) -> bool:
    """Return whether the bot was added to a server just now."""
    joined_at = getattr(guild.me, "joined_at", None)
    return joined_at is not None and now - joined_at < NEW


async def welcome(facts: Facts, guild: discord.Guild) -> None:
    """Say hello in the system channel, if the bot may write there; once in a server's life.

    It is noted before: a word too few is better than the same one twice.
    """
    channel, name = guild.system_channel, f"{WELCOMED}{guild.id}"
    if channel is None or await facts.get(name) is not None:
        return
    permissions = channel.permissions_for(guild.me)
    if not (permissions.view_channel and permissions.send_messages):
        return
    await facts.set(name, "1")
    view = make_view([make_step(PanelAct.FORM, HERE, "Set up")])
    try:
        await channel.send(render_welcome(), view=view, nonce=f"w{guild.id}", silent=True)
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        log.warning("no welcome: %s", error, extra={"guild": guild.id})
