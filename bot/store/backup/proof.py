"""Is a backup good? It is restored beside itself, looked at as a whole, and removed again."""

import contextlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.errors import DatabaseUnusable
from bot.store.backup.backup import check_copy, check_file, copy_into, unreadable
from bot.store.sqlite.database import open_database
from bot.store.sqlite.executor import run_apart
from bot.store.sqlite.files import BESIDE, beside, make_private, part_of
from bot.store.sqlite.maintenance import find_stale_indexes
from bot.store.sqlite.statements import select


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a good backup holds."""

    papers: int
    subscriptions: int
    messages: int


COUNTS: Final = """
    SELECT (SELECT count(*) FROM paper) AS papers,
           (SELECT count(*) FROM subscription) AS subscriptions,
           (SELECT count(*) FROM delivery) AS messages
"""


async def prove(source: Path) -> Proof:
    """Restore ``source`` into a temporary file, bring that up to date, check pages and indexes.

    Raises `FileFormatError` or `DatabaseUnusable` when it is missing, foreign, newer or damaged,
    `StoreError` when there is no room to try.
    """
    check_file(source)
    part = part_of(source)
    try:
        make_private(part)
        await run_apart(source, copy_into, part)
        await run_apart(part, check_copy, source)
        return await _look(source, part)
    except (sqlite3.Error, OSError) as error:
        raise unreadable(source, "tried", error) from error
    finally:
        for suffix in ("", *BESIDE):
            with contextlib.suppress(OSError):
                beside(part, suffix).unlink(missing_ok=True)


async def _look(source: Path, part: Path) -> Proof:
    async with open_database(part) as database:
        if stale := await find_stale_indexes(database):
            raise DatabaseUnusable(
                f"{source} is whole, but its search indexes are out of step ({', '.join(stale)})."
            )
        (proof,) = await database.read(select, Proof, COUNTS)
    return proof
