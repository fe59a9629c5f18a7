"""What arrived in the channels, what waits and what was lost: for people who ask about it."""

from collections.abc import Collection, Sequence
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Final

from bot.digest.arrival import PastDigest, Queue
from bot.digest.messages import DeliveryState
from bot.digest.models import Cadence
from bot.digest.select import DeliveryStatus
from bot.models import ArxivId
from bot.store.outbox.records import OPEN
from bot.store.sqlite.executor import Database
from bot.store.sqlite.reasons import read_reason
from bot.store.sqlite.statements import (
    LONG_AGO,
    Row,
    json_array,
    read_day,
    read_moment,
    select,
    select_rows,
)

_OF_FIRST: Final = """
    (SELECT first.{} FROM delivery AS first
        WHERE first.channel_id = digest.channel_id AND first.announced_on = digest.announced_on
            AND first.cadence = digest.cadence AND state = 'sent' AND message_id IS NOT NULL
        ORDER BY part LIMIT 1)
"""


class Arrivals:
    """The outbox as people see it who wait for something."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_queues(self) -> list[Queue]:
        """List what is to be sent, by channel, in the order in which delivery takes its turns."""
        open_messages = await self._database.read(
            select_rows,
            f"""
            SELECT channel_id, planned_at, id, announced_on, not_before, reason, reason_details,
                NOT EXISTS (SELECT 1 FROM subscription
                    WHERE subscription.channel_id = delivery.channel_id AND state = 'active')
            FROM delivery WHERE {OPEN} ORDER BY channel_id, announced_on, part
            """,
        )
        groups = [list(group) for _, group in groupby(open_messages, key=itemgetter(0))]
        return [_queue(group) for group in sorted(groups, key=lambda group: group[0][1:3])]

    async def list_digests(self, channel_id: int, limit: int) -> list[PastDigest]:
        """List a channel's last digests, the newest first."""
        # A message that was split is none: its papers are in others.
        return await self._database.read(
            select,
            PastDigest,
            f"""
            SELECT digest.announced_on, digest.cadence, announced, matching, planned, offered,
                count(delivery.id) AS messages, coalesce(sum(state = 'sent'), 0) AS sent,
                {_OF_FIRST.format("message_id")} AS first_message_id,
                {_OF_FIRST.format("thread_id")} AS first_thread_id
            FROM digest LEFT JOIN delivery ON delivery.channel_id = digest.channel_id
                AND delivery.announced_on = digest.announced_on
                AND delivery.cadence = digest.cadence
                AND (settled_at IS NULL OR EXISTS
                    (SELECT 1 FROM delivered_paper WHERE delivery_id = delivery.id))
            WHERE digest.channel_id = :channel_id
            GROUP BY digest.announced_on, digest.cadence
            ORDER BY digest.announced_on DESC, digest.cadence LIMIT :limit
            """,
            {"channel_id": channel_id, "limit": limit},
        )

    async def list_days(
        self, arxiv_id: ArxivId, categories: Collection[str], limit: int
    ) -> list[date]:
        """List the last dates on which these categories announced a paper, the newest first."""
        return await self._database.read(
            select,
            date,
            """
            SELECT DISTINCT announced_on FROM announcement
            WHERE arxiv_id = :arxiv_id
                AND category IN (SELECT value FROM json_each(:categories))
            ORDER BY announced_on DESC LIMIT :limit
            """,
            {"arxiv_id": arxiv_id, "categories": json_array(categories), "limit": limit},
        )

    async def find_statuses(
        self,
        channel_id: int,
        arxiv_ids: Collection[ArxivId],
        cadence: Cadence = Cadence.DAY,
    ) -> dict[ArxivId, DeliveryStatus]:
        """Find what became of planned papers; those that were posted are left out."""
        found = await self._database.read(
            select_rows,
            """
            SELECT arxiv_id, state, settled_at IS NOT NULL, max(version)
            FROM delivered_paper JOIN delivery ON delivery.id = delivery_id
            WHERE delivered_paper.channel_id = :channel_id
                AND delivered_paper.cadence = :cadence
                AND arxiv_id IN (SELECT value FROM json_each(:ids))
            GROUP BY arxiv_id
            """,
            {
                "channel_id": channel_id,
                "ids": json_array(arxiv_ids),
                "cadence": cadence.value,
            },
        )
        statuses = ((row[0], _status(DeliveryState(row[1]), row[2])) for row in found)
        return {arxiv_id: status for arxiv_id, status in statuses if status is not None}

    async def find_days(
        self,
        channel_id: int,
        arxiv_ids: Collection[ArxivId],
        cadence: Cadence = Cadence.DAY,
    ) -> dict[ArxivId, set[date]]:
        """Find by paper the dates whose messages carried it to the channel."""
        found = await self._database.read(
            select_rows,
            """
            SELECT arxiv_id, announced_on FROM delivered_paper
            JOIN delivery ON delivery.id = delivery_id
            WHERE delivered_paper.channel_id = :channel_id
                AND delivered_paper.cadence = :cadence
                AND arxiv_id IN (SELECT value FROM json_each(:ids))
            """,
            {
                "channel_id": channel_id,
                "ids": json_array(arxiv_ids),
                "cadence": cadence.value,
            },
        )
        days: dict[ArxivId, set[date]] = {}
        for arxiv_id, announced_on in found:
            if (day := read_day(announced_on)) is not None:
                days.setdefault(arxiv_id, set()).add(day)
        return days


def _queue(rows: Sequence[Row]) -> Queue:
    channel_id, _, _, _, not_before, reason, details, is_on_hold = rows[0]
    return Queue(
        channel_id=channel_id,
        messages=len(rows),
        days=tuple(sorted({day for row in rows if (day := read_day(row[3]))})),
        not_before=read_moment(not_before) or LONG_AGO,
        reason=read_reason(reason, details),
        is_on_hold=bool(is_on_hold),
    )


def _status(state: DeliveryState, is_settled: bool) -> DeliveryStatus | None:
    match state:
        case DeliveryState.SENT:
            return None
        case DeliveryState.FAILED | DeliveryState.UNKNOWN if is_settled:
            return DeliveryStatus.LEFT
        case DeliveryState.FAILED:
            return DeliveryStatus.FAILED
        case DeliveryState.UNKNOWN:
            return DeliveryStatus.UNKNOWN
        case _:
            return DeliveryStatus.ON_ITS_WAY
