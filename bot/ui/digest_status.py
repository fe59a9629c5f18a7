"""`/digest status`: what a channel got, gets or did not get, and which command helps. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import Final

import discord

from bot.digest.arrival import Arrival, PastDigest, Queue
from bot.digest.messages import DeliveryRecord, DeliveryState, PostedMessage
from bot.digest.models import Cadence, Subscription, SubscriptionState
from bot.digest.outlook import Outlook
from bot.text import markdown
from bot.text.words import count_of, joined, long_date
from bot.ui.defects import find_defects
from bot.ui.pause import describe_reason
from bot.ui.reasons import say_reason
from bot.ui.replies import describe_next, describe_place, describe_time, fitting_lines
from bot.ui.styles import style_of
from bot.ui.tally import say_counts

MAX_SHOWN: Final = 6
"""Digests in one answer: with `BRIEF` characters each they stay under Discord's 6000."""
BRIEF, FULL = 900, 4000
MAX_REASON: Final = 150

FINE = discord.Colour(0x2E8B57)
TROUBLED = discord.Colour(0xE0A100)
PAUSED = discord.Colour(0x8A8F98)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A category whose listing of some day is not there, why, and when arXiv is asked again."""

    category: str
    why: str
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelStatus:
    """Everything to be said about one digest; ``channel`` is a link, ``lacks`` are permissions.

    ``waits`` belong to the next digest; ``without`` are the listings that a past one lacked, by
    date, and ``skipped`` the dates without digest.
    """

    subscription: Subscription
    channel: str
    outlook: Outlook
    resumes_by_itself: bool = False
    lacks: Sequence[str] = ()
    hints: Sequence[str] = ()
    """What else an admin should know, as sentences."""
    waits: Sequence[Wait] = ()
    digests: Sequence[PastDigest] = ()
    without: Mapping[date, Sequence[Wait]] = field(default_factory=dict)
    skipped: Mapping[date, Sequence[Wait]] = field(default_factory=dict)
    queue: Queue | None = None
    arrival: Arrival | None = None
    troubles: Sequence[DeliveryRecord] = ()

    @property
    def is_paused(self) -> bool:
        return self.subscription.state is SubscriptionState.PAUSED


def render_statuses(statuses: Sequence[ChannelStatus], *, now: datetime) -> list[discord.Embed]:
    """Render one digest in full or several in brief, those in trouble first."""
    ordered = sorted(statuses, key=lambda each: (not each.troubles, not each.is_paused))
    shown = ordered[:MAX_SHOWN]
    max_chars = FULL if len(statuses) == 1 else BRIEF
    embeds = [_render(each, max_chars, now) for each in shown]
    footer = "Why a paper was or was not posted, or why a digest came late: /digest why"
    if more := len(statuses) - len(shown):
        footer = f"and {count_of(more, 'more digest')}: pick one with the option channel\n{footer}"
    embeds[-1].set_footer(text=footer)
    return embeds


def _render(status: ChannelStatus, max_chars: int, now: datetime) -> discord.Embed:
    most = 5 if max_chars == FULL else 2
    lines = [
        f"**{status.channel}** · {name_categories(status.subscription.categories)}",
        *_state(status),
        *_attention(status),
        *_course(status, most, now),
    ]
    return discord.Embed(description=fitting_lines(lines, max_chars), colour=colour_of(status))


def say_health(status: ChannelStatus, max_chars: int, *, now: datetime) -> str:
    """Say whether a digest is active, what is wrong, what comes next and what came last."""
    state = ["**Active**"] if not status.is_paused else [*_state(status)]
    lines = [*state, *_attention(status), *_course(status, 3, now)]
    return fitting_lines(lines, max_chars)


def colour_of(status: ChannelStatus) -> discord.Colour:
    """Return the colour that tells at a glance how a digest does."""
    if status.is_paused:
        return PAUSED
    is_troubled = status.troubles or status.lacks or status.hints
    return TROUBLED if is_troubled or find_defects(status.subscription) else FINE


def _course(status: ChannelStatus, most: int, now: datetime) -> Iterator[str]:
    yield from _troubles(status.troubles, most)
    yield from _on_its_way(status, now)
    yield from _next(status, now)
    yield from _past(status, most, now)


def name_categories(categories: Sequence[str]) -> str:
    """Name a few categories, and say how many more there are."""
    if not categories:
        return "no category"
    more = len(categories) - 6
    return ", ".join(categories[:6]) + (f" and {more} more" if more > 0 else "")


def _state(status: ChannelStatus) -> Iterator[str]:
    if status.is_paused:
        because = markdown.shorten(describe_reason(status.subscription), MAX_REASON)
        yield f"**Paused**: {because}"
        if status.resumes_by_itself:
            yield (
                "It resumes by itself once I am allowed to post there; `/digest resume` tries "
                "at once."
            )
        else:
            yield "`/digest resume` resumes it."
    else:
        when = describe_time(status.subscription)
        looks = style_of(status.subscription.style).describe(status.subscription)
        yield f"**Active**, posted {when}{describe_place(status.subscription)}: {looks}"


def _attention(status: ChannelStatus) -> Iterator[str]:
    for defect in find_defects(status.subscription):
        yield f"**Needs attention**: {defect}"
    for hint in status.hints:
        yield f"**Needs attention**: {hint}"
    if status.lacks:
        yield f"**I am missing {joined(status.lacks)} there**: grant it in the channel's settings."


def _troubles(troubles: Sequence[DeliveryRecord], most: int) -> Iterator[str]:
    if not troubles:
        return
    yield f"**{count_of(len(troubles), 'message')} in trouble**: `/digest resolve` settles it"
    ordered = sorted(troubles, key=_trouble_key, reverse=True)
    groups = [list(group) for _, group in groupby(ordered, key=_trouble_key)]
    for group in groups[:most]:
        first = group[0]
        verb = "may have arrived" if first.state is DeliveryState.UNKNOWN else "not posted"
        reason = markdown.shorten(say_reason(first.reason), MAX_REASON)
        parts = describe_parts([each.part for each in group])
        yield f"- {long_date(first.announced_on)}, {parts}: {verb} ({reason})"
    if len(groups) > most:
        yield f"- … and {len(groups) - most} more"


def _trouble_key(message: DeliveryRecord) -> tuple[date, str, str]:
    return message.announced_on, message.state, say_reason(message.reason)


def describe_parts(parts: Iterable[int]) -> str:
    """Name the parts of a digest, or say how many they are when they are many."""
    numbers = sorted(parts)
    if len(numbers) > 6:
        return f"{len(numbers)} parts"
    return f"part{'s' if len(numbers) > 1 else ''} {joined([str(each) for each in numbers])}"


def _on_its_way(status: ChannelStatus, now: datetime) -> Iterator[str]:
    queue, arrival = status.queue, status.arrival
    if queue is None:
        return
    days = joined([long_date(day) for day in queue.days[:3]])
    what = f"{count_of(queue.messages, 'message')} of {days}"
    if arrival is None:
        yield f"**Waiting**: {what}, until the digest resumes"
        return
    ahead = f", after {arrival.ahead:,} for other channels" if arrival.ahead else ""
    yield f"**On its way**: {what}{ahead}; should all be there {_relative(arrival.at)}"
    if queue.not_before > now and queue.reason:
        reason = markdown.shorten(say_reason(queue.reason), MAX_REASON)
        yield f"- tried before ({reason}); next try {_relative(queue.not_before)}"


def _next(status: ChannelStatus, now: datetime) -> Iterator[str]:
    if status.is_paused:
        return
    yield f"**Next digest**: {describe_next(status.subscription, status.outlook)}"
    for line in _describe_waits(status.waits, now):
        yield f"- {line}"


def _describe_waits(waits: Sequence[Wait], now: datetime) -> list[str]:
    """Say once what holds for several categories."""
    by_reason: dict[str, list[Wait]] = {}
    for wait in waits:
        by_reason.setdefault(wait.why, []).append(wait)
    return [_describe_wait(why, group, now) for why, group in by_reason.items()]


def _describe_wait(why: str, waits: Sequence[Wait], now: datetime) -> str:
    said = (
        f"{name_categories([each.category for each in waits])}: {markdown.shorten(why, MAX_REASON)}"
    )
    asked_at = min((each.asked_at for each in waits if each.asked_at), default=None)
    if asked_at is None:
        return said
    return f"{said}; arXiv is asked {_relative(asked_at) if asked_at > now else 'now'}"


def _past(status: ChannelStatus, most: int, now: datetime) -> Iterator[str]:
    digests = {(digest.announced_on, digest.cadence): digest for digest in status.digests}
    dates = {*digests, *((day, Cadence.DAY) for day in status.skipped)}
    if not dates:
        hint = "" if status.is_paused else "; `/digest send` posts the newest listing now"
        yield f"**Last digests**: none yet{hint}"
        return
    yield "**Last digests**"
    for day, cadence in sorted(dates, reverse=True)[:most]:
        is_week = cadence is Cadence.WEEK
        waits = None if is_week else status.skipped.get(day)
        said = (
            _describe_past(status, digests[day, cadence], now)
            if waits is None
            else f"no digest. {'; '.join(_describe_waits(waits, now))}"
        )
        yield f"- {'week to ' if is_week else ''}{long_date(day)}: {said}"


def _describe_past(status: ChannelStatus, digest: PastDigest, now: datetime) -> str:
    said = say_counts(digest.announced, digest.matching, digest.planned, digest.offered)
    if digest.messages:
        said += f", {digest.sent} of {count_of(digest.messages, 'message')} delivered"
    if digest.first_message_id is not None:
        posted = PostedMessage(
            guild_id=status.subscription.guild_id,
            channel_id=status.subscription.channel_id,
            thread_id=digest.first_thread_id,
            message_id=digest.first_message_id,
        )
        said += f", {markdown.masked_link('see it', posted.url)}"
    missing = status.without.get(digest.announced_on)
    if missing and digest.cadence is Cadence.DAY:
        said += f". Without {'; '.join(_describe_waits(missing, now))}"
    return said


def _relative(moment: datetime) -> str:
    return f"<t:{int(moment.timestamp())}:R>"
