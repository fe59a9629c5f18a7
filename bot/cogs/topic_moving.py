"""Topics between channels and servers: moved, copied, written to a file and read from one."""

import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import discord

from bot.cogs.admin import AdminCog, DigestChannel, guild_of
from bot.cogs.attached import read_attached
from bot.cogs.pings import read_ping
from bot.cogs.topic_saving import MAX_TOPICS, find_topic, read_draft
from bot.config.starters import StarterTopic, read_topics, write_topics
from bot.digest.models import Subscription, Topic
from bot.digest.trial import Trial
from bot.errors import InputError
from bot.text import markdown
from bot.text.words import count_of
from bot.topics.trials import read_past, try_topics
from bot.ui.drafts import say_yield
from bot.ui.replies import code, fitting_lines, say_topic_removed

MAX_FILE_BYTES: Final = 100_000
MAX_SAID: Final = 1700
FILE_NAME: Final = "topics.toml"


async def carry(
    cog: AdminCog,
    interaction: discord.Interaction,
    source: Subscription,
    topic: Topic,
    target: Subscription,
    *,
    is_copy: bool,
) -> str:
    """Move or copy a topic into another digest of the server; returns what to say."""
    name, there = markdown.escape(topic.name), f"<#{target.channel_id}>"
    if target.channel_id == source.channel_id:
        raise InputError("The topic is in that channel already; pick another one.")
    if find_topic(target.topics, topic.name) is not None:
        raise InputError(f"That digest already has a topic {topic.name!r}; change or remove it.")
    carried, why_not = _with_role(interaction, topic, target)
    if is_copy:
        await _require_room(cog, target, 1)
        await cog.store.subscriptions.put_topics(target.channel_id, [carried])
        return f"{there} now has the topic **{name}** too: {code(topic.query)}{why_not}"
    await cog.store.subscriptions.move_topic(source.channel_id, carried, to=target.channel_id)
    said = say_topic_removed(source.channel_id, topic, rest=len(source.topics) - 1)
    return f"{said} {there} has it now: {code(topic.query)}{why_not}"


def _with_role(
    interaction: discord.Interaction, topic: Topic, target: Subscription
) -> tuple[Topic, str]:
    """Keep a topic's role where the person may have it pinged there; else say why it goes."""
    there = guild_of(interaction).get_channel_or_thread(target.channel_id)
    if topic.ping_role is None:
        return topic, ""
    try:
        if isinstance(there, DigestChannel):
            read_ping(interaction, there, str(topic.ping_role))
            return topic, ""
        why = "I do not find that channel any more."
    except InputError as error:
        why = str(error)
    return replace(topic, ping_role=None), f"\nIt pings nobody there. {why}"


async def _require_room(cog: AdminCog, subscription: Subscription, more: int) -> None:
    subscriptions = await cog.store.subscriptions.list_subscriptions(subscription.guild_id)
    count = sum(len(each.topics) for each in subscriptions)
    if count + more > MAX_TOPICS:
        raise InputError(
            f"This server has {count_of(count, 'topic')} and may have {MAX_TOPICS}; remove some."
        )


def write_file(subscription: Subscription) -> discord.File:
    """Write a digest's topics as a file that `/topic import` reads, on any server."""
    topics = [StarterTopic(name=each.name, query=each.query) for each in subscription.topics]
    return discord.File(io.BytesIO(write_topics(topics).encode()), FILE_NAME)


async def read_file(file: discord.Attachment) -> list[Topic]:
    """Read an attached file of topics; raises `InputError` that says what is wrong with which."""
    content = await read_attached(
        file, most_bytes=MAX_FILE_BYTES, meant=f"a list of {MAX_TOPICS} topics"
    )
    try:
        topics = read_topics(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InputError(
            f"{file.filename} is not text in UTF-8; save it with that encoding and attach it again."
        ) from error
    except ValueError as error:
        raise InputError(
            f"{file.filename} is no list of topics ({error}); /topic export writes one."
        ) from error
    return _read_all(topics)


def _read_all(topics: Sequence[StarterTopic]) -> list[Topic]:
    read: dict[str, Topic] = {}
    for each in topics:
        try:
            draft = read_draft(each.name, each.query)
        except InputError as error:
            raise InputError(f"{each.name!r} cannot be a topic: {error}") from error
        if draft.name.lower() in read:
            raise InputError(f"The file has two topics named {draft.name!r}; name one otherwise.")
        read[draft.name.lower()] = Topic(name=draft.name, query=draft.query)
    if not read:
        raise InputError("The file has no topic; /topic export writes one with those of a digest.")
    return list(read.values())


async def take_in(cog: AdminCog, subscription: Subscription, topics: Sequence[Topic]) -> str:
    """Save topics of a file, all or none; returns what to say, with what each would post."""
    known = [find_topic(subscription.topics, each.name) for each in topics]
    added = sum(each is None for each in known)
    await _require_room(cog, subscription, added)
    past = await read_past(cog.store, subscription)
    trials = await try_topics(cog.store, past, subscription, topics)
    kept = [
        replace(old, name=each.name, query=each.query) if old else each
        for each, old in zip(topics, known, strict=True)
    ]
    await cog.store.subscriptions.put_topics(subscription.channel_id, kept)
    heading = (
        f"<#{subscription.channel_id}>: {count_of(added, 'topic')} added, "
        f"{len(topics) - added} changed."
    )
    lines = [_line(each) for each in trials]
    return f"{heading}\n{fitting_lines(lines, MAX_SAID)}"


def _line(trial: Trial) -> str:
    said = say_yield(trial) if trial.announced else "no listing is stored to try it on"
    return f"- **{markdown.escape(trial.topic.name)}**: {said}"
