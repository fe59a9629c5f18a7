"""Read-only connections for searches, each question with a deadline of its own.

A search is many small steps, so it runs as one plain function on a worker thread: one hop instead
of one a statement. There are several connections, so a slow search never holds up another
person's, and none of them is the one that the delivery reads with.
"""

import asyncio
import contextlib
import queue
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar, cast

from bot.store.sqlite.database import BUSY_TIMEOUT_MS, primary_code, translated_errors

T = TypeVar("T")
Parameters = Mapping[str, object] | Sequence[object]
Row = tuple[object, ...]

CACHE_KIB = 16 * 1024
# SQLite asks the deadline after so many steps of its machine. FTS5 reads thousands of pages in
# one step of ours and few of its own: at 10,000 a phrase of common words ran on for 30 ms.
STEPS_BETWEEN_LOOKS = 200

_SETTING_UP = (
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
    f"PRAGMA cache_size = -{CACHE_KIB}",
    "CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab (main, paper_text, row)",
    "PRAGMA query_only = ON",  # last: it forbids temporary tables too
)


class Reading:
    """One question's view of the database: a snapshot, until a deadline."""

    def __init__(self, connection: sqlite3.Connection, until: float) -> None:
        self._connection = connection
        self._until = until
        self.overran = False

    def rows(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """Read rows; those found in time, with `overran` set, when the deadline cuts it off."""
        found: list[Row] = []
        with contextlib.closing(self._connection.cursor()) as cursor:
            try:
                found.extend(cursor.execute(sql, parameters))  # what comes before an error stays
            except sqlite3.OperationalError as error:
                if primary_code(error) != sqlite3.SQLITE_INTERRUPT:
                    raise
                self.overran = True
        return found

    def integers(self, sql: str, parameters: Parameters = ()) -> list[int]:
        """Read the first column, whole numbers."""
        return cast(list[int], [row[0] for row in self.rows(sql, parameters)])

    def allow(self, more_s: float) -> None:
        """Move the deadline to at least ``more_s`` from now, to bring what was found to an end."""
        self._until = max(self._until, time.monotonic() + more_s)

    def has_passed(self) -> bool:
        return time.monotonic() > self._until


class Readers:
    """A few read-only connections to one database file, opened when first needed."""

    def __init__(self, path: Path, count: int = 2) -> None:
        self._path = path
        self._free: queue.SimpleQueue[sqlite3.Connection] = queue.SimpleQueue()
        self._workers = ThreadPoolExecutor(max_workers=count, thread_name_prefix="search")

    async def run(self, work: Callable[[Reading], T], *, deadline_s: float) -> T:
        """Run ``work`` on a worker thread, over one snapshot of the database.

        The deadline runs from when a thread is free. Raises `StoreError` when SQLite fails.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._workers, self._run, work, deadline_s)

    async def close(self) -> None:
        """Wait for the questions in progress (not longer than their deadlines) and close."""
        await asyncio.to_thread(self._workers.shutdown, wait=True, cancel_futures=True)
        while not self._free.empty():
            self._free.get().close()

    def _run(self, work: Callable[[Reading], T], deadline_s: float) -> T:
        with translated_errors():
            connection = self._take()
            try:
                connection.execute("BEGIN")
                reading = Reading(connection, time.monotonic() + deadline_s)
                connection.set_progress_handler(reading.has_passed, STEPS_BETWEEN_LOOKS)
                return work(reading)
            finally:
                connection.set_progress_handler(None, 0)
                connection.rollback()
                self._free.put(connection)

    def _take(self) -> sqlite3.Connection:
        with contextlib.suppress(queue.Empty):
            return self._free.get_nowait()
        uri = f"{self._path.absolute().as_uri()}?mode=ro"
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        try:
            for statement in _SETTING_UP:
                connection.execute(statement)
        except sqlite3.Error:
            connection.close()
            raise
        return connection
