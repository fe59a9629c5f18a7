"""What failed or is unknown is told once and ended by an admin's word."""

import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.digest.messages import DeliveryState
from bot.digest.models import Reason, ReasonCode
from bot.store.outbox.plans import nonce_of
from bot.store.outbox.records import moment_text
from bot.store.store import Store
from tests.builders import DAY, NOW, make_draft, make_id, make_papers, make_reason
from tests.store.outbox.test_outbox import CHANNEL, LATER, claim, drafts, states, subscribe
from tests.stores import open_store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """A store with a failed, an unknown and a sent message."""
    async with open_store(tmp_path / "bot.db") as store:
        outbox = store.outbox
        subscription = await subscribe(store.database)
        await outbox.plan(subscription, DAY, drafts(1, 1, 1), now=NOW)
        await outbox.mark_failed((await claim(outbox)).id, make_reason("refused"), NOW)
        await outbox.mark_unknown((await claim(outbox)).id, make_reason("history unreadable"), NOW)
        await outbox.mark_sent((await claim(outbox)).id, 5, NOW)
        yield store


async def parts(store: Store) -> list[int]:
    return [record.part for record in await store.troubles.list_open(1001)]


async def test_troubles_are_those_of_one_guild(store: Store) -> None:
    assert await parts(store) == [1, 2]
    assert await store.troubles.list_open(1002) == []


async def test_a_trouble_is_told_once(store: Store) -> None:
    untold = await store.troubles.list_unnotified()
    assert [record.part for record in untold] == [1, 2]
    await store.troubles.mark_notified([untold[0].id], NOW)
    assert [record.part for record in await store.troubles.list_unnotified()] == [2]


@pytest.mark.parametrize("part", [1, 2])
async def test_a_trouble_can_be_posted_again_under_a_new_nonce(store: Store, part: int) -> None:
    """Discord is to take the message even if it has it: that is what the admin asked for."""
    before = (await store.troubles.list_open(1001))[part - 1]
    assert await store.troubles.post_again(before.id, LATER)
    after = await claim(store.outbox, LATER)
    assert (after.id, after.payload) == (before.id, before.payload)
    assert after.nonce != before.nonce
    assert len(after.nonce) <= 25
    assert not await store.troubles.post_again(before.id, LATER)
    await store.outbox.mark_unknown(after.id, make_reason("again"), LATER)
    assert await store.troubles.post_again(before.id, LATER)
    assert len({each.nonce for each in (before, after, await claim(store.outbox, LATER))}) == 3


async def test_the_troubles_of_a_channel_are_its_own(store: Store) -> None:
    assert [each.part for each in await store.troubles.list_open_in(CHANNEL)] == [1, 2]
    assert await store.troubles.list_open_in(CHANNEL + 1) == []
    first, _ = await store.troubles.list_open_in(CHANNEL)
    await store.troubles.settle(first.id, LATER)
    assert [each.part for each in await store.troubles.list_open_in(CHANNEL)] == [2]


async def notified_at(store: Store) -> list[str | None]:
    def read(connection: sqlite3.Connection) -> list[str | None]:
        rows = connection.execute("SELECT notified_at FROM delivery ORDER BY part")
        return [row[0] for row in rows]

    return await store.database.read(read)


async def test_when_a_trouble_was_told_first_is_kept(store: Store) -> None:
    first, second = await store.troubles.list_open(1001)
    await store.troubles.mark_notified([first.id], NOW)
    await store.troubles.mark_notified([first.id, second.id], LATER)
    await store.troubles.settle(first.id, LATER + timedelta(days=1))
    assert await notified_at(store) == [moment_text(NOW), moment_text(LATER), None]


async def test_a_trouble_that_is_settled_needs_no_notice(store: Store) -> None:
    first, _ = await store.troubles.list_open(1001)
    await store.troubles.settle(first.id, LATER)
    assert await notified_at(store) == [moment_text(LATER), None, None]


@pytest.mark.parametrize("part", [1, 2])
async def test_what_is_posted_again_begins_anew(store: Store, part: int) -> None:
    """As planned now, and for as long as anything else may be tried."""
    before = (await store.troubles.list_open(1001))[part - 1]
    await store.troubles.mark_notified([before.id], NOW)
    assert await store.troubles.post_again(before.id, LATER)
    again = await store.outbox.get(before.id)
    assert again is not None
    key = f"{before.key}+"
    assert again == replace(
        before,
        key=key,
        nonce=nonce_of(key, before.payload),
        state=DeliveryState.PLANNED,
        planned_at=LATER,
        not_before=LATER,
        claimed_at=None,
        first_try=None,
        reason=Reason(code=ReasonCode.POSTED_AGAIN),
    )
    assert (await notified_at(store))[part - 1] is None
    assert (await store.outbox.list_history(before.id))[-1].at == LATER


async def test_what_has_no_payload_cannot_be_posted_again(store: Store) -> None:
    """A message that a channel was found to hold after a backup was put back."""
    subscription = await subscribe(store.database)
    papers = [(make_id(70), 1)]
    await store.restored.adopt(subscription, papers, message_id=77, posted_at=NOW)
    adopted = (await store.outbox.list_deliveries(CHANNEL))[-1]
    assert adopted.payload == ""

    def fail(connection: sqlite3.Connection) -> None:
        connection.execute("DROP TRIGGER delivery_forward")
        connection.execute("UPDATE delivery SET state = 'failed' WHERE id = ?", (adopted.id,))

    await store.database.write(fail)
    assert not await store.troubles.post_again(adopted.id, LATER)
    assert await states(store.outbox) == ["failed", "unknown", "sent", "failed"]


@pytest.mark.parametrize("part", [1, 2])
async def test_a_trouble_that_is_found_in_its_channel_is_one_no_more(
    store: Store, part: int
) -> None:
    before = (await store.troubles.list_open(1001))[part - 1]
    assert await store.troubles.mark_found(before.id, 77, LATER)
    found = await store.outbox.get(before.id)
    assert found is not None
    assert (found.state, found.message_id) == (DeliveryState.SENT, 77)
    assert found.reason == Reason(code=ReasonCode.FOUND)
    assert await parts(store) == [3 - part]
    assert not await store.troubles.mark_found(before.id, 78, LATER)
    steps = (await store.outbox.list_history(before.id))[-3:]
    assert [(step.to_state.value, step.at) for step in steps] == [
        ("planned", LATER),
        ("sending", LATER),
        ("sent", LATER),
    ]
    assert {step.reason for step in steps} == {Reason(code=ReasonCode.FOUND)}


async def test_what_is_found_in_another_thread_is_known_to_be_there(store: Store) -> None:
    before, _ = await store.troubles.list_open(1001)
    assert await store.troubles.mark_found(before.id, 77, LATER, thread_id=66)
    found = await store.outbox.get(before.id)
    assert found is not None
    assert found.thread_id == 66


REFUSED = make_reason("refused").code


@pytest.mark.parametrize(
    ("channel_id", "code", "days", "posted"),
    [
        (CHANNEL, REFUSED, 0, 1),
        (CHANNEL, REFUSED, 1, 0),
        (CHANNEL, REFUSED, -1, 1),
        (CHANNEL, ReasonCode.CHANNEL_GONE, 0, 0),
        (CHANNEL + 1, REFUSED, 0, 0),
    ],
)
async def test_what_a_channel_refused_is_planned_again_unless_it_is_too_old(
    store: Store, channel_id: int, code: ReasonCode, days: int, posted: int
) -> None:
    """What is unknown waits for an admin, though its reason is the same."""
    since = DAY + timedelta(days=days)
    again = await store.troubles.post_refused(channel_id, [code], since, LATER)
    assert again == posted
    expected = ["planned" if posted else "failed", "unknown", "sent"]
    assert await states(store.outbox) == expected
    if posted:
        assert (await claim(store.outbox, LATER)).planned_at == LATER


async def test_what_failed_may_be_doubted_and_is_told_again(store: Store) -> None:
    """What is unknown already, or no trouble, stays as it is."""
    failed, unknown, sent = await store.outbox.list_deliveries(CHANNEL)
    await store.troubles.mark_notified([failed.id, unknown.id], NOW)
    assert await store.troubles.doubt(failed.id, make_reason("in pieces"), LATER)
    for other in (unknown, sent):
        assert not await store.troubles.doubt(other.id, make_reason("in pieces"), LATER)
    assert await states(store.outbox) == ["unknown", "unknown", "sent"]
    (told,) = await store.troubles.list_unnotified()
    assert (told.id, told.reason) == (failed.id, make_reason("in pieces"))
    steps = (await store.outbox.list_history(failed.id))[-3:]
    assert [step.to_state.value for step in steps] == ["planned", "sending", "unknown"]
    assert {(step.at, step.reason) for step in steps} == {(LATER, make_reason("in pieces"))}


async def test_a_trouble_that_comes_again_is_told_again(store: Store) -> None:
    (failed, _) = await store.troubles.list_unnotified()
    await store.troubles.mark_notified([failed.id], NOW)
    await store.troubles.post_again(failed.id, LATER)
    await store.outbox.mark_failed(
        (await claim(store.outbox, LATER)).id, make_reason("again"), LATER
    )
    assert failed.id in {record.id for record in await store.troubles.list_unnotified()}


async def test_a_settled_trouble_stays_as_it_is(store: Store) -> None:
    for record in await store.troubles.list_open(1001):
        assert await store.troubles.settle(record.id, LATER)
        assert not await store.troubles.settle(record.id, LATER)
        assert not await store.troubles.post_again(record.id, LATER)
    assert await parts(store) == []
    assert await store.troubles.list_unnotified() == []
    assert await states(store.outbox) == ["failed", "unknown", "sent"]


async def test_what_was_sent_cannot_be_sent_again(store: Store) -> None:
    sent = (await store.outbox.list_deliveries(CHANNEL))[2]
    assert sent.state is DeliveryState.SENT
    assert not await store.troubles.post_again(sent.id, LATER)
    assert not await store.troubles.settle(sent.id, LATER)


async def test_a_removed_digest_leaves_no_trouble_behind(store: Store) -> None:
    """Nobody is told, and a digest that is set up again cannot post it; the reasons are kept."""
    troubles = await store.troubles.list_open(1001)
    await store.subscriptions.delete_subscription(CHANNEL, LATER)
    await subscribe(store.database)
    assert await store.troubles.list_open(1001) == []
    assert await store.troubles.list_unnotified() == []
    assert [await store.troubles.post_again(each.id, LATER) for each in troubles] == [False, False]
    reasons = [each.reason for each in await store.outbox.list_deliveries(CHANNEL)]
    assert reasons == [
        Reason(code=ReasonCode.SUBSCRIPTION_DELETED, because=make_reason("refused")),
        Reason(code=ReasonCode.SUBSCRIPTION_DELETED, because=make_reason("history unreadable")),
        None,
    ]


async def test_only_what_certainly_was_not_posted_is_free_for_a_digest_set_up_anew(
    store: Store,
) -> None:
    """Of the failed, the unknown and the sent message, that is the first; and what is planned."""
    before = await subscribe(store.database)
    await store.outbox.plan(before, DAY, [make_draft(*make_papers(1, first=50))], now=NOW)
    records = await store.outbox.list_deliveries(CHANNEL)
    papers = [(await store.outbox.list_papers(each.id))[0] for each in records]
    await store.subscriptions.delete_subscription(CHANNEL, LATER)
    taken = await store.outbox.delivered_versions(CHANNEL, [arxiv_id for arxiv_id, _ in papers])
    assert [arxiv_id in taken for arxiv_id, _ in papers] == [False, True, True, False]


async def test_what_was_on_its_way_when_a_digest_was_removed_belongs_to_the_next(
    store: Store,
) -> None:
    subscription = await subscribe(store.database)
    await store.outbox.plan(subscription, DAY, [make_draft(*make_papers(1, first=50))], now=NOW)
    record = await claim(store.outbox)
    await store.subscriptions.delete_subscription(CHANNEL, NOW)
    await subscribe(store.database, CHANNEL + 1)  # takes the identifier that became free
    await subscribe(store.database)
    await store.outbox.mark_failed(record.id, make_reason("refused"), NOW)
    assert await store.troubles.post_again(record.id, LATER)
    assert await store.outbox.cancel_orphans(LATER) == 0
    assert (await claim(store.outbox, LATER)).id == record.id


async def test_a_split_message_is_no_trouble(store: Store) -> None:
    """Its papers are in other messages; posting it again would post them twice."""
    papers = make_papers(2, first=50)
    subscription = await subscribe(store.database)
    await store.outbox.plan(subscription, DAY, [make_draft(*papers)], now=NOW)
    record = await claim(store.outbox)
    parts = [make_draft(paper, content=paper.title) for paper in papers]
    assert await store.outbox.split(record.id, parts, make_reason("too large"), NOW)
    assert record.id not in {each.id for each in await store.troubles.list_unnotified()}
    assert record.id not in {each.id for each in await store.troubles.list_open(1001)}
    assert not await store.troubles.post_again(record.id, LATER)
