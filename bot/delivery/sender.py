"""One message to Discord, and what became of it.

discord.py reports only the last of up to five tries of a send, and an error after a try that may
have arrived proves nothing. So every try is made visible (`http_trace`), and `judge` says what an
error means for the message: certainly not posted, never to be posted, or nobody knows.
"""

import contextlib
import email.utils
import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from functools import partial
from types import SimpleNamespace
from typing import Any, Final, Protocol, TypeVar, cast

import aiohttp
import discord
from discord.http import MultipartParameters

from bot.arxiv.identifier import parse_identifier
from bot.errors import InputError
from bot.models import ArxivId, DeliveryState
from bot.store.outbox.outbox import DeliveryRecord
from bot.ui.permissions import missing_permissions

log = logging.getLogger(__name__)

T = TypeVar("T")

Way = Callable[[], Awaitable[discord.abc.Messageable | None]]
"""How to find somebody to write to; None when there is nobody that way."""

BAN_PAUSE_S: Final = 600.0
"""A 429 that is not Discord's own is a ban of our address, which lasts at least minutes."""

HISTORY_LIMIT: Final = 200
HISTORY_PAGE: Final = 100
CLOCK_TOLERANCE: Final = timedelta(seconds=60)

VERSION_SHOWN: Final = re.compile(r"\breplacement v(\d+)\b")
"""How a card shows the version of a replacement; every other paper is one that was not there."""

UNKNOWN_MESSAGE: Final = 10008
MESSAGE_OF_NO_CHANNEL: Final = 1
"""An identifier from before Discord's epoch: no message has it."""
CHANNEL_REFUSALS: Final = {
    10003: "the channel does not exist (any more)",
    10004: "the server is not known (any more)",
    50001: "the bot may not see the channel",
    50007: "the person accepts no messages from the bot",
    50013: "the bot may not post there: it needs Send Messages and Embed Links",
    50083: "the thread is archived",
    160005: "the thread is locked",
}
"""Refusals of the channel rather than of the message, by Discord's code, as an admin reads them."""


class Effect(Enum):
    """What an outcome means beyond its own message."""

    NONE = "none"
    PAUSE_CHANNEL = "pause channel"
    SPLIT = "split"
    HOLD_ALL = "hold all"
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a send came to: the state the message is in now, and why.

    ``retry_after_s`` is Discord's own word on when to try again; None where it said nothing.
    """

    state: DeliveryState
    reason: str | None = None
    message_id: int | None = None
    retry_after_s: float | None = None
    effect: Effect = Effect.NONE


Mark = tuple[str, tuple[str, ...]]


class Seen(Enum):
    """What a channel's history says of a message."""

    FOUND = "found"
    ABSENT = "absent"
    CANNOT_TELL = "cannot tell"
    NOT_YET = "not yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    seen: Seen
    message_id: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedPapers:
    """A message of ours in a channel, and the papers with their versions that it shows.

    ``mark`` is what it is recognised by (`fingerprint`).
    """

    message_id: int
    posted_at: datetime
    papers: tuple[tuple[ArxivId, int], ...]
    mark: Mark


class Sender(Protocol):
    """Posts messages and finds them again."""

    async def send(self, record: DeliveryRecord) -> Outcome:
        """Post a message; never raises for anything that Discord or the network does."""

    async def look_for(self, record: DeliveryRecord) -> Sighting:
        """Look for a message in its channel's history."""

    async def list_posted(
        self, guild_id: int, channel_id: int, since: datetime
    ) -> list[PostedPapers] | Sighting:
        """List what a channel got since a moment, or say why that cannot be known."""

    def is_reachable(self, guild_id: int) -> bool:
        """Whether the guild is not known to suffer an outage."""


# What an answer means


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One HTTP request of a send: its status, or None where no answer came."""

    status: int | None
    date: str | None = None


_tries: ContextVar[list[Try] | None] = ContextVar("tries", default=None)


def http_trace() -> aiohttp.TraceConfig:
    """Return the trace to build the Discord client with, so that `DiscordSender` sees each try."""

    async def on_end(
        session: object, context: SimpleNamespace, params: aiohttp.TraceRequestEndParams
    ) -> None:
        _note(Try(status=params.response.status, date=params.response.headers.get("Date")))

    async def on_exception(
        session: object, context: SimpleNamespace, params: aiohttp.TraceRequestExceptionParams
    ) -> None:
        _note(Try(status=None))

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(on_end)
    trace.on_request_exception.append(on_exception)
    return trace


@contextlib.contextmanager
def watched_tries() -> Iterator[list[Try]]:
    """Collect the tries of the requests made in the block."""
    tries: list[Try] = []
    token = _tries.set(tries)
    try:
        yield tries
    finally:
        _tries.reset(token)


def _note(attempt: Try) -> None:
    tries = _tries.get()
    if tries is not None:
        tries.append(attempt)


def judge(error: BaseException, tries: Sequence[Try]) -> Outcome:
    """Say what became of a message whose send ended in ``error`` after ``tries``.

    Only a 429 proves that a try left nothing behind: after any other the last answer may belong
    to a repetition of a message that exists.
    """
    outcome = _judge_last(error)
    if any(attempt.status != 429 for attempt in tries[:-1]):
        reason = f"{outcome.reason}, after a try that may have arrived"
        effect = outcome.effect if outcome.effect in (Effect.STOP, Effect.HOLD_ALL) else Effect.NONE
        return Outcome(
            state=DeliveryState.SENDING,
            reason=reason,
            effect=effect,
            retry_after_s=outcome.retry_after_s,
        )
    return outcome


def _judge_last(error: BaseException) -> Outcome:
    if isinstance(error, discord.RateLimited):
        return _not_now("429, rate limited", error.retry_after)
    if isinstance(error, discord.HTTPException):
        return _judge_answer(error)
    if isinstance(error, aiohttp.ClientConnectorError):
        return _not_now("Discord cannot be reached", None)
    # Reset, cut, timed out, an HTML page with status 200 (a TypeError), cancelled ...
    return Outcome(state=DeliveryState.SENDING, reason=f"no proper answer ({_name(error)})")


def _judge_answer(error: discord.HTTPException) -> Outcome:
    status, code = error.status, error.code
    said = f"{status}, code {code}" if code else f"{status}"
    if status == 429:
        return _judge_too_many(error)
    if status >= 500 or status == 408:
        return Outcome(state=DeliveryState.SENDING, reason=said)
    if status == 401:
        return replace(_not_now("401, token refused", None), effect=Effect.STOP)
    if code == UNKNOWN_MESSAGE:
        # Our nonce matched a message that somebody deleted (discord/discord-api-docs#6647).
        return Outcome(state=DeliveryState.SENT, reason="deleted on Discord")
    if code in CHANNEL_REFUSALS or (status == 403 and code):
        reason = CHANNEL_REFUSALS.get(code, f"Discord refuses the channel ({said})")
        return Outcome(state=DeliveryState.FAILED, reason=reason, effect=Effect.PAUSE_CHANNEL)
    if status in (403, 404) and not code:
        # Not Discord's own words: something in between answered.
        return replace(_not_now(said, BAN_PAUSE_S), effect=Effect.HOLD_ALL)
    return Outcome(
        state=DeliveryState.FAILED,
        reason=f"Discord refuses the message ({said}): {error.text[:200]}",
        effect=Effect.SPLIT,
    )


def _judge_too_many(error: discord.HTTPException) -> Outcome:
    headers = cast(Mapping[str, str], error.response.headers)
    is_own = "Via" in headers and "json" in headers.get("Content-Type", "")
    asked = _seconds(headers.get("Retry-After"))
    if is_own:
        return _not_now("429, rate limited", 60.0 if asked is None else asked)
    pause_s = max(asked or 0.0, BAN_PAUSE_S)
    return replace(_not_now("429, address banned for a while", pause_s), effect=Effect.HOLD_ALL)


def _seconds(text: str | None) -> float | None:
    try:
        return min(max(float(text or ""), 0.0), 3600.0)
    except ValueError:
        return None


def _not_now(reason: str, retry_after_s: float | None) -> Outcome:
    return Outcome(state=DeliveryState.PLANNED, reason=reason, retry_after_s=retry_after_s)


def _name(error: BaseException) -> str:
    return type(error).__name__


# Recognising a message by what everybody sees of it


def fingerprint(body: Mapping[str, Any]) -> Mark:
    """Return what a message is recognised by: the first line of its content, its embeds' links.

    Both are shown to readers anyway; a nonce cannot be read back (Rapptz/discord.py#2451). The
    line names categories, date and part.
    """
    content = " ".join(str(body.get("content") or "").strip().partition("\n")[0].split())
    embeds = cast(Sequence[Mapping[str, Any]], body.get("embeds") or ())
    return content, tuple(str(embed["url"]) for embed in embeds if embed.get("url"))


def fingerprint_of(message: discord.Message) -> Mark:
    embeds = [{"url": embed.url} for embed in message.embeds]
    return fingerprint({"content": message.content, "embeds": embeds})


def posted_papers(message: discord.Message) -> PostedPapers:
    """Read from a digest's message which papers it shows: its cards are titled with their links."""
    papers = []
    for embed in message.embeds:
        with contextlib.suppress(InputError):
            arxiv_id, version = parse_identifier(embed.url or "")
            shown = VERSION_SHOWN.search(embed.footer.text or "")
            papers.append((arxiv_id, version or (int(shown[1]) if shown else 1)))
    return PostedPapers(
        message_id=message.id,
        posted_at=message.created_at,
        papers=tuple(papers),
        mark=fingerprint_of(message),
    )


# The edge


class DiscordSender:
    """A `Sender` over discord.py; ``use`` gives it the client, which must have `http_trace`."""

    def __init__(self, *, now: Callable[[], datetime]) -> None:
        self._now = now
        self._client: discord.Client | None = None
        self._last_answer: tuple[str, datetime] | None = None

    def use(self, client: discord.Client) -> None:
        """Post with ``client`` from now on."""
        self._client = client

    @property
    def client(self) -> discord.Client:
        if self._client is None:
            raise RuntimeError("the sender was given no client")
        return self._client

    def is_reachable(self, guild_id: int) -> bool:
        guild = self.client.get_guild(guild_id)
        return guild is None or not guild.unavailable

    def guild_ids(self) -> set[int] | None:
        """Return the guilds that the bot is in, those with an outage too; None: not known."""
        return {guild.id for guild in self.client.guilds} if self.client.is_ready() else None

    def can_post(self, guild_id: int, channel_id: int) -> bool | None:
        """Whether the bot may post in a channel, as far as is known now; None: not known."""
        guild = self.client.get_guild(guild_id) if self.client.is_ready() else None
        if guild is None or guild.unavailable:
            return None
        channel = guild.get_channel_or_thread(channel_id)
        if channel is None:
            return None
        is_thread = isinstance(channel, discord.Thread)
        return not missing_permissions(channel.permissions_for(guild.me), is_thread=is_thread)

    async def tell_admins(self, guild_id: int, text: str, nonce: str) -> bool | None:
        """Write to a guild's owner, else into its system channel.

        False when neither takes it, None when it may work later.
        """
        guild = self.client.get_guild(guild_id) if self.client.is_ready() else None
        if guild is None or guild.unavailable:
            return None
        ways = (partial(self._owner_of, guild), partial(self._system_channel_of, guild))
        return await self._tell(ways, text, nonce)

    async def tell_host(self, text: str, nonce: str) -> bool | None:
        """Write to the owner of the application; answers as `tell_admins` does."""
        if not self.client.is_ready():
            return None
        return await self._tell((self._host,), text, nonce)

    async def _tell(self, ways: Iterable[Way], text: str, nonce: str) -> bool | None:
        """Write to the first who takes it."""
        for find in ways:
            try:
                target = await find()
                if target is not None:
                    mentions = discord.AllowedMentions.none()
                    await target.send(text, nonce=nonce, allowed_mentions=mentions)
                    return True
            except (discord.Forbidden, discord.NotFound):
                continue
            except (discord.DiscordException, aiohttp.ClientError, OSError, TypeError) as error:
                log.warning("notice not sent, trying again: %s", _name(error))
                return None
        return False

    async def _host(self) -> discord.abc.Messageable | None:
        """Find whoever set the bot up; of a team, its owner."""
        application = self.client.application
        if application is None:
            return None
        owner = application.team.owner if application.team else application.owner
        return await self.client.create_dm(discord.Object(owner.id)) if owner else None

    async def _owner_of(self, guild: discord.Guild) -> discord.abc.Messageable | None:
        if guild.owner_id is None:
            return None
        return await self.client.create_dm(discord.Object(guild.owner_id))

    async def _system_channel_of(self, guild: discord.Guild) -> discord.abc.Messageable | None:
        return guild.system_channel

    async def send(self, record: DeliveryRecord) -> Outcome:
        # The frozen body itself, not a message built from it anew: what was planned is what is
        # sent, at half the cost. ``channel.send`` ends in the same call.
        body = message_body(record.body, record.nonce)
        parameters = MultipartParameters(payload=body, multipart=None, files=None)
        with watched_tries() as tries:
            try:
                message = await self.client.http.send_message(record.channel_id, params=parameters)
                message_id, channel_id = int(message["id"]), int(message["channel_id"])
            except Exception as error:  # everything: `judge` has a word for each
                return judge(error, tries)
            finally:
                self._note_clock(tries)
        if channel_id != record.channel_id:
            # Nonces belong to the author, not to the channel; ours name it, so this cannot be.
            reason = f"Discord answered with a message of the channel {channel_id}"
            return Outcome(state=DeliveryState.FAILED, reason=reason)
        return Outcome(state=DeliveryState.SENT, message_id=message_id)

    def _note_clock(self, tries: Sequence[Try]) -> None:
        """Remember the Date of the last answer and when we got it, by our clock."""
        dates = [attempt.date for attempt in tries if attempt.date]
        if dates:
            self._last_answer = dates[-1], self._now()

    async def look_for(self, record: DeliveryRecord) -> Sighting:
        """Look through the newest messages of the channel, as far back as the claim."""

        async def look(channel: discord.abc.Messageable) -> Sighting:
            return await self._search(channel, record)

        return await self._reading(record.guild_id, record.channel_id, look)

    async def list_posted(
        self, guild_id: int, channel_id: int, since: datetime
    ) -> list[PostedPapers] | Sighting:
        async def look(channel: discord.abc.Messageable) -> list[PostedPapers]:
            return [
                posted
                async for message in channel.history(limit=None, after=since)
                if self._is_ours(message) and (posted := posted_papers(message)).papers
            ]

        return await self._reading(guild_id, channel_id, look)

    async def _reading(
        self,
        guild_id: int,
        channel_id: int,
        look: Callable[[discord.abc.Messageable], Awaitable[T]],
    ) -> T | Sighting:
        """Read a channel's history; a failure says whether trying again makes sense."""
        try:
            channel = await self._readable_channel(guild_id, channel_id)
            return channel if isinstance(channel, Sighting) else await look(channel)
        except (discord.Forbidden, discord.NotFound) as error:
            return _cannot_tell(f"the channel cannot be read ({error.status})")
        except (discord.DiscordException, aiohttp.ClientError, OSError, TypeError) as error:
            return Sighting(seen=Seen.NOT_YET, reason=f"history not read ({_name(error)})")

    async def _readable_channel(
        self, guild_id: int, channel_id: int
    ) -> discord.abc.Messageable | Sighting:
        """Return the channel if its history can prove something, else why it cannot."""
        if not self.client.is_ready():
            return Sighting(seen=Seen.NOT_YET, reason="not connected yet")
        guild = self.client.get_guild(guild_id)
        if guild is None:
            return _cannot_tell("the bot is not in the server (any more)")
        if guild.unavailable:
            return Sighting(seen=Seen.NOT_YET, reason="the server suffers an outage")
        channel = guild.get_channel_or_thread(channel_id)
        if channel is None:
            channel = await guild.fetch_channel(channel_id)
        if not isinstance(channel, discord.abc.Messageable):
            return _cannot_tell("the channel has no messages")
        held = channel.permissions_for(guild.me)
        may_read = held.view_channel and held.read_message_history
        if not (may_read and await self._is_history_open(channel)):
            return _cannot_tell("the bot may not read the channel's history")
        return channel

    async def _is_history_open(self, channel: discord.abc.Messageable) -> bool:
        """Ask Discord itself: what the gateway told may be older than an admin's change.

        Without the permission a list of messages is empty, which would look like an absence; a
        single message is refused
        (https://docs.discord.com/developers/resources/message#get-channel-message).
        """
        with contextlib.suppress(discord.NotFound):
            try:
                await channel.fetch_message(MESSAGE_OF_NO_CHANNEL)
            except discord.Forbidden:
                return False
        return True

    async def _search(self, channel: discord.abc.Messageable, record: DeliveryRecord) -> Sighting:
        wanted = fingerprint(record.body)
        claimed_at = record.claimed_at or record.planned_at
        until = claimed_at - CLOCK_TOLERANCE
        count = 0
        with watched_tries() as tries:
            async for message in channel.history(limit=HISTORY_LIMIT):
                if self._is_ours(message) and fingerprint_of(message) == wanted:
                    return Sighting(seen=Seen.FOUND, message_id=message.id)
                count += 1
                # A whole page at least, in case the clock was wrong when it was claimed.
                if message.created_at < until and count >= HISTORY_PAGE:
                    break
            else:
                if count < HISTORY_LIMIT:
                    return Sighting(seen=Seen.ABSENT)  # that was all the channel has
                return _cannot_tell(f"more than {HISTORY_LIMIT} messages have come since")
        self._note_clock(tries)
        if self._is_clock_wrong(claimed_at):
            return _cannot_tell("the bot's clock is more than a minute off")
        return Sighting(seen=Seen.ABSENT)

    def _is_ours(self, message: discord.Message) -> bool:
        # An answer to a command may show the same papers: it is no digest.
        user = self.client.user
        is_answer = message.interaction_metadata is not None
        return user is not None and message.author.id == user.id and not is_answer

    def _is_clock_wrong(self, claimed_at: datetime) -> bool:
        """Whether the claim's time says nothing about when Discord got the message."""
        return self._is_clock_off() or claimed_at > self._now() + CLOCK_TOLERANCE

    def _is_clock_off(self) -> bool:
        """Whether our clock differs from Discord's, by the last answer."""
        if self._last_answer is None:
            return False
        date, got_at = self._last_answer
        try:
            return abs(got_at - email.utils.parsedate_to_datetime(date)) > CLOCK_TOLERANCE
        except ValueError:
            return False


def _cannot_tell(reason: str) -> Sighting:
    return Sighting(seen=Seen.CANNOT_TELL, reason=reason)


def message_body(body: Mapping[str, object], nonce: str) -> dict[str, Any]:
    """Complete a planned body: nobody is mentioned, and a repetition creates nothing new."""
    return {
        **body,
        "allowed_mentions": {"parse": []},
        "nonce": nonce,
        "enforce_nonce": True,
    }
