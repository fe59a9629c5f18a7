"""One announcement day through the pipeline: what is planned when, over a real store."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.digest.models import Cadence, DigestOptions, QuietDays, Subscription
from bot.digest.outlook import KnownDays
from bot.digest.quiet import QuietDay, list_quiet_days
from bot.errors import ArxivUnavailable, StoreError
from bot.intake.schedule import IntakeRules
from bot.models import (
    UNKNOWN_VERSION,
    AnnounceType,
    ArxivId,
    IntakeCode,
    IntakeVerdict,
    Listing,
    Paper,
)
from bot.pipeline import Pipeline
from bot.planning.agenda import Look, QuietLook
from bot.query.ast import Query
from bot.run.app import build_pipeline
from bot.store.backup.restored import RESTORED
from bot.store.digests import DigestRecord, ListingTimes
from bot.store.papers.papers import Papers
from bot.store.search.search import Search
from bot.store.sqlite.statements import change
from bot.store.store import Store
from tests.builders import make_listing, make_paper, make_papers, make_reason, make_subscription
from tests.fakes.clock import VirtualClock
from tests.fakes.plain_style import plain_style
from tests.stores import open_store
from tests.virtual import count_rests

TUESDAY = date(2024, 3, 5)
WEDNESDAY = date(2024, 3, 6)
MORNING = datetime(2024, 3, 5, 5, 20, tzinfo=UTC)
"""Soon after midnight Eastern, when the first poll of the day is due."""

CHANNEL = 2001


class Feeds:
    """A source of listings that a test fills: what each category's feed shows now."""

    def __init__(self) -> None:
        self.shown: dict[str, Listing] = {}
        self.catchups: dict[tuple[str, date], Listing] = {}
        self.metadata: dict[ArxivId, Paper] = {}
        self.asked: list[str] = []

    def show(self, listing: Listing, *, is_true: bool = True) -> None:
        """Show a list in its category's feed, and where it is true on the page of its date."""
        self.shown[listing.category] = listing
        if is_true:
            self.catchups[listing.category, listing.announced_on] = listing

    async def fetch_listing(self, category: str) -> Listing:
        self.asked.append(category)
        if category not in self.shown:
            raise ArxivUnavailable("arXiv could not be reached.")
        return self.shown[category]

    async def fetch_catchup(self, category: str, day: date) -> Listing:
        self.asked.append(f"{category} {day}")
        return self.catchups.get((category, day)) or make_listing(
            category=category, announced_on=day
        )

    async def fetch_estimate(self, category: str, day: date) -> Listing:
        raise ArxivUnavailable("arXiv could not be reached.")

    async def fetch_metadata(self, arxiv_ids: Sequence[ArxivId], day: date) -> Sequence[Paper]:
        self.asked.append(f"metadata of {len(arxiv_ids)}")
        return [self.metadata[arxiv_id] for arxiv_id in arxiv_ids if arxiv_id in self.metadata]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(MORNING)


@pytest.fixture
def feeds() -> Feeds:
    return Feeds()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(tmp_path / "papers.db") as store:
        yield store


@pytest.fixture
def pipeline(store: Store, feeds: Feeds, clock: VirtualClock) -> Pipeline:
    return build_pipeline(store, feeds, rules=IntakeRules(), now=clock.now)


async def subscribe(
    pipeline: Pipeline,
    *categories: str,
    channel_id: int = CHANNEL,
    post_at: time | None = None,
    zone: str = "UTC",
    types: Sequence[AnnounceType] = (AnnounceType.NEW, AnnounceType.CROSS),
    style: str = "cards",
    quiet_days: QuietDays = QuietDays.NONE,
    is_late: bool = False,
) -> Subscription:
    """Set a digest up; ``is_late`` does so as a command, for which lists may be out already."""
    followed = categories or ("cs.CV",)
    store = pipeline.store.subscriptions
    subscription = await store.set_subscription(
        guild_id=1001,
        channel_id=channel_id,
        categories=followed,
        announce_types=types,
        post_at=post_at,
        zone=zone,
        style=style,
        options=DigestOptions(quiet_days=quiet_days),
        now=pipeline.now(),
        out=await pipeline.intake.count_as_out(followed) if is_late else {},
    )
    if is_late:
        await store.begin_with(channel_id, TUESDAY, await pipeline.intake.find_late(followed))
    return await store.get_subscription(channel_id) or subscription


async def planned(pipeline: Pipeline, day: date = TUESDAY, channel_id: int = CHANNEL) -> list[str]:
    """Return the identifiers planned for a channel and date, in order."""
    found = []
    for record in await pipeline.store.outbox.list_deliveries(channel_id, day):
        embeds = record.body["embeds"]
        assert isinstance(embeds, list)
        found += [embed["url"].rpartition("/")[2] for embed in embeds if "url" in embed]
    return found


async def test_a_tick_fetches_stores_and_plans(pipeline: Pipeline, feeds: Feeds) -> None:
    await subscribe(pipeline)
    feeds.show(make_listing(*make_papers(12)))
    assert await pipeline.tick() == 2
    assert await planned(pipeline) == [f"2403.{number:05d}" for number in range(1, 13)]


async def test_any_number_of_ticks_plans_a_day_once(
    pipeline: Pipeline, feeds: Feeds, clock: VirtualClock
) -> None:
    await subscribe(pipeline)
    feeds.show(make_listing(*make_papers(3)))
    for _ in range(50):
        await pipeline.tick()
        clock.advance(timedelta(minutes=30))
    assert len(await planned(pipeline)) == 3
    assert feeds.asked.count("cs.CV") == 2 + 2  # twice on Tuesday, twice on Wednesday


async def test_nothing_is_posted_before_its_time(
    pipeline: Pipeline, feeds: Feeds, clock: VirtualClock
) -> None:
    await subscribe(pipeline, post_at=time(9, 30), zone="Europe/Berlin")
    feeds.show(make_listing(*make_papers(3)))
    clock.advance_to(datetime(2024, 3, 5, 8, 29, 59, tzinfo=UTC))
    assert await pipeline.tick() == 0
    clock.advance_to(datetime(2024, 3, 5, 8, 30, tzinfo=UTC))
    assert await pipeline.tick() == 1


@pytest.mark.parametrize("is_followed", [False, True])
@pytest.mark.parametrize("post_at", [None, time(9, 30), time(11)])
async def test_what_comes_first_by_itself_is_the_next_list(
    pipeline: Pipeline, feeds: Feeds, clock: VirtualClock, is_followed: bool, post_at: time | None
) -> None:
    """Whether today's is stored, because another channel follows the category, or not yet."""
    feeds.show(make_listing(*make_papers(3)))
    if is_followed:
        await subscribe(pipeline, channel_id=4004)
    clock.advance_to(datetime(2024, 3, 5, 10, 0, tzinfo=UTC))
    await pipeline.tick()
    await subscribe(pipeline, post_at=post_at, is_late=True)
    clock.advance_to(datetime(2024, 3, 5, 20, 0, tzinfo=UTC))
    assert await pipeline.tick() == 0
    feeds.show(make_listing(make_paper(9), announced_on=WEDNESDAY))
    clock.advance_to(datetime(2024, 3, 6, 11, 0, tzinfo=UTC))
    await pipeline.tick()
    assert await planned(pipeline, WEDNESDAY) == ["2403.00009"]
    assert await planned(pipeline) == []


async def test_a_list_that_is_not_out_yet_is_the_next(
    pipeline: Pipeline, feeds: Feeds, clock: VirtualClock
) -> None:
    """ArXiv is asked, so a channel set up while today's list is late gets it."""
    clock.advance_to(datetime(2024, 3, 5, 5, 0, tzinfo=UTC))
    feeds.show(make_listing(announced_on=TUESDAY))
    await subscribe(pipeline, is_late=True)
    feeds.show(make_listing(*make_papers(3)))
    clock.advance_to(datetime(2024, 3, 5, 10, 0, tzinfo=UTC))
    await pipeline.tick()
    assert len(await planned(pipeline)) == 3


async def test_a_category_that_is_added_brings_only_later_lists(
    pipeline: Pipeline, feeds: Feeds, clock: VirtualClock
) -> None:
    """Today's digest is posted already, or is still to come: it is without the new category."""
    feeds.show(make_listing(*make_papers(2)))
    feeds.show(make_listing(make_paper(7), category="cs.LG"))
    await subscribe(pipeline)
    await pipeline.tick()
    await subscribe(pipeline, "cs.CV", "cs.LG", is_late=True)
    clock.advance(timedelta(hours=8))
    await pipeline.tick()
    assert len(await planned(pipeline)) == 2
    feeds.show(make_listing(make_paper(8), category="cs.LG", announced_on=WEDNESDAY))
    feeds.show(make_listing(make_paper(9), announced_on=WEDNESDAY))
    clock.advance_to(datetime(2024, 3, 6, 11, 0, tzinfo=UTC))
    await pipeline.tick()
    assert await planned(pipeline, WEDNESDAY) == ["2403.00009", "2403.00008"]


async def test_what_is_added_to_a_list_keeps_to_the_settings_of_its_digest(
    pipeline: Pipeline, feeds: Feeds, clock: VirtualClock
) -> None:
    """A topic that was removed since brings no papers that the digest left out."""
    await subscribe(pipeline)
    store = pipeline.store
    await store.subscriptions.set_topic(CHANNEL, "fourth", '"number 4" OR "number 1"')
    feeds.show(make_listing(*make_papers(3)))
    await pipeline.tick()
    assert await planned(pipeline) == ["2403.00001"]
    await store.subscriptions.delete_topic(CHANNEL, "fourth")
    await subscribe(pipeline, types=tuple(AnnounceType))
    clock.advance(timedelta(minutes=1))
    await store.papers.add_listing(make_listing(*make_papers(5)), now=clock.now())
    await pipeline.plan_due()
    assert await planned(pipeline) == ["2403.00001", "2403.00004"]


async def test_what_was_asked_for_gets_its_additions(
    pipeline: Pipeline, feeds: Feeds, clock: VirtualClock
) -> None:
    """A list that is posted on request is the channel's from then on."""
    feeds.show(make_listing(*make_papers(2)))
    subscription = await subscribe(pipeline, is_late=True)
    await pipeline.store.subscriptions.begin_with(CHANNEL, TUESDAY)
    await pipeline.plan(subscription, TUESDAY)
    clock.advance(timedelta(minutes=1))
    await pipeline.store.papers.add_listing(make_listing(*make_papers(3)), now=clock.now())
    await pipeline.plan_due()
    assert len(await planned(pipeline)) == 3


async def test_a_clock_that_is_set_back_makes_no_listing_older_than_its_channel(
    pipeline: Pipeline, feeds: Feeds, clock: VirtualClock
) -> None:
    """What comes after the set-up is posted, whatever time it seems to be."""
    clock.advance_to(datetime(2024, 3, 5, 7, 0, tzinfo=UTC))
    await subscribe(pipeline)
    clock.advance(timedelta(hours=-1))
    feeds.show(make_listing(*make_papers(3)))
    assert await pipeline.tick() == 1


async def test_a_digest_missed_by_a_stopped_bot_comes_late(
    pipeline: Pipeline, feeds: Feeds, clock: VirtualClock
) -> None:
    await subscribe(pipeline, post_at=time(9, 30))
    feeds.show(make_listing(*make_papers(3)))
    await pipeline.tick()
    clock.advance(timedelta(hours=40))
    await pipeline.tick()
    assert len(await planned(pipeline)) == 3


async def test_days_out_of_the_window_are_not_posted_any_more(
    pipeline: Pipeline, feeds: Feeds, clock: VirtualClock
) -> None:
    await subscribe(pipeline, post_at=time(9, 30))
    feeds.show(make_listing(*make_papers(3)))
    await pipeline.tick()
    clock.advance(timedelta(hours=130))
    await pipeline.tick()
    assert await planned(pipeline) == []


async def test_days_missed_while_the_bot_was_down_are_fetched_and_posted(
    pipeline: Pipeline, feeds: Feeds, clock: VirtualClock
) -> None:
    await subscribe(pipeline)
    feeds.show(make_listing(*make_papers(3)))
    await pipeline.tick()
    clock.advance(timedelta(days=2, hours=1))
    feeds.show(make_listing(make_paper(8), announced_on=date(2024, 3, 7)))
    feeds.catchups["cs.CV", WEDNESDAY] = make_listing(
        make_paper(5), announced_on=WEDNESDAY, source="catchup"
    )
    await pipeline.tick()
    assert await planned(pipeline, WEDNESDAY) == ["2403.00005"]
    assert await planned(pipeline, date(2024, 3, 7)) == ["2403.00008"]


async def test_the_versions_that_a_catch_up_page_lacks_are_asked_for(
    pipeline: Pipeline, feeds: Feeds, clock: VirtualClock
) -> None:
    """Else the third version would pass for the second, which the channel has."""
    await subscribe(pipeline, types=tuple(AnnounceType))
    feeds.show(make_listing((make_paper(1, version=2), AnnounceType.REPLACE), make_paper(2)))
    await pipeline.tick()
    clock.advance(timedelta(days=2, hours=1))
    paper = make_paper(1, version=3)
    feeds.metadata[paper.arxiv_id] = paper
    feeds.show(make_listing(make_paper(8), announced_on=date(2024, 3, 7)))
    feeds.catchups["cs.CV", WEDNESDAY] = make_listing(
        (replace(paper, version=UNKNOWN_VERSION), AnnounceType.REPLACE),
        announced_on=WEDNESDAY,
        source="catchup",
    )
    await pipeline.tick()
    assert await planned(pipeline, WEDNESDAY) == ["2403.00001"]


async def test_a_repeat_of_yesterday_posts_nothing(
    pipeline: Pipeline, feeds: Feeds, clock: VirtualClock
) -> None:
    await subscribe(pipeline)
    papers = make_papers(12)
    feeds.show(make_listing(*papers))
    await pipeline.tick()
    clock.advance(timedelta(days=1))
    bumped = [replace(paper, version=2) for paper in papers[:2]]
    feeds.show(make_listing(*bumped, *papers[2:], announced_on=WEDNESDAY))
    await pipeline.tick()
    assert await planned(pipeline, WEDNESDAY) == []


async def test_a_failing_category_does_not_hold_up_the_other_for_ever(
    pipeline: Pipeline, feeds: Feeds, clock: VirtualClock
) -> None:
    """Two hours of patience, then what is there goes out, and the late one follows."""
    await subscribe(pipeline, "cs.CV", "cs.LG")
    feeds.show(make_listing(make_paper(1)))
    await pipeline.tick()
    assert await planned(pipeline) == []
    clock.advance(timedelta(hours=2, minutes=1))
    await pipeline.tick()
    assert await planned(pipeline) == ["2403.00001"]
    feeds.show(make_listing(make_paper(1), make_paper(2), category="cs.LG"))
    clock.advance(timedelta(hours=2))
    await pipeline.tick()
    assert await planned(pipeline) == ["2403.00001", "2403.00002"]


async def test_a_channel_whose_topics_match_nothing_gets_nothing_and_is_done(
    pipeline: Pipeline, feeds: Feeds, clock: VirtualClock
) -> None:
    await subscribe(pipeline)
    await pipeline.store.subscriptions.set_topic(CHANNEL, "frogs", "axolotl")
    feeds.show(make_listing(*make_papers(3)))
    await pipeline.tick()
    record = (await pipeline.store.digests.list_of([CHANNEL], TUESDAY))[CHANNEL, TUESDAY]
    assert (record.announced, record.planned) == (3, 0)
    await pipeline.store.subscriptions.delete_topic(CHANNEL, "frogs")
    clock.advance(timedelta(minutes=5))
    assert await pipeline.tick() == 0  # decided once: what an admin changes holds from tomorrow


async def test_a_topic_that_cannot_be_read_does_not_stop_the_others(
    pipeline: Pipeline, feeds: Feeds
) -> None:
    await subscribe(pipeline)
    await pipeline.store.subscriptions.set_topic(CHANNEL, "broken", "since:never")
    await pipeline.store.subscriptions.set_topic(CHANNEL, "second", '"number 2"')
    feeds.show(make_listing(*make_papers(3)))
    await pipeline.tick()
    assert await planned(pipeline) == ["2403.00002"]


async def test_a_digest_has_the_style_that_its_channel_chose(
    pipeline: Pipeline, feeds: Feeds
) -> None:
    """One that this version does not know is posted as cards: better than nothing."""
    with plain_style():
        for channel_id, style in ((1, "cards"), (2, "plain"), (3, "hologram")):
            await subscribe(pipeline, channel_id=channel_id, style=style)
        feeds.show(make_listing(*make_papers(3)))
        await pipeline.tick()
        records = [
            (await pipeline.store.outbox.list_deliveries(channel_id))[0] for channel_id in (1, 2, 3)
        ]
    assert [each.style for each in records] == ["cards", "plain", "cards"]
    assert ["embeds" in each.body for each in records] == [True, False, True]


async def test_a_style_that_changes_meanwhile_changes_nothing_that_is_planned(
    pipeline: Pipeline, feeds: Feeds
) -> None:
    await subscribe(pipeline, channel_id=1, style="cards")
    feeds.show(make_listing(*make_papers(30)))
    await pipeline.tick()
    planned_before = await pipeline.store.outbox.list_deliveries(1)
    await subscribe(pipeline, channel_id=1, style="list")
    await pipeline.tick()
    assert await pipeline.store.outbox.list_deliveries(1) == planned_before
    assert {each.style for each in planned_before} == {"cards"}
    assert len(planned_before) > 1


async def test_replacements_are_posted_only_where_they_are_followed(
    pipeline: Pipeline, feeds: Feeds
) -> None:
    await subscribe(pipeline, channel_id=1)
    await subscribe(pipeline, channel_id=2, types=tuple(AnnounceType))
    feeds.show(make_listing(make_paper(1), (make_paper(2, version=3), AnnounceType.REPLACE)))
    await pipeline.tick()
    assert await planned(pipeline, channel_id=1) == ["2403.00001"]
    assert await planned(pipeline, channel_id=2) == ["2403.00001", "2403.00002"]


async def test_a_paused_channel_waits_and_gets_its_days_when_it_goes_on(
    pipeline: Pipeline, feeds: Feeds, clock: VirtualClock
) -> None:
    await subscribe(pipeline, channel_id=1)
    await subscribe(pipeline, channel_id=2)
    await pipeline.store.subscriptions.pause(1, make_reason("no permission"))
    feeds.show(make_listing(*make_papers(3)))
    await pipeline.tick()
    assert await planned(pipeline, channel_id=1) == []
    assert len(await planned(pipeline, channel_id=2)) == 3
    await pipeline.store.subscriptions.resume(1)
    clock.advance(timedelta(hours=1))
    await pipeline.tick()
    assert len(await planned(pipeline, channel_id=1)) == 3


async def test_a_preview_shows_what_would_be_planned_and_plans_nothing(
    pipeline: Pipeline, feeds: Feeds
) -> None:
    subscription = await subscribe(pipeline)
    await pipeline.store.papers.add_listing(make_listing(*make_papers(3)), now=pipeline.now())
    digest = await pipeline.decisions.preview(subscription, TUESDAY)
    assert len(digest.entries) == 3
    assert await planned(pipeline) == []
    result = await pipeline.plan(subscription, TUESDAY)
    assert (result.messages, result.tally.chosen, result.tally.announced) == (1, 3, 3)
    assert (await pipeline.decisions.preview(subscription, TUESDAY)).entries == ()


async def test_channels_are_independent(pipeline: Pipeline, feeds: Feeds) -> None:
    for channel_id in (1, 2, 3):
        await subscribe(pipeline, "cs.CV" if channel_id < 3 else "cs.LG", channel_id=channel_id)
    feeds.show(make_listing(*make_papers(3)))
    feeds.show(make_listing(make_paper(2), category="cs.LG"))
    await pipeline.tick()
    found = [len(await planned(pipeline, channel_id=channel_id)) for channel_id in (1, 2, 3)]
    assert found == [3, 3, 1]


async def test_what_another_process_changes_holds_from_the_next_tick(
    pipeline: Pipeline, feeds: Feeds, clock: VirtualClock
) -> None:
    """Also for a channel that is passed over until the hour of its digest."""
    await subscribe(pipeline, post_at=time(23))
    feeds.show(make_listing(*make_papers(3)))
    for _ in range(2):
        await pipeline.tick()
    assert await planned(pipeline) == []
    with closing(sqlite3.connect(pipeline.store.database.path)) as other, other:
        other.execute("UPDATE subscription SET post_at = '00:30'")
    await pipeline.tick()
    assert len(await planned(pipeline)) == 3


async def test_a_digest_comes_on_the_minute_of_its_channel(
    pipeline: Pipeline, feeds: Feeds, clock: VirtualClock
) -> None:
    """Set back and put right again, the clock delays none."""
    at = datetime(2024, 3, 5, 11, tzinfo=UTC)
    await subscribe(pipeline, post_at=time(12), zone="Europe/Paris")
    feeds.show(make_listing(*make_papers(3)))
    for now in (clock.now(), at - timedelta(minutes=1), at - timedelta(hours=4)):
        clock.advance(now - clock.now())
        await pipeline.tick()
        assert await planned(pipeline) == []
    clock.advance(at - clock.now())
    await pipeline.tick()
    assert len(await planned(pipeline)) == 3


async def test_what_could_not_be_told_of_a_channel_is_asked_again_at_the_next_tick(
    pipeline: Pipeline, feeds: Feeds, monkeypatch: pytest.MonkeyPatch
) -> None:
    await subscribe(pipeline)
    await pipeline.store.papers.add_listing(make_listing(*make_papers(3)), now=pipeline.now())

    def broken(*_: object, **__: object) -> list[tuple[date, Subscription]]:
        raise OverflowError("date value out of range")

    with monkeypatch.context() as patch:
        patch.setattr("bot.pipeline.list_due", broken)
        assert await pipeline.plan_due() == 0
    assert await pipeline.plan_due() == 1


async def test_a_channel_of_which_nothing_is_due_is_passed_over(
    pipeline: Pipeline, feeds: Feeds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was decided for it is not even read."""
    await subscribe(pipeline)
    feeds.show(make_listing(*make_papers(3)))
    await pipeline.tick()
    asked: list[object] = []
    list_of = pipeline.store.digests.list_of

    async def noting(channel_ids: Collection[int], day: date, cadence: Cadence) -> object:
        asked.extend(channel_ids)
        return await list_of(channel_ids, day, cadence)

    monkeypatch.setattr(pipeline.store.digests, "list_of", noting)
    for expected in ([CHANNEL], []):
        asked.clear()
        await pipeline.tick()
        assert asked == expected


async def test_many_channels_are_planned_some_at_a_time(
    pipeline: Pipeline, feeds: Feeds, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All get what they would get at once, and the bot shows meanwhile that it is alive."""
    monkeypatch.setattr("bot.pipeline.PLANNED_AT_ONCE", 2)
    monkeypatch.setattr("bot.store.digests.CHANNELS_AT_ONCE", 2)
    for channel_id in range(1, 6):
        await subscribe(pipeline, channel_id=channel_id)
    feeds.show(make_listing(*make_papers(3)))
    steps: list[int] = []
    await pipeline.tick()
    decided = await pipeline.store.digests.list_of(range(9), TUESDAY)
    assert [channel_id for channel_id, _ in decided] == [1, 2, 3, 4, 5]
    clock.advance(timedelta(minutes=1))
    await pipeline.store.papers.add_listing(make_listing(*make_papers(4)), now=pipeline.now())
    await pipeline.tick(lambda: steps.append(1))
    assert len(steps) >= 3
    assert {len(await planned(pipeline, channel_id=each)) for each in range(1, 6)} == {4}


async def test_the_status_tells_the_verdict_the_error_and_the_next_poll(
    pipeline: Pipeline, feeds: Feeds, clock: VirtualClock
) -> None:
    await subscribe(pipeline)
    await pipeline.tick()
    failing = (await pipeline.intake.statuses())["cs.CV"]
    assert failing.record.verdict is IntakeVerdict.FAILED
    assert failing.record.error is not None
    assert failing.record.error.code is IntakeCode.UNREACHABLE
    minute = timedelta(minutes=1)
    assert minute <= failing.next_poll - clock.now() < 1.25 * minute
    feeds.show(make_listing(*make_papers(3)))
    clock.advance_to(failing.next_poll)
    await pipeline.tick()
    good = (await pipeline.intake.statuses())["cs.CV"]
    assert (good.record.verdict, good.record.error) == (IntakeVerdict.COMPLETE, None)
    assert good.next_poll > clock.now() + timedelta(hours=3)
    clock.advance_to(datetime(2024, 3, 5, 20, tzinfo=UTC))
    await pipeline.tick()
    settled = (await pipeline.intake.statuses())["cs.CV"]
    assert settled.next_poll.date() == WEDNESDAY


async def test_papers_that_arrive_while_a_digest_is_planned_follow(
    pipeline: Pipeline, feeds: Feeds, clock: VirtualClock
) -> None:
    """Somebody plans the same day at once, and the listing grows meanwhile: nothing is lost."""
    subscription = await subscribe(pipeline)
    await pipeline.store.papers.add_listing(make_listing(*make_papers(2)), now=clock.now())
    clock.advance(timedelta(seconds=1))

    async def grow() -> None:
        clock.advance(timedelta(seconds=1))
        await pipeline.store.papers.add_listing(make_listing(*make_papers(5)), now=clock.now())
        await pipeline.plan(subscription, TUESDAY)

    await asyncio.gather(pipeline.plan(subscription, TUESDAY), grow(), pipeline.plan_due())
    clock.advance(timedelta(minutes=1))
    await pipeline.plan_due()
    assert sorted(await planned(pipeline)) == [f"2403.{number:05d}" for number in range(1, 6)]


async def test_a_clock_that_is_set_back_hides_no_papers(
    pipeline: Pipeline, clock: VirtualClock
) -> None:
    """What was decided in a future that did not come is decided again; nothing is planned twice."""
    await subscribe(pipeline)
    await pipeline.store.papers.add_listing(make_listing(*make_papers(2)), now=clock.now())
    clock.advance(timedelta(hours=1))
    assert await pipeline.plan_due() > 0
    clock.advance(-timedelta(minutes=50))
    await pipeline.store.papers.add_listing(make_listing(*make_papers(5)), now=clock.now())
    await pipeline.plan_due()
    clock.advance(timedelta(hours=3))
    await pipeline.plan_due()
    assert sorted(await planned(pipeline)) == [f"2403.{number:05d}" for number in range(1, 6)]


async def test_the_outlook_is_what_planning_then_does(
    pipeline: Pipeline, feeds: Feeds, clock: VirtualClock
) -> None:
    """Hour by hour over two days: what is said to be due is planned at once, and nothing else."""
    subscriptions = [
        await subscribe(pipeline, "cs.CV", "cs.LG", channel_id=1),
        await subscribe(pipeline, channel_id=2, post_at=time(9), is_late=True),
        await subscribe(pipeline, "cs.LG", channel_id=3, post_at=time(19), zone="Europe/Berlin"),
    ]
    store = pipeline.store
    for day, shift in ((TUESDAY, 1), (WEDNESDAY, 11)):
        feeds.show(make_listing(*make_papers(3, first=shift), announced_on=day))
        for hour in range(24):
            if hour == 5:
                papers = make_papers(3, first=shift + 5)
                feeds.show(make_listing(*papers, category="cs.LG", announced_on=day))
            async for _ in pipeline.intake.poll(["cs.CV", "cs.LG"]):
                pass
            outlooks = await pipeline.outlooks(subscriptions)
            due = {(channel, each.day) for channel, each in outlooks.items() if each.is_due}
            before = set(await store.digests.list_of([1, 2, 3], TUESDAY))
            await pipeline.plan_due()
            assert set(await store.digests.list_of([1, 2, 3], TUESDAY)) - before == due, hour
            clock.advance(timedelta(hours=1))
    # Tuesday's list was out when the second digest was set up.
    assert len(await store.digests.list_of([1, 2, 3], TUESDAY)) == 5


async def test_a_date_is_read_and_matched_once_for_all_channels(
    pipeline: Pipeline, feeds: Feeds, monkeypatch: pytest.MonkeyPatch
) -> None:
    for channel_id in range(1, 21):
        await subscribe(pipeline, "cs.CV", "cs.LG", channel_id=channel_id)
        query = f'"number {channel_id % 4}"'
        await pipeline.store.subscriptions.set_topic(channel_id, "some", query)
    await pipeline.store.papers.add_listing(make_listing(*make_papers(3)), now=pipeline.now())
    other = make_listing(make_paper(9), category="cs.LG")
    await pipeline.store.papers.add_listing(other, now=pipeline.now())
    asked: list[object] = []
    get_listing, match_many = Papers.get_listing, Search.match_many

    async def counted_get(self: Papers, category: str, day: date) -> Listing | None:
        asked.append((category, day))
        return await get_listing(self, category, day)

    async def counted_match(
        self: Search, queries: Sequence[Query], arxiv_ids: Collection[ArxivId]
    ) -> list[frozenset[ArxivId]]:
        asked.append(len(queries))
        return await match_many(self, queries, arxiv_ids)

    monkeypatch.setattr(Papers, "get_listing", counted_get)
    monkeypatch.setattr(Search, "match_many", counted_match)
    assert await pipeline.plan_due() == 15
    assert asked == [("cs.CV", TUESDAY), ("cs.LG", TUESDAY), 4]
    assert await planned(pipeline, channel_id=3) == ["2403.00003"]
    assert await planned(pipeline, channel_id=4) == []


async def test_channels_are_planned_one_by_one_when_they_cannot_be_together(
    pipeline: Pipeline, feeds: Feeds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever one channel's topics do to the engine, the others get their digests."""
    for channel_id, word in ((1, "paper"), (2, "broken"), (3, "paper")):
        await subscribe(pipeline, channel_id=channel_id)
        await pipeline.store.subscriptions.set_topic(channel_id, "some", word)
    await pipeline.store.papers.add_listing(make_listing(*make_papers(3)), now=pipeline.now())
    match_many = Search.match_many

    async def failing(
        self: Search, queries: Sequence[Query], arxiv_ids: Collection[ArxivId]
    ) -> list[frozenset[ArxivId]]:
        if any(query.text == "broken" for query in queries):
            raise StoreError("The database refused.")
        return await match_many(self, queries, arxiv_ids)

    monkeypatch.setattr(Search, "match_many", failing)
    await pipeline.plan_due()
    found = [len(await planned(pipeline, channel_id=channel_id)) for channel_id in (1, 2, 3)]
    assert found == [3, 0, 3]


async def test_a_few_digests_share_a_transaction(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.pipeline.WRITTEN_AT_ONCE", 2)
    for channel_id in range(1, 6):
        await subscribe(pipeline, channel_id=channel_id)
    await pipeline.store.papers.add_listing(make_listing(*make_papers(3)), now=pipeline.now())
    commits: list[object] = []
    monkeypatch.setattr(pipeline.store.database, "after_commit", commits.append)
    assert await pipeline.plan_due() == 5
    assert len(commits) == 3


async def test_a_digest_that_cannot_be_written_leaves_those_beside_it(pipeline: Pipeline) -> None:
    """Their messages are whole, though the transaction that they shared was undone."""
    for channel_id in (1, 2, 3):
        await subscribe(pipeline, channel_id=channel_id)
    await pipeline.store.papers.add_listing(make_listing(*make_papers(3)), now=pipeline.now())
    await pipeline.store.database.write(
        change,
        "CREATE TRIGGER refused BEFORE INSERT ON delivery WHEN NEW.channel_id = 2 "
        "BEGIN SELECT RAISE(ABORT, 'refused'); END",
    )
    assert await pipeline.plan_due() == 2
    assert pipeline.failed == 1
    await pipeline.store.database.write(change, "DROP TRIGGER refused")
    assert await pipeline.plan_due() == 1
    for channel_id in (1, 2, 3):
        (record,) = await pipeline.store.outbox.list_deliveries(channel_id, TUESDAY)
        assert record.is_intact
        assert record.body


# -- days without a digest -----------------------------------------------------------------------


async def lines(pipeline: Pipeline, day: date = TUESDAY) -> list[str]:
    records = await pipeline.store.outbox.list_deliveries(CHANNEL, day)
    return [str(record.body["content"]) for record in records if record.style == "quiet"]


async def test_a_late_listing_is_told_of_once_and_its_digest_follows(
    pipeline: Pipeline, feeds: Feeds, clock: VirtualClock
) -> None:
    await subscribe(pipeline, quiet_days=QuietDays.UNEXPECTED)
    await pipeline.tick()
    assert await lines(pipeline) == []
    clock.advance(timedelta(hours=6))
    for _ in range(3):
        await pipeline.tick()
        clock.advance(timedelta(minutes=1))
    (line,) = await lines(pipeline)
    assert "cannot be read; the digest follows" in line
    feeds.show(make_listing(*make_papers(3)))
    clock.advance(timedelta(hours=2))
    await pipeline.tick()
    quiet, digest = await pipeline.store.outbox.list_deliveries(CHANNEL, TUESDAY)
    assert (quiet.part, digest.part) == (1, 2)
    assert "supplement" not in str(digest.body["content"])
    assert "3 posted" in str(digest.body["content"])


async def test_a_channel_that_wants_no_word_gets_none(
    pipeline: Pipeline, clock: VirtualClock
) -> None:
    await subscribe(pipeline)
    clock.advance(timedelta(hours=12))
    await pipeline.tick()
    assert await pipeline.store.outbox.list_deliveries(CHANNEL, TUESDAY) == []


async def test_a_day_without_a_match_is_told_of_where_all_is_wanted(
    pipeline: Pipeline, feeds: Feeds
) -> None:
    await subscribe(pipeline, quiet_days=QuietDays.ALL)
    await pipeline.store.subscriptions.set_topic(CHANNEL, "none", "theology")
    feeds.show(make_listing(*make_papers(3)))
    await pipeline.tick()
    await pipeline.tick()
    assert await lines(pipeline) == [
        "-# No digest of cs.CV on Tue, 5 Mar 2024: none of 3 announced papers matches a topic."
    ]


async def test_a_channel_without_a_quiet_date_is_looked_at_once_while_nothing_changes(
    pipeline: Pipeline, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten thousand that want to know of quiet dates take half a second."""
    looked_at: list[datetime] = []

    def list_counted(*args: Any, now: datetime) -> list[QuietDay]:
        looked_at.append(now)
        return list_quiet_days(*args, now=now)

    monkeypatch.setattr("bot.pipeline.list_quiet_days", list_counted)
    await subscribe(pipeline, quiet_days=QuietDays.UNEXPECTED)
    for hours in (0, 0, 0, 5, 1, 1, 0):
        clock.advance(timedelta(hours=hours))
        await pipeline.tick()
    begun = looked_at[0]
    assert [(at - begun) // timedelta(hours=1) for at in looked_at] == [0, 0, 5, 6, 7]
    assert len(await lines(pipeline)) == 1


async def test_a_line_that_cannot_be_planned_stops_neither_the_others_nor_the_feeds(
    pipeline: Pipeline, feeds: Feeds, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """While a restored database is not compared, nothing is planned: that is no reason to stop."""
    await subscribe(pipeline, quiet_days=QuietDays.UNEXPECTED)
    clock.advance(timedelta(hours=6))
    await pipeline.store.database.write(change, "INSERT INTO fact VALUES (?, '')", (RESTORED,))
    for _ in range(2):
        await pipeline.tick()
    assert "cs.CV" in feeds.asked
    assert await lines(pipeline) == []
    assert caplog.text.count("digest not planned") == 1
    await pipeline.store.database.write(change, "DELETE FROM fact WHERE name = ?", (RESTORED,))
    await pipeline.tick()
    assert len(await lines(pipeline)) == 1


async def test_digests_that_are_done_hide_no_others(pipeline: Pipeline) -> None:
    times = ListingTimes(number=1, stored_at=MORNING, updated_at=MORNING)
    listings = {("cs.CV", TUESDAY): times, ("cs.LG", TUESDAY): times}
    digests = [
        replace(make_subscription(channel_id=each, categories=(category,)), user_id=user_id)
        for each, category, user_id in ((1, "cs.CV", None), (2, "cs.LG", 7), (3, "cs.CV", 8))
    ]
    done = {
        (channel_id, TUESDAY): DigestRecord(
            channel_id=channel_id,
            announced_on=TUESDAY,
            decided_at=MORNING,
            announced=3,
            planned=3,
        )
        for channel_id in (1, 2)
    }
    due = await pipeline._find_due(digests, Cadence.DAY, Look(listings, MORNING), done)
    assert {day: [each.channel_id for each in found] for day, found in due.items()} == {
        TUESDAY: [3]
    }


def test_many_channels_are_looked_at_with_turns_for_others(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred thousand take seconds, in which people search and press buttons."""
    channels = [make_subscription(channel_id=1 + each) for each in range(5)]
    looking = pipeline._find_due(channels, Cadence.DAY, Look({}, MORNING), {})
    known = KnownDays(
        since=TUESDAY, numbers={}, ready_at={}, decided=(), records={}, poll_start=time(0)
    )
    telling = pipeline._plan_all_lines(channels, known, (), QuietLook(known, MORNING))
    assert count_rests(monkeypatch, looking, telling) == [5, 5]
