"""The running bot copies its database when a copy is due, and only then; trouble is told once."""

import logging
import os
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot.config.schema import BackupConfig
from bot.errors import StoreError
from bot.run.housekeeping import (
    PROVEN,
    Backups,
    Prover,
    find_problem,
    prove_apart,
)
from bot.store.backup import copies
from bot.store.backup.copies import list_copies, name_copy
from bot.store.facts import Facts
from tests.builders import NOW
from tests.fakes.clock import VirtualClock
from tests.stores import open_store

MakeJob = Callable[..., Backups]

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
async def facts(tmp_path: Path) -> AsyncIterator[Facts]:
    """The bot's own, in another file, as tests damage the one that is copied."""
    async with open_store(tmp_path / "facts.db") as store:
        yield store.facts


async def find_good(file: Path) -> None:
    assert file.exists()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture
def make_job(path: Path, folder: Path, clock: VirtualClock, facts: Facts) -> MakeJob:
    def make(folder: Path = folder, *, prove: Prover = find_good, **settings: float) -> Backups:
        config = BackupConfig.model_validate(settings)
        return Backups(path, folder, config, facts=facts, prove=prove, now=clock.now)

    return make


@pytest.fixture
def job(make_job: MakeJob) -> Backups:
    return make_job()


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
    make_job: MakeJob, path: Path, folder: Path, clock: VirtualClock
) -> None:
    for _ in range(3):
        await make_job().look()
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


async def test_a_persons_own_files_stay(
    make_job: MakeJob, path: Path, folder: Path, clock: VirtualClock
) -> None:
    folder.mkdir()
    own = folder / "papers-2020-01-01.db"
    own.write_bytes(path.read_bytes())
    os.utime(own, (0, 0))
    job = make_job(keep=1)
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
        "no backup made, tried again every hour", "backup made", "backup tried and found good",
    ]  # fmt: skip


async def test_a_failure_deletes_no_older_copy_and_is_tried_again(
    make_job: MakeJob,
    path: Path,
    folder: Path,
    clock: VirtualClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    job = make_job(keep=1)
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
    make_job: MakeJob, path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "not mounted" / "backups"
    await make_job(folder).look()
    assert "cannot be used for backups" in caplog.text
    assert "cannot be used" in find_problem(path, folder)


async def test_a_copy_is_tried_once_a_week(
    make_job: MakeJob, facts: Facts, clock: VirtualClock
) -> None:
    tried = []

    async def prove(file: Path) -> None:
        tried.append(clock.now())

    for _ in range(22):
        await make_job(prove=prove).look()
        clock.advance(timedelta(days=1))
    assert tried == [
        NOW,
        NOW + timedelta(days=7),
        NOW + timedelta(days=14),
        NOW + timedelta(days=21),
    ]
    assert await facts.moment(PROVEN) == tried[-1]


async def test_a_copy_that_is_not_good_is_told_once_and_the_next_one_tried(
    make_job: MakeJob, facts: Facts, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    async def prove(file: Path) -> None:
        if clock.now() < NOW + timedelta(days=1):
            raise StoreError(f"{file} is damaged.")

    job = make_job(prove=prove)
    for _ in range(24):
        await job.look()
        clock.advance(timedelta(hours=1))
    assert await facts.get(PROVEN) is None
    (told,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert "is damaged" in told.getMessage()
    await job.look()
    assert await facts.moment(PROVEN) == clock.now()


async def test_a_copy_is_tried_in_a_process_of_its_own(
    job: Backups, path: Path, folder: Path
) -> None:
    await job.look()
    (made,) = list_copies(path, folder)
    await prove_apart(made.file)
    made.file.write_bytes(made.file.read_bytes()[:8192])
    with pytest.raises(StoreError, match="is damaged"):
        await prove_apart(made.file)
