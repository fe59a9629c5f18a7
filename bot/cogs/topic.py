"""`/topic`: saved searches that narrow what a channel's digest contains."""

import asyncio
from collections.abc import Sequence
from typing import Final

import discord
from discord import app_commands

from bot.arxiv.calendar import announcement_day
from bot.cogs.admin import AdminCog, ChannelOption, DigestChannel, channel_links, guild_of
from bot.cogs.answers import defer_privately
from bot.cogs.digest_panel import look_buttons, offer_setup
from bot.cogs.pings import read_ping, suggest_roles
from bot.cogs.services import Deliverer
from bot.cogs.suggestions import (
    Choice,
    as_typed,
    complete_field,
    list_again,
    make_choices,
    quietly,
)
from bot.cogs.topic_from import read_file, show_from_papers
from bot.cogs.topic_moving import carry, take_in, write_file
from bot.cogs.topic_moving import read_file as read_topics_file
from bot.cogs.topic_saving import (
    TOPIC_COG,
    add_or_ask,
    find_topic,
    open_topic_form,
    read_draft,
    require_topic,
)
from bot.cogs.topic_trials import show_trial
from bot.config.starters import StarterTopic
from bot.digest.models import Subscription, Topic
from bot.errors import BotError, InputError
from bot.pipeline import Pipeline
from bot.query.parser import parse_query
from bot.topics.checkup import check_up, try_starters
from bot.ui.drafts import Draft, say_yield
from bot.ui.replies import render_topics, say_exported, say_topic_paused, say_topic_removed
from bot.ui.topic_health import say_health
from bot.ui.views import make_view

CHANNEL_HELP: Final = "the digest that has it (default: this channel's)"
MOST_LOOKS: Final = 5
"""Buttons below the list, a row."""
YIELDS_S: Final = 1.2
"""How long the choices of starter topics may wait for what each would bring."""


@app_commands.guild_only()
@app_commands.default_permissions(manage_guild=True)
@app_commands.allowed_installs(guilds=True, users=False)
@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
class TopicCog(
    AdminCog,
    name=TOPIC_COG,
    group_name="topic",
    group_description="Narrow digests down to topics",
):
    """Add, list and remove topics; ``starters`` are offered when one is added."""

    def __init__(
        self, pipeline: Pipeline, delivery: Deliverer, starters: Sequence[StarterTopic] = ()
    ) -> None:
        super().__init__(pipeline, delivery)
        self.starters = starters

    @app_commands.command(description="Post only papers that match a query (or another topic)")
    @app_commands.describe(
        name="a short name, shown with each paper",
        query="what a paper must match, as in /paper search: diffusion -survey category:cs.CV",
        channel="the digest to narrow down (default: this channel's)",
        ping="a role to ping when it matches a paper, or nobody (default)",
    )
    async def add(
        self,
        interaction: discord.Interaction,
        name: app_commands.Range[str, 1, 50],
        query: app_commands.Range[str, 1, 300],
        channel: ChannelOption | None = None,
        ping: str | None = None,
    ) -> None:
        draft = read_draft(name, query)
        await defer_privately(interaction)
        if not await self.store.subscriptions.list_subscriptions(guild_of(interaction).id):
            await offer_setup(interaction, draft)
            return
        subscription = await self.subscription(interaction, channel)
        there = guild_of(interaction).get_channel_or_thread(subscription.channel_id)
        before = find_topic(subscription.topics, draft.name)
        role = before.ping_role if before else None
        if ping and isinstance(there, DigestChannel):
            role = read_ping(interaction, there, ping)
        await add_or_ask(self, interaction, subscription, draft, role)

    @add.autocomplete("ping")
    @quietly
    async def complete_ping(self, interaction: discord.Interaction, current: str) -> list[Choice]:
        return await suggest_roles(interaction, current)

    @add.autocomplete("name")
    @quietly
    async def complete_starter(
        self, interaction: discord.Interaction, current: str
    ) -> list[Choice]:
        wanted = current.strip().lower()
        starters = [each for each in self.starters if wanted in f"{each.name} {each.about}".lower()]
        yields = await self._yields(interaction, starters)
        return make_choices(
            (f"{each.name}{yields.get(each.name, '')}: {each.about}", each.name)
            for each in starters
        )

    async def _yields(
        self, interaction: discord.Interaction, starters: Sequence[StarterTopic]
    ) -> dict[str, str]:
        """Say what starter topics would bring to the digest of here; nothing if it takes long."""
        topics = [Topic(name=each.name, query=each.query) for each in starters]
        try:
            async with asyncio.timeout(YIELDS_S):
                subscription = await self.subscription(interaction, None)
                trials = await try_starters(self.store, subscription, topics)
        except (BotError, TimeoutError):
            return {}
        return {name: f" ({say_yield(each)})" for name, each in trials.items() if each.announced}

    @add.autocomplete("query")
    @quietly
    async def complete_query(self, interaction: discord.Interaction, current: str) -> list[Choice]:
        """Offer the query of the starter that was named, else own searches and all starters."""
        name = str(getattr(interaction.namespace, "name", None) or "").lower()
        named = [each for each in self.starters if each.name.lower() == name]
        if named:
            offers = [(each.query, each.query) for each in named]
            return make_choices([*as_typed(current), *offers])
        return await self._offer_queries(interaction, current, self.starters)

    @app_commands.command(description="Try a query: what it would have posted in four weeks")
    @app_commands.describe(
        query="what a paper must match, as in /topic add: diffusion -survey",
        channel="the digest to try it on (default: this channel's)",
    )
    async def test(
        self,
        interaction: discord.Interaction,
        query: app_commands.Range[str, 1, 300],
        channel: ChannelOption | None = None,
    ) -> None:
        topic = Topic(name="", query=query.strip())
        parse_query(topic.query)
        await defer_privately(interaction)
        subscription = await self.subscription(interaction, channel)
        embed = await show_trial(self.pipeline, subscription, topic)
        await interaction.edit_original_response(embed=embed)

    @test.autocomplete("query")
    @quietly
    async def complete_test(self, interaction: discord.Interaction, current: str) -> list[Choice]:
        return await self._offer_queries(interaction, current, self.starters)

    @app_commands.command(description="Change a topic, and see what that does before it is saved")
    @app_commands.describe(name="the topic to change", channel=CHANNEL_HELP)
    async def edit(
        self, interaction: discord.Interaction, name: str, channel: ChannelOption | None = None
    ) -> None:
        subscription = await self.subscription(interaction, channel)
        topic = require_topic(subscription, name)
        draft = Draft(name=topic.name, query=topic.query, instead_of=topic.name)
        await open_topic_form(interaction, subscription.channel_id, draft)

    @edit.autocomplete("name")
    @quietly
    async def complete_edited(self, interaction: discord.Interaction, current: str) -> list[Choice]:
        return await self._offer_topics(interaction, current)

    @app_commands.command(name="from", description="Make a topic from papers that belong to it")
    @app_commands.describe(
        papers="3 to 50 arXiv identifiers or addresses: 2401.01234, 2402.04321, ...",
        file="a .bib file that has identifiers, instead or in addition",
        channel="the digest that the topic is for (default: this channel's)",
    )
    async def from_papers(
        self,
        interaction: discord.Interaction,
        papers: app_commands.Range[str, 1, 4000] | None = None,
        file: discord.Attachment | None = None,
        channel: ChannelOption | None = None,
    ) -> None:
        await defer_privately(interaction)
        subscription = await self.subscription(interaction, channel)
        text = f"{papers or ''}\n{await read_file(file)}"
        await show_from_papers(self, interaction, subscription, text)

    @app_commands.command(description="Let a topic match nothing until it is resumed")
    @app_commands.describe(name="the topic to pause", channel=CHANNEL_HELP)
    async def pause(
        self, interaction: discord.Interaction, name: str, channel: ChannelOption | None = None
    ) -> None:
        await self._pause(interaction, name, channel, is_paused=True)

    @app_commands.command(description="Let a paused topic match again")
    @app_commands.describe(name="the topic to resume", channel=CHANNEL_HELP)
    async def resume(
        self, interaction: discord.Interaction, name: str, channel: ChannelOption | None = None
    ) -> None:
        await self._pause(interaction, name, channel, is_paused=False)

    async def _pause(
        self,
        interaction: discord.Interaction,
        name: str,
        channel: DigestChannel | None,
        *,
        is_paused: bool,
    ) -> None:
        await defer_privately(interaction)
        subscription = await self.subscription(interaction, channel)
        topic = require_topic(subscription, name)
        await self.store.subscriptions.pause_topic(
            subscription.channel_id, topic.name, is_paused=is_paused
        )
        said = say_topic_paused(subscription, topic, is_paused=is_paused)
        await interaction.edit_original_response(content=said)

    @app_commands.command(description="Move a topic to the digest of another channel")
    @app_commands.describe(
        name="the topic to move", to="the channel whose digest gets it", channel=CHANNEL_HELP
    )
    async def move(
        self,
        interaction: discord.Interaction,
        name: str,
        to: ChannelOption,
        channel: ChannelOption | None = None,
    ) -> None:
        await self._carry(interaction, name, to, channel, is_copy=False)

    @app_commands.command(description="Copy a topic to the digest of another channel")
    @app_commands.describe(
        name="the topic to copy", to="the channel whose digest gets it", channel=CHANNEL_HELP
    )
    async def copy(
        self,
        interaction: discord.Interaction,
        name: str,
        to: ChannelOption,
        channel: ChannelOption | None = None,
    ) -> None:
        await self._carry(interaction, name, to, channel, is_copy=True)

    async def _carry(
        self,
        interaction: discord.Interaction,
        name: str,
        to: DigestChannel,
        channel: DigestChannel | None,
        *,
        is_copy: bool,
    ) -> None:
        await defer_privately(interaction)
        source = await self.subscription(interaction, channel)
        target = await self.subscription(interaction, to)
        topic = require_topic(source, name)
        said = await carry(self, interaction, source, topic, target, is_copy=is_copy)
        await interaction.edit_original_response(content=said)

    @pause.autocomplete("name")
    @resume.autocomplete("name")
    @move.autocomplete("name")
    @copy.autocomplete("name")
    @quietly
    async def complete_one(self, interaction: discord.Interaction, current: str) -> list[Choice]:
        return await self._offer_topics(interaction, current)

    @app_commands.command(description="Write the topics of a digest to a file, to keep or share")
    @app_commands.describe(channel="the digest (default: this channel's)")
    async def export(
        self, interaction: discord.Interaction, channel: ChannelOption | None = None
    ) -> None:
        await defer_privately(interaction)
        subscription = await self.subscription(interaction, channel)
        if not subscription.topics:
            raise InputError("This digest has no topics; /topic add adds one.")
        await interaction.edit_original_response(
            content=say_exported(subscription), attachments=[write_file(subscription)]
        )

    @app_commands.command(name="import", description="Add the topics of a file to a digest")
    @app_commands.describe(
        file="what /topic export wrote, or a file like config/topics.toml",
        channel="the digest that gets them (default: this channel's)",
    )
    async def import_file(
        self,
        interaction: discord.Interaction,
        file: discord.Attachment,
        channel: ChannelOption | None = None,
    ) -> None:
        await defer_privately(interaction)
        subscription = await self.subscription(interaction, channel)
        said = await take_in(self, subscription, await read_topics_file(file))
        await interaction.edit_original_response(content=said)

    @app_commands.command(name="list", description="List the topics of this server's digests")
    async def list_topics(self, interaction: discord.Interaction) -> None:
        await defer_privately(interaction)
        guild = guild_of(interaction)
        subscriptions = await self.store.subscriptions.list_subscriptions(guild.id)
        topics = _topics_of(subscriptions)
        if not topics:
            raise InputError("There are no topics yet: every paper is posted. /topic add adds one.")
        health, looks = {}, []
        for each in subscriptions:
            checked = await check_up(self.store, each)
            said = {(each.channel_id, name): say_health(*fares) for name, fares in checked.items()}
            health.update(said)
            looks += look_buttons(each, checked)
        embed = render_topics(topics, channel_links(guild, subscriptions), health)
        view = make_view(looks[:MOST_LOOKS])
        await interaction.edit_original_response(embed=embed, view=view)

    @app_commands.command(description="Remove a topic")
    @app_commands.describe(name="the topic to remove", channel=CHANNEL_HELP)
    async def remove(
        self, interaction: discord.Interaction, name: str, channel: ChannelOption | None = None
    ) -> None:
        await defer_privately(interaction)
        subscription = await self.subscription(interaction, channel)
        topic = require_topic(subscription, name)
        await self.store.subscriptions.delete_topic(subscription.channel_id, topic.name)
        rest = len(subscription.topics) - 1
        await interaction.edit_original_response(
            content=say_topic_removed(subscription.channel_id, topic, rest=rest)
        )

    @remove.autocomplete("name")
    @quietly
    async def complete_name(self, interaction: discord.Interaction, current: str) -> list[Choice]:
        return await self._offer_topics(interaction, current)

    async def _offer_topics(self, interaction: discord.Interaction, current: str) -> list[Choice]:
        wanted = current.strip().lower()
        guild = guild_of(interaction)
        subscriptions = await self.store.subscriptions.list_subscriptions(guild.id)
        return make_choices(
            (f"{topic.name}: {topic.query}", topic.name)
            for _, topic in _topics_of(subscriptions)
            if wanted in topic.name.lower()
        )

    async def _offer_queries(
        self, interaction: discord.Interaction, current: str, starters: Sequence[StarterTopic]
    ) -> list[Choice]:
        """Offer own searches and starters; what ends in an unfinished field is finished first."""
        wanted = current.strip().lower()
        own = await list_again(self.store, interaction.user.id, current)
        today = announcement_day(self.pipeline.now())
        finished = await complete_field(self.store, None, current, today=today) or []
        queries = [each.query for each in starters if wanted in each.query.lower()]
        return make_choices(
            [*as_typed(current), *own, *finished, *((query, query) for query in queries)]
        )


def _topics_of(subscriptions: Sequence[Subscription]) -> list[tuple[int, Topic]]:
    """List the topics of several digests, with their channels."""
    return [(each.channel_id, topic) for each in subscriptions for topic in each.topics]
