"""The week of a digest: which dates it gathers, and when it is due. Pure.

A week is named by the date on which it ends: the last day with the weekday that the channel chose.
It gathers what was announced on that date and the six before it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from bot.arxiv.calendar import EASTERN, announcement_days
from bot.digest.due import PATIENCE, due_instant
from bot.digest.models import Cadence, Subscription
from bot.digest.zones import zone_of

ListingKey = tuple[str, date]
"""A category and an announcement date."""

WEEK = timedelta(days=7)
ONE_DAY = timedelta(days=1)
MAX_LISTED = 25
"""How many papers a week's post lists where nothing tells which are the best."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekAhead:
    """The next week of a channel, and when it is posted; None: as soon as its lists are there."""

    end: date
    at: datetime | None


def find_end(day: date, weekday: int) -> date:
    """Return the date on which the week ends that ``day`` is in."""
    return day + timedelta(days=(weekday - day.weekday()) % 7)


def last_end(today: date, weekday: int) -> date:
    """Return the date on which the last week ended, today included."""
    end = find_end(today, weekday)
    return end if end == today else end - WEEK


def days_of(end: date) -> list[date]:
    """List the dates of a week, oldest first."""
    return [end - ONE_DAY * before for before in range(6, -1, -1)]


def count_shown(subscription: Subscription) -> int:
    """Return how many papers a week's post shows at most; its buttons open the others."""
    return subscription.top if subscription.topics and subscription.top else MAX_LISTED


def week_due(
    subscription: Subscription, end: date, ready_at: Mapping[ListingKey, datetime]
) -> datetime:
    """Return when the week is to be posted: not before its time, and once its lists are there.

    ``ready_at`` says from when on a stored listing may be used. Those of the last date on which
    arXiv announces are waited for, a day at most; what comes later follows as a supplement.
    """
    last = max(announcement_days(end - WEEK + ONE_DAY, end), default=end)
    ready = [ready_at.get((category, last)) for category in subscription.categories]
    stored = [each for each in ready if each is not None]
    given_up_at = datetime.combine(last + ONE_DAY, time(0), tzinfo=EASTERN)
    if not stored:
        complete_at = given_up_at
    elif len(stored) < len(ready):
        complete_at = max(stored) + PATIENCE
    else:
        complete_at = max(stored)
    return max(complete_at, posts_week_at(subscription, end))


def posts_week_at(subscription: Subscription, end: date) -> datetime:
    """Return the moment before which the week is not posted."""
    if subscription.post_at is None:
        return datetime.combine(end, time(0), tzinfo=EASTERN)
    return due_instant(end, subscription.post_at, zone_of(subscription.zone))


def starts_with_week(subscription: Subscription, due: datetime) -> bool:
    """Return whether a week is one of the channel's: it was still to come when they began."""
    began = subscription.week_began_at
    return Cadence.WEEK in subscription.cadences and (began is None or due >= began)


def look_a_week_ahead(
    subscription: Subscription,
    ready_at: Mapping[ListingKey, datetime],
    *,
    today: date,
    is_decided: bool,
    now: datetime,
) -> WeekAhead:
    """Find the next week; ``is_decided`` says whether the last that ended is done."""
    last = last_end(today, subscription.weekday)
    due = week_due(subscription, last, ready_at)
    if not is_decided and starts_with_week(subscription, due):
        return WeekAhead(end=last, at=due if due > now else None)
    end = last + WEEK
    return WeekAhead(end=end, at=posts_week_at(subscription, end))
