"""An estimate that an admin can plan by: never sooner than Discord allows, and not much later."""

from datetime import timedelta

import pytest

from bot.digest.arrival import Queue, estimate_arrivals
from tests.builders import DAY, NOW


def queue(channel_id: int, messages: int, *, wait_s: float = 0, is_on_hold: bool = False) -> Queue:
    return Queue(
        channel_id=channel_id,
        messages=messages,
        days=(DAY,),
        not_before=NOW + timedelta(seconds=wait_s),
        is_on_hold=is_on_hold,
    )


def seconds(*queues: Queue, pace_per_s: float = 25, lanes: int = 50) -> list[float]:
    """Estimate when each channel will have everything, in the order given."""
    arrivals = estimate_arrivals(queues, now=NOW, pace_per_s=pace_per_s, lanes=lanes)
    found = [arrivals[each.channel_id] for each in queues if each.channel_id in arrivals]
    return [round((each.at - NOW).total_seconds(), 3) for each in found]


@pytest.mark.parametrize(("messages", "at_least"), [(1, 0), (5, 0), (6, 5), (10, 5), (11, 10)])
def test_a_channel_takes_five_messages_in_five_seconds(messages: int, at_least: float) -> None:
    (alone,) = seconds(queue(1, messages))
    assert at_least < alone < at_least + 3


def test_a_thousand_channels_are_spread_by_the_pace() -> None:
    """5,000 messages at 25 a second: the last channel waits for all of them."""
    estimated = seconds(*(queue(number, 5) for number in range(1000)))
    assert estimated[-1] == pytest.approx(200, abs=3)
    assert estimated[500] == pytest.approx(104, abs=6)


def test_channels_that_are_served_side_by_side_are_done_nearly_together() -> None:
    """They take turns: the first has its fifth message when all have four."""
    estimated = seconds(*(queue(number, 5) for number in range(50)))
    assert estimated[0] == pytest.approx(8, abs=1)
    assert estimated[-1] == pytest.approx(10, abs=1)


def test_few_lanes_are_slower_than_the_pace() -> None:
    """Ten long digests one after the other."""
    assert seconds(*(queue(number, 10) for number in range(10)), lanes=1)[-1] > 60


def test_those_before_are_counted() -> None:
    arrivals = estimate_arrivals(
        [queue(1, 3), queue(2, 4), queue(3, 1)], now=NOW, pace_per_s=25, lanes=50
    )
    assert [arrivals[number].ahead for number in (1, 2, 3)] == [0, 3, 7]


def test_a_channel_that_must_wait_holds_up_nobody() -> None:
    waiting, other = seconds(queue(1, 500, wait_s=600), queue(2, 1))
    assert waiting > 600
    assert other < 1


def test_what_is_on_hold_has_no_arrival() -> None:
    assert len(seconds(queue(1, 500, is_on_hold=True), queue(2, 1))) == 1


def test_messages_follow_each_other_as_answers_and_pace_allow() -> None:
    """An answer takes 0.3 s; five messages fill a window of 5 s, from its first one on."""
    assert seconds(queue(1, 1)) == [0.3]
    assert seconds(queue(1, 2)) == [0.6]
    assert seconds(queue(1, 2), pace_per_s=1) == [1.3]
    assert seconds(queue(1, 1), queue(2, 1)) == [0.3, 0.34]
    assert seconds(queue(1, 5)) == [1.5]
    assert seconds(queue(1, 6)) == [5.3]
    assert seconds(queue(1, 11)) == [10.3]
    assert seconds(queue(1, 2, wait_s=600), pace_per_s=0.5) == [602.3]


def test_with_one_lane_a_channel_begins_when_the_one_before_is_done() -> None:
    assert seconds(queue(1, 2), queue(2, 1), lanes=1) == [0.6, 0.9]
