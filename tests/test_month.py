"""The month of `benchmarks/month.py`: what it calls growth, and that it runs at all."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.month import FIRST_DAY, Conductor, Day, conduct, judge, make_month
from bot.ui.styles.list import LIST
from tests.builders import DAY, make_digest, make_paper
from tests.store.outbox.test_outbox import subscribe
from tests.stores import open_store

NOW = datetime(2024, 3, 25, 4, tzinfo=UTC)


def quiet_month(days: int = 30) -> list[Day]:
    """A bot that stores 300 papers a day and needs nothing more for it."""
    return [
        Day(
            day=FIRST_DAY + timedelta(days=number),
            papers=300 * number,
            messages=70 * number,
            edits=80 * number,
            rss_mb=200,
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
        ("rss_mb", lambda day, number: replace(day, rss_mb=200.0 + number)),
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
        replace(day, rss_mb=200.0 + number, cached=100_000 + 5_000 * number)
        for number, day in enumerate(quiet_month())
    ]
    assert [what for what, is_grown in judge(filled) if is_grown] == []


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
