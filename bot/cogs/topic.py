"""`/topic`: saved searches that narrow what a channel's digest contains."""

from collections.abc import Sequence
from dataclasses import replace

import discord
from discord import app_commands

from bot.arxiv.calendar import announcement_day
from bot.cogs.admin import AdminCog, ChannelOption, DigestChannel, channel_links, guild_of
from bot.cogs.answers import defer_privately
from bot.cogs.options import parse_name
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
from bot.cogs.topic_trials import say_effect, show_trial, try_one
from bot.config.starters import StarterTopic
from bot.digest.models import Subscription, Topic
from bot.errors import InputError
from bot.pipeline import Pipeline
from bot.query.ast import Query
from bot.query.parser import parse_query
from bot.ui.advice import say_found
from bot.ui.replies import render_topics, say_topic_removed, say_topic_set

MAX_TOPICS = 50
"""Per server: each is a search at every announcement."""


@app_commands.guild_only()
@app_commands.default_permissions(manage_guild=True)
@app_commands.allowed_installs(guilds=True, users=False)
@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
class TopicCog(AdminCog, group_name="topic", group_description="Narrow digests down to topics"):
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
        topic = Topic(name=parse_name(name), query=query.strip())
        parse_query(topic.query)
        await defer_privately(interaction)
        subscription = await self.subscription(interaction, channel)
        await self._require_room(subscription, topic)
        before = _find_topic(subscription.topics, topic.name)
        is_new = before is None
        there = guild_of(interaction).get_channel_or_thread(subscription.channel_id)
        role = before.ping_role if before else None
        if ping and isinstance(there, DigestChannel):
            role = read_ping(interaction, there, ping)
        topic = replace(topic, ping_role=role)
        await self.store.subscriptions.set_topic(
            subscription.channel_id, topic.name, topic.query, topic.ping_role
        )
        trial = await try_one(self.store, subscription, topic)
        said = say_topic_set(subscription.channel_id, topic, is_new=is_new)
        said = f"{said}\n{say_effect(trial)}"
        if trial.newest and not trial.newest.tally.matching:
            said += f"\n{await self._look_further(parse_query(topic.query))}"
        await interaction.edit_original_response(content=said)

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
        return make_choices(
            (f"{starter.name}: {starter.about}", starter.name)
            for starter in self.starters
            if wanted in f"{starter.name} {starter.about}".lower()
        )

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

    @app_commands.command(name="list", description="List the topics of this server's digests")
    async def list_topics(self, interaction: discord.Interaction) -> None:
        await defer_privately(interaction)
        guild = guild_of(interaction)
        subscriptions = await self.store.subscriptions.list_subscriptions(guild.id)
        topics = _topics_of(subscriptions)
        if not topics:
            raise InputError("There are no topics yet: every paper is posted. /topic add adds one.")
        embed = render_topics(topics, channel_links(guild, subscriptions))
        await interaction.edit_original_response(embed=embed)

    @app_commands.command(description="Remove a topic")
    @app_commands.describe(
        name="the topic to remove", channel="the digest it narrows (default: this channel's)"
    )
    async def remove(
        self, interaction: discord.Interaction, name: str, channel: ChannelOption | None = None
    ) -> None:
        await defer_privately(interaction)
        subscription = await self.subscription(interaction, channel)
        topic = _find_topic(subscription.topics, name)
        if topic is None:
            raise InputError(_no_such_topic(name, subscription.topics))
        await self.store.subscriptions.delete_topic(subscription.channel_id, topic.name)
        rest = len(subscription.topics) - 1
        await interaction.edit_original_response(
            content=say_topic_removed(subscription.channel_id, topic, rest=rest)
        )

    @remove.autocomplete("name")
    @quietly
    async def complete_name(self, interaction: discord.Interaction, current: str) -> list[Choice]:
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
        finished = await complete_field(self.store, current, today=today) or []
        queries = [each.query for each in starters if wanted in each.query.lower()]
        return make_choices(
            [*as_typed(current), *own, *finished, *((query, query) for query in queries)]
        )

    async def _require_room(self, subscription: Subscription, topic: Topic) -> None:
        subscriptions = await self.store.subscriptions.list_subscriptions(subscription.guild_id)
        count = sum(len(each.topics) for each in subscriptions)
        if count >= MAX_TOPICS and _find_topic(subscription.topics, topic.name) is None:
            raise InputError(f"This server has {count} topics, the most allowed; remove one first.")

    async def _look_further(self, query: Query) -> str:
        """Say of a query that finds nothing new whether it finds anything at all."""
        page = await self.store.search.find(query, limit=1)
        advice = None if page.matches else await self.store.search.advise(query)
        return say_found(page, advice)


def _topics_of(subscriptions: Sequence[Subscription]) -> list[tuple[int, Topic]]:
    """List the topics of several digests, with their channels."""
    return [(each.channel_id, topic) for each in subscriptions for topic in each.topics]


def _find_topic(topics: Sequence[Topic], name: str) -> Topic | None:
    wanted = " ".join(name.split()).lower()
    return next((topic for topic in topics if topic.name.lower() == wanted), None)


def _no_such_topic(name: str, topics: Sequence[Topic]) -> str:
    known = ", ".join(topic.name for topic in topics[:10])
    hint = f"its topics are {known}" if known else "it has no topics"
    return f"This digest has no topic {name!r}; {hint}."
