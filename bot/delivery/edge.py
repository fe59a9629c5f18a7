"""The edge to Discord: sends one message, writes a notice, tells what is known of channels.

Nothing here decides what an answer means (`outcome.py`) or what a history proves
(`fingerprint.py`); `history.py` reads channels.
"""

import contextlib
import email.utils
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final, Protocol, cast

import aiohttp
import discord
from discord.http import MultipartParameters

from bot.delivery.fingerprint import CLOCK_TOLERANCE, HISTORY_LIMIT, Sighting
from bot.delivery.history import NOT_FOUND, PostedPapers, list_posted, search
from bot.delivery.outcome import (
    IN_THREAD,
    POSTING,
    RULES,
    Effect,
    Ending,
    Failure,
    Outcome,
    Try,
    judge,
    judge_edit,
    judge_opening,
    judge_unsent,
)
from bot.delivery.posts import lacks_tag, pick_tags, post_body
from bot.delivery.trace import watched
from bot.delivery.window import NonceWindow, NonceWindowOver, Tries, host_clock
from bot.digest.messages import DeliveryRecord, DeliveryState
from bot.digest.models import Place, Reason, ReasonCode, Subscription
from bot.models import Clock
from bot.store.outbox.edits import DueEdit
from bot.ui.permissions import missing_there
from bot.ui.pings import allowed_mentions
from bot.ui.reasons import say_reason

log = logging.getLogger(__name__)

Body = Mapping[str, object]

Way = Callable[[], Awaitable[discord.abc.Messageable | None]]
"""How to find a person or channel to write to; None when this way leads to none."""

MAX_TEXT = 200

EDITED: Final = ("content", "embeds", "allowed_mentions")
"""What an edit changes of a message; its menu and buttons stay as they are."""

NO_MEMBER: Final = frozenset({10007, 10013})
"""Discord's codes for a person who is not in a guild, or has no account any more."""

ARCHIVED_AFTER_MIN: Final = 4320
"""How long a thread without new messages stays in the channel's list: over a weekend."""


class Sender(Protocol):
    """Posts messages and finds them again."""

    async def send(self, record: DeliveryRecord, tries: Tries) -> Outcome:
        """Post a message; never raises for anything that Discord or the network does."""

    async def open_thread(self, record: DeliveryRecord) -> Outcome | None:
        """Make the thread that a message goes into; None when it is there, else why it is not."""

    async def look_for(self, record: DeliveryRecord) -> Sighting:
        """Look for a message in the history of its channel or thread."""

    async def list_posted(
        self, guild_id: int, channel_id: int, since: datetime, thread_ids: Collection[int] = ()
    ) -> list[PostedPapers] | Sighting:
        """List what a channel got since a moment, or say why that cannot be known.

        ``thread_ids`` are threads of it that may have begun before.
        """

    def is_reachable(self, guild_id: int) -> bool:
        """Whether the guild is not known to suffer an outage."""


class DiscordSender:
    """A `Sender` over discord.py; ``use`` gives it the client, which must have `http_trace`."""

    def __init__(self, *, now: Clock) -> None:
        self._now = now
        self._window = NonceWindow(now=host_clock(now))
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

    def has_role(self, guild_id: int, role_id: int) -> bool | None:
        """Whether a guild has a role; None: not known now."""
        guild = self._guild(guild_id)
        return None if guild is None else guild.get_role(role_id) is not None

    def _guild(self, guild_id: int) -> discord.Guild | None:
        """Return a guild of which Discord has told; None during an outage of it, too."""
        guild = self.client.get_guild(guild_id)
        return None if guild is None or guild.unavailable else guild

    def is_reachable(self, guild_id: int) -> bool:
        guild = self.client.get_guild(guild_id)
        return guild is None or not guild.unavailable

    def guild_ids(self) -> set[int] | None:
        """Return the guilds that the bot is in, those with an outage too; None: not known."""
        return {guild.id for guild in self.client.guilds} if self.client.is_ready() else None

    def can_post(self, subscription: Subscription) -> bool | None:
        """Whether the bot may post where a digest goes, as far as is known; None: not known."""
        guild = self._guild(subscription.guild_id)
        if guild is None:
            return None
        channel = guild.get_channel_or_thread(subscription.channel_id)
        if channel is None:
            return None
        if isinstance(channel, discord.ForumChannel) and lacks_tag(
            channel, subscription.categories
        ):
            return False
        return not missing_there(channel, channel.permissions_for(guild.me), subscription.place)

    async def is_member(self, guild_id: int, user_id: int) -> bool | None:
        """Whether a person is in a guild that the bot is in; None: it cannot be told now.

        Only Discord's own word that there is no such member counts as absence. Asking about one
        person needs no privileged intent
        (https://docs.discord.com/developers/resources/guild#get-guild-member).
        """
        if not self.client.is_ready() or self._guild(guild_id) is None:
            return None
        try:
            member = await self.client.http.get_member(guild_id, user_id)
            return True if int(member["user"]["id"]) == user_id else None
        except Exception as error:  # everything: an absence needs proof
            failure = failure_of(error)
            is_proof = failure.status == NOT_FOUND and failure.is_discords_own
            return False if is_proof and failure.discord_code in NO_MEMBER else None

    # Digests

    async def send(self, record: DeliveryRecord, tries: Tries) -> Outcome:
        if record.place is Place.FORUM:
            return await self._post(record, tries)
        # The frozen body itself, not a message built from it: what was planned is what is sent, at
        # half the cost. ``channel.send`` ends in the same call.
        body = message_body(record.body, record.nonce)
        parameters = MultipartParameters(payload=body, multipart=None, files=None)
        is_in_thread = record.place is Place.THREAD
        target = record.thread_id if is_in_thread and record.thread_id else record.channel_id
        with watched(tries):
            try:
                message = await self.client.http.send_message(target, params=parameters)
                message_id, channel_id = int(message["id"]), int(message["channel_id"])
            except Exception as error:  # everything: the table has a row for each
                failure = failure_of(error, is_refused=tries.is_refused)
                return judge(failure, tries.made, IN_THREAD if is_in_thread else RULES)
            finally:
                self._note_clock(tries.made)
        if channel_id != target:
            # Nonces belong to the author, not to the channel; ours name it, so this cannot be.
            reason = Reason(code=ReasonCode.OTHER_CHANNEL, number=channel_id)
            return Outcome(state=DeliveryState.FAILED, reason=reason)
        return Outcome(state=DeliveryState.SENT, message_id=message_id)

    async def _post(self, record: DeliveryRecord, tries: Tries) -> Outcome:
        """Make a forum's post. Nothing recognises a second one: no try follows an unsure one."""
        try:
            tags = await self._pick_tags(record)
        except Exception as error:
            return judge_unsent(failure_of(error), POSTING)
        body = post_body(record, careful_body(record.body), tags, ARCHIVED_AFTER_MIN)
        parameters = MultipartParameters(payload=body, multipart=None, files=None)
        tries.is_single = True
        with watched(tries):
            try:
                thread = await self.client.http.start_thread_in_forum(
                    record.channel_id, params=parameters
                )
                message_id = int(thread["id"])
            except Exception as error:  # everything: the table has a row for each
                failure = failure_of(error, is_refused=tries.is_refused)
                return judge(failure, tries.made, POSTING)
            finally:
                self._note_clock(tries.made)
        return Outcome(state=DeliveryState.SENT, message_id=message_id)

    async def _pick_tags(self, record: DeliveryRecord) -> list[discord.ForumTag]:
        forum = self.client.get_channel(record.channel_id)
        if forum is None:
            forum = await self.client.fetch_channel(record.channel_id)
        return pick_tags(forum, record.tags) if isinstance(forum, discord.ForumChannel) else []

    async def open_thread(self, record: DeliveryRecord) -> Outcome | None:
        http, thread_id = self.client.http, record.thread_id
        if thread_id is None:
            return Outcome(state=DeliveryState.PLANNED, effect=Effect.START_OVER)
        try:
            await http.start_thread_with_message(
                record.channel_id,
                thread_id,
                name=record.thread_name,
                auto_archive_duration=ARCHIVED_AFTER_MIN,
            )
        except Exception as error:  # everything: the table has a row for each
            outcome = judge_opening(failure_of(error))
            if outcome is None or outcome.effect is not Effect.START_OVER:
                return outcome
            return None if await self._is_there(thread_id) else outcome
        return None

    async def _is_there(self, thread_id: int) -> bool:
        """Whether a thread outlived the message that it was made from."""
        with contextlib.suppress(Exception):
            await self.client.http.get_channel(thread_id)
            return True
        return False

    # Edits

    async def look_at(self, edit: DueEdit) -> Body | Outcome:
        """Return a posted message as Discord has it now, or why it cannot be had."""
        try:
            return await self.client.http.get_message(edit.target_id, edit.message_id)
        except Exception as error:  # everything: the table has a row for each
            return judge_edit(failure_of(error))

    async def edit(self, edit: DueEdit, body: Body) -> Outcome:
        """Change content and embeds of a posted message; whatever else it has stays."""
        changed = {key: body[key] for key in EDITED if key in body}
        parameters = MultipartParameters(payload=careful_body(changed), multipart=None, files=None)
        try:
            await self.client.http.edit_message(edit.target_id, edit.message_id, params=parameters)
        except Exception as error:  # everything: the table has a row for each
            return judge_edit(failure_of(error))
        return Outcome(state=DeliveryState.SENT, message_id=edit.message_id)

    async def look_for(self, record: DeliveryRecord) -> Sighting:
        with watched(Tries()) as tries:

            def is_clock_wrong() -> bool:
                self._note_clock(tries.made)
                claimed_at = record.claimed_at or record.planned_at
                return self._is_clock_off() or claimed_at > self._now() + CLOCK_TOLERANCE

            return await search(self.client, record, is_clock_wrong)

    async def list_posted(
        self, guild_id: int, channel_id: int, since: datetime, thread_ids: Collection[int] = ()
    ) -> list[PostedPapers] | Sighting:
        return await list_posted(self.client, guild_id, channel_id, since, thread_ids)

    async def list_newest(
        self, guild_id: int, channel_id: int, since: datetime, thread_ids: Collection[int]
    ) -> list[PostedPapers] | Sighting:
        """Do as `list_posted`, but look at the newest messages only."""
        return await list_posted(
            self.client, guild_id, channel_id, since, thread_ids, limit=HISTORY_LIMIT
        )

    def _note_clock(self, tries: Sequence[Try]) -> None:
        """Remember the Date of the last answer and when we got it, by our clock."""
        dates = [attempt.date for attempt in tries if attempt.date]
        if dates:
            self._last_answer = dates[-1], self._now()

    def _is_clock_off(self) -> bool:
        """Whether our clock differs from Discord's, by the last answer."""
        if self._last_answer is None:
            return False
        date, got_at = self._last_answer
        try:
            return abs(got_at - email.utils.parsedate_to_datetime(date)) > CLOCK_TOLERANCE
        except ValueError:
            return False

    # Notices

    def is_ready(self) -> bool:
        """Whether Discord has told of guilds: of all, or of those of some shards."""
        return self.client.is_ready() or bool(self.client.guilds)

    async def tell_admins(self, guild_id: int, text: str, nonce: str) -> bool | None:
        """Write to a guild's owner, else into its system channel.

        False when neither takes it, None when it may work later.
        """
        guild = self._guild(guild_id)
        if guild is None:
            return None
        ways = (partial(self._owner_of, guild), partial(self._system_channel_of, guild))
        return await self._tell(ways, text, nonce)

    async def tell_host(self, text: str, nonce: str) -> bool | None:
        """Write to the owner of the application; answers as `tell_admins` does."""
        if not self.is_ready():
            return None
        return await self._tell((self._host,), text, nonce)

    async def _tell(self, ways: Iterable[Way], text: str, nonce: str) -> bool | None:
        """Write to the first who takes it; a refusal leads to the next."""
        for find in ways:
            outcome = await self._write(find, text, nonce)
            if outcome.state is DeliveryState.SENT:
                return True
            if outcome.state is not DeliveryState.FAILED:
                said = say_reason(outcome.reason)
                log.warning("notice not sent, trying again later: %s", said)
                return None
        return False

    async def _write(self, find: Way, text: str, nonce: str) -> Outcome:
        tries = Tries(self._window)
        try:
            target = await find()
            if target is None:
                return Outcome(state=DeliveryState.FAILED)
            with watched(tries):
                mentions = discord.AllowedMentions.none()
                await target.send(text, nonce=nonce, allowed_mentions=mentions)
        except (discord.DiscordException, aiohttp.ClientError, OSError, TypeError) as error:
            return judge(failure_of(error, is_refused=tries.is_refused), tries.made)
        return Outcome(state=DeliveryState.SENT)

    async def _host(self) -> discord.abc.Messageable | None:
        """Find the person who set the bot up; of a team, its owner."""
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


def message_body(body: Mapping[str, object], nonce: str) -> dict[str, Any]:
    """Complete a planned body: only its own roles are pinged, a repetition creates nothing new."""
    return {**careful_body(body), "nonce": nonce, "enforce_nonce": True}


def careful_body(body: Mapping[str, object]) -> dict[str, Any]:
    """Complete a planned body that gets no nonce."""
    return {**body, "allowed_mentions": allowed_mentions(body)}


def failure_of(error: BaseException, *, is_refused: bool = False) -> Failure:
    """Say how a send ended, whatever discord.py, aiohttp or we ourselves raised.

    ``is_refused`` says that a further try was refused; aiohttp may tell of it in its own words.
    """
    if is_refused or isinstance(error, NonceWindowOver):
        return Failure(ending=Ending.WINDOW_OVER)
    if isinstance(error, discord.RateLimited):
        return Failure(ending=Ending.ANSWERED, status=429, retry_after_s=error.retry_after)
    if isinstance(error, discord.HTTPException):
        headers = cast(Mapping[str, str], error.response.headers)
        return Failure(
            ending=Ending.ANSWERED,
            status=error.status,
            discord_code=error.code,
            is_discords_own="Via" in headers and "json" in headers.get("Content-Type", ""),
            retry_after_s=_seconds(headers.get("Retry-After")),
            text=error.text[:MAX_TEXT],
        )
    name = type(error).__name__
    # A proxy that opens no tunnel has been told the host alone.
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ClientHttpProxyError):
        return Failure(ending=Ending.UNSENT, text=name)
    # Reset, cut, timed out, an HTML page with status 200 (a TypeError), cancelled ...
    return Failure(ending=Ending.UNANSWERED, text=name)


def _seconds(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None
