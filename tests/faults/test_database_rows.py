"""Rows 35, 36, 38 and 44: a database that is damaged, foreign, half migrated or half written."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.store.backup.backup import backup
from bot.store.sqlite import migrations
from bot.store.sqlite.database import open_database
from bot.store.store import open_store
from tests.builders import NOW, make_listing, make_papers
from tests.fakes import commands
from tests.fakes.commands import Ran
from tests.fakes.process import bot_environ
from tests.faults.scenario import scenario

UNUSABLE = 74
KILLED = 137


def run(path: Path, *arguments: str, **environ: str) -> Ran:
    """Run a command of the shipped program on the database at ``path``."""
    settings = bot_environ(path.parent, arxiv=None, discord=None)
    settings |= {"PAPER_BOT_DATABASE__PATH": str(path), "DISCORD_TOKEN": f"{'A' * 24}.x.{'B' * 30}"}
    cwd = path.parent if path.parent.is_dir() else None
    return commands.run({**settings, **environ}, *(arguments or ("run",)), cwd=cwd)


def fill_with_garbage(path: Path) -> None:
    path.write_bytes(b"not a database, but somebody's notes\n" * 200)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def damage_a_page(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-8192:-4096] = b"\x5a" * 4096
    path.write_bytes(content)


def make_newer(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {len(migrations.STEPS) + 1}")
    connection.close()


def make_foreign(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA application_id = 7")
    connection.close()


@pytest.mark.parametrize(
    "spoil", [fill_with_garbage, empty, damage_a_page, make_newer, make_foreign]
)
async def test_row_35_38_an_unusable_file_is_refused(
    tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    """With one sentence and its own code; the file is left as it is, the backup is named."""
    path = tmp_path / "papers.db"
    async with open_store(path) as store:
        await store.papers.add_listing(make_listing(*make_papers(200)), now=NOW)
    await backup(path, tmp_path / "copy.db")
    spoil(path)
    content = path.read_bytes()
    ran = run(path)
    assert ran.code == UNUSABLE, ran.err
    assert len(ran.err.strip().splitlines()) == 1
    assert str(path) in ran.err
    if spoil in (fill_with_garbage, empty, damage_a_page):
        assert "copy.db" in ran.err
    assert path.read_bytes() == content


def test_row_35_a_missing_folder_is_refused(tmp_path: Path) -> None:
    """A volume that is not mounted must not become a fresh database."""
    path = tmp_path / "volume" / "data" / "papers.db"
    ran = run(path)
    assert ran.code == UNUSABLE
    assert not path.parent.parent.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_row_35_a_read_only_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "papers.db"
    async with open_store(path):
        pass
    path.chmod(0o400)
    assert run(path).code == UNUSABLE


@pytest.mark.slow
async def test_row_36_an_index_out_of_step_is_rebuilt_at_the_start(tmp_path: Path) -> None:
    """Delivery is not affected, and the search finds what it should."""
    async with scenario(tmp_path, channels=1, papers=3) as day:
        await day.run_to_the_end()
        connection = sqlite3.connect(day.path)
        with connection:
            connection.execute("UPDATE paper SET title = 'Axolotls' WHERE arxiv_id = '2408.00002'")
        connection.close()
        await day.run_to_the_end()
        assert "search index rebuilt" in day.log
        assert day.check().problems == []
    assert "Axolotls" in run(day.path, "search", "title:axolotls").out


STATEMENTS = sum(len(step) + 3 for step in migrations.STEPS)
"""Those of the steps; with each one its two marks in the file and the end of its transaction."""


@pytest.mark.parametrize("number", sorted({1, 2, STATEMENTS // 2, STATEMENTS}))
async def test_row_38_a_schema_killed_half_way_is_wholly_old_or_new(
    tmp_path: Path, number: int
) -> None:
    path = tmp_path / "papers.db"
    assert run(path, "search", "x", CRASH_AT=f"statement:{number}").code == KILLED
    assert not path.exists()
    assert run(path, "search", "x").code == 0


MORE = ("CREATE TABLE more (x INTEGER) STRICT", "INSERT INTO more VALUES (1)")
"""The step that a later version appends."""
KILL_EACH = f"""
import asyncio, os, sys
from pathlib import Path
from bot.store.sqlite import migrations
from bot.store.sqlite.database import open_database
from tests.fakes.crashing import lay_points

async def upgrade(path):
    async with open_database(path):
        pass

lay_points()
migrations.STEPS = (*migrations.STEPS, {MORE})
for number, path in enumerate(sys.argv[1:], start=1):
    if os.fork() == 0:
        os.environ["CRASH_AT"] = f"statement:{{number}}"
        asyncio.run(upgrade(Path(path)))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.wait()[1]))
"""


async def test_row_38_an_upgrade_killed_half_way_is_wholly_old_or_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it is killed, the step is done as a whole or not at all, and then the rest."""
    paths = [tmp_path / f"killed at {number}.db" for number in range(1, 6)]
    for path in paths:
        async with open_store(path) as store:
            await store.facts.set("early", "x")
    ran = await asyncio.to_thread(
        subprocess.check_output, [sys.executable, "-c", KILL_EACH, *map(str, paths)], text=True
    )
    assert ran.split() == [str(KILLED)] * len(paths)
    for path in paths:
        async with open_store(path) as store:
            assert await store.facts.get("early") == "x"
    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, MORE))
    for path in paths:
        async with open_database(path) as database:
            assert await database.read(_count_more) == 1


def _count_more(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM more").fetchone()[0])


@pytest.mark.parametrize("steps", range(16))
async def test_row_44_a_cancelled_transaction_leaves_nothing_behind(
    tmp_path: Path, steps: int
) -> None:
    """Wherever its caller is cancelled, all of a write is there or none, and others can write."""

    def two(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO fact VALUES ('a', '')")
        connection.execute("INSERT INTO fact VALUES ('b', '')")

    def one(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO fact VALUES ('c', '')")

    def count(connection: sqlite3.Connection) -> int:
        rows = connection.execute("SELECT count(*) FROM fact")
        return int(next(iter(rows))[0])

    async with open_database(tmp_path / "papers.db") as database:
        before = await database.read(count)
        task = asyncio.create_task(database.write(two))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await database.write(one)
        assert await database.read(count) - before in (1, 3)
