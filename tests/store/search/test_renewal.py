"""The indexes of an older file are renewed, while the old ones answer."""

import asyncio
import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.cli.main import main
from bot.errors import StoreError
from bot.query.parser import parse_query
from bot.query.tags import EVERY_PAPER, tags_of_authors
from bot.run.housekeeping import tidy
from bot.store.search import index, renewal
from bot.store.search.index import INDEXES
from bot.store.sqlite import migrations
from bot.store.sqlite.maintenance import find_stale_indexes
from bot.store.sqlite.statements import select
from bot.store.store import Store
from tests.builders import NOW, make_id, make_link, make_listing, make_paper
from tests.store.sqlite.test_migrations import index_as_before, made_by
from tests.stores import open_store

COUNT = 25


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of the version before, with papers, too large to be renewed while it is opened."""
    new, path = tmp_path / "new.db", tmp_path / "papers.db"

    async def fill() -> None:
        async with open_store(new) as store:
            papers = [
                make_paper(number, title=f"News of CO₂ number{number}", abstract="Pre-training.")
                for number in range(1, COUNT + 1)
            ]
            await store.papers.add_listing(make_listing(*papers), now=NOW)

    asyncio.run(fill())
    old = made_by(migrations.STEPS[:9], path)
    old.execute("ATTACH ? AS new", (str(new),))
    for table in ("paper", "announcement", "listing"):
        columns = ", ".join(row[1] for row in old.execute(f"PRAGMA table_info({table})"))
        old.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{table}")
    old.execute("UPDATE paper SET names = author_tags(authors)")
    index_as_before(old)
    old.close()
    monkeypatch.setattr(renewal, "SMALL", 3)
    monkeypatch.setattr(renewal, "BATCH", 10)
    return path


async def total(store: Store, query: str) -> int:
    return (await store.search.find(parse_query(query))).total


async def test_a_large_file_is_renewed_in_steps_while_the_old_indexes_answer(path: Path) -> None:
    async with open_store(path) as store:
        assert await total(store, "news") == COUNT
        assert await total(store, "new") == COUNT, "as the old index has it"
        assert await total(store, "co2") == 0
        told: list[tuple[int, int]] = []
        assert await store.search.renew(lambda done, of: told.append((done, of)))
        stage = [(0, COUNT), (10, COUNT), (20, COUNT), (COUNT, COUNT)]
        assert told == [*stage, stage[-1], *stage], "the tags were renewed with the indexes"
        assert await total(store, "news") == COUNT
        assert await total(store, "new") == 0
        assert await total(store, "co2") == COUNT
        assert await total(store, "pretraining") == COUNT
        assert await find_stale_indexes(store.database) == []
        assert not await store.search.renew(lambda done, of: told.append((done, of)))


async def test_a_renewal_that_was_cut_off_goes_on_where_it_was(path: Path) -> None:
    """With papers written, replaced and linked in between, on both sides of the place."""
    async with open_store(path) as store:
        assert await store.database.write(renewal.renew_batch) == 10
    async with open_store(path) as store:
        before = make_paper(3, version=2, title="Changed early", abstract="x")
        after = make_paper(22, version=2, title="Changed late", abstract="x")
        fresh = make_paper(99, title="Quite fresh", abstract="x")
        await store.papers.add_listing(
            make_listing(before, after, fresh, category="cs.LG"), now=NOW
        )
        for query, count in (("changed", 2), ("fresh", 1), ("news", COUNT - 2)):
            assert await total(store, query) == count
        assert await store.papers.count_papers() == COUNT + 1
        assert await find_stale_indexes(store.database) == []
    async with open_store(path) as store:
        told: list[int] = []
        assert await store.search.renew(lambda done, of: told.append(done))
        assert told[0] == 10
        for query, count in (("changed", 2), ("fresh", 1), ("news", COUNT - 2), ("co2", COUNT - 2)):
            assert await total(store, query) == count
        assert await find_stale_indexes(store.database) == []


async def test_a_small_file_is_renewed_as_it_is_opened(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewal, "SMALL", COUNT)
    async with open_store(path) as store:
        assert await total(store, "co2") == COUNT
        assert not await store.search.renew(lambda done, of: None)


async def test_a_renewed_file_equals_a_fresh_one(path: Path, tmp_path: Path) -> None:
    async with open_store(path) as store:
        await store.search.renew(lambda done, of: None)
    async with open_store(tmp_path / "fresh.db"):
        pass
    assert schema(path) == schema(tmp_path / "fresh.db")


def schema(path: Path) -> list[tuple[str, str]]:
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()
    connection.close()
    assert {name for name, _ in rows} >= set(INDEXES)
    return rows


async def test_housekeeping_renews_and_says_so(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with open_store(path) as store:
        await tidy(store, lambda: None, now=NOW)
        assert await total(store, "co2") == COUNT
        told = [record.getMessage() for record in caplog.records]
        assert told == ["search indexes being renewed", "search indexes renewed"]
        await tidy(store, lambda: None, now=NOW)
        assert len(caplog.records) == 2


def test_the_command_line_renews_with_progress(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PAPER_BOT_DATABASE__PATH", str(path))
    assert main(["reindex"]) == 0
    said = capsys.readouterr().err
    assert f"search indexes renewed for 10 of {COUNT} papers" in said
    assert f"search indexes renewed for {COUNT} of {COUNT} papers" in said


async def test_papers_of_an_earlier_version_get_the_tags_of_this_one(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch at a time; what is written meanwhile has them already."""
    monkeypatch.setattr(renewal, "BATCH", 10)
    papers = [make_paper(number, comment="Accepted at CVPR 2026") for number in range(1, COUNT + 1)]
    await store.papers.add_listing(make_listing(*papers), now=NOW)
    await store.database.write(forget_tags)
    assert await total(store, "venue:cvpr") == 0
    assert await store.database.write(renewal.renew_batch) == 10
    assert await total(store, "venue:cvpr") == 10
    fresh = make_paper(99, comment="Accepted at CVPR 2026")
    await store.papers.add_listing(make_listing(fresh, category="cs.LG"), now=NOW)
    assert await store.search.renew(lambda done, of: None)
    assert await total(store, "venue:cvpr") == COUNT + 1
    assert await find_stale_indexes(store.database) == []
    assert not await store.search.renew(lambda done, of: None)


TEX = 17
"""The paper that came with TeX."""


@pytest.fixture
def wide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of the version that kept names as tags and the authors' TeX as it is."""
    path = tmp_path / "wide.db"

    async def fill() -> None:
        async with open_store(path) as store:
            papers = [
                make_paper(number, authors=("Kaiming He", f"Name{number} Ng"), links=(make_link(),))
                for number in range(1, COUNT + 1)
            ]
            await store.papers.add_listing(make_listing(*papers), now=NOW)

    asyncio.run(fill())
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.create_function("author_tags", 1, tags_of_authors)
        connection.execute("UPDATE paper SET names = author_tags(authors)")
        connection.execute(
            "UPDATE paper SET source_title = 'The $\\beta$' WHERE arxiv_id = ?", (make_id(TEX),)
        )
        connection.execute("INSERT INTO fact VALUES (?, '0')", (index.REPACKED_TO,))
    monkeypatch.setattr(renewal, "SMALL", 3)
    monkeypatch.setattr(renewal, "BATCH", 10)
    return path


async def test_rows_of_an_earlier_version_are_repacked(wide: Path) -> None:
    """What follows from the rest goes; papers, links and indexes stay as they are."""
    async with open_store(wide) as store:
        before = await store.papers.get_papers([make_id(each) for each in range(1, COUNT + 1)])
        told: list[tuple[int, int]] = []
        assert await store.search.renew(lambda done, of: told.append((done, of)))
        assert told == [(0, COUNT), (10, COUNT), (20, COUNT), (COUNT, COUNT)]
        assert await store.papers.get_papers(before) == before
        assert before[make_id(TEX)].paper.source_title == r"The $\beta$"
        assert await total(store, 'author:"Kaiming He" has:code') == COUNT
        assert await find_stale_indexes(store.database) == []
        left = "SELECT count(*) FROM paper WHERE names != '' OR source_title IS NOT NULL"
        packed = "SELECT count(*) FROM paper WHERE source IS NOT NULL"
        assert await store.database.read(select, int, left) == [0]
        assert await store.database.read(select, int, packed) == [1]


async def test_a_paper_that_changes_while_rows_are_repacked_is_found_as_it_is_now(
    wide: Path,
) -> None:
    """On both sides of the place where a kill left it."""
    async with open_store(wide) as store:
        assert await store.database.write(renewal.renew_batch) == 10
    async with open_store(wide) as store:
        changed = [make_paper(each, version=2, authors=("Ada Lovelace",)) for each in (3, 22)]
        await store.papers.add_listing(make_listing(*changed, category="cs.LG"), now=NOW)
        assert await find_stale_indexes(store.database) == []
        assert await store.search.renew(lambda done, of: None)
        assert await total(store, 'author:"Ada Lovelace"') == 2
        assert await total(store, 'author:"Kaiming He"') == COUNT - 2
        assert await find_stale_indexes(store.database) == []


@pytest.mark.parametrize("statement", range(7))
async def test_a_kill_inside_a_batch_leaves_the_rows_as_they_were(
    wide: Path, statement: int
) -> None:
    async with open_store(wide) as store:
        with pytest.raises(StoreError):
            await store.database.write(killed_at, statement)
        assert await total(store, 'author:"Kaiming He"') == COUNT
        assert await find_stale_indexes(store.database) == []
        assert await store.search.renew(lambda done, of: None)
        assert await total(store, 'author:"Kaiming He" has:code') == COUNT


def killed_at(connection: sqlite3.Connection, statement: int) -> None:
    """Repack a batch, and stop at one of its statements."""
    seen: list[str] = []

    def refuse(*_: object) -> int:
        return sqlite3.SQLITE_DENY if len(seen) > statement else sqlite3.SQLITE_OK

    connection.set_trace_callback(seen.append)
    connection.set_authorizer(refuse)
    try:
        renewal.renew_batch(connection)
        raise StoreError("The batch is over.")
    finally:
        connection.set_authorizer(None)
        connection.set_trace_callback(None)


def forget_tags(connection: sqlite3.Connection) -> None:
    """Leave the papers as a version without tags of venues left them."""
    keys = [key for (key,) in connection.execute("SELECT key FROM paper ORDER BY key")]
    index.unindex(connection, keys)
    connection.execute("UPDATE paper SET filters = ?", (EVERY_PAPER,))
    for name in index.INDEXES:
        index.add(connection, index.new_index(name), keys)
    connection.execute("INSERT INTO fact VALUES (?, '0')", (index.TAGS_RENEWED_TO,))
