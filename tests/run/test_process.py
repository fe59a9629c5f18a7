"""The life of the process: what ends ends the rest, and a signal is never lost."""

import asyncio
import logging
import os
import signal
import sqlite3
import sys
from pathlib import Path

import pytest

from bot.config.schema import Config, DatabaseConfig
from bot.errors import DatabaseDamaged, DatabaseUnusable
from bot.run import process, stopping
from bot.run.check import check_bot
from bot.run.stopping import stopping_on_signals, until
from tests import waiting
from tests.builders import NOW, make_listing, make_papers
from tests.stores import open_store


async def for_ever() -> None:
    await asyncio.sleep(600)


async def test_the_first_work_to_end_ends_the_others() -> None:
    ended = []

    async def other() -> None:
        try:
            await for_ever()
        finally:
            ended.append("other")

    assert await until(asyncio.Event(), asyncio.sleep(0.05), other())
    assert ended == ["other"]


async def test_what_ended_a_work_is_raised() -> None:
    async def failing() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await until(asyncio.Event(), for_ever(), failing())


async def test_a_work_that_loses_a_cancellation_is_cancelled_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As asyncio.wait_for does before Python 3.12: a stop must not hang on it."""
    monkeypatch.setattr(stopping, "CANCEL_AGAIN_S", 0.05)
    stopped = asyncio.Event()

    async def hard_of_hearing() -> None:
        try:
            await for_ever()
        except asyncio.CancelledError:
            await for_ever()

    asyncio.get_running_loop().call_later(0.05, stopped.set)
    assert not await until(stopped, hard_of_hearing())


async def test_threads_that_compute_soon_let_searches_go_on(tmp_path: Path) -> None:
    """A search hands over thousands of times: at Python's own 5 ms it would wait for seconds."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.005)
    config = Config(database=DatabaseConfig(path=tmp_path / "no" / "folder" / "papers.db"))
    try:
        with pytest.raises(DatabaseUnusable):
            await process.run_bot(config, "a.token.here")
        assert sys.getswitchinterval() <= 0.001
    finally:
        sys.setswitchinterval(before)


async def test_a_signal_is_answered_and_who_answered_before_comes_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    async with stopping_on_signals() as stopped:
        os.kill(os.getpid(), signal.SIGTERM)
        await stopped.wait()
    assert signal.getsignal(signal.SIGTERM) is before


def forge_title(connection: sqlite3.Connection) -> None:
    """Change a paper behind the indexes' back."""
    connection.execute("UPDATE paper SET title = 'Something else'")


async def test_a_start_with_many_papers_says_that_it_compares_no_indexes_and_check_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The start must not take minutes; whoever stops the bot to check gets the whole answer."""
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(process, "INDEX_CHECK_PAPERS", 4)
    path = tmp_path / "papers.db"
    async with open_store(path) as store:
        await store.papers.add_listing(make_listing(*make_papers(5)), now=NOW)
        await store.database.write(forge_title)
        await process._check_database(store)
        assert [await store.papers.has_more_than(each) for each in (4, 5, 6)] == [
            True,
            False,
            False,
        ]
    (told,) = [record for record in caplog.records if record.name == "bot.run.process"]
    assert "not compared: the command check does" in told.message
    config = Config(database=DatabaseConfig(path=path))
    found = [finding async for finding in check_bot(config, None, program="bot")]
    (indexes,) = [finding for finding in found if "search indexes" in finding.sentence]
    assert not indexes.is_good
    assert "out of step" in indexes.sentence


async def test_a_large_database_is_read_whole_once_it_is_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A good one holds up nobody, a damaged one ends the work all the same."""
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(process, "CHECKED_FIRST_BYTES", 4096)
    path = tmp_path / "papers.db"
    async with open_store(path) as store:
        await store.papers.add_listing(make_listing(*make_papers(200)), now=NOW)
        later = asyncio.create_task(process._check_pages_later(store))
        await waiting.until(lambda: "database read whole" in caplog.text)
        assert not later.done()
        later.cancel()
    content = bytearray(path.read_bytes())
    content[-3 * 4096 : -4096] = b"\x5a" * 8192
    path.write_bytes(content)
    async with open_store(path) as store:
        with pytest.raises(DatabaseDamaged):
            await process._check_pages_later(store)


async def test_a_start_with_few_papers_mends_their_indexes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_store(tmp_path / "papers.db") as store:
        await store.papers.add_listing(make_listing(*make_papers(5)), now=NOW)
        await store.database.write(forge_title)
        await process._check_database(store)
        assert "search index rebuilt" in caplog.text
        caplog.clear()
        await process._check_database(store)
    assert caplog.records == []
