"""`/digest`: which channel gets what and when, and what it would get."""

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Self, cast
from zoneinfo import available_timezones

import discord
from discord import app_commands
from discord.ext import commands

from bot.cogs.admin import (
    AdminCog,
    DigestChannel,
    channel_here,
    channel_links,
    guild_of,
    require_admin,
    require_permissions,
)
from bot.cogs.answers import Answered, defer_privately
from bot.cogs.options import (
    STYLES,
    TYPE_CHOICES,
    parse_day,
    read_wishes,
    suggest_times,
    suggest_zones,
)
from bot.cogs.services import Deliverer
from bot.cogs.suggestions import Choice, complete_categories, make_choices, quietly
from bot.digest.build import build_digest
from bot.digest.words import long_date
from bot.errors import InputError
from bot.models import DeliveryState, Subscription
from bot.pipeline import Pipeline
from bot.store.outbox import DeliveryRecord
from bot.ui.messages import render_digest
from bot.ui.preview import render_message, render_summary
from bot.ui.replies import (
    NextDigest,
    SendOutcome,
    next_digest,
    render_subscriptions,
    say_kept,
    say_removed,
    say_sent,
    say_setup,
    say_sure,
)
from bot.ui.views import NEXT, PREVIOUS, PreviewPage, Removal, make_view

PATIENCE_S = 4.0
"""How long ``/digest send`` waits for the messages to arrive before it answers without links."""
LOOK_EVERY_S = 0.1
CHANNEL_HELP = "the channel of the digest (default: this one)"


@app_commands.guild_only()
@app_commands.default_permissions(manage_guild=True)
@app_commands.allowed_installs(guilds=True, users=False)
@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
class DigestCog(AdminCog, group_name="digest", group_description="Daily digests in channels"):
    """Set up, look at, send and remove digests."""

    def __init__(self, pipeline: Pipeline, delivery: Deliverer) -> None:
        super().__init__(pipeline, delivery)
        self.zones = sorted(available_timezones())

    @app_commands.command(description="Post the daily digest of arXiv categories in a channel")
    @app_commands.describe(
        categories="arXiv categories, for example cs.CV or cs.CV, cs.LG",
        channel="where to post (default: this channel)",
        time="local time such as 09:00, or 'when announced' (default)",
        zone="time zone of that time, for example Europe/Berlin (default: UTC)",
        types="which announcements (default: new submissions and cross-lists)",
        style="how papers look (default: cards)",
    )
    @app_commands.choices(
        types=[Choice(name=words, value=words) for words in TYPE_CHOICES],
        style=[Choice(name=words, value=style) for style, words in STYLES.items()],
    )
    async def setup(
        self,
        interaction: discord.Interaction,
        categories: app_commands.Range[str, 1, 400],
        channel: DigestChannel | None = None,
        time: str | None = None,
        zone: str | None = None,
        types: str | None = None,
        style: str | None = None,
    ) -> None:
        await defer_privately(interaction)
        here = channel_here(interaction, channel)
        require_permissions(here)
        before = await self.store.subscriptions.get_subscription(here.id)
        wishes = read_wishes(before, categories, time, zone, types, style, zones=self.zones)
        subscription = await self.store.subscriptions.set_subscription(
            guild_id=here.guild.id,
            channel_id=here.id,
            categories=wishes.categories,
            announce_types=wishes.announce_types,
            post_at=wishes.post_at,
            zone=wishes.zone,
            style=wishes.style,
            now=self.pipeline.now(),
        )
        coming = await self._coming([subscription])
        said = say_setup(subscription, coming[here.id], is_new=before is None)
        await interaction.edit_original_response(content=said)

    @app_commands.command(name="list", description="List the digests of this server")
    async def list_digests(self, interaction: discord.Interaction) -> None:
        await defer_privately(interaction)
        guild = guild_of(interaction)
        subscriptions = await self.store.subscriptions.list_subscriptions(guild.id)
        if not subscriptions:
            raise InputError("No digest is set up in this server; /digest setup does it.")
        embeds = render_subscriptions(
            subscriptions, await self._coming(subscriptions), channel_links(guild, subscriptions)
        )
        find = guild.get_channel_or_thread
        gone = [each.channel_id for each in subscriptions if find(each.channel_id) is None]
        removals = [Removal(channel_id=channel_id, is_meant=True) for channel_id in gone[:5]]
        view = make_view([RemovalButton(each, f"Remove {each.channel_id}") for each in removals])
        await interaction.edit_original_response(embeds=embeds, view=view)

    @app_commands.command(description="See what would be posted, and why the rest would not")
    @app_commands.describe(channel=CHANNEL_HELP, date="a listing's date (default: the newest)")
    async def preview(
        self,
        interaction: discord.Interaction,
        channel: DigestChannel | None = None,
        date: str | None = None,
    ) -> None:
        await defer_privately(interaction)
        subscription = await self.subscription(interaction, channel)
        day = await self._day(subscription, date)
        page = PreviewPage(channel_id=subscription.channel_id, day=day, page=0)
        await self.show_preview(interaction, page)

    async def show_preview(self, interaction: discord.Interaction, page: PreviewPage) -> None:
        """Replace the interaction's message by ``page`` of a preview, worked out anew."""
        subscription = await self._owned_subscription(interaction, page.channel_id)
        decisions = await self.pipeline.decide(subscription, page.day)
        drafts = render_digest(build_digest(subscription, page.day, decisions))
        content = f"What <#{page.channel_id}> would get for {long_date(page.day)}:"
        embeds = [render_summary(subscription, page.day, decisions, drafts)]
        if 0 < page.page <= len(drafts):
            content, embeds = render_message(drafts[page.page - 1], page.page, len(drafts))
        view = make_view(preview_buttons(page, last=len(drafts)))
        await interaction.edit_original_response(content=content, embeds=embeds, view=view)

    @app_commands.command(description="Post a digest now; what was posted before stays out")
    @app_commands.describe(channel=CHANNEL_HELP, date="a listing's date (default: the newest)")
    async def send(
        self,
        interaction: discord.Interaction,
        channel: DigestChannel | None = None,
        date: str | None = None,
    ) -> None:
        await defer_privately(interaction)
        subscription = await self.subscription(interaction, channel)
        day = await self._day(subscription, date)
        plan = await self.pipeline.plan(subscription, day)
        self.delivery.wake()
        deliveries = await self._delivered(subscription.channel_id, day)
        outcome = SendOutcome(
            subscription=subscription,
            day=day,
            announced=plan.announced,
            papers=plan.papers,
            messages=plan.messages,
            deliveries=tuple(deliveries),
        )
        await interaction.edit_original_response(content=say_sent(outcome))

    @app_commands.command(description="Stop a channel's digest (asks first)")
    @app_commands.describe(channel=CHANNEL_HELP)
    async def remove(
        self, interaction: discord.Interaction, channel: DigestChannel | None = None
    ) -> None:
        await defer_privately(interaction)
        subscription = await self.subscription(interaction, channel)
        yes, no = (
            Removal(channel_id=subscription.channel_id, is_meant=meant) for meant in (True, False)
        )
        view = make_view([RemovalButton(yes, "Remove the digest"), RemovalButton(no, "Keep it")])
        await interaction.edit_original_response(content=say_sure(subscription), view=view)

    async def settle_removal(self, interaction: discord.Interaction, answer: Removal) -> None:
        """Do what the person answered to 'remove the digest?'."""
        subscription = await self._owned_subscription(interaction, answer.channel_id)
        said = say_kept(answer.channel_id)
        if answer.is_meant:
            await self.store.subscriptions.delete_subscription(subscription.channel_id)
            said = say_removed(subscription)
        await interaction.edit_original_response(content=said, embeds=[], view=None)

    # -- autocomplete ------------------------------------------------------------------------

    setup.autocomplete("categories")(complete_categories)

    @setup.autocomplete("time")
    async def complete_time(self, interaction: discord.Interaction, current: str) -> list[Choice]:
        return make_choices((each, each) for each in suggest_times(current))

    @setup.autocomplete("zone")
    async def complete_zone(self, interaction: discord.Interaction, current: str) -> list[Choice]:
        return make_choices((each, each) for each in suggest_zones(current, self.zones))

    @preview.autocomplete("date")
    @send.autocomplete("date")
    @quietly
    async def complete_date(self, interaction: discord.Interaction, current: str) -> list[Choice]:
        """Offer the dates of which listings are stored for this guild's categories."""
        guild = guild_of(interaction)
        subscriptions = await self.store.subscriptions.list_subscriptions(guild.id)
        categories = {category for each in subscriptions for category in each.categories}
        days: set[date] = set()
        for category in categories:
            days.update(await self.store.papers.list_listing_dates(category))
        return make_choices(
            (long_date(day), day.isoformat())
            for day in sorted(days, reverse=True)
            if current.strip().lower() in f"{day.isoformat()} {long_date(day).lower()}"
        )

    # -- helpers -----------------------------------------------------------------------------

    @classmethod
    def of(cls, interaction: discord.Interaction) -> Self:
        """Return the running bot's cog, for buttons: Discord hands them only the client."""
        client = cast(commands.Bot, interaction.client)
        return cast(Self, client.get_cog(cls.__cog_name__))

    async def _owned_subscription(
        self, interaction: discord.Interaction, channel_id: int
    ) -> Subscription:
        """Get the subscription a button is about; ids can be made up, so the guild counts."""
        require_admin(interaction)
        subscription = await self.store.subscriptions.get_subscription(channel_id)
        if subscription is None or subscription.guild_id != interaction.guild_id:
            raise InputError("This digest no longer exists; /digest list shows those there are.")
        return subscription

    async def _day(self, subscription: Subscription, text: str | None) -> date:
        """Return the date asked for, else the newest listing's; fetch one if there is none."""
        if text:
            return parse_day(text)
        for _ in range(2):
            days = await self._latest(subscription.categories)
            if days:
                return max(days.values())
            outcomes = await self.pipeline.fetch_listings(subscription.categories)
        why = next((f" ({each.error})" for each in outcomes if each.error), "")
        names = ", ".join(subscription.categories)
        raise InputError(
            f"No listing of {names} is stored yet{why}; it comes with arXiv's next announcement."
        )

    async def _latest(self, categories: Sequence[str]) -> Mapping[str, date]:
        """The newest stored listing's date of each category that has one."""
        days = {each: await self.store.papers.latest_listing_date(each) for each in categories}
        return {category: day for category, day in days.items() if day is not None}

    async def _coming(self, subscriptions: Sequence[Subscription]) -> dict[int, NextDigest]:
        """Work out the next digest of each, by channel."""
        now = self.pipeline.now()
        coming = {}
        for each in subscriptions:
            days = await self._latest(each.categories)
            latest = max(days.values(), default=None)
            coming[each.channel_id] = next_digest(each, latest=latest, now=now)
        return coming

    async def _delivered(self, channel_id: int, day: date) -> list[DeliveryRecord]:
        """Wait a little for the messages of a date to arrive, and list them."""
        until = time.monotonic() + PATIENCE_S
        while True:
            deliveries = await self.store.outbox.list_deliveries(channel_id, day)
            is_open = any(
                each.state in (DeliveryState.PLANNED, DeliveryState.SENDING) for each in deliveries
            )
            if not is_open or time.monotonic() > until:
                return deliveries
            await asyncio.sleep(LOOK_EVERY_S)


class PreviewPageButton(
    Answered, discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=PreviewPage.TEMPLATE,
):  # fmt: skip
    """Turns the page of a preview."""

    def __init__(self, page: PreviewPage, label: str, *, is_there: bool = True) -> None:
        super().__init__(
            discord.ui.Button(label=label, custom_id=page.custom_id, disabled=not is_there)
        )
        self.page = page

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction,
        item: discord.ui.Item[discord.ui.View],
        match: re.Match[str],
        /,
    ) -> Self:
        return cls(PreviewPage.from_match(match), "")

    async def press(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        await DigestCog.of(interaction).show_preview(interaction, self.page)


def preview_buttons(page: PreviewPage, *, last: int) -> list[PreviewPageButton]:
    if not last:
        return []
    before = PreviewPage(channel_id=page.channel_id, day=page.day, page=page.page - 1)
    after = PreviewPage(channel_id=page.channel_id, day=page.day, page=page.page + 1)
    return [
        PreviewPageButton(before, PREVIOUS, is_there=page.page > 0),
        PreviewPageButton(after, NEXT, is_there=page.page < last),
    ]


class RemovalButton(
    Answered, discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=Removal.TEMPLATE,
):  # fmt: skip
    """Removes a digest, or keeps it."""

    def __init__(self, answer: Removal, label: str) -> None:
        style = discord.ButtonStyle.danger if answer.is_meant else discord.ButtonStyle.secondary
        super().__init__(discord.ui.Button(label=label, style=style, custom_id=answer.custom_id))
        self.answer = answer

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction,
        item: discord.ui.Item[discord.ui.View],
        match: re.Match[str],
        /,
    ) -> Self:
        return cls(Removal.from_match(match), "")

    async def press(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        await DigestCog.of(interaction).settle_removal(interaction, self.answer)


BUTTONS = (PreviewPageButton, RemovalButton)
