"""Tells a person, after an answer, why nothing of what they follow is sent: once for each pause."""

import contextlib
import logging

import discord

from bot.cogs.services import pipeline_of
from bot.errors import StoreError
from bot.ui.follow import TRY_AGAIN, SendAgain, say_pause
from bot.ui.views import make_view

log = logging.getLogger(__name__)


async def tell_of_pause(interaction: discord.Interaction) -> None:
    """Tell of a pause that the person has not heard of; never raises.

    What cannot be said now is in `/follow list` all the same.
    """
    if not interaction.response.is_done():
        return
    pipeline = pipeline_of(interaction)
    try:
        reason = await pipeline.store.follows.take_pause(interaction.user.id, pipeline.now())
    except StoreError as error:
        log.info("pause not told: %s", error)
        return
    if reason is None:
        return
    again: discord.ui.Button[discord.ui.View] = discord.ui.Button(
        label=TRY_AGAIN, custom_id=SendAgain().custom_id
    )
    with contextlib.suppress(discord.HTTPException):
        said = say_pause(reason)
        await interaction.followup.send(said, ephemeral=True, view=make_view([again]))
