"""Row 40: around every change of the clocks, each announcement date gets exactly one digest.

What is expected is read off the zone's own clock, walked through half hour by half hour, and not
worked out as the due rule does it.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.arxiv.calendar import (
    EASTERN,
    announcement_day,
    announcement_days,
    is_announcement_day,
)
from bot.digest.due import digest_due
from bot.digest.models import Subscription
from bot.intake.schedule import IntakeRules
from bot.models import AnnounceType, ArxivId, Listing, Paper
from bot.pipeline import Pipeline
from bot.run.app import build_pipeline
from tests.builders import make_listing, make_paper, make_subscription
from tests.fakes.clock import VirtualClock
from tests.stores import open_store

STEP = timedelta(minutes=30)
"""All transitions of these zones, and their lengths, are multiples of it."""
TICK = timedelta(seconds=30)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
NEAR = timedelta(minutes=65)
"""How long before and after a change there are many ticks."""
EDGE = timedelta(minutes=2)
"""How long before and after a moment at which a digest may be due there is one each half minute."""
COARSE = timedelta(minutes=5)
"""Between two ticks where none can be due."""

CUSTOMARY = (time(0), time(0, 30))


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A moment at which a zone's clocks are set."""

    at: datetime
    by: timedelta


class WallClock:
    """What the clocks of a zone show during some years, half hour by half hour."""

    def __init__(self, name: str, first_year: int, years: int = 4) -> None:
        self.name = name
        self.since, self.until = date(first_year, 1, 1), date(first_year + years - 1, 12, 31)
        self.changes: list[Change] = []
        self.hard_times = set(CUSTOMARY)
        """Midnight, half past, and whatever time of day is skipped or comes twice."""
        self._first_shown: dict[datetime, datetime] = {}
        self._walk(ZoneInfo(name))

    def _walk(self, zone: ZoneInfo) -> None:
        now = datetime.combine(self.since, time(), UTC) - 2 * DAY
        shown = now.astimezone(zone).replace(tzinfo=None)
        while now.date() <= self.until + 2 * DAY:
            self._first_shown.setdefault(shown, now)
            now += STEP
            before, shown = shown, now.astimezone(zone).replace(tzinfo=None)
            if shown - before != STEP:
                self.changes.append(Change(at=now, by=shown - before - STEP))
                self.hard_times |= self._touched(before + STEP, shown)

    def _touched(self, expected: datetime, shown: datetime) -> set[time]:
        """The times of day between where the hands were and where they were put."""
        if abs(expected - shown) >= DAY:
            return set()  # a whole date, which says nothing of a time of day
        low, high = sorted([expected, shown])
        return {(low + STEP * count).time() for count in range((high - low) // STEP)}

    def shows(self, day: date, at: time) -> datetime:
        """When the clocks first show a time; were it not for a gap, where they leave it out."""
        wanted, late = datetime.combine(day, at), timedelta()
        while wanted not in self._first_shown:
            wanted, late = wanted - STEP, late + STEP
        return self._first_shown[wanted] + late


ZONES = {
    "Africa/Cairo": 2024,
    "America/Santiago": 2024,
    "Australia/Lord_Howe": 2024,
    "America/New_York": 2024,
    "America/Havana": 2024,  # where 00:00 and 00:30 come twice
    "Pacific/Apia": 2010,  # which had no 30 December 2011
}


def wall_clock(name: str) -> WallClock:
    return WallClock(name, ZONES[name])


def dates(since: date, until: date) -> Iterator[date]:
    while since <= until:
        yield since
        since += DAY


# -- the due rule, for every date ----------------------------------------------------------------


@pytest.mark.parametrize("zone", ZONES)
def test_row_40_each_date_of_four_years_is_due_once_when_the_clock_says_so(zone: str) -> None:
    """A time that is skipped comes as late as it would have; of two the first counts."""
    clock = wall_clock(zone)
    assert len(clock.changes) >= 7
    long_ago = datetime.combine(clock.since, time(), UTC) - 30 * DAY
    for at in clock.hard_times:
        subscription = make_subscription(post_at=at, zone=zone, created_at=long_ago)
        due = [digest_due(subscription, day, [long_ago]) for day in dates(clock.since, clock.until)]
        assert due == [clock.shows(day, at) for day in dates(clock.since, clock.until)]
        assert len(set(due)) == len(due) - (zone == "Pacific/Apia")


def test_row_40_the_date_that_a_zone_skipped_shares_the_next_ones_moment() -> None:
    clock = wall_clock("Pacific/Apia")
    skipped = date(2011, 12, 30)
    for at in CUSTOMARY:
        assert clock.shows(skipped, at) == clock.shows(skipped + DAY, at)
        apia = make_subscription(post_at=at, zone="Pacific/Apia")
        stored = [datetime(2011, 12, 1, tzinfo=UTC)]
        moments = {digest_due(apia, skipped + DAY * count, stored) for count in range(-1, 3)}
        assert len(moments) == 3


@pytest.mark.parametrize("zone", ZONES)
def test_row_40_a_ticker_finds_each_announcement_date_due_once(zone: str) -> None:
    """At the usual moment of the listing: 20 past midnight, Eastern."""
    clock = wall_clock(zone)
    days = announcement_days(clock.since, clock.until)
    assert len(days) > 990
    for at in clock.hard_times:
        subscription = make_subscription(post_at=at, zone=zone)
        for day in days:
            stored = datetime.combine(day, time(0, 20), EASTERN).astimezone(UTC)
            posted = max(stored, clock.shows(day, at))
            assert digest_due(subscription, day, [stored]) == posted
            assert timedelta() <= posted - stored < DAY


# -- the pipeline, tick by tick ------------------------------------------------------------------

FED, STORED = "cs.CV", "cs.LG"
"""A category whose listings come by the feed, and one whose listings are there long before."""


def paper_of(day: date, category: str) -> Paper:
    return make_paper(day.toordinal() % 10_000 * 2 + (category == FED), categories=[category])


def listing_of(day: date, category: str) -> Listing:
    return make_listing(paper_of(day, category), category=category, announced_on=day)


class Feed:
    """What arXiv's feed shows: from midnight Eastern that day's listing, none on days off."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock

    async def fetch_listing(self, category: str) -> Listing:
        day = announcement_day(self._clock.now())
        if is_announcement_day(day):
            return listing_of(day, category)
        return make_listing(category=category, announced_on=day)

    async def fetch_catchup(self, category: str, day: date) -> Listing:
        return listing_of(day, category)

    async def fetch_estimate(self, category: str, day: date) -> Listing:
        return listing_of(day, category)

    async def fetch_metadata(self, arxiv_ids: Sequence[ArxivId], day: date) -> Sequence[Paper]:
        return []


class Walk:
    """A bot with two channels for each hard time of a zone, walking through one change."""

    def __init__(self, pipeline: Pipeline, clock: VirtualClock, wall: WallClock) -> None:
        self.pipeline = pipeline
        self.clock = clock
        self.wall = wall
        self.channels: dict[int, Subscription] = {}
        self.ticks: list[datetime] = []

    async def prepare(self, days: Iterable[date]) -> None:
        for category in (FED, STORED):
            for at in sorted(self.wall.hard_times):
                await self._subscribe(category, at)
        for day in days:  # weekends as well: most clocks are set on Sundays
            listing = listing_of(day, STORED)
            await self.pipeline.store.papers.add_listing(listing, now=self.clock.now())

    async def _subscribe(self, category: str, at: time) -> None:
        channel_id = 2001 + len(self.channels)
        self.channels[channel_id] = await self.pipeline.store.subscriptions.set_subscription(
            guild_id=1001,
            channel_id=channel_id,
            categories=[category],
            announce_types=[AnnounceType.NEW],
            post_at=at,
            zone=self.wall.name,
            style="cards",
            now=self.clock.now(),
            out={category: announcement_day(self.clock.now())},
        )

    async def through(self, change: Change, until: datetime) -> None:
        """Tick often around the change, every two hours at other times."""
        while self.clock.now() <= until:
            self.ticks.append(self.clock.now())
            await self.pipeline.tick()
            to_go = change.at - self.clock.now()
            is_near = -NEAR <= to_go <= NEAR
            self.clock.advance(_pause(to_go) if is_near else min(2 * HOUR, abs(to_go - NEAR)))

    def expected(self, subscription: Subscription, days: Iterable[date]) -> dict[date, datetime]:
        """When each date's digest is to be planned: at the first tick that can."""
        assert subscription.post_at is not None
        assert subscription.created_at is not None
        moments: dict[date, datetime] = {}
        for day in days:
            if day <= announcement_day(subscription.created_at):
                continue  # its list was out when the digest was set up, or counts as such
            moment = self.wall.shows(day, subscription.post_at)
            if subscription.categories == (FED,):
                if not is_announcement_day(day):
                    continue
                moment = max(moment, datetime.combine(day, IntakeRules().poll_start, EASTERN))
            if moment <= self.ticks[-1]:
                moments[day] = next(tick for tick in self.ticks if tick >= moment)
        return moments

    async def planned(self, channel_id: int) -> list[tuple[date, datetime, list[str]]]:
        """Each message of a channel: its date, when it was planned, its papers."""
        outbox = self.pipeline.store.outbox
        return [
            (record.announced_on, record.planned_at, [each for each, _ in papers])
            for record in await outbox.list_deliveries(channel_id)
            for papers in [await outbox.list_papers(record.id)]
        ]


def _pause(to_go: timedelta) -> timedelta:
    """Return half a minute around every half hour, when digests become due, and more else."""
    to_edge = to_go % STEP
    if to_edge <= EDGE or to_edge > STEP - EDGE:
        return TICK
    return min(COARSE, to_edge - EDGE)


@asynccontextmanager
async def walking(path: Path, wall: WallClock, start: datetime) -> AsyncIterator[Walk]:
    clock = VirtualClock(start)
    async with open_store(path) as store:
        pipeline = build_pipeline(store, Feed(clock), rules=IntakeRules(), now=clock.now)
        yield Walk(pipeline, clock, wall)


@pytest.mark.slow(10)
@pytest.mark.parametrize("zone", ZONES)
async def test_row_40_around_each_change_every_date_gets_one_digest(
    zone: str, tmp_path: Path
) -> None:
    """A real database, every change of four years; at the first tick after the moment.

    No digest becomes due between two half hours, so that ticks of 30 seconds are for around these.
    """
    wall = wall_clock(zone)
    for change in wall.changes:
        start, until = change.at - 50 * HOUR, change.at + 50 * HOUR
        days = list(dates(start.date() - DAY, until.date() + DAY))
        async with walking(tmp_path / f"{change.at:%Y-%m-%d}.db", wall, start) as walk:
            await walk.prepare(days)
            await walk.through(change, until)
            assert sum(abs(tick - change.at) <= EDGE for tick in walk.ticks) == 9
            assert {change.at - HOUR, change.at + HOUR, change.at + HOUR + TICK} < {*walk.ticks}
            for channel_id, subscription in walk.channels.items():
                (category,) = subscription.categories
                expected = walk.expected(subscription, days)
                assert expected
                assert sorted(await walk.planned(channel_id)) == [
                    (day, expected[day], [paper_of(day, category).arxiv_id])
                    for day in sorted(expected)
                ]
