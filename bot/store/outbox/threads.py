"""Which messages of a digest begin a thread, and which go into it (docs/decisions/0012-places.md).

The first message of a date starts the thread or forum post, the others follow. A starter that
never came, was deleted or lost its thread has followers that must not wait for it: the next of them
follows another starter of the date, or becomes one itself.
"""

import sqlite3
from datetime import date
from typing import Final

from bot.digest.messages import DeliveryState
from bot.digest.models import Cadence, Place, Reason, ReasonCode
from bot.store.sqlite.statements import change, read_day, select_one, select_rows

STARTS_A_THREAD: Final = "starter_id IS NULL AND thread_name IS NOT NULL"

LOST: Final = """
    (starter.thread_name IS NULL OR starter.state IN ('failed', 'unknown')
        OR (starter.state = 'sent' AND starter.message_id IS NULL))
"""
"""A starter of which no thread will be made (any more)."""

THREAD_GOES_ON: Final = frozenset({ReasonCode.THREAD_ARCHIVED, ReasonCode.THREAD_LOCKED})
"""Refusals that an admin can undo, so that the thread takes its messages after all."""


def find_starter(
    connection: sqlite3.Connection, channel_id: int, day: date, cadence: Cadence, place: Place
) -> int | None:
    """Find the message of a digest in whose thread further ones go, posted or on its way."""
    return select_one(
        connection,
        int,
        f"""
        SELECT id FROM delivery WHERE channel_id = :channel_id AND announced_on = :day
            AND cadence = :cadence AND {STARTS_A_THREAD} AND place = :place
            AND (state IN ('planned', 'sending') OR (state = 'sent' AND message_id IS NOT NULL))
        ORDER BY part DESC LIMIT 1
        """,
        {
            "channel_id": channel_id,
            "day": day.isoformat(),
            "cadence": cadence.value,
            "place": place.value,
        },
    )


def find_new_starter(connection: sqlite3.Connection, delivery_id: int) -> None:
    """Let a message whose starter is lost follow another one of its date, or begin a thread."""
    lost = select_rows(
        connection,
        f"""
        SELECT delivery.channel_id, delivery.announced_on, delivery.cadence, starter.place
        FROM delivery JOIN delivery AS starter ON starter.id = delivery.starter_id
        WHERE delivery.id = ? AND {LOST}
        """,
        (delivery_id,),
    )
    for channel_id, text, cadence, place in lost:
        day = read_day(text)  # None in a damaged row, which is not sent anyway
        starter_id = (
            find_starter(connection, channel_id, day, Cadence(cadence), Place(place))
            if day
            else None
        )
        connection.execute(
            "UPDATE delivery SET starter_id = :starter_id, place = :place WHERE id = :id",
            {
                "id": delivery_id,
                "starter_id": starter_id,
                "place": place if starter_id is None else Place.THREAD.value,
            },
        )


def lose_starter(connection: sqlite3.Connection, delivery_id: int) -> None:
    """Note of the starter of a message that no thread is made of it (any more)."""
    change(
        connection,
        "UPDATE delivery SET thread_name = NULL "
        "WHERE id = (SELECT starter_id FROM delivery WHERE id = ?)",
        (delivery_id,),
    )


def refuse_thread(
    connection: sqlite3.Connection, delivery_id: int, reason: Reason, parameters: dict[str, object]
) -> bool:
    """Fail a message that is being sent and all that were to follow it into its thread."""
    fail = (
        f"UPDATE delivery SET state = '{DeliveryState.FAILED}', changed_at = :now, "
        f"reason = :reason, reason_details = :details"
    )
    if not change(connection, f"{fail} WHERE id = :id AND state = 'sending'", parameters):
        return False
    connection.execute(
        f"{fail} WHERE state = 'planned' AND starter_id = "
        f"(SELECT starter_id FROM delivery WHERE id = :id)",
        parameters,
    )
    if reason.code not in THREAD_GOES_ON:
        lose_starter(connection, delivery_id)
    return True
