"""When what waits in the outbox will have arrived. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

CHANNEL_LIMIT = 5
CHANNEL_LIMIT_S = 5.0
"""Discord takes about five messages in five seconds for a channel: a community figure, not in its
documentation."""

ANSWER_S = 0.3
"""How long Discord takes to answer a message, roughly; a channel's next one waits for that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """The messages that one channel is to get; the first is not sent before ``not_before``.

    ``reason`` says why the first was not taken the last time. What ``is_on_hold`` waits until the
    channel's digest is resumed.
    """

    channel_id: int
    messages: int
    days: tuple[date, ...]
    not_before: datetime
    reason: str | None = None
    is_on_hold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """When a channel's last waiting message will be there, and how many others go before it."""

    at: datetime
    ahead: int


def estimate_arrivals(
    queues: Sequence[Queue], *, now: datetime, pace_per_s: float, lanes: int
) -> Mapping[int, Arrival]:
    """Estimate for each channel when it will have everything; ``queues`` in the order of turn.

    As many channels as there are ``lanes`` are served side by side, and all together get at most
    ``pace_per_s`` messages a second.
    """
    arrivals = {}
    messages, busy_s = 0, 0.0
    for queue in queues:
        if queue.is_on_hold:
            continue
        own_s = time_of_channel_s(queue.messages)
        by_pace_s = (messages + queue.messages) / pace_per_s
        by_lanes_s = busy_s / lanes + own_s
        wait_s = max((queue.not_before - now).total_seconds(), 0)
        seconds = max(by_pace_s, by_lanes_s, wait_s + own_s)
        arrivals[queue.channel_id] = Arrival(at=now + timedelta(seconds=seconds), ahead=messages)
        if queue.not_before <= now:  # else its turn comes when it may be sent
            messages += queue.messages
            busy_s += own_s
    return arrivals


def time_of_channel_s(messages: int) -> float:
    """Return how long a channel takes for so many messages when nothing else is to be sent."""
    full = (messages - 1) // CHANNEL_LIMIT
    rest = messages - full * CHANNEL_LIMIT
    return full * max(CHANNEL_LIMIT_S, CHANNEL_LIMIT * ANSWER_S) + rest * ANSWER_S
