"""What the log of intake reads from rows that another version, or another program, wrote."""

import sqlite3
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot.models import (
    DayRecord,
    Inquiry,
    IntakeCode,
    IntakeReason,
    IntakeSource,
    IntakeVerdict,
    JudgedStep,
)
from tests.builders import NOW, make_id, make_listing, make_paper
from tests.stores import open_store

DAY = date(2024, 3, 5)
REFUSED = IntakeReason(code=IntakeCode.HTTP_STATUS, source=IntakeSource.CATCHUP, status=503)
EARLIER = IntakeReason(code=IntakeCode.REPEATS_EARLIER, day=date(2024, 3, 4), papers=3, text="ö")
RECORD = DayRecord(
    category="cs.CV",
    day=DAY,
    verdict=IntakeVerdict.STALE,
    source="rss",
    reason=EARLIER,
    papers=3,
    inquiries={
        IntakeSource.FEED: Inquiry(asked_at=NOW, papers=0),
        IntakeSource.CATCHUP: Inquiry(
            asked_at=NOW, failures=2, failing_since=NOW, not_before=NOW, error=REFUSED
        ),
    },
    held_since=NOW,
    is_confirmed=True,
)


async def stored(path: Path, *changes: str) -> DayRecord:
    """Store `RECORD`, change the file as another program would, and read it again."""
    async with open_store(path / "papers.db") as store:
        await store.intake.set_records([RECORD], now=NOW)
        with sqlite3.connect(path / "papers.db") as other:
            for sql in changes:
                other.execute(sql)
        other.close()
        record = await store.intake.get_record("cs.CV", DAY)
        assert record is not None
        (step,) = (await store.intake.history(["cs.CV"], DAY))["cs.CV"]
        assert step == JudgedStep(at=NOW, verdict=IntakeVerdict.STALE, reason=EARLIER)
        return record


async def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert await stored(tmp_path) == RECORD


async def test_an_unknown_verdict_is_a_failure(tmp_path: Path) -> None:
    """So that the date is asked about again."""
    record = await stored(tmp_path, "UPDATE intake_day SET verdict = 'wonderful'")
    assert record == replace(RECORD, verdict=IntakeVerdict.FAILED)


@pytest.mark.parametrize(
    ("code", "details"),
    [("new-code", "{}"), ("holiday", "no JSON"), ("holiday", "[]"), ("holiday", '{"odd": 1}')],
)
async def test_a_reason_that_cannot_be_read_is_kept_as_text(
    tmp_path: Path, code: str, details: str
) -> None:
    record = await stored(
        tmp_path,
        f"UPDATE intake_day SET reason = '{code}', details = '{details}'",
        f"UPDATE intake_inquiry SET error = '{code}', details = '{details}' WHERE failures",
    )
    other = IntakeReason(code=IntakeCode.OTHER, text=f"{code} {details}")
    assert record.reason == other
    assert record.inquiries[IntakeSource.CATCHUP].error == other


async def test_no_reason_is_none(tmp_path: Path) -> None:
    record = await stored(tmp_path, "UPDATE intake_day SET reason = ''")
    assert record.reason is None
    assert record.inquiries == RECORD.inquiries


async def test_a_source_of_a_later_version_is_left_out(tmp_path: Path) -> None:
    record = await stored(tmp_path, "UPDATE intake_inquiry SET source = 'oracle' WHERE failures")
    assert record.inquiries == {IntakeSource.FEED: RECORD.inquiries[IntakeSource.FEED]}


async def test_what_submissions_told_is_an_estimate_until_the_page_has_told(tmp_path: Path) -> None:
    """The source of a listing stays that of its first reading."""
    async with open_store(tmp_path / "papers.db") as store:
        listing = make_listing(make_paper(1), announced_on=DAY)
        seen = []
        for source, is_record in (("oai", False), ("catchup", True)):
            told = replace(listing, source=source)
            await store.papers.add_listing(told, now=NOW, is_record=is_record)
            elsewhere = await store.intake.announced_elsewhere(
                "cs.CV", date(2024, 3, 6), [make_id(1)]
            )
            seen += [each.is_estimated for each in elsewhere[make_id(1)]]
        assert seen == [True, False]
