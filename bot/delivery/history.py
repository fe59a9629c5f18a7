"""Reads what a channel holds, and says so only where that proves something."""

import contextlib
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

import aiohttp
import discord

from bot.delivery.fingerprint import (
    HISTORY_LIMIT,
    HISTORY_PAGE,
    HistorySearch,
    Seen,
    Sighting,
    cannot_tell,
)
from bot.delivery.posts import PostSearch, own_posts
from bot.digest.messages import DeliveryRecord, ShownMessage
from bot.digest.models import NO_GUILD, Place, Reason, ReasonCode
from bot.ui.styles import read_any, style_of

T = TypeVar("T")

NOT_FOUND: Final = 404

UNNAMED: Final = "digest"
"""Stands for the name of a thread that Discord does not tell with its message."""

MESSAGE_OF_NO_CHANNEL: Final = 1
"""An identifier from before Discord's epoch: no message has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedPapers:
    """A digest's message in a channel, or in the thread ``thread_id`` of it, and what it shows.

    ``thread_name`` is what the thread is called that begins with it, if one does.
    """

    message_id: int
    posted_at: datetime
    shown: ShownMessage
    thread_id: int | None = None
    thread_name: str = ""


async def search(
    client: discord.Client, record: DeliveryRecord, is_clock_wrong: Callable[[], bool]
) -> Sighting:
    """Look for a message among the newest of its channel, as far back as its claim.

    ``is_clock_wrong`` is asked afterwards whether the claim's time says nothing about Discord's.
    """
    style = style_of(record.style)
    wanted = style.read(record.body)
    if wanted is None:
        return cannot_tell(ReasonCode.DAMAGED)

    if record.place is Place.FORUM:
        return await _search_posts(client, record, wanted, is_clock_wrong)

    async def look(channel: discord.abc.Messageable) -> Sighting:
        found = HistorySearch(wanted, claimed_at=record.claimed_at or record.planned_at)
        async for message in channel.history(limit=HISTORY_LIMIT):
            shown = style.read(body_of(message)) if is_ours(client, message) else None
            if found.look_at(message.id, message.created_at, shown):
                break
        return found.conclude(is_clock_wrong=is_clock_wrong())

    if record.place is not Place.THREAD or record.thread_id is None:
        return await _reading(client, record.guild_id, record.channel_id, look)
    sighting = await _reading(client, record.guild_id, record.thread_id, look)
    is_gone = sighting.reason is not None and sighting.reason.status == NOT_FOUND
    return await _explain_absence(client, record, record.thread_id) if is_gone else sighting


async def _search_posts(
    client: discord.Client,
    record: DeliveryRecord,
    wanted: ShownMessage,
    is_clock_wrong: Callable[[], bool],
) -> Sighting:
    """Look for a forum's post among the bot's own."""
    style = style_of(record.style)
    found = PostSearch(record, wanted, record.claimed_at or record.planned_at)

    async def look(forum: discord.ForumChannel) -> Sighting:
        async for thread in own_posts(client, forum, found.since, at_least=HISTORY_PAGE):
            if not found.is_candidate(thread):
                continue
            first = await _first_message(thread)
            shown = style.read(body_of(first)) if first else None
            if found.look_at(thread, shown, is_gone=first is None):
                return Sighting(seen=Seen.FOUND, message_id=thread.id)
        return found.conclude(is_clock_wrong=is_clock_wrong())

    return await _reading_forum(client, record.guild_id, record.channel_id, look)


async def _first_message(thread: discord.Thread) -> discord.Message | None:
    """Return the first message of a post, which has its identifier; None: it was deleted."""
    try:
        return await thread.fetch_message(thread.id)
    except discord.NotFound:
        return None


async def _explain_absence(
    client: discord.Client, record: DeliveryRecord, thread_id: int
) -> Sighting:
    """Say what it means that a thread is not there: it was deleted, or never made."""
    gone = cannot_tell(ReasonCode.THREAD_GONE)
    if record.has_thread is not None:
        return gone

    async def look(channel: discord.abc.Messageable) -> Sighting:
        starter = await channel.fetch_message(thread_id)
        return gone if starter.flags.has_thread else Sighting(seen=Seen.ABSENT)

    sighting = await _reading(client, record.guild_id, record.channel_id, look)
    return gone if sighting.seen is Seen.CANNOT_TELL else sighting


async def list_posted(
    client: discord.Client,
    guild_id: int,
    channel_id: int,
    since: datetime,
    thread_ids: Collection[int] = (),
    *,
    limit: int | None = None,
) -> list[PostedPapers] | Sighting:
    """List the digests' messages that a channel got since a moment, or say why it cannot.

    Those in threads of digests too; ``thread_ids`` are some that may have begun before. With a
    ``limit`` only so many messages are looked at in each place, the newest ones.
    """

    async def read() -> list[PostedPapers] | Sighting:
        channel = await _readable_channel(client, guild_id, channel_id)
        if isinstance(channel, Sighting):
            return channel
        if isinstance(channel, discord.ForumChannel):
            threads = [thread async for thread in own_posts(client, channel, since)]
            return [
                each
                for thread in threads
                for each in await _posted_in(client, thread, since, limit)
            ]
        if not isinstance(channel, discord.abc.Messageable):
            return cannot_tell(ReasonCode.NO_MESSAGES_THERE)
        if not await _is_history_open(channel):
            return cannot_tell(ReasonCode.HISTORY_HIDDEN)
        found = await _posted_in(client, channel, since, limit)
        begun = {*thread_ids, *(each.message_id for each in found if each.thread_name)}
        for thread_id in sorted(begun):
            if (thread := await _thread(channel, thread_id)) is not None:
                found += await _posted_in(client, thread, since, limit)
        return found

    return await _trying(read)


async def _posted_in(
    client: discord.Client,
    channel: discord.abc.Messageable,
    since: datetime,
    limit: int | None,
) -> list[PostedPapers]:
    thread_id = channel.id if isinstance(channel, discord.Thread) else None
    return [
        PostedPapers(
            message_id=message.id,
            posted_at=message.created_at,
            shown=shown,
            thread_id=thread_id,
            thread_name=_name_of_begun(channel, message),
        )
        async for message in channel.history(limit=limit, after=since, oldest_first=limit is None)
        if is_ours(client, message)
        and (shown := read_any(body_of(message)))
        and (shown.line or not shown.papers)  # the card of a discussion shows a paper, but no line
    ]


def _name_of_begun(channel: discord.abc.Messageable, message: discord.Message) -> str:
    """Return what the thread is called that begins with a message; empty: with it begins none."""
    if isinstance(channel, discord.Thread):
        return channel.name if channel.id == message.id else ""
    if not message.flags.has_thread:
        return ""
    return message.thread.name if message.thread else UNNAMED


async def _thread(channel: discord.abc.Messageable, thread_id: int) -> discord.Thread | None:
    """Return a thread of a channel; None: it is not there (any more)."""
    guild = getattr(channel, "guild", None)
    if not isinstance(guild, discord.Guild):
        return None
    with contextlib.suppress(discord.NotFound):
        found = guild.get_thread(thread_id) or await guild.fetch_channel(thread_id)
        return found if isinstance(found, discord.Thread) else None
    return None


def body_of(message: discord.Message) -> dict[str, Any]:
    """Return a posted message as Discord's API has it, as far as a style reads it."""
    return {
        "content": message.content,
        "embeds": [embed.to_dict() for embed in message.embeds],
        "components": [component.to_dict() for component in message.components],
        "flags": message.flags.value,
    }


def is_ours(client: discord.Client, message: discord.Message) -> bool:
    # An answer to a command may show the same papers: it is no digest.
    user = client.user
    is_answer = message.interaction_metadata is not None
    return user is not None and message.author.id == user.id and not is_answer


async def _reading(
    client: discord.Client,
    guild_id: int,
    channel_id: int,
    look: Callable[[discord.abc.Messageable], Awaitable[T]],
) -> T | Sighting:
    """Read a channel's history; a failure says whether trying again makes sense."""

    async def read() -> T | Sighting:
        channel = await _readable_channel(client, guild_id, channel_id)
        if isinstance(channel, Sighting):
            return channel
        if not isinstance(channel, discord.abc.Messageable):
            return cannot_tell(ReasonCode.NO_MESSAGES_THERE)
        is_open = await _is_history_open(channel)
        return await look(channel) if is_open else cannot_tell(ReasonCode.HISTORY_HIDDEN)

    return await _trying(read)


async def _reading_forum(
    client: discord.Client,
    guild_id: int,
    channel_id: int,
    look: Callable[[discord.ForumChannel], Awaitable[T]],
) -> T | Sighting:
    """Read a forum's posts, as `_reading` does; their list is refused without the permission."""

    async def read() -> T | Sighting:
        channel = await _readable_channel(client, guild_id, channel_id)
        if isinstance(channel, Sighting):
            return channel
        if not isinstance(channel, discord.ForumChannel):
            return cannot_tell(ReasonCode.NO_MESSAGES_THERE)
        return await look(channel)

    return await _trying(read)


async def _trying(read: Callable[[], Awaitable[T | Sighting]]) -> T | Sighting:
    try:
        return await read()
    except (discord.Forbidden, discord.NotFound) as error:
        reason = Reason(code=ReasonCode.CHANNEL_UNREADABLE, status=error.status)
        return Sighting(seen=Seen.CANNOT_TELL, reason=reason)
    except (discord.DiscordException, aiohttp.ClientError, OSError, TypeError) as error:
        reason = Reason(code=ReasonCode.NOT_READ_YET, text=type(error).__name__)
        return Sighting(seen=Seen.NOT_YET, reason=reason)


async def _readable_channel(
    client: discord.Client, guild_id: int, channel_id: int
) -> discord.abc.GuildChannel | discord.Thread | discord.DMChannel | Sighting:
    """Return a channel whose history the bot may read, as far as it was told; else why not."""
    if guild_id == NO_GUILD:
        return await _private_channel(client, channel_id)
    guild = client.get_guild(guild_id)
    if guild is None and client.is_ready():
        return cannot_tell(ReasonCode.NOT_IN_GUILD)
    if guild is None and client.guilds:  # its shard is not connected, others are
        guild = await client.fetch_guild(guild_id)
    if guild is None or guild.unavailable:
        return Sighting(seen=Seen.NOT_YET, reason=Reason(code=ReasonCode.NOT_READ_YET))
    channel = guild.get_channel_or_thread(channel_id) or await guild.fetch_channel(channel_id)
    held = channel.permissions_for(await _me(client, guild))
    may_read = held.view_channel and held.read_message_history
    return channel if may_read else cannot_tell(ReasonCode.HISTORY_HIDDEN)


async def _private_channel(client: discord.Client, channel_id: int) -> discord.DMChannel | Sighting:
    """Return the channel of direct messages, which no server and so no shard has to tell of."""
    if client.user is None or client.is_closed():
        return Sighting(seen=Seen.NOT_YET, reason=Reason(code=ReasonCode.NOT_READ_YET))
    found = await client.fetch_channel(channel_id)
    if isinstance(found, discord.DMChannel):
        return found
    return cannot_tell(ReasonCode.NO_MESSAGES_THERE)


async def _me(client: discord.Client, guild: discord.Guild) -> discord.Member:
    """Return the bot as a guild's member; a guild that was fetched knows no members."""
    own_id = client.user.id if client.user else 0
    return guild.get_member(own_id) or await guild.fetch_member(own_id)


async def _is_history_open(channel: discord.abc.Messageable) -> bool:
    """Ask Discord itself: what the gateway told may be older than an admin's change.

    Without the permission a list of messages is empty, which would look like an absence; a single
    message is refused
    (https://docs.discord.com/developers/resources/message#get-channel-message).
    """
    with contextlib.suppress(discord.NotFound):
        try:
            await channel.fetch_message(MESSAGE_OF_NO_CHANNEL)
        except discord.Forbidden:
            return False
    return True
