"""Whether a backup is good: it is tried whole, and left as it was, alone."""

import sqlite3
from pathlib import Path

import pytest

from bot.errors import BotError, DatabaseUnusable
from bot.store.backup.backup import backup
from bot.store.backup.proof import Proof, prove
from bot.store.sqlite import migrations
from tests.builders import NOW, make_listing, make_papers
from tests.store.sqlite.test_migrations import made_by
from tests.stores import open_store


@pytest.fixture
async def copy(tmp_path: Path) -> Path:
    path, copy = tmp_path / "papers.db", tmp_path / "copies" / "copy.db"
    copy.parent.mkdir()
    async with open_store(path) as store:
        await store.papers.add_listing(make_listing(*make_papers(5)), now=NOW)
        await backup(path, copy)
    return copy


def files(copy: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in copy.parent.iterdir()}


async def test_a_good_backup_is_counted_and_left_alone(copy: Path) -> None:
    before = files(copy)
    assert await prove(copy) == Proof(papers=5, subscriptions=0, messages=0)
    assert files(copy) == before


async def test_an_index_that_misses_papers_is_found(copy: Path) -> None:
    connection = sqlite3.connect(copy)
    with connection:
        connection.execute("UPDATE paper SET title = 'Something else' WHERE rowid % 2")
    connection.close()
    before = files(copy)
    with pytest.raises(DatabaseUnusable, match="search indexes are out of step"):
        await prove(copy)
    assert files(copy) == before


async def test_damage_anywhere_is_found(copy: Path) -> None:
    whole = copy.read_bytes()
    for content, sentence in (
        (whole[: len(whole) // 2], "is damaged"),
        (whole[:8192] + b"\xff" * 4096 + whole[12288:], "is damaged"),
        (b"", "is empty"),
        (b"no database" * 1000, "is not a database"),
    ):
        copy.write_bytes(content)
        with pytest.raises(BotError, match=sentence):
            await prove(copy)
        assert files(copy) == {copy.name: content}


async def test_a_backup_of_an_earlier_version_is_good(tmp_path: Path) -> None:
    copy = tmp_path / "old.db"
    made_by(migrations.STEPS[:1], copy).close()
    before = files(copy)
    assert (await prove(copy)).papers == 0
    assert files(copy) == before
