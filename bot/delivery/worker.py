"""From the outbox to Discord: claim, send, mark, recover (docs/decisions/0003-outbox.md).

    every few seconds, and whenever woken:
        for each channel with a message that is due or of unknown outcome, a lane:
            recover: a message that was being sent when something broke
            claim -> send -> mark, part after part, until nothing is due
        when there is none: edits of what was posted (edits.py)

Lanes run side by side, so that a slow or broken channel delays no other. A send is never
cancelled: cancelled during a global rate limit, discord.py would hang forever. It is waited for
a while, then left running, and its row stays ``sending`` until it ends.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.delivery.edge import Sender
from bot.delivery.edits import Editor
from bot.delivery.fingerprint import Seen, Sighting, cannot_tell
from bot.delivery.lanes import Lane, RateLimiter
from bot.delivery.outcome import Effect, Outcome
from bot.delivery.window import NonceWindow, Tries, host_clock
from bot.digest.messages import DeliveryRecord, DeliveryState, Instant, MessageDraft
from bot.digest.models import Place, Reason, ReasonCode
from bot.errors import StoreError, TokenRefused
from bot.log import digest_id
from bot.models import Clock
from bot.store.outbox.outbox import DueChannel, Outbox
from bot.ui.reasons import say_reason
from bot.ui.styles import style_of

log = logging.getLogger(__name__)

Observe = Callable[[DeliveryRecord, DeliveryState, datetime], None]
"""Hears in which state a try left a message, and when."""

STEP_S: Final = 0.065
"""Three messages at once: their claims take one transaction instead of three."""

CLEARED_EVERY: Final = timedelta(minutes=1)
"""How often what is too old, or left by a removed digest, is looked for."""

DAMAGED = Reason(code=ReasonCode.DAMAGED)

WAITING_LANES = 10
"""So many times as many lanes are open as are served at the same time, for the next in turn: a task
for each of a hundred thousand channels would take half a gigabyte."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySettings:
    """How fast and how patiently to deliver; the defaults are those of the settings."""

    pace_per_s: float = 46.0
    """Requests per second; Discord takes 50 of one bot, commands excepted."""
    lanes: int = 100
    """Channels that are served at the same time. A lane holds on for up to five seconds after the
    fifth message of a channel: discord.py waits there for the channel's budget."""
    send_timeout_s: float = 60.0
    poll_s: float = 5.0
    nonce_window: timedelta = timedelta(seconds=60)
    """How long Discord is trusted to recognise a nonce; it says "the past few minutes"."""
    give_up_after: timedelta = timedelta(hours=48)
    min_free_bytes: int = 50 * 1024 * 1024
    """Below this nothing is claimed: its outcome could not be written down."""


class Delivery:
    """The worker.

    ``now`` is the wall clock, ``clock`` all of the host's, ``free_bytes`` the space left for the
    database. Before each round ``is_ready`` is asked whether anything may be sent. ``editor`` edits
    what was posted while no post is due.
    """

    def __init__(
        self,
        outbox: Outbox,
        sender: Sender,
        *,
        now: Clock,
        settings: DeliverySettings | None = None,
        clock: Callable[[], Instant] | None = None,
        free_bytes: Callable[[], int] | None = None,
        is_ready: Callable[[], Awaitable[bool]] | None = None,
        editor: Editor | None = None,
        limiter: RateLimiter | None = None,
        observe: Observe = lambda record, state, now: None,
    ) -> None:
        self._outbox = outbox
        self._sender = sender
        self._now = now
        self._settings = settings or DeliverySettings()
        self._window = NonceWindow(self._settings.nonce_window, now=clock or host_clock(now))
        self._free_bytes = free_bytes
        self._is_ready = is_ready
        self._editor = editor
        self._editing: asyncio.Task[None] | None = None
        self._observe = observe
        self._limiter = limiter or RateLimiter(self._settings.pace_per_s, STEP_S)
        self._slots = asyncio.Semaphore(self._settings.lanes)
        self._lanes: dict[int, Lane] = {}
        self._most_lanes = WAITING_LANES * self._settings.lanes
        self._has_more = False
        self._looked_at: dict[int, datetime] = {}
        self._held: tuple[datetime, datetime] | None = None
        self._cleared_at: datetime | None = None
        self._woken = asyncio.Event()
        self._is_stopping = False
        self._fatal: BaseException | None = None
        self._is_short_of_space = False

    def wake(self) -> None:
        """Look into the outbox now: something may be due."""
        self._woken.set()

    @property
    def settings(self) -> DeliverySettings:
        return self._settings

    @property
    def held_until(self) -> datetime | None:
        """Until when Discord shuts us out and nothing is sent; None or past when it does not."""
        return self._held[1] if self._held else None

    @property
    def is_short_of_space(self) -> bool:
        """Whether nothing is sent because the disk is nearly full."""
        return self._is_short_of_space

    async def run(self) -> None:
        """Deliver until `stop`. Raises `TokenRefused` when Discord no longer takes the token."""
        while not self._is_stopping:
            self._woken.clear()
            try:
                if await self._start_lanes():
                    self._start_editing()
            except StoreError as error:
                log.warning("cannot read the outbox, trying again: %s", error)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), self._settings.poll_s)
        if self._fatal is not None:
            raise self._fatal

    async def run_once(self) -> None:
        """Deliver and edit everything that is due now, and wait; raises as `run` does."""
        self._has_more = True
        while self._has_more:
            may_send = await self._start_lanes()
            for lane in list(self._lanes.values()):
                await lane.left.wait()
            await asyncio.sleep(0)  # lanes that were left end
        if may_send:
            self._start_editing()
        if self._editing is not None:
            await self._editing
        if self._fatal is not None:
            raise self._fatal

    async def stop(self, grace_s: float = 30.0) -> None:
        """Claim nothing more and wait for what is being sent, at most ``grace_s``.

        What is still running then is left alone; its rows stay ``sending`` and are recovered.
        """
        self._is_stopping = True
        self.wake()
        running = [lane.task for lane in self._lanes.values()]
        if self._editing is not None:
            running.append(self._editing)
        if running:
            await asyncio.wait(running, timeout=grace_s)

    async def _start_lanes(self) -> bool:
        """Start a lane for every channel that needs one and has none, as far as there is room.

        False when nothing may be sent now.
        """
        now, self._has_more = self._now(), False
        self._look_at_space()
        await self._clear(now)
        if self._is_stopping or self._is_held(now):
            return False
        if self._is_ready is not None and not await self._is_ready():
            return False
        if 2 * len(self._lanes) > self._most_lanes:
            self._has_more = True  # it is known that others wait, and who is next
            return True
        # A lane that ends while we look leaves rows that only seem to be nobody's.
        busy = set(self._lanes)
        orphans: dict[DueChannel, list[DeliveryRecord]] = {}
        for record in await self._outbox.list_sending():
            if record.channel_id not in busy and self._may_recover(record):
                channel = DueChannel(record.guild_id, record.channel_id)
                orphans.setdefault(channel, []).append(record)
        async for channel in self._in_turn(orphans, now):
            if channel.channel_id in self._lanes or not self._sender.is_reachable(channel.guild_id):
                continue
            if len(self._lanes) >= self._most_lanes:
                self._has_more = True
                break
            self._start_lane(channel.channel_id, orphans.pop(channel, []))
        return True

    async def _clear(self, now: datetime) -> None:
        """Fail what is not to be posted any more, once a minute.

        All that waits is looked at: for a hundred thousand channels that takes a tenth of a second,
        in which nothing can be marked as sent. What a removed digest left is never claimed anyway.
        """
        before = self._cleared_at
        if before is not None and before <= now < before + CLEARED_EVERY:
            return
        self._cleared_at = now
        await asyncio.gather(
            self._outbox.cancel_orphans(now),
            self._outbox.give_up(now - self._settings.give_up_after, now),
        )

    async def _in_turn(
        self, orphans: Iterable[DueChannel], now: datetime
    ) -> AsyncIterator[DueChannel]:
        """Go through the channels that may need a lane; some come twice.

        First through as many as there can be lanes, beside those that have one. With a hundred
        thousand that wait, listing them all takes longer than serving those takes.
        """
        some = 2 * self._most_lanes
        due = await self._outbox.list_due(now, some)
        for channel in (*orphans, *due):
            yield channel
        if len(due) == some:  # there is room still: of some the server suffers an outage
            for channel in await self._outbox.list_due(now):
                yield channel

    def _start_editing(self) -> None:
        """Edit what was posted, unless posts are being sent or edits being made."""
        if self._editor is None or self._lanes or self._editing is not None:
            return
        self._editing = asyncio.create_task(self._edit(self._editor))
        self._editing.add_done_callback(lambda _: setattr(self, "_editing", None))

    async def _edit(self, editor: Editor) -> None:
        async def may_edit() -> bool:
            return not self._lanes and await self._may_go_on() and not self._lanes

        try:
            await editor.run_round(may_edit, lambda outcome: self._act(outcome, self._now()))
        except StoreError as error:
            log.warning("edits interrupted: %s", error)
        except Exception:
            log.exception("edits failed")

    def _start_lane(self, channel_id: int, orphans: Sequence[DeliveryRecord]) -> None:
        lane = self._lanes[channel_id] = Lane(self._slots)
        lane.task = asyncio.create_task(self._serve(lane, channel_id, orphans))
        lane.task.add_done_callback(lambda _: self._lane_ended(lane, channel_id))

    def _lane_ended(self, lane: Lane, channel_id: int) -> None:
        del self._lanes[channel_id]
        for digest, messages in lane.posted.items():
            fields = {"digest": digest, "channel": channel_id, "messages": messages}
            log.info("digest posted", extra=fields)
        is_room = self._has_more and 2 * len(self._lanes) <= self._most_lanes
        if lane.is_detached or is_room:
            self.wake()  # nobody waited for it; now its channel, or others, can go on

    def _is_held(self, now: datetime) -> bool:
        """Whether nothing may be claimed now: our address is banned, or there is no space."""
        if self._held is not None and self._held[0] <= now < self._held[1]:
            return True
        self._held = None  # over, or written by a clock that was ahead
        return self._is_short_of_space

    def _look_at_space(self) -> None:
        """Find out whether an outcome could be written down."""
        if self._free_bytes is None:
            return
        is_short = self._free_bytes() < self._settings.min_free_bytes
        if is_short and not self._is_short_of_space:
            log.error("disk nearly full: nothing is posted until there is space again")
        elif self._is_short_of_space and not is_short:
            log.info("there is space again: posting resumes")
        self._is_short_of_space = is_short

    async def _serve(self, lane: Lane, channel_id: int, orphans: Sequence[DeliveryRecord]) -> None:
        """Serve one channel until nothing of it is due, or something is in the way."""
        async with lane:
            try:
                for record in orphans:
                    if not (await self._may_go_on() and await self._recover(lane, record)):
                        return
                while await self._may_go_on() and await self._send_next(lane, channel_id):
                    pass
            except StoreError as error:
                log.warning("delivery interrupted: %s", error, extra={"channel": channel_id})
            except Exception:
                log.exception("delivery of a channel failed", extra={"channel": channel_id})

    async def _may_go_on(self) -> bool:
        """Wait for this lane's turn; False when nothing may be sent (any more)."""
        if not self._is_stopping:
            await self._limiter.wait()
        return not (self._is_stopping or self._is_held(self._now()))

    async def _send_next(self, lane: Lane, channel_id: int) -> bool:
        """Send the channel's next message; False when there is none or it stays open."""
        record = await self._outbox.claim(channel_id, self._now(), self._window.now())
        if record is None:
            self._limiter.give_back()
            return False
        if not record.is_intact:
            log.error("a planned payload has changed", extra=_log_fields(record))
            return await self._outbox.mark_failed(record.id, DAMAGED, self._now())
        outcome = await self._send(lane, record, Tries(self._window))
        await self._finish(record, outcome)
        if is_sent := outcome.state is DeliveryState.SENT:
            lane.posted[_digest_id(record)] += 1
        # A refused message may have been split: then there is more than when it was claimed.
        is_more = outcome.state is DeliveryState.FAILED or outcome.effect is Effect.START_OVER
        return ((is_sent and record.has_next) or is_more) and not lane.is_detached

    async def _send(self, lane: Lane, record: DeliveryRecord, tries: Tries) -> Outcome:
        """Send; when that takes too long, the lane is detached."""

        def let_go() -> None:
            log.warning("no answer yet, continuing without it", extra=_log_fields(record))
            lane.detach()

        timer = asyncio.get_running_loop().call_later(self._settings.send_timeout_s, let_go)
        try:
            outcome = await self._open_thread(record)
            if outcome is None:
                outcome = await self._sender.send(record, tries)
        finally:
            timer.cancel()
        return outcome

    async def _open_thread(self, record: DeliveryRecord) -> Outcome | None:
        """Make the thread that a message goes into; None when there is nothing in its way.

        That it is there is written down before anything is sent into it, and not earlier: until
        then it is certain that the message was not sent.
        """
        if record.starter_id is None or record.has_thread:
            return None
        outcome = await self._sender.open_thread(record)
        if outcome is None:
            await self._limiter.wait()  # the lane's turn was for the thread: this is the message's
            await self._outbox.note_thread(record.starter_id)
        return outcome

    async def _finish(self, record: DeliveryRecord, outcome: Outcome) -> None:
        """Write down what became of a claimed message."""
        now = self._now()
        self._act(outcome, now)
        self._observe(record, outcome.state, now)
        if outcome.state is not DeliveryState.SENT:
            log.warning(
                "message not posted: %s",
                say_reason(outcome.reason),
                extra={**_log_fields(record), "state": outcome.state.value},
            )
        match outcome.state:
            case DeliveryState.SENT:
                await self._outbox.mark_sent(record.id, outcome.message_id, now, outcome.reason)
                sent = {**_log_fields(record), "message_id": outcome.message_id}
                log.debug("message posted", extra=sent)
            case DeliveryState.PLANNED if outcome.effect is Effect.START_OVER:
                await self._outbox.start_over(record.id, outcome.reason, now)
            case DeliveryState.PLANNED:
                delay_s = self._delay_s(record, outcome)
                not_before = now + timedelta(seconds=delay_s)
                await self._outbox.mark_planned_again(record.id, not_before, outcome.reason, now)
                asyncio.get_running_loop().call_later(delay_s, self.wake)
            case DeliveryState.FAILED:
                await self._mark_failed(record, outcome, now)

    async def _mark_failed(self, record: DeliveryRecord, outcome: Outcome, now: datetime) -> None:
        reason = outcome.reason
        if outcome.effect is Effect.PAUSE_CHANNEL:
            await self._outbox.refuse_channel(record.id, reason, now)
            return
        if outcome.effect is Effect.CLOSE_THREAD and reason is not None:
            await self._outbox.refuse_thread(record.id, reason, now)
            return
        drafts: Sequence[MessageDraft] = ()
        if outcome.effect is Effect.SPLIT:
            papers = await self._outbox.list_papers(record.id)
            drafts = style_of(record.style).split(record.body, papers)
        if drafts:
            await self._outbox.split(record.id, drafts, reason, now)
        else:
            await self._outbox.mark_failed(record.id, reason, now)

    def _act(self, outcome: Outcome, now: datetime) -> None:
        """Do what an outcome means beyond its own message."""
        if outcome.effect is Effect.STOP:
            self._fatal = TokenRefused(
                "Discord refuses the token; set DISCORD_TOKEN to the one shown in the developer "
                "portal under Bot."
            )
            self._is_stopping = True
            self.wake()
        elif outcome.effect is Effect.HOLD_ALL:
            self._held = now, now + timedelta(seconds=outcome.retry_after_s or 0)
            log.error("all posting pauses: %s", say_reason(outcome.reason))

    def _delay_s(self, record: DeliveryRecord, outcome: Outcome) -> float:
        """Return when to try again: as Discord says, else ever later up to five minutes."""
        if outcome.retry_after_s is not None:
            return outcome.retry_after_s
        spread = 1 + record.id % 10 / 20  # else all channels would come back in one moment
        return float(min(2**record.attempts, 300)) * spread

    # Recovery

    def _may_recover(self, record: DeliveryRecord) -> bool:
        """Whether the last look was a while ago."""
        looked_at = self._looked_at.get(record.id)
        age = None if looked_at is None else self._now() - looked_at
        is_fresh = age is not None and timedelta(0) <= age < timedelta(seconds=5)
        return not is_fresh

    async def _recover(self, lane: Lane, record: DeliveryRecord) -> bool:
        """Find out what became of a message that was being sent; False when it stays open."""
        self._looked_at[record.id] = self._now()
        if record.starter_id is not None:
            current = await self._outbox.get(record.id)  # its starter may have been found meanwhile
            if current is None or current.state is not DeliveryState.SENDING:
                return True
            record = current
            if (sighting := await self._judge_by_starter(record)) is not None:
                return await self._conclude(record, sighting)
        is_repeatable = record.is_intact and record.place is not Place.FORUM
        if is_repeatable and self._window.is_open(record.first_try):
            is_settled = await self._send_again(lane, record)
        else:
            is_settled = await self._look(record)
        if is_settled:
            self._looked_at.pop(record.id, None)
        return is_settled

    async def _send_again(self, lane: Lane, record: DeliveryRecord) -> bool:
        """Send with the same nonce; anything but success proves nothing about the first time."""
        if not await self._outbox.count_attempt(record.id):
            return True  # it was settled since it was listed
        outcome = await self._send(lane, record, Tries(self._window, record.first_try))
        if outcome.state is DeliveryState.SENT:
            await self._finish(record, outcome)
        else:
            self._act(outcome, self._now())
        return outcome.state is DeliveryState.SENT and not lane.is_detached

    async def _look(self, record: DeliveryRecord) -> bool:
        """Ask the channel's history."""
        return await self._conclude(record, await self._sender.look_for(record))

    def _may_still_arrive(self, record: DeliveryRecord, now: datetime) -> bool:
        """Whether Discord may be at work on a request that got no answer.

        A second message with the same nonce would do no harm then, a second post would.
        """
        age = now - (record.claimed_at or record.planned_at)
        return timedelta(0) <= age < self._settings.nonce_window

    async def _judge_by_starter(self, record: DeliveryRecord) -> Sighting | None:
        """Say what is known of a message in a thread by the thread alone; None: look into it."""
        if record.has_thread is False:
            # Nothing is sent into a thread before it is written down that the thread is there.
            return Sighting(seen=Seen.ABSENT, reason=Reason(code=ReasonCode.NO_THREAD_YET))
        if record.thread_id is not None:
            return None
        starter = await self._outbox.get(record.starter_id or 0)
        if starter is not None and starter.state is DeliveryState.PLANNED:
            return Sighting(seen=Seen.ABSENT)
        if starter is not None and starter.state is DeliveryState.SENDING:
            return Sighting(seen=Seen.NOT_YET)
        return cannot_tell(ReasonCode.STARTER_UNKNOWN)

    async def _conclude(self, record: DeliveryRecord, sighting: Sighting) -> bool:
        """Write down what the history says of a message; False when it stays open."""
        now, extra = self._now(), _log_fields(record)
        match sighting.seen:
            case Seen.FOUND:
                log.info("message found in the channel", extra=extra)
                self._observe(record, DeliveryState.SENT, now)
                return await self._outbox.mark_sent(record.id, sighting.message_id, now)
            case Seen.ABSENT if record.place is Place.FORUM and self._may_still_arrive(record, now):
                return False
            case Seen.ABSENT if not record.is_intact:  # of what was posted nothing is known
                return await self._outbox.mark_unknown(record.id, DAMAGED, now)
            case Seen.ABSENT:
                absent = sighting.reason or Reason(code=ReasonCode.NOT_IN_HISTORY)
                return await self._outbox.mark_planned_again(record.id, now, absent, now)
            case Seen.CANNOT_TELL:
                said = say_reason(sighting.reason)
                log.error("unknown whether this was posted: %s", said, extra=extra)
                self._observe(record, DeliveryState.UNKNOWN, now)
                return await self._outbox.mark_unknown(record.id, sighting.reason, now)
        return False


def _digest_id(record: DeliveryRecord) -> str:
    return digest_id(record.channel_id, record.announced_on, record.cadence.value)


def _log_fields(record: DeliveryRecord) -> dict[str, object]:
    return {
        "digest": _digest_id(record),
        "delivery": record.id,
        "channel": record.channel_id,
        "announced_on": record.announced_on.isoformat(),
        "part": record.part,
    }
