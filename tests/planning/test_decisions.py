"""What is decided for one channel from what is stored, and said of it."""

from dataclasses import replace
from datetime import timedelta

from bot.digest.audit import Whereabouts
from bot.digest.models import Cadence, Subscription
from bot.digest.select import DeliveryStatus, Verdict
from bot.models import AnnounceType
from bot.pipeline import Pipeline
from tests.builders import DAY, make_listing, make_paper, make_papers

CHANNEL = 2001
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
    assert usual.entries == ()
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
