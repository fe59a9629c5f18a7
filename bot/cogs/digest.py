"""`/digest`: which channel gets what and when, and what it would get."""

from collections.abc import Mapping, Sequence
from datetime import date

import discord
from discord import app_commands

from bot.arxiv.identifier import parse_identifier
from bot.arxiv.taxonomy import POPULAR
from bot.cogs.admin import (
    DIGEST_COG,
    AdminCog,
    ChannelOption,
    channel_here,
    channel_links,
    guild_of,
)
from bot.cogs.answers import defer_privately
from bot.cogs.digest_answers import AnswerButton, ask_removal, ask_resumption
from bot.cogs.digest_audit import audit_month
from bot.cogs.digest_forms import set_up
from bot.cogs.digest_missed import show_missed
from bot.cogs.digest_panel import BUTTONS as PANEL_BUTTONS
from bot.cogs.digest_panel import open_form, show_panel
from bot.cogs.digest_pause import pause, require_paused, resume
from bot.cogs.digest_preview import PreviewJump, PreviewPageButton, show_preview
from bot.cogs.digest_resolve import RepostButton, resolve, suggest_lots
from bot.cogs.digest_send import SendButton, send_or_ask
from bot.cogs.digest_status import show_status
from bot.cogs.digest_taste import show_taste
from bot.cogs.digest_why import explain_day, explain_paper
from bot.cogs.options import (
    EVERY_CHOICES,
    PLACE_CHOICES,
    TYPE_CHOICES,
    SetupOptions,
    offer_zones,
    parse_day,
    read_cadence,
    suggest_times,
)
from bot.cogs.pings import suggest_roles
from bot.cogs.suggestions import (
    Choice,
    complete_paper,
    make_choices,
    offer_categories,
    quietly,
)
from bot.delivery.reconcile import may_repeat
from bot.digest.models import Cadence, Subscription
from bot.digest.week import find_end
from bot.digest.zones import list_zones
from bot.errors import InputError
from bot.text.words import WEEKDAYS, long_date
from bot.ui.questions import Answer, Lot, Question
from bot.ui.replies import (
    QUIET_DAYS,
    UPDATES,
    render_subscriptions,
    say_no_listing,
    say_once,
)
from bot.ui.resolve import WHAT
from bot.ui.styles import STYLES
from bot.ui.views import PreviewPage, SendDay, make_view

CHANNEL_HELP = "the channel of the digest (default: this one)"

# Discord reads a command's options from its signature, so those are repeated; the words are not.
about_a_digest = app_commands.describe(channel=CHANNEL_HELP)
about_a_day = app_commands.describe(
    channel=CHANNEL_HELP, date="a listing's date (default: the newest)"
)


WHICH_HELP = "which of the channel's digests, if it has both (default: the daily one)"
CADENCES = [Choice(name=each.value, value=each.value) for each in Cadence]


@app_commands.guild_only()
@app_commands.default_permissions(manage_guild=True)
@app_commands.allowed_installs(guilds=True, users=False)
@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
class DigestCog(
    AdminCog,
    name=DIGEST_COG,
    group_name="digest",
    group_description="Daily digests in channels",
):
    """Set up, preview, send, settle, pause and remove digests; the work is in ``digest_*.py``."""

    @app_commands.command(description="Post the daily digest of arXiv categories in a channel")
    @app_commands.describe(
        categories="arXiv categories: cs.CV, cs.LG; names (computer vision) or archives (math) too",
        channel="where to post (default: this channel)",
        time="local time such as 09:00, or 'when announced' (default)",
        zone="time zone of that time, for example Europe/Berlin or UTC+8 (default: UTC)",
        types="which announcements (default: new submissions and cross-lists)",
        style="how papers look (default: auto)",
        where="in the channel (default), in a thread of the first message, or posts in a forum",
        top="brief: how many of the best papers are cards (default: 5)",
        cards_up_to="auto: up to how many papers all are cards (default: 25)",
        cap="post at most so many papers, the others behind a button (default: 0, post all)",
        ping="a role to ping with each digest, or nobody (default)",
        every="a digest of each day (default), of each week, or both",
        weekday="the day on which weeks end and are posted (default: Friday)",
        quiet_days="what to say on a day without a digest (default: why, when one was expected)",
        updates="what becomes of posted messages when code, a version or a venue becomes known",
        query="a first topic: only papers that match, as in /paper search",
    )
    @app_commands.choices(
        types=[Choice(name=words, value=words) for words in TYPE_CHOICES],
        style=[Choice(name=style.words, value=code) for code, style in STYLES.items()],
        every=[Choice(name=words, value=words) for words in EVERY_CHOICES],
        weekday=[Choice(name=name, value=name) for name in WEEKDAYS],
        where=[Choice(name=words, value=name) for words, name in PLACE_CHOICES.items()],
        quiet_days=[Choice(name=words, value=code) for code, words in QUIET_DAYS.items()],
        updates=[Choice(name=words, value=code) for code, words in UPDATES.items()],
    )
    async def setup(
        self,
        interaction: discord.Interaction,
        categories: app_commands.Range[str, 1, 400] | None = None,
        channel: ChannelOption | None = None,
        time: str | None = None,
        zone: str | None = None,
        types: str | None = None,
        style: str | None = None,
        where: str | None = None,
        top: app_commands.Range[int, 0, 10] | None = None,
        cards_up_to: app_commands.Range[int, 0, 100] | None = None,
        cap: app_commands.Range[int, 0, 1000] | None = None,
        every: str | None = None,
        weekday: str | None = None,
        ping: str | None = None,
        quiet_days: str | None = None,
        updates: str | None = None,
        query: app_commands.Range[str, 1, 300] | None = None,
    ) -> None:
        options = SetupOptions(
            categories=categories, time=time, zone=zone, types=types, style=style, where=where,
            top=top, cards_up_to=cards_up_to, cap=cap, ping=ping, every=every, weekday=weekday,
            quiet_days=quiet_days, updates=updates, query=query,
        )  # fmt: skip
        if options.says_nothing:
            await open_form(self, interaction, channel_here(interaction, channel).id)
            return
        await defer_privately(interaction)
        await set_up(self, interaction, channel, options)

    @app_commands.command(description="One digest with its health, and everything to change it")
    @about_a_digest
    async def panel(
        self, interaction: discord.Interaction, channel: ChannelOption | None = None
    ) -> None:
        await defer_privately(interaction)
        subscription = await self.subscription(interaction, channel)
        await show_panel(self, interaction, subscription)

    @app_commands.command(name="list", description="List the digests of this server")
    async def list_digests(self, interaction: discord.Interaction) -> None:
        await defer_privately(interaction)
        guild = guild_of(interaction)
        subscriptions = await self.subscriptions(interaction)
        embeds = render_subscriptions(
            subscriptions,
            await self.pipeline.outlooks(subscriptions),
            channel_links(guild, subscriptions),
        )
        find = guild.get_channel_or_thread
        gone = [each.channel_id for each in subscriptions if find(each.channel_id) is None]
        removals = [
            Answer(question=Question.REMOVE, channel_id=channel_id, is_yes=True)
            for channel_id in gone[:5]
        ]
        view = make_view(
            [AnswerButton(each, f"Remove {each.channel_id}", is_grave=True) for each in removals]
        )
        await interaction.edit_original_response(embeds=embeds, view=view)

    @app_commands.command(description="See what would be posted, and why the rest would not be")
    @about_a_day
    @app_commands.describe(every=WHICH_HELP)
    @app_commands.choices(every=CADENCES)
    async def preview(
        self,
        interaction: discord.Interaction,
        channel: ChannelOption | None = None,
        date: str | None = None,
        every: str | None = None,
    ) -> None:
        await defer_privately(interaction)
        subscription = await self.subscription(interaction, channel)
        cadence = read_cadence(subscription, every)
        day = await self._day(subscription, date, cadence)
        page = PreviewPage(channel_id=subscription.channel_id, day=day, page=0, cadence=cadence)
        await show_preview(self, interaction, page)

    @app_commands.command(description="Post a digest now, without what was posted before")
    @about_a_day
    @app_commands.describe(every=WHICH_HELP)
    @app_commands.choices(every=CADENCES)
    @app_commands.describe(offered="post the papers beyond the digest's cap, too (default: no)")
    async def send(
        self,
        interaction: discord.Interaction,
        channel: ChannelOption | None = None,
        date: str | None = None,
        offered: bool | None = None,
        every: str | None = None,
    ) -> None:
        await defer_privately(interaction)
        subscription = await self.subscription(interaction, channel)
        cadence = read_cadence(subscription, every)
        if offered and cadence is Cadence.WEEK:
            raise InputError(
                "A week is one post; its buttons open the papers that it does not show."
            )
        wish = SendDay(
            channel_id=subscription.channel_id,
            day=await self._day(subscription, date, cadence),
            cadence=cadence,
            with_offered=bool(offered),
        )
        await send_or_ask(self, interaction, subscription, wish)

    @app_commands.command(description="What was posted, what comes next, and what went wrong")
    @app_commands.describe(channel="the channel of one digest (default: all of this server)")
    async def status(
        self, interaction: discord.Interaction, channel: ChannelOption | None = None
    ) -> None:
        await defer_privately(interaction)
        if channel is not None:
            subscriptions = [await self.subscription(interaction, channel)]
        else:
            subscriptions = await self.subscriptions(interaction)
        await show_status(self, interaction, subscriptions)

    @app_commands.command(
        description="Why a paper was or was not posted, or why a digest came late"
    )
    @app_commands.describe(
        paper="an identifier, an address or the start of a title",
        date="a date: how its listings and its digest came about",
        channel=CHANNEL_HELP,
    )
    async def why(
        self,
        interaction: discord.Interaction,
        paper: app_commands.Range[str, 1, 300] | None = None,
        date: str | None = None,
        channel: ChannelOption | None = None,
    ) -> None:
        arxiv_id, day = paper and parse_identifier(paper)[0], date and parse_day(date)
        if not (arxiv_id or day):
            raise InputError("Name a paper, or the date of a digest such as 2020-08-21.")
        await defer_privately(interaction)
        subscription = await self.subscription(interaction, channel)
        await interaction.edit_original_response(
            content=await explain_paper(self, subscription, arxiv_id) if arxiv_id else None,
            embed=await explain_day(self, guild_of(interaction), subscription, day)
            if day
            else None,
        )

    @app_commands.command(description="Account for every paper that a month announced")
    @app_commands.describe(
        month="year and month, such as 2026-10 (default: this month)", channel=CHANNEL_HELP
    )
    @app_commands.describe(every=WHICH_HELP)
    @app_commands.choices(every=CADENCES)
    async def audit(
        self,
        interaction: discord.Interaction,
        month: str | None = None,
        channel: ChannelOption | None = None,
        every: str | None = None,
    ) -> None:
        await defer_privately(interaction)
        subscription = await self.subscription(interaction, channel)
        cadence = read_cadence(subscription, every)
        account = await audit_month(self, subscription, month, cadence)
        await interaction.edit_original_response(embed=account)

    @app_commands.command(description="Show what likes have taught, and take words out of it")
    @app_commands.describe(channel=CHANNEL_HELP)
    async def taste(
        self, interaction: discord.Interaction, channel: ChannelOption | None = None
    ) -> None:
        await defer_privately(interaction)
        await show_taste(self, interaction, await self.subscription(interaction, channel))

    @app_commands.command(
        description="Liked papers that the topics left out, and what would catch them"
    )
    @app_commands.describe(
        channel=CHANNEL_HELP, weekly="tell the admins every week, or no more (default: as it is)"
    )
    async def missed(
        self,
        interaction: discord.Interaction,
        channel: ChannelOption | None = None,
        weekly: bool | None = None,
    ) -> None:
        await defer_privately(interaction)
        subscription = await self.subscription(interaction, channel)
        await show_missed(self, interaction, subscription, weekly)

    @app_commands.command(description="Post each paper in one channel, where it matches best")
    @app_commands.describe(on="one channel for each paper of a day, or all that match (default)")
    async def once(self, interaction: discord.Interaction, on: bool) -> None:
        await defer_privately(interaction)
        guild = guild_of(interaction)
        is_new = await self.store.once.set(guild.id, is_on=on)
        await interaction.edit_original_response(content=say_once(is_on=on, is_new=is_new))

    @app_commands.command(
        name="resolve", description="Settle a message that failed or may not have arrived"
    )
    @app_commands.describe(
        message="the message, or all of a digest; /digest status shows them",
        what="what to do about it",
    )
    @app_commands.choices(what=[Choice(name=words, value=what) for what, words in WHAT.items()])
    async def resolve_message(
        self, interaction: discord.Interaction, message: str, what: str
    ) -> None:
        lot = Lot.parse(message)
        await defer_privately(interaction)
        await resolve(self, interaction, lot, what)

    @app_commands.command(name="pause", description="Post nothing in a channel for a while")
    @about_a_digest
    async def pause_digest(
        self, interaction: discord.Interaction, channel: ChannelOption | None = None
    ) -> None:
        await defer_privately(interaction)
        subscription = await self.subscription(interaction, channel)
        await interaction.edit_original_response(content=await pause(self, subscription))

    @app_commands.command(name="resume", description="Resume a paused digest")
    @about_a_digest
    async def resume_digest(
        self, interaction: discord.Interaction, channel: ChannelOption | None = None
    ) -> None:
        await defer_privately(interaction)
        subscription = await self.subscription(interaction, channel)
        require_paused(subscription)
        if may_repeat(subscription):
            await ask_resumption(interaction, subscription)
            return
        said = await resume(self, interaction, subscription)
        await interaction.edit_original_response(content=said)

    @app_commands.command(description="Stop a channel's digest (asks first)")
    @about_a_digest
    async def remove(
        self, interaction: discord.Interaction, channel: ChannelOption | None = None
    ) -> None:
        await defer_privately(interaction)
        subscription = await self.subscription(interaction, channel)
        await ask_removal(self, interaction, subscription)

    # -- autocomplete ------------------------------------------------------------------------

    @setup.autocomplete("categories")
    @quietly
    async def complete_categories(
        self, interaction: discord.Interaction, current: str
    ) -> list[Choice]:
        """Offer what the server follows first, then what most people do."""
        guild = guild_of(interaction)
        subscriptions = await self.store.subscriptions.list_subscriptions(guild.id)
        followed = [category for each in subscriptions for category in each.categories]
        return offer_categories(current, [*followed, *POPULAR])

    @setup.autocomplete("ping")
    @quietly
    async def complete_ping(self, interaction: discord.Interaction, current: str) -> list[Choice]:
        return await suggest_roles(interaction, current)

    @setup.autocomplete("time")
    async def complete_time(self, interaction: discord.Interaction, current: str) -> list[Choice]:
        return make_choices((each, each) for each in suggest_times(current))

    @setup.autocomplete("zone")
    async def complete_zone(self, interaction: discord.Interaction, current: str) -> list[Choice]:
        return make_choices(offer_zones(current, list_zones()))

    @why.autocomplete("paper")
    @quietly
    async def complete_paper(self, interaction: discord.Interaction, current: str) -> list[Choice]:
        return await complete_paper(self.store, current)

    @resolve_message.autocomplete("message")
    @quietly
    async def complete_message(
        self, interaction: discord.Interaction, current: str
    ) -> list[Choice]:
        return await suggest_lots(self, interaction, current)

    @why.autocomplete("date")
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

    async def _day(self, subscription: Subscription, text: str | None, cadence: Cadence) -> date:
        """Return the date asked for, else the newest listing's; of a week, its last day."""
        day = parse_day(text) if text else await self._newest_day(subscription)
        return find_end(day, subscription.weekday) if cadence is Cadence.WEEK else day

    async def _newest_day(self, subscription: Subscription) -> date:
        """Return the newest listing's date; fetch one if there is none."""
        if not subscription.categories:
            raise InputError(
                "This digest follows no category that I know; choose some with /digest setup."
            )
        for _ in range(2):
            days = await self._latest(subscription.categories)
            if days:
                return max(days.values())
            outcomes = await self.pipeline.intake.fetch_each(subscription.categories)
        raise InputError(say_no_listing(subscription, [str(e.error) for e in outcomes if e.error]))

    async def _latest(self, categories: Sequence[str]) -> Mapping[str, date]:
        """The newest stored listing's date of each category that has one."""
        days = {each: await self.store.papers.latest_listing_date(each) for each in categories}
        return {category: day for category, day in days.items() if day is not None}


BUTTONS = (
    PreviewPageButton,
    PreviewJump,
    AnswerButton,
    RepostButton,
    SendButton,
    *PANEL_BUTTONS,
)
