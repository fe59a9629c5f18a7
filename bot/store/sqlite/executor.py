"""The one executor: every piece of work on the running bot's database passes here.

A unit of work is a plain function over a `sqlite3.Connection` and its values. It runs whole, on
the thread of its connection, so it is never interleaved with another and never half-cancelled
(docs/decisions/0008-one-executor.md). One connection writes; a few others read (WAL), so that a
search waits neither for a listing being stored nor for another search. Deadlines, cancellation
and the meaning of SQLite's errors are here and nowhere else.
"""

import asyncio
import contextlib
import gc
import math
import sqlite3
import threading
import time
from collections.abc import (
    Awaitable,
    Callable,
    Coroutine,
    Iterator,
    Sequence,
)
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, TypeVar, cast

import aiosqlite

from bot.errors import DatabaseBusy, DatabaseFull, DatabaseUnusable, StoreError
from bot.store.sqlite.files import FileWatch
from bot.store.sqlite.statements import Parameters, Row

T = TypeVar("T")
P = ParamSpec("P")

Work = Callable[[sqlite3.Connection], Any]
Ending = tuple[Any, Exception | None]
"""What a piece of work returned, or what it raised."""

BUSY = "The database is busy; please try again in a moment."
BUSY_TIMEOUT_MS = 5000
PERSONS_PATIENCE_S = 2.0
"""How long a person who changes a setting waits for the writer before being told to try again."""
READ_DEADLINE_S = 1.5
READERS: Final = 3
STEPS_BETWEEN_LOOKS = 10_000
"""SQLite looks at the deadline after this many steps of its machine."""
SEARCH_STEPS_BETWEEN_LOOKS = 200
"""FTS5 reads thousands of pages in one step of SQLite's and few of its own: at 10,000 a phrase of
common words ran on for 30 ms."""
WAITED_AS_LONG: Final = 20
"""How many times its computing time a search may take by the wall."""
INTERRUPT_AGAIN_S: Final = 0.1
IN_MEMORY: Final = ":memory:"
"""The path of a database that is gone with its connection."""

TRY_AGAIN = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_INTERRUPT)
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class Connection(aiosqlite.Connection):
    """A connection that runs whole functions on its thread.

    aiosqlite runs one statement at a time; only its private `_execute` takes a function, and only
    `_thread` can be kept from holding up the end of the process (omnilib/aiosqlite#290).
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connect, iter_chunk_size=64)
        self._thread.daemon = True

    async def open(self, prepare: Callable[[sqlite3.Connection], None]) -> None:
        """Connect and run ``prepare``; what fails or is cancelled is closed again."""
        try:
            await self
        except BaseException:
            self._thread.join()  # told to stop, it tells this loop once more that it did
            raise
        try:
            await self.run_or_interrupt(prepare)
        except BaseException:
            await asyncio.shield(self.close())
            raise

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``work`` to its end, even if the caller is cancelled meanwhile."""
        return cast(T, await self._execute(work, self._conn))  # type: ignore[no-untyped-call]

    async def run_or_interrupt(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``work``; with a cancelled caller its statements are interrupted, until it ends."""
        try:
            return await self.run(work)
        except asyncio.CancelledError:
            ended = asyncio.create_task(self.run(_nothing))  # its turn comes after the work
            while not ended.done():  # again and again: it reaches only a running statement
                await self.interrupt()
                await asyncio.wait({ended}, timeout=INTERRUPT_AGAIN_S)
            raise


async def run_apart(
    path: Path | str,
    work: Callable[Concatenate[sqlite3.Connection, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Run one long piece of work, a copy say, on a connection of its own to ``path``.

    No transaction, no deadline; it is interrupted when the caller is cancelled. SQLite's errors
    come as they are: what they mean depends on the file.
    """
    connection = Connection(partial(sqlite3.connect, path, isolation_level=None))
    await connection.open(_wait_for_locks)
    try:
        return await connection.run_or_interrupt(lambda each: work(each, *args, **kwargs))
    finally:
        await asyncio.shield(connection.close())


def _wait_for_locks(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")


@dataclass(slots=True)
class Brief:
    """Whether what was asked in `Reading.briefly` was cut off."""

    is_cut: bool = False


class Reading:
    """One question's view of the database: a snapshot, until a deadline.

    The deadline is counted by ``clock``. By the time that the thread computes, a busy machine makes
    a search slower and never shorter; but for a disk that hangs there is an end by the wall too.
    Nor does it count what the garbage collector takes: it looks through the whole process, for
    some tenths of a second at times, in whichever thread it falls due.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        deadline_s: float,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.connection = connection
        self.overran = False
        self._clock = clock
        self._thread = threading.get_ident()
        self._collecting_since = 0.0
        self._collected = 0.0
        self._until, self._latest = self._ends(deadline_s)

    def _ends(self, after_s: float) -> tuple[float, float]:
        # Not monotonic(): the demo's Discord replaces that, and not for SQLite's thread.
        return self.now() + after_s, time.perf_counter() + after_s * WAITED_AS_LONG

    def now(self) -> float:
        """Return the time by which the deadline is counted, in seconds from any beginning."""
        return self._clock() - self._collected

    def note_collection(self, phase: str, info: dict[str, int]) -> None:
        """Note how long the garbage collector holds up this thread; it calls this itself."""
        if threading.get_ident() != self._thread:
            return
        if phase == "start":
            self._collecting_since = self._clock()
        else:
            self._collected += self._clock() - self._collecting_since

    def rows(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """Read rows; those found in time, with `overran` set, when the deadline cuts it off."""
        found: list[Row] = []
        with contextlib.closing(self.connection.cursor()) as cursor:
            try:
                found.extend(cursor.execute(sql, parameters))  # what comes before an error stays
            except sqlite3.OperationalError as error:
                if primary_code(error) != sqlite3.SQLITE_INTERRUPT:
                    raise
                self.overran = True
        return found

    def integers(self, sql: str, parameters: Parameters = ()) -> list[int]:
        """Read the first column, whole numbers."""
        return [row[0] for row in self.rows(sql, parameters)]

    @contextlib.contextmanager
    def briefly(self, most_s: float) -> Iterator["Brief"]:
        """Ask for what is wanted only if it is cheap: it ends after ``most_s``, and not overrun."""
        until, overran = self._until, self.overran
        self._until = min(until, self.now() + most_s)
        brief = Brief()
        try:
            yield brief
        finally:
            brief.is_cut = self.overran and not overran
            self._until, self.overran = until, overran

    def allow(self, more_s: float) -> None:
        """Move the deadline to at least ``more_s`` from now, to bring what was found to an end."""
        until, latest = self._ends(more_s)
        self._until, self._latest = max(self._until, until), max(self._latest, latest)

    def has_passed(self) -> bool:
        return self.now() > self._until or time.perf_counter() > self._latest


class Database:
    """An open database: `write` for transactions, `read` and `search` for questions."""

    def __init__(
        self,
        path: Path,
        writer: Connection,
        open_reader: Callable[[], Awaitable[Connection]],
        watch: FileWatch,
    ) -> None:
        """``watch`` knows the files: what is written to one that was deleted would be lost."""
        self.path = path
        self.watch = watch
        self.after_commit: Callable[[sqlite3.Connection], None] | None = None
        """Called in the writer's thread when a transaction lasts."""
        self._writer = writer
        self._open_reader = open_reader
        self._idle: list[Connection] = []
        self._seats = asyncio.Semaphore(READERS)
        self._search_seats = asyncio.Semaphore(READERS - 1)
        self._waiting: list[tuple[Work, asyncio.Future[Any]]] = []
        self._is_sharing = False
        self._running: set[asyncio.Task[Any]] = set()
        self._is_closed = False

    async def write(
        self,
        work: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run ``work(connection, ...)`` as one transaction, whole even if the caller is cancelled.

        Commits on success, rolls back on any exception. Raises `DatabaseBusy` when another
        process holds the lock, `StoreError` for every other failure of SQLite. After a
        cancellation the rows are the truth.
        """
        return await self._write(math.inf, lambda connection: work(connection, *args, **kwargs))

    async def write_together(
        self,
        work: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """As `write`, in one transaction with what others ask for at the same moment.

        While that lasts, those who come wait for the next one. If one of them fails, each is done
        by itself, so that none suffers for another.
        """
        self._require_open()
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        done.add_done_callback(_look_at)
        self._waiting.append((lambda connection: work(connection, *args, **kwargs), done))
        if not self._is_sharing:
            self._is_sharing = True
            self._start(self._write_waiting())
        with translated_errors():
            return await asyncio.shield(done)

    async def write_within(
        self,
        patience_s: float,
        work: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Write for a person who waits: as `write`, or `DatabaseBusy` with nothing written.

        ``patience_s`` is how long the work may wait for its turn and for the lock.
        """
        return await self._write(patience_s, lambda connection: work(connection, *args, **kwargs))

    async def read(
        self,
        work: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run ``work(connection, ...)`` over one snapshot, interrupted after `READ_DEADLINE_S`.

        Raises `DatabaseBusy` on an overrun as on a lock: both mean 'try again'.
        """
        return await self.read_within(READ_DEADLINE_S, work, *args, **kwargs)

    async def read_within(
        self,
        deadline_s: float,
        work: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """As `read`, with a deadline of its own, counted from when a connection is free."""
        return await self._read(
            lambda each: work(each.connection, *args, **kwargs), deadline_s, STEPS_BETWEEN_LOOKS
        )

    async def search(
        self,
        deadline_s: float,
        work: Callable[Concatenate[Reading, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """As `read_within`, for work that is content with what its `Reading` finds in time.

        The deadline is of computing time: other work on the machine takes none of it.
        However many search, one connection stays for the other reads.
        """
        async with self._search_seats:
            return await self._read(
                lambda each: work(each, *args, **kwargs),
                deadline_s,
                SEARCH_STEPS_BETWEEN_LOOKS,
                time.thread_time,
            )

    async def close(self) -> None:
        """Refuse new work, wait for the work in progress and close the readers.

        A write whose caller is gone may go on: the writer does it before it closes.
        """
        self._is_closed = True
        for _ in range(READERS):
            await self._seats.acquire()
        while self._running:
            await asyncio.wait(set(self._running))
        while self._idle:
            await self._idle.pop().close()

    async def _write(self, patience_s: float, work: Callable[[sqlite3.Connection], T]) -> T:
        self._require_open()
        turn = _Turn(patience_s)
        writing = self._writer.run(partial(self._transact, work, turn))
        if patience_s == math.inf:
            with translated_errors():
                return await writing
        task = self._start(writing)
        await asyncio.wait({task}, timeout=patience_s)
        if not task.done() and turn.take():
            raise DatabaseBusy(BUSY)
        with translated_errors():
            return await asyncio.shield(task)

    async def _write_waiting(self) -> None:
        """Write what waits, in as few transactions as it takes, until nothing does."""
        try:
            while self._waiting:
                shared, self._waiting = self._waiting, []
                works = [work for work, _ in shared]
                endings = await self._writer.run(partial(self._transact_all, works))
                for (_, done), (result, error) in zip(shared, endings, strict=True):
                    if error is None:
                        done.set_result(result)
                    else:
                        done.set_exception(error)
        except BaseException:  # the loop ends: so do those who wait
            for _, done in (*shared, *self._waiting):
                done.cancel()
            self._waiting = []
            raise
        finally:
            self._is_sharing = False

    def _transact_all(
        self, works: Sequence[Work], connection: sqlite3.Connection
    ) -> Sequence[Ending]:
        """Run all of it as one transaction, or each as its own where that fails."""
        try:
            results = self._transact(
                lambda each: [work(each) for work in works], _Turn(math.inf), connection
            )
        except Exception as error:
            if len(works) == 1 or is_busy(error):  # then each would wait as long as all did
                return [(None, error)] * len(works)
            return [self._transact_all([work], connection)[0] for work in works]
        return [(result, None) for result in results]

    def _transact(
        self, work: Callable[[sqlite3.Connection], T], turn: "_Turn", connection: sqlite3.Connection
    ) -> T:
        """Run ``work`` as one transaction, in the writer's thread."""
        if not turn.take():
            raise DatabaseBusy(BUSY)
        self.watch.check()
        result = _transact(work, turn, connection)
        if self.after_commit is not None:
            self.after_commit(connection)
        return result

    async def _read(
        self,
        work: Callable[[Reading], T],
        deadline_s: float,
        steps: int,
        clock: Callable[[], float] = time.perf_counter,
    ) -> T:
        self._require_open()
        async with self._seats:
            with translated_errors():
                connection = await self._free_reader()
                try:
                    return await connection.run_or_interrupt(
                        partial(_ask, work, deadline_s, steps, clock)
                    )
                finally:
                    self._idle.append(connection)

    async def _free_reader(self) -> Connection:
        """Take a free reader, the one used last before others; open one when there is none."""
        while not self._idle:  # again where another has taken the one that was opened
            await asyncio.shield(self._start(self._add_reader()))
        return self._idle.pop()

    async def _add_reader(self) -> None:
        self.watch.check()
        self._idle.append(await self._open_reader())

    def _start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Begin what goes on when its caller is cancelled, and what closing waits for."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        _look_at(task)

    def _require_open(self) -> None:
        if self._is_closed:
            raise StoreError("The database is closed.")


def is_busy(error: BaseException) -> bool:
    """Whether an error of SQLite means that the same may work a moment later."""
    return isinstance(error, sqlite3.Error) and primary_code(error) in TRY_AGAIN


def _nothing(_: sqlite3.Connection) -> None:
    """Do nothing: that it was done says that all work before it has ended."""


def _look_at(task: asyncio.Future[Any]) -> None:
    """Look at what went wrong in a task whose caller may be gone: else asyncio logs it."""
    if not task.cancelled():
        task.exception()


class _Turn:
    """The right to begin a write: for the writer's thread, or for a caller who gives up waiting."""

    def __init__(self, patience_s: float) -> None:
        self._until = time.perf_counter() + patience_s
        self._taken = threading.Lock()

    def take(self) -> bool:
        """Return whether nobody has taken it before."""
        return self._taken.acquire(blocking=False)

    def left_ms(self) -> int:
        """Return how long the lock may be waited for."""
        left_s = self._until - time.perf_counter()
        return int(min(max(left_s * 1000, 0), BUSY_TIMEOUT_MS))


def _transact(
    work: Callable[[sqlite3.Connection], T], turn: _Turn, connection: sqlite3.Connection
) -> T:
    _begin(connection, turn.left_ms())
    try:
        result = work(connection)
        connection.execute("COMMIT")
    except BaseException:
        # A full disk has already rolled back: then there is no transaction to end.
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
    return result


def _begin(connection: sqlite3.Connection, patience_ms: int) -> None:
    if patience_ms == BUSY_TIMEOUT_MS:
        connection.execute("BEGIN IMMEDIATE")
        return
    connection.execute(f"PRAGMA busy_timeout = {patience_ms}")
    try:
        connection.execute("BEGIN IMMEDIATE")
    finally:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")


def _ask(
    work: Callable[[Reading], T],
    deadline_s: float,
    steps: int,
    clock: Callable[[], float],
    connection: sqlite3.Connection,
) -> T:
    """Run ``work`` over one snapshot, in a reader's thread."""
    connection.execute("BEGIN")
    reading = Reading(connection, deadline_s, clock)
    connection.set_progress_handler(reading.has_passed, steps)
    gc.callbacks.append(reading.note_collection)
    try:
        return work(reading)
    finally:
        gc.callbacks.remove(reading.note_collection)
        connection.set_progress_handler(None, 0)
        connection.rollback()


@contextlib.contextmanager
def translated_errors() -> Iterator[None]:
    """Turn SQLite's exceptions into ours; bugs (wrong SQL) become `StoreError` too."""
    try:
        yield
    except sqlite3.Error as error:
        raise _translated(error) from error
    except UnicodeEncodeError as error:
        raise StoreError("A text is not valid Unicode and cannot be stored.") from error
    except OverflowError as error:  # of a made-up button, say
        raise StoreError("A number is too large for the database.") from error


def _translated(error: sqlite3.Error) -> StoreError:
    code = primary_code(error)
    if code in TRY_AGAIN:
        return DatabaseBusy(BUSY)
    if code == sqlite3.SQLITE_FULL:
        return DatabaseFull("There is no space left for the database.")
    if code in DAMAGED:
        return DatabaseUnusable(f"The database is damaged ({error}); restore a backup.")
    return StoreError(f"The database refused: {error}.")


def primary_code(error: sqlite3.Error) -> int | None:
    """Return SQLite's error code without its extension (https://sqlite.org/rescode.html)."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF
