"""The outbox: every message to Discord is a row here first (docs/decisions/0003-outbox.md).

    plan    -> planned                    all messages of a digest, one transaction (plans.py)
    claim   planned -> sending            the channel's next message, for the one who sends it
    mark_*  sending -> sent, planned again, failed or unknown

The schema itself refuses any other step, keeps the history and freezes the payload, so whatever
this module does wrong cannot post a paper twice.
"""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple

from bot.digest.messages import DeliveryRecord, DeliveryState, Instant, MessageDraft, PostedMessage
from bot.digest.models import Cadence, Reason, ReasonCode, Subscription
from bot.models import ArxivId
from bot.store.outbox.bodies import Bodies
from bot.store.outbox.plans import plan_messages, split_message
from bot.store.outbox.records import (
    COLUMNS,
    OPEN,
    SET_REASON,
    SET_REASON_BEFORE,
    SUBSCRIPTION_OF_DELIVERY,
    THREAD_OF_POSTED,
    TROUBLE,
    list_records,
    moment_text,
    read_record,
)
from bot.store.outbox.threads import find_new_starter, lose_starter, refuse_thread
from bot.store.sqlite.executor import Database
from bot.store.sqlite.reasons import reason_column, reason_parameters
from bot.store.sqlite.statements import (
    Parameters,
    change,
    json_array,
    json_arrays,
    read_day,
    read_moment,
    select,
    select_one,
    select_rows,
)

CHANNELS_AT_ONCE: Final = 2000
"""Whose decisions or dates are read together; each has some."""

ABANDONED = Reason(code=ReasonCode.SUBSCRIPTION_DELETED)

HEAD_OF_CHANNEL = f"""
    SELECT id FROM delivery
    WHERE channel_id = :channel_id AND {OPEN}
    ORDER BY announced_on, starter_id IS NOT NULL, part LIMIT 1
"""

# A row that came into its state in the future was written by a clock that was ahead. A time that
# cannot be read holds up nothing: what is wrong with the row is found out when it is claimed.
IS_TIME = "(not_before <= :now OR changed_at > :now OR julianday(not_before) IS NULL)"

DUE = f"""
    FROM delivery AS due
    WHERE {OPEN} AND state = 'planned' AND {IS_TIME}
        AND id = ({HEAD_OF_CHANNEL.replace(":channel_id", "due.channel_id")})
        AND EXISTS (SELECT 1 FROM subscription
            WHERE subscription.channel_id = due.channel_id AND state = 'active')
"""


class DueChannel(NamedTuple):
    """A channel with a message that may be sent now."""

    guild_id: int
    channel_id: int


class Parts(NamedTuple):
    """A channel's messages of a date: of ``all`` cadences, ``own`` ones of the asked one.

    ``has_digest`` says whether one of the own is of another style than the excepted one.
    """

    all: int = 0
    own: int = 0
    has_digest: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryEvent:
    """One step in the life of a message; the first has no ``from_state``."""

    at: datetime
    from_state: DeliveryState | None
    to_state: DeliveryState
    reason: Reason | None


class Outbox:
    """The messages that are to be posted, were posted, or could not be."""

    def __init__(self, database: Database, bodies: Bodies) -> None:
        self._database = database
        self._bodies = bodies

    async def plan(
        self,
        subscription: Subscription,
        announced_on: date,
        drafts: Sequence[MessageDraft],
        *,
        now: datetime,
        thread_name: str = "",
        known_update: int | None = None,
        cadence: Cadence = Cadence.DAY,
        follow: int | None = None,
    ) -> int:
        """Plan all ``drafts`` or none; their parts follow those the date already has.

        ``thread_name`` is what a thread or post is called where the subscription has its messages
        in one; those of a date and ``cadence`` are in the same. ``known_update`` is the number of
        the last update that was stored when the papers were read; None: all that there are.
        ``follow`` is how many messages the date had when these were made, if that matters.

        Returns how many messages were planned: 0 when a paper of them is planned for the channel
        already or its date has other messages than these follow (another planner was faster: decide
        again), or when the subscription is gone.
        Raises `StoreError` while a database that was restored is not compared with the channels.
        """
        return await self._database.write(
            plan_messages,
            self._bodies,
            subscription,
            announced_on,
            drafts,
            thread_name,
            known_update,
            cadence,
            follow,
            now,
        )

    async def list_dates_of(
        self, channel_ids: Collection[int], since: date
    ) -> set[tuple[int, date]]:
        """List the dates, from ``since`` on, of which channels have any message of a daily digest.

        Each with its channel.
        """
        found: set[tuple[int, date]] = set()
        for ids in json_arrays(channel_ids, CHANNELS_AT_ONCE):
            rows = await self._database.read(
                select_rows,
                "SELECT DISTINCT channel_id, announced_on FROM delivery "
                "WHERE channel_id IN (SELECT value FROM json_each(:ids)) "
                "AND announced_on >= :day AND cadence = 'day'",
                {"ids": ids, "day": since.isoformat()},
            )
            found |= {(channel_id, on) for channel_id, text in rows if (on := read_day(text))}
        return found

    async def list_due(self, now: datetime, at_most: int = -1) -> list[DueChannel]:
        """List the channels whose next message may be sent now, longest waiting first.

        All of them, or ``at_most`` so many.
        """
        sql = f"SELECT guild_id, channel_id {DUE} ORDER BY planned_at, id LIMIT :at_most"
        values = {"now": moment_text(now), "at_most": at_most}
        return await self._database.read(select, DueChannel, sql, values)

    async def due_since(self, now: datetime) -> datetime | None:
        """Return since when the message could be sent that waits longest; None when none waits."""
        sql = f"SELECT min(max(planned_at, not_before)) {DUE}"
        return read_moment(
            await self._database.read(select_one, str, sql, {"now": moment_text(now)})
        )

    async def claim(
        self, channel_id: int, now: datetime, at: Instant | None = None
    ) -> DeliveryRecord | None:
        """Take the channel's next message for sending; None when there is nothing to do now.

        A message is next when every earlier one of the channel is sent or terminal. ``at`` is the
        present by the host's clocks: it counts as the time of the first try.
        """
        parameters = {
            "channel_id": channel_id,
            "now": moment_text(now),
            "boot": at.boot if at else None,
            "up_s": at.up_s if at else None,
        }
        return await self._database.write_together(_claim, parameters)

    async def count_attempt(self, delivery_id: int) -> bool:
        """Note that a message of unknown outcome is sent again with the same nonce."""
        sql = "UPDATE delivery SET attempts = attempts + 1 WHERE id = :id AND state = 'sending'"
        return await self._change(sql, {"id": delivery_id}) > 0

    async def mark_sent(
        self,
        delivery_id: int,
        message_id: int | None,
        now: datetime,
        reason: Reason | None = None,
        *,
        thread_id: int | None = None,
    ) -> bool:
        """Note that Discord has the message; ``message_id`` is None when it was deleted since.

        ``thread_id`` is where it was found, if not in the thread of its starter.
        """
        return await self._finish(
            delivery_id,
            DeliveryState.SENT,
            now,
            reason=reason,
            message_id=message_id,
            thread_id=thread_id,
        )

    async def mark_planned_again(
        self, delivery_id: int, not_before: datetime, reason: Reason | None, now: datetime
    ) -> bool:
        """Note that Discord certainly did not take the message; it is sent after ``not_before``."""
        return await self._finish(
            delivery_id, DeliveryState.PLANNED, now, reason=reason, not_before=not_before
        )

    async def mark_failed(self, delivery_id: int, reason: Reason | None, now: datetime) -> bool:
        """Note that Discord refused the message for good."""
        return await self._finish(delivery_id, DeliveryState.FAILED, now, reason=reason)

    async def refuse_channel(self, delivery_id: int, reason: Reason | None, now: datetime) -> bool:
        """Note that Discord refuses the channel: pause its subscription, cancel what is planned."""
        return await self._database.write(_refuse_channel, delivery_id, reason, now)

    async def note_thread(self, starter_id: int) -> None:
        """Note that the thread of a message is there; nothing is sent into it before."""
        sql = "UPDATE delivery SET has_thread = 1 WHERE id = :id AND has_thread IS NOT 1"
        await self._database.write_together(change, sql, {"id": starter_id})

    async def refuse_thread(self, delivery_id: int, reason: Reason, now: datetime) -> bool:
        """Note that a thread takes no messages: cancel what was to go into it."""
        parameters = {"id": delivery_id, "now": moment_text(now), **reason_parameters(reason)}
        return await self._database.write(refuse_thread, delivery_id, reason, parameters)

    async def start_over(self, delivery_id: int, reason: Reason | None, now: datetime) -> bool:
        """Note that no thread can be made of a message's starter: it gets another, or is one."""
        return await self._database.write(_start_over, delivery_id, reason, now)

    async def split(
        self, delivery_id: int, drafts: Sequence[MessageDraft], reason: Reason | None, now: datetime
    ) -> bool:
        """Note that Discord refused a message as it is; plan its papers again as ``drafts``.

        The refused message needs no admin: its papers are in the new ones.
        """
        return await self._database.write(
            split_message, self._bodies, delivery_id, drafts, reason, now
        )

    async def cancel_orphans(self, now: datetime) -> int:
        """Fail what is planned for subscriptions that were deleted; returns how many."""
        return await self._change(
            f"""
            UPDATE delivery SET state = 'failed', changed_at = :now, {SET_REASON}
            WHERE {OPEN} AND state = 'planned' AND NOT EXISTS
                (SELECT 1 FROM subscription WHERE {SUBSCRIPTION_OF_DELIVERY})
            """,
            {"now": moment_text(now), **reason_parameters(ABANDONED)},
        )

    async def give_up(self, planned_before: datetime, now: datetime) -> int:
        """Fail what could not be posted for too long, with the last reason; returns how many."""
        return await self._change(
            f"""
            UPDATE delivery SET state = 'failed', changed_at = :now, {SET_REASON_BEFORE}
            WHERE {OPEN} AND state = 'planned' AND planned_at < :planned_before
            """,
            {
                "now": moment_text(now),
                "planned_before": moment_text(planned_before),
                "reason": ReasonCode.GIVEN_UP.value,
            },
        )

    async def mark_unknown(self, delivery_id: int, reason: Reason | None, now: datetime) -> bool:
        """Note that it cannot be found out whether Discord has the message: an admin is asked."""
        return await self._finish(delivery_id, DeliveryState.UNKNOWN, now, reason=reason)

    async def list_sending(self) -> list[DeliveryRecord]:
        """List the messages that may or may not have arrived, oldest claim first."""
        return await self._list(f"{OPEN} AND state = 'sending'", {})

    async def get(self, delivery_id: int) -> DeliveryRecord | None:
        """Read a message as it is now."""
        return next(iter(await self._list("id = :id", {"id": delivery_id})), None)

    async def list_deliveries(
        self, channel_id: int, announced_on: date | None = None
    ) -> list[DeliveryRecord]:
        """List a channel's messages, of one date or all, in the order of posting."""
        return await self._list(
            "channel_id = :channel_id AND (:day IS NULL OR announced_on = :day)",
            {"channel_id": channel_id, "day": announced_on and announced_on.isoformat()},
        )

    async def list_papers(self, delivery_id: int) -> list[tuple[ArxivId, int]]:
        """List the papers of a message with their versions, in no particular order."""
        return await self._database.read(
            select_rows,
            "SELECT arxiv_id, version FROM delivered_paper "
            "WHERE delivery_id = :id AND NOT is_offered",
            {"id": delivery_id},
        )

    async def list_history(self, delivery_id: int) -> list[DeliveryEvent]:
        """List the steps a message took, oldest first."""
        return await self._database.read(
            select,
            DeliveryEvent,
            f"SELECT at, from_state, to_state, "
            f"{reason_column('reason', 'reason_details')} AS reason FROM delivery_history "
            f"WHERE delivery_id = :id ORDER BY rowid",
            {"id": delivery_id},
        )

    async def delivered_versions(
        self,
        channel_id: int,
        arxiv_ids: Collection[ArxivId],
        cadence: Cadence = Cadence.DAY,
    ) -> dict[ArxivId, int]:
        """Return the highest version of each paper that is planned, posted or offered there."""
        found = await self._database.read(
            select_rows,
            "SELECT arxiv_id, max(version) FROM delivered_paper "
            "WHERE channel_id = :channel_id AND cadence = :cadence "
            "AND arxiv_id IN (SELECT value FROM json_each(:ids)) GROUP BY arxiv_id",
            {
                "channel_id": channel_id,
                "cadence": cadence.value,
                "ids": json_array(arxiv_ids),
            },
        )
        return dict(found)

    async def delivered_anywhere(
        self,
        arxiv_ids: Collection[ArxivId],
        cadence: Cadence = Cadence.DAY,
        *,
        among: Collection[int] | None = None,
    ) -> dict[int, dict[ArxivId, int]]:
        """Return by channel what `delivered_versions` does, for all or ``among`` some channels."""
        found = await self._database.read(
            select_rows,
            "SELECT channel_id, arxiv_id, max(version) FROM delivered_paper "
            f"WHERE {_within(among)} arxiv_id IN (SELECT value FROM json_each(:ids)) "
            "AND cadence = :cadence GROUP BY channel_id, arxiv_id",
            _told(arxiv_ids, cadence, among),
        )
        delivered: dict[int, dict[ArxivId, int]] = {}
        for channel_id, arxiv_id, version in found:
            delivered.setdefault(channel_id, {})[arxiv_id] = version
        return delivered

    async def find_offered(
        self,
        arxiv_ids: Collection[ArxivId],
        cadence: Cadence = Cadence.DAY,
        *,
        among: Collection[int] | None = None,
    ) -> dict[int, set[ArxivId]]:
        """Find by channel the papers that were offered there and never posted."""
        found = await self._database.read(
            select_rows,
            "SELECT channel_id, arxiv_id FROM delivered_paper "
            f"WHERE {_within(among)} arxiv_id IN (SELECT value FROM json_each(:ids)) "
            "AND cadence = :cadence GROUP BY channel_id, arxiv_id HAVING min(is_offered)",
            _told(arxiv_ids, cadence, among),
        )
        offered: dict[int, set[ArxivId]] = {}
        for channel_id, arxiv_id in found:
            offered.setdefault(channel_id, set()).add(arxiv_id)
        return offered

    async def count_parts(
        self,
        channel_ids: Collection[int],
        day: date,
        cadence: Cadence = Cadence.DAY,
        *,
        but: str,
    ) -> dict[int, Parts]:
        """Count by channel a date's messages; one of style ``but`` is no digest."""
        found = await self._database.read(
            select_rows,
            """
            SELECT channel_id, count(*), sum(cadence = :cadence),
                max(cadence = :cadence AND style <> :style)
            FROM delivery
            WHERE channel_id IN (SELECT value FROM json_each(:ids)) AND announced_on = :day
            GROUP BY channel_id
            """,
            {
                "ids": json_array(channel_ids),
                "day": day.isoformat(),
                "cadence": cadence.value,
                "style": but,
            },
        )
        return {channel_id: Parts(*counts) for channel_id, *counts in found}

    async def find_messages(
        self, guild_id: int, arxiv_ids: Collection[ArxivId]
    ) -> dict[ArxivId, PostedMessage]:
        """Find where the guild last saw each of these papers."""
        found = await self._database.read(
            select_rows,
            """
            SELECT arxiv_id, delivery.channel_id, message_id, thread_id
            FROM delivered_paper JOIN delivery ON delivery.id = delivery_id
            WHERE arxiv_id IN (SELECT value FROM json_each(:ids))
                AND guild_id = :guild_id AND state = 'sent' AND message_id IS NOT NULL
                AND NOT is_offered
            ORDER BY message_id
            """,
            {"guild_id": guild_id, "ids": json_array(arxiv_ids)},
        )
        return {
            arxiv_id: PostedMessage(
                guild_id=guild_id,
                channel_id=channel_id,
                message_id=message_id,
                thread_id=thread_id,
            )
            for arxiv_id, channel_id, message_id, thread_id in found
        }

    async def _finish(
        self,
        delivery_id: int,
        state: DeliveryState,
        now: datetime,
        *,
        reason: Reason | None,
        message_id: int | None = None,
        thread_id: int | None = None,
        not_before: datetime | None = None,
    ) -> bool:
        """Move a message out of ``sending``; False when it is not there (any more)."""
        changed = await self._database.write_together(
            change,
            f"""
            UPDATE delivery SET state = :state, changed_at = :now, {SET_REASON},
                message_id = :message_id, thread_id = {THREAD_OF_POSTED},
                not_before = coalesce(:not_before, not_before)
            WHERE id = :id AND state = 'sending'
            """,
            {
                "id": delivery_id,
                "state": state.value,
                "now": moment_text(now),
                **reason_parameters(reason),
                "message_id": message_id,
                "thread_id": thread_id,
                "not_before": moment_text(not_before) if not_before else None,
            },
        )
        return changed > 0

    async def _change(self, sql: str, parameters: Mapping[str, object]) -> int:
        """Run one UPDATE; returns how many rows it changed."""
        return await self._database.write_together(change, sql, parameters)

    async def _list(self, where: str, parameters: Parameters) -> list[DeliveryRecord]:
        return await self._database.read(list_records, where, parameters)


def _within(channel_ids: Collection[int] | None) -> str:
    """Return the beginning of a condition that lets an index lead to the channels first."""
    if channel_ids is None:
        return ""
    return "channel_id IN (SELECT value FROM json_each(:channels)) AND"


def _told(
    arxiv_ids: Collection[ArxivId], cadence: Cadence, channel_ids: Collection[int] | None
) -> Mapping[str, object]:
    return {
        "ids": json_array(arxiv_ids),
        "cadence": cadence.value,
        "channels": json_array(channel_ids or ()),
    }


def _claim(
    connection: sqlite3.Connection, parameters: Mapping[str, object]
) -> DeliveryRecord | None:
    for (delivery_id,) in select_rows(
        connection,
        f"SELECT id FROM delivery WHERE id = ({HEAD_OF_CHANNEL}) AND state = 'planned' "
        f"AND starter_id IS NOT NULL",
        parameters,
    ):
        find_new_starter(connection, delivery_id)
    rows = select_rows(
        connection,
        f"""
        UPDATE delivery SET state = 'sending', attempts = attempts + 1,
            claimed_at = :now, claimed_boot = :boot, claimed_up_s = :up_s,
            changed_at = :now, reason = NULL, reason_details = NULL
        WHERE id = ({HEAD_OF_CHANNEL}) AND state = 'planned' AND {IS_TIME}
            AND EXISTS (SELECT 1 FROM subscription
                WHERE {SUBSCRIPTION_OF_DELIVERY} AND subscription.state = 'active')
        RETURNING {COLUMNS}, EXISTS (SELECT 1 FROM delivery AS next
            WHERE channel_id = :channel_id AND {OPEN} AND next.id <> delivery.id)
        """,
        parameters,
    )
    return next((read_record(connection, row[:-1], has_next=bool(row[-1])) for row in rows), None)


def _refuse_channel(
    connection: sqlite3.Connection, delivery_id: int, reason: Reason | None, now: datetime
) -> bool:
    parameters = {"id": delivery_id, "now": moment_text(now), **reason_parameters(reason)}
    if not change(
        connection,
        f"UPDATE delivery SET state = 'failed', changed_at = :now, {SET_REASON} "
        f"WHERE id = :id AND state = 'sending'",
        parameters,
    ):
        return False
    connection.execute(
        f"UPDATE subscription SET state = 'paused', paused_because = :reason, "
        f"paused_details = :details WHERE state = 'active' AND EXISTS "
        f"(SELECT 1 FROM delivery WHERE id = :id AND {SUBSCRIPTION_OF_DELIVERY})",
        parameters,
    )
    connection.execute(
        f"UPDATE delivery SET state = 'failed', changed_at = :now, {SET_REASON} "
        f"WHERE {OPEN} AND state = 'planned' AND channel_id = "
        f"(SELECT channel_id FROM delivery WHERE id = :id)",
        parameters,
    )
    return True


def _start_over(
    connection: sqlite3.Connection, delivery_id: int, reason: Reason | None, now: datetime
) -> bool:
    if not change(
        connection,
        f"UPDATE delivery SET state = 'planned', changed_at = :now, {SET_REASON} "
        f"WHERE id = :id AND state = 'sending'",
        {"id": delivery_id, "now": moment_text(now), **reason_parameters(reason)},
    ):
        return False
    lose_starter(connection, delivery_id)
    find_new_starter(connection, delivery_id)
    return True


def abandon(connection: sqlite3.Connection, channel_id: int, now: datetime) -> None:
    """Close what a channel's removed subscription left: nothing of it is posted any more.

    A person who removes a digest wants no more of it, and a later one has categories and topics of
    its own. So these messages are not kept for `/digest resolve`. Papers that certainly were not
    posted are free again for the later digest. What may have arrived counts as posted.
    """
    parameters = {
        "channel_id": channel_id,
        "now": moment_text(now),
        **reason_parameters(ABANDONED),
    }
    connection.execute(
        f"UPDATE delivery SET state = 'failed', changed_at = :now, {SET_REASON} "
        f"WHERE {OPEN} AND state = 'planned' AND channel_id = :channel_id",
        parameters,
    )
    settled = select_rows(
        connection,
        f"UPDATE delivery SET settled_at = :now, notified_at = coalesce(notified_at, :now), "
        f"{SET_REASON_BEFORE} "
        f"WHERE {TROUBLE} AND settled_at IS NULL AND channel_id = :channel_id RETURNING id, state",
        parameters,
    )
    failed = [id_ for id_, state in settled if state == DeliveryState.FAILED]
    connection.execute(
        "DELETE FROM delivered_paper WHERE delivery_id IN (SELECT value FROM json_each(:failed))",
        {"failed": json_array(failed)},
    )
