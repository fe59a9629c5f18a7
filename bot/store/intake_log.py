"""What is known about each category and date: the judge's records and their history."""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from bot.arxiv.calendar import previous_announcement_day
from bot.models import (
    ArxivId,
    DayRecord,
    Earlier,
    Inquiry,
    IntakeCode,
    IntakeReason,
    IntakeSource,
    JudgedStep,
    NearListing,
    Outage,
)
from bot.store.sqlite.executor import Database
from bot.store.sqlite.reasons import intake_reason_column, intake_reason_values
from bot.store.sqlite.statements import change, json_array, select, select_one, select_pairs

DAY_COLUMNS = (
    "category, day, verdict, source, reason, details, papers, held_since, is_confirmed, is_closed"
)
INQUIRY_COLUMNS = (
    "category, day, source, asked_at, papers, failures, failing_since, not_before, error, details"
)
REASON = f"{intake_reason_column('reason', 'details')} AS reason"
ERROR = f"{intake_reason_column('error', 'inquiry.details')} AS error"
LISTINGS_FOR_USUAL = 10

# When the host heard that a category cannot be read: that holds for its next day too.
NOTIFIED = (
    "SELECT max(other.notified_at) FROM intake_day AS other "
    "WHERE other.category = excluded.category AND other.is_closed = 0"
)

# What fails counts where the date depends on it: the feed does, the other sources where it has
# brought no listing.
FAILING = """
    FROM intake_inquiry AS inquiry JOIN intake_day AS judged USING (category, day)
    WHERE is_closed = 0 AND failing_since IS NOT NULL
        AND (inquiry.source = 'feed' OR coalesce(verdict, 'failed')
            NOT IN ('complete', 'growing', 'undated', 'empty-expected'))
"""


class Standing(NamedTuple):
    """The newest record of each category, those of the last days, and those that are open."""

    newest: Mapping[str, DayRecord]
    recent: Sequence[DayRecord]
    open: Sequence[DayRecord]


class Around(NamedTuple):
    """What is stored around a category's date, over one snapshot.

    ``announced`` is how it announced the papers at hand on other dates, ``stored`` what it has of
    the date; ``listings`` are those near it, its own among them. ``own`` and ``previous`` are the
    records of the date and of the announcement day before.
    """

    announced: Mapping[ArxivId, Collection[Earlier]]
    stored: Mapping[ArxivId, Earlier]
    listings: dict[date, NearListing]
    own: DayRecord | None
    previous: DayRecord | None
    usual: int | None


class IntakeLog:
    """The records of the days, and what the judge wants to know about papers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def set_records(self, records: Sequence[DayRecord], *, now: datetime) -> None:
        """Write records; a verdict or reason that changed is added to the history."""
        await self._database.write(_set_records, records, now)

    async def list_since(self, day: date) -> list[DayRecord]:
        """List the records of ``day`` and later, oldest first."""
        return await self._database.read(_records_since, day)

    async def list_records(self, category: str) -> list[DayRecord]:
        """List all records of a category, oldest first."""
        return await self._list("category = :category", {"category": category})

    async def list_of(self, categories: Collection[str], day: date) -> list[DayRecord]:
        """List what is remembered of these categories and a date."""
        return await self._list(
            "day = :day AND category IN (SELECT value FROM json_each(:categories))",
            {"day": day.isoformat(), "categories": json_array(categories)},
        )

    async def list_open(self) -> list[DayRecord]:
        """List the records about which something is still to be asked, oldest first."""
        return await self._database.read(_open_records)

    async def list_holidays(self, day: date, *, but: str) -> list[DayRecord]:
        """List the other categories' records of a date that was taken for a holiday."""
        return await self._list(
            "day = :day AND category != :but AND is_closed = 1 AND reason = :holiday",
            {"day": day.isoformat(), "but": but, "holiday": IntakeCode.HOLIDAY.value},
        )

    async def list_missed(self, since: date) -> list[DayRecord]:
        """List the dates from ``since`` on that were missed, and not fetched by a backfill."""
        return await self._list(
            "verdict = 'missed' AND reason IS NOT :done AND day >= :since",
            {"done": IntakeCode.BACKFILLED.value, "since": since.isoformat()},
        )

    async def list_missed_unnotified(self) -> list[DayRecord]:
        """List the dates that were missed and of which the host has not heard."""
        return await self._list("verdict = 'missed' AND missed_notified_at IS NULL", {})

    async def list_missed_of(self, category: str, since: date, until: date) -> list[DayRecord]:
        """List what a category missed on these dates."""
        return await self._list(
            "verdict = 'missed' AND category = :category AND day BETWEEN :since AND :until",
            {"category": category, "since": since.isoformat(), "until": until.isoformat()},
        )

    async def _list(self, where: str, values: Mapping[str, object]) -> list[DayRecord]:
        return await self._database.read(_records, where, values)

    async def list_days(self, after: date) -> set[date]:
        """Return the dates after ``after`` for which any category has a record."""
        sql = "SELECT DISTINCT day FROM intake_day WHERE day > :after"
        return set(await self._database.read(select, date, sql, {"after": after.isoformat()}))

    async def list_outages(self, *, asked_since: datetime) -> list[Outage]:
        """List the categories that were asked since then and could not be read."""
        days = await self._database.read(
            select,
            _FailingDay,
            f"SELECT category, failing_since, {ERROR}, notified_at IS NOT NULL AS is_notified "
            f"{FAILING} AND asked_at >= :since ORDER BY category, failing_since",
            {"since": asked_since.isoformat()},
        )
        groups = groupby(days, key=attrgetter("category"))
        return [_outage(category, list(group)) for category, group in groups]

    async def mark_notified(self, categories: Collection[str], now: datetime) -> None:
        """Note that the host heard of these failing categories, until they are read again."""
        await self._database.write(
            change,
            "UPDATE intake_day SET notified_at = :now WHERE is_closed = 0 "
            "AND category IN (SELECT value FROM json_each(:categories)) "
            f"AND (category, day) IN (SELECT category, day {FAILING})",
            {"now": now.isoformat(), "categories": json_array(categories)},
        )

    async def mark_missed_notified(self, now: datetime) -> None:
        """Note that the host heard of all dates that were missed."""
        await self._database.write(
            change,
            "UPDATE intake_day SET missed_notified_at = :now "
            "WHERE verdict = 'missed' AND missed_notified_at IS NULL",
            {"now": now.isoformat()},
        )

    async def newest_records(self, *, until: date) -> dict[str, DayRecord]:
        """The record of the newest date up to ``until``, by category.

        A clock that was ahead leaves records of dates that are still to come.
        """
        return await self._database.read(_newest_records, until)

    async def read_standing(self, *, until: date, since: date) -> Standing:
        """Read what a round of asking begins with: each of its parts as it is listed alone."""
        return await self._database.read(_read_standing, until, since)

    async def get_record(self, category: str, day: date) -> DayRecord | None:
        return await self._database.read(_record, category, day)

    async def history(self, categories: Collection[str], day: date) -> dict[str, list[JudgedStep]]:
        """List by category the verdicts that a day went through; none for one never asked about."""
        found = await self._database.read(
            select_pairs,
            str,
            JudgedStep,
            f"SELECT category, at, verdict, {REASON} FROM intake_verdict "
            "WHERE category IN (SELECT value FROM json_each(:categories)) AND day = :day "
            "ORDER BY rowid",
            {"categories": json_array(categories), "day": day.isoformat()},
        )
        steps: dict[str, list[JudgedStep]] = {}
        for category, step in found:
            steps.setdefault(category, []).append(step)
        return steps

    async def read_around(
        self, category: str, day: date, arxiv_ids: Collection[ArxivId], near: timedelta
    ) -> Around:
        """Read what a list with these papers is judged by, if it is that of ``day``."""
        return await self._database.read(_read_around, category, day, arxiv_ids, near)

    async def announced_on(self, category: str, day: date) -> dict[ArxivId, Earlier]:
        """Return what is stored for a category and date."""
        return await self._database.read(_announced_on, category, day)

    async def count_listings(self, day: date, *, but: str) -> int:
        """Count the other categories that have a listing of a date."""
        sql = "SELECT count(*) FROM listing WHERE announced_on = :day AND category != :but"
        values = {"day": day.isoformat(), "but": but}
        return await self._database.read(select_one, int, sql, values) or 0


def _read_around(
    connection: sqlite3.Connection,
    category: str,
    day: date,
    arxiv_ids: Collection[ArxivId],
    near: timedelta,
) -> Around:
    return Around(
        announced=_announced_elsewhere(connection, category, day, arxiv_ids),
        stored=_announced_on(connection, category, day),
        listings=_listings(connection, category, day - near, day + near),
        own=_record(connection, category, day),
        previous=_record(connection, category, previous_announcement_day(day)),
        usual=_usual_papers(connection, category, day),
    )


def _announced_elsewhere(
    connection: sqlite3.Connection, category: str, day: date, arxiv_ids: Collection[ArxivId]
) -> dict[ArxivId, list[Earlier]]:
    """How the category announced these papers on other dates than ``day``."""
    found = select_pairs(
        connection,
        ArxivId,
        Earlier,
        "SELECT arxiv_id, announced_on AS day, version, announce_type, "
        "coalesce(source = 'oai' AND NOT is_record, 0) AS is_estimated "
        "FROM announcement LEFT JOIN listing USING (category, announced_on) "
        "WHERE arxiv_id IN (SELECT value FROM json_each(:ids)) "
        "AND category = :category AND announced_on != :day",
        {"ids": json_array(arxiv_ids), "category": category, "day": day.isoformat()},
    )
    earlier: dict[ArxivId, list[Earlier]] = {}
    for arxiv_id, each in found:
        earlier.setdefault(arxiv_id, []).append(each)
    return earlier


def _announced_on(
    connection: sqlite3.Connection, category: str, day: date
) -> dict[ArxivId, Earlier]:
    found = select_pairs(
        connection,
        ArxivId,
        Earlier,
        "SELECT arxiv_id, announced_on AS day, version, announce_type FROM announcement "
        "WHERE category = :category AND announced_on = :day",
        {"category": category, "day": day.isoformat()},
    )
    return dict(found)


def _listings(
    connection: sqlite3.Connection, category: str, since: date, until: date
) -> dict[date, NearListing]:
    """Return the category's listings of these dates, in numbers."""
    found = select(
        connection,
        NearListing,
        """
        SELECT announced_on AS day, is_record, is_uncertain, (
            SELECT count(*) FROM announcement WHERE category = listing.category
                AND announced_on = listing.announced_on) AS papers
        FROM listing
        WHERE category = :category AND announced_on BETWEEN :since AND :until
        """,
        {"category": category, "since": since.isoformat(), "until": until.isoformat()},
    )
    return {each.day: each for each in found}


def _usual_papers(connection: sqlite3.Connection, category: str, before: date) -> int | None:
    """Return the median size of the last listings before a date; None with under three."""
    sizes = select(
        connection,
        int,
        """
        SELECT count(*) FROM announcement WHERE category = :category AND announced_on IN (
            SELECT announced_on FROM listing
            WHERE category = :category AND announced_on < :before
            ORDER BY announced_on DESC LIMIT :most)
        GROUP BY announced_on
        """,
        {"category": category, "before": before.isoformat(), "most": LISTINGS_FOR_USUAL},
    )
    return middle_size(sizes)


def middle_size(sizes: Sequence[int]) -> int | None:
    """Return the usual size of a listing, given those of the last; None with under three."""
    return sorted(sizes)[len(sizes) // 2] if len(sizes) >= 3 else None


class _FailingDay(NamedTuple):
    category: str
    failing_since: datetime
    error: IntakeReason | None
    is_notified: bool


class _Asked(NamedTuple):
    category: str
    day: date
    source: IntakeSource


def _outage(category: str, days: Sequence[_FailingDay]) -> Outage:
    """Sum up a category's failing days, of which the first began to fail first."""
    return Outage(
        category=category,
        since=days[0].failing_since,
        error=days[-1].error,
        is_notified=any(day.is_notified for day in days),
    )


def _read_standing(connection: sqlite3.Connection, until: date, since: date) -> Standing:
    return Standing(
        newest=_newest_records(connection, until),
        recent=_records_since(connection, since),
        open=_open_records(connection),
    )


def _newest_records(connection: sqlite3.Connection, until: date) -> dict[str, DayRecord]:
    newest = (
        "day = (SELECT max(day) FROM intake_day WHERE category = judged.category AND day <= :until)"
    )
    records = _records(connection, newest, {"until": until.isoformat()})
    return {record.category: record for record in records}


def _records_since(connection: sqlite3.Connection, day: date) -> list[DayRecord]:
    return _records(connection, "day >= :day", {"day": day.isoformat()})


def _open_records(connection: sqlite3.Connection) -> list[DayRecord]:
    return _records(connection, "is_closed = 0", {})


def _record(connection: sqlite3.Connection, category: str, day: date) -> DayRecord | None:
    values = {"category": category, "day": day.isoformat()}
    return next(iter(_records(connection, "category = :category AND day = :day", values)), None)


def _set_records(
    connection: sqlite3.Connection, records: Sequence[DayRecord], now: datetime
) -> None:
    for record in records:
        _set_record(connection, record, now)


def _set_record(connection: sqlite3.Connection, record: DayRecord, now: datetime) -> None:
    reason, details = intake_reason_values(record.reason)
    key = {"category": record.category, "day": record.day.isoformat()}
    values: dict[str, object] = {
        **key,
        "verdict": record.verdict.value if record.verdict else None,
        "source": str(record.source) if record.source else None,
        "reason": reason,
        "details": details,
        "papers": record.papers,
        "held_since": _text(record.held_since),
        "is_confirmed": int(record.is_confirmed),
        "is_closed": int(record.is_closed),
    }
    if record.verdict is not None:
        # Before the row itself, so that the old verdict can still be compared.
        connection.execute(
            """
            INSERT INTO intake_verdict (category, day, at, verdict, reason, details)
            SELECT :category, :day, :at, :verdict, :reason, :details
            WHERE NOT EXISTS (
                SELECT 1 FROM intake_day WHERE category = :category AND day = :day
                    AND verdict = :verdict AND reason IS :reason AND details = :details)
            """,
            {**values, "at": now.isoformat()},
        )
    is_failing = any(inquiry.failures for inquiry in record.inquiries.values())
    connection.execute(
        f"INSERT INTO intake_day ({DAY_COLUMNS}) VALUES ({_marks(values)}) "
        f"ON CONFLICT (category, day) DO UPDATE SET {_updates(values, key)}"
        f", notified_at = iif(:is_failing, coalesce(notified_at, ({NOTIFIED})), NULL)"
        ", missed_notified_at = iif(excluded.verdict = 'missed', missed_notified_at, NULL)",
        {**values, "is_failing": is_failing},
    )
    connection.execute("DELETE FROM intake_inquiry WHERE category = :category AND day = :day", key)
    for source, inquiry in record.inquiries.items():
        _set_inquiry(connection, {**key, "source": source.value}, inquiry)


def _set_inquiry(connection: sqlite3.Connection, key: Mapping[str, str], inquiry: Inquiry) -> None:
    error, details = intake_reason_values(inquiry.error)
    values: dict[str, object] = {
        **key,
        "asked_at": inquiry.asked_at.isoformat(),
        "papers": inquiry.papers,
        "failures": inquiry.failures,
        "failing_since": _text(inquiry.failing_since),
        "not_before": _text(inquiry.not_before),
        "error": error,
        "details": details,
    }
    connection.execute(
        f"INSERT INTO intake_inquiry ({INQUIRY_COLUMNS}) VALUES ({_marks(values)})", values
    )


def _marks(values: Mapping[str, object]) -> str:
    return ", ".join(f":{name}" for name in values)


def _updates(values: Mapping[str, object], key: Mapping[str, object]) -> str:
    return ", ".join(f"{name} = excluded.{name}" for name in values if name not in key)


def _records(
    connection: sqlite3.Connection, where: str, values: Mapping[str, object]
) -> list[DayRecord]:
    """Read the records that are asked for, oldest first, each with what came of its sources."""
    records = select(
        connection,
        DayRecord,
        f"SELECT category, day, verdict, source, {REASON}, papers, held_since, is_confirmed, "
        f"is_closed FROM intake_day AS judged WHERE {where} ORDER BY day, category",
        values,
    )
    found = select_pairs(
        connection,
        _Asked,
        Inquiry,
        f"SELECT category, day, source, asked_at, papers, failures, failing_since, not_before, "
        f"{ERROR} FROM intake_inquiry AS inquiry WHERE (category, day) IN "
        "(SELECT value ->> 0, value ->> 1 FROM json_each(:days)) "
        "AND source IN (SELECT value FROM json_each(:sources))",  # a later version may ask others
        {
            "days": json_array((each.category, each.day.isoformat()) for each in records),
            "sources": json_array(IntakeSource),
        },
    )
    inquiries: dict[tuple[str, date], dict[IntakeSource, Inquiry]] = {}
    for asked, inquiry in found:
        inquiries.setdefault((asked.category, asked.day), {})[asked.source] = inquiry
    return [
        replace(each, inquiries=inquiries.get((each.category, each.day), {})) for each in records
    ]


def _text(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None
