"""Why a channel got no digest of a date, as soon as that is known. Pure.

A date on which arXiv lists nothing, and no one expects it (Saturday and Sunday), needs no words.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from bot.arxiv.calendar import SATURDAY, announcement_day, is_announcement_day
from bot.digest.due import following
from bot.digest.models import Cadence, QuietDays, Subscription
from bot.digest.outlook import KnownDays, first_possible
from bot.models import DayRecord, IntakeVerdict

LATE = timedelta(hours=6)
"""How long after its time a digest is late, not only slow."""


class Silence(StrEnum):
    """Why there is no digest; ``no-match`` and ``holiday`` are no surprise."""

    NO_MATCH = "no-match"
    HOLIDAY = "holiday"
    EMPTY = "empty"
    MISSED = "missed"
    LATE = "late"
    UNREADABLE = "unreadable"

    @property
    def is_expected(self) -> bool:
        return self in (Silence.NO_MATCH, Silence.HOLIDAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietDay:
    """A date without digest, and why; ``announced`` papers were for the channel."""

    day: date
    silence: Silence
    announced: int = 0


def list_quiet_days(
    subscription: Subscription,
    known: KnownDays,
    *,
    now: datetime,
) -> list[QuietDay]:
    """List the dates, oldest first, of which the channel is to be told that it is quiet."""
    if Cadence.DAY not in subscription.cadences:
        return []
    today = announcement_day(now)
    first = max(known.since, announcement_day(subscription.created_at or now))
    dates = (first + timedelta(days=count) for count in range((today - first).days + 1))
    found = (
        find_quiet_day(followed, day, known, now=now)
        for day in dates
        if (followed := following(subscription, day, now)).categories
    )
    return [quiet for quiet in found if quiet is not None]


def find_quiet_day(
    subscription: Subscription,
    day: date,
    known: KnownDays,
    *,
    now: datetime,
) -> QuietDay | None:
    """Say why the channel is quiet on ``day``; None while a digest may come, or is there."""
    if subscription.quiet_days is QuietDays.NONE or day.weekday() >= SATURDAY:
        return None
    silence = _find_silence(subscription, day, known, now)
    if silence is None or (silence.is_expected and subscription.quiet_days is not QuietDays.ALL):
        return None
    announced = known.unmatched.get((subscription.channel_id, day), 0)
    return QuietDay(day=day, silence=silence, announced=announced)


def _find_silence(
    subscription: Subscription,
    day: date,
    known: KnownDays,
    now: datetime,
) -> Silence | None:
    if (subscription.channel_id, day) in known.unmatched:
        return Silence.NO_MATCH
    if (subscription.channel_id, day) in known.decided or _has_listing(subscription, day, known):
        return None
    expected_at = first_possible(subscription, day, known)
    if now < expected_at:
        return None
    if not is_announcement_day(day):
        return Silence.HOLIDAY
    records = [known.records.get((each, day)) for each in subscription.categories]
    closed = [each for each in records if each is not None and each.is_closed]
    if len(closed) == len(records):
        return _why_none(closed)
    if now < expected_at + LATE:
        return None
    failing = any(each is not None and each.error is not None for each in records)
    return Silence.UNREADABLE if failing else Silence.LATE


def _has_listing(subscription: Subscription, day: date, known: KnownDays) -> bool:
    return any((category, day) in known.numbers for category in subscription.categories)


def _why_none(records: list[DayRecord]) -> Silence:
    """Say what it was when nothing more is asked; the worst of several categories counts."""
    verdicts = {each.verdict for each in records}
    if IntakeVerdict.MISSED in verdicts:
        return Silence.MISSED
    return Silence.HOLIDAY if verdicts == {IntakeVerdict.EMPTY_EXPECTED} else Silence.EMPTY
