"""When what waits in the outbox will have arrived. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from heapq import heappop, heappush
from itertools import accumulate, islice

from bot.digest.models import Cadence, Reason

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
    reason: Reason | None = None
    is_on_hold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PastDigest:
    """A digest that was decided: ``planned`` of ``announced`` papers were chosen for the channel.

    ``matching`` of them match a topic; None where there were no topics, or it was not counted.
    ``offered`` are behind a button of it.
    Of its ``messages``, ``sent`` are in the channel; ``first_message_id`` is the first of them,
    and ``first_thread_id`` the thread in which that is, if any.
    """

    announced_on: date
    announced: int
    matching: int | None = None
    planned: int
    offered: int = 0
    cadence: Cadence = Cadence.DAY
    messages: int
    sent: int
    first_message_id: int | None
    first_thread_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """When a channel's last waiting message will be there, and how many others go before it."""

    at: datetime
    ahead: int


@dataclass(slots=True)
class _Turn:
    """A channel being served: its next message is ready to go at ``ready_s``."""

    queue: Queue
    ready_s: float
    sent: int = 0
    window_s: float = 0.0

    def send(self, at_s: float) -> None:
        """Send one message; after `CHANNEL_LIMIT` of them the channel wants a pause."""
        if self.sent % CHANNEL_LIMIT == 0:
            self.window_s = at_s
        self.sent += 1
        is_full = self.sent % CHANNEL_LIMIT == 0
        self.ready_s = at_s + ANSWER_S
        if is_full and self.sent < self.queue.messages:
            self.ready_s = max(self.ready_s, self.window_s + CHANNEL_LIMIT_S)


def estimate_arrivals(
    queues: Sequence[Queue], *, now: datetime, pace_per_s: float, lanes: int
) -> Mapping[int, Arrival]:
    """Estimate for each channel when it will have everything; ``queues`` in the order of turn.

    Delivery is played through: as many channels as there are ``lanes`` are served side by side,
    and take turns at sending, at most ``pace_per_s`` messages a second.
    """
    due = [queue for queue in queues if not queue.is_on_hold and queue.not_before <= now]
    done_s = _play(due, 1 / pace_per_s, lanes)
    ahead = dict(zip(done_s, accumulate((each.messages for each in due), initial=0), strict=False))
    for queue in queues:
        if not queue.is_on_hold and queue.not_before > now:  # nobody waits for it meanwhile
            wait_s = (queue.not_before - now).total_seconds()
            done_s[queue.channel_id] = wait_s + _play([queue], 1 / pace_per_s, 1)[queue.channel_id]
    return {
        channel_id: Arrival(at=now + timedelta(seconds=seconds), ahead=ahead.get(channel_id, 0))
        for channel_id, seconds in done_s.items()
    }


def _play(queues: Sequence[Queue], gap_s: float, lanes: int) -> dict[int, float]:
    """Return by channel, in the order of ``queues``, after how many seconds it has everything."""
    done_s = dict.fromkeys((queue.channel_id for queue in queues), 0.0)
    waiting = iter(queues)
    turns = [
        (0.0, number, _Turn(queue, 0.0)) for number, queue in enumerate(islice(waiting, lanes))
    ]
    next_s, number = 0.0, lanes
    while turns:
        ready_s, _, turn = heappop(turns)
        at_s = max(ready_s, next_s)
        next_s = at_s + gap_s
        turn.send(at_s)
        if turn.sent == turn.queue.messages:
            done_s[turn.queue.channel_id] = turn.ready_s
            following = next(waiting, None)
            if following is None:
                continue
            turn = _Turn(following, turn.ready_s)
        number += 1
        heappush(turns, (turn.ready_s, number, turn))
    return done_s
