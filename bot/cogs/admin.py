"""What the admin groups share: who may use them, and which digest a command is about."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final, cast

import discord
from discord import app_commands
from discord.app_commands.transformers import BaseChannelTransformer
from discord.ext import commands

from bot.cogs.access import require_admin
from bot.cogs.services import Deliverer
from bot.delivery.posts import lacks_tag
from bot.digest.messages import DeliveryRecord, DeliveryState
from bot.digest.models import Place, Subscription
from bot.errors import InputError
from bot.pipeline import Pipeline
from bot.text.words import joined
from bot.ui.permissions import missing_there
from bot.ui.replies import channel_link

DigestChannel = discord.TextChannel | discord.Thread | discord.ForumChannel
"""Where a digest can be posted."""


class DigestChannelPicker(BaseChannelTransformer[discord.Client]):
    """Offers those channels; media channels, which discord.py counts as forums, want pictures."""

    def __init__(self) -> None:
        super().__init__(discord.TextChannel, discord.Thread, discord.ForumChannel)

    @property
    def channel_types(self) -> list[discord.ChannelType]:
        return [each for each in super().channel_types if each is not discord.ChannelType.media]


ChannelOption = app_commands.Transform[DigestChannel, DigestChannelPicker]
"""A command's option for one of them."""

DIGEST_COG: Final = "digest"
LOOK_EVERY_S = 0.1
LOOKS: Final = 40
"""For so long a command waits for messages to arrive before it answers without links."""
OPEN: Final = (DeliveryState.PLANNED, DeliveryState.SENDING)


class AdminCog(commands.GroupCog):
    """A group of commands for members who may manage the server.

    Discord lets nobody else run them, unless a server's settings (Integrations) say so, and then
    they decide (docs/decisions/0018-who-may.md). The same holds for the groups' buttons.
    """

    def __init__(self, pipeline: Pipeline, delivery: Deliverer) -> None:
        super().__init__()
        self.pipeline = pipeline
        self.store = pipeline.store
        self.delivery = delivery

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        if interaction.guild_id is None:
            raise app_commands.NoPrivateMessage
        return True  # Discord sends a command only from those whom the server lets run it

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
        here = channel or interaction.channel
        wanted = [here.id] if here else []
        if isinstance(here, discord.Thread):
            wanted.append(here.parent_id)  # nobody can type a command into a forum itself
        by_channel = {each.channel_id: each for each in subscriptions}
        for channel_id in wanted:
            if channel_id in by_channel:
                return by_channel[channel_id]
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
        await require_admin(interaction, str(self.__cog_group_name__))
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
            "Digests go to text channels, threads and forums; pick one with the option channel."
        )
    return here


def place_in(channel: DigestChannel, wished: Place | None, before: Place | None) -> Place:
    """Return where in a channel messages go; raises `InputError` where they cannot go there."""
    if isinstance(channel, discord.ForumChannel):
        if channel.is_media():
            raise InputError(
                f"#{channel.name} wants a picture or video in every post; choose a forum or a text "
                "channel."
            )
        if wished not in (None, Place.FORUM):
            raise InputError(
                f"#{channel.name} is a forum, which takes posts only; leave out where."
            )
        return Place.FORUM
    place = wished or before or Place.CHANNEL
    if place is Place.FORUM:
        raise InputError(f"#{channel.name} is no forum; choose a forum as channel.")
    if place is Place.THREAD and isinstance(channel, discord.Thread):
        raise InputError(
            f"#{channel.name} is a thread, and Discord makes no threads in threads; pick its "
            "channel, or where: in the channel."
        )
    return place


def require_tag(channel: DigestChannel, categories: Sequence[str]) -> None:
    """Raise `InputError` where a forum wants a tag that it does not have."""
    if isinstance(channel, discord.ForumChannel) and lacks_tag(channel, categories):
        said = say_lacking_tag(channel.name, categories)
        raise InputError(f"{said} Then run this command again.")


def say_lacking_tag(name: str, categories: Sequence[str]) -> str:
    return (
        f"#{name} wants a tag on every post, and has none that is named like "
        f"{joined(categories[:3], 'or')}. Add one in the forum's settings, or switch off that "
        "people must select tags when posting."
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
