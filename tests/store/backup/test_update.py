"""Before a file of an earlier version is updated, a copy of it is made."""

import asyncio
import logging
import sqlite3
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from bot.store.backup import update
from bot.store.backup.copies import list_copies, name_copy
from bot.store.backup.proof import prove
from bot.store.backup.update import copying_first
from bot.store.sqlite import migrations
from bot.store.sqlite.database import open_database
from tests.builders import NOW
from tests.store.sqlite.test_migrations import made_by
from tests.store.sqlite.test_updating import ENDLESS, PAPERS, file_of

STEPS = 12


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "papers.db"


async def update_at(path: Path, folder: Path | None) -> Sequence[str]:
    said: list[str] = []
    async with open_database(path, copying_first(path, folder, NOW, said.append)):
        pass
    return said


def version_of(file: Path) -> int:
    connection = sqlite3.connect(file)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    return int(version)


async def test_the_copy_is_the_file_as_it_was(path: Path) -> None:
    folder = path.parent / "backups"
    file_of(path, STEPS)
    said = await update_at(path, folder)
    assert (said[0], said[-1]) == ("copying the database before its update", "migrating, 100 %")
    (copy,) = list_copies(path, folder)
    assert version_of(copy.file) == STEPS
    assert version_of(path) == len(migrations.STEPS)
    assert copy.file.stat().st_mode & 0o077 == 0
    assert (await prove(copy.file)).papers == PAPERS
    assert list(folder.iterdir()) == [copy.file]


@pytest.mark.parametrize(
    ("hours", "more", "copies"), [(0.5, 0, 1), (0.5, 1, 2), (2, 0, 2), (-0.5, 0, 2)]
)
async def test_an_update_that_is_tried_again_needs_no_second_copy(
    path: Path, hours: float, more: int, copies: int
) -> None:
    """But for one of long ago, of a file that has got further, or of a clock that was ahead."""
    folder = path.parent / "backups"
    folder.mkdir()
    file_of(folder / name_copy(path, NOW - timedelta(hours=hours)), STEPS, papers=3)
    file_of(path, STEPS + 2, papers=3 + more)
    await update_at(path, folder)
    assert len(list_copies(path, folder)) == copies


async def test_a_copy_that_cannot_be_read_spares_none(path: Path) -> None:
    folder = path.parent / "backups"
    folder.mkdir()
    (folder / name_copy(path, NOW - timedelta(minutes=5))).write_bytes(b"x" * 5000)
    file_of(path, STEPS, papers=3)
    await update_at(path, folder)
    assert len(list_copies(path, folder)) == 2


async def test_a_file_without_content_is_not_copied(path: Path) -> None:
    made_by(migrations.STEPS[:STEPS], path).close()
    said = await update_at(path, path.parent / "backups")
    assert said[0] == "migrating, 0 %"
    assert not (path.parent / "backups").exists()


async def test_without_backups_none_is_made(path: Path) -> None:
    file_of(path, STEPS)
    assert (await update_at(path, None))[0] == "migrating, 0 %"


@pytest.mark.parametrize("trouble", ["no room", "no folder"])
async def test_an_update_goes_on_without_a_copy_that_cannot_be_made(
    path: Path, trouble: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder = path.parent / "backups"
    file_of(path, STEPS)
    if trouble == "no room":
        monkeypatch.setattr(update, "ROOM_BYTES", 1 << 60)
    else:
        folder.write_text("a file")
    await update_at(path, folder)
    assert version_of(path) == len(migrations.STEPS)
    assert [each.levelno for each in caplog.records] == [logging.WARNING]
    assert "no backup made before the update: " in caplog.text
    assert trouble == "no folder" or list(folder.iterdir()) == []


async def test_a_stop_ends_the_copy_and_leaves_the_old_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    def copy_forever(connection: sqlite3.Connection, part: Path) -> None:
        loop.call_soon_threadsafe(begun.set)
        connection.execute(ENDLESS).fetchone()

    monkeypatch.setattr(update, "copy_into", copy_forever)
    file_of(path, STEPS)
    updating = asyncio.create_task(update_at(path, path.parent / "backups"))
    await begun.wait()
    updating.cancel()
    with pytest.raises(asyncio.CancelledError):
        await updating
    assert version_of(path) == STEPS
    assert list((path.parent / "backups").iterdir()) == []
