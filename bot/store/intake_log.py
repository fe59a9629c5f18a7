"""What is known about each category and date: the judge's records and their history."""

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from bot.models import AnnounceType, ArxivId, DayRecord, Earlier, IntakeVerdict
from bot.store.sqlite.executor import Database
from bot.store.sqlite.statements import Row, json_array

COLUMNS = (
    "category, day, verdict, source, reason, error, papers, feed_asked_at, catchup_asked_at, "
    "not_before, held_since, failures, failing_since, is_confirmed, is_closed"
)
LISTINGS_FOR_USUAL = 10

# When the host heard that a category cannot be read: that holds for its next day too.
TOLD = (
    "SELECT max(other.told_at) FROM intake_day AS other "
    "WHERE other.category = excluded.category AND other.is_closed = 0"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A category that cannot be read, since when, and why the last request failed."""

    category: str
    since: datetime
    error: str
    is_told: bool


class JudgedStep(NamedTuple):
    """A verdict that a day had from ``at`` on, and why."""

    at: datetime
    verdict: IntakeVerdict
    reason: str


class IntakeLog:
    """The records of the days, and what the judge wants to know about papers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def set_records(self, records: Sequence[DayRecord], *, now: datetime) -> None:
        """Write records; a verdict or reason that changed is added to the history."""

        def work(connection: sqlite3.Connection) -> None:
            for record in records:
                _set_record(connection, record, now)

        await self._database.write(work)

    async def list_since(self, day: date) -> list[DayRecord]:
        """List the records of ``day`` and later, oldest first."""

        def work(connection: sqlite3.Connection) -> list[DayRecord]:
            rows = connection.execute(
                f"SELECT {COLUMNS} FROM intake_day WHERE day >= :day ORDER BY day, category",
                {"day": day.isoformat()},
            )
            return [_record(tuple(row)) for row in rows]

        return await self._database.read(work)

    async def list_open(self) -> list[DayRecord]:
        """List the records about which something is still to be asked, oldest first."""

        def work(connection: sqlite3.Connection) -> list[DayRecord]:
            rows = connection.execute(
                f"SELECT {COLUMNS} FROM intake_day WHERE is_closed = 0 ORDER BY day, category"
            )
            return [_record(tuple(row)) for row in rows]

        return await self._database.read(work)

    async def list_outages(self, *, asked_since: datetime) -> list[Outage]:
        """List the categories that were asked since then and could not be read."""

        def work(connection: sqlite3.Connection) -> list[Outage]:
            rows = connection.execute(
                """
                SELECT category, failing_since, error, told_at FROM intake_day
                WHERE is_closed = 0 AND failing_since IS NOT NULL
                    AND max(coalesce(feed_asked_at, ''), coalesce(catchup_asked_at, '')) >= :since
                ORDER BY category, failing_since
                """,
                {"since": asked_since.isoformat()},
            )
            days = groupby(map(tuple, rows), key=itemgetter(0))
            return [_outage(category, list(group)) for category, group in days]

        return await self._database.read(work)

    async def mark_told(self, categories: Collection[str], now: datetime) -> None:
        """Note that the host heard of these failing categories, until they are read again."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE intake_day SET told_at = :now WHERE is_closed = 0 "
                "AND failing_since IS NOT NULL "
                "AND category IN (SELECT value FROM json_each(:categories))",
                {"now": now.isoformat(), "categories": json_array(categories)},
            )

        await self._database.write(work)

    async def newest_records(self, *, until: date) -> dict[str, DayRecord]:
        """The record of the newest date up to ``until``, by category.

        A clock that was ahead leaves records of dates that are still to come.
        """

        def work(connection: sqlite3.Connection) -> dict[str, DayRecord]:
            rows = connection.execute(
                f"""
                SELECT {COLUMNS} FROM intake_day AS newest
                WHERE day = (SELECT max(day) FROM intake_day
                    WHERE category = newest.category AND day <= :until)
                """,
                {"until": until.isoformat()},
            )
            return {row[0]: _record(tuple(row)) for row in rows}

        return await self._database.read(work)

    async def get_record(self, category: str, day: date) -> DayRecord | None:
        def work(connection: sqlite3.Connection) -> DayRecord | None:
            rows = connection.execute(
                f"SELECT {COLUMNS} FROM intake_day WHERE category = :category AND day = :day",
                {"category": category, "day": day.isoformat()},
            )
            return next((_record(tuple(row)) for row in rows), None)

        return await self._database.read(work)

    async def history(self, categories: Collection[str], day: date) -> dict[str, list[JudgedStep]]:
        """List by category the verdicts that a day went through; none for one never asked about."""

        def work(connection: sqlite3.Connection) -> dict[str, list[JudgedStep]]:
            rows = connection.execute(
                "SELECT category, at, verdict, reason FROM intake_verdict "
                "WHERE category IN (SELECT value FROM json_each(:categories)) AND day = :day "
                "ORDER BY rowid",
                {"categories": json_array(categories), "day": day.isoformat()},
            )
            steps: dict[str, list[JudgedStep]] = {}
            for category, at, verdict, reason in rows:
                step = JudgedStep(datetime.fromisoformat(at), IntakeVerdict(verdict), reason)
                steps.setdefault(category, []).append(step)
            return steps

        return await self._database.read(work)

    async def announced_elsewhere(
        self, category: str, day: date, arxiv_ids: Collection[ArxivId]
    ) -> dict[ArxivId, list[Earlier]]:
        """How the category announced these papers on other dates than ``day``."""

        def work(connection: sqlite3.Connection) -> dict[ArxivId, list[Earlier]]:
            rows = connection.execute(
                "SELECT arxiv_id, announced_on, version, announce_type FROM announcement "
                "WHERE arxiv_id IN (SELECT value FROM json_each(:ids)) "
                "AND category = :category AND announced_on != :day",
                {"ids": json_array(arxiv_ids), "category": category, "day": day.isoformat()},
            )
            earlier: dict[ArxivId, list[Earlier]] = {}
            for arxiv_id, announced_on, version, announce_type in rows:
                earlier.setdefault(ArxivId(arxiv_id), []).append(
                    Earlier(
                        day=date.fromisoformat(announced_on),
                        version=version,
                        announce_type=AnnounceType(announce_type),
                    )
                )
            return earlier

        return await self._database.read(work)

    async def announced_on(self, category: str, day: date) -> set[ArxivId]:
        """Return the identifiers that are stored for a category and date."""

        def work(connection: sqlite3.Connection) -> set[ArxivId]:
            rows = connection.execute(
                "SELECT arxiv_id FROM announcement "
                "WHERE category = :category AND announced_on = :day",
                {"category": category, "day": day.isoformat()},
            )
            return {ArxivId(row[0]) for row in rows}

        return await self._database.read(work)

    async def usual_papers(self, category: str, before: date) -> int | None:
        """Return the median size of the last listings before a date; None with under three."""

        def work(connection: sqlite3.Connection) -> int | None:
            rows = connection.execute(
                """
                SELECT count(*) FROM announcement WHERE category = :category AND announced_on IN (
                    SELECT announced_on FROM listing
                    WHERE category = :category AND announced_on < :before
                    ORDER BY announced_on DESC LIMIT :most)
                GROUP BY announced_on ORDER BY 1
                """,
                {
                    "category": category,
                    "before": before.isoformat(),
                    "most": LISTINGS_FOR_USUAL,
                },
            )
            sizes = [int(row[0]) for row in rows]
            return sizes[len(sizes) // 2] if len(sizes) >= 3 else None

        return await self._database.read(work)


def _outage(category: str, days: Sequence[Row]) -> Outage:
    """Sum up a category's failing days, of which the first began to fail first."""
    return Outage(
        category=category,
        since=datetime.fromisoformat(str(days[0][1])),
        error=str(days[-1][2]),
        is_told=any(told_at for *_, told_at in days),
    )


def _set_record(connection: sqlite3.Connection, record: DayRecord, now: datetime) -> None:
    values = _values(record)
    if record.verdict is not None:
        # Before the row itself, so that the old verdict can still be compared.
        connection.execute(
            """
            INSERT INTO intake_verdict (category, day, at, verdict, reason)
            SELECT :category, :day, :at, :verdict, :reason
            WHERE NOT EXISTS (
                SELECT 1 FROM intake_day WHERE category = :category AND day = :day
                    AND verdict = :verdict AND reason = :reason)
            """,
            {
                "category": record.category,
                "day": record.day.isoformat(),
                "at": now.isoformat(),
                "verdict": record.verdict.value,
                "reason": record.reason,
            },
        )
    marks = ", ".join("?" * len(values))
    connection.execute(
        f"INSERT INTO intake_day ({COLUMNS}) VALUES ({marks}) "
        "ON CONFLICT (category, day) DO UPDATE SET "
        + ", ".join(f"{name} = excluded.{name}" for name in COLUMNS.split(", ")[2:])
        + f", told_at = iif(excluded.failing_since IS NULL, NULL, coalesce(told_at, ({TOLD})))",
        values,
    )


def _values(record: DayRecord) -> Row:
    return (
        record.category,
        record.day.isoformat(),
        record.verdict.value if record.verdict else None,
        record.source,
        record.reason,
        record.error,
        record.papers,
        _text(record.feed_asked_at),
        _text(record.catchup_asked_at),
        _text(record.not_before),
        _text(record.held_since),
        record.failures,
        _text(record.failing_since),
        int(record.is_confirmed),
        int(record.is_closed),
    )


def _text(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None


def _instant(value: object) -> datetime | None:
    return datetime.fromisoformat(str(value)) if value else None


def _record(row: Row) -> DayRecord:
    (category, day, verdict, source, reason, error, papers, feed_asked_at, catchup_asked_at,
     not_before, held_since, failures, failing_since, is_confirmed, is_closed) = row  # fmt: skip
    return DayRecord(
        category=str(category),
        day=date.fromisoformat(str(day)),
        verdict=IntakeVerdict(str(verdict)) if verdict else None,
        source=str(source) if source else None,
        reason=str(reason),
        error=str(error),
        papers=int(str(papers)),
        feed_asked_at=_instant(feed_asked_at),
        catchup_asked_at=_instant(catchup_asked_at),
        not_before=_instant(not_before),
        held_since=_instant(held_since),
        failures=int(str(failures)),
        failing_since=_instant(failing_since),
        is_confirmed=bool(is_confirmed),
        is_closed=bool(is_closed),
    )
