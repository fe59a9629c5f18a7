"""How topics have fared: dead, doubled, drifted, or well."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.digest.health import Ailment, assess
from bot.digest.models import Tally, Topic
from bot.digest.trial import Trial, TrialDay
from bot.models import AnnounceType
from tests.builders import DAY, make_id


def fared(name: str, counts: Sequence[int], *, first: int = 0, is_paused: bool = False) -> Trial:
    """Make a trial of a topic that found so many papers on each of these days up to `DAY`.

    The papers are numbered from ``first``, so that topics may share them.
    """
    days, at = [], first
    for number, count in enumerate(counts):
        tally = Tally(types={AnnounceType.NEW: 100}, matching=count, before=0, no_topics=False)
        posted = tuple(make_id(each) for each in range(at, at + count))
        day = DAY - timedelta(days=7 * (len(counts) - 1 - number) // 5)
        days.append(TrialDay(day=day, tally=tally, posted=posted))
        at += count
    return Trial(Topic(name=name, query=name, is_paused=is_paused), tuple(days), 9)


def ailments(*trials: Trial) -> list[Ailment | None]:
    return [each.ailment for each in assess(trials)]


def test_a_topic_that_goes_on_as_before_is_well() -> None:
    (health,) = assess([fared("x", [2] * 45)])
    assert health.ailment is None
    assert health.recent.weeks == 4
    assert 36 <= health.recent.matched <= 42
    assert health.before == 10.0


@pytest.mark.parametrize(
    ("days", "ailment"), [(45, Ailment.DEAD), (30, Ailment.DEAD), (29, None), (0, None)]
)
def test_a_topic_is_dead_when_sixty_days_brought_nothing(
    days: int, ailment: Ailment | None
) -> None:
    assert ailments(fared("x", [0] * days)) == [ailment]


def test_a_topic_is_doubled_by_one_that_brings_nearly_all_of_its_papers() -> None:
    broad, narrow = fared("broad", [2] * 45), fared("narrow", [1] * 45, first=10)
    assert ailments(broad, narrow) == [None, Ailment.DOUBLED]
    health = assess([broad, narrow])[1]
    assert (health.other, health.own) == ("broad", 0)
    health = assess([broad, fared("nearly", [1] * 45, first=47)])[1]
    assert (health.ailment, health.other, health.own) == (Ailment.DOUBLED, "broad", 2)
    assert ailments(broad, fared("other", [1] * 45, first=60)) == [None, None]


@pytest.mark.parametrize(
    ("counts", "first", "ailment"),
    [
        ([0] * 40 + [1] * 5, 10, Ailment.DOUBLED),
        ([0] * 41 + [1] * 4, 10, None),  # too few papers to say so
        ([1, 0] * 20, 71, Ailment.DOUBLED),  # 19 of 20 are broad's, too
        ([1, 0] * 20, 72, None),
    ],
)
def test_nearly_all_of_at_least_five_papers_make_a_double(
    counts: list[int], first: int, ailment: Ailment | None
) -> None:
    broad = fared("broad", [2] * 45)
    assert ailments(broad, fared("narrow", counts, first=first)) == [None, ailment]


def test_of_two_that_differ_in_a_twentieth_the_later_is_doubled() -> None:
    one, other = fared("a", [1, 0] * 20), fared("b", [1, 0] * 20, first=1)
    assert ailments(one, other) == ailments(other, one) == [None, Ailment.DOUBLED]


def test_of_two_alike_the_later_is_doubled() -> None:
    assert ailments(fared("a", [1] * 45), fared("b", [1] * 45)) == [None, Ailment.DOUBLED]


def test_a_paused_topic_doubles_none() -> None:
    paused = fared("a", [2] * 45, is_paused=True)
    assert ailments(paused, fared("b", [1] * 45)) == [None, None]


@pytest.mark.parametrize(
    ("counts", "ailment"),
    [
        ([1] * 25 + [3] * 20, Ailment.DRIFTED),
        ([3] * 25 + [1] * 20, Ailment.DRIFTED),
        ([1] * 25 + [2] * 20, None),
        ([0] * 44 + [1], None),
        ([1] * 5 + [9] * 5, None),
        ([0] * 25 + [0] * 10 + [1] * 10, Ailment.DRIFTED),
        ([0] * 25 + [0] * 11 + [1] * 9, None),  # so few papers may be chance
        ([1] * 15 + [9] * 20, Ailment.DRIFTED),
        ([1] * 14 + [9] * 20, None),  # and so few days
    ],
)
def test_a_topic_has_drifted_when_it_brings_several_times_as_much_or_as_little(
    counts: list[int], ailment: Ailment | None
) -> None:
    assert ailments(fared("x", counts)) == [ailment]


def test_the_same_trials_are_assessed_the_same() -> None:
    trials = [fared("a", [1] * 45), fared("b", [2] * 45)]
    assert assess(trials) == assess([replace(each) for each in trials])
