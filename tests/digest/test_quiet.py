"""A day without a digest is explained, once nothing may come any more or it is hours late."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from bot.digest.models import QuietDays, Subscription
from bot.digest.outlook import KnownDays
from bot.digest.quiet import LATE, Silence, list_quiet_days
from bot.models import DayRecord, Inquiry, IntakeCode, IntakeReason, IntakeSource, IntakeVerdict
from tests.builders import make_subscription

MONDAY, TUESDAY = date(2024, 3, 4), date(2024, 3, 5)
AFTER = date(2026, 11, 27)  # Thanksgiving's announcement is the one that would come on Friday
CREATED = datetime(2024, 3, 1, 12, 0, tzinfo=UTC)
EXPECTED = datetime(2024, 3, 5, 5, 10, tzinfo=UTC)  # 00:10 Eastern
CHANNEL = 2001


def channel(*categories: str, quiet: QuietDays = QuietDays.ALL, **more: object) -> Subscription:
    subscription = make_subscription(categories=categories or ["cs.CV"], created_at=CREATED)
    return replace(subscription, quiet_days=quiet, channel_id=CHANNEL, **more)  # type: ignore[arg-type]


def known(
    *records: DayRecord,
    stored: Sequence[str] = (),
    decided: Sequence[date] = (),
    since: date = TUESDAY,
    unmatched: int | None = None,
) -> KnownDays:
    return KnownDays(
        since=since,
        numbers={(category, TUESDAY): 1 for category in stored},
        ready_at={},
        decided={(CHANNEL, day) for day in decided},
        unmatched={} if unmatched is None else {(CHANNEL, TUESDAY): unmatched},
        records={(record.category, record.day): record for record in records},
        poll_start=time(0, 10),
    )


def record(
    verdict: IntakeVerdict | None,
    category: str = "cs.CV",
    *,
    is_closed: bool = True,
    is_failing: bool = False,
) -> DayRecord:
    error = IntakeReason(code=IntakeCode.UNREACHABLE) if is_failing else None
    inquiry = Inquiry(asked_at=EXPECTED, failures=int(is_failing), error=error)
    return DayRecord(
        category=category,
        day=TUESDAY,
        verdict=verdict,
        is_closed=is_closed,
        inquiries={IntakeSource.FEED: inquiry},
    )


def silences(
    subscription: Subscription,
    days: KnownDays,
    now: datetime,
) -> list[tuple[date, Silence]]:
    found = list_quiet_days(subscription, days, now=now)
    return [(each.day, each.silence) for each in found]


@pytest.mark.parametrize(
    ("verdicts", "silence"),
    [
        ([IntakeVerdict.EMPTY_EXPECTED], Silence.HOLIDAY),
        ([IntakeVerdict.EMPTY_UNEXPECTED], Silence.EMPTY),
        ([IntakeVerdict.MISSED], Silence.MISSED),
        ([IntakeVerdict.EMPTY_EXPECTED, IntakeVerdict.EMPTY_UNEXPECTED], Silence.EMPTY),
        ([IntakeVerdict.MISSED, IntakeVerdict.EMPTY_UNEXPECTED], Silence.MISSED),
    ],
)
def test_what_is_over_is_told_at_once(verdicts: list[IntakeVerdict], silence: Silence) -> None:
    names = ["cs.CV", "cs.LG"][: len(verdicts)]
    days = known(*(record(verdict, name) for verdict, name in zip(verdicts, names, strict=True)))
    assert silences(channel(*names), days, EXPECTED) == [(TUESDAY, silence)]
    before = EXPECTED - timedelta(minutes=1)
    assert silences(channel(*names), days, before) == []


@pytest.mark.parametrize(
    ("is_failing", "silence"), [(False, Silence.LATE), (True, Silence.UNREADABLE)]
)
def test_what_may_still_come_is_told_once_it_is_late(is_failing: bool, silence: Silence) -> None:
    days = known(record(IntakeVerdict.STALE, is_closed=False, is_failing=is_failing))
    assert silences(channel(), days, EXPECTED + LATE) == [(TUESDAY, silence)]
    assert silences(channel(), days, EXPECTED + LATE - timedelta(seconds=1)) == []


def test_what_was_never_asked_is_late_too() -> None:
    assert silences(channel(), known(), EXPECTED + LATE) == [(TUESDAY, Silence.LATE)]


def test_late_counts_from_the_channels_own_time() -> None:
    subscription = channel(post_at=time(9, 0))
    at = datetime(2024, 3, 5, 9, 0, tzinfo=UTC) + LATE
    assert silences(subscription, known(), at) == [(TUESDAY, Silence.LATE)]
    assert silences(subscription, known(), at - timedelta(seconds=1)) == []


def test_one_category_that_may_come_keeps_the_others_waiting() -> None:
    days = known(
        record(IntakeVerdict.EMPTY_UNEXPECTED),
        record(IntakeVerdict.STALE, "cs.LG", is_closed=False),
    )
    assert silences(channel("cs.CV", "cs.LG"), days, EXPECTED) == []


def test_where_a_digest_comes_or_came_nothing_is_said() -> None:
    missed = record(IntakeVerdict.MISSED)
    late = EXPECTED + LATE
    assert silences(channel("cs.CV", "cs.LG"), known(missed, stored=["cs.LG"]), late) == []
    assert silences(channel(), known(missed, decided=[TUESDAY]), late) == []


def test_a_day_of_which_nothing_matched_says_how_many_there_were() -> None:
    days = known(stored=["cs.CV"], decided=[TUESDAY], unmatched=311)
    (quiet,) = list_quiet_days(channel(), days, now=EXPECTED)
    assert (quiet.silence, quiet.announced) == (Silence.NO_MATCH, 311)


def test_weekends_are_never_told_of_and_holidays_are_known() -> None:
    subscription = channel()
    sunday = datetime(2024, 3, 3, 23, 0, tzinfo=UTC)
    assert silences(subscription, known(since=date(2024, 3, 2)), sunday) == []
    after = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
    assert silences(subscription, known(since=AFTER), after) == [(AFTER, Silence.HOLIDAY)]


def test_a_channel_is_told_what_it_wants_to_know() -> None:
    matched_none = known(stored=["cs.CV"], decided=[TUESDAY], unmatched=311)
    holiday, missed = record(IntakeVerdict.EMPTY_EXPECTED), record(IntakeVerdict.MISSED)
    some = channel(quiet=QuietDays.UNEXPECTED)
    assert silences(some, matched_none, EXPECTED) == []
    assert silences(some, known(holiday), EXPECTED) == []
    assert silences(some, known(missed), EXPECTED) == [(TUESDAY, Silence.MISSED)]
    none = channel(quiet=QuietDays.NONE)
    assert silences(none, known(missed), EXPECTED) == []


def test_days_before_the_digest_was_set_up_are_not_told_of() -> None:
    new = replace(channel(), created_at=EXPECTED, begins=(("cs.CV", TUESDAY),))
    assert silences(new, known(since=MONDAY), EXPECTED + timedelta(hours=20)) == []


def test_every_day_since_then_is_told_of() -> None:
    """Without a readable begin, the digest begins today."""
    late = [(MONDAY, Silence.LATE), (TUESDAY, Silence.LATE)]
    assert silences(channel(), known(since=MONDAY), EXPECTED + LATE) == late
    without = replace(channel(), created_at=None)
    assert silences(without, known(since=MONDAY), EXPECTED + LATE) == late[1:]


def test_only_a_day_of_which_nothing_matched_has_a_number() -> None:
    (quiet,) = list_quiet_days(channel(), known(), now=EXPECTED + LATE)
    assert (quiet.silence, quiet.announced) == (Silence.LATE, 0)
