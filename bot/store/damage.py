"""Rows that were damaged by a disk, a hand or another program: how many there are, by table.

Their readers do without such a row, or a part of it, so it hurts nothing else; without a count,
nobody would notice. Settings of digests are looked at elsewhere (their
admins can mend them), and messages when they are sent.
"""

import sqlite3
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from bot.models import AnnounceType, LinkKind, Provenance
from bot.store.keys import first_key
from bot.store.sqlite.executor import Database
from bot.store.sqlite.statements import json_array, select_rows

MOMENT, DAY = "a moment", "a date"

COLUMNS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "listing": {"announced_on": DAY, "stored_at": MOMENT, "updated_at": MOMENT},
        "announcement": {"announced_on": DAY},
        "paper": {"announced_on": DAY, "submitted_at": MOMENT},
        "digest": {"announced_on": DAY, "decided_at": MOMENT},
        "intake_day": {"day": DAY, "held_since": MOMENT},
        "intake_inquiry": {
            "day": DAY, "asked_at": MOMENT, "failing_since": MOMENT, "not_before": MOMENT
        },
        "shelf": {"stamp": DAY, "built_at": MOMENT},
        "departed_guild": {"noticed_at": MOMENT},
        "saved_paper": {"saved_at": MOMENT},
        "opinion": {"given_at": MOMENT},
        "shared_tag": {"shared_at": MOMENT},
    }
)  # fmt: skip
"""What is looked at, and what it should hold; None is fine where the schema allows it."""

# Most papers are of the past and never read again: millions of them are left alone.
RECENT = {"paper": "key >= :key", "announcement": "announced_on >= :day"}

LINKS = """
    SELECT count(*) FROM paper JOIN paper_link USING (arxiv_id) WHERE key >= :key
        AND NOT (kind IN (SELECT value FROM json_each(:kinds))
            AND provenance IN (SELECT value FROM json_each(:provenances)))
"""

LISTS = """
    SELECT count(*) FROM shelf WHERE iif(json_valid(entries), json_type(entries) IS NOT 'array'
        OR EXISTS (SELECT 1 FROM json_each(entries) WHERE type IS NOT 'array'
            OR (value ->> 2) NOT IN (SELECT value FROM json_each(:types))), TRUE)
"""

LOST = """
    SELECT count(*) FROM announcement WHERE announced_on >= :day
        AND NOT EXISTS (SELECT 1 FROM paper WHERE paper.arxiv_id = announcement.arxiv_id)
"""


async def count_damaged(database: Database, since: date) -> dict[str, int]:
    """Count by table the rows that cannot be read, or not in full; of papers those from ``since``.

    Tables without any are left out.
    """
    return await database.read(_count, since)


def _count(connection: sqlite3.Connection, since: date) -> dict[str, int]:
    values = {
        "day": since.isoformat(),
        "key": first_key(since),
        "kinds": json_array(LinkKind),
        "provenances": json_array(Provenance),
        "types": json_array(AnnounceType),
    }
    queries = {table: _query(table, columns) for table, columns in COLUMNS.items()}
    queries |= {"paper_link": LINKS, "list of a file": LISTS, "announcement without paper": LOST}
    counts = {
        name: sum(row[0] for row in select_rows(connection, sql, values))
        for name, sql in queries.items()
    }
    return {name: count for name, count in counts.items() if count}


def _query(table: str, columns: Mapping[str, str]) -> str:
    wrong = " OR ".join(_condition(name, kind) for name, kind in columns.items())
    return f"SELECT count(*) FROM {table} WHERE {RECENT.get(table, 'TRUE')} AND ({wrong})"


def _condition(name: str, kind: str) -> str:
    """Whether a column holds what it should not; a moment has its zone at the end."""
    if kind == DAY:
        return f"date({name}) IS NOT {name}"
    return (
        f"(julianday({name}) IS NULL OR {name} NOT GLOB '*[+-][0-9][0-9]:[0-9][0-9]') "
        f"AND {name} IS NOT NULL"
    )
