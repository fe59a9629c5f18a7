"""What became of a message, by what came back from Discord. Pure: a table, read from the top.

discord.py reports only the last of up to five tries of a send, and an error after a try that may
have arrived proves nothing. So the outcome depends on all tries: what the last one means by
itself stands in `RULES`, and `judge` doubts it when an earlier one may have arrived.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, StrEnum
from typing import Final

from bot.digest.messages import DeliveryState
from bot.digest.models import Reason, ReasonCode

BAN_PAUSE_S: Final = 600.0
"""A 429 that is not Discord's own is a ban of our address, which lasts at least minutes."""

LONGEST_PAUSE_S: Final = 3600.0

SERVER_ERRORS: Final = frozenset({408, *range(500, 600)})

UNKNOWN_MESSAGE: Final = 10008
"""Our nonce matched a message that was deleted since (discord/discord-api-docs#6647)."""

# https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
CHANNEL_CODES: Final[Mapping[int, ReasonCode]] = {
    10003: ReasonCode.CHANNEL_GONE,
    10004: ReasonCode.GUILD_GONE,
    40058: ReasonCode.NO_TEXT_CHANNEL,
    40067: ReasonCode.TAG_WANTED,
    50001: ReasonCode.CHANNEL_HIDDEN,
    50007: ReasonCode.NO_PRIVATE_MESSAGES,
    50008: ReasonCode.NO_TEXT_CHANNEL,
    50013: ReasonCode.MAY_NOT_POST,
    50024: ReasonCode.NO_TEXT_CHANNEL,
    50083: ReasonCode.THREAD_ARCHIVED,
    160005: ReasonCode.THREAD_LOCKED,
}
"""Refusals of the channel rather than of the message, by Discord's code, whatever the status."""

NOT_NOW_CODES: Final = frozenset({20016, 20028, 20029, 30046, 40004, 40006, 40062, 130000})
"""Slow mode, write limits (also of edits of messages older than an hour), features that Discord has
switched off or cannot serve for a while."""


class Effect(Enum):
    """What an outcome means beyond its own message."""

    NONE = "none"
    PAUSE_CHANNEL = "pause channel"
    SPLIT = "split"
    HOLD_ALL = "hold all"
    STOP = "stop"
    CLOSE_THREAD = "close thread"
    START_OVER = "start over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a send came to: the state the message is in now, and why.

    ``retry_after_s`` is Discord's own word on when to try again; None where it said nothing.
    """

    state: DeliveryState
    reason: Reason | None = None
    message_id: int | None = None
    retry_after_s: float | None = None
    effect: Effect = Effect.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One HTTP request of a send: its status, or None where no answer came."""

    status: int | None
    date: str | None = None

    @property
    def may_have_arrived(self) -> bool:
        """Only a 429 proves that a request left nothing behind."""
        return self.status != 429


class Ending(StrEnum):
    """How the last try of a send ended."""

    ANSWERED = "answered"
    UNANSWERED = "unanswered"
    UNSENT = "unsent"
    WINDOW_OVER = "window over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A send that brought no message, as far as it matters here.

    ``is_discords_own`` is False where something between us and Discord may have answered.
    ``text`` is what Discord said, or the name of what Python raised.
    """

    ending: Ending
    status: int | None = None
    discord_code: int = 0
    is_discords_own: bool = True
    retry_after_s: float | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row of the table: what a failure must be like, and what it then means.

    A condition that is None fits everything. ``pause_s`` is for want of Discord's own word on when
    to try again, which is kept between ``least_pause_s`` and `LONGEST_PAUSE_S`.
    """

    ending: Ending = Ending.ANSWERED
    statuses: Collection[int] | None = None
    codes: Collection[int] | None = None
    is_discords_own: bool | None = None
    has_code: bool | None = None

    state: DeliveryState
    reason: ReasonCode
    effect: Effect = Effect.NONE
    pause_s: float | None = None
    least_pause_s: float = 0.0

    def fits(self, failure: Failure) -> bool:
        return (
            failure.ending is self.ending
            and (self.statuses is None or failure.status in self.statuses)
            and (self.codes is None or failure.discord_code in self.codes)
            and self.is_discords_own in (None, failure.is_discords_own)
            and self.has_code in (None, bool(failure.discord_code))
        )

    def pause_after(self, failure: Failure) -> float | None:
        """Return how long to wait before the next try; None: the caller's own rule."""
        if self.pause_s is None:
            return None
        asked_s = self.pause_s if failure.retry_after_s is None else failure.retry_after_s
        longest_s = max(self.pause_s, LONGEST_PAUSE_S)
        return max(self.least_pause_s, min(max(asked_s, 0.0), longest_s))


SENT, PLANNED = DeliveryState.SENT, DeliveryState.PLANNED
SENDING, FAILED = DeliveryState.SENDING, DeliveryState.FAILED

RULES: Final = (
    Rule(ending=Ending.UNSENT, state=PLANNED, reason=ReasonCode.UNREACHABLE),
    Rule(ending=Ending.UNANSWERED, state=SENDING, reason=ReasonCode.NO_ANSWER),
    Rule(ending=Ending.WINDOW_OVER, state=SENDING, reason=ReasonCode.WINDOW_OVER),
    Rule(
        statuses={429},
        is_discords_own=True,
        state=PLANNED,
        reason=ReasonCode.RATE_LIMITED,
        pause_s=60.0,
    ),
    Rule(
        statuses={429},
        state=PLANNED,
        reason=ReasonCode.ADDRESS_BANNED,
        effect=Effect.HOLD_ALL,
        pause_s=BAN_PAUSE_S,
        least_pause_s=BAN_PAUSE_S,
    ),
    Rule(statuses=SERVER_ERRORS, state=SENDING, reason=ReasonCode.SERVER_ERROR),
    Rule(statuses={401}, state=PLANNED, reason=ReasonCode.TOKEN_REFUSED, effect=Effect.STOP),
    Rule(codes={UNKNOWN_MESSAGE}, state=SENT, reason=ReasonCode.DELETED),
    *(
        Rule(codes={code}, state=FAILED, reason=reason, effect=Effect.PAUSE_CHANNEL)
        for code, reason in CHANNEL_CODES.items()
    ),
    Rule(codes=NOT_NOW_CODES, state=PLANNED, reason=ReasonCode.TEMPORARILY_OFF, pause_s=60.0),
    Rule(
        statuses={403},
        has_code=True,
        state=FAILED,
        reason=ReasonCode.CHANNEL_REFUSED,
        effect=Effect.PAUSE_CHANNEL,
    ),
    # Not Discord's own words: something in between answered.
    Rule(
        statuses={403, 404},
        has_code=False,
        state=PLANNED,
        reason=ReasonCode.ANSWERED_BY_OTHERS,
        effect=Effect.HOLD_ALL,
        pause_s=BAN_PAUSE_S,
        least_pause_s=BAN_PAUSE_S,
    ),
    Rule(state=FAILED, reason=ReasonCode.MESSAGE_REFUSED, effect=Effect.SPLIT),
)

CLOSED: Final[Mapping[int, ReasonCode]] = {
    10003: ReasonCode.THREAD_GONE,
    50083: ReasonCode.THREAD_ARCHIVED,
    160005: ReasonCode.THREAD_LOCKED,
}
"""Refusals of one digest's thread rather than of its channel."""

MAY_NOT: Final = 50013
UNKNOWN_TAG: Final = 10087
TAG_WANTED: Final = frozenset({40066, 40067})
THREAD_EXISTS: Final = 160004
TOO_MANY_THREADS: Final = frozenset({160006, 160007})

IN_THREAD: Final = (
    *(
        Rule(codes={code}, state=FAILED, reason=reason, effect=Effect.CLOSE_THREAD)
        for code, reason in CLOSED.items()
    ),
    Rule(
        codes={MAY_NOT},
        state=FAILED,
        reason=ReasonCode.MAY_NOT_POST_IN_THREADS,
        effect=Effect.PAUSE_CHANNEL,
    ),
    *RULES,
)
"""The table for a message that goes into a thread."""

POSTING: Final = (
    Rule(codes={UNKNOWN_TAG}, state=PLANNED, reason=ReasonCode.TEMPORARILY_OFF, pause_s=60.0),
    Rule(
        codes=TAG_WANTED,
        state=FAILED,
        reason=ReasonCode.TAG_WANTED,
        effect=Effect.PAUSE_CHANNEL,
    ),
    Rule(
        codes={MAY_NOT},
        state=FAILED,
        reason=ReasonCode.MAY_NOT_CREATE_POSTS,
        effect=Effect.PAUSE_CHANNEL,
    ),
    Rule(codes=TOO_MANY_THREADS, state=PLANNED, reason=ReasonCode.TEMPORARILY_OFF, pause_s=300.0),
    *RULES,
)
"""The table for a forum's post, which cannot be repeated."""

OPENING: Final = (
    Rule(
        codes={UNKNOWN_MESSAGE},
        state=PLANNED,
        reason=ReasonCode.STARTER_GONE,
        effect=Effect.START_OVER,
    ),
    Rule(
        codes={MAY_NOT},
        state=FAILED,
        reason=ReasonCode.MAY_NOT_START_THREADS,
        effect=Effect.PAUSE_CHANNEL,
    ),
    Rule(
        codes={50024},
        state=FAILED,
        reason=ReasonCode.NO_THREADS_THERE,
        effect=Effect.PAUSE_CHANNEL,
    ),
    Rule(codes=TOO_MANY_THREADS, state=PLANNED, reason=ReasonCode.TEMPORARILY_OFF, pause_s=300.0),
    *RULES[:-1],
    Rule(state=FAILED, reason=ReasonCode.THREAD_REFUSED, effect=Effect.CLOSE_THREAD),
)
"""The table for the making of a thread, which can be repeated."""

LONG_PAUSE_S: Final = 6 * LONGEST_PAUSE_S

EDITING: Final = (
    # Nobody is told of an edit that cannot be made: the next post of the channel finds out.
    Rule(codes={UNKNOWN_MESSAGE}, state=FAILED, reason=ReasonCode.DELETED),
    Rule(codes={10003}, state=FAILED, reason=ReasonCode.CHANNEL_GONE),
    Rule(codes={10004}, state=FAILED, reason=ReasonCode.GUILD_GONE),
    Rule(codes={50083}, state=PLANNED, reason=ReasonCode.THREAD_ARCHIVED, pause_s=LONG_PAUSE_S),
    Rule(codes={160005}, state=PLANNED, reason=ReasonCode.THREAD_LOCKED, pause_s=LONG_PAUSE_S),
    Rule(
        statuses={403},
        has_code=True,
        state=PLANNED,
        reason=ReasonCode.MAY_NOT_EDIT,
        pause_s=LONG_PAUSE_S,
    ),
    *(each for each in RULES[:-1] if each.effect is not Effect.PAUSE_CHANNEL),
    Rule(state=FAILED, reason=ReasonCode.MESSAGE_REFUSED),
)
"""The table for an edit, and for the look at the message before it; both can be repeated."""

STANDING_EFFECTS: Final = frozenset({Effect.STOP, Effect.HOLD_ALL})
"""Effects that hold whatever became of the message itself."""


def judge(failure: Failure, tries: Sequence[Try], rules: Sequence[Rule] = RULES) -> Outcome:
    """Say what became of a message whose send ended in ``failure`` after ``tries``."""
    outcome = _judge_last(failure, rules)
    if not any(each.may_have_arrived for each in tries[:-1]):
        return outcome
    return Outcome(
        state=SENDING,
        reason=Reason(code=ReasonCode.AFTER_UNSURE_TRY, because=outcome.reason),
        effect=outcome.effect if outcome.effect in STANDING_EFFECTS else Effect.NONE,
        retry_after_s=outcome.retry_after_s,
    )


def judge_opening(failure: Failure) -> Outcome | None:
    """Say what a thread that could not be made means for the message that was to go into it.

    None where the thread is there already. An answer that was lost proves nothing, but the message
    was not sent, and making the thread again does no harm.
    """
    if failure.discord_code == THREAD_EXISTS:
        return None
    outcome = judge_unsent(failure, OPENING)
    if outcome.state is PLANNED and outcome.effect is not Effect.START_OVER:
        reason = Reason(code=ReasonCode.NO_THREAD_YET, because=outcome.reason)
        return replace(outcome, reason=reason)
    return outcome


def judge_edit(failure: Failure) -> Outcome:
    """Say what became of an edit: one that may have arrived is ``sending``."""
    return _judge_last(failure, EDITING)


def judge_unsent(failure: Failure, rules: Sequence[Rule]) -> Outcome:
    """Say what a failure means for a message that was not even tried to be sent."""
    outcome = _judge_last(failure, rules)
    return replace(outcome, state=PLANNED) if outcome.state is SENDING else outcome


def _judge_last(failure: Failure, rules: Sequence[Rule]) -> Outcome:
    rule = next(rule for rule in rules if rule.fits(failure))
    return Outcome(
        state=rule.state,
        reason=Reason(
            code=rule.reason,
            status=failure.status,
            discord_code=failure.discord_code,
            text=failure.text,
        ),
        retry_after_s=rule.pause_after(failure),
        effect=rule.effect,
    )
