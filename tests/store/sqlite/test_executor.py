"""Work runs whole or not at all, in its own time, and never into other work."""

import asyncio
import contextlib
import gc
import itertools
import sqlite3
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from bot.errors import DatabaseBusy, DatabaseUnusable, StoreError
from bot.store.sqlite.executor import BUSY_TIMEOUT_MS, READERS, Connection, Database, Reading
from tests.stores import open_database

ENDLESS = (
    "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers) "
    "SELECT n FROM numbers"
)
SILENT = f"SELECT count(*) FROM ({ENDLESS})"
LONG_S = 60.0
"""A deadline that no test waits for."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bot.db"


@pytest.fixture
async def database(path: Path) -> AsyncIterator[Database]:
    async with open_database(path) as database:
        yield database


def add(connection: sqlite3.Connection, name: str = "a") -> str:
    connection.execute("INSERT INTO fact VALUES (?, '')", (name,))
    return name


def names(connection: sqlite3.Connection) -> list[str]:
    return [name for (name,) in connection.execute("SELECT name FROM fact ORDER BY name")]


def read_for_ever(connection: sqlite3.Connection) -> None:
    connection.execute(SILENT).fetchall()


class Held:
    """A piece of work that stops in its middle until it may go on."""

    def __init__(self, work: Callable[[sqlite3.Connection], object] = add) -> None:
        self._work = work
        self._begun = threading.Event()
        self._may_end = threading.Event()

    def __call__(self, connection: sqlite3.Connection) -> None:
        self._work(connection)
        self._begun.set()
        assert self._may_end.wait(LONG_S)

    async def begun(self) -> None:
        assert await asyncio.to_thread(self._begun.wait, LONG_S)

    def let_go(self) -> None:
        self._may_end.set()


async def cancel(task: asyncio.Task[object]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert task.cancelled()


# Writing


async def test_a_write_returns_what_its_work_returns(database: Database) -> None:
    assert await database.write(add, name="b") == "b"
    assert await database.write_within(5, add, "c") == "c"
    assert await database.read(names) == ["b", "c"]


async def test_an_error_in_the_middle_leaves_nothing(database: Database) -> None:
    def work(connection: sqlite3.Connection) -> None:
        add(connection)
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        await database.write(work)
    assert await database.read(names) == []
    assert await database.write(add) == "a"


async def test_writers_do_not_mix(database: Database) -> None:
    """The rollback of one takes nothing of another."""

    def failing(connection: sqlite3.Connection) -> None:
        add(connection, "gone")
        raise ValueError

    works = [
        database.write(failing),
        database.write(add, "a"),
        database.write(failing),
        database.write(add, "b"),
    ]
    results = await asyncio.gather(*works, return_exceptions=True)
    assert [type(each) for each in results] == [ValueError, str] * 2
    assert await database.read(names) == ["a", "b"]


@pytest.mark.parametrize("steps", range(8))
async def test_a_write_whose_caller_is_cancelled_is_there_whole_or_not_at_all(
    database: Database, steps: int
) -> None:
    """Wherever that happens; others write on."""

    def two(connection: sqlite3.Connection) -> None:
        add(connection, "one")
        add(connection, "two")

    task = asyncio.create_task(database.write(two))
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await database.write(add, "z")
    assert await database.read(names) in (["z"], ["one", "two", "z"])


async def test_a_write_cancelled_in_its_middle_goes_on(database: Database) -> None:
    held = Held()
    task = asyncio.create_task(database.write(held))
    await held.begun()
    await cancel(task)
    assert await database.read(names) == []
    held.let_go()
    await database.write(add, "b")
    assert await database.read(names) == ["a", "b"]


async def test_a_write_cancelled_while_it_waits_is_done(database: Database) -> None:
    """As one in the middle is, so that there is one rule; patience makes no difference."""
    held = Held()
    first = asyncio.create_task(database.write(held))
    await held.begun()
    for waiting in (database.write(add, "b"), database.write_within(LONG_S, add, "c")):
        task = asyncio.create_task(waiting)
        await asyncio.sleep(0)
        await cancel(task)
    held.let_go()
    await first
    await database.write(add, "d")
    assert await database.read(names) == ["a", "b", "c", "d"]


async def test_a_failure_whose_caller_is_gone_is_not_complained_about(database: Database) -> None:
    """A write is rolled back and a read interrupted, and asyncio has nothing to log."""
    reports: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reports.append(context))

    def fail(connection: sqlite3.Connection) -> None:
        add(connection, "gone")
        raise ValueError

    for work in (
        database.write(fail),
        database.write_together(fail),
        database.write_within(LONG_S, fail),
        database.read_within(LONG_S, read_for_ever),
    ):
        task = asyncio.create_task(work)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await cancel(task)
    assert await database.write(add) == "a"
    assert await database.read(names) == ["a"]
    del task, work
    gc.collect()  # only then would asyncio complain
    assert reports == []


async def test_a_person_waits_no_longer_than_asked(database: Database, path: Path) -> None:
    """Whether another program or our own work has the lock; nothing is written later."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseBusy):  # the file's lock
        await database.write_within(0.1, add, "late")
    waiting = asyncio.create_task(database.write(add, "patient"))
    await asyncio.sleep(0)
    with pytest.raises(DatabaseBusy):  # behind the other write
        await database.write_within(0.1, add, "late")
    assert not waiting.done()
    other.execute("ROLLBACK")
    other.close()
    await waiting
    assert await database.read(names) == ["patient"]


async def test_work_that_has_begun_is_waited_for(database: Database) -> None:
    """Patience is for the turn; a person who was told to try again would do it twice."""
    held = Held()
    task = asyncio.create_task(database.write_within(0.05, held))
    await held.begun()
    await asyncio.sleep(0.1)
    assert not task.done()
    held.let_go()
    await task
    assert await database.read(names) == ["a"]


async def test_patience_is_one_callers_own(database: Database) -> None:
    def busy_timeout(connection: sqlite3.Connection) -> int:
        return int(connection.execute("PRAGMA busy_timeout").fetchone()[0])

    await database.write_within(0.1, add)
    assert await database.write(busy_timeout) == BUSY_TIMEOUT_MS


# Writing together


class Commits:
    """Counts the transactions of a database that last, and those that began."""

    def __init__(self, database: Database) -> None:
        self.lasting = self.begun = 0
        database.after_commit = self._note
        self._writer = database._writer

    def _note(self, connection: sqlite3.Connection) -> None:
        self.lasting += 1

    async def count_beginnings(self) -> None:
        await self._writer.run(lambda each: each.set_trace_callback(self._begins))

    def _begins(self, statement: str) -> None:
        self.begun += statement == "BEGIN IMMEDIATE"


async def test_writes_of_one_moment_share_a_transaction(database: Database) -> None:
    """And those that come meanwhile the next one."""
    commits, held = Commits(database), Held()
    first = asyncio.create_task(database.write_together(held))
    await held.begun()
    others = [asyncio.create_task(database.write_together(add, name)) for name in "bcd"]
    await asyncio.sleep(0)
    held.let_go()
    assert await asyncio.gather(first, *others) == [None, "b", "c", "d"]
    assert await database.read(names) == ["a", "b", "c", "d"]
    assert commits.lasting == 2


async def test_one_that_fails_takes_nothing_of_those_it_was_with(database: Database) -> None:
    def failing(connection: sqlite3.Connection) -> None:
        add(connection, "gone")
        raise ValueError

    works = [
        database.write_together(add, "b"),
        database.write_together(failing),
        database.write_together(add, "b"),  # there already
        database.write_together(add, "c"),
    ]
    results = await asyncio.gather(*works, return_exceptions=True)
    assert [type(each) for each in results] == [str, ValueError, StoreError, str]
    assert await database.read(names) == ["b", "c"]


async def test_a_shared_write_cancelled_while_it_waits_is_done(database: Database) -> None:
    held = Held()
    first = asyncio.create_task(database.write_together(held))
    await held.begun()
    second = asyncio.create_task(database.write_together(add, "b"))
    await asyncio.sleep(0)
    await cancel(first)
    await cancel(second)
    held.let_go()
    assert await database.write_together(add, "c") == "c"
    assert await database.read(names) == ["a", "b", "c"]


async def test_a_lock_is_waited_for_once_by_all_together(database: Database, path: Path) -> None:
    """Else the last of a hundred would wait a hundred times as long."""
    commits = Commits(database)
    await database._writer.execute("PRAGMA busy_timeout = 50")
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        await commits.count_beginnings()
        works = [database.write_together(add, name) for name in "abc"]
        results = await asyncio.gather(*works, return_exceptions=True)
    assert [type(each) for each in results] == [DatabaseBusy] * 3
    assert commits.begun == 1
    assert await database.write_together(add) == "a"


async def test_shared_writes_end_with_their_loop(path: Path) -> None:
    """Nobody waits for ever for what is not written any more."""
    async with open_database(path) as database:
        held = Held()
        first = asyncio.create_task(database.write_together(held))
        await held.begun()
        second = asyncio.create_task(database.write_together(add, "b"))
        await asyncio.sleep(0)
        for task in database._running:
            task.cancel()
        results = await asyncio.gather(first, second, return_exceptions=True)
        assert [type(each) for each in results] == [asyncio.CancelledError] * 2
        held.let_go()
        assert await database.write_together(add, "c") == "c"


# Reading


async def test_a_read_ends_at_its_deadline(database: Database) -> None:
    with pytest.raises(DatabaseBusy):
        await database.read_within(0.05, read_for_ever)
    assert await database.read(names) == []


async def test_a_read_ends_with_its_caller(database: Database) -> None:
    """Not at its deadline: a bot that is stopped while it checks a large file ends soon."""
    held = Held(names)

    def work(connection: sqlite3.Connection) -> None:
        held(connection)
        read_for_ever(connection)

    task = asyncio.create_task(database.read_within(LONG_S, work))
    await held.begun()
    held.let_go()
    async with asyncio.timeout(LONG_S / 2):
        await cancel(task)
        assert await database.read(names) == []  # over the same connection


async def test_a_search_ends_with_its_caller(database: Database) -> None:
    """Though it is content with a part: it may take one statement after the other."""

    def work(reading: Reading) -> None:
        while not reading.overran:
            reading.rows("SELECT 1")
            reading.rows(SILENT)

    task = asyncio.create_task(database.search(LONG_S, work))
    await asyncio.sleep(0.02)
    async with asyncio.timeout(LONG_S / 2):
        await cancel(task)
        assert await database.read(names) == []


async def test_those_who_give_up_waiting_leave_their_seats(database: Database) -> None:
    held = [Held(names) for _ in range(READERS)]
    reads = [asyncio.create_task(database.read_within(LONG_S, each)) for each in held]
    for each in held:
        await each.begun()
    for _ in range(2 * READERS):
        task = asyncio.create_task(database.read(names))
        await asyncio.sleep(0)
        await cancel(task)
    for each in held:
        each.let_go()
    await asyncio.gather(*reads)
    assert await asyncio.gather(*(database.read(names) for _ in range(9))) == [[]] * 9


@pytest.mark.parametrize("steps", range(8))
async def test_a_read_cancelled_anywhere_harms_no_later_one(database: Database, steps: int) -> None:
    tasks = [asyncio.create_task(database.read(names)) for _ in range(READERS)]
    for _ in range(steps):
        await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert await asyncio.gather(*(database.read(names) for _ in range(9))) == [[]] * 9


@pytest.mark.parametrize("steps", range(6))
async def test_a_reader_that_another_takes_first_is_no_loss(
    database: Database, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    """Between being opened and being used by the one who had it opened."""
    is_open = asyncio.Event()
    open_reader = database._open_reader

    async def open_and_tell() -> Connection:
        connection = await open_reader()
        is_open.set()
        return connection

    monkeypatch.setattr(database, "_open_reader", open_and_tell)
    first = asyncio.create_task(database.read(names))
    await is_open.wait()
    for _ in range(steps):
        await asyncio.sleep(0)
    assert await database.read(names) == []
    assert await first == []


async def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(StoreError, match="readonly"):
        await database.read(add)
    with pytest.raises(StoreError, match="readonly"):
        await database.search(LONG_S, lambda reading: reading.rows("DELETE FROM fact"))
    assert await database.read(names) == []


async def test_a_read_does_not_wait_for_a_write(database: Database) -> None:
    held = Held()
    task = asyncio.create_task(database.write(held))
    await held.begun()
    assert await database.read(names) == []
    held.let_go()
    await task
    assert await database.read(names) == ["a"]


async def test_a_read_sees_one_state_of_the_database(database: Database) -> None:
    """Also when something is written between two of its statements."""

    def work(connection: sqlite3.Connection) -> list[str]:
        before = names(connection)
        asyncio.run_coroutine_threadsafe(database.write(add), loop).result(LONG_S)
        return before + names(connection)

    loop = asyncio.get_running_loop()
    assert await database.read(work) == []
    assert await database.read(names) == ["a"]


async def test_rows_found_before_the_deadline_are_kept(database: Database) -> None:
    def work(reading: Reading) -> tuple[int, bool]:
        return len(reading.rows(ENDLESS)), reading.overran

    found, overran = await database.search(0.05, work)
    assert found > 100
    assert overran


async def test_what_is_asked_briefly_ends_without_an_overrun(database: Database) -> None:
    """And what is asked behind it has its time."""

    def work(reading: Reading) -> tuple[int, bool, bool, int]:
        with reading.briefly(0.01) as brief:
            found = len(reading.rows(ENDLESS))
        is_overrun = reading.overran
        with reading.briefly(10) as other:
            reading.rows("SELECT 1")
        assert not other.is_cut
        return found, brief.is_cut, is_overrun, len(reading.rows("SELECT 1"))

    found, is_cut, is_overrun, more = await database.search(10.0, work)
    assert found > 100
    assert is_cut
    assert not is_overrun
    assert more == 1


async def test_a_busy_machine_does_not_cut_a_search_short(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the wall's clock says it took; only a disk that hangs ends it as well."""
    passed = itertools.count(start=time.perf_counter(), step=0.04)
    monkeypatch.setattr(time, "perf_counter", lambda: next(passed))

    def work(reading: Reading) -> list[bool]:
        return [reading.has_passed() for _ in range(150)]

    found = await database.search(0.1, work)
    assert not any(found[:40]), "at four times its deadline and more"
    assert found[-1], "but not for ever"


class Computed:
    """A thread's computing time, and garbage that takes long to collect."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def work_for(self, seconds: float) -> None:
        self.seconds += seconds

    def collect(self) -> None:
        garbage = Held()
        garbage.cycle = garbage  # type: ignore[attr-defined]
        weakref.finalize(garbage, self.work_for, 5.0)
        del garbage
        gc.collect()
        assert self.seconds >= 5, "the garbage was collected"


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Computed]:
    """Computing time that passes only as a test says, without collections but those it asks for."""
    computed = Computed()
    monkeypatch.setattr(time, "thread_time", lambda: computed.seconds)
    gc.disable()
    yield computed
    gc.enable()


async def test_collecting_garbage_takes_no_time_from_a_search(
    database: Database, computed: Computed
) -> None:
    """It looks through the whole process, and for as long, in whichever thread it falls due."""

    def work(reading: Reading) -> tuple[bool, bool, bool]:
        computed.collect()
        with reading.briefly(0.02):
            is_late_at_once = reading.has_passed()
        computed.work_for(0.05)
        is_late = reading.has_passed()
        computed.work_for(0.06)
        return is_late_at_once, is_late, reading.has_passed()

    callbacks = list(gc.callbacks)
    assert await database.search(0.1, work) == (False, False, True)
    assert gc.callbacks == callbacks


async def test_a_collection_in_another_thread_gives_a_search_no_time(
    database: Database, computed: Computed
) -> None:
    def work(reading: Reading) -> bool:
        thread = threading.Thread(target=computed.collect)
        thread.start()
        thread.join()
        return reading.has_passed()

    assert await database.search(0.1, work)


async def test_other_reads_end_by_the_wall(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed = itertools.count(start=time.perf_counter(), step=1.0)
    monkeypatch.setattr(time, "perf_counter", lambda: next(passed))
    with pytest.raises(DatabaseBusy):
        await database.read_within(0.5, lambda connection: connection.execute(ENDLESS).fetchall())


async def test_what_was_found_may_still_be_loaded(database: Database) -> None:
    def work(reading: Reading) -> list[int]:
        reading.rows(SILENT)
        assert reading.has_passed()
        reading.allow(LONG_S)
        return reading.integers("SELECT 7")

    assert await database.search(0.02, work) == [7]


async def test_searches_leave_a_reader_to_the_rest(database: Database) -> None:
    """However many there are, the delivery reads on; and one search does not wait for another."""
    held = [Held(names) for _ in range(READERS)]

    def search(number: int) -> Callable[[Reading], None]:
        return lambda reading: held[number](reading.connection)

    searches = [asyncio.create_task(database.search(LONG_S, search(n))) for n in range(READERS)]
    for each in held[:-1]:
        await each.begun()
    assert await database.read(names) == []
    for each in held:
        each.let_go()
    await asyncio.gather(*searches)


async def test_the_event_loop_goes_on_meanwhile(database: Database) -> None:
    task = asyncio.create_task(database.search(0.2, lambda reading: reading.rows(SILENT)))
    turns = 0
    while not task.done():
        await asyncio.sleep(0.005)
        turns += 1
    assert turns > 3


# What goes wrong


async def test_a_locked_file_is_busy(database: Database) -> None:
    await database._writer.execute("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(database.path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(DatabaseBusy):
        await database.write(add)
    assert await database.read(names) == []
    other.execute("ROLLBACK")
    other.close()
    await database.write(add)


async def test_a_full_disk_is_said_and_survived(database: Database) -> None:
    """Old data stays, and small writes work again once there is space."""
    await database.write(add)

    def fill(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO fact VALUES ('big', ?)", ("x" * 10_000_000,))

    await database._writer.execute("PRAGMA max_page_count = 100")
    with pytest.raises(StoreError, match="no space"):
        await database.write(fill)
    await database._writer.execute("PRAGMA max_page_count = 1000000")
    await database.write(add, "b")
    assert await database.read(names) == ["a", "b"]


async def test_a_text_that_is_no_unicode_is_refused(database: Database) -> None:
    with pytest.raises(StoreError, match="Unicode"):
        await database.write(add, "\ud800")


async def test_a_number_that_sqlite_cannot_hold_is_refused(database: Database) -> None:
    """It comes from a button that somebody made up."""
    with pytest.raises(StoreError, match="too large"):
        await database.read(lambda connection: connection.execute("SELECT ?", (2**63,)).fetchone())


async def test_wrong_sql_is_an_error_not_an_empty_result(database: Database) -> None:
    with pytest.raises(StoreError, match="nowhere"):
        await database.search(LONG_S, lambda reading: reading.rows("SELECT * FROM nowhere"))


async def test_a_reader_that_cannot_be_opened_is_one_sentence(
    database: Database, path: Path
) -> None:
    """And is tried again by the next."""
    path.rename(path.with_name("elsewhere.db"))
    with pytest.raises(DatabaseUnusable, match="was deleted, renamed or replaced"):
        await database.read(names)
    path.with_name("elsewhere.db").rename(path)
    assert await database.read(names) == []


async def test_a_damaged_file_is_said_to_be_damaged(database: Database, path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    header, rest = path.read_bytes()[:100], len(path.read_bytes()) - 100
    path.write_bytes(header + b"x" * rest)
    with pytest.raises(DatabaseUnusable, match=r"^The database is damaged \("):
        await database.read(names)


# Closing


async def test_closing_waits_for_a_write_whose_caller_is_gone(path: Path) -> None:
    async with open_database(path) as database:
        task = asyncio.create_task(database.write(add))
        await asyncio.sleep(0)
        await cancel(task)
    async with open_database(path) as database:
        assert await database.read(names) == ["a"]


async def test_closing_waits_for_all_work_in_progress_and_takes_no_more(path: Path) -> None:
    held = [Held(add), Held(names)]
    async with contextlib.AsyncExitStack() as opened:
        database = await opened.enter_async_context(open_database(path))
        write = asyncio.create_task(database.write(held[0]))
        read = asyncio.create_task(database.read_within(LONG_S, held[1]))
        for each in held:
            await each.begun()
        closing = asyncio.create_task(opened.aclose())
        await asyncio.sleep(0.02)
        assert not closing.done()
        for late in (
            database.write(add),
            database.write_together(add),
            database.write_within(1, add),
            database.read(names),
        ):
            with pytest.raises(StoreError, match="closed"):
                await late
        for each in held:
            each.let_go()
        await asyncio.gather(write, read, closing)
    async with open_database(path) as database:
        assert await database.read(names) == ["a"]


LEAVE_OPEN = """
import asyncio, sys
from pathlib import Path
from bot.store.sqlite.database import open_database
kept = []
async def main():
    opened = open_database(Path(sys.argv[1]))
    database = await opened.__aenter__()
    kept.append((opened, database))
    kept.append(asyncio.create_task(database.read_within(60, lambda c: c.execute(sys.argv[2]))))
    await asyncio.sleep(0.1)
    if len(sys.argv) > 3: raise SystemExit(sys.argv[3])
loop = asyncio.new_event_loop()
kept.append(loop)
loop.run_until_complete(main())
"""


@pytest.mark.parametrize("last_words", [[], ["crashed"]], ids=["ends", "crashes"])
def test_a_database_left_open_does_not_keep_the_process_alive(
    path: Path, last_words: list[str]
) -> None:
    """Not even one that is at work: it would look like a bot that runs, and do nothing."""
    ran = subprocess.run(
        [sys.executable, "-c", LEAVE_OPEN, str(path), SILENT, *last_words],
        timeout=30,
        capture_output=True,
        check=False,
    )
    assert ran.returncode == len(last_words)
