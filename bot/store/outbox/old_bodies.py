"""Bodies of messages that nobody edits any more are dropped (docs/decisions/0034-kept-bodies.md).

Their SHA-256, papers and place stay: by these a message is known as posted.
"""

import itertools
import sqlite3
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from bot.store.outbox.bodies import forget_pieces, write_whole
from bot.store.outbox.records import list_records, moment_text
from bot.store.sqlite.executor import Database
from bot.store.sqlite.statements import json_array, select_one, select_rows

STEP: Final = 100
"""Messages; some milliseconds of the writer."""

AHEAD: Final = timedelta(days=1)
"""A clock that is put right goes back by less than this."""

DROPPED_TO: Final = "bodies dropped to"
"""The fact that holds the number of the last message that was looked at."""

LATE: Final = timedelta(days=7)
"""One planned later than this after its date, as one posted again is, is not waited for."""

_AMONG: Final = "IN (SELECT value FROM json_each(:ids))"
_YOUNG: Final = "planned_at BETWEEN :before AND :after"
_DROPPED: Final = f"id {_AMONG} AND state = 'sent' AND message_id IS NOT NULL AND NOT ({_YOUNG})"


class OldBodies:
    """Keeps the file from growing by what is posted."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def drop(self, planned_before: datetime, now: datetime) -> None:
        """Drop the bodies of messages that were planned before a moment, and their edits.

        Kept are those that are not posted, or not known where: they may be looked for. Works in
        steps, in between which others write, and goes on where it ended the last time.
        """
        parameters = {
            "before": moment_text(planned_before),
            "after": moment_text(now + AHEAD),
            "since": (planned_before - LATE).date().isoformat(),
            "step": STEP,
        }
        while await self._database.write(_step, parameters):
            pass


def _step(connection: sqlite3.Connection, parameters: Mapping[str, object]) -> bool:
    """Do the next messages that are old enough; returns whether there was anything to do."""
    done = _dropped_to(connection)
    if ids := _list_old(connection, {**parameters, "done": done}):
        done = ids[-1]
        _drop(connection, {**parameters, "ids": json_array(ids)})
        connection.execute(
            "INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)", (DROPPED_TO, str(done))
        )
    return forget_pieces(connection, done) or bool(ids)


def _dropped_to(connection: sqlite3.Connection) -> int:
    """Return the number up to which messages were looked at, 0 to begin again.

    Numbers are given again where the newest messages were forgotten.
    """
    value = select_one(connection, str, "SELECT value FROM fact WHERE name = ?", (DROPPED_TO,))
    done = int(value or 0)
    last = select_one(connection, int, "SELECT max(id) FROM delivery") or 0
    return done if done <= last else 0


def _list_old(connection: sqlite3.Connection, parameters: Mapping[str, object]) -> list[int]:
    """List the next messages by number: an index over all would cost more than it saves.

    One planned in the future was planned by a clock that was ahead: it must not be waited for.
    """
    rows = select_rows(
        connection,
        f"SELECT id, {_YOUNG} AND announced_on >= :since FROM delivery WHERE id > :done "
        f"ORDER BY id LIMIT :step",
        parameters,
    )
    return [id_ for id_, _ in itertools.takewhile(lambda row: not row[1], rows)]


def _drop(connection: sqlite3.Connection, parameters: Mapping[str, object]) -> None:
    for record in list_records(connection, f"id {_AMONG} AND NOT ({_DROPPED})", parameters):
        if record.is_intact:
            write_whole(connection, record.id, record.payload)
    for statement in (
        "DELETE FROM body WHERE delivery_id IN (SELECT id FROM delivery WHERE {})",
        "DELETE FROM edit WHERE delivery_id IN (SELECT id FROM delivery WHERE {})",
        "UPDATE delivery SET payload = '' WHERE {} AND payload <> ''",
    ):
        connection.execute(statement.format(_DROPPED), parameters)
