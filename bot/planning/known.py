"""What is known of the days whose digests may still be planned."""

from collections.abc import Collection
from datetime import date, datetime

from bot.arxiv.calendar import announcement_day
from bot.digest.models import Cadence
from bot.digest.outlook import KnownDays
from bot.digest.week import WEEK
from bot.intake.schedule import IntakeRules
from bot.planning.due import ready_at
from bot.store.store import Store


def oldest_day(cadence: Cadence, rules: IntakeRules, now: datetime) -> date:
    """Return the oldest date whose digest may still be planned, or is in such a week."""
    if cadence is Cadence.WEEK:
        return announcement_day(now) - 2 * WEEK
    return announcement_day(now - rules.catchup_window)


async def read_known_days(
    store: Store, rules: IntakeRules, channel_ids: Collection[int], *, now: datetime
) -> KnownDays:
    """Gather what the store knows of them; of what is decided, that of these channels."""
    since = oldest_day(Cadence.DAY, rules, now)
    since_week = oldest_day(Cadence.WEEK, rules, now)
    every = await store.digests.listings_since(min(since, since_week))
    listings = {place: times for place, times in every.items() if place[1] >= since}
    of_weeks = {place: times for place, times in every.items() if place[1] >= since_week}
    decided = await store.digests.list_of(channel_ids, since)
    records = await store.intake.list_since(since)
    return KnownDays(
        since=since,
        numbers={place: times.number for place, times in listings.items()},
        ready_at=ready_at(listings, now),
        decided=decided.keys(),
        unmatched={
            place: record.announced for place, record in decided.items() if record.is_unmatched
        },
        records={(record.category, record.day): record for record in records},
        poll_start=rules.poll_start,
        week_ready_at=ready_at(of_weeks, now),
        week_decided=(await store.digests.list_of(channel_ids, since_week, Cadence.WEEK)).keys(),
    )
