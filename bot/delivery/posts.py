"""Forum posts: made without a nonce, and so looked for before one is made again.

Discord recognises a repeated message by its nonce, but no repeated post. A post is known by its
author and the first line of its first message, which has the post's own identifier.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import discord

from bot.delivery.fingerprint import (
    CLOCK_TOLERANCE,
    Likeness,
    Seen,
    Sighting,
    cannot_tell,
    compare,
)
from bot.digest.messages import DeliveryRecord, ShownMessage
from bot.digest.models import ReasonCode

MAX_TAGS: Final = 5
"""Discord's limit for the tags of a post."""

MAX_LISTED: Final = 500
"""How many archived posts are looked at; more say nothing."""


def pick_tags(forum: discord.ForumChannel, categories: Iterable[str]) -> list[discord.ForumTag]:
    """Pick the tags that a forum has by the names of these categories, in their order.

    A tag that only moderators may set is left alone, unless the bot is one.
    """
    may_moderate = forum.permissions_for(forum.guild.me).manage_threads
    offered = {
        tag.name.strip().casefold(): tag
        for tag in forum.available_tags
        if may_moderate or not tag.moderated
    }
    found = [offered[each.casefold()] for each in categories if each.casefold() in offered]
    return found[:MAX_TAGS]


def lacks_tag(forum: discord.ForumChannel, categories: Iterable[str]) -> bool:
    """Whether a forum wants a tag on every post and has none for these categories."""
    return forum.flags.require_tag and not pick_tags(forum, categories)


def post_body(
    record: DeliveryRecord, message: dict[str, Any], tags: Sequence[discord.ForumTag], minutes: int
) -> dict[str, Any]:
    """Build the request for a post that begins with ``message``."""
    return {
        "name": record.thread_name,
        "auto_archive_duration": minutes,
        "applied_tags": [str(tag.id) for tag in tags],
        "message": message,
    }


async def own_posts(
    client: discord.Client, forum: discord.ForumChannel, since: datetime, *, at_least: int = 0
) -> AsyncIterator[discord.Thread]:
    """List the bot's own posts in a forum: the active ones, and those archived since.

    At least ``at_least`` archived posts are looked at, no matter who made them.
    """
    user_id = client.user.id if client.user else 0
    for thread in await forum.guild.active_threads():
        if thread.parent_id == forum.id and thread.owner_id == user_id:
            yield thread
    count = 0
    async for thread in forum.archived_threads(limit=MAX_LISTED):
        count += 1
        if thread.archive_timestamp < since and count > at_least:
            return  # the last archived come first
        if thread.owner_id == user_id:
            yield thread


class PostSearch:
    """Looks for a post among the bot's own in its forum.

    ``claimed_at`` is when it was taken for sending: nothing older can be it.
    """

    def __init__(self, record: DeliveryRecord, wanted: ShownMessage, claimed_at: datetime) -> None:
        self._name = record.thread_name
        self._wanted = wanted
        self.since = claimed_at - CLOCK_TOLERANCE
        self._is_doubtful = False

    def is_candidate(self, thread: discord.Thread) -> bool:
        """Whether it is worth reading: of that time, or of that name in case a clock is wrong."""
        return thread.name == self._name or discord.utils.snowflake_time(thread.id) >= self.since

    def look_at(self, thread: discord.Thread, shown: ShownMessage | None, *, is_gone: bool) -> bool:
        """Take a post whose first message is ``shown``, or was deleted; True when that is it."""
        if is_gone:
            return thread.name == self._name
        likeness = compare(self._wanted, shown) if shown else Likeness.OTHER
        self._is_doubtful |= likeness is Likeness.DOUBTFUL
        return likeness is Likeness.SAME

    def conclude(self, *, is_clock_wrong: bool) -> Sighting:
        """Say what it proves that it was not found."""
        if self._is_doubtful:
            return cannot_tell(ReasonCode.BARE_MESSAGE)
        if is_clock_wrong:
            return cannot_tell(ReasonCode.CLOCK_WRONG)
        return Sighting(seen=Seen.ABSENT)
