"""When a digest is due, and with which day a subscription begins."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.digest.due import PATIENCE, digest_due, due_instant, starts_with
from tests.builders import DAY, make_subscription

AT = datetime(2024, 3, 5, 9, 0, tzinfo=UTC)
EARLY, LATE = AT - timedelta(hours=4), AT + timedelta(hours=4)


@pytest.mark.parametrize(
    ("post_at", "stored", "due"),
    [
        (None, [], None),
        (None, [None], None),
        (None, [EARLY], EARLY),
        (None, [EARLY, LATE], LATE),
        (None, [EARLY, None], EARLY + PATIENCE),
        (None, [EARLY, None, AT], AT + PATIENCE),
        (time(9), [EARLY], AT),
        (time(9), [LATE], LATE),
        (time(9), [EARLY, None], AT),
        (time(9), [AT, None], AT + PATIENCE),
    ],
)
def test_a_digest_waits_for_its_listings_and_its_time(
    post_at: time | None, stored: list[datetime | None], due: datetime | None
) -> None:
    assert digest_due(make_subscription(post_at=post_at), DAY, stored) == due


@pytest.mark.parametrize(
    ("created_at", "starts"),
    [(AT - timedelta(seconds=1), True), (AT, True), (AT + timedelta(seconds=1), False)],
)
def test_with_a_time_the_first_day_is_the_one_whose_time_is_still_to_come(
    created_at: datetime, starts: bool
) -> None:
    subscription = make_subscription(post_at=time(9), created_at=created_at)
    assert starts_with(subscription, DAY, [], AT + timedelta(hours=1)) is starts


@pytest.mark.parametrize(
    ("numbers", "starts"), [([], True), ([3], False), ([4], True), ([2, 4], True)]
)
def test_without_a_time_the_first_day_is_the_next_listing(numbers: list[int], starts: bool) -> None:
    assert starts_with(make_subscription(starts_after=3), DAY, numbers, AT) is starts


@pytest.mark.parametrize(
    ("day", "at", "instant"),
    [
        (date(2025, 3, 8), time(2, 30), datetime(2025, 3, 8, 7, 30, tzinfo=UTC)),
        (date(2025, 3, 9), time(2, 30), datetime(2025, 3, 9, 7, 30, tzinfo=UTC)),  # skipped: 03:30
        (date(2025, 11, 2), time(1, 30), datetime(2025, 11, 2, 5, 30, tzinfo=UTC)),  # the first
    ],
)
def test_daylight_saving_neither_skips_nor_doubles_a_day(
    day: date, at: time, instant: datetime
) -> None:
    assert due_instant(day, at, ZoneInfo("America/New_York")) == instant
