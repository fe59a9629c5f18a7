"""An account of every paper that was announced for a channel: where each one is. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot.digest.models import ListingCheck
from bot.digest.select import Decision, DeliveryStatus, Verdict
from bot.models import ArxivId, DayRecord, IntakeSource


class Whereabouts(StrEnum):
    """Where an announced paper is, as seen from one channel and date.

    ``posted`` is in that date's digest, ``before`` in that of another date, ``offered`` behind a
    button of one, ``elsewhere`` in another channel of the server; ``not-posted`` matches by
    today's settings and was never planned.
    """

    POSTED = "posted"
    BEFORE = "before"
    NOT_MATCHED = "not-matched"
    ON_ITS_WAY = "on-its-way"
    FAILED = "failed"
    UNKNOWN = "unknown"
    LEFT = "left"
    NOT_POSTED = "not-posted"
    OFFERED = "offered"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayAudit:
    """One date of one channel: ``papers`` counts the announced ones by where they are.

    ``records`` tell how the listings of its categories came about.
    """

    day: date
    papers: Mapping[Whereabouts, int]
    records: tuple[DayRecord, ...] = ()

    @property
    def announced(self) -> int:
        return sum(self.papers.values())

    @property
    def checks(self) -> tuple[ListingCheck, ...]:
        return check_listings(self.records)


def check_listings(records: Iterable[DayRecord]) -> tuple[ListingCheck, ...]:
    """Say of the listings of a date what arXiv's own pages of them counted."""
    return tuple(map(_check, records))


def _check(record: DayRecord) -> ListingCheck:
    feed, page = record.papers_of(IntakeSource.FEED), record.papers_of(IntakeSource.CATCHUP)
    papers = record.papers if feed is None else feed
    return ListingCheck(category=record.category, papers=papers, on_page=page or None)


def count_whereabouts(
    day: date, decisions: Iterable[Decision], posted_on: Mapping[ArxivId, Collection[date]]
) -> Mapping[Whereabouts, int]:
    """Count where the papers of the followed types are; each is counted once.

    ``day`` is that of the digest to which they belong, ``posted_on`` holds the dates whose digests
    carried a paper to the channel.
    """
    return Counter(
        _find(day, decision, posted_on.get(decision.entry.paper.arxiv_id, ()))
        for decision in decisions
        if decision.verdict is not Verdict.TYPE_NOT_FOLLOWED
    )


_BY_DELIVERY = {
    DeliveryStatus.ON_ITS_WAY: Whereabouts.ON_ITS_WAY,
    DeliveryStatus.FAILED: Whereabouts.FAILED,
    DeliveryStatus.UNKNOWN: Whereabouts.UNKNOWN,
    DeliveryStatus.LEFT: Whereabouts.LEFT,
}


def _find(day: date, decision: Decision, posted_on: Collection[date]) -> Whereabouts:
    if decision.verdict is Verdict.NO_TOPIC_MATCHED:
        return Whereabouts.NOT_MATCHED
    if decision.verdict is Verdict.ELSEWHERE:
        return Whereabouts.ELSEWHERE
    if decision.verdict in (Verdict.POST, Verdict.OFFER):
        return Whereabouts.NOT_POSTED
    if decision.delivery is not None:
        return _BY_DELIVERY[decision.delivery]
    if decision.verdict is Verdict.OFFERED_BEFORE:
        return Whereabouts.OFFERED
    return Whereabouts.POSTED if day in posted_on else Whereabouts.BEFORE
