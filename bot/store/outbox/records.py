"""A message as its row has it: how it is read, and the conditions that name some of them."""

import sqlite3
from datetime import UTC, datetime

from bot.digest.messages import DeliveryRecord, DeliveryState, Instant
from bot.digest.models import NO_GUILD, Cadence, Place
from bot.store.outbox.bodies import read_body, sha256_of
from bot.store.sqlite.reasons import read_reason
from bot.store.sqlite.statements import (
    LONG_AGO,
    Parameters,
    Row,
    read_day,
    read_moment,
    select_rows,
)

# What of a message's starter the message needs; its own thread is the one it was posted in.
_STARTER = "(SELECT {} FROM delivery AS starter WHERE starter.id = delivery.starter_id)"

_HAS_THREAD = "iif(place = 'forum', 1, has_thread)"

COLUMNS = (
    "id, subscription_id, guild_id, channel_id, announced_on, part, key, nonce, style, payload, "
    "(SELECT packed FROM body WHERE delivery_id = delivery.id), payload_sha256, state, attempts, "
    "not_before, planned_at, claimed_at, claimed_boot, claimed_up_s, message_id, reason, "
    "reason_details, place, starter_id, "
    f"coalesce(thread_id, {_STARTER.format('message_id')}), thread_name, "
    f"{_STARTER.format(_HAS_THREAD)}, tags, cadence"
)

# Word for word the conditions of the indexes delivery_open and delivery_trouble: SQLite uses them
# for no other.
OPEN = "state IN ('planned', 'sending')"
TROUBLE = "state IN ('failed', 'unknown')"

SET_REASON = "reason = :reason, reason_details = :details"

# The reason that a row had is kept behind its new one.
SET_REASON_BEFORE = """
    reason = :reason,
    reason_details = CASE WHEN reason IS NULL THEN NULL WHEN reason = :reason THEN reason_details
        ELSE json_object('because', json_set(
            iif(json_valid(reason_details), reason_details, '{}'), '$.code', reason)) END
"""

# Where a message is that Discord has now under ``:message_id``, unless another thread is known.
THREAD_OF_POSTED = f"""
    coalesce(:thread_id, CASE place WHEN 'forum' THEN :message_id
        WHEN 'thread' THEN {_STARTER.format("message_id")} END)
"""

# An identifier of a deleted subscription may be given again, so the channel must agree too.
SUBSCRIPTION_OF_DELIVERY = (
    "subscription.id = delivery.subscription_id AND subscription.channel_id = delivery.channel_id"
)


def list_records(
    connection: sqlite3.Connection, where: str, parameters: Parameters
) -> list[DeliveryRecord]:
    """List the messages that ``where`` names, in the order of posting."""
    rows = select_rows(
        connection,
        f"SELECT {COLUMNS} FROM delivery WHERE {where} ORDER BY announced_on, part, id",
        parameters,
    )
    return [read_record(connection, row) for row in rows]


def read_record(
    connection: sqlite3.Connection, row: Row, *, has_next: bool = False
) -> DeliveryRecord:
    """Read a row, also one that is damaged: it must not stop the others."""
    (id_, subscription_id, guild_id, channel_id, announced_on, part, key, nonce, style, payload,
     packed, sha256, state, attempts, not_before, planned_at, claimed_at, claimed_boot,
     claimed_up_s, message_id, reason, details, place, starter_id, thread_id, thread_name,
     has_thread, tags, cadence) = row  # fmt: skip
    planned, day, due = read_moment(planned_at), read_day(announced_on), read_moment(not_before)
    claimed = read_moment(claimed_at)
    is_readable = None not in (planned, day, due) and (claimed_at is None) == (claimed is None)
    body = read_body(connection, payload, packed)
    is_timed = claimed is not None and claimed_boot is not None and claimed_up_s is not None
    return DeliveryRecord(
        id=id_,
        subscription_id=subscription_id,
        guild_id=guild_id,
        channel_id=channel_id,
        announced_on=day or (planned or LONG_AGO).date(),
        part=part,
        key=key,
        nonce=nonce,
        style=style,
        payload=body,
        is_intact=is_readable and sha256_of(body) == sha256,
        state=DeliveryState(state),
        attempts=attempts,
        not_before=due or LONG_AGO,
        planned_at=planned or LONG_AGO,
        claimed_at=claimed,
        first_try=Instant(boot=claimed_boot, up_s=claimed_up_s, wall=claimed or LONG_AGO)
        if is_timed
        else None,
        message_id=message_id,
        reason=read_reason(reason, details),
        place=Place.DM if guild_id == NO_GUILD else Place(place),
        starter_id=starter_id,
        thread_id=thread_id,
        thread_name=thread_name or "",
        has_thread=None if has_thread is None else bool(has_thread),
        tags=tuple(tags.split()),
        cadence=Cadence(cadence),
        has_next=has_next,
    )


def moment_text(moment: datetime) -> str:
    """Render a moment so that texts compare as moments do: always UTC, always milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
