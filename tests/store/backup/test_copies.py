"""The bot's own copies of the database: which count, when one is due, which may go."""

import asyncio
import gc
import os
import sqlite3
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.errors import StoreError
from bot.store.backup.backup import copy_database
from bot.store.backup.copies import (
    ROOM_BYTES,
    Copy,
    advise,
    find_backups,
    is_due,
    list_copies,
    list_temporary_files,
    make_folder,
    name_copy,
    room_for,
    size_of,
    surplus,
)
from tests.builders import NOW
from tests.stores import open_store
from tests.waiting import HUNG_S, until

DAY = timedelta(days=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "papers.db"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "backups"
    make_folder(folder)
    return folder


async def create(path: Path) -> None:
    async with open_store(path):
        pass


def copy_of(made_at: datetime) -> Copy:
    return Copy(file=Path(f"{made_at:%d}.db"), made_at=made_at)


# Which there are


def test_copies_are_known_by_their_names_newest_first(path: Path, folder: Path) -> None:
    moments = [NOW - DAY, NOW, NOW - 2 * DAY]
    for moment in moments:
        (folder / name_copy(path, moment)).touch()
    made = list_copies(path, folder)
    assert [copy.made_at for copy in made] == sorted(moments, reverse=True)
    assert made[0].file.name == f"papers.auto-{NOW:%Y%m%dT%H%M%SZ}.db"


@pytest.mark.parametrize(
    "name",
    [
        "papers.db",
        "papers-2026-08-21.db",
        "papers.replaced-20260821T120000.db",
        "papers.auto-20260821T120000Z.db.bak",
        "papers.auto-20261321T120000Z.db",
        "other.auto-20260821T120000Z.db",
        "papers.auto-20260821T120000Z.db.new-0123abcd",
    ],
)
def test_other_files_are_no_copies(path: Path, folder: Path, name: str) -> None:
    """A person's own backups are never deleted for being old."""
    (folder / name).touch()
    assert list_copies(path, folder) == []


def test_what_a_kill_left_is_told_from_everything_else(path: Path, folder: Path) -> None:
    copy = name_copy(path, NOW)
    for name in (copy, "papers.db.new-0123abcd", "mine.db.new-01"):
        (folder / name).touch()
    left = [folder / f"{copy}.new-0123abcd{suffix}" for suffix in ("", "-wal", "-journal")]
    for file in left:
        file.touch()
    assert sorted(list_temporary_files(path, folder)) == sorted(left)


def test_a_folder_that_is_not_there_holds_none(path: Path) -> None:
    assert list_copies(path, path.parent / "none") == []
    assert list_temporary_files(path, path.parent / "none") == []


# When and which


@pytest.mark.parametrize(
    ("ages", "due"),
    [
        ([], True),
        ([timedelta(0)], False),
        ([DAY - timedelta(seconds=1)], False),
        ([DAY], True),
        ([5 * DAY, timedelta(hours=1)], False),
        ([-DAY], True),
        ([-DAY, timedelta(hours=1)], False),
    ],
    ids=["none", "now", "nearly a day", "a day", "two", "from the future", "future and past"],
)
def test_a_copy_is_due_a_day_after_the_last_one(ages: list[timedelta], due: bool) -> None:
    """A clock that was ahead delays none, and does not make them come one after the other."""
    assert is_due([copy_of(NOW - age) for age in ages], DAY, NOW) is due


def test_the_oldest_are_surplus_and_those_from_the_future_before_them() -> None:
    """Else copies that a wrong clock has named would push out the real ones for years."""
    ahead, new, old = (copy_of(NOW + shift) for shift in (DAY, -DAY, -2 * DAY))
    copies = [old, ahead, new]
    assert surplus(copies, 3, NOW) == []
    assert surplus(copies, 2, NOW) == [ahead]
    assert surplus(copies, 1, NOW) == [old, ahead]


async def test_room_is_four_times_the_whole_database(path: Path) -> None:
    """What is still in the log is part of it."""
    async with open_store(path) as store:
        await store.facts.set("name", "x" * 100_000)
        log = path.with_name("papers.db-wal").stat().st_size
        assert log > 100_000
        assert size_of(path) == path.stat().st_size + log
    assert room_for(10) == 40 + ROOM_BYTES


def test_only_the_last_folder_is_made(tmp_path: Path) -> None:
    """Where more is missing, a volume is not mounted."""
    with pytest.raises(StoreError, match="cannot be used for backups"):
        make_folder(tmp_path / "volume" / "backups")
    assert not (tmp_path / "volume").exists()


# Making one


def fill(path: Path, rows: int = 30_000) -> None:
    """Make the database some 120 MB."""
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
            "INSERT INTO fact SELECT 'n' || i, hex(zeroblob(2000)) FROM n",
            (rows,),
        )
    connection.close()


def test_a_copy_ends_with_its_caller_and_leaves_nothing(
    path: Path, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A bot that is stopped does not wait for a large copy to be finished, nor complains."""
    asyncio.run(give_up_a_copy(path, folder))
    assert list(folder.iterdir()) == []
    gc.collect()  # only then does asyncio complain
    assert caplog.messages == []


async def give_up_a_copy(path: Path, folder: Path) -> None:
    await create(path)
    fill(path)
    target = folder / name_copy(path, NOW)
    task = asyncio.create_task(copy_database(path, target))
    await until(lambda: list_temporary_files(path, folder))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_check_of_a_copy_ends_with_its_caller(
    path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second half of the work is interrupted too, and its half is no copy."""
    await create(path)
    begun = threading.Event()

    def check_for_ever(connection: sqlite3.Connection, part: Path) -> None:
        assert part.exists()
        begun.set()
        connection.execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
        )

    monkeypatch.setattr("bot.store.backup.backup.check_copy", check_for_ever)
    task = asyncio.create_task(copy_database(path, folder / "copy.db"))
    assert await asyncio.to_thread(begun.wait, HUNG_S)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(HUNG_S):
            await task
    assert list(folder.iterdir()) == []


def count_elsewhere(path: Path) -> int:
    """Open the database in another process, count the facts, close it."""
    script = "import sqlite3, sys; print(*sqlite3.connect(sys.argv[1]).execute(sys.argv[2]))"
    query = "SELECT count(*) FROM fact WHERE name LIKE 'n%'"
    ran = subprocess.run(
        [sys.executable, "-c", script, str(path), query],
        capture_output=True,
        text=True,
        timeout=HUNG_S,
        check=True,
    )
    return int(ran.stdout.strip("(,)\n"))


async def test_copying_frees_no_lock_of_the_running_bot(path: Path, folder: Path) -> None:
    """Else the next process to close the database would take the log away under the bot."""
    async with open_store(path) as store:
        await store.facts.set("n1", "x")
        await copy_database(path, folder / "copy.db")
        assert count_elsewhere(path) == 1
        await store.facts.set("n2", "x")
        assert count_elsewhere(path) == 2


async def test_a_copy_is_private_whatever_the_database_is(path: Path, folder: Path) -> None:
    await create(path)
    path.chmod(0o644)
    await copy_database(path, folder / "copy.db")
    assert (folder / "copy.db").stat().st_mode & 0o777 == 0o600


# Rescue


async def test_advice_names_the_newest_backup_and_the_command(path: Path, folder: Path) -> None:
    """Whoever made it; what a restore has set aside was damaged, most likely."""
    assert f"no backup in {folder}" in advise(path, folder, "bot")
    names = ("papers.replaced-20260821T120000.db", "by hand.db", name_copy(path, NOW))
    for age, name in enumerate(names, start=1):
        await create(folder / name)
        os.utime(folder / name, (time.time() - age * 100,) * 2)
    (folder / "notes.txt").write_text("no database")
    await create(path)
    assert [file.name for file in find_backups(path, folder)] == list(names[1:])
    assert f"with: bot restore '{folder}/by hand.db'" in advise(path, folder, "bot")


async def test_a_backup_beside_the_database_counts_too(path: Path, folder: Path) -> None:
    await create(path.with_name("mine.db"))
    assert find_backups(path, folder) == [path.with_name("mine.db")]
