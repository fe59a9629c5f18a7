"""When to ask arXiv about a category and date, and which of its interfaces. Pure.

`PLANS` is the table: what is asked, and when, in each state that a date can be in. The daily feed
comes first. The catch-up page of the date is the second source: for a feed that fails, stays empty
or repeats itself, for a list whose date is not certain, for a date that is over, and once a day to
check a list that seems whole. OAI-PMH, on another host, is the third, for a date that is over and
whose page cannot be had. Times of day are Eastern.
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
    cross_check: bool = True


# --- the table -----------------------------------------------------------------------------------


class DayState(StrEnum):
    """How far a date is."""

    NOT_ASKED = "not asked"
    WAITED_FOR = "waited for"
    HELD = "held"
    UNDATED = "undated"
    GROWING = "growing"
    READ_ONCE = "read once"
    CONFIRMED = "confirmed"
    NONE_EXPECTED = "none expected"
    OVER = "over"
    OVER_IN_VAIN = "over, and the page of no help"
    OVER_READ_ONCE = "over, read once"
    OVER_UNCHECKED = "over, not compared yet"
    SETTLED = "settled"


class Moment(NamedTuple):
    """A time of day on the date, or some days after it; `START` and `WHEN_HELD` are their own."""

    at: time = time()
    days: int = 0
    name: str = ""


class Plan(NamedTuple):
    """Ask ``source`` once at each of ``moments``, and after the last of them every ``pause``.

    A source that failed is asked again when its own pause is over (`judge`), instead. What
    ``is_check`` only compares: it is asked where the settings want it, until it has answered, and
    keeps to the table when it fails.
    """

    source: IntakeSource
    moments: tuple[Moment, ...] = ()
    pause: timedelta | None = None
    is_check: bool = False


FEED, CATCHUP, OAI = IntakeSource.FEED, IntakeSource.CATCHUP, IntakeSource.OAI

START = Moment(name="the setting")
WHEN_HELD = Moment(name="when the list was held")
NIGHT = Moment(time(2, 30))
MORNING = Moment(time(9, 0))
EVENING = Moment(time(21, 30))
DAY_AFTER = Moment(time(0, 5), days=1)
"""Before the new day's feed, which is judged by what the day before had."""
MORNING_AFTER = Moment(time(7, 0), days=1)
"""OAI-PMH waits until the page, whose dates are certain, was asked twice."""

AS_SET = timedelta(0)
"""The pause between polls: the setting's at night, an hour by day."""


def _hours(count: float) -> timedelta:
    return timedelta(hours=count)


# fmt: off
PLANS: Mapping[DayState, tuple[Plan, ...]] = {
    DayState.NOT_ASKED:      (Plan(FEED,    (START,)),),
    DayState.WAITED_FOR:     (Plan(FEED,    (),                 AS_SET),
                              Plan(CATCHUP, (NIGHT,),           _hours(3))),
    DayState.HELD:           (Plan(CATCHUP, (WHEN_HELD,),       _hours(3)),
                              Plan(FEED,    (),                 _hours(0.25))),
    DayState.UNDATED:        (Plan(CATCHUP, (),                 _hours(3)),
                              Plan(FEED,    (MORNING,))),
    DayState.GROWING:        (Plan(FEED,    (),                 _hours(0.25)),
                              Plan(CATCHUP, (NIGHT,),           _hours(3))),
    DayState.READ_ONCE:      (Plan(FEED,    (MORNING,)),
                              Plan(CATCHUP, (NIGHT,),           is_check=True)),
    DayState.CONFIRMED:      (Plan(CATCHUP, (NIGHT,),           is_check=True),),
    DayState.NONE_EXPECTED:  (Plan(FEED,    (MORNING, EVENING)),),
    DayState.OVER:           (Plan(CATCHUP, (DAY_AFTER,),       _hours(6)),),
    DayState.OVER_IN_VAIN:   (Plan(CATCHUP, (DAY_AFTER,),       _hours(6)),
                              Plan(OAI,     (MORNING_AFTER,),   _hours(24))),
    DayState.OVER_READ_ONCE: (Plan(CATCHUP, (DAY_AFTER,)),),
    DayState.OVER_UNCHECKED: (Plan(CATCHUP, (DAY_AFTER,),       _hours(24), is_check=True),),
    DayState.SETTLED:        (),
}
# fmt: on

OFTEN_UNTIL = time(3, 0)
SELDOM = timedelta(hours=1)
JITTER = timedelta(minutes=5)

# --- reading it ----------------------------------------------------------------------------------

BY_VERDICT: Mapping[IntakeVerdict, DayState] = {
    IntakeVerdict.EMPTY_EXPECTED: DayState.NONE_EXPECTED,
    IntakeVerdict.GROWING: DayState.GROWING,
    IntakeVerdict.HELD: DayState.HELD,
    IntakeVerdict.UNDATED: DayState.UNDATED,
}


def state_of(record: DayRecord, today: date) -> DayState:
    """Return how far a date is on the Eastern date ``today``."""
    if record.is_closed:
        return DayState.SETTLED
    if record.day < today:
        return _state_of_past(record)
    feed = record.inquiries.get(IntakeSource.FEED)
    if record.verdict is None or feed is None:
        return DayState.NOT_ASKED
    if record.verdict is IntakeVerdict.COMPLETE:
        is_done = record.is_confirmed and not feed.failures
        return DayState.CONFIRMED if is_done else DayState.READ_ONCE
    return BY_VERDICT.get(record.verdict, DayState.WAITED_FOR)


def _state_of_past(record: DayRecord) -> DayState:
    verdict, page = record.verdict, record.inquiries.get(IntakeSource.CATCHUP)
    if verdict is IntakeVerdict.EMPTY_EXPECTED:
        return DayState.SETTLED
    if verdict is None and not is_announcement_day(record.day):
        return DayState.SETTLED
    if verdict is IntakeVerdict.COMPLETE:
        return DayState.OVER_UNCHECKED if record.is_confirmed else DayState.OVER_READ_ONCE
    if verdict in (IntakeVerdict.GROWING, IntakeVerdict.UNDATED) or page is None:
        return DayState.OVER
    is_of_no_help = bool(page.failures) or page.papers == 0
    return DayState.OVER_IN_VAIN if is_of_no_help else DayState.OVER


def without_future(record: DayRecord, now: datetime) -> DayRecord:
    """Forget moments that are still to come, which a clock wrote that was ahead.

    Otherwise nothing would be asked before they come.
    """
    inquiries = {
        source: inquiry for source, inquiry in record.inquiries.items() if inquiry.asked_at <= now
    }
    held_since = record.held_since
    is_to_come = held_since is not None and held_since > now
    return replace(record, inquiries=inquiries, held_since=None if is_to_come else held_since)


def is_closed_too_early(record: DayRecord, now: datetime, rules: IntakeRules) -> bool:
    """Return whether a date was closed by a clock that was ahead: it is not over, or in reach."""
    if not record.is_closed or is_out_of_reach(record.day, now, rules):
        return False
    return record.day >= announcement_day(now) or record.verdict is IntakeVerdict.MISSED


def reopened(record: DayRecord) -> DayRecord:
    """Open a date again, as one never asked about where it has no listing."""
    if record.verdict is not None and record.verdict.has_listing:
        return replace(record, is_closed=False)
    return DayRecord(category=record.category, day=record.day)


def is_out_of_reach(day: date, now: datetime, rules: IntakeRules) -> bool:
    """Return whether a date is too old to be asked for; `backfill` fetches its papers."""
    return day < announcement_day(now - rules.catchup_window)


def next_poll(record: DayRecord, now: datetime, rules: IntakeRules) -> Poll | None:
    """Return what to ask next about a date and when; None when nothing more is to be asked."""
    polls = _polls(record, state_of(record, announcement_day(now)), rules)
    return min(polls, key=lambda poll: poll.at, default=None)


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
    inquiry = record.inquiries.get(plan.source)
    last = inquiry.asked_at if inquiry is not None else None
    if plan.is_check:
        if not rules.cross_check or (inquiry is not None and inquiry.papers is not None):
            return None
    elif inquiry is not None and inquiry.not_before is not None:
        return inquiry.not_before
    for moment in plan.moments:
        at = _at(record, moment, rules)
        if last is None or at > last:
            return at
    if plan.pause is None:
        return None
    if last is None:
        return _at(record, START, rules)
    return last + (_set_pause(last, rules) if plan.pause == AS_SET else plan.pause)


def _at(record: DayRecord, moment: Moment, rules: IntakeRules) -> datetime:
    if moment == WHEN_HELD and record.held_since is not None:
        return record.held_since
    day = record.day + timedelta(days=moment.days)
    at = rules.poll_start if moment == START else moment.at
    return datetime.combine(day, at, tzinfo=EASTERN) + _jitter(record)


def _jitter(record: DayRecord) -> timedelta:
    """Spread the polls of many hosts and categories, each always at its own moment."""
    digest = hashlib.sha256(f"{record.category} {record.day}".encode()).digest()
    return JITTER * (digest[0] / 256)


def _set_pause(last: datetime, rules: IntakeRules) -> timedelta:
    return rules.poll_every if last.astimezone(EASTERN).time() < OFTEN_UNTIL else SELDOM
