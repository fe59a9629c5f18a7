"""What is read of the days whose digests may still be planned."""

from datetime import timedelta

import pytest

from bot.digest.models import Cadence
from bot.digest.week import days_of, last_end
from bot.intake.schedule import IntakeRules
from bot.planning.known import oldest_day
from tests.builders import DAY, NOW


@pytest.mark.parametrize("weekday", range(7))
def test_the_last_week_is_read_whole(weekday: int) -> None:
    first = days_of(last_end(DAY, weekday))[0]
    assert oldest_day(Cadence.WEEK, IntakeRules(), NOW) <= first


def test_a_date_is_read_as_long_as_it_may_be_caught_up_with() -> None:
    rules = IntakeRules(catchup_window=timedelta(days=3))
    assert oldest_day(Cadence.DAY, rules, NOW) == DAY - timedelta(days=3)
