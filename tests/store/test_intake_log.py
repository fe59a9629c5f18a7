"""What the log of intake reads from rows that another version, or another program, wrote."""

import sqlite3
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.intake.judge import NEAR
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
            around = await store.intake.read_around("cs.CV", date(2024, 3, 6), [make_id(1)], NEAR)
            seen += [each.is_estimated for each in around.announced[make_id(1)]]
        assert seen == [True, False]


async def test_what_a_list_is_judged_by_is_read_at_once(tmp_path: Path) -> None:
    """The records of its date and of the announcement day before, which is Friday's of Monday's."""
    friday, monday = date(2024, 3, 1), date(2024, 3, 4)
    records = {day: replace(RECORD, day=day) for day in (friday, monday)}
    async with open_store(tmp_path / "papers.db") as store:
        await store.intake.set_records(list(records.values()), now=NOW)
        for number in range(3):
            papers = [make_paper(10 * number + each) for each in range(1, 3 + number)]
            day = friday - timedelta(days=number)
            await store.papers.add_listing(make_listing(*papers, announced_on=day), now=NOW)
        listing = make_listing(make_paper(1), make_paper(90), announced_on=monday)
        await store.papers.add_listing(listing, now=NOW)
        around = await store.intake.read_around("cs.CV", monday, [make_id(1)], timedelta(days=4))
        assert (around.own, around.previous) == (records[monday], records[friday])
        assert list(around.stored) == [make_id(1), make_id(90)]
        assert {day: near.papers for day, near in around.listings.items()} == {
            monday: 2, friday: 2, friday - timedelta(days=1): 3
        }  # fmt: skip
        assert [each.day for each in around.announced[make_id(1)]] == [friday]
        assert around.usual == 3
        standing = await store.intake.read_standing(until=friday, since=monday)
        assert len(standing.open) == 2
        assert standing == (
            {"cs.CV": records[friday]}, [records[monday]], await store.intake.list_open()
        )  # fmt: skip
