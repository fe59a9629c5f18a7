"""A pause and its end say what happens to what was not posted."""

from datetime import timedelta

import pytest

from bot.digest.models import SubscriptionState
from bot.ui.pause import describe_window, say_paused, say_resumed, say_sure_to_resume
from tests.builders import make_reason, make_subscription
from tests.ui.test_replies import COMING

FOUR_DAYS = timedelta(days=4)


@pytest.mark.parametrize(
    ("window", "said"),
    [
        (FOUR_DAYS, "4 days"),
        (timedelta(days=1), "1 day"),
        (timedelta(hours=36), "36 hours"),
        (timedelta(hours=1), "1 hour"),
    ],
)
def test_a_window_is_said_in_days_where_it_has_whole_ones(window: timedelta, said: str) -> None:
    assert describe_window(window) == said


@pytest.mark.parametrize(
    ("waiting", "said"),
    [(0, ""), (1, "1 message that should have been posted now waits too."), (2, "2 messages")],
)
def test_a_pause_tells_what_waits(waiting: int, said: str) -> None:
    text = say_paused(7, waiting=waiting, window=FOUR_DAYS)
    assert said in text
    assert ("too." in text) is bool(waiting)


@pytest.mark.parametrize(
    ("troubles", "said"), [(1, "1 message from before was not posted"), (3, "3")]
)
def test_an_end_tells_what_was_not_posted(troubles: int, said: str) -> None:
    subscription = make_subscription()
    text = say_resumed(subscription, COMING, window=FOUR_DAYS, troubles=troubles)
    assert said in text
    assert "`/digest resolve`" in text
    assert "resolve" not in say_resumed(subscription, COMING, window=FOUR_DAYS, troubles=0)


def test_the_question_shows_its_reason_harmlessly() -> None:
    paused = make_subscription(
        state=SubscriptionState.PAUSED, paused_because=make_reason("*@everyone* lost")
    )
    assert "@everyone" not in say_sure_to_resume(paused)
    assert "lost" in say_sure_to_resume(paused)
