"""The running bot copies its database when a copy is due, and only then; trouble is told once."""

import logging
import os
from datetime import timedelta
from pathlib import Path

import pytest

from bot.config.schema import BackupConfig
from bot.run.housekeeping import Backups, find_problem
from bot.store.backup import copies
from bot.store.backup.copies import list_copies, name_copy
from tests.builders import NOW
from tests.fakes.clock import VirtualClock
from tests.stores import open_store

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "papers.db"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


@pytest.fixture
async def database(path: Path) -> None:
    async with open_store(path) as store:
        await store.facts.set("name", "x")


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture
def job(path: Path, folder: Path, clock: VirtualClock) -> Backups:
    return make_job(path, folder, clock)


def make_job(path: Path, folder: Path, clock: VirtualClock, **settings: float) -> Backups:
    return Backups(path, folder, BackupConfig.model_validate(settings), now=clock.now)


def ages(path: Path, folder: Path, clock: VirtualClock) -> list[float]:
    """Return the ages of the copies in hours, the newest first."""
    made = list_copies(path, folder)
    return [(clock.now() - copy.made_at) / timedelta(hours=1) for copy in made]


async def test_a_copy_is_whole(job: Backups, path: Path, folder: Path) -> None:
    async with open_store(path) as store:
        await store.facts.set("late", "still in the log")
        await job.look()
    (made,) = list_copies(path, folder)
    async with open_store(made.file) as copy:
        assert await copy.facts.get("late") == "still in the log"


async def test_hourly_looks_make_a_copy_a_day_and_keep_three(
    job: Backups, path: Path, folder: Path, clock: VirtualClock
) -> None:
    for _ in range(24 * 4 + 1):
        await job.look()
        clock.advance(timedelta(hours=1))
    assert ages(path, folder, clock) == [1, 25, 49]


async def test_a_restart_makes_none_before_its_time(
    path: Path, folder: Path, clock: VirtualClock
) -> None:
    for _ in range(3):
        await make_job(path, folder, clock).look()
        clock.advance(timedelta(hours=7))
    assert len(list_copies(path, folder)) == 1


@pytest.mark.parametrize("jump", [timedelta(days=400), timedelta(hours=-1), timedelta(days=-400)])
async def test_a_clock_that_jumps_and_comes_back_costs_a_copy_at_most(
    job: Backups, path: Path, folder: Path, clock: VirtualClock, jump: timedelta
) -> None:
    await job.look()
    clock.advance(jump)
    for _ in range(5):
        await job.look()
    assert len(list_copies(path, folder)) == 2
    clock.advance(-jump)
    for _ in range(24 * 4):
        clock.advance(timedelta(hours=1))
        await job.look()
    assert all(age >= 0 for age in ages(path, folder, clock)[-2:])
    assert ages(path, folder, clock)[-1] <= 72


async def test_a_persons_own_files_stay(path: Path, folder: Path, clock: VirtualClock) -> None:
    folder.mkdir()
    own = folder / "papers-2020-01-01.db"
    own.write_bytes(path.read_bytes())
    os.utime(own, (0, 0))
    job = make_job(path, folder, clock, keep=1)
    for _ in range(3):
        await job.look()
        clock.advance(timedelta(days=1))
    assert own.exists()
    assert len(list_copies(path, folder)) == 1


async def test_what_a_kill_left_is_cleared_away(
    job: Backups, path: Path, folder: Path, clock: VirtualClock
) -> None:
    folder.mkdir()
    left = folder / f"{name_copy(path, NOW - timedelta(days=9))}.new-0123abcd"
    left.write_bytes(b"half a copy")
    await job.look()
    assert not left.exists()


async def test_no_copy_is_made_where_it_would_fill_the_disk(
    job: Backups,
    path: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is told once, not every hour; once there is room, the copy is made."""
    caplog.set_level(logging.INFO)
    with monkeypatch.context() as patch:
        patch.setattr(copies, "ROOM_BYTES", 10**18)
        for _ in range(3):
            await job.look()
        assert "GB are free" in find_problem(path, folder)
    assert list_copies(path, folder) == []
    await job.look()
    assert len(list_copies(path, folder)) == 1
    told = [record.message for record in caplog.records if record.name == "bot.run.housekeeping"]
    assert [line.partition(":")[0] for line in told] == [
        "no backup made, tried again every hour", "backup made",
    ]  # fmt: skip


async def test_a_failure_deletes_no_older_copy_and_is_tried_again(
    path: Path, folder: Path, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    job = make_job(path, folder, clock, keep=1)
    await job.look()
    clock.advance(timedelta(days=1))
    content = path.read_bytes()
    path.write_bytes(content[:8192])
    await job.look()
    assert ages(path, folder, clock) == [24]
    path.write_bytes(content)
    clock.advance(timedelta(hours=1))
    await job.look()
    assert ages(path, folder, clock) == [0]
    assert len([r for r in caplog.records if r.levelno >= logging.WARNING]) == 1


async def test_a_folder_that_cannot_be_is_told_and_survived(
    path: Path, tmp_path: Path, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "not mounted" / "backups"
    await make_job(path, folder, clock).look()
    assert "cannot be used for backups" in caplog.text
    assert "cannot be used" in find_problem(path, folder)
