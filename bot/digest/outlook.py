"""What comes next for a channel, when, and what it still waits for. Pure.

The same rules as those by which a digest is planned (`due`), asked ahead of time.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time

from bot.arxiv.calendar import (
    EASTERN,
    announcement_day,
    announcement_days,
    next_announcement_day,
)
from bot.digest.due import digest_due, due_instant, following, starts_with
from bot.digest.models import Cadence, Subscription
from bot.digest.week import ListingKey, WeekAhead, last_end, look_a_week_ahead
from bot.digest.zones import zone_of
from bot.models import DayRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """The next digest of a channel: that of ``day``.

    ``at`` is when it comes if arXiv is on time, None when that has passed; ``is_timed`` says that
    the channel's own time decides over that moment. ``waits_for`` are the categories whose
    listing is not there yet; when others are, the digest goes without it at ``goes_without_at``.
    What ``is_due`` is planned within seconds.
    """

    day: date
    at: datetime | None = None
    is_timed: bool = False
    waits_for: tuple[str, ...] = ()
    goes_without_at: datetime | None = None
    is_due: bool = False
    week: WeekAhead | None = None
    """The next week, where the channel has a weekly digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDays:
    """What is known of the days from ``since`` on, all of it by category or channel, and date.

    ``numbers`` counts the stored listings as they came, ``ready_at`` says from when on one may be
    used; ``decided`` are the digests that are done, and ``unmatched`` says of those without a match
    how many papers there were; ``records`` are those of the judge. ``week_ready_at`` and
    ``week_decided`` are the same for the last two weeks. ArXiv is first asked about a day at
    ``poll_start``, Eastern.
    """

    since: date
    numbers: Mapping[ListingKey, int]
    ready_at: Mapping[ListingKey, datetime]
    decided: Collection[tuple[int, date]]
    records: Mapping[ListingKey, DayRecord]
    poll_start: time
    unmatched: Mapping[tuple[int, date], int] = field(default_factory=dict)
    week_ready_at: Mapping[ListingKey, datetime] = field(default_factory=dict)
    week_decided: Collection[tuple[int, date]] = ()


def look_ahead(subscription: Subscription, known: KnownDays, *, now: datetime) -> Outlook:
    """Find the oldest day whose digest is still to come, and the next week of a weekly one."""
    outlook = _look_a_day_ahead(subscription, known, now)
    if Cadence.WEEK not in subscription.cadences:
        return outlook
    today = announcement_day(now)
    last = last_end(today, subscription.weekday)
    is_decided = (subscription.channel_id, last) in known.week_decided
    ahead = look_a_week_ahead(
        subscription, known.week_ready_at, today=today, is_decided=is_decided, now=now
    )
    return replace(outlook, week=ahead)


def _look_a_day_ahead(subscription: Subscription, known: KnownDays, now: datetime) -> Outlook:
    today = announcement_day(now)
    for day in _days(subscription, known, today):
        if _is_to_come(subscription, day, known, now):
            return _outlook(following(subscription, day, now), day, known, now)
    day = next_announcement_day(today)
    return _outlook(following(subscription, day, now), day, known, now)


def list_skipped(subscription: Subscription, known: KnownDays, *, now: datetime) -> Sequence[date]:
    """List the known days that brought no digest and will bring none, newest first."""
    if Cadence.DAY not in subscription.cadences:
        return []
    today = announcement_day(now)
    began = subscription.created_at
    first = known.since if began is None else announcement_day(began)
    return [
        day
        for day in reversed(_days(subscription, known, today))
        if day >= first
        and (subscription.channel_id, day) not in known.decided
        and not _listings(subscription, day) & known.numbers.keys()
        and not _is_to_come(subscription, day, known, now)
    ]


def _days(subscription: Subscription, known: KnownDays, today: date) -> list[date]:
    """The days up to today on which a listing is expected or, against expectation, there."""
    expected = announcement_days(known.since, today)
    stored = (day for category, day in known.numbers if category in subscription.categories)
    return sorted({*expected, *stored})


def _is_to_come(subscription: Subscription, day: date, known: KnownDays, now: datetime) -> bool:
    if (subscription.channel_id, day) in known.decided:
        return False
    subscription = following(subscription, day, now)
    listings = _listings(subscription, day)
    stored = [known.numbers[listing] for listing in listings & known.numbers.keys()]
    if not starts_with(subscription, stored):
        return False
    today = announcement_day(now)
    return bool(stored) or any(_may_come(listing, known, today) for listing in listings)


def _may_come(listing: ListingKey, known: KnownDays, today: date) -> bool:
    """Whether a listing that is not there may still come."""
    record = known.records.get(listing)
    return listing[1] == today if record is None else not record.is_closed


def _listings(subscription: Subscription, day: date) -> set[ListingKey]:
    return {(category, day) for category in subscription.categories}


def _outlook(subscription: Subscription, day: date, known: KnownDays, now: datetime) -> Outlook:
    ready = {each: known.ready_at.get((each, day)) for each in subscription.categories}
    waits_for = tuple(category for category, at in ready.items() if at is None)
    due = digest_due(subscription, day, list(ready.values()))
    listed_at = datetime.combine(day, known.poll_start, tzinfo=EASTERN)
    posts_at = _posts_at(subscription, day)
    at = first_possible(subscription, day, known) if waits_for or due is None else due
    return Outlook(
        day=day,
        at=at if at > now else None,
        is_timed=posts_at is not None and posts_at >= listed_at,
        waits_for=waits_for,
        goes_without_at=due if waits_for else None,
        is_due=due is not None and due <= now,
    )


def first_possible(subscription: Subscription, day: date, known: KnownDays) -> datetime:
    """Return when a digest of ``day`` comes at the earliest: when arXiv is on time."""
    listed_at = datetime.combine(day, known.poll_start, tzinfo=EASTERN)
    return max(listed_at, _posts_at(subscription, day) or listed_at)


def _posts_at(subscription: Subscription, day: date) -> datetime | None:
    if subscription.post_at is None:
        return None
    return due_instant(day, subscription.post_at, zone_of(subscription.zone))
