"""Copies of the database: whole, checked, and never put back without its being noticed."""

import contextlib
import errno
import os
import re
import shutil
import sqlite3
import stat
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO

import pytest

from bot.digest.models import Reason, ReasonCode
from bot.errors import AlreadyRunning, BotError, DatabaseDamaged, DatabaseUnusable, StoreError
from bot.store import store as real
from bot.store.backup.backup import backup, check_file, note_boot, restore
from bot.store.sqlite import migrations
from bot.store.sqlite.database import instance_lock
from bot.store.sqlite.files import beside, lock_file
from bot.store.store import Store
from tests.builders import DAY, NOW, make_draft, make_listing, make_papers
from tests.store.outbox.test_outbox import CHANNEL, subscribe
from tests.store.sqlite.test_migrations import made_by
from tests.stores import open_store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bot.db"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return tmp_path / "copy.db"


async def remember(path: Path, name: str) -> None:
    async with open_store(path) as store:
        await store.facts.set(name, "x")


async def remembers(path: Path, name: str) -> bool:
    async with open_store(path) as store:
        return await store.facts.get(name) is not None


async def test_a_database_in_use_is_copied_whole(path: Path, copy: Path) -> None:
    """What is still in the log belongs to it."""
    async with open_store(path) as store:
        await store.facts.set("early", "x")
        await backup(path, copy)
        await store.facts.set("late", "x")
    assert await remembers(copy, "early")
    assert not await remembers(copy, "late")


async def test_a_copy_replaces_an_older_one(path: Path, copy: Path) -> None:
    await remember(path, "one")
    await backup(path, copy)
    await remember(path, "two")
    await backup(path, copy)
    assert await remembers(copy, "two")


async def test_the_folder_of_a_copy_is_made_for_its_user_alone(path: Path) -> None:
    copy = path.parent / "backups" / "copy.db"
    await remember(path, "one")
    await backup(path, copy)
    assert await remembers(copy, "one")
    assert os.name == "nt" or stat.S_IMODE(copy.parent.stat().st_mode) == 0o700


async def test_a_copy_that_cannot_be_made_leaves_the_older_one(path: Path, copy: Path) -> None:
    await remember(path, "one")
    await backup(path, copy)
    with pytest.raises(StoreError):
        await backup(path, copy / "below" / "a" / "file")
    with pytest.raises(DatabaseUnusable):
        await backup(path.with_name("missing.db"), copy)
    assert await remembers(copy, "one")
    assert {file.name for file in path.parent.iterdir()} == {"bot.db", "copy.db"}


async def test_what_is_put_back_replaces_and_keeps_what_was_there(path: Path, copy: Path) -> None:
    await remember(path, "early")
    await backup(path, copy)
    await remember(path, "late")
    kept = await restore(copy, path, now=NOW)
    assert kept is not None
    assert not await remembers(path, "late")
    assert await remembers(kept, "late")


async def test_a_copy_that_may_only_be_read_is_put_back(
    path: Path, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one on a disk that is mounted so; root would be told that it may write to it."""
    await remember(path, "one")
    await backup(path, copy)
    allowed = os.access
    monkeypatch.setattr(
        os,
        "access",
        lambda file, mode: allowed(file, mode) and not (file == copy and mode == os.W_OK),
    )
    await restore(copy, path, now=NOW)
    assert await remembers(path, "one")


async def test_a_copy_that_may_not_be_read_is_named(
    path: Path, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that another user made; root would be allowed to read it."""
    await remember(path, "one")
    await backup(path, copy)

    def refuse(file: Path, *_: object) -> IO[bytes]:
        raise PermissionError(errno.EACCES, "Permission denied", str(file))

    monkeypatch.setattr(Path, "open", refuse)
    sentence = f"{copy} cannot be read (Permission denied); make it readable for the bot's user."
    with pytest.raises(DatabaseUnusable, match=f"^{re.escape(sentence)}$"):
        check_file(copy)


async def test_a_damaged_database_can_be_replaced(path: Path, copy: Path) -> None:
    await remember(path, "early")
    await backup(path, copy)
    path.write_bytes(b"")
    await restore(copy, path, now=NOW)
    assert await remembers(path, "early")


async def test_a_missing_database_can_be_replaced(path: Path, copy: Path) -> None:
    await remember(copy, "early")
    assert await restore(copy, path, now=NOW) is None
    assert await remembers(path, "early")


async def test_nothing_is_put_back_while_the_bot_runs(path: Path, copy: Path) -> None:
    await remember(path, "late")
    await remember(copy, "early")
    with instance_lock(path), pytest.raises(AlreadyRunning):
        await restore(copy, path, now=NOW)
    assert await remembers(path, "late")


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[8192:] = b"\xff" * (len(content) - 8192)
    path.write_bytes(content)


def make_newer(path: Path) -> None:
    other = sqlite3.connect(path)
    other.execute("PRAGMA user_version = 99")
    other.close()


def make_foreign(path: Path) -> None:
    path.unlink()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE theirs (x)")
    other.close()


@pytest.mark.parametrize("spoil", [damage, make_newer, make_foreign, Path.unlink])
async def test_a_bad_copy_is_refused(path: Path, copy: Path, spoil: object) -> None:
    await remember(path, "late")
    await remember(copy, "early")
    spoil(copy)  # type: ignore[operator]
    with pytest.raises(BotError):
        await restore(copy, path, now=NOW)
    assert await remembers(path, "late")
    assert not list(path.parent.glob("*.new-*"))


async def test_what_was_planned_in_a_copy_is_of_unknown_outcome(path: Path, copy: Path) -> None:
    """It may have been posted since; and nothing new is planned before the channels are asked."""
    async with open_store(path) as store:
        subscription = await subscribe(store.database)
        await store.outbox.plan(subscription, DAY, [make_draft(*make_papers(1))], now=NOW)
    await backup(path, copy)
    await restore(copy, path, now=NOW + timedelta(hours=1))
    async with open_store(path) as store:
        (record,) = await store.outbox.list_sending()
        assert record.claimed_at == NOW
        assert await store.restored.is_waiting()
        drafts = [make_draft(*make_papers(1, first=5))]
        with pytest.raises(StoreError, match="restored from a backup"):
            await store.outbox.plan(subscription, DAY, drafts, now=NOW)
        await store.restored.finish(NOW)
        assert await store.outbox.plan(subscription, DAY, drafts, now=NOW) == 1


async def test_a_copy_of_an_earlier_version_is_put_back(path: Path, copy: Path) -> None:
    """It is brought up to date before it is marked."""
    old = made_by(migrations.STEPS[:1], copy)
    old.execute(
        "INSERT INTO delivery (subscription_id, guild_id, channel_id, announced_on, part, key, "
        "nonce, payload, payload_sha256, state, not_before, planned_at, changed_at) "
        "VALUES (1, 1, ?, '2024-03-05', 1, 'key', 'nonce', '{}', 'x', 'planned', ?, ?, ?)",
        (CHANNEL, *[NOW.isoformat()] * 3),
    )
    old.close()
    await restore(copy, path, now=NOW)
    async with open_store(path) as store:
        (record,) = await store.outbox.list_sending()
        assert record.reason == Reason(code=ReasonCode.COPIED)
        assert record.first_try is None
        assert await store.restored.is_waiting()


async def test_adopted_papers_are_not_planned_again(path: Path) -> None:
    async with open_store(path) as store:
        subscription = await subscribe(store.database)
        papers = make_papers(3)
        ids = [(paper.arxiv_id, paper.version) for paper in papers]
        await store.outbox.plan(subscription, DAY, [make_draft(papers[0])], now=NOW)
        adopt = store.restored.adopt
        assert await adopt(subscription, ids[:2], message_id=7, posted_at=NOW) == 1
        assert await adopt(subscription, ids[:2], message_id=7, posted_at=NOW) == 0
        assert await adopt(subscription, ids[2:], message_id=8, posted_at=NOW) == 1
        assert await store.outbox.plan(subscription, DAY, [make_draft(papers[1])], now=NOW) == 0
        found = await store.outbox.find_messages(1001, [papers[1].arxiv_id])
        assert found[papers[1].arxiv_id].message_id == 7
        assert await store.outbox.claim(CHANNEL, NOW) is not None


async def boot(path: Path) -> bool:
    with instance_lock(path) as lock:
        async with real.open_store(path) as store:
            is_other = await note_boot(store.database, lock, NOW)
            assert await store.restored.is_waiting() == is_other
            await store.restored.finish(NOW)
            return is_other


async def test_a_copy_put_back_by_hand_is_noticed(path: Path, copy: Path) -> None:
    assert not await boot(path)
    assert not await boot(path)
    await backup(path, copy)
    assert not await boot(path)
    copy.replace(path)
    assert await boot(path)
    assert not await boot(path)


async def test_no_new_database_begins_beside_an_old_lock(path: Path) -> None:
    """Whoever deletes the file loses what was posted; without the lock it may begin anew."""
    assert not await boot(path)
    path.unlink()
    with pytest.raises(DatabaseDamaged, match=r"is gone, but .*lock says that there was one"):
        await boot(path)
    assert not path.exists()
    lock_file(path).unlink()
    assert not await boot(path)


async def plan(store: Store) -> None:
    subscription = await subscribe(store.database)
    await store.outbox.plan(subscription, DAY, [make_draft(*make_papers(1))], now=NOW)


async def add_papers(store: Store) -> None:
    await store.papers.add_listing(make_listing(*make_papers(1)), now=NOW)


async def set_up(store: Store) -> None:
    await subscribe(store.database)


@pytest.mark.parametrize("later", [plan, add_papers, set_up])
@pytest.mark.parametrize("is_lost", [True, False], ids=["lost", "kept"])
async def test_a_log_that_was_lost_is_noticed(
    path: Path, tmp_path: Path, *, is_lost: bool, later: Callable[[Store], Awaitable[None]]
) -> None:
    """As a kill leaves the files, with and without the log that somebody deletes then."""
    left = tmp_path / "left"
    left.mkdir()
    with instance_lock(path) as lock:
        async with open_store(path) as store:
            await note_boot(store.database, lock, NOW)
            with contextlib.closing(sqlite3.connect(path)) as other:
                other.execute("PRAGMA wal_checkpoint(FULL)")
            await later(store)
            for suffix in ("", ".lock", *(() if is_lost else ("-wal",))):
                shutil.copy(beside(path, suffix), left)
    assert await boot(left / path.name) == is_lost
    assert not await boot(left / path.name)


@dataclass(frozen=True)
class Left:
    """What a kill left of a database at ``path``, and copies of its earlier lives."""

    path: Path
    raw: Path
    made: Path


@pytest.fixture
async def left(path: Path, tmp_path: Path) -> Left:
    """The copies: of the file itself, while the bot was stopped, and what `backup` makes."""
    raw, made, folder = tmp_path / "raw.db", tmp_path / "made.db", tmp_path / "left"
    folder.mkdir()
    assert not await boot(path)
    shutil.copy(path, raw)
    await backup(path, made)
    assert not await boot(path)
    with instance_lock(path) as lock:
        async with open_store(path) as store:
            await note_boot(store.database, lock, NOW)
            with contextlib.closing(sqlite3.connect(path)) as other:
                other.execute("PRAGMA wal_checkpoint(FULL)")
            await add_papers(store)
            for suffix in ("", ".lock", "-wal", "-shm"):
                shutil.copy(beside(path, suffix), folder)
    return Left(folder / path.name, raw, made)


@pytest.mark.parametrize("name", ["raw", "made"])
async def test_row_73_a_copy_beside_the_log_of_another_file_is_refused(
    left: Left, name: str
) -> None:
    """Neither is touched; without the log the copy is a restored one."""
    copy: Path = getattr(left, name)
    shutil.copy(copy, left.path)
    log = beside(left.path, "-wal")
    before = left.path.read_bytes(), log.read_bytes()
    with pytest.raises(DatabaseUnusable, match=f"move {log.name} and .*-shm away and start again"):
        await boot(left.path)
    assert (left.path.read_bytes(), log.read_bytes()) == before
    for suffix in ("-wal", "-shm"):
        beside(left.path, suffix).unlink()
    assert await boot(left.path)


async def test_row_73_the_log_of_the_same_file_is_read(left: Left) -> None:
    assert not await boot(left.path)
    async with open_store(left.path) as store:
        assert await store.papers.count_papers() == 1


@pytest.mark.parametrize("name", ["raw", "made"])
async def test_row_73_a_copy_written_over_the_open_file_is_told(
    left: Left, path: Path, name: str
) -> None:
    async with open_store(path) as store:
        await add_papers(store)
        path.write_bytes(getattr(left, name).read_bytes())
        with pytest.raises(DatabaseUnusable, match="was overwritten while it was in use"):
            await add_papers(store)


async def test_a_lock_file_of_an_earlier_version_is_understood(path: Path) -> None:
    """It has the name of the start alone."""
    assert not await boot(path)
    lock = lock_file(path)
    lock.write_text(lock.read_text().split()[0])
    assert not await boot(path)


async def test_a_lock_file_that_is_behind_means_nothing(path: Path) -> None:
    """A loss of power may leave it so."""
    assert not await boot(path)
    lock = lock_file(path)
    async with open_store(path) as store:
        await plan(store)
    content = lock.read_text()
    assert not await boot(path)
    assert lock.read_text() != content
    assert len(lock.read_text()) == len(content)
