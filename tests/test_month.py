"""The month of `benchmarks/month.py`: what it calls growth, and that it runs at all."""

import contextlib
import platform
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.month import FIRST_DAY, Conductor, Day, conduct, judge, make_month
from benchmarks.month_bot import sqlite_bytes, used_bytes
from bot.ui.styles.list import LIST
from tests.builders import DAY, make_digest, make_paper
from tests.store.outbox.test_outbox import subscribe
from tests.stores import open_store

NOW = datetime(2024, 3, 25, 4, tzinfo=UTC)
ON_GLIBC = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="asks glibc what is in use")


def quiet_month(days: int = 30) -> list[Day]:
    """A bot that stores 300 papers a day and needs nothing more for it."""
    return [
        Day(
            day=FIRST_DAY + timedelta(days=number),
            papers=300 * number,
            messages=70 * number,
            edits=80 * number,
            rss_mb=240,
            used_mb=120,
            pages_mb=60,
            objects=150_000,
            cached=100_000,
            files=26 + number % 3,
            threads=7,
            tasks=11 + number % 5,
            database=10**6 + 4_000 * 450 * number,
            wal=8_000_000,
            backups=0,
            log={},
            log_lines=50,
            log_bytes=9_000,
            cpu_s=6.0,
        )
        for number in range(days)
    ]


def test_a_month_in_which_only_papers_come_is_steady() -> None:
    assert [what for what, is_grown in judge(quiet_month()) if is_grown] == []


@pytest.mark.parametrize(
    ("name", "leak"),
    [
        ("files", lambda day, number: replace(day, files=day.files + number // 3)),
        ("threads", lambda day, number: replace(day, threads=7 + number // 10)),
        ("tasks", lambda day, number: replace(day, tasks=day.tasks + number)),
        ("objects", lambda day, number: replace(day, objects=150_000 + 500 * number)),
        ("used_mb", lambda day, number: replace(day, used_mb=120.0 + number)),
        ("most rss_mb", lambda day, number: replace(day, rss_mb=301 if number == 3 else 240)),
        ("most pages_mb", lambda day, number: replace(day, pages_mb=112 if number == 20 else 60)),
        ("bytes", lambda day, number: replace(day, database=day.database + 50_000 * number**2)),
        ("largest -wal", lambda day, number: replace(day, wal=1_000_000 * number)),
        ("log lines", lambda day, number: replace(day, log_lines=50 + 2 * number)),
    ],
)
def test_each_kind_of_leak_is_named(name: str, leak: Callable[[Day, int], Day]) -> None:
    leaking = [leak(day, number) for number, day in enumerate(quiet_month())]
    assert [what.startswith(name) for what, is_grown in judge(leaking) if is_grown] == [True]


def test_memory_may_rise_by_what_is_cached() -> None:
    filled = [
        replace(day, used_mb=120.0 + number, cached=100_000 + 4_000 * number)
        for number, day in enumerate(quiet_month())
    ]
    assert [what for what, is_grown in judge(filled) if is_grown] == []


@ON_GLIBC
def test_memory_in_use_is_what_python_and_c_hold_without_the_pages_of_sqlite() -> None:
    """Small pieces and a large one; a table of a megabyte is SQLite's own."""
    before, pages = used_bytes(), sqlite_bytes()
    pieces = [bytearray(100) for _ in range(7_000)]
    kept = (pieces, bytes(50_000), bytes(1_000_000))
    held = used_bytes() - before
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t AS SELECT zeroblob(1000000)")
        filled = used_bytes() - before
        assert sqlite_bytes() - pages > 900_000
    assert held == pytest.approx(sum(map(sys.getsizeof, (*pieces, *kept))), rel=0.1)
    assert filled == pytest.approx(held, rel=0.1)


async def test_the_clock_waits_for_a_message_that_is_due_at_this_very_moment(
    tmp_path: Path,
) -> None:
    path = tmp_path / "bot.db"
    async with open_store(path) as store:
        digest = await subscribe(store.database)
        await store.outbox.plan(digest, DAY, LIST.render(make_digest(make_paper())), now=NOW)
        before, at = (Conductor(path, NOW + timedelta(seconds=late)) for late in (-1, 0))
        assert (before.is_busy(), at.is_busy()) == (False, True)


@pytest.mark.slow
async def test_two_days_of_the_whole_bot(tmp_path: Path) -> None:
    month = [FIRST_DAY + timedelta(days=number) for number in range(2)]
    first, second = await conduct(make_month(2, papers=12), month, tmp_path / "papers.db")
    assert (first.papers, second.papers) == (48, 96)
    assert 10 <= first.messages < second.messages
    assert second.backups > second.database
    assert second.log["INFO"][0] > 20
    assert "ERROR" not in second.log
