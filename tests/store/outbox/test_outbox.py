"""The outbox: what is planned is planned once, and a state moves only as the rules say."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta, timezone
from functools import partial
from pathlib import Path

import pytest

from bot.digest.messages import DeliveryRecord, DeliveryState, MessageDraft
from bot.digest.models import Cadence, Reason, ReasonCode, Subscription
from bot.errors import StoreError
from bot.models import Paper
from bot.store.outbox.bodies import Bodies
from bot.store.outbox.outbox import DUE, Outbox, Parts
from bot.store.outbox.plans import delivery_key, frozen_json, nonce_of
from bot.store.outbox.records import OPEN, SUBSCRIPTION_OF_DELIVERY
from bot.store.sqlite.executor import Database
from bot.store.subscriptions import Subscriptions
from tests.builders import DAY, NOW, make_draft, make_papers, make_reason
from tests.stores import open_database

CHANNEL = 2001
LATER = NOW + timedelta(minutes=5)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with open_database(tmp_path / "bot.db") as database:
        yield database


@pytest.fixture
def outbox(database: Database) -> Outbox:
    return Outbox(database, Bodies())


@pytest.fixture
async def subscription(database: Database) -> Subscription:
    return await subscribe(database)


async def subscribe(database: Database, channel_id: int = CHANNEL) -> Subscription:
    return await Subscriptions(database).set_subscription(
        guild_id=1001,
        channel_id=channel_id,
        categories=["cs.CV"],
        announce_types=[],
        post_at=time(9),
        zone="UTC",
        style="cards",
        now=NOW,
    )


def drafts(*sizes: int, first: int = 1) -> list[MessageDraft]:
    """Build one draft per size, with as many papers, numbered on from ``first``."""
    result = []
    for part, size in enumerate(sizes, start=1):
        papers = make_papers(size, first=first)
        result.append(make_draft(*papers, content=f"part {part}"))
        first += size
    return result


async def claim(outbox: Outbox, now: datetime = NOW, channel_id: int = CHANNEL) -> DeliveryRecord:
    record = await outbox.claim(channel_id, now)
    assert record is not None
    return record


async def due(outbox: Outbox, now: datetime) -> list[int]:
    return [channel_id for _, channel_id in await outbox.list_due(now)]


async def states(outbox: Outbox, channel_id: int = CHANNEL) -> list[str]:
    return [record.state.value for record in await outbox.list_deliveries(channel_id)]


def versions(papers: Sequence[Paper]) -> dict[str, int]:
    return {paper.arxiv_id: paper.version for paper in papers}


async def test_planned_parts_follow_those_of_the_date(
    outbox: Outbox, subscription: Subscription
) -> None:
    """A supplement's parts continue the count, and each date has its own."""
    assert await outbox.plan(subscription, DAY, drafts(2, 1), now=NOW) == 2
    assert await outbox.plan(subscription, DAY, drafts(1, first=9), now=NOW) == 1
    next_day = DAY + timedelta(days=1)
    assert await outbox.plan(subscription, next_day, drafts(1, first=20), now=NOW) == 1
    records = await outbox.list_deliveries(CHANNEL)
    assert [(record.announced_on, record.part) for record in records] == [
        (DAY, 1),
        (DAY, 2),
        (DAY, 3),
        (next_day, 1),
    ]
    assert await outbox.list_deliveries(CHANNEL, DAY) == records[:3]


async def test_planning_again_plans_nothing(outbox: Outbox, subscription: Subscription) -> None:
    assert await outbox.plan(subscription, DAY, drafts(2, 1), now=NOW) == 2
    assert await outbox.plan(subscription, DAY, drafts(2, 1), now=LATER) == 0
    assert await states(outbox) == ["planned", "planned"]


async def test_what_follows_other_messages_than_it_was_made_for_is_not_planned(
    outbox: Outbox, subscription: Subscription
) -> None:
    """Neither is the decision behind it recorded: it is made again."""
    await outbox.plan(subscription, DAY, drafts(1), now=NOW, follow=0)
    late = drafts(1, first=9)
    assert await outbox.plan(subscription, DAY, late, now=NOW, follow=0) == 0
    assert await outbox.plan(subscription, DAY, late, now=NOW, follow=1) == 1


async def test_what_was_delivered_is_found_for_all_channels_at_once(
    outbox: Outbox, subscription: Subscription
) -> None:
    first = make_papers(1)[0]
    for paper in (first, replace(first, version=2)):
        await outbox.plan(subscription, DAY, [make_draft(paper)], now=NOW)
    assert await outbox.delivered_anywhere([first.arxiv_id]) == {CHANNEL: {first.arxiv_id: 2}}
    counted = await outbox.count_parts([CHANNEL, CHANNEL + 1], DAY, but="cards")
    assert counted == {CHANNEL: Parts(2, 2, False)}
    assert await outbox.count_parts([CHANNEL], DAY, but="quiet") == {CHANNEL: Parts(2, 2, True)}


async def test_a_paper_comes_once_in_each_cadence(
    outbox: Outbox, subscription: Subscription
) -> None:
    """Parts go on over both, so that keys differ; threads and counts are each one's own."""
    plans = drafts(1)
    assert await outbox.plan(subscription, DAY, plans, now=NOW) == 1
    assert await outbox.plan(subscription, DAY, plans, now=NOW, cadence=Cadence.WEEK) == 1
    assert await outbox.plan(subscription, DAY, plans, now=NOW, cadence=Cadence.WEEK) == 0
    records = await outbox.list_deliveries(CHANNEL)
    assert [(each.part, each.cadence) for each in records] == [(1, "day"), (2, "week")]
    assert await outbox.count_parts([CHANNEL], DAY, Cadence.WEEK, but="quiet") == {
        CHANNEL: Parts(2, 1, True)
    }


async def test_an_offered_paper_is_planned_only_by_who_wants_it_posted(
    outbox: Outbox, subscription: Subscription
) -> None:
    """It counts as delivered, is in no message, and goes along when its message is split."""
    first, second = make_papers(2)
    offers = replace(make_draft(first), offered=((second.arxiv_id, second.version),))
    assert await outbox.plan(subscription, DAY, [offers], now=NOW) == 1
    assert await outbox.plan(subscription, DAY, [offers], now=NOW) == 0
    ids = [first.arxiv_id, second.arxiv_id]
    assert await outbox.delivered_versions(CHANNEL, ids) == versions([first, second])
    assert await outbox.find_offered(ids) == {CHANNEL: {second.arxiv_id}}
    record = await outbox.claim(CHANNEL, NOW)
    assert record is not None
    assert await outbox.list_papers(record.id) == [(first.arxiv_id, 1)]
    assert await outbox.split(record.id, [make_draft(first)], None, NOW)
    assert await outbox.find_offered(ids) == {CHANNEL: {second.arxiv_id}}
    assert await outbox.plan(subscription, DAY, [make_draft(second)], now=NOW) == 1
    assert await outbox.find_offered(ids) == {}
    assert await outbox.plan(subscription, DAY, [make_draft(second)], now=NOW) == 0


async def test_one_known_paper_refuses_the_whole_plan(
    outbox: Outbox, subscription: Subscription
) -> None:
    """No part of a digest is planned without the others, even on another date."""
    await outbox.plan(subscription, DAY, drafts(1), now=NOW)
    overlapping = drafts(2, 2, first=10) + drafts(1)
    assert await outbox.plan(subscription, DAY + timedelta(days=1), overlapping, now=NOW) == 0
    assert await states(outbox) == ["planned"]


async def test_a_paper_twice_in_one_plan_plans_nothing(
    outbox: Outbox, subscription: Subscription
) -> None:
    with pytest.raises(StoreError):
        await outbox.plan(subscription, DAY, drafts(1) + drafts(1), now=NOW)
    assert await states(outbox) == []


async def test_another_version_of_a_paper_may_be_planned(
    outbox: Outbox, subscription: Subscription
) -> None:
    first = make_papers(1)[0]
    second = replace(first, version=2)
    assert await outbox.plan(subscription, DAY, [make_draft(first)], now=NOW) == 1
    assert await outbox.plan(subscription, DAY, [make_draft(second)], now=NOW) == 1
    delivered = await outbox.delivered_versions(CHANNEL, [first.arxiv_id])
    assert delivered == {first.arxiv_id: 2}


async def test_channels_do_not_share_papers(outbox: Outbox, database: Database) -> None:
    for channel_id in (CHANNEL, CHANNEL + 1):
        subscription = await subscribe(database, channel_id)
        assert await outbox.plan(subscription, DAY, drafts(1), now=NOW) == 1


async def test_a_digest_without_papers_is_planned_once(
    outbox: Outbox, subscription: Subscription
) -> None:
    nothing_today = [MessageDraft(style="cards", body={"content": "Nothing today."}, papers=())]
    assert await outbox.plan(subscription, DAY, nothing_today, now=NOW) == 1
    assert await outbox.plan(subscription, DAY, nothing_today, now=NOW) == 0


async def test_a_deleted_subscription_gets_nothing_planned(
    outbox: Outbox, subscription: Subscription, database: Database
) -> None:
    await Subscriptions(database).delete_subscription(CHANNEL, NOW)
    assert await outbox.plan(subscription, DAY, drafts(1), now=NOW) == 0


async def test_concurrent_plans_of_one_digest_plan_it_once(
    outbox: Outbox, subscription: Subscription
) -> None:
    counts = await asyncio.gather(
        *(outbox.plan(subscription, DAY, drafts(3, 3), now=NOW) for _ in range(5))
    )
    assert sorted(counts) == [0, 0, 0, 0, 2]


async def test_parts_are_claimed_in_order_and_one_at_a_time(
    outbox: Outbox, subscription: Subscription
) -> None:
    """Part 2 waits until part 1 is sent or terminal."""
    await outbox.plan(subscription, DAY, drafts(1, 1, 1), now=NOW)
    first = await claim(outbox)
    assert (first.part, first.state, first.attempts) == (1, DeliveryState.SENDING, 1)
    assert first.claimed_at == NOW
    assert await outbox.claim(CHANNEL, LATER) is None
    assert await due(outbox, LATER) == []
    assert await outbox.mark_sent(first.id, 77, NOW)
    second = await claim(outbox)
    assert await outbox.mark_failed(second.id, make_reason("refused"), NOW)
    assert (await claim(outbox)).part == 3


async def test_an_earlier_date_goes_first(outbox: Outbox, subscription: Subscription) -> None:
    await outbox.plan(subscription, DAY, drafts(1), now=NOW)
    await outbox.plan(subscription, DAY - timedelta(days=1), drafts(1, first=5), now=LATER)
    assert (await claim(outbox, LATER)).announced_on == DAY - timedelta(days=1)


async def test_only_one_of_many_gets_a_message(outbox: Outbox, subscription: Subscription) -> None:
    await outbox.plan(subscription, DAY, drafts(1), now=NOW)
    claims = await asyncio.gather(*(outbox.claim(CHANNEL, NOW) for _ in range(8)))
    assert sum(record is not None for record in claims) == 1


async def test_nothing_is_claimed_before_its_time(
    outbox: Outbox, subscription: Subscription
) -> None:
    """A message that Discord put off holds back the parts behind it."""
    await outbox.plan(subscription, DAY, drafts(1, 1), now=NOW)
    first = await claim(outbox)
    assert await outbox.mark_planned_again(first.id, LATER, make_reason("429"), NOW)
    assert await outbox.claim(CHANNEL, NOW) is None
    assert await due(outbox, NOW) == []
    assert await due(outbox, LATER) == [CHANNEL]
    again = await claim(outbox, LATER)
    assert (again.part, again.attempts, again.nonce) == (1, 2, first.nonce)


async def test_a_clock_that_was_ahead_delays_nothing(
    outbox: Outbox, subscription: Subscription
) -> None:
    """What was planned or put off 'tomorrow' is due as soon as the clock is right again."""
    tomorrow = NOW + timedelta(days=1)
    await outbox.plan(subscription, DAY, drafts(1), now=tomorrow)
    assert await due(outbox, NOW) == [CHANNEL]
    record = await claim(outbox, tomorrow)
    await outbox.mark_planned_again(
        record.id, tomorrow + timedelta(hours=1), make_reason("429"), tomorrow
    )
    assert await due(outbox, NOW) == [CHANNEL]
    assert await outbox.claim(CHANNEL, NOW) is not None


async def test_due_channels_come_in_the_order_of_planning(
    outbox: Outbox, database: Database
) -> None:
    for minutes, channel_id in ((2, 11), (1, 12), (3, 13)):
        subscription = await subscribe(database, channel_id)
        planned_at = NOW + timedelta(minutes=minutes)
        await outbox.plan(subscription, DAY, drafts(1, 1), now=planned_at)
    assert await due(outbox, LATER) == [12, 11, 13]


async def test_a_paused_subscription_waits(
    outbox: Outbox, subscription: Subscription, database: Database
) -> None:
    await outbox.plan(subscription, DAY, drafts(1), now=NOW)
    await Subscriptions(database).pause(CHANNEL, make_reason("holiday"))
    assert await outbox.claim(CHANNEL, NOW) is None
    assert await due(outbox, NOW) == []
    await Subscriptions(database).resume(CHANNEL)
    assert await due(outbox, NOW) == [CHANNEL]


@pytest.mark.parametrize("move", ["sent", "planned", "failed", "unknown"])
async def test_only_a_message_being_sent_can_finish(
    outbox: Outbox, subscription: Subscription, move: str
) -> None:
    """Whoever comes second with an outcome changes nothing."""

    async def finish(record: DeliveryRecord) -> bool:
        match move:
            case "sent":
                return await outbox.mark_sent(record.id, 5, NOW)
            case "planned":
                return await outbox.mark_planned_again(record.id, NOW, make_reason("refused"), NOW)
            case "failed":
                return await outbox.mark_failed(record.id, make_reason("refused"), NOW)
        return await outbox.mark_unknown(record.id, make_reason("history unreadable"), NOW)

    await outbox.plan(subscription, DAY, drafts(1), now=NOW)
    (planned,) = await outbox.list_deliveries(CHANNEL)
    assert not await finish(planned)
    claimed = await claim(outbox)
    assert await finish(claimed)
    assert not await finish(claimed)
    assert await states(outbox) == [move]


async def test_every_step_is_in_the_history(outbox: Outbox, subscription: Subscription) -> None:
    await outbox.plan(subscription, DAY, drafts(1), now=NOW)
    first = await claim(outbox)
    await outbox.mark_planned_again(first.id, LATER, make_reason("connection refused"), NOW)
    await claim(outbox, LATER)
    await outbox.mark_sent(first.id, 5, LATER)
    events = await outbox.list_history(first.id)
    assert [(event.at, event.from_state, event.to_state, event.reason) for event in events] == [
        (NOW, None, "planned", None),
        (NOW, "planned", "sending", None),
        (NOW, "sending", "planned", make_reason("connection refused")),
        (LATER, "planned", "sending", None),
        (LATER, "sending", "sent", None),
    ]


STATES = [state.value for state in DeliveryState]
ALLOWED = {
    ("planned", "sending"),
    ("planned", "failed"),
    ("sending", "sent"),
    ("sending", "planned"),
    ("sending", "failed"),
    ("sending", "unknown"),
}


@pytest.mark.parametrize("before", STATES)
@pytest.mark.parametrize("after", STATES)
async def test_the_file_itself_refuses_a_step_backwards(
    outbox: Outbox, subscription: Subscription, database: Database, before: str, after: str
) -> None:
    """Even SQL from elsewhere cannot send a message that was sent."""
    await outbox.plan(subscription, DAY, drafts(1), now=NOW)
    with sqlite3.connect(database.path) as other:
        if before != "planned":
            other.execute("UPDATE delivery SET state = 'sending'")
        if before not in ("planned", "sending"):
            other.execute("UPDATE delivery SET state = ?", (before,))
        if (before, after) in ALLOWED:
            other.execute("UPDATE delivery SET state = ?", (after,))
        else:
            with pytest.raises(sqlite3.IntegrityError):
                other.execute("UPDATE delivery SET state = ?", (after,))
    other.close()


async def test_a_planned_payload_never_changes(
    outbox: Outbox, subscription: Subscription, database: Database
) -> None:
    await outbox.plan(subscription, DAY, drafts(1), now=NOW)
    (record,) = await outbox.list_deliveries(CHANNEL)
    assert record.is_intact
    assert record.body == {"content": "part 1"}
    with sqlite3.connect(database.path) as other, pytest.raises(sqlite3.IntegrityError):
        other.execute("UPDATE delivery SET payload = '{}'")
    other.close()


async def test_orphans_are_those_being_sent(outbox: Outbox, subscription: Subscription) -> None:
    await outbox.plan(subscription, DAY, drafts(1, 1), now=NOW)
    assert await outbox.list_sending() == []
    record = await claim(outbox)
    assert await outbox.list_sending() == [record]
    assert await outbox.count_attempt(record.id)
    assert (await outbox.list_sending())[0].attempts == 2
    await outbox.mark_unknown(record.id, make_reason("history unreadable"), NOW)
    assert await outbox.list_sending() == []


async def test_an_attempt_counts_for_what_is_being_sent_alone(
    outbox: Outbox, subscription: Subscription
) -> None:
    """What was settled meanwhile is not sent again."""
    await outbox.plan(subscription, DAY, drafts(1, 1), now=NOW)
    first = await claim(outbox)
    await outbox.mark_sent(first.id, 5, NOW)
    second = await claim(outbox)
    assert not await outbox.count_attempt(first.id)
    assert not await outbox.count_attempt(99)
    assert await outbox.count_attempt(second.id)
    assert [each.attempts for each in await outbox.list_deliveries(CHANNEL)] == [1, 2]


async def test_a_claim_says_whether_there_is_more(
    outbox: Outbox, subscription: Subscription, database: Database
) -> None:
    """In this channel, and not yet posted."""
    other = await subscribe(database, CHANNEL + 1)
    await outbox.plan(other, DAY, drafts(1), now=NOW)
    await outbox.plan(subscription, DAY, drafts(1, 1), now=NOW)
    first = await claim(outbox)
    assert first.has_next
    await outbox.mark_sent(first.id, 5, NOW)
    assert not (await claim(outbox)).has_next


async def test_what_is_being_sent_is_listed_in_the_order_of_posting(
    outbox: Outbox, database: Database
) -> None:
    for number, channel_id in enumerate((13, 11, 12)):
        subscription = await subscribe(database, channel_id)
        day = DAY - timedelta(days=number)
        await outbox.plan(subscription, day, drafts(1), now=NOW)
        await claim(outbox, channel_id=channel_id)
    assert [each.channel_id for each in await outbox.list_sending()] == [12, 11, 13]


async def test_a_message_is_read_by_its_identifier(
    outbox: Outbox, subscription: Subscription
) -> None:
    await outbox.plan(subscription, DAY, drafts(1, 1), now=NOW)
    _, second = await outbox.list_deliveries(CHANNEL)
    assert await outbox.get(second.id) == second
    assert await outbox.get(99) is None


async def test_a_channel_that_was_not_being_posted_to_cannot_be_refused(
    outbox: Outbox, subscription: Subscription, database: Database
) -> None:
    """Whoever comes second pauses and cancels nothing."""
    await outbox.plan(subscription, DAY, drafts(1, 1), now=NOW)
    first = await claim(outbox)
    await outbox.mark_sent(first.id, 5, NOW)
    assert not await outbox.refuse_channel(first.id, make_reason("no permission"), NOW)
    assert await states(outbox) == ["sent", "planned"]
    current = await Subscriptions(database).get_subscription(CHANNEL)
    assert current is not None
    assert current.state == "active"


async def test_a_refused_channel_concerns_no_other(
    outbox: Outbox, subscription: Subscription, database: Database
) -> None:
    other = await subscribe(database, CHANNEL + 1)
    for each in (subscription, other):
        await outbox.plan(each, DAY, drafts(1, 1), now=NOW)
    await outbox.refuse_channel((await claim(outbox)).id, make_reason("no permission"), NOW)
    assert await states(outbox) == ["failed", "failed"]
    assert await states(outbox, CHANNEL + 1) == ["planned", "planned"]
    assert await due(outbox, NOW) == [CHANNEL + 1]


async def test_a_message_that_is_not_being_sent_is_not_split(
    outbox: Outbox, subscription: Subscription
) -> None:
    papers = make_papers(2)
    await outbox.plan(subscription, DAY, [make_draft(*papers)], now=NOW)
    (record,) = await outbox.list_deliveries(CHANNEL)
    pieces = [make_draft(paper) for paper in papers]
    assert not await outbox.split(record.id, pieces, make_reason("too large"), NOW)
    assert await states(outbox) == ["planned"]
    assert len(await outbox.list_papers(record.id)) == 2


async def test_pieces_are_messages_of_the_same_digest(
    outbox: Outbox, subscription: Subscription
) -> None:
    """Of its channel and date, due at once, whenever the whole was planned."""
    papers = make_papers(2)
    await outbox.plan(subscription, DAY, [make_draft(*papers)], now=NOW)
    whole = await claim(outbox)
    pieces = [make_draft(paper, content=paper.title) for paper in papers]
    await outbox.split(whole.id, pieces, make_reason("too large"), LATER)
    for number, piece in enumerate((await outbox.list_deliveries(CHANNEL))[1:]):
        assert (piece.subscription_id, piece.guild_id) == (whole.subscription_id, whole.guild_id)
        assert (piece.announced_on, piece.planned_at, piece.not_before) == (DAY, LATER, LATER)
        assert piece.body == {"content": papers[number].title}
    events = await outbox.list_history(whole.id)
    assert (events[-1].at, events[-1].reason) == (LATER, make_reason("too large"))


async def test_a_digest_without_papers_is_one_of_its_date_and_channel(
    outbox: Outbox, subscription: Subscription, database: Database
) -> None:
    """Planned where anything of the date is, it would say that there was nothing."""
    nothing_today = [MessageDraft(style="cards", body={"content": "Nothing today."}, papers=())]
    other = await subscribe(database, CHANNEL + 1)
    await outbox.plan(subscription, DAY, drafts(1), now=NOW)
    assert await outbox.plan(subscription, DAY, nothing_today, now=NOW) == 0
    assert await outbox.plan(other, DAY, nothing_today, now=NOW) == 1
    tomorrow = DAY + timedelta(days=1)
    assert await outbox.plan(subscription, tomorrow, nothing_today, now=NOW) == 1
    assert await outbox.plan(subscription, tomorrow + timedelta(days=1), [], now=NOW) == 0


async def test_a_refused_channel_is_paused_and_the_rest_cancelled(
    outbox: Outbox, subscription: Subscription, database: Database
) -> None:
    """No part 2 of a digest whose part 1 cannot be posted."""
    await outbox.plan(subscription, DAY, drafts(1, 1, 1), now=NOW)
    await outbox.mark_sent((await claim(outbox)).id, 5, NOW)
    assert await outbox.refuse_channel((await claim(outbox)).id, make_reason("no permission"), NOW)
    records = await outbox.list_deliveries(CHANNEL)
    assert [(record.state.value, record.reason) for record in records] == [
        ("sent", None),
        ("failed", make_reason("no permission")),
        ("failed", make_reason("no permission")),
    ]
    paused = await Subscriptions(database).get_subscription(CHANNEL)
    assert paused is not None
    assert (paused.state, paused.paused_because) == ("paused", make_reason("no permission"))


async def test_a_refusal_of_an_old_subscription_leaves_the_new_one_alone(
    outbox: Outbox, subscription: Subscription, database: Database
) -> None:
    await outbox.plan(subscription, DAY, drafts(1), now=NOW)
    record = await claim(outbox)
    await Subscriptions(database).delete_subscription(CHANNEL, NOW)
    await subscribe(database, CHANNEL + 1)  # takes the identifier that became free
    assert await outbox.refuse_channel(record.id, make_reason("no permission"), NOW)
    other = await Subscriptions(database).get_subscription(CHANNEL + 1)
    assert other is not None
    assert other.state == "active"


async def test_a_split_message_keeps_its_payload_and_moves_its_papers(
    outbox: Outbox, subscription: Subscription
) -> None:
    papers = make_papers(2)
    await outbox.plan(subscription, DAY, [make_draft(*papers)], now=NOW)
    record = await claim(outbox)
    parts = [make_draft(paper, content=paper.title) for paper in papers]
    assert await outbox.split(record.id, parts, make_reason("too large"), NOW)
    first, second, third = await outbox.list_deliveries(CHANNEL)
    assert (first.state, first.payload) == (DeliveryState.FAILED, record.payload)
    assert [(each.part, each.state.value) for each in (second, third)] == [
        (2, "planned"),
        (3, "planned"),
    ]
    assert await outbox.list_papers(first.id) == []
    assert await outbox.list_papers(third.id) == [(papers[1].arxiv_id, 1)]
    assert await outbox.plan(subscription, DAY, [make_draft(papers[0])], now=NOW) == 0


async def test_the_messages_of_a_deleted_subscription_are_cancelled(
    outbox: Outbox, subscription: Subscription, database: Database
) -> None:
    """Also what was on its way then, and when another channel gets the identifier."""
    await outbox.plan(subscription, DAY, drafts(1, 1), now=NOW)
    record = await claim(outbox)
    assert await outbox.cancel_orphans(NOW) == 0
    await Subscriptions(database).delete_subscription(CHANNEL, NOW)
    assert await states(outbox) == ["sending", "failed"]
    await outbox.mark_planned_again(record.id, NOW, make_reason("429, rate limited"), NOW)
    await subscribe(database, CHANNEL + 1)
    assert await outbox.claim(CHANNEL, NOW) is None
    assert await outbox.cancel_orphans(NOW) == 1
    assert {record.reason for record in await outbox.list_deliveries(CHANNEL)} == {
        Reason(code=ReasonCode.SUBSCRIPTION_DELETED)
    }


async def test_what_cannot_be_posted_for_too_long_fails_with_its_reason(
    outbox: Outbox, subscription: Subscription
) -> None:
    await outbox.plan(subscription, DAY, drafts(1, 1), now=NOW)
    await outbox.mark_planned_again((await claim(outbox)).id, LATER, make_reason("429"), NOW)
    assert await outbox.give_up(NOW, LATER) == 0
    assert await outbox.give_up(NOW + timedelta(seconds=1), LATER) == 2
    assert [record.reason for record in await outbox.list_deliveries(CHANNEL)] == [
        Reason(code=ReasonCode.GIVEN_UP, because=make_reason("429")),
        Reason(code=ReasonCode.GIVEN_UP),
    ]


async def test_delivered_versions_count_planned_papers(
    outbox: Outbox, subscription: Subscription
) -> None:
    papers = make_papers(3)
    await outbox.plan(subscription, DAY, [make_draft(*papers[:2])], now=NOW)
    ids = [paper.arxiv_id for paper in papers]
    assert await outbox.delivered_versions(CHANNEL, ids) == versions(papers[:2])
    assert await outbox.delivered_versions(CHANNEL + 1, ids) == {}


async def test_the_last_message_with_a_paper_is_found(
    outbox: Outbox, subscription: Subscription, database: Database
) -> None:
    """By Discord's identifiers, which grow; one that was deleted is nowhere."""
    paper = make_papers(1)[0]
    for message_id, channel_id in ((72, 11), (73, 12), (71, 13), (None, 14)):
        await subscribe(database, channel_id)
        there = await Subscriptions(database).get_subscription(channel_id)
        assert there is not None
        await outbox.plan(there, DAY, [make_draft(paper)], now=NOW)
        await outbox.mark_sent((await claim(outbox, channel_id=channel_id)).id, message_id, NOW)
    (found,) = (await outbox.find_messages(1001, [paper.arxiv_id])).values()
    assert (found.guild_id, found.channel_id, found.message_id) == (1001, 12, 73)


async def test_every_end_is_in_the_history_with_its_time(
    outbox: Outbox, subscription: Subscription, database: Database
) -> None:
    async def ended() -> list[tuple[str, datetime, Reason | None]]:
        records = await outbox.list_deliveries(CHANNEL)
        last = [(await outbox.list_history(each.id))[-1] for each in records]
        return [(each.to_state.value, each.at, each.reason) for each in last]

    await outbox.plan(subscription, DAY, drafts(1, 1, 1, 1, 1), now=NOW)
    unknown, refused = make_reason("unreadable"), make_reason("refused")
    await outbox.mark_unknown((await claim(outbox)).id, unknown, LATER)
    await outbox.mark_failed((await claim(outbox)).id, refused, LATER)
    await outbox.mark_sent((await claim(outbox)).id, 5, LATER)
    end = LATER + timedelta(days=2)
    await outbox.refuse_channel((await claim(outbox)).id, refused, end)
    assert await ended() == [
        ("unknown", LATER, unknown),
        ("failed", LATER, refused),
        ("sent", LATER, None),
        ("failed", end, refused),
        ("failed", end, refused),
    ]


async def test_what_is_given_up_and_cancelled_is_dated(
    outbox: Outbox, subscription: Subscription, database: Database
) -> None:
    await outbox.plan(subscription, DAY, drafts(1), now=NOW)
    await outbox.give_up(LATER, LATER)
    await outbox.plan(subscription, DAY, drafts(1, first=5), now=LATER)
    end = LATER + timedelta(minutes=1)
    await Subscriptions(database).delete_subscription(CHANNEL, end)
    records = await outbox.list_deliveries(CHANNEL)
    last = [(await outbox.list_history(each.id))[-1] for each in records]
    assert [(each.at, each.reason) for each in last] == [
        (LATER, Reason(code=ReasonCode.GIVEN_UP)),
        (end, Reason(code=ReasonCode.SUBSCRIPTION_DELETED)),
    ]


async def test_find_messages_names_only_what_was_posted_in_the_guild(
    outbox: Outbox, subscription: Subscription
) -> None:
    papers = make_papers(2)
    plans = [make_draft(papers[0]), make_draft(papers[1])]
    await outbox.plan(subscription, DAY, plans, now=NOW)
    await outbox.mark_sent((await claim(outbox)).id, 555, NOW)
    ids = [paper.arxiv_id for paper in papers]
    found = await outbox.find_messages(1001, ids)
    assert {key: message.url for key, message in found.items()} == {
        papers[0].arxiv_id: "https://discord.com/channels/1001/2001/555"
    }
    assert await outbox.find_messages(1002, ids) == {}


async def test_a_killed_writer_leaves_the_outbox_whole(
    outbox: Outbox, subscription: Subscription
) -> None:
    """Wherever planning is cancelled, all of it is there or nothing."""
    for delay in range(12):
        task = asyncio.create_task(
            outbox.plan(subscription, DAY, drafts(2, 2, first=1 + 10 * delay), now=NOW)
        )
        for _ in range(delay):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    counts = await states(outbox)
    assert len(counts) % 2 == 0
    assert await outbox.claim(CHANNEL, NOW) is not None or not counts


def test_a_nonce_fits_and_names_one_message() -> None:
    """Discord takes 25 characters, and a nonce of another channel would return its message."""
    keys = {
        delivery_key(subscription, channel, DAY, part)
        for subscription in (1, 2)
        for channel in (1, 11)
        for part in (1, 2)
    }
    nonces = {nonce_of(key, payload) for key in keys for payload in ("{}", '{"content":"x"}')}
    assert len(keys) == 8
    assert len(nonces) == 16
    assert all(len(nonce) <= 25 and nonce.isalnum() for nonce in nonces)


def test_equal_bodies_freeze_to_equal_texts() -> None:
    assert frozen_json({"b": 1, "a": "é"}) == frozen_json({"a": "é", "b": 1})


async def test_moments_of_any_zone_compare_alike(
    outbox: Outbox, subscription: Subscription
) -> None:
    """What is put off until a moment is due then, in whatever zone it was said."""
    await outbox.plan(subscription, DAY, drafts(1), now=NOW)
    eastern = LATER.astimezone(timezone(-timedelta(hours=5)))
    await outbox.mark_planned_again((await claim(outbox)).id, eastern, make_reason("429"), NOW)
    assert await due(outbox, NOW) == []
    assert await due(outbox, LATER) == [CHANNEL]


@pytest.mark.parametrize(
    "question",
    [
        f"SELECT guild_id, channel_id {DUE} ORDER BY planned_at, id LIMIT 9",
        f"SELECT min(max(planned_at, not_before)) {DUE}",
        f"SELECT id FROM delivery WHERE {OPEN} AND planned_at < :now",
        f"SELECT id FROM delivery WHERE {OPEN} AND NOT EXISTS "
        f"(SELECT 1 FROM subscription WHERE {SUBSCRIPTION_OF_DELIVERY})",
    ],
)
async def test_what_is_asked_every_few_seconds_is_answered_by_the_index_alone(
    database: Database, question: str
) -> None:
    """With many channels the rows that wait are larger than any cache."""

    def explain(connection: sqlite3.Connection) -> str:
        rows = connection.execute(f"EXPLAIN QUERY PLAN {question}", {"now": NOW.isoformat()})
        return str(next(rows)[3])

    assert "COVERING INDEX delivery_open" in await database.read(explain)


async def test_what_was_delivered_may_be_asked_of_some_channels(
    database: Database, outbox: Outbox
) -> None:
    papers = make_papers(2)
    ids = [each.arxiv_id for each in papers]
    for channel_id in (1, 2, 3):
        await outbox.plan(
            await subscribe(database, channel_id), DAY, [make_draft(*papers)], now=NOW
        )
    assert (await outbox.delivered_anywhere(ids, among=[1, 3])).keys() == {1, 3}
    assert (await outbox.delivered_anywhere(ids[:1], among=[2])) == {2: {ids[0]: 1}}


async def test_what_was_offered_may_be_asked_of_some_channels(
    database: Database, outbox: Outbox
) -> None:
    first, second = make_papers(2)
    offers = replace(make_draft(first), offered=((second.arxiv_id, second.version),))
    for channel_id in (1, 2, 3):
        await outbox.plan(await subscribe(database, channel_id), DAY, [offers], now=NOW)
    found = await outbox.find_offered([first.arxiv_id, second.arxiv_id], among=[1, 3])
    assert found == {1: {second.arxiv_id}, 3: {second.arxiv_id}}


async def test_dates_with_a_message_of_a_daily_digest_are_listed(
    database: Database, outbox: Outbox
) -> None:
    for channel_id, days, cadence in (
        (1, 0, Cadence.DAY),
        (2, 1, Cadence.DAY),
        (1, -1, Cadence.DAY),
        (3, 0, Cadence.WEEK),
    ):
        subscription = await subscribe(database, channel_id)
        planned = drafts(1, first=10 + days)
        on = DAY + timedelta(days=days)
        assert await outbox.plan(subscription, on, planned, now=NOW, cadence=cadence) == 1
    assert await outbox.list_dates_of([1, 2], DAY) == {(1, DAY), (2, DAY + timedelta(days=1))}
    assert await outbox.list_dates_of([2, 4], DAY) == {(2, DAY + timedelta(days=1))}


async def test_planning_takes_no_longer_for_all_that_a_channel_ever_got(
    database: Database, outbox: Outbox, subscription: Subscription
) -> None:
    steps = []
    for number in range(2):
        counted: list[None] = []
        await database.write(on_each_step, partial(counted.append, None))
        await outbox.plan(subscription, DAY, drafts(20, first=1 + 20 * number), now=NOW)
        await database.write(on_each_step, None)
        steps.append(len(counted))
        await database.write(fill_history, (await outbox.list_deliveries(CHANNEL))[0].id)
    assert steps[1] < 2 * steps[0]


def on_each_step(connection: sqlite3.Connection, call: Callable[[], None] | None) -> None:
    connection.set_progress_handler(call, 10)


def fill_history(connection: sqlite3.Connection, delivery_id: int) -> None:
    connection.executemany(
        "INSERT OR IGNORE INTO delivered_paper VALUES (?, 'day', ?, 1, ?, 0)",
        [(CHANNEL, f"2301.{number:05}", delivery_id) for number in range(1000)],
    )
