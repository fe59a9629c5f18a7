"""Edits of posted messages: what each should look like now (docs/decisions/0015-living-posts.md).

    take_pending  updates that no message was looked at for  -> dated, to be planned
    plan          planned     the message as it should be, with its revision
    claim         planned     the body is noted before it is sent: it may arrive from now on
    mark_done     done        Discord has it; planned again where a newer revision was planned

A message has one row, and its newest revision is the only one that is sent. The schema refuses an
older one in its place.
"""

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NamedTuple

from bot.digest.models import Reason
from bot.digest.updates import NotedUpdate, Update, UpdateKind
from bot.models import ArxivId
from bot.store.outbox.bodies import pack, read_body, sha256_of, unpack
from bot.store.outbox.plans import last_update
from bot.store.outbox.records import SET_REASON, SUBSCRIPTION_OF_DELIVERY, moment_text
from bot.store.sqlite.executor import Database
from bot.store.sqlite.reasons import reason_parameters
from bot.store.sqlite.statements import (
    Parameters,
    Row,
    change,
    json_array,
    read_day,
    select,
    select_pairs,
    select_rows,
)

KINDS = frozenset(each.value for each in UpdateKind)


class Shown(NamedTuple):
    """A paper as a message carries it."""

    arxiv_id: ArxivId
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageToAmend:
    """A message as it was planned, and what became known of its papers at any time.

    ``known_update`` is the number of the last update that it shows as planned.
    """

    delivery_id: int
    style: str
    payload: str
    known_update: int
    papers: tuple[Shown, ...]
    updates: tuple[NotedUpdate, ...]


class PlannedEdit(NamedTuple):
    """A message as it should be; ``revision`` is the number of the last update in it."""

    delivery_id: int
    revision: int
    payload: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DueEdit:
    """An edit that may be made now.

    ``target_id`` is the channel or thread in which the message is. ``base`` is the message as it
    was planned, ``payload`` as it should be. ``tried`` is the body that was sent last, ``done`` the
    one that Discord is known to have; empty where there is none.
    """

    delivery_id: int
    guild_id: int
    channel_id: int
    target_id: int
    message_id: int
    style: str
    base: str
    payload: str
    revision: int
    tried: str
    done: str
    attempts: int


class Edits:
    """The store's edits, and the updates that they come from."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def last_update(self) -> int:
        """Return the number of the last update that was noted of any paper."""
        return await self._database.read(last_update)

    async def list_updates(
        self, arxiv_id: ArxivId, message_id: int | None = None
    ) -> list[NotedUpdate]:
        """List what became known of a paper, oldest first; since a message of it was planned."""
        rows = await self._database.read(
            select_rows,
            f"""
            SELECT {_UPDATE} FROM paper_update WHERE arxiv_id = :arxiv_id AND noted_on IS NOT NULL
                AND number > (SELECT coalesce(max(known_update), 0)
                    FROM delivered_paper JOIN delivery ON delivery.id = delivery_id
                    WHERE arxiv_id = :arxiv_id AND message_id = :message_id)
            ORDER BY number
            """,
            {"arxiv_id": arxiv_id, "message_id": message_id},
        )
        return [update for row in rows if (update := read_update(row)) is not None]

    async def take_pending(self, today: date, limit: int) -> dict[int, ArxivId]:
        """Return updates by number whose messages are to be planned, the oldest ones first.

        Those that are new get ``today`` as their date.
        """
        pending = dict(await self._database.read(select_rows, _PENDING, (limit,)))
        if pending:
            await self._database.write(
                change,
                "UPDATE paper_update SET noted_on = :today "
                "WHERE number IN (SELECT value FROM json_each(:numbers)) AND noted_on IS NULL",
                {"today": today.isoformat(), "numbers": json_array(pending)},
            )
        return pending

    async def list_affected(self, arxiv_ids: Collection[ArxivId], since: datetime) -> list[int]:
        """List the messages planned since a moment that show any of these papers."""
        return await self._database.read(
            select,
            int,
            f"""
            SELECT id FROM delivery WHERE id IN (SELECT delivery_id FROM delivered_paper
                    WHERE arxiv_id IN (SELECT value FROM json_each(:ids))
                        AND NOT is_offered)
                AND state <> 'failed' AND {_HAS_BODY} AND planned_at >= :since
                AND EXISTS (SELECT 1 FROM subscription
                    WHERE {SUBSCRIPTION_OF_DELIVERY} AND updates)
            ORDER BY id
            """,
            {"ids": json_array(arxiv_ids), "since": moment_text(since)},
        )

    async def list_awaited(self, since: datetime, *, after: ArxivId, limit: int) -> list[ArxivId]:
        """List the next papers, in order, of which news would be told.

        They are those of messages planned since a moment that are edited, as far as they were
        announced since then, too (others are posted on request alone), and those that people
        follow, however old.
        """
        return await self._database.read(
            select,
            ArxivId,
            f"""
            SELECT arxiv_id FROM followed_paper WHERE arxiv_id > :after
            UNION SELECT arxiv_id FROM announcement
            WHERE announced_on >= :day AND +arxiv_id > :after  -- by the date, not the identifier
                AND EXISTS (SELECT 1 FROM delivered_paper JOIN delivery ON id = delivery_id
                    WHERE delivered_paper.arxiv_id = announcement.arxiv_id AND NOT is_offered
                        AND state = 'sent' AND {_HAS_BODY} AND planned_at >= :since
                        AND EXISTS (SELECT 1 FROM subscription
                            WHERE {SUBSCRIPTION_OF_DELIVERY} AND updates))
            ORDER BY arxiv_id LIMIT :limit
            """,
            {
                "since": moment_text(since),
                "day": since.date().isoformat(),
                "after": after,
                "limit": limit,
            },
        )

    async def load(self, delivery_ids: Collection[int]) -> list[MessageToAmend]:
        """Read these messages with their papers and all updates of those."""
        return await self._database.read(_load, delivery_ids)

    async def plan(self, edits: Sequence[PlannedEdit], now: datetime) -> int:
        """Plan edits; one of no newer revision changes nothing. Returns how many are new."""
        return await self._database.write(_plan, edits, now)

    async def settle_pending(self, numbers: Collection[int]) -> None:
        """Note that the messages of these updates are planned."""
        await self._database.write(
            change,
            "UPDATE paper_update SET is_pending = 0 "
            "WHERE number IN (SELECT value FROM json_each(?))",
            (json_array(numbers),),
        )

    async def list_due(self, now: datetime, since: datetime, limit: int) -> list[DueEdit]:
        """List edits that may be made now, of messages planned since a moment.

        Those of paused digests wait, and those of digests that want none are not made.
        """
        parameters = {"now": moment_text(now), "since": moment_text(since), "limit": limit}
        return await self._database.read(_list_due, parameters)

    async def claim(self, edit: DueEdit, seen: str, not_before: datetime, now: datetime) -> bool:
        """Note that an edit may arrive from now on; False when there is a newer one by now.

        ``seen`` is the body that Discord has now. The edit is made again after ``not_before``
        unless its outcome is known by then.
        """
        return await self._change(
            "UPDATE edit SET tried = payload, done = :seen, attempts = attempts + 1, "
            "not_before = :not_before, changed_at = :now "
            "WHERE delivery_id = :id AND revision = :revision AND state = 'planned'",
            edit,
            now,
            not_before=moment_text(not_before),
            seen=seen,
        )

    async def mark_done(self, edit: DueEdit, now: datetime) -> bool:
        """Note that Discord has this revision; a newer one stays planned."""
        return await self._database.write(_mark_done, edit, now)

    async def put_off(
        self, edit: DueEdit, not_before: datetime, reason: Reason | None, now: datetime
    ) -> bool:
        """Note that an edit was not made, and when it is tried again."""
        return await self._change(
            f"UPDATE edit SET not_before = :not_before, attempts = attempts + 1, "
            f"changed_at = :now, {SET_REASON} WHERE delivery_id = :id AND state = 'planned'",
            edit,
            now,
            reason,
            not_before=moment_text(not_before),
        )

    async def leave(self, edit: DueEdit, reason: Reason | None, now: datetime) -> bool:
        """Note that a message is left as it is; a newer revision changes nothing about it."""
        return await self._change(
            f"UPDATE edit SET state = 'left', changed_at = :now, {SET_REASON}, "
            f"payload = '', tried = NULL, done = NULL "
            f"WHERE delivery_id = :id AND state = 'planned'",
            edit,
            now,
            reason,
        )

    async def forget(self, before: date) -> None:
        """Forget updates noted before a date."""
        await self._database.write(
            change,
            "DELETE FROM paper_update WHERE noted_on < :day AND is_pending = 0",
            {"day": before.isoformat()},
        )

    async def _change(
        self,
        sql: str,
        edit: DueEdit,
        now: datetime,
        reason: Reason | None = None,
        **more: object,
    ) -> bool:
        parameters = {**_names(edit, now, reason), **more}
        return await self._database.write(change, sql, parameters) > 0


def _names(edit: DueEdit, now: datetime, reason: Reason | None = None) -> dict[str, object]:
    return {
        "id": edit.delivery_id,
        "revision": edit.revision,
        "now": moment_text(now),
        **reason_parameters(reason),
    }


_PACKED = "(SELECT packed FROM body WHERE delivery_id = delivery.id)"
_HAS_BODY = "(payload <> '' OR EXISTS (SELECT 1 FROM body WHERE delivery_id = delivery.id))"
_UPDATE = "number, paper_update.arxiv_id, kind, text, source, noted_on"
_PENDING = "SELECT number, arxiv_id FROM paper_update WHERE is_pending = 1 ORDER BY number LIMIT ?"


def _load(connection: sqlite3.Connection, delivery_ids: Collection[int]) -> list[MessageToAmend]:
    parameters = {"ids": json_array(delivery_ids)}
    among = "delivery_id IN (SELECT value FROM json_each(:ids))"
    papers: dict[int, list[Shown]] = {}
    for delivery_id, *paper in select_rows(
        connection,
        f"SELECT delivery_id, arxiv_id, version FROM delivered_paper WHERE {among} "
        f"AND NOT is_offered",
        parameters,
    ):
        papers.setdefault(delivery_id, []).append(Shown(*paper))
    updates: dict[int, list[NotedUpdate]] = {}
    for delivery_id, *row in select_rows(
        connection,
        f"SELECT delivery_id, {_UPDATE} FROM delivered_paper JOIN paper_update USING (arxiv_id) "
        f"WHERE {among} AND NOT is_offered AND noted_on IS NOT NULL ORDER BY number",
        parameters,
    ):
        if (update := read_update(tuple(row))) is not None:
            updates.setdefault(delivery_id, []).append(update)
    return [
        MessageToAmend(
            delivery_id=delivery_id,
            style=style,
            payload=body,
            known_update=known,
            papers=tuple(papers.get(delivery_id, ())),
            updates=tuple(updates.get(delivery_id, ())),
        )
        for delivery_id, style, payload, packed, sha256, known in select_rows(
            connection,
            f"SELECT id, style, payload, {_PACKED}, payload_sha256, known_update FROM delivery "
            "WHERE id IN (SELECT value FROM json_each(:ids)) ORDER BY id",
            parameters,
        )
        # A damaged one stays as it was posted.
        if sha256_of(body := read_body(connection, payload, packed)) == sha256
    ]


def _list_due(connection: sqlite3.Connection, parameters: Parameters) -> list[DueEdit]:
    due = select_pairs(
        connection,
        bytes,
        DueEdit,
        f"""
        SELECT {_PACKED}, delivery_id, guild_id, channel_id,
            coalesce(thread_id, channel_id) AS target_id, message_id, style,
            delivery.payload AS base, edit.payload AS payload, revision,
            coalesce(tried, '') AS tried, coalesce(done, '') AS done, edit.attempts AS attempts
        FROM edit JOIN delivery ON delivery.id = delivery_id
        WHERE edit.state = 'planned'
            AND (edit.not_before <= :now OR edit.changed_at > :now)
            AND delivery.state = 'sent' AND message_id IS NOT NULL AND planned_at >= :since
            AND EXISTS (SELECT 1 FROM subscription WHERE {SUBSCRIPTION_OF_DELIVERY}
                AND subscription.state = 'active' AND updates)
        ORDER BY edit.not_before, delivery_id LIMIT :limit
        """,
        parameters,
    )
    return [replace(edit, base=read_body(connection, edit.base, packed)) for packed, edit in due]


def read_update(row: Row) -> NotedUpdate | None:
    """Read an update; None where a later version wrote a kind that is not known here."""
    number, arxiv_id, kind, text, source, noted_on = row
    day = read_day(noted_on)
    if kind not in KINDS or day is None:
        return None
    update = Update(kind=UpdateKind(kind), text=text, source=source)
    return NotedUpdate(number=number, arxiv_id=arxiv_id, update=update, noted_on=day)


def _plan(connection: sqlite3.Connection, edits: Sequence[PlannedEdit], now: datetime) -> int:
    return sum(
        change(
            connection,
            """
            INSERT INTO edit (delivery_id, revision, payload, state, not_before, changed_at)
            VALUES (:id, :revision, :payload, 'planned', :now, :now)
            ON CONFLICT DO UPDATE SET revision = excluded.revision, payload = excluded.payload,
                state = 'planned', changed_at = :now, done = coalesce(:done, done), packed = NULL,
                -- One that may still arrive is waited for.
                not_before = iif(state = 'planned', not_before, :now)
            WHERE excluded.revision > edit.revision AND state <> 'left'
            """,
            {
                "id": edit.delivery_id,
                "revision": edit.revision,
                "payload": edit.payload,
                "done": _read_done(connection, edit.delivery_id),
                "now": moment_text(now),
            },
        )
        for edit in edits
    )


def _mark_done(connection: sqlite3.Connection, edit: DueEdit, now: datetime) -> bool:
    changed = change(
        connection,
        f"""
        UPDATE edit SET done = :payload, done_revision = :revision, changed_at = :now,
            attempts = 0, state = iif(revision = :revision, 'done', 'planned'),
            not_before = iif(revision = :revision, not_before, :now), {SET_REASON}
        WHERE delivery_id = :id AND done_revision <= :revision
        """,
        {**_names(edit, now), "payload": edit.payload},
    )
    # Until more becomes known of its papers, the body is only what the next one is compared with.
    connection.execute(
        "UPDATE edit SET packed = :packed, payload = '', tried = NULL, done = NULL "
        "WHERE delivery_id = :id AND state = 'done' AND done_revision = :revision",
        {
            "id": edit.delivery_id,
            "revision": edit.revision,
            "packed": pack(edit.payload, edit.base),
        },
    )
    return changed > 0


def _read_done(connection: sqlite3.Connection, delivery_id: int) -> str | None:
    """Read the body of an edit that is made; None where there is none, or it is not packed."""
    for packed, payload, packed_base in select_rows(
        connection,
        f"SELECT edit.packed, delivery.payload, {_PACKED} "
        "FROM edit JOIN delivery ON delivery.id = delivery_id "
        "WHERE delivery_id = ? AND edit.packed IS NOT NULL",
        (delivery_id,),
    ):
        return unpack(packed, read_body(connection, payload, packed_base))
    return None
