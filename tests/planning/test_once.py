"""A server that posts each paper once: in the best channel, and in another where that fails."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, time, timedelta
from pathlib import Path

import pytest

from bot.digest.audit import Whereabouts
from bot.digest.models import PLAIN_DIGEST, Cadence, DigestOptions, Reason, ReasonCode, Topic
from bot.digest.select import Verdict
from bot.models import AnnounceType
from bot.pipeline import Pipeline
from bot.run.app import offline_pipeline
from bot.run.housekeeping import tidy
from bot.store.follows import When
from bot.store.sqlite.statements import change, select
from bot.store.subscriptions import NOTHING_OUT
from bot.ui.why import describe_decision
from tests.builders import DAY, NOW, make_id, make_listing, make_paper
from tests.fakes.clock import VirtualClock
from tests.stores import open_store

GUILD, ALL, FROGS, LATE = 1001, 2001, 2002, 2003
PAUSED = Reason(code=ReasonCode.PAUSED_BY_ADMIN)
PAPERS = [make_paper(number, title=f"Frog {number}") for number in (1, 2)]
PAPERS += [make_paper(3, title="Toad"), make_paper(4, title="Newt")]
HERE, THERE = [make_id(3), make_id(4)], [make_id(1), make_id(2)]
"""What the channels for everything and for frogs post."""


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW - timedelta(hours=1))


@pytest.fixture
async def pipeline(tmp_path: Path, clock: VirtualClock) -> AsyncIterator[Pipeline]:
    """A channel for everything, set up first, and one for frogs."""
    async with open_store(tmp_path / "papers.db") as store:
        pipeline = offline_pipeline(store, now=clock.now)
        await subscribe(pipeline, ALL)
        await subscribe(pipeline, FROGS, "frog")
        await store.once.set(GUILD, is_on=True)
        yield pipeline


async def subscribe(
    pipeline: Pipeline,
    channel_id: int,
    topic: str = "",
    *,
    at: time | None = None,
    guild_id: int = GUILD,
    types: Sequence[AnnounceType] = (AnnounceType.NEW,),
    options: DigestOptions = PLAIN_DIGEST,
    categories: Sequence[str] = ("cs.CV",),
    out: Mapping[str, date] = NOTHING_OUT,
) -> None:
    subscriptions = pipeline.store.subscriptions
    await subscriptions.set_subscription(
        guild_id=guild_id,
        channel_id=channel_id,
        categories=categories,
        announce_types=types,
        post_at=at,
        zone="UTC",
        style="list",
        now=pipeline.now(),
        options=options,
        out=out,
    )
    if topic:
        await subscriptions.set_topic(channel_id, topic, topic)


async def announce(pipeline: Pipeline, day: date = DAY) -> None:
    listing = make_listing(*PAPERS, announced_on=day)
    await pipeline.store.papers.add_listing(listing, now=pipeline.now())


async def posted(pipeline: Pipeline, channel_id: int, day: date = DAY) -> list[str]:
    outbox = pipeline.store.outbox
    ids = [each.id for each in await outbox.list_deliveries(channel_id, day)]
    return sorted([paper for id_ in ids for paper, _ in await outbox.list_papers(id_)])


async def set_states(pipeline: Pipeline, channel_id: int, state: str) -> None:
    """Claim the channel's messages, and let them end like that."""
    for each in dict.fromkeys(["sending", state]):
        await pipeline.store.database.write(
            change,
            "UPDATE delivery SET state = :state WHERE channel_id = :channel_id",
            {"state": each, "channel_id": channel_id},
        )


async def verdicts(pipeline: Pipeline, channel_id: int) -> list[Verdict]:
    subscription = await pipeline.store.subscriptions.get_subscription(channel_id)
    assert subscription is not None
    return [each.verdict for each in await pipeline.decisions.decide(subscription, DAY)]


async def test_each_paper_is_in_the_channel_where_it_matches_best(pipeline: Pipeline) -> None:
    await announce(pipeline)
    await pipeline.plan_due()
    assert await posted(pipeline, ALL) == HERE
    assert await posted(pipeline, FROGS) == THERE
    assert await pipeline.plan_due() == 0
    (record,) = await pipeline.store.outbox.list_deliveries(ALL, DAY)
    assert "4 announced · 2 posted here · 2 in other channels" in str(record.body)
    assert "See 2 papers in other channels" in str(record.body["components"])


async def test_a_digest_whose_papers_are_all_elsewhere_is_one_line_that_leads_there(
    pipeline: Pipeline,
) -> None:
    await subscribe(pipeline, LATE, "toad")
    await pipeline.store.subscriptions.set_topic(ALL, "all", "frog OR toad")
    await announce(pipeline)
    await pipeline.plan_due()
    (record,) = await pipeline.store.outbox.list_deliveries(ALL, DAY)
    assert (record.style, await posted(pipeline, ALL)) == ("quiet", [])
    assert record.body["content"] == (
        "-# No digest of cs.CV · Tue, 5 Mar 2024: other channels of this server have 3 matching "
        "papers."
    )
    assert "See 3 papers in other channels" in str(record.body["components"])
    assert await pipeline.plan_due() == 0
    await pause(pipeline)
    await pipeline.plan_due()
    assert await posted(pipeline, ALL) == THERE


async def test_other_servers_and_those_without_the_setting_post_it_everywhere(
    pipeline: Pipeline,
) -> None:
    await subscribe(pipeline, LATE, guild_id=GUILD + 1)
    await announce(pipeline)
    await pipeline.plan_due()
    assert await posted(pipeline, LATE) == [*THERE, *HERE]
    await pipeline.store.once.set(GUILD, is_on=False)
    assert await pipeline.store.once.list_guilds() == set()
    assert await verdicts(pipeline, ALL) == [Verdict.POST] * 2 + [Verdict.POSTED_BEFORE] * 2


@pytest.mark.parametrize("times", [(None, time(18)), (time(18), None), (time(12), time(18))])
async def test_it_does_not_matter_which_digest_comes_first(
    pipeline: Pipeline, clock: VirtualClock, times: tuple[time | None, time | None]
) -> None:
    """What is left to a channel whose digest comes later is waited for."""
    await subscribe(pipeline, ALL, at=times[0])
    await subscribe(pipeline, FROGS, at=times[1])
    await announce(pipeline)
    for _ in range(12):
        await pipeline.plan_due()
        clock.advance(timedelta(hours=1))
    assert await posted(pipeline, ALL) == HERE
    assert await posted(pipeline, FROGS) == THERE


async def test_the_account_says_where_each_paper_is(pipeline: Pipeline) -> None:
    await announce(pipeline)
    await pipeline.plan_due()
    await set_states(pipeline, ALL, "sent")
    subscription = await pipeline.store.subscriptions.get_subscription(ALL)
    assert subscription is not None
    (day,) = [
        each for each in await pipeline.decisions.audit(subscription, DAY, DAY) if each.announced
    ]
    assert day.papers == {Whereabouts.POSTED: 2, Whereabouts.ELSEWHERE: 2}
    decisions = await pipeline.decisions.explain(subscription, DAY)
    assert describe_decision(decisions[0], subscription) == (
        f"It is left to <#{FROGS}>: this server posts each paper in one channel."
    )


async def test_a_paused_channel_gets_nothing_that_another_could_have(pipeline: Pipeline) -> None:
    await pipeline.store.subscriptions.pause(FROGS, PAUSED)
    await announce(pipeline)
    await pipeline.plan_due()
    assert await posted(pipeline, ALL) == [*THERE, *HERE]


async def pause(pipeline: Pipeline) -> None:
    await pipeline.store.subscriptions.pause(FROGS, PAUSED)


async def fail(pipeline: Pipeline) -> None:
    await set_states(pipeline, FROGS, "failed")


async def remove(pipeline: Pipeline) -> None:
    await pipeline.store.subscriptions.delete_subscription(FROGS, pipeline.now())


@pytest.mark.parametrize("befall", [pause, fail, remove])
async def test_what_the_best_channel_does_not_get_is_posted_after_all(
    pipeline: Pipeline, befall: Callable[[Pipeline], Awaitable[None]]
) -> None:
    """Once, as an addition to the digest that left it, which stands."""
    await announce(pipeline)
    await pipeline.plan_due()
    await set_states(pipeline, ALL, "sent")
    await befall(pipeline)
    assert await pipeline.plan_due() == 1
    assert await posted(pipeline, ALL) == [*THERE, *HERE]
    assert await pipeline.plan_due() == 0
    second = (await pipeline.store.outbox.list_deliveries(ALL, DAY))[-1]
    assert "2 posted now · 2 posted before" in str(second.body)


async def test_what_is_posted_after_all_is_of_the_lists_that_its_digest_had(
    pipeline: Pipeline,
) -> None:
    await announce(pipeline)
    await pipeline.plan_due()
    await subscribe(pipeline, ALL, categories=["cs.CV", "cs.LG"], out={"cs.LG": DAY})
    other = make_listing(make_paper(9), category="cs.LG")
    await pipeline.store.papers.add_listing(other, now=pipeline.now())
    await pause(pipeline)
    await pipeline.plan_due()
    assert await posted(pipeline, ALL) == [*THERE, *HERE]


@pytest.mark.parametrize("state", ["sent", "unknown", "sending"])
async def test_what_it_has_or_may_have_is_posted_nowhere_else(
    pipeline: Pipeline, state: str
) -> None:
    await announce(pipeline)
    await pipeline.plan_due()
    await set_states(pipeline, FROGS, state)
    assert await pipeline.plan_due() == 0
    if state != "sending":
        await pause(pipeline)
        assert await pipeline.plan_due() == 0


async def test_a_digest_that_never_comes_is_not_waited_for_long(
    pipeline: Pipeline, clock: VirtualClock
) -> None:
    await pipeline.store.subscriptions.delete_subscription(FROGS, pipeline.now())
    await subscribe(pipeline, FROGS, "frog", at=time(23))
    await announce(pipeline)
    await pipeline.plan_due()
    assert await posted(pipeline, ALL) == HERE
    await pipeline.store.database.write(
        change, "UPDATE subscription SET post_at = NULL, starts_after = 99 WHERE channel_id = 2002"
    )
    assert await pipeline.plan_due() == 0
    clock.advance(timedelta(days=2))
    await pipeline.plan_due()
    assert await posted(pipeline, ALL) == [*THERE, *HERE]


async def test_what_the_best_channel_only_offers_is_posted_by_the_other(
    pipeline: Pipeline, clock: VirtualClock
) -> None:
    await pipeline.store.subscriptions.delete_subscription(FROGS, pipeline.now())
    await subscribe(pipeline, FROGS, "frog", options=DigestOptions(cap=1))
    await announce(pipeline)
    await pipeline.plan_due()
    assert await posted(pipeline, FROGS) == [make_id(1)]
    await pipeline.plan_due()
    assert await posted(pipeline, ALL) == [make_id(2), *HERE]
    assert await pipeline.plan_due() == 0


async def test_a_topic_that_changes_before_the_later_digest_loses_nothing(
    pipeline: Pipeline, clock: VirtualClock
) -> None:
    await pipeline.store.subscriptions.delete_subscription(FROGS, pipeline.now())
    await subscribe(pipeline, FROGS, "frog", at=time(18))
    await announce(pipeline)
    await pipeline.plan_due()
    await pipeline.store.subscriptions.set_topic(FROGS, "frog", "salamander")
    clock.advance(timedelta(hours=12))
    await pipeline.plan_due()
    await pipeline.plan_due()
    assert await posted(pipeline, FROGS) == []
    assert await posted(pipeline, ALL) == [*THERE, *HERE]


async def test_a_channel_whose_digest_is_decided_is_left_nothing_more(
    pipeline: Pipeline, clock: VirtualClock
) -> None:
    """Its topic was changed to match better after that."""
    await pipeline.store.subscriptions.set_topic(FROGS, "frog", "salamander")
    await subscribe(pipeline, ALL, at=time(18))
    await announce(pipeline)
    await pipeline.plan_due()
    await pipeline.store.subscriptions.set_topic(FROGS, "frog", "frog")
    clock.advance(timedelta(hours=12))
    await pipeline.plan_due()
    assert await posted(pipeline, ALL) == [*THERE, *HERE]


async def test_a_weekly_digest_is_left_nothing(pipeline: Pipeline) -> None:
    await subscribe(pipeline, FROGS, options=DigestOptions(cadences=(Cadence.WEEK,)))
    await announce(pipeline)
    await pipeline.plan_due()
    assert await posted(pipeline, ALL) == [*THERE, *HERE]


async def test_a_new_version_is_posted_where_it_is_followed(
    pipeline: Pipeline, clock: VirtualClock
) -> None:
    """The channel that has the first version wants no other."""
    await subscribe(pipeline, ALL, types=(AnnounceType.NEW, AnnounceType.REPLACE))
    await announce(pipeline)
    await pipeline.plan_due()
    clock.advance(timedelta(days=1))
    second = replace(PAPERS[0], version=2)
    next_day = DAY + timedelta(days=1)
    listing = make_listing((second, AnnounceType.REPLACE), announced_on=next_day)
    await pipeline.store.papers.add_listing(listing, now=pipeline.now())
    await pipeline.plan_due()
    assert await posted(pipeline, ALL, next_day) == [make_id(1)]


async def test_what_was_left_long_ago_is_forgotten(pipeline: Pipeline, clock: VirtualClock) -> None:
    await announce(pipeline)
    await pipeline.plan_due()
    for days, left in ((0, 2), (29, 2), (2, 0)):
        clock.advance(timedelta(days=days))
        await tidy(pipeline.store, lambda: None, now=clock.now())
        assert len(await left_rows(pipeline)) == left


async def left_rows(pipeline: Pipeline) -> list[str]:
    return await pipeline.store.database.read(select, str, "SELECT arxiv_id FROM elsewhere")


async def test_another_planner_that_was_faster_is_noticed_in_the_transaction(
    pipeline: Pipeline,
) -> None:
    """One channel was read while the other was paused, and planned after that one."""
    await announce(pipeline)
    subscriptions = pipeline.store.subscriptions
    await subscriptions.pause(FROGS, PAUSED)
    everything = await subscriptions.get_subscription(ALL)
    assert everything is not None
    stale = await pipeline.decisions.read([everything], DAY)
    await subscriptions.resume(FROGS)
    frogs = await subscriptions.get_subscription(FROGS)
    assert frogs is not None
    assert (await pipeline.plan(frogs, DAY)).messages == 1
    assert (await pipeline.plan(everything, DAY, stale)).messages == 0
    await pipeline.plan_due()
    assert await posted(pipeline, ALL) == HERE


async def test_a_person_who_reads_one_channel_gets_what_it_leaves_to_another(
    pipeline: Pipeline,
) -> None:
    """Its link leads where that person may not look."""
    follows = pipeline.store.follows
    await follows.set_up(1, 501, When(), pipeline.now())
    await follows.follow(1, Topic(name="frogs", query="frog"))
    await follows.leave_to(1, ALL)
    await announce(pipeline)
    await pipeline.plan_due()
    assert await posted(pipeline, 501) == THERE
