"""Edits posted messages, once no post is waiting (docs/decisions/0015-living-posts.md).

    each message: look at it -> as it should be?       noted, nothing sent
                             -> as it was known to be? claim -> edit -> noted
                             -> anything else          left alone

An edit can be repeated, but an older one must not arrive after a newer one. So after an edit that
may still be on its way, the next one of its message waits until it cannot be.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from operator import attrgetter
from typing import Final, Protocol

from bot.delivery.amend import LIVES
from bot.delivery.fingerprint import Likeness, compare
from bot.delivery.outcome import Outcome
from bot.digest.messages import DeliveryState
from bot.digest.models import Reason, ReasonCode
from bot.errors import StoreError
from bot.models import Clock
from bot.store.outbox.edits import DueEdit, Edits
from bot.ui.reasons import say_reason
from bot.ui.styles import notes_in, style_of

log = logging.getLogger(__name__)

AT_ONCE: Final = 8
"""Channels whose messages are edited at the same time."""

DAMAGED: Final = Reason(code=ReasonCode.DAMAGED)

LISTED: Final = 500
LONGEST_PAUSE_S: Final = 3600.0

SUPPRESS_EMBEDS: Final = 1 << 2
"""The flag of a message whose embeds an admin removed."""

Body = Mapping[str, object]

Turn = Callable[[], Awaitable[bool]]
"""Waits until a request may be made; False when none may be (any more)."""


class EditSender(Protocol):
    """Looks at posted messages and edits them."""

    async def look_at(self, edit: DueEdit) -> Body | Outcome:
        """Return the message as Discord has it now, or why it cannot be had; never raises."""

    async def edit(self, edit: DueEdit, body: Body) -> Outcome:
        """Make the message look so; never raises for what Discord or the network does."""

    def is_reachable(self, guild_id: int) -> bool:
        """Whether the guild is not known to suffer an outage."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done about a message: which of its known bodies was ``seen``, or why not.

    ``is_done`` says that the one that was seen is as it should be.
    """

    seen: str = ""
    is_done: bool = False
    reason: Reason | None = None


class Editor:
    """Makes the edits that are due; ``window`` is how long a request may be on its way."""

    def __init__(self, edits: Edits, sender: EditSender, *, now: Clock, window: timedelta) -> None:
        self._edits = edits
        self._sender = sender
        self._now = now
        self._window = window
        self.made = self.failed = 0
        """Edits since the start, and those of which a message was left alone."""

    async def run_round(self, turn: Turn, act: Callable[[Outcome], None]) -> None:
        """Make what is due, as long as it is our ``turn``; ``act`` on what concerns all posts."""
        now = self._now()
        due = [
            each
            for each in await self._edits.list_due(now, now - LIVES, LISTED)
            if self._sender.is_reachable(each.guild_id)
        ]
        by_channel = attrgetter("channel_id")
        slots = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(
            *(
                self._serve(list(group), slots, turn, act)
                for _, group in groupby(sorted(due, key=by_channel), key=by_channel)
            )
        )

    async def _serve(
        self,
        due: Sequence[DueEdit],
        slots: asyncio.Semaphore,
        turn: Turn,
        act: Callable[[Outcome], None],
    ) -> None:
        """Edit messages of one channel, until something is in the way."""
        async with slots:
            for edit in due:
                try:
                    if not await self._make(edit, turn, act):
                        return
                except StoreError as error:
                    log.warning("edit interrupted: %s", error, extra=_log_fields(edit))
                    return
                except Exception:
                    log.exception("edit failed", extra=_log_fields(edit))
                    await self._leave(edit, DAMAGED)  # else it would fail every few seconds

    async def _make(self, edit: DueEdit, turn: Turn, act: Callable[[Outcome], None]) -> bool:
        """Make one edit; False when the channel's next ones are not to be tried now."""
        if not await turn():
            return False
        shown = await self._sender.look_at(edit)
        if isinstance(shown, Outcome):
            return await self._note(edit, shown, act)
        plan = judge_shown(edit, shown)
        now = self._now()
        if plan.is_done:
            return await self._edits.mark_done(edit, now)
        if plan.reason is not None:
            return await self._leave(edit, plan.reason)
        if not await turn() or not await self._edits.claim(
            edit, plan.seen, now + self._window, now
        ):
            return False
        outcome = await self._sender.edit(edit, json.loads(edit.payload))
        return await self._note(edit, outcome, act)

    async def _note(self, edit: DueEdit, outcome: Outcome, act: Callable[[Outcome], None]) -> bool:
        """Write down what became of an edit, or of the look before it."""
        act(outcome)
        now = self._now()
        match outcome.state:
            case DeliveryState.SENT:
                self.made += 1
                return await self._edits.mark_done(edit, now)
            case DeliveryState.FAILED:
                return await self._leave(edit, outcome.reason)
        log.info("message not edited yet: %s", say_reason(outcome.reason), extra=_log_fields(edit))
        pause_s = outcome.retry_after_s
        if pause_s is None:
            pause_s = min(2.0**edit.attempts, LONGEST_PAUSE_S)
        # Also where a look failed: an edit that was made before it may be on its way.
        pause = max(timedelta(seconds=pause_s), self._window)
        await self._edits.put_off(edit, now + pause, outcome.reason, now)
        return False

    async def _leave(self, edit: DueEdit, reason: Reason | None) -> bool:
        self.failed += 1
        log.info("message left as it is: %s", say_reason(reason), extra=_log_fields(edit))
        return await self._edits.leave(edit, reason, self._now())


def judge_shown(edit: DueEdit, shown: Body) -> Plan:
    """Say what is to be done about a message that looks like ``shown``.

    Only what is known to have been there is replaced. A message whose embeds an admin removed
    stays so, and one with lines that this database does not know, because a backup was put back,
    keeps them.
    """
    style = style_of(edit.style)
    wanted, found = style.read(json.loads(edit.base)), style.read(shown)
    if int(str(shown.get("flags") or 0)) & SUPPRESS_EMBEDS or (found and found.is_stripped):
        return Plan(reason=Reason(code=ReasonCode.BARE_MESSAGE))
    if wanted is None or found is None or compare(wanted, found) is not Likeness.SAME:
        return Plan(reason=Reason(code=ReasonCode.NOT_AS_POSTED))
    notes = notes_in(shown)
    for known in (edit.payload, edit.tried, edit.done, edit.base):
        if known and notes == notes_in(json.loads(known)):
            return Plan(seen=known, is_done=known == edit.payload)
    return Plan(reason=Reason(code=ReasonCode.NOT_AS_POSTED))


def _log_fields(edit: DueEdit) -> dict[str, object]:
    return {
        "delivery": edit.delivery_id,
        "channel": edit.channel_id,
        "revision": edit.revision,
        "message_id": edit.message_id,
    }
