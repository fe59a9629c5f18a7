"""When a digest is due. What is due is computed, never remembered by a scheduler."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from bot.arxiv.calendar import announcement_day
from bot.digest.models import Subscription
from bot.digest.zones import zone_of

PATIENCE = timedelta(hours=2)
"""How long the ready listings of a channel wait for those of its other categories."""


def due_instant(day: date, at: time, zone: tzinfo) -> datetime:
    """Return when local time ``at`` comes on ``day``, in UTC.

    A local time that daylight saving skips shifts forward; one that occurs twice is its first
    occurrence. Strictly increasing over days in every zone, so no day is skipped or doubled.
    """
    return datetime.combine(day, at, tzinfo=zone).replace(fold=0).astimezone(UTC)


def digest_due(
    subscription: Subscription,
    day: date,
    stored_at: Sequence[datetime | None],
) -> datetime | None:
    """Return from when on the digest of ``day`` may be posted; None while nothing is stored.

    ``stored_at`` says for each followed category when its listing was stored, None where it is
    not. A listing that is still missing is waited for (`PATIENCE`), then the rest goes out and
    the late one follows as a supplement.
    """
    stored = [instant for instant in stored_at if instant is not None]
    if not stored:
        return None
    ready = max(stored) if len(stored) == len(stored_at) else max(stored) + PATIENCE
    if subscription.post_at is None:
        return ready
    return max(ready, due_instant(day, subscription.post_at, zone_of(subscription.zone)))


def following(subscription: Subscription, day: date, now: datetime) -> Subscription:
    """Return the subscription as the digest of ``day`` has it that comes by itself.

    It is without the categories that were chosen when their lists of that date were out. A begin
    after ``now`` says nothing: the clock was ahead then.
    """
    begins, today = dict(subscription.begins), announcement_day(now)
    followed = tuple(
        category
        for category in subscription.categories
        if category not in begins or not day <= begins[category] <= today
    )
    return replace(subscription, categories=followed)


def starts_with(subscription: Subscription, numbers: Collection[int]) -> bool:
    """Return whether a date with listings of these ``numbers`` is one of the subscription's.

    Their order decides beside the dates of `following`, which a clock that was wrong has misled.
    """
    return bool(subscription.categories) and (
        not numbers or max(numbers) > subscription.starts_after
    )
