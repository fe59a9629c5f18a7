"""What is decided for one channel from what is stored, and said of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.digest.audit import Whereabouts
from bot.digest.models import Cadence, Subscription
from bot.digest.select import DeliveryStatus, Verdict
from bot.digest.week import WEEK
from bot.models import AnnounceType, DayRecord, IntakeVerdict
from bot.pipeline import Pipeline
from tests.builders import DAY, make_id, make_listing, make_paper, make_papers, make_topic
from tests.fakes.clock import VirtualClock

CHANNEL = 2001
NEXT_DAY = DAY + timedelta(days=1)
SUNDAY = DAY + timedelta(days=5)


async def subscribe(pipeline: Pipeline, papers: int = 3, cap: int = 0) -> Subscription:
    """Have a channel follow cs.CV, of which ``papers`` were announced."""
    subscriptions = pipeline.store.subscriptions
    subscription = await subscriptions.set_subscription(
        guild_id=1001,
        channel_id=CHANNEL,
        categories=["cs.CV"],
        announce_types=[AnnounceType.NEW],
        post_at=None,
        zone="UTC",
        style="cards",
        now=pipeline.now(),
    )
    listing = make_listing(*make_papers(papers))
    await pipeline.store.papers.add_listing(listing, now=pipeline.now())
    return replace(subscription, cap=cap)


async def verdicts(pipeline: Pipeline, subscription: Subscription) -> list[Verdict]:
    decisions = await pipeline.decisions.decide(subscription, DAY)
    return [each.verdict for each in decisions]


async def send_first(pipeline: Pipeline) -> None:
    outbox = pipeline.store.outbox
    record = await outbox.claim(CHANNEL, pipeline.now())
    assert record is not None
    await outbox.mark_sent(record.id, 5, pipeline.now())


async def test_an_explanation_says_what_became_of_papers(pipeline: Pipeline) -> None:
    subscription = await subscribe(pipeline, papers=1)
    await pipeline.plan(subscription, DAY)
    (decision,) = await pipeline.decisions.explain(subscription, DAY)
    assert decision.delivery is DeliveryStatus.ON_ITS_WAY
    await send_first(pipeline)
    (decision,) = await pipeline.decisions.explain(subscription, DAY)
    assert (decision.verdict, decision.sent_version) == (Verdict.POSTED_BEFORE, 1)
    assert decision.delivery is None


async def test_what_is_above_the_limit_is_offered_and_can_be_taken_back(pipeline: Pipeline) -> None:
    subscription = await subscribe(pipeline, cap=2)
    assert await verdicts(pipeline, subscription) == [Verdict.POST, Verdict.POST, Verdict.OFFER]
    await pipeline.plan(subscription, DAY)
    posted, offered = [Verdict.POSTED_BEFORE] * 2, [Verdict.OFFERED_BEFORE]
    assert await verdicts(pipeline, subscription) == posted + offered
    usual = await pipeline.decisions.preview(subscription, DAY)
    assert (usual.entries, usual.is_supplement) == ((), False)
    whole = await pipeline.decisions.preview(subscription, DAY, with_offered=True)
    assert [each.paper.arxiv_id for each in whole.entries] == ["2403.00003"]


async def test_from_scratch_nothing_was_posted(pipeline: Pipeline) -> None:
    subscription = await subscribe(pipeline)
    await pipeline.plan(subscription, DAY)
    decisions = await pipeline.decisions.decide(subscription, DAY, from_scratch=True)
    assert [each.verdict for each in decisions] == [Verdict.POST] * 3
    digest = await pipeline.decisions.preview(subscription, DAY, from_scratch=True)
    assert len(digest.entries) == 3


async def test_a_day_of_a_week_has_what_was_announced_first_on_it(pipeline: Pipeline) -> None:
    subscription = replace(await subscribe(pipeline, papers=2), weekday=6, cadences=(Cadence.WEEK,))
    later = make_listing(make_paper(2), make_paper(3), announced_on=DAY + timedelta(days=1))
    await pipeline.store.papers.add_listing(later, now=pipeline.now())
    days = {}
    for day in (DAY, DAY + timedelta(days=1)):
        decisions = await pipeline.decisions.decide_day_of_week(subscription, day)
        days[day] = [each.entry.paper.arxiv_id for each in decisions]
    assert list(days.values()) == [["2403.00001", "2403.00002"], ["2403.00003"]]


async def test_an_account_of_days_counts_each_paper_once(pipeline: Pipeline) -> None:
    subscription = await subscribe(pipeline, papers=3, cap=2)
    await pipeline.plan(subscription, DAY)
    await send_first(pipeline)
    (before, day) = await pipeline.decisions.audit(subscription, DAY - timedelta(days=1), DAY)
    assert (before.day, before.announced) == (DAY - timedelta(days=1), 0)
    assert (day.day, day.papers) == (DAY, {Whereabouts.POSTED: 2, Whereabouts.OFFERED: 1})


async def test_an_account_ends_with_today(pipeline: Pipeline) -> None:
    subscription = await subscribe(pipeline)
    days = await pipeline.decisions.audit(subscription, DAY, SUNDAY)
    assert [each.day for each in days] == [DAY]


async def test_an_account_has_the_days_on_which_a_list_of_the_channel_s_own_came(
    pipeline: Pipeline, clock: VirtualClock
) -> None:
    """On a day without announcements too; not those of other categories, nor later ones."""
    subscription = await subscribe(pipeline)
    clock.advance(timedelta(days=7))
    saturday = SUNDAY - timedelta(days=1)
    for category, day in (("cs.LG", saturday), ("cs.CV", SUNDAY), ("cs.CV", SUNDAY + WEEK)):
        listing = make_listing(make_paper(9), category=category, announced_on=day)
        await pipeline.store.papers.add_listing(listing, now=pipeline.now())
    days = await pipeline.decisions.audit(subscription, SUNDAY - timedelta(days=2), SUNDAY)
    assert [each.day for each in days] == [SUNDAY - timedelta(days=2), SUNDAY]


async def test_an_account_has_what_is_remembered_of_the_lists(pipeline: Pipeline) -> None:
    subscription = await subscribe(pipeline)
    records = [
        DayRecord(category=category, day=day, verdict=IntakeVerdict.COMPLETE, papers=3)
        for category in ("cs.CV", "cs.LG")
        for day in (DAY, NEXT_DAY)
    ]
    await pipeline.store.intake.set_records(records, now=pipeline.now())
    (day,) = await pipeline.decisions.audit(subscription, DAY, DAY)
    assert [(each.category, each.day) for each in day.records] == [("cs.CV", DAY)]


async def test_an_account_of_a_week_says_of_each_day_what_the_week_s_post_has(
    pipeline: Pipeline, clock: VirtualClock
) -> None:
    subscription = await subscribe_to_weeks(pipeline)
    clock.advance(timedelta(days=6))
    await pipeline.plan(subscription, SUNDAY, cadence=Cadence.WEEK)
    days = await pipeline.decisions.audit(subscription, DAY, NEXT_DAY, Cadence.WEEK)
    assert [each.papers for each in days] == [
        {Whereabouts.ON_ITS_WAY: 20},
        {Whereabouts.ON_ITS_WAY: 10},
    ]
    await send_first(pipeline)
    days = await pipeline.decisions.audit(subscription, DAY, NEXT_DAY, Cadence.WEEK)
    assert [each.papers for each in days] == [
        {Whereabouts.POSTED: 20},
        {Whereabouts.POSTED: 5, Whereabouts.OFFERED: 5},
    ]


async def test_a_week_offers_what_is_above_its_limit_by_day(pipeline: Pipeline) -> None:
    subscription = await subscribe_to_weeks(pipeline)
    week = await pipeline.decisions.preview(subscription, SUNDAY, Cadence.WEEK)
    assert (week.cadence, len(week.entries)) == (Cadence.WEEK, 25)
    assert week.offered_by_day == ((NEXT_DAY, 5),)
    decisions = await pipeline.decisions.decide(subscription, SUNDAY, Cadence.WEEK)
    assert [each.verdict for each in decisions] == [Verdict.POST] * 25 + [Verdict.OFFER] * 5


async def subscribe_to_weeks(pipeline: Pipeline) -> Subscription:
    """Have a channel follow cs.CV week by week, of which 20 and 10 papers were announced."""
    subscription = await subscribe(pipeline, papers=20)
    later = make_listing(*make_papers(10, first=21), announced_on=NEXT_DAY)
    await pipeline.store.papers.add_listing(later, now=pipeline.now())
    return replace(subscription, weekday=6, cadences=(Cadence.WEEK,))


@pytest.mark.parametrize(("style", "kept"), [("brief", make_id(3)), ("cards", make_id(1))])
async def test_a_style_that_puts_the_best_first_keeps_them_within_the_limit(
    pipeline: Pipeline, style: str, kept: str
) -> None:
    """Others keep those that arXiv listed first."""
    subscription = replace(
        await subscribe(pipeline, cap=1),
        style=style,
        topics=(make_topic("all", "problem"), make_topic("third", '"problem 3"')),
    )
    digest = await pipeline.decisions.preview(subscription, DAY)
    assert [each.paper.arxiv_id for each in digest.entries] == [kept]
    assert len(digest.offered) == 2


async def test_what_a_server_likes_is_kept_within_the_limit(pipeline: Pipeline) -> None:
    """As far as the channel takes the words of its likes into account."""
    subscription = replace(await subscribe(pipeline, papers=0, cap=1), style="brief")
    others = [make_paper(number, title=f"Other work {number}") for number in range(1, 40)]
    frogs = [
        make_paper(number, title="Frogs", abstract="We watch frogs.", authors=["Eve Other"])
        for number in (40, 41)
    ]
    await pipeline.store.papers.add_listing(make_listing(*others, *frogs), now=pipeline.now())
    opinions = pipeline.store.opinions
    await opinions.give(subscription.guild_id, 7, make_id(41), True, now=pipeline.now())
    digest = await pipeline.decisions.preview(subscription, DAY)
    assert [each.paper.title for each in digest.entries] == ["Frogs"]
    likes = await pipeline.decisions.likes(subscription, digest)
    assert [likes.scores[each.paper.arxiv_id] > 0 for each in digest.entries] == [True]
    as_cards = await pipeline.decisions.likes(replace(subscription, style="cards"), digest)
    assert as_cards.scores == {}
    for term in ("frog", "frogs", "watch"):
        await pipeline.store.tastes.forget_term(CHANNEL, term)
    fewer = await pipeline.decisions.likes(subscription, digest)
    assert [fewer.scores[each] < likes.scores[each] for each in fewer.scores] == [True]


async def test_what_servers_like_is_read_once_for_several_channels(pipeline: Pipeline) -> None:
    first = replace(await subscribe(pipeline), style="brief")
    others = [replace(first, channel_id=CHANNEL + 1, guild_id=1002), replace(first, style="cards")]
    await pipeline.store.opinions.give(1002, 7, make_id(2), True, now=pipeline.now())
    told = (await pipeline.decisions.read([first, *others], DAY)).told
    assert told is not None
    assert {guild_id: [*each] for guild_id, each in told.weights.items()} == {
        1001: [],
        1002: [make_id(2)],
    }
    assert (await pipeline.decisions.read([first, others[1]], DAY)).told is None
    weekly = await pipeline.decisions.read([first, others[1]], SUNDAY, Cadence.WEEK)
    assert weekly.told is not None  # a week is ordered in any style
    direct = [replace(each, user_id=5) for each in (first, others[0])]
    assert (await pipeline.decisions.read(direct, DAY)).told is None


async def test_channels_are_planned_though_likes_cannot_be_read(pipeline: Pipeline) -> None:
    first = replace(await subscribe(pipeline), style="brief")
    second = replace(first, channel_id=CHANNEL + 1, guild_id=1002)
    await pipeline.store.database.write(
        lambda connection: connection.execute("ALTER TABLE opinion RENAME TO lost")
    )
    announced = await pipeline.decisions.read([first, second], DAY)
    assert announced.told is None
    assert (await pipeline.plan(first, DAY, announced)).tally.chosen == 3
