"""What a topic would have posted on some dates of the past, counted as posting counts. Pure.

The dates are decided one after the other by `select.decide`, beginning with nothing posted: a
paper that two dates announce counts on the first, a replacement of it again only where the channel
follows replacements.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property

from bot.digest.models import Subscription, Tally, Topic
from bot.digest.select import Announced, Decider, Verdict, entries_of
from bot.digest.tally import count_papers
from bot.models import ArxivId

DAYS_A_WEEK = 5
"""arXiv announces on five of them."""


@dataclass(frozen=True, kw_only=True)
class AnnouncedDate:
    """A date, and what the followed categories announced as `select.merge` gives it."""

    day: date
    papers: Sequence[Announced]

    @cached_property
    def decider(self) -> Decider:
        """Decides for one topic after another; most papers match none of them."""
        return Decider(self.papers)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialDay:
    """One date of a trial: ``posted`` are the papers that the topic alone would have posted."""

    day: date
    tally: Tally
    posted: tuple[ArxivId, ...]

    @property
    def announced(self) -> int:
        return self.tally.announced

    @property
    def matched(self) -> int:
        return self.tally.chosen


@dataclass(frozen=True)
class Trial:
    """A topic tried on some dates, oldest first; dates without a listing are not among them.

    ``weeks`` is the span that was asked for. ``others`` are the papers that the channel's other
    topics match, None where it has none, so that everything is posted without this one.
    """

    topic: Topic
    days: tuple[TrialDay, ...]
    weeks: int
    others: frozenset[ArxivId] | None = None

    @cached_property
    def found(self) -> tuple[tuple[ArxivId, date], ...]:
        """The papers that the topic would have posted and when, the newest first."""
        return tuple(
            (arxiv_id, each.day) for each in reversed(self.days) for arxiv_id in each.posted
        )

    @cached_property
    def papers(self) -> frozenset[ArxivId]:
        return frozenset(arxiv_id for arxiv_id, _ in self.found)

    @property
    def announced(self) -> int:
        return sum(each.announced for each in self.days)

    @property
    def matched(self) -> int:
        return sum(each.matched for each in self.days)

    @property
    def newest(self) -> TrialDay | None:
        return self.days[-1] if self.days else None

    @property
    def most(self) -> int:
        """The most papers of one day."""
        return max((each.matched for each in self.days), default=0)

    @property
    def a_week(self) -> float:
        """Papers in a week of announcements."""
        return self.matched * DAYS_A_WEEK / len(self.days) if self.days else 0.0

    @property
    def share(self) -> float:
        """The matched part of the announced papers, from 0 to 1."""
        return self.matched / self.announced if self.announced else 0.0

    @property
    def added(self) -> int | None:
        """How many papers no other topic of the channel brings; None where it has no other."""
        if self.others is None:
            return None
        return sum(arxiv_id not in self.others for arxiv_id, _ in self.found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What a changed query brings and what it no longer brings, newest first."""

    added: tuple[tuple[ArxivId, date], ...]
    dropped: tuple[tuple[ArxivId, date], ...]


def try_topic(
    subscription: Subscription,
    topic: Topic,
    dates: Iterable[AnnouncedDate],
    matches: Mapping[str, Collection[ArxivId]],
    *,
    weeks: int,
) -> Trial:
    """Try ``topic`` on ``dates``, oldest first; the channel need not have it yet.

    ``matches`` maps a query to the papers that it finds among those of the dates.
    """
    alone = replace(subscription, topics=(replace(topic, is_paused=False),))
    found = frozenset(matches.get(topic.query, ()))
    sent: dict[ArxivId, int] = {}
    days: list[TrialDay] = []
    for each in dates:
        of_day = {topic.name: found & each.decider.arxiv_ids}
        known = {arxiv_id: sent[arxiv_id] for arxiv_id in sent.keys() & each.decider.arxiv_ids}
        decisions = each.decider.decide(alone, of_day, known)
        posted = entries_of(decisions, Verdict.POST)
        days.append(
            TrialDay(
                day=each.day,
                tally=count_papers(alone, decisions),
                posted=tuple(entry.paper.arxiv_id for entry in posted),
            )
        )
        sent.update((entry.paper.arxiv_id, entry.least_version) for entry in posted)
    return Trial(topic, tuple(days), weeks, _found_by_others(subscription, topic, matches))


def _found_by_others(
    subscription: Subscription, topic: Topic, matches: Mapping[str, Collection[ArxivId]]
) -> frozenset[ArxivId] | None:
    others = [
        each
        for each in subscription.topics
        if each.name.lower() != topic.name.lower() and not each.is_paused
    ]
    if not others:
        return None
    return frozenset().union(*(matches.get(each.query, ()) for each in others))


def compare(before: Trial, after: Trial) -> Difference:
    """Say how two queries differ that were tried on the same dates."""
    return Difference(
        added=tuple(each for each in after.found if each[0] not in before.papers),
        dropped=tuple(each for each in before.found if each[0] not in after.papers),
    )


def first_day(newest: date, weeks: int) -> date:
    """Return the first day of a span of ``weeks`` that ends with ``newest``."""
    return newest - timedelta(weeks=weeks) + timedelta(days=1)
