"""What is read of the days whose digests may still be planned."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.digest.models import Cadence
from bot.digest.week import ONE_DAY, WEEK, days_of, last_end
from bot.intake.schedule import IntakeRules
from bot.models import DayRecord, IntakeVerdict
from bot.planning.known import oldest_day, read_known_days
from bot.store.digests import DigestRecord
from tests.builders import DAY, NOW, make_listing, make_paper
from tests.stores import open_store


@pytest.mark.parametrize("weekday", range(7))
def test_the_last_week_is_read_whole_and_of_those_before_only_one(weekday: int) -> None:
    first = days_of(last_end(DAY, weekday))[0]
    assert DAY - 2 * WEEK <= oldest_day(Cadence.WEEK, IntakeRules(), NOW) <= first


def test_a_date_is_read_as_long_as_it_may_be_caught_up_with() -> None:
    rules = IntakeRules(catchup_window=timedelta(days=3))
    assert oldest_day(Cadence.DAY, rules, NOW) == DAY - timedelta(days=3)


RULES = IntakeRules(catchup_window=timedelta(days=3))
SINCE, EARLIER, OLDEST = (DAY - timedelta(days=days) for days in (3, 4, 14))


async def test_what_is_known_begins_with_the_oldest_date_that_may_be_caught_up_with(
    tmp_path: Path,
) -> None:
    """That of weeks reaches further back. A list that still grows is not used yet."""
    async with open_store(tmp_path / "bot.db") as store:
        stored = (("cs.LG", OLDEST), ("cs.LG", OLDEST - ONE_DAY), ("cs.CV", SINCE), ("cs.CV", DAY))
        for category, day in stored:
            listing = make_listing(make_paper(), category=category, announced_on=day)
            await store.papers.add_listing(listing, now=NOW)
        records = [
            DayRecord(category="cs.CV", day=SINCE, verdict=IntakeVerdict.COMPLETE),
            DayRecord(category="cs.CV", day=DAY, verdict=IntakeVerdict.GROWING),
        ]
        await store.intake.set_records(records, now=NOW)
        for cadence, on in ((Cadence.DAY, SINCE), (Cadence.DAY, EARLIER), (Cadence.WEEK, EARLIER)):
            await store.digests.note_quiet([decided(on, cadence)])
        known = await read_known_days(store, RULES, [2001], now=NOW)
    assert known.since == SINCE
    assert known.numbers == {("cs.CV", SINCE): 3, ("cs.CV", DAY): 4}
    assert known.ready_at == {("cs.CV", SINCE): NOW}
    assert known.week_ready_at == {("cs.LG", OLDEST): NOW, ("cs.CV", SINCE): NOW}
    assert set(known.decided) == {(2001, SINCE)}
    assert known.unmatched == {(2001, SINCE): 4}
    assert set(known.week_decided) == {(2001, EARLIER)}
    assert known.records == {(each.category, each.day): each for each in records}
    assert known.poll_start == RULES.poll_start


def decided(day: date, cadence: Cadence) -> DigestRecord:
    return DigestRecord(
        channel_id=2001,
        announced_on=day,
        decided_at=NOW,
        announced=4,
        matching=0,
        planned=0,
        cadence=cadence,
    )
