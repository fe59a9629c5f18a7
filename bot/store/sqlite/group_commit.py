"""Statements that come together become durable together.

A commit costs two trips between threads and a flush to the disk, more than sending a message. The
steps of deliveries are single statements that come from many lanes at once, so those that wait at
the same moment share one transaction; where the disk is slow, more of them do.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import aiosqlite

T = TypeVar("T")
Row = tuple[object, ...]
Failure = sqlite3.Error | UnicodeEncodeError


class Writer(aiosqlite.Connection):
    """A connection that can do a whole piece of work in one trip to its thread."""

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        result: T = await self._execute(work, self._conn)  # type: ignore[no-untyped-call]
        return result


@dataclass(frozen=True, slots=True, kw_only=True)
class _Statement:
    sql: str
    parameters: Mapping[str, object]
    done: "asyncio.Future[list[Row]]"


class GroupCommit:
    """Runs single statements, those that wait together as one transaction."""

    def __init__(self, writer: Writer, writing: asyncio.Lock) -> None:
        self._writer = writer
        self._writing = writing
        self._waiting: list[_Statement] = []
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    async def run(
        self, sql: str, parameters: Mapping[str, object], patience_s: float = 0.0
    ) -> list[Row]:
        """Run one statement and return the rows of its RETURNING, once they are durable.

        With patience it waits so long for others to go with. It is run even if the caller is
        cancelled.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[list[Row]] = loop.create_future()
        self._waiting.append(_Statement(sql=sql, parameters=parameters, done=done))
        if not patience_s:
            self._start()
        elif self._timer is None:
            self._timer = loop.call_later(patience_s, self._start)
        return await done

    async def finish(self) -> None:
        """Run what waits, and wait for it."""
        self._start()
        if self._task is not None:
            await asyncio.wait({self._task})

    def _start(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiting and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._run_waiting())

    async def _run_waiting(self) -> None:
        while self._waiting:
            async with self._writing:
                batch, self._waiting = self._waiting, []
                try:
                    results = await self._writer.run(partial(_commit, batch))
                except (sqlite3.Error, ValueError) as error:  # the latter: closed meanwhile
                    results = [error] * len(batch)
            for statement, result in zip(batch, results, strict=True):
                if statement.done.done():
                    continue  # its caller was cancelled
                if isinstance(result, Exception):
                    statement.done.set_exception(result)
                else:
                    statement.done.set_result(result)


def _commit(
    batch: Sequence[_Statement], connection: sqlite3.Connection
) -> list[list[Row] | Exception]:
    """Run in the writer's thread; one that fails leaves the others alone."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        results = [_run(statement, connection) for statement in batch]
        connection.execute("COMMIT")
    except sqlite3.Error:
        with contextlib.suppress(sqlite3.Error):  # a full disk has already rolled back
            connection.execute("ROLLBACK")
        raise
    return results


def _run(statement: _Statement, connection: sqlite3.Connection) -> list[Row] | Exception:
    try:
        return connection.execute(statement.sql, statement.parameters).fetchall()
    except (sqlite3.Error, UnicodeEncodeError) as error:
        if not connection.in_transaction:
            raise  # SQLite gave the whole transaction up
        return error
