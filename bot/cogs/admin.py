"""What the admin groups share: who may use them, and which digest a command is about."""

import asyncio
from collections.abc import Iterable
from datetime import date
from typing import Final, cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.cogs.services import Deliverer
from bot.digest.messages import DeliveryRecord, DeliveryState
from bot.digest.models import Place, Subscription
from bot.errors import InputError
from bot.pipeline import Pipeline
from bot.text.words import joined
from bot.ui.permissions import missing_there
from bot.ui.replies import channel_link

DigestChannel = discord.TextChannel | discord.Thread
"""Where a digest can be posted."""

DIGEST_COG: Final = "digest"
LOOK_EVERY_S = 0.1
LOOKS: Final = 40
"""For so long a command waits for messages to arrive before it answers without links."""
OPEN: Final = (DeliveryState.PLANNED, DeliveryState.SENDING)


class AdminCog(commands.GroupCog):
    """A group of commands for members who may manage the server.

    Discord hides them from others by default, but a server's admins can change that, so it is
    asked again at every call.
    """

    def __init__(self, pipeline: Pipeline, delivery: Deliverer) -> None:
        super().__init__()
        self.pipeline = pipeline
        self.store = pipeline.store
        self.delivery = delivery

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        require_admin(interaction)
        return True

    async def subscriptions(self, interaction: discord.Interaction) -> list[Subscription]:
        """List the digests of the server; raises `InputError` when there is none."""
        guild = guild_of(interaction)
        subscriptions = await self.store.subscriptions.list_subscriptions(guild.id)
        if not subscriptions:
            raise InputError(
                "No digest is set up in this server yet. Use /digest setup, for example with "
                "categories: cs.CV"
            )
        return subscriptions

    async def subscription(
        self, interaction: discord.Interaction, channel: DigestChannel | None
    ) -> Subscription:
        """Find the digest a command is about: that of ``channel``, of here, or the only one.

        Raises `InputError` when there is none, or more than one to choose from.
        """
        subscriptions = await self.subscriptions(interaction)
        wanted = channel.id if channel else interaction.channel_id
        for subscription in subscriptions:
            if subscription.channel_id == wanted:
                return subscription
        if channel is not None:
            raise InputError(f"No digest is set up in #{channel.name}; /digest setup sets one up.")
        if len(subscriptions) == 1:
            return subscriptions[0]
        raise InputError(
            "No digest is set up in this channel; pick the one you mean with the option channel."
        )

    async def owned_subscription(
        self, interaction: discord.Interaction, channel_id: int
    ) -> Subscription:
        """Get the subscription a button is about; ids can be made up, so the guild counts."""
        require_admin(interaction)
        subscription = await self.store.subscriptions.get_subscription(channel_id)
        if subscription is None or subscription.guild_id != interaction.guild_id:
            raise InputError("This digest no longer exists; /digest list shows the ones that do.")
        return subscription

    async def wait_for_messages(self, channel_id: int, day: date) -> list[DeliveryRecord]:
        """Wait a little for the messages of a date to arrive, and list them."""
        for _ in range(LOOKS):
            deliveries = await self.store.outbox.list_deliveries(channel_id, day)
            if not any(each.state in OPEN for each in deliveries):
                break
            await asyncio.sleep(LOOK_EVERY_S)
        return deliveries


def digest_cog(interaction: discord.Interaction) -> AdminCog:
    """Return the running bot's `/digest`, for buttons: Discord hands them only the client."""
    client = cast(commands.Bot, interaction.client)
    return cast(AdminCog, client.get_cog(DIGEST_COG))


def require_admin(interaction: discord.Interaction) -> None:
    """Raise unless the person may manage the server the interaction comes from."""
    if interaction.guild_id is None:
        raise app_commands.NoPrivateMessage
    permissions = interaction.permissions
    if not (permissions.manage_guild or permissions.administrator):
        raise app_commands.MissingPermissions(["manage_guild"])


def guild_of(interaction: discord.Interaction) -> discord.Guild:
    """Return the server the interaction comes from; raises where there is none."""
    if interaction.guild is None:
        raise app_commands.NoPrivateMessage
    return interaction.guild


def channel_here(interaction: discord.Interaction, channel: DigestChannel | None) -> DigestChannel:
    """Return the channel that was named, else the one the command was used in."""
    here = channel or interaction.channel
    if not isinstance(here, DigestChannel):
        raise InputError(
            "Digests go to text channels and threads; pick one with the option channel."
        )
    return here


def require_place(channel: DigestChannel, place: Place) -> None:
    """Raise `InputError` unless messages can go to that place of the channel."""
    if place is Place.THREAD and isinstance(channel, discord.Thread):
        raise InputError(
            f"#{channel.name} is a thread, and Discord makes no threads in threads; choose its "
            "channel, or where: in the channel."
        )


def channel_links(
    guild: discord.Guild | None, subscriptions: Iterable[Subscription]
) -> dict[int, str]:
    """Link the channels of a server's digests, by channel; some may no longer exist."""
    links = {}
    for each in subscriptions:
        channel = guild and guild.get_channel_or_thread(each.channel_id)
        name = channel.name if channel else None
        links[each.channel_id] = channel_link(each.guild_id, each.channel_id, name)
    return links


def require_permissions(channel: DigestChannel, place: Place) -> None:
    """Raise `InputError` naming the permissions that the bot lacks for posting there."""
    missing = missing_there(channel, channel.permissions_for(channel.guild.me), place)
    if missing:
        raise InputError(
            f"I cannot post in #{channel.name}: I am missing {joined(missing)} there. Grant it "
            "in the channel's settings (Permissions), then run this command again."
        )
