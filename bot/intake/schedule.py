"""When to ask arXiv about a category and date, and which of its interfaces. Pure.

`PLANS` is the table: what is asked, and when, in each state that a date can be in. The daily feed
comes first. The catch-up page of the date is the second source, for a feed that fails, stays
empty or repeats itself, and for a date that is over. Times of day are Eastern.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple

from bot.arxiv.calendar import EASTERN, announcement_day, is_announcement_day
from bot.models import DayRecord, IntakeSource, IntakeVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """Ask ``source`` at ``at``, which may be past."""

    source: IntakeSource
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeRules:
    """When to ask arXiv, and for what; the settings of the same names say what they mean."""

    categories: tuple[str, ...] = ()
    poll_start: time = time(0, 10)
    poll_every: timedelta = timedelta(minutes=20)
    catchup_window: timedelta = timedelta(hours=96)


# --- the table -----------------------------------------------------------------------------------


class DayState(StrEnum):
    """How far a date is."""

    NOT_ASKED = "not asked"
    WAITED_FOR = "waited for"
    GROWING = "growing"
    READ_ONCE = "read once"
    NONE_EXPECTED = "none expected"
    OVER = "over"
    OVER_READ_ONCE = "over, read once"
    SETTLED = "settled"


class Moment(NamedTuple):
    """A time of day on the date, or some days after it; None is the setting's start."""

    at: time | None
    days: int = 0


class Plan(NamedTuple):
    """Ask ``source`` once at each of ``moments``, and after the last of them every ``pause``."""

    source: IntakeSource
    moments: tuple[Moment, ...] = ()
    pause: timedelta | None = None


FEED, CATCHUP = IntakeSource.FEED, IntakeSource.CATCHUP

START = Moment(None)
NIGHT = Moment(time(2, 30))
MORNING = Moment(time(9, 0))
EVENING = Moment(time(21, 30))
DAY_AFTER = Moment(time(0, 5), days=1)
"""Before the new day's feed, which is judged by what the day before had."""

AS_SET = timedelta(0)
"""The pause between polls: the setting's at night, an hour by day."""


def _minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


# fmt: off
PLANS: Mapping[DayState, tuple[Plan, ...]] = {
    DayState.NOT_ASKED:      (Plan(FEED,    (START,)),),
    DayState.WAITED_FOR:     (Plan(FEED,    (),                 AS_SET),
                              Plan(CATCHUP, (NIGHT,),           _minutes(180))),
    DayState.GROWING:        (Plan(FEED,    (),                 _minutes(15)),),
    DayState.READ_ONCE:      (Plan(FEED,    (MORNING,)),),
    DayState.NONE_EXPECTED:  (Plan(FEED,    (MORNING, EVENING)),),
    DayState.OVER:           (Plan(CATCHUP, (DAY_AFTER,),       _minutes(360)),),
    DayState.OVER_READ_ONCE: (Plan(CATCHUP, (DAY_AFTER,)),),
    DayState.SETTLED:        (),
}
# fmt: on

OFTEN_UNTIL = time(3, 0)
SELDOM = timedelta(hours=1)
JITTER = timedelta(minutes=5)

# --- reading it ----------------------------------------------------------------------------------


def state_of(record: DayRecord, today: date) -> DayState:
    """Tell how far a date is on the Eastern date ``today``."""
    if record.is_closed:
        return DayState.SETTLED
    is_read = record.verdict is IntakeVerdict.COMPLETE
    if record.day < today:
        if record.verdict is IntakeVerdict.EMPTY_EXPECTED or (is_read and record.is_confirmed):
            return DayState.SETTLED
        if record.verdict is None and not is_announcement_day(record.day):
            return DayState.SETTLED
        return DayState.OVER_READ_ONCE if is_read else DayState.OVER
    if record.feed_asked_at is None or record.verdict is None:
        return DayState.NOT_ASKED
    if is_read:
        is_done = record.is_confirmed and not record.failures
        return DayState.SETTLED if is_done else DayState.READ_ONCE
    states = {
        IntakeVerdict.EMPTY_EXPECTED: DayState.NONE_EXPECTED,
        IntakeVerdict.GROWING: DayState.GROWING,
    }
    return states.get(record.verdict, DayState.WAITED_FOR)


def without_future(record: DayRecord, now: datetime) -> DayRecord:
    """Forget moments that are still to come, which a clock wrote that was ahead.

    Otherwise nothing would be asked before they come.
    """

    def past(moment: datetime | None) -> datetime | None:
        return None if moment is None or moment > now else moment

    last = _last_asked_at(record)
    return replace(
        record,
        feed_asked_at=past(record.feed_asked_at),
        catchup_asked_at=past(record.catchup_asked_at),
        held_since=past(record.held_since),
        failing_since=past(record.failing_since),
        not_before=record.not_before if past(last) else None,
    )


def is_closed_too_early(record: DayRecord, now: datetime, rules: IntakeRules) -> bool:
    """Tell whether a date was closed by a clock that was ahead: it is not over, or in reach."""
    if not record.is_closed or is_out_of_reach(record.day, now, rules):
        return False
    return record.day >= announcement_day(now) or record.verdict is IntakeVerdict.MISSED


def reopened(record: DayRecord) -> DayRecord:
    """Open a date again, as one never asked about where it has no listing."""
    if record.verdict is not None and record.verdict.has_listing:
        return replace(record, is_closed=False)
    return DayRecord(category=record.category, day=record.day)


def is_out_of_reach(day: date, now: datetime, rules: IntakeRules) -> bool:
    """Tell whether a date is too old to be asked for; `backfill` fetches its papers."""
    return day < announcement_day(now - rules.catchup_window)


def next_poll(record: DayRecord, now: datetime, rules: IntakeRules) -> Poll | None:
    """Return what to ask next about a date and when; None when nothing more is to be asked."""
    polls = _polls(record, state_of(record, announcement_day(now)), rules)
    poll = min(polls, key=lambda poll: poll.at, default=None)
    if poll is None or record.not_before is None:
        return poll
    return replace(poll, at=max(poll.at, record.not_before))


def first_poll(record: DayRecord, rules: IntakeRules) -> Poll:
    """Return the first poll of a date."""
    (poll,) = _polls(record, DayState.NOT_ASKED, rules)
    return poll


def _polls(record: DayRecord, state: DayState, rules: IntakeRules) -> Iterator[Poll]:
    for plan in PLANS[state]:
        at = _when(record, plan, rules)
        if at is not None:
            yield Poll(source=plan.source, at=at)


def _when(record: DayRecord, plan: Plan, rules: IntakeRules) -> datetime | None:
    """Return when a line of the table asks next, None for never again."""
    last = _asked_at(record, plan.source)
    if last is not None and record.failures and last == _last_asked_at(record):
        return last  # `not_before` alone says when; it grows with each failure
    for moment in plan.moments:
        at = _at(record, moment, rules)
        if last is None or at > last:
            return at
    if last is None or plan.pause is None:
        return None
    return last + (_set_pause(last, rules) if plan.pause == AS_SET else plan.pause)


def _asked_at(record: DayRecord, source: IntakeSource) -> datetime | None:
    return record.feed_asked_at if source is IntakeSource.FEED else record.catchup_asked_at


def _last_asked_at(record: DayRecord) -> datetime | None:
    return max(filter(None, (record.feed_asked_at, record.catchup_asked_at)), default=None)


def _at(record: DayRecord, moment: Moment, rules: IntakeRules) -> datetime:
    day = record.day + timedelta(days=moment.days)
    at = rules.poll_start if moment.at is None else moment.at
    return datetime.combine(day, at, tzinfo=EASTERN) + _jitter(record)


def _jitter(record: DayRecord) -> timedelta:
    """Spread the polls of many hosts and categories, each always at its own moment."""
    digest = hashlib.sha256(f"{record.category} {record.day}".encode()).digest()
    return JITTER * (digest[0] / 256)


def _set_pause(last: datetime, rules: IntakeRules) -> timedelta:
    return rules.poll_every if last.astimezone(EASTERN).time() < OFTEN_UNTIL else SELDOM
