"""What was decided for each channel and announcement date, posted or not."""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Final

from bot.digest.due import PATIENCE
from bot.digest.messages import MessageDraft
from bot.digest.models import Cadence, Subscription
from bot.models import ArxivId
from bot.store.outbox.bodies import Bodies
from bot.store.outbox.once import is_held_elsewhere, leave
from bot.store.outbox.outbox import CHANNELS_AT_ONCE
from bot.store.outbox.plans import plan_messages
from bot.store.sqlite.executor import Database
from bot.store.sqlite.statements import (
    LONG_AGO,
    change,
    json_arrays,
    read_day,
    read_moment,
    select,
    select_rows,
)

COLUMNS: Final = (
    "channel_id, announced_on, decided_at, announced, matching, planned, cadence, offered, settings"
)

NOTHING_LEFT: Final[Mapping[ArxivId, int]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestRecord:
    """One decision: ``planned`` of ``announced`` papers were chosen for the channel so far.

    ``matching`` of them match a topic; None where there were no topics, or it was not counted.
    ``offered`` are behind a button of the digest.
    """

    channel_id: int
    announced_on: date
    decided_at: datetime
    announced: int
    planned: int
    matching: int | None = None
    settings: str | None = None
    """With which it was decided (`bot.digest.decided`)."""
    cadence: Cadence = Cadence.DAY
    offered: int = 0

    @property
    def is_unmatched(self) -> bool:
        """Whether papers were announced for the channel, and none of them matched a topic."""
        return self.matching == 0 and not self.planned and self.announced > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingTimes:
    """When a listing was first stored, when it last grew, and whether it seems to be a part.

    ``number`` counts listings in the order in which they were first stored.
    """

    number: int
    stored_at: datetime
    updated_at: datetime
    is_growing: bool = False

    def ready_at(self, now: datetime) -> datetime | None:
        """From when on a digest may use it; None while the rest of a part is waited for."""
        if self.is_growing and now < self.stored_at + PATIENCE:
            return None
        return self.stored_at


class Digests:
    """The store's record of decided digests, and of the listings they were decided from."""

    def __init__(self, database: Database, bodies: Bodies) -> None:
        self._database = database
        self._bodies = bodies

    async def record(
        self,
        channel_id: int,
        announced_on: date,
        *,
        announced: int,
        planned: int,
        matching: int | None = None,
        now: datetime,
    ) -> None:
        """Remember that a digest was decided now; ``planned`` comes on top of earlier papers."""
        decided = DigestRecord(
            channel_id=channel_id,
            announced_on=announced_on,
            decided_at=now,
            announced=announced,
            planned=planned,
            matching=matching,
        )
        await self._database.write(_record, decided)

    async def plan(
        self,
        subscription: Subscription,
        drafts: Sequence[MessageDraft],
        decided: DigestRecord,
        *,
        follow: int,
        thread_name: str,
        known_update: int,
        now: datetime,
        tells_news: bool = False,
        left: Mapping[ArxivId, int] = NOTHING_LEFT,
    ) -> int:
        """Plan a digest's messages as `Outbox.plan` does, and record the decision with them.

        Digests that are planned at the same moment share a transaction: they change much of the
        same pages.
        What was not planned because another planner was faster is not recorded either. With
        ``tells_news`` its person is told all updates of followed papers up to ``known_update``.
        ``left`` are papers that it leaves to other channels, and to which.
        """
        return await self._database.write_together(
            _plan,
            self._bodies,
            subscription,
            drafts,
            decided,
            follow,
            thread_name,
            known_update,
            now,
            tells_news,
            left,
        )

    async def note_quiet(self, records: Sequence[DigestRecord]) -> None:
        """Remember digests that have nothing to tell."""
        await self._database.write(_note_quiet, records)

    async def list_of(
        self, channel_ids: Collection[int], day: date, cadence: Cadence = Cadence.DAY
    ) -> Mapping[tuple[int, date], DigestRecord]:
        """List what was decided for channels of ``day`` and later, by channel and date."""
        found: dict[tuple[int, date], DigestRecord] = {}
        for ids in json_arrays(channel_ids, CHANNELS_AT_ONCE):
            page = await self._database.read(
                select,
                DigestRecord,
                f"SELECT {COLUMNS} FROM digest "
                "WHERE channel_id IN (SELECT value FROM json_each(:ids)) "
                "AND cadence = :cadence AND announced_on >= :day",
                {"ids": ids, "cadence": cadence.value, "day": day.isoformat()},
            )
            found |= {(each.channel_id, each.announced_on): each for each in page}
        return found

    async def listings_since(self, day: date) -> Mapping[tuple[str, date], ListingTimes]:
        """Every listing stored for ``day`` or later, by category and date."""
        return await self._database.read(_listings_since, day)


def _plan(
    connection: sqlite3.Connection,
    bodies: Bodies,
    subscription: Subscription,
    drafts: Sequence[MessageDraft],
    decided: DigestRecord,
    follow: int,
    thread_name: str,
    known_update: int,
    now: datetime,
    tells_news: bool,
    left: Mapping[ArxivId, int],
) -> int:
    if is_held_elsewhere(connection, subscription, drafts, decided.cadence):
        return 0  # decided again at the next tick
    planned = plan_messages(
        connection,
        bodies,
        subscription,
        decided.announced_on,
        drafts,
        thread_name,
        known_update,
        decided.cadence,
        follow,
        now,
    )
    if planned or not drafts:
        _record(connection, decided)
        if decided.cadence is Cadence.DAY:
            leave(connection, subscription.channel_id, decided.announced_on, left)
    if planned and tells_news:
        connection.execute(
            "UPDATE followed_paper SET told_update = :known "
            "WHERE user_id = :user_id AND told_update < :known",
            {"known": known_update, "user_id": subscription.user_id},
        )
    return planned


def _note_quiet(connection: sqlite3.Connection, records: Sequence[DigestRecord]) -> None:
    for record in records:
        _record(connection, record)


def _record(connection: sqlite3.Connection, decided: DigestRecord) -> None:
    """Remember a decision; what it ``planned`` comes on top of earlier ones."""
    change(
        connection,
        """
        INSERT INTO digest (channel_id, cadence, announced_on, decided_at, announced, matching,
            planned, offered, settings)
        VALUES (:channel_id, :cadence, :day, :now, :announced, :matching, :planned, :offered,
            :settings)
        ON CONFLICT DO UPDATE SET decided_at = excluded.decided_at,
            announced = excluded.announced, matching = excluded.matching,
            planned = planned + excluded.planned, offered = excluded.offered,
            settings = excluded.settings
        """,
        {
            "channel_id": decided.channel_id,
            "day": decided.announced_on.isoformat(),
            "now": decided.decided_at.isoformat(),
            "announced": decided.announced,
            "matching": decided.matching,
            "planned": decided.planned,
            "settings": decided.settings,
            "cadence": decided.cadence.value,
            "offered": decided.offered,
        },
    )


def _listings_since(
    connection: sqlite3.Connection, day: date
) -> dict[tuple[str, date], ListingTimes]:
    rows = select_rows(
        connection,
        """
        SELECT number, listing.category, announced_on, stored_at, updated_at,
            verdict IS 'growing'
        FROM listing LEFT JOIN intake_day
            ON intake_day.category = listing.category AND day = announced_on
        WHERE announced_on >= :day
        """,
        {"day": day.isoformat()},
    )
    # Without its times a listing is one that was there long ago: it is used all the same.
    return {
        (category, announced_on): ListingTimes(
            number=number,
            stored_at=read_moment(stored_at) or LONG_AGO,
            updated_at=read_moment(updated_at) or LONG_AGO,
            is_growing=bool(is_growing),
        )
        for number, category, text, stored_at, updated_at, is_growing in rows
        if (announced_on := read_day(text)) is not None
    }
