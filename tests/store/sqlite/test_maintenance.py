"""Damage that nobody would notice is noticed at the start."""

import sqlite3
from pathlib import Path

import pytest

from bot.errors import DatabaseDamaged
from bot.store.sqlite.maintenance import check_pages, find_stale_indexes, repair_indexes
from tests.builders import NOW, make_listing, make_papers
from tests.stores import open_store


async def test_a_damaged_page_is_noticed(tmp_path: Path) -> None:
    """Reads of other pages go on working; the file is not touched."""
    path = tmp_path / "bot.db"
    async with open_store(path) as store:
        await store.papers.add_listing(make_listing(*make_papers(200)), now=NOW)
        await check_pages(store.database)
    content = bytearray(path.read_bytes())
    content[-3 * 4096 : -4096] = b"\x5a" * 8192
    path.write_bytes(content)
    async with open_store(path) as store:
        with pytest.raises(DatabaseDamaged) as caught:
            await check_pages(store.database)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == bytes(content)


async def test_an_index_out_of_step_is_rebuilt(tmp_path: Path) -> None:
    async with open_store(tmp_path / "bot.db") as store:
        await store.papers.add_listing(make_listing(*make_papers(20)), now=NOW)
        assert await repair_indexes(store.database) == []

        def bypass(connection: sqlite3.Connection) -> None:
            connection.execute("UPDATE paper SET title = 'Something else altogether'")

        await store.database.write(bypass)
        assert "paper_text" in await find_stale_indexes(store.database)
        assert "paper_text" in await repair_indexes(store.database)
        assert await repair_indexes(store.database) == []
