"""A row is read as it is, and one that is damaged with what can be read of it."""

import sqlite3
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.digest.messages import DeliveryRecord, DeliveryState, Instant
from bot.digest.models import Place, Reason, ReasonCode
from bot.store.outbox.plans import delivery_key, frozen_json, nonce_of
from bot.store.sqlite.statements import LONG_AGO
from bot.store.store import Store
from tests.builders import DAY, NOW, make_draft, make_papers
from tests.store.outbox.test_outbox import CHANNEL, LATER, subscribe

CLAIMED_AT = NOW + timedelta(minutes=1)
FIRST_TRY = Instant(boot="this one", up_s=77.5, wall=CLAIMED_AT)
PAYLOAD = '{"content":"caf\\u00e9"}'
LIMITED = Reason(code=ReasonCode.RATE_LIMITED, status=429, text="slow down")


async def planned(store: Store) -> DeliveryRecord:
    """Plan one message; returns what its row says."""
    subscription = await subscribe(store.database)
    draft = make_draft(*make_papers(1), content="café")
    assert await store.outbox.plan(subscription, DAY, [draft], now=NOW) == 1
    return await read(store)


async def claimed(store: Store) -> DeliveryRecord:
    await planned(store)
    record = await store.outbox.claim(CHANNEL, CLAIMED_AT, FIRST_TRY)
    assert record is not None
    return record


async def read(store: Store) -> DeliveryRecord:
    (record,) = await store.outbox.list_deliveries(CHANNEL)
    return record


async def damage(store: Store, change: str) -> DeliveryRecord:
    """Change the row by hand; returns what is read of it."""

    def work(connection: sqlite3.Connection) -> None:
        connection.execute("DROP TRIGGER delivery_frozen")
        connection.execute(f"UPDATE delivery SET {change}")

    await store.database.write(work)
    return await read(store)


async def test_a_row_says_what_was_planned(store: Store) -> None:
    record = await planned(store)
    key = delivery_key(record.subscription_id, CHANNEL, DAY, 1)
    assert record == DeliveryRecord(
        id=record.id,
        subscription_id=(await subscribe(store.database)).id,
        guild_id=1001,
        channel_id=CHANNEL,
        announced_on=DAY,
        part=1,
        key=key,
        nonce=nonce_of(key, PAYLOAD),
        style="cards",
        payload=PAYLOAD,
        is_intact=True,
        state=DeliveryState.PLANNED,
        attempts=0,
        not_before=NOW,
        planned_at=NOW,
        claimed_at=None,
        first_try=None,
        message_id=None,
        reason=None,
        place=Place.CHANNEL,
        starter_id=None,
        thread_id=None,
        thread_name="",
        has_thread=None,
        tags=(),
    )


async def test_a_row_says_when_it_was_claimed_and_what_came_of_it(store: Store) -> None:
    record = await claimed(store)
    assert (record.claimed_at, record.first_try, record.attempts) == (CLAIMED_AT, FIRST_TRY, 1)
    await store.outbox.mark_planned_again(record.id, LATER, LIMITED, NOW)
    record = await read(store)
    assert (record.state, record.not_before, record.reason) == (
        DeliveryState.PLANNED,
        LATER,
        LIMITED,
    )
    record = await store.outbox.claim(CHANNEL, LATER)  # type: ignore[assignment]
    assert (record.attempts, record.reason, record.first_try) == (2, None, None)
    deleted = Reason(code=ReasonCode.DELETED)
    await store.outbox.mark_sent(record.id, 77, LATER, deleted)
    record = await read(store)
    assert (record.state, record.message_id, record.reason) == (DeliveryState.SENT, 77, deleted)
    assert record.is_intact


UNREADABLE = {
    "date": ("announced_on = 'some day'", "announced_on", DAY),
    "date and time of planning": (
        "announced_on = 'some day', planned_at = ''",
        "announced_on",
        LONG_AGO.date(),
    ),
    "time to be sent": ("not_before = 'soon'", "not_before", LONG_AGO),
    "time of planning": ("planned_at = 'long ago'", "planned_at", LONG_AGO),
    "time of the claim": ("claimed_at = 'just now'", "claimed_at", None),
    "no time of the claim": ("claimed_at = ''", "first_try", None),
    "no zone": ("not_before = '2024-03-05T09:00:00.000'", "not_before", LONG_AGO),
    "payload": ("payload = '{}'", "payload", "{}"),
    "checksum": ("payload_sha256 = 'no'", "payload", PAYLOAD),
}


@pytest.mark.parametrize(("change", "name", "stands"), UNREADABLE.values(), ids=UNREADABLE)
async def test_a_damaged_row_is_not_intact_and_is_read_all_the_same(
    store: Store, change: str, name: str, stands: object
) -> None:
    """What cannot be read of it is something old, or nothing."""
    assert (await claimed(store)).is_intact
    record = await damage(store, change)
    assert not record.is_intact
    assert getattr(record, name) == stands


@pytest.mark.parametrize("change", ["claimed_boot = NULL", "claimed_up_s = NULL"])
async def test_a_claim_without_the_clocks_of_the_host_is_no_try_to_go_on(
    store: Store, change: str
) -> None:
    await claimed(store)
    record = await damage(store, change)
    assert (record.first_try, record.claimed_at, record.is_intact) == (None, CLAIMED_AT, True)


async def test_a_changed_date_is_noticed_by_what_cannot_be_read_only(store: Store) -> None:
    """A date that is a date may have been meant; the payload is what must not change."""
    await claimed(store)
    record = await damage(store, "announced_on = '2020-02-02'")
    assert (record.is_intact, record.announced_on) == (True, date(2020, 2, 2))


def test_a_body_freezes_to_one_text() -> None:
    assert frozen_json({"b": [1, None], "a": "é"}) == '{"a":"\\u00e9","b":[1,null]}'
    with pytest.raises(ValueError, match="JSON"):
        frozen_json({"a": float("nan")})


def test_a_nonce_is_always_the_same() -> None:
    """A copy of the database plans the same message under the same nonce."""
    assert delivery_key(1, 2001, DAY, 3) == "1:2001:2024-03-05:3"
    assert nonce_of("1:2001:2024-03-05:3", "{}") == "4xrlzkunxaonwitupq5h5cwr"


async def test_times_are_kept_to_the_millisecond(store: Store) -> None:
    subscription = await subscribe(store.database)
    now = datetime(2024, 3, 5, 9, 0, 0, 123456, tzinfo=UTC)
    await store.outbox.plan(subscription, DAY, [make_draft(*make_papers(1))], now=now)
    assert (await read(store)).planned_at == now.replace(microsecond=123000)
