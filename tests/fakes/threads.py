"""Threads and forum posts of the loopback Discord: made, listed, archived, locked and deleted.

A thread made from a message has the message's identifier, and so have a forum's post and its first
message. Messages in them are those of any channel (`discord.py`). Posts know no nonce.
"""

from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final

from tests.fakes import spec
from tests.fakes.world import (
    CREATE_PUBLIC_THREADS,
    EMBED_LINKS,
    FORUM,
    HAS_THREAD,
    PUBLIC_THREAD,
    READ_MESSAGE_HISTORY,
    REQUIRES_TAG,
    SEND_MESSAGES,
    Channel,
    Json,
)

if TYPE_CHECKING:
    from tests.fakes.discord import Answer, Call, DiscordServer

ACTIVE: Final = "/guilds/{guild_id}/threads/active"
ARCHIVED: Final = f"{spec.POSTS}/archived/public"

OPEN_THREAD: Final = "POST", spec.FROM_MESSAGE
OPEN_POST: Final = "POST", spec.POSTS

STARTER_MESSAGE: Final = 21
"""The type of the message in a thread that stands for the one it was made from."""


class Threads:
    """The part of the server that is about threads; ``max_active`` is Discord's limit a guild."""

    def __init__(self, server: "DiscordServer") -> None:
        self._server = server
        self.max_active = 1000

    def routes(self) -> Iterator[tuple[str, str, Callable[["Call"], Awaitable["Answer"]]]]:
        yield "POST", spec.FROM_MESSAGE, self._make_from_message
        yield "POST", spec.POSTS, self._make_post
        yield "GET", ACTIVE, self._list_active
        yield "GET", ARCHIVED, self._list_archived

    # What people do

    def of(self, channel: Channel) -> list[Channel]:
        """Return a channel's threads that were not deleted, oldest first."""
        guild = self._server.guilds[channel.guild_id]
        return [each for each in guild.channels.values() if self._is_of(each, channel)]

    def _is_of(self, thread: Channel, channel: Channel) -> bool:
        return thread.parent is channel and not thread.is_deleted

    async def archive(self, thread: Channel, *, locked: bool = False) -> None:
        thread.archived_at, thread.is_locked = self._server.now(), locked
        await self._tell("THREAD_UPDATE", thread)

    async def lock(self, thread: Channel) -> None:
        thread.is_locked = True
        await self._tell("THREAD_UPDATE", thread)

    async def delete(self, thread: Channel) -> None:
        thread.is_deleted = True
        await self._tell("THREAD_DELETE", thread)

    async def _tell(self, name: str, thread: Channel) -> None:
        await self._server.tell(thread.guild_id, name, self._json(thread))

    def _json(self, thread: Channel) -> Json:
        return thread.json(self._server.guilds[thread.guild_id].bot_role_id)

    # What the bot asks for

    async def before_sending(self, channel: Channel) -> "Answer | None":
        """Say why a message cannot be sent there; a thread that is only archived is so no more."""
        if channel.kind == FORUM:
            return self._server.error(400, 50008, "Cannot send messages in a non-text channel")
        if channel.parent is None:
            return None
        if channel.is_locked:
            return self._server.error(403, 160005, "Thread is locked")
        if channel.archived_at is not None:
            channel.archived_at = None
            await self._told_later("THREAD_UPDATE", channel)
        return None

    async def _told_later(self, name: str, thread: Channel, **more: object) -> None:
        """Tell the bot, which waits for an answer meanwhile."""
        gateway = self._server.gateway
        await gateway.tell(thread.guild_id, name, {**self._json(thread), **more})

    async def _make_from_message(self, call: "Call") -> "Answer":
        channel = self._server.named(call, CREATE_PUBLIC_THREADS)
        if not isinstance(channel, Channel):
            return channel
        if channel.parent is not None or channel.kind == FORUM:
            return self._server.error(400, 50024, "Cannot execute action on this channel type")
        message_id = int(call.names["message_id"])
        guild = self._server.guilds[channel.guild_id]
        message = next((each for each in channel.messages if each["id"] == str(message_id)), None)
        if message is None:
            return self._server.error(404, 10008, "Unknown Message")
        if message_id in guild.channels:  # also after it was deleted: the identifier is taken
            return self._server.error(
                400, 160004, "A thread has already been created for this message"
            )
        if (refused := self._too_many(channel.guild_id)) is not None:
            return refused
        thread = self._make(channel, message_id, str(call.body["name"]))
        message["flags"] |= HAS_THREAD
        starter = self._server.post_as(self._server.bot, thread, {})
        starter["type"] = STARTER_MESSAGE
        starter["message_reference"] = {
            "type": 0,
            "guild_id": str(channel.guild_id),
            "channel_id": str(channel.id),
            "message_id": str(message_id),
        }
        await self._told_later("THREAD_CREATE", thread, newly_created=True)
        return self._server.answer(201, self._json(thread))

    def _too_many(self, guild_id: int) -> "Answer | None":
        if len(self._active(guild_id)) < self.max_active:
            return None
        return self._server.error(400, 160006, "Maximum number of active threads reached")

    def _active(self, guild_id: int) -> list[Channel]:
        return [
            each
            for each in self._server.guilds[guild_id].channels.values()
            if each.parent and not each.is_deleted and each.archived_at is None
        ]

    def _make(self, parent: Channel, id_: int, name: str) -> Channel:
        thread = Channel(
            id=id_,
            guild_id=parent.guild_id,
            name=name,
            parent=parent,
            kind=PUBLIC_THREAD,
            owner_id=self._server.bot.id,
            made_at=self._server.now(),
        )
        return self._server.put(thread)

    async def _make_post(self, call: "Call") -> "Answer":
        message = call.body.get("message") or {}
        needed = SEND_MESSAGES | (EMBED_LINKS if message.get("embeds") else 0)
        forum = self._server.named(call, needed)
        if not isinstance(forum, Channel):
            return forum
        if forum.kind != FORUM:
            return self._server.error(400, 50024, "Cannot execute action on this channel type")
        tags = [int(tag) for tag in call.body.get("applied_tags") or ()]
        if any(tag not in forum.tags for tag in tags):
            return self._server.error(404, 10087, "Unknown Tag")
        if forum.flags & REQUIRES_TAG and not tags:
            return self._server.error(400, 40067, "A tag is required to create a forum post")
        if (refused := self._too_many(forum.guild_id)) is not None:
            return refused
        thread = self._make(forum, self._server.ids.new(), str(call.body["name"]))
        thread.applied_tags = tags
        posted = self._server.accept(thread, message, message_id=thread.id)
        await self._told_later("THREAD_CREATE", thread, newly_created=True)
        return self._server.answer(201, {**self._json(thread), "message": posted})

    async def _list_active(self, call: "Call") -> "Answer":
        guild = self._server.guilds.get(int(call.names["guild_id"]))
        if guild is None or not guild.is_member:
            return self._server.error(404, 10004, "Unknown Guild")
        threads = sorted(self._active(guild.id), key=lambda each: -each.id)
        return self._page(threads)

    async def _list_archived(self, call: "Call") -> "Answer":
        """List a page of archived threads, the last archived first."""
        channel = self._server.named(call, READ_MESSAGE_HISTORY)
        if not isinstance(channel, Channel):
            return channel
        limit = int(call.query.get("limit", 50))
        before = datetime.fromisoformat(call.query["before"]) if "before" in call.query else None
        found = [
            (each.archived_at, each)
            for each in self.of(channel)
            if each.archived_at is not None and (before is None or each.archived_at < before)
        ]
        found.sort(key=lambda pair: pair[0], reverse=True)
        threads = [each for _, each in found]
        return self._page(threads[:limit], has_more=len(threads) > limit)

    def _page(self, threads: list[Channel], *, has_more: bool = False) -> "Answer":
        listed = [self._json(each) for each in threads]
        return self._server.answer(200, {"threads": listed, "members": [], "has_more": has_more})
