"""The digests of single people: which papers, when, never twice, and news of papers."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from bot.digest.messages import DeliveryRecord
from bot.digest.models import Cadence, Reason, ReasonCode, Subscription, Topic
from bot.models import AnnounceType, Link, LinkKind, Paper, Provenance
from bot.pipeline import Pipeline
from bot.planning.due import Decided, Listings, list_due_dates
from bot.run.app import offline_pipeline
from bot.store.follows import When
from tests.builders import DAY, NOW, make_id, make_listing, make_paper
from tests.fakes.clock import VirtualClock
from tests.stores import open_store
from tests.virtual import note_looks

ADA, ADAS_DM, CHANNEL = 1, 501, 2001
BEN, BENS_DM = 2, 502
NEXT_DAY = DAY + timedelta(days=1)
PAUSED = Reason(code=ReasonCode.PAUSED_BY_ADMIN)
GRAPHS = Topic(name="graphs", query="graph")
PAPERS = [
    make_paper(1, title="Graph networks"),
    make_paper(2, title="Diffusion"),
    make_paper(3, title="Graph diffusion"),
]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW - timedelta(hours=1))


@pytest.fixture
async def pipeline(tmp_path: Path, clock: VirtualClock) -> AsyncIterator[Pipeline]:
    """With a server's digest of cs.CV that wants diffusion: so its lists are read."""
    async with open_store(tmp_path / "papers.db") as store:
        pipeline = offline_pipeline(store, now=clock.now)
        await store.subscriptions.set_subscription(
            guild_id=1001,
            channel_id=CHANNEL,
            categories=["cs.CV"],
            announce_types=[AnnounceType.NEW],
            post_at=None,
            zone="UTC",
            style="list",
            now=clock.now(),
        )
        await store.subscriptions.set_topic(CHANNEL, "diffusion", "diffusion")
        yield pipeline


async def follow(pipeline: Pipeline, *topics: Topic, when: When | None = None) -> None:
    await pipeline.store.follows.set_up(ADA, ADAS_DM, when or When(), pipeline.now())
    for topic in topics:
        await pipeline.store.follows.follow(ADA, topic)


async def announce(
    pipeline: Pipeline, *papers: Paper, day: date = DAY, category: str = "cs.CV"
) -> None:
    listing = make_listing(*(papers or PAPERS), announced_on=day, category=category)
    await pipeline.store.papers.add_listing(listing, now=pipeline.now())


async def messages(pipeline: Pipeline, day: date = DAY) -> list[DeliveryRecord]:
    return await pipeline.store.outbox.list_deliveries(ADAS_DM, day)


async def sent(pipeline: Pipeline, day: date = DAY) -> list[str]:
    """Return the papers planned for the person on a date."""
    ids = [each.id for each in await messages(pipeline, day)]
    return sorted(
        [paper for id_ in ids for paper, _ in await pipeline.store.outbox.list_papers(id_)]
    )


def first_lines(records: Sequence[DeliveryRecord]) -> list[str]:
    return [str(each.body["content"]).partition("\n")[0] for each in records]


async def test_a_person_is_sent_what_the_query_finds_in_all_lists_that_are_read(
    pipeline: Pipeline,
) -> None:
    await follow(pipeline, GRAPHS)
    await announce(pipeline)
    await pipeline.plan_due()
    assert await sent(pipeline) == [make_id(1), make_id(3)]
    (record,) = await messages(pipeline)
    assert (record.guild_id, record.style) == (0, "list")
    assert first_lines([record]) == ["### Papers that you follow · Tue, 5 Mar 2024"]
    # The receipt accounts for the others, and offers no button that only a server has.
    assert "3 announced · 2 posted here · 1 not matched" in str(record.body)
    assert "not matched" not in str(record.body["components"])
    assert await pipeline.plan_due() == 0


async def test_only_the_lists_that_a_person_names_are_looked_through(pipeline: Pipeline) -> None:
    await follow(pipeline, GRAPHS, when=When(categories=("cs.LG",)))
    await announce(pipeline)
    await announce(pipeline, make_paper(8, title="Graph theory"), category="cs.LG")
    await pipeline.plan_due()
    assert await sent(pipeline) == [make_id(8)]


async def also_ben_follows(pipeline: Pipeline) -> None:
    await pipeline.store.follows.set_up(BEN, BENS_DM, When(), pipeline.now())
    await pipeline.store.follows.follow(BEN, GRAPHS)


async def test_everyone_is_sent_what_they_follow(pipeline: Pipeline) -> None:
    await follow(pipeline, GRAPHS)
    await also_ben_follows(pipeline)
    await announce(pipeline)
    assert await pipeline.plan_due() == 3, "the channel's, too"


async def test_a_person_whose_digest_fails_is_tried_again_and_holds_up_no_others(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    await follow(pipeline, GRAPHS)
    await also_ben_follows(pipeline)
    await announce(pipeline)

    def broken(
        digest: Subscription, cadence: Cadence, listings: Listings, known: Decided, *, now: datetime
    ) -> list[tuple[date, Subscription]]:
        if digest.user_id == ADA:
            raise OverflowError("date value out of range")
        return list_due_dates(digest, cadence, listings, known, now=now)

    with monkeypatch.context() as patch:
        patch.setattr("bot.pipeline.list_due_dates", broken)
        assert await pipeline.plan_due() == 2, "the channel's, and the other person's"
    assert await sent(pipeline) == []
    assert await pipeline.plan_due() == 1
    assert await sent(pipeline) == [make_id(1), make_id(3)]


async def test_who_follows_only_papers_is_sent_no_list(pipeline: Pipeline) -> None:
    """A channel without topics gets everything; a person nothing."""
    await follow(pipeline)
    await pipeline.store.follows.follow_paper(ADA, make_id(1), now=NOW)
    await announce(pipeline)
    await pipeline.plan_due()
    assert await messages(pipeline) == []


async def test_a_day_without_matches_is_decided_once(
    pipeline: Pipeline, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    await follow(pipeline, Topic(name="frogs", query="frog"))
    await announce(pipeline)
    await pipeline.plan_due()
    decided = await pipeline.store.digests.list_of([ADAS_DM], DAY)
    record = decided[ADAS_DM, DAY]
    assert (record.announced, record.matching, record.planned) == (3, 0, 0)
    # Thousands of such digests are not planned one by one.
    assert {
        each.__dict__["channel"] for each in caplog.records if each.message == "digest planned"
    } == {CHANNEL}
    # What is followed later does not bring papers of a day that is decided.
    await follow(pipeline, GRAPHS)
    clock.advance(timedelta(minutes=1))
    await announce(pipeline, *PAPERS, make_paper(4, title="Frogs and graphs"))
    await pipeline.plan_due()
    assert await sent(pipeline) == [make_id(4)]


async def test_a_week_without_matches_is_decided_as_a_week(
    pipeline: Pipeline, clock: VirtualClock
) -> None:
    await follow(
        pipeline,
        Topic(name="frogs", query="frog"),
        when=When(cadence=Cadence.WEEK, weekday=DAY.weekday()),
    )
    await announce(pipeline)
    clock.advance(timedelta(hours=1))
    await pipeline.plan_due()
    weekly = await pipeline.store.digests.list_of([ADAS_DM], DAY, Cadence.WEEK)
    assert [key for key in weekly if key[0] == ADAS_DM] == [(ADAS_DM, DAY)]


async def test_a_list_that_was_there_before_does_not_come(
    pipeline: Pipeline, clock: VirtualClock
) -> None:
    """Also where another list of the same date comes later."""
    await announce(pipeline)
    await follow(pipeline, GRAPHS, when=When(categories=("cs.CV", "cs.LG")))
    await announce(pipeline, make_paper(7, title="Late graphs"), category="cs.LG")
    clock.advance(timedelta(hours=3))
    await pipeline.plan_due()
    assert await sent(pipeline) == [make_id(7)]


@pytest.mark.parametrize(
    ("at", "zone", "is_due"),
    [(time(18), "Asia/Tokyo", True), (time(18), "UTC", False), (None, "UTC", True)],
)
async def test_it_comes_at_the_person_s_own_time(
    pipeline: Pipeline, clock: VirtualClock, at: time | None, zone: str, is_due: bool
) -> None:
    await follow(pipeline, GRAPHS, when=When(post_at=at, zone=zone))
    await announce(pipeline)
    clock.advance(timedelta(hours=1))  # 9:00 UTC is 18:00 in Tokyo
    await pipeline.plan_due()
    assert bool(await messages(pipeline)) == is_due


async def test_a_week_comes_as_one_list(pipeline: Pipeline, clock: VirtualClock) -> None:
    """All of it: a person asked for every paper."""
    await follow(pipeline, GRAPHS, when=When(cadence=Cadence.WEEK, weekday=2))
    await announce(pipeline)
    many = [make_paper(number, title="A graph") for number in range(10, 50)]
    await announce(pipeline, *many, day=NEXT_DAY)
    clock.advance(timedelta(days=1))
    await pipeline.plan_due()
    assert await messages(pipeline) == []
    assert len(await sent(pipeline, NEXT_DAY)) == 42
    assert {each.style for each in await messages(pipeline, NEXT_DAY)} == {"list"}
    assert first_lines(await messages(pipeline, NEXT_DAY))[0] == (
        "### Papers that you follow · week to Wed, 6 Mar 2024"
    )


async def test_a_paper_comes_once_also_where_the_person_changes_from_days_to_weeks(
    pipeline: Pipeline, clock: VirtualClock
) -> None:
    await follow(pipeline, GRAPHS)
    await announce(pipeline)
    await pipeline.plan_due()
    await follow(pipeline, when=When(cadence=Cadence.WEEK, weekday=2))
    await announce(pipeline, make_paper(9, title="One more graph"), day=NEXT_DAY)
    clock.advance(timedelta(days=1))
    await pipeline.plan_due()
    assert await sent(pipeline) == [make_id(1), make_id(3)]
    assert await sent(pipeline, NEXT_DAY) == [make_id(9)]


@pytest.mark.parametrize("is_first", [True, False], ids=["channel first", "person first"])
async def test_what_a_channel_has_that_the_person_reads_is_not_sent(
    pipeline: Pipeline, is_first: bool
) -> None:
    """Whichever of the two is planned first."""
    await follow(pipeline, GRAPHS)
    assert await pipeline.store.follows.leave_to(ADA, CHANNEL)
    await announce(pipeline)
    if not is_first:
        await pipeline.store.subscriptions.set_subscription(
            guild_id=1001, channel_id=CHANNEL, categories=["cs.CV"],
            announce_types=[AnnounceType.NEW], post_at=time(23), zone="UTC", style="list",
            now=pipeline.now(),
        )  # fmt: skip
    await pipeline.plan_due()
    assert bool(await pipeline.store.outbox.list_deliveries(CHANNEL)) == is_first
    assert await sent(pipeline) == [make_id(1)]
    (record,) = await messages(pipeline)
    assert "1 in channels that you read" in str(record.body)


async def test_what_a_channel_will_not_get_is_sent(pipeline: Pipeline) -> None:
    """It is paused, and has none of it."""
    await follow(pipeline, GRAPHS)
    await pipeline.store.follows.leave_to(ADA, CHANNEL)
    await pipeline.store.subscriptions.pause(CHANNEL, PAUSED)
    await follow(pipeline, GRAPHS, when=When(categories=("cs.CV",)))
    await announce(pipeline)
    await pipeline.plan_due()
    assert await sent(pipeline) == [make_id(1), make_id(3)]


async def test_news_of_a_paper_come_once_with_the_next_digest(
    pipeline: Pipeline, clock: VirtualClock
) -> None:
    await announce(pipeline)
    await follow(pipeline, GRAPHS)
    await pipeline.store.follows.follow_paper(ADA, make_id(2), now=NOW)
    link = Link(
        kind=LinkKind.CODE, url="https://github.com/a/b", provenance=Provenance.HUGGING_FACE
    )
    await pipeline.store.papers.add_links(make_id(2), [link])
    clock.advance(timedelta(days=1))
    gone = replace(PAPERS[1], version=2, comment="This paper has been withdrawn by the author")
    await announce(pipeline, make_paper(5, title="New graphs"), gone, day=NEXT_DAY)
    await pipeline.plan_due()
    digest, news = await messages(pipeline, NEXT_DAY)
    assert first_lines([digest, news]) == [
        "### Papers that you follow · Wed, 6 Mar 2024",
        "**News of papers that you follow** · Wed, 6 Mar 2024 · part 2",
    ]
    for told in ("[Diffusion]", "v2", "withdrawn", "[Code](https://github.com/a/b)"):
        assert told in str(news.body), told
    assert await pipeline.plan_due() == 0
    clock.advance(timedelta(days=1))
    await announce(pipeline, make_paper(6), day=NEXT_DAY + timedelta(days=1))
    await pipeline.plan_due()
    assert await messages(pipeline, NEXT_DAY + timedelta(days=1)) == []


async def test_news_come_without_papers_too(pipeline: Pipeline, clock: VirtualClock) -> None:
    await announce(pipeline)
    await follow(pipeline)
    await pipeline.store.follows.follow_paper(ADA, make_id(2), now=NOW)
    clock.advance(timedelta(days=1))
    await announce(pipeline, replace(PAPERS[1], version=2), day=NEXT_DAY)
    await pipeline.plan_due()
    (news,) = await messages(pipeline, NEXT_DAY)
    assert (news.style, "flags" in news.body) == ("news", False)


async def test_a_paused_digest_is_not_planned(pipeline: Pipeline) -> None:
    await follow(pipeline, GRAPHS)
    await pipeline.store.subscriptions.pause(ADAS_DM, PAUSED)
    await announce(pipeline)
    await pipeline.plan_due()
    assert await messages(pipeline) == []


async def test_lists_that_only_people_want_are_read(pipeline: Pipeline) -> None:
    assert await pipeline.watched_categories() == ["cs.CV"]
    await follow(pipeline, GRAPHS, when=When(categories=("cs.RO",)))
    assert await pipeline.watched_categories() == ["cs.CV", "cs.RO"]


async def test_between_people_others_have_their_turn(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those who name no categories look through all that channels follow."""
    for user_id in (1, 2, 3):
        await pipeline.store.follows.set_up(user_id, 10 * user_id, When(), NOW)
        await pipeline.store.follows.follow(user_id, GRAPHS)
    looks = note_looks(monkeypatch)
    channels = await pipeline.store.subscriptions.list_subscriptions()
    found = await pipeline._list_people(channels)
    assert [each.categories for each in found] == [("cs.CV",)] * 3
    assert len(looks) > 3
