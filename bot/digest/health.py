"""How topics of a channel have fared for two months: dead, doubled by another, drifted. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Final

from bot.digest.trial import Trial

WEEKS: Final = 9
"""A little more than 60 days."""
RECENT_WEEKS: Final = 4
LEAST_DAYS: Final = 30
"""Stored listings; of fewer it is not said that a topic is dead."""
LEAST_PAPERS: Final = 5
LEAST_DRIFTED: Final = 10
DOUBLED: Final = 0.95
DRIFT: Final = 3.0


class Ailment(StrEnum):
    """What an admin may want to do something about."""

    DEAD = "dead"
    DOUBLED = "doubled"
    DRIFTED = "drifted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a topic fares: ``recent`` are its last weeks.

    ``other`` is the topic that doubles it and ``own`` how many of its papers that one lacks;
    ``before`` are papers a week in the weeks before the recent ones.
    """

    recent: Trial
    ailment: Ailment | None = None
    other: str = ""
    own: int = 0
    before: float = 0.0


def assess(trials: Sequence[Trial]) -> list[Health]:
    """Assess the topics of one channel, each tried on the same `WEEKS`."""
    return [_assess(each, trials) for each in trials]


def _assess(trial: Trial, trials: Sequence[Trial]) -> Health:
    recent, earlier = _parted(trial)
    if not trial.matched and len(trial.days) >= LEAST_DAYS:
        return Health(recent=recent, ailment=Ailment.DEAD)
    for other in trials:
        if _doubles(other, trial, trials):
            return Health(
                recent=recent,
                ailment=Ailment.DOUBLED,
                other=other.topic.name,
                own=len(trial.papers - other.papers),
            )
    is_drifted = _is_drifted(recent, earlier)
    return Health(
        recent=recent,
        ailment=Ailment.DRIFTED if is_drifted else None,
        before=earlier.a_week,
    )


def _parted(trial: Trial) -> tuple[Trial, Trial]:
    """Part a trial into its last weeks and those before."""
    if not trial.days:
        return trial, trial
    edge = trial.days[-1].day - timedelta(weeks=RECENT_WEEKS)
    recent = tuple(each for each in trial.days if each.day > edge)
    earlier = tuple(each for each in trial.days if each.day <= edge)
    return (
        replace(trial, days=recent, weeks=RECENT_WEEKS),
        replace(trial, days=earlier, weeks=trial.weeks - RECENT_WEEKS),
    )


def _doubles(other: Trial, trial: Trial, trials: Sequence[Trial]) -> bool:
    """Whether ``other`` brings nearly all of ``trial``; of two alike the later is doubled."""
    if other is trial or len(trial.papers) < LEAST_PAPERS or other.topic.is_paused:
        return False
    shared = len(trial.papers & other.papers)
    if shared < DOUBLED * len(trial.papers):
        return False
    is_mutual = shared >= DOUBLED * len(other.papers)
    return not is_mutual or trials.index(other) < trials.index(trial)


def _is_drifted(recent: Trial, earlier: Trial) -> bool:
    if min(len(recent.days), len(earlier.days)) < LEAST_DAYS // 2:
        return False
    if max(recent.matched, earlier.matched) < LEAST_DRIFTED:
        return False
    more, less = max(recent.a_week, earlier.a_week), min(recent.a_week, earlier.a_week)
    return more >= DRIFT * less
