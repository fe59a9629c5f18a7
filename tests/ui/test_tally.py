"""One line says the counts of a day, in the same order everywhere."""

import pytest

from bot.digest.models import Tally
from bot.models import AnnounceType
from bot.ui.tally import say_announced, say_counts, say_tally

TYPES = {AnnounceType.NEW: 1290, AnnounceType.CROSS: 1, AnnounceType.REPLACE: 2}


def tally(*, matching: int, before: int = 0, no_topics: bool = False) -> Tally:
    return Tally(types=TYPES, matching=matching, before=before, no_topics=no_topics)


ALL = "1,293 announced (1,290 new, 1 cross-list, 2 replacements)"


@pytest.mark.parametrize(
    ("counted", "said"),
    [
        (tally(matching=12), f"{ALL} · 12 match · 12 posted"),
        (tally(matching=12, before=2), f"{ALL} · 12 match · 2 posted before · 10 posted"),
        (tally(matching=12, before=12), f"{ALL} · 12 match · 12 posted before"),
        (tally(matching=0), f"{ALL} · 0 match · 0 posted"),
        (tally(matching=1293, no_topics=True), f"{ALL} · 1,293 posted"),
        (Tally(types={}, matching=0, before=0, no_topics=True), "0 announced · 0 posted"),
    ],
)
def test_every_number_that_differs_is_said(counted: Tally, said: str) -> None:
    assert say_tally(counted, "posted") == said


def test_a_topic_is_told_how_much_it_matches() -> None:
    assert say_announced(tally(matching=7)) == f"{ALL} · 7 match"


def test_a_past_digest_says_its_numbers_in_the_same_order() -> None:
    assert say_counts(1311, 12, 10) == "1,311 announced · 12 match · 10 posted"
    assert say_counts(25, None, 25) == "25 announced · 25 posted"
