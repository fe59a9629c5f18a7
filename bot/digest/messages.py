"""The nouns of delivery: a message as it is planned, as it is seen, and what became of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from bot.digest.models import Cadence, Place, Reason
from bot.models import ArxivId


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDraft:
    """One Discord message to be posted: the JSON body, and the papers that it carries.

    ``body`` has the keys of Discord's create-message body that we use (``content``, ``embeds``,
    ``components``) with JSON values only; it never changes once it is planned.
    """

    style: str
    """The code of the style that made it, and alone can read and split it."""
    body: Mapping[str, object]
    papers: tuple[tuple[ArxivId, int], ...]
    """The identifiers and versions of the papers in this message, in order."""
    offered: tuple[tuple[ArxivId, int], ...] = ()
    """Those of the papers that a button of it opens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMessage:
    """What everybody sees of a posted message, by which it is recognised.

    ``line`` is the first line of its content, ``papers`` the identifiers and versions that it
    shows, in order. What ``is_stripped`` had papers that cannot be seen any more: an admin can
    remove the embeds of any message. ``news`` numbers what it tells of papers that it does not
    show; no message is recognised by it.
    """

    line: str
    papers: tuple[tuple[ArxivId, int], ...] = ()
    is_stripped: bool = False
    news: tuple[tuple[ArxivId, frozenset[int]], ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant:
    """A moment by the clocks of the host.

    ``up_s`` counts seconds since ``boot`` (the name of one start of the host), also while the
    process is stopped or the host sleeps. ``wall`` is the time of day, which can be set.
    """

    boot: str
    up_s: float
    wall: datetime


class DeliveryState(StrEnum):
    """What is known about one message.

    ``planned`` is certainly not on Discord, ``sending`` may be; the others are final, unless an
    admin has a failed or unknown one posted again.
    """

    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRecord:
    """One message of the outbox. ``part`` counts from 1 over a channel's date.

    ``style`` is the code of the style that made it. What is not ``is_intact`` is not as it was
    planned: it was changed in the database. ``has_next`` says whether there was
    something to be sent after it when it was claimed.

    ``place`` is where it goes. A thread begins with a starter message, a row of its own: the one
    with ``starter_id``. ``thread_id`` is Discord's identifier of the thread, which is that of the
    starter message, once that was posted. ``thread_name`` is what the thread or post is called,
    empty where there is to be none. ``has_thread`` says whether the thread of what goes into one
    was made (None: not known since a backup was restored). ``tags`` are those of a post.
    """

    id: int
    subscription_id: int
    guild_id: int
    channel_id: int
    announced_on: date
    part: int
    key: str
    nonce: str
    style: str
    payload: str
    is_intact: bool
    state: DeliveryState
    attempts: int
    not_before: datetime
    planned_at: datetime
    claimed_at: datetime | None
    first_try: Instant | None
    message_id: int | None
    reason: Reason | None
    place: Place = Place.CHANNEL
    starter_id: int | None = None
    thread_id: int | None = None
    thread_name: str = ""
    has_thread: bool | None = False
    tags: tuple[str, ...] = ()
    cadence: Cadence = Cadence.DAY
    has_next: bool = field(default=False, compare=False)

    @property
    def is_open(self) -> bool:
        """Whether it was neither posted nor given up."""
        return self.state in (DeliveryState.PLANNED, DeliveryState.SENDING)

    @property
    def is_in_trouble(self) -> bool:
        return self.state in (DeliveryState.FAILED, DeliveryState.UNKNOWN)

    @property
    def posted(self) -> "PostedMessage | None":
        """Where it is, as far as that is known."""
        if self.message_id is None:
            return None
        return PostedMessage(
            guild_id=self.guild_id,
            channel_id=self.channel_id,
            thread_id=self.thread_id,
            message_id=self.message_id,
        )

    @property
    def body(self) -> Mapping[str, object]:
        """The message as it was planned; empty where that cannot be read."""
        try:
            body = json.loads(self.payload)
        except ValueError:
            return {}
        return body if isinstance(body, dict) else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedMessage:
    """Where a paper was posted: in a channel, or in a thread of it."""

    guild_id: int
    channel_id: int
    message_id: int
    thread_id: int | None = None

    @property
    def url(self) -> str:
        where = self.channel_id if self.thread_id is None else self.thread_id
        return f"https://discord.com/channels/{self.guild_id}/{where}/{self.message_id}"
