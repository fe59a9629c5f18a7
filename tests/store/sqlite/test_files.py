"""A database's files: of which kind, whose, and still there; real files throughout.

What a process makes of it is in `tests/faults/test_file_rows.py`.
"""

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.errors import AlreadyRunning, DatabaseUnusable
from bot.store.sqlite.database import instance_lock, keep_lock, open_database
from bot.store.sqlite.files import (
    BESIDE,
    MAGIC,
    FileWatch,
    beside,
    copy_permissions,
    kind_of,
    list_exposed,
    lock_file,
    make_private,
    make_private_folder,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bot.db"


@pytest.fixture
def watch(path: Path) -> FileWatch:
    """A watch of a database and its log, which are there."""
    path.write_bytes(header(changes=7))
    beside(path, "-wal").touch()
    watch = FileWatch(path)
    watch.check()
    return watch


def header(changes: int, mode: bytes = b"\2\2") -> bytes:
    """Return the first bytes of a database: https://sqlite.org/fileformat2.html."""
    return MAGIC + bytes(2) + mode + bytes(4) + changes.to_bytes(4) + bytes(72)


def refusal(watch: FileWatch) -> str:
    with pytest.raises(DatabaseUnusable) as caught:
        watch.check()
    return str(caught.value)


def test_what_is_written_and_what_is_beside_changes_nothing(path: Path, watch: FileWatch) -> None:
    path.write_bytes(header(changes=8) + b"more")
    beside(path, ".lock").touch()
    path.chmod(0o600)
    watch.check()


def test_a_file_that_comes_later_is_watched_from_then_on(path: Path, watch: FileWatch) -> None:
    shared = beside(path, "-shm")
    shared.touch()
    watch.check()
    shared.unlink()
    assert refusal(watch).startswith(f"{shared} was deleted")


def replace(file: Path) -> None:
    other = file.with_name("other")
    other.touch()
    other.replace(file)


@pytest.mark.parametrize("suffix", ["", "-wal"])
@pytest.mark.parametrize("take", [Path.unlink, replace])
def test_a_file_that_is_gone_or_another_is_told(
    take: Callable[[Path], None], suffix: str, path: Path, watch: FileWatch
) -> None:
    take(beside(path, suffix))
    told = refusal(watch)
    assert told.startswith(f"{path}{suffix} was deleted, renamed or replaced while it was in use")
    assert ("a backup of it" in told) == (suffix == "")
    assert refusal(watch) == told  # it does not get used to it


@pytest.mark.parametrize(
    "content", [header(changes=6), header(changes=9, mode=b"\1\1"), b"", b"text" * 40]
)
def test_a_file_that_was_written_over_is_told(path: Path, watch: FileWatch, content: bytes) -> None:
    """An older copy, one that SQLite made, or anything else."""
    path.write_bytes(content)
    assert refusal(watch).startswith(f"{path} was overwritten while it was in use")
    assert "restore" in refusal(watch)


def test_a_folder_that_is_a_file_now_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "bot.db").write_bytes(header(changes=1))
    watch = FileWatch(folder / "bot.db")
    watch.check()
    folder.rename(tmp_path / "moved")
    folder.touch()
    assert "was deleted, renamed or replaced" in refusal(watch)


def test_a_file_that_cannot_be_reached_is_told_with_the_reason(
    path: Path, watch: FileWatch
) -> None:
    path.unlink()
    path.symlink_to(path)  # a loop: stands for a disk that answers with errors
    assert "cannot be reached any more (Too many levels of symbolic links)" in refusal(watch)


def test_the_log_of_a_file_that_was_moved_away_is_set_aside(path: Path, watch: FileWatch) -> None:
    watch.set_aside_log()
    assert beside(path, "-wal").exists()
    path.rename(path.with_name("elsewhere"))
    watch.set_aside_log()
    assert not beside(path, "-wal").exists()
    assert beside(path, ".lost-wal").exists()


def test_the_log_of_the_file_that_took_its_place_is_left_alone(
    path: Path, watch: FileWatch
) -> None:
    replace(path)
    replace(beside(path, "-wal"))
    watch.set_aside_log()
    assert beside(path, "-wal").exists()


async def test_nothing_is_written_to_a_file_that_is_gone(path: Path) -> None:
    done: list[bool] = []
    async with open_database(path) as database:
        await database.write(lambda _: done.append(True))
        path.unlink()
        with pytest.raises(DatabaseUnusable, match="was deleted"):
            await database.write(lambda _: done.append(True))
        with pytest.raises(DatabaseUnusable, match="was deleted"):
            await database.read(lambda _: done.append(True))
    assert done == [True]


# The lock file


def test_a_lock_file_that_is_there_is_kept(path: Path) -> None:
    with instance_lock(path) as lock:
        assert not keep_lock(lock, path)


def test_a_deleted_lock_file_is_made_again_and_holds(path: Path) -> None:
    lock_path = lock_file(path)
    with instance_lock(path) as lock:
        os.pwrite(lock.fileno(), b"boot", 0)
        lock_path.unlink()
        assert keep_lock(lock, path)
        assert lock_path.read_text() == "boot"
        assert not keep_lock(lock, path)
        with pytest.raises(AlreadyRunning), instance_lock(path):
            pass
    with instance_lock(path):
        pass


def test_a_lock_that_another_took_meanwhile_is_given_up(path: Path) -> None:
    with instance_lock(path) as lock:
        lock_file(path).unlink()
        with instance_lock(path), pytest.raises(AlreadyRunning):
            keep_lock(lock, path)


# Kinds and permissions


@pytest.fixture(params=[0o000, 0o077, 0o777])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode_of(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


@pytest.mark.usefixtures("umask")
def test_what_is_made_is_private_whatever_the_umask(tmp_path: Path) -> None:
    make_private_folder(tmp_path / "data")
    make_private(tmp_path / "data" / "bot.db")
    assert mode_of(tmp_path / "data") == 0o700
    assert mode_of(tmp_path / "data" / "bot.db") == 0o600


def test_what_is_there_keeps_its_permissions(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    file = tmp_path / "bot.db"
    file.touch()
    file.chmod(0o644)
    make_private_folder(tmp_path)
    make_private(file)
    assert (mode_of(tmp_path), mode_of(file)) == (0o755, 0o644)
    with pytest.raises(FileExistsError):
        make_private_folder(file)


def test_permissions_are_copied_from_what_is_there(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    make_private(target)
    copy_permissions(source, target)
    assert mode_of(target) == 0o600
    source.touch()
    source.chmod(0o640)
    copy_permissions(source, target)
    assert mode_of(target) == 0o640


def test_files_that_others_may_use_are_named(tmp_path: Path) -> None:
    files = []
    for mode in (0o600, 0o640, 0o604, 0o602, 0o700):
        files.append(tmp_path / f"{mode:o}")
        files[-1].touch()
        files[-1].chmod(mode)
    found = list_exposed([*files, tmp_path / "absent"])
    assert [file.name for file in found] == ["640", "604", "602"]


def test_kinds(tmp_path: Path) -> None:
    file, pipe, link = tmp_path / "file", tmp_path / "pipe", tmp_path / "link"
    file.touch()
    os.mkfifo(pipe)
    link.symlink_to("/dev/null")
    kinds = {each.name: kind_of(each) for each in (file, pipe, link, tmp_path / "absent")}
    assert kinds == {"file": "", "pipe": "a pipe", "link": "a device", "absent": ""}
    assert kind_of(tmp_path) == "a folder"


def test_what_belongs_to_a_database_is_beside_it(path: Path) -> None:
    assert [beside(path, suffix).name for suffix in BESIDE] == ["bot.db-wal", "bot.db-shm"]
