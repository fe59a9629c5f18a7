"""Notices that another host posts with this bot's token: its file is newer than ours.

A host that was given up may come back with the file it had, or with a connection it had lost. Its
rows say that messages are still to be posted which another host has posted since. So before the
first post, and again after each loss of the connection, a few channels are asked for their newest
messages: a digest of the bot that is newer than all that the file knows, and that is none it may
have posted without hearing so, is another host's (docs/decisions/0026).
"""

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final, Protocol

import discord

from bot.delivery.fingerprint import Seen, Sighting
from bot.delivery.history import PostedPapers
from bot.digest.messages import DeliveryRecord
from bot.errors import TakenOver
from bot.store.outbox.outbox import DueChannel
from bot.store.outbox.posted import Horizon
from bot.store.store import Store
from bot.ui.styles import style_of

CHANNELS: Final = 5
"""So many channels that were posted to last are asked, and as many that are next."""

SENTENCE: Final = (
    "Another host has posted with this bot's token since this database was last used "
    "(https://discord.com/channels/{}/{}/{}, {:%Y-%m-%d %H:%M} UTC), so this one posts nothing; "
    "leave this host off, or stop the other one and start this with --adopt, which learns from the "
    "channels what they have got."
)


class ChannelReader(Protocol):
    """Reads what channels hold; `DiscordSender` is one."""

    async def list_newest(
        self, guild_id: int, channel_id: int, since: datetime, thread_ids: Collection[int]
    ) -> list[PostedPapers] | Sighting:
        """List a channel's newest digests since a moment, or say why that cannot be known."""

    def is_reachable(self, guild_id: int) -> bool:
        """Whether the guild is not known to suffer an outage."""


class TakeoverCheck:
    """Asks the channels whether another host has posted to them."""

    def __init__(self, store: Store, reader: ChannelReader) -> None:
        self._store = store
        self._reader = reader
        self._lost = 0
        self.is_passed = False

    def look_again(self) -> None:
        """Ask once more before anything is posted: the bot was away."""
        self.is_passed = False
        self._lost += 1

    async def is_clear(self) -> bool:
        """Ask if it is to be asked; raises `TakenOver`.

        False while Discord answers for no channel. Those that the bot may not read, or whose server
        has an outage, say nothing, and are not waited for.
        """
        if self.is_passed:
            return True
        lost = self._lost
        horizon = await self._store.posted.horizon(CHANNELS)
        answers = await asyncio.gather(*[self._look(each, horizon) for each in horizon.channels])
        if False in answers and True not in answers:
            return False
        self.is_passed = self._lost == lost  # else the bot was away meanwhile
        return self.is_passed

    async def _look(self, channel: DueChannel, horizon: Horizon) -> bool | None:
        """Look at one channel: True when it was read, False when it may be later, else None.

        Raises `TakenOver`.
        """
        since = discord.utils.snowflake_time(horizon.up_to)
        threads = await self._store.restored.unfinished_threads(channel.channel_id)
        posted = await self._reader.list_newest(*channel, since, threads)
        if isinstance(posted, Sighting):
            may_tell = posted.seen is Seen.NOT_YET and self._reader.is_reachable(channel.guild_id)
            return False if may_tell else None
        # Asked after the channel: what is posted meanwhile, the file knows by now.
        known = await self._store.restored.known_messages(channel.channel_id)
        tried = await self._store.posted.list_tried(channel.channel_id)
        for message in find_strange(posted, known, tried, up_to=horizon.up_to):
            raise TakenOver(SENTENCE.format(*channel, message.message_id, message.posted_at))
        return True


def find_strange(
    posted: Sequence[PostedPapers],
    known: set[int],
    tried: Sequence[DeliveryRecord],
    *,
    up_to: int,
) -> list[PostedPapers]:
    """Return the digests among ``posted`` that a host cannot have posted whose file knows these.

    ``tried`` are messages that it may have posted without hearing so. One of them that is damaged
    may be any message: then nothing is strange. Nor is a message without papers, or without a first
    line that names a digest: the card with which a discussion begins is no row of the outbox.
    """
    if not all(record.is_intact for record in tried):
        return []
    news = (each for each in posted if each.message_id > up_to and each.message_id not in known)
    digests = (each for each in news if each.shown.papers and each.shown.line)
    return [each for each in digests if not _is_one_of(tried, each)]


def _is_one_of(tried: Sequence[DeliveryRecord], message: PostedPapers) -> bool:
    theirs = {arxiv_id for arxiv_id, _ in message.shown.papers}
    for record in tried:
        wanted = style_of(record.style).read(record.body)
        if wanted is None:
            return True
        mine = {arxiv_id for arxiv_id, _ in wanted.papers}
        if wanted.line == message.shown.line or mine & theirs:
            return True
    return False
