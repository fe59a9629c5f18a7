"""Which channels are to be looked at: those of which something may be due that was not before.

What is due follows from a channel's settings, its records, the lists of its categories and the
time (`due`), and that a date is quiet from what the judge says of them, too (`quiet`). From one
tick to the next hardly any of it changes, so a channel of which nothing was due is passed over
until one of these does. Everything is looked at after a start, when the clock
was set back, and once an hour in any case. Pure, but for what it remembers.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Final, Protocol

from bot.arxiv.calendar import EASTERN, ONE_DAY, announcement_day
from bot.digest.due import PATIENCE, due_instant
from bot.digest.models import Subscription
from bot.digest.outlook import KnownDays, first_possible
from bot.digest.quiet import LATE
from bot.digest.week import WEEK, ListingKey
from bot.digest.zones import zone_of
from bot.models import DayRecord
from bot.planning.due import Listings

PASSED_OVER_FOR: Final = timedelta(hours=1)
"""The longest time for which nothing is looked at, whatever is believed to be known."""


class AnyLook(Protocol):
    """One look at what is due: what is known of lists, and when."""

    @property
    def now(self) -> datetime: ...

    @property
    def listings(self) -> Mapping[ListingKey, object]:
        """What matters of each list; what is equal to it in the next look has not changed."""

    def holds_until(self, subscription: Subscription) -> datetime:
        """Return until when a channel of which nothing is due has nothing due.

        If its settings, its records and the lists stay what they are. It is no later than it may
        be: that more is looked at does no harm.
        """


class Agenda:
    """Remembers of which channels nothing is due, and until when: of one question."""

    def __init__(self) -> None:
        self._passed_over: dict[int, tuple[Subscription, datetime]] = {}
        self._look: AnyLook | None = None

    def open(self, subscriptions: Sequence[Subscription], look: AnyLook) -> list[Subscription]:
        """Choose which of the ``subscriptions`` are looked at now; the others bring nothing.

        A subscription that was written, or its records, is another object (`Roster`). Those that
        are chosen are chosen again, unless `pass_over` is told that nothing was due.
        """
        before, self._look = self._look, look
        if before is None or look.now < before.now:
            self._passed_over = {}
        self._forget_others(subscriptions)
        changed = set() if before is None else find_changed(before.listings, look.listings)
        known, now = self._passed_over, look.now
        chosen = [
            each
            for each in subscriptions
            if (noted := known.get(each.id)) is None
            or noted[0] is not each
            or now >= noted[1]
            or (changed and not changed.isdisjoint(each.categories))
        ]
        for each in chosen:
            known.pop(each.id, None)
        return chosen

    def pass_over(self, subscription: Subscription, look: AnyLook) -> None:
        """Note that nothing was due in a look; no more than the newest look has seen counts."""
        if look is self._look:
            self._passed_over[subscription.id] = subscription, look.holds_until(subscription)

    def _forget_others(self, subscriptions: Sequence[Subscription]) -> None:
        if len(self._passed_over) > len(subscriptions):
            ids = {each.id for each in subscriptions}
            self._passed_over = {
                each: noted for each, noted in self._passed_over.items() if each in ids
            }


class Look:
    """One look at which digests are due: the lists that there were, and when."""

    def __init__(self, listings: Listings, now: datetime) -> None:
        self.listings = listings
        self.now = now
        today = announcement_day(now)
        self._days = {day for _, day in listings} | {
            today + count * ONE_DAY for count in range(-WEEK.days, 2)
        }
        self._latest = _holds_at_most_until(now)
        self._of_categories = self._find_waits()
        self._of_times: dict[tuple[time, str], datetime] = {}

    def holds_until(self, subscription: Subscription) -> datetime:
        """Return when a list may be used, or the channel's time comes, if that is sooner."""
        waits = self._of_categories
        ends = [self._latest, *(waits[each] for each in subscription.categories if each in waits)]
        if subscription.post_at is not None:
            ends.append(self._find_time(subscription.post_at, subscription.zone))
        return min(ends)

    def _find_waits(self) -> Mapping[str, datetime]:
        """Say by category when one of its lists may next be used, or not be waited for any more."""
        waits: dict[str, datetime] = {}
        for (category, _), times in self.listings.items():
            for at in (times.stored_at, times.stored_at + PATIENCE):
                if at > self.now:
                    waits[category] = min(at, waits.get(category, at))
        return waits

    def _find_time(self, post_at: time, zone: str) -> datetime:
        """Return when that time of day comes next, on a date that a digest may be of."""
        key = post_at, zone
        if key not in self._of_times:
            times = [due_instant(day, post_at, zone_of(zone)) for day in self._days]
            self._of_times[key] = min([self._latest, *(at for at in times if at > self.now)])
        return self._of_times[key]


class QuietLook:
    """One look at which dates are quiet: what was known of all lists, and when.

    ``known`` need not tell of single channels.
    """

    def __init__(self, known: KnownDays, now: datetime) -> None:
        self.now = now
        self.listings = {
            key: (key in known.numbers, _state(known.records.get(key)))
            for key in known.numbers.keys() | known.records.keys()
        }
        self._known = known
        today = announcement_day(now)
        self._days = [
            known.since + count * ONE_DAY for count in range((today - known.since).days + 2)
        ]
        self._latest = _holds_at_most_until(now)
        self._of_times: dict[tuple[time | None, str], datetime] = {}

    def holds_until(self, subscription: Subscription) -> datetime:
        """Return when a digest may be expected next, or be late, if that is sooner."""
        key = subscription.post_at, subscription.zone
        if key not in self._of_times:
            expected = [first_possible(subscription, day, self._known) for day in self._days]
            times = (at for first in expected for at in (first, first + LATE))
            self._of_times[key] = min([self._latest, *(at for at in times if at > self.now)])
        return self._of_times[key]


def _state(record: DayRecord | None) -> tuple[object, ...]:
    """Return what matters of a record: not when arXiv was asked."""
    if record is None:
        return ()
    return record.is_closed, record.verdict, record.error is not None


def _holds_at_most_until(now: datetime) -> datetime:
    midnight = datetime.combine(announcement_day(now) + ONE_DAY, time(0), tzinfo=EASTERN)
    return min(midnight, now + PASSED_OVER_FOR)


def find_changed(
    before: Mapping[ListingKey, object], after: Mapping[ListingKey, object]
) -> set[str]:
    """Return the categories of which a list came, grew, got another verdict or went."""
    if before == after:
        return set()
    keys = before.keys() | after.keys()
    return {key[0] for key in keys if before.get(key) != after.get(key)}
