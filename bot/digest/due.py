"""When a digest is due. What is due is computed, never remembered by a scheduler."""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo

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


def starts_with(
    subscription: Subscription, day: date, numbers: Collection[int], now: datetime
) -> bool:
    """Return whether ``day`` is one of the subscription's days: those still to come when it began.

    ``numbers`` are those of its stored listings. Without a time to post, their order decides and
    no clock: one that was set back would make a listing look older than the subscription. So it
    does where the subscription seems to begin after ``now``: the clock was ahead then.
    """
    began = subscription.created_at
    if subscription.post_at is None or began is None or began > now:
        return not numbers or max(numbers) > subscription.starts_after
    at = due_instant(day, subscription.post_at, zone_of(subscription.zone))
    return at >= began
