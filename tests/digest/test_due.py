"""When a digest is due, and with which day a subscription begins."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.arxiv.calendar import ONE_DAY
from bot.digest.due import PATIENCE, digest_due, due_instant, following, starts_with
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
    ("begins", "followed"),
    [
        ({}, ("cs.CV", "cs.LG")),
        ({"cs.CV": DAY}, ("cs.LG",)),
        ({"cs.CV": DAY - ONE_DAY}, ("cs.CV", "cs.LG")),
        ({"cs.CV": DAY, "cs.LG": DAY}, ()),
        ({"cs.CV": DAY + 2 * ONE_DAY}, ("cs.CV", "cs.LG")),  # the clock was ahead then
    ],
)
def test_what_was_out_when_a_category_was_chosen_does_not_come_by_itself(
    begins: dict[str, date], followed: tuple[str, ...]
) -> None:
    subscription = make_subscription(
        categories=("cs.CV", "cs.LG"), begins=tuple(begins.items()), post_at=time(23)
    )
    assert following(subscription, DAY, AT).categories == followed
    assert following(subscription, DAY + ONE_DAY, AT).categories == ("cs.CV", "cs.LG")


@pytest.mark.parametrize(
    ("numbers", "starts"), [([], True), ([3], False), ([4], True), ([2, 4], True)]
)
def test_what_was_stored_before_is_no_day_of_a_channel(numbers: list[int], starts: bool) -> None:
    assert starts_with(make_subscription(starts_after=3), numbers) is starts


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
