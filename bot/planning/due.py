"""Which digests of a channel are due, by what is stored and decided. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from bot.arxiv.calendar import announcement_day
from bot.digest.decided import as_decided
from bot.digest.due import digest_due, following, starts_with
from bot.digest.models import Cadence, Subscription
from bot.digest.week import ListingKey, days_of, last_end, starts_with_week, week_due
from bot.store.digests import DigestRecord, ListingTimes

Listings = Mapping[ListingKey, ListingTimes]
"""When the stored listings came, by category and date."""

Decided = Mapping[tuple[int, date], DigestRecord]
"""The digests that are decided, by channel and date, or last day of a week."""


def list_due(
    subscription: Subscription,
    cadence: Cadence,
    listings: Listings,
    decided: Decided,
    *,
    now: datetime,
) -> list[tuple[date, Subscription]]:
    """List what is due, oldest first, each with the settings for which it is to be decided."""
    due = []
    for day, followed in list_due_dates(subscription, cadence, listings, decided, now=now):
        record = decided.get((subscription.channel_id, day))
        due.append((day, as_decided(followed, record.settings if record else None)))
    return due


def list_due_dates(
    subscription: Subscription,
    cadence: Cadence,
    listings: Listings,
    decided: Decided,
    *,
    now: datetime,
) -> list[tuple[date, Subscription]]:
    """List what is due, oldest first, each with the categories whose lists come by themselves.

    A digest that is decided is due again when its lists have grown since: that is a supplement.
    """
    find = _find_days if cadence is Cadence.DAY else _find_weeks
    return find(subscription, listings, decided, now)


def last_growth(listings: Listings) -> dict[date, datetime]:
    """Say when a list of each date grew last, whatever the category."""
    grown: dict[date, datetime] = {}
    for (_, day), times in listings.items():
        grown[day] = max(times.updated_at, grown.get(day, times.updated_at))
    return grown


def is_done(subscription: Subscription, grown: Mapping[date, datetime], decided: Decided) -> bool:
    """Whether every date was decided after its last list grew: then no day of a digest is due.

    Most channels are done most of the time, and a few records tell so; else `list_due_dates` looks.
    """
    channel_id = subscription.channel_id
    records = ((decided.get((channel_id, day)), at) for day, at in grown.items())
    return all(record is not None and record.decided_at >= at for record, at in records)


def _find_days(
    subscription: Subscription, listings: Listings, decided: Decided, now: datetime
) -> list[tuple[date, Subscription]]:
    days = sorted({day for category, day in listings if category in subscription.categories})
    found = [(day, _following(subscription, day, listings, now)) for day in days]
    return [
        (day, followed)
        for day, followed in found
        if _is_day_due(
            followed,
            day,
            [listings.get((each, day)) for each in followed.categories],
            decided.get((subscription.channel_id, day)),
            now,
        )
    ]


def _following(
    subscription: Subscription, day: date, listings: Listings, now: datetime
) -> Subscription:
    """Return a digest of ``day`` without the lists that were there before it was."""
    if subscription.user_id is None:
        return following(subscription, day, now)
    # A person's may look through all lists there are: their numbers tell which came later.
    began = announcement_day(subscription.created_at) if subscription.created_at else date.min
    if day < began <= announcement_day(now):
        return replace(subscription, categories=())
    followed = tuple(
        category
        for category in subscription.categories
        if (times := listings.get((category, day))) is None
        or times.number > subscription.starts_after
    )
    is_whole = followed == subscription.categories
    return subscription if is_whole else replace(subscription, categories=followed)


def _is_day_due(
    subscription: Subscription,
    day: date,
    times: Sequence[ListingTimes | None],
    record: DigestRecord | None,
    now: datetime,
) -> bool:
    stored = [each for each in times if each is not None]
    ready = [None if each is None else each.ready_at(now) for each in times]
    due = digest_due(subscription, day, ready)
    if due is None or now < due:
        return False
    if record is not None:
        return any(each.updated_at > record.decided_at for each in stored)
    return starts_with(subscription, [each.number for each in stored])


def _find_weeks(
    subscription: Subscription, listings: Listings, decided: Decided, now: datetime
) -> list[tuple[date, Subscription]]:
    end = last_end(announcement_day(now), subscription.weekday)
    record = decided.get((subscription.channel_id, end))
    if record is None:
        at = week_due(subscription, end, ready_at(listings, now))
        is_due = at <= now and starts_with_week(subscription, at)
    else:
        is_due = any(
            times.updated_at > record.decided_at
            for (category, day), times in listings.items()
            if category in subscription.categories and day in days_of(end)
        )
    return [(end, subscription)] if is_due else []


def ready_at(listings: Listings, now: datetime) -> Mapping[ListingKey, datetime]:
    """Say from when on each listing may be used; without those whose rest is waited for."""
    ready = {place: times.ready_at(now) for place, times in listings.items()}
    return {place: at for place, at in ready.items() if at is not None}
