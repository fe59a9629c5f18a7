"""When a paper was announced that is in no listing: worked out, and marked as such.

Metadata (OAI-PMH, the snapshot) knows when a paper was submitted and when its record last
changed, never when it was announced. arXiv's schedule turns the first into a good guess.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from bot.arxiv.calendar import estimate_announcement
from bot.arxiv.identifier import sort_key
from bot.models import Announcement, AnnounceType, ArxivId, Listing, Paper

BEFORE_ITS_MONTH = timedelta(days=31)
AFTER_ITS_MONTH = timedelta(days=62)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedPaper:
    """A paper and the date of its first announcement; ``is_estimated`` as in `StoredPaper`."""

    paper: Paper
    announced_on: date
    is_estimated: bool


def date_paper(paper: Paper, announced_on: date | None = None) -> DatedPaper:
    """Give a paper its date: the one that its source states, else an estimate."""
    return DatedPaper(
        paper=paper,
        announced_on=announced_on or estimate_date(paper),
        is_estimated=announced_on is None,
    )


def estimate_date(paper: Paper) -> date:
    """Return the date on which ``paper`` was probably announced.

    It follows from the submission of version 1. Without a believable one it is the first of the
    identifier's month: arXiv numbers papers as they come in, so none was announced before.
    """
    month = month_of(paper.arxiv_id)
    if paper.submitted_at is None:
        return month
    # arXiv's records hold times from 1986, and files by others hold anything.
    submitted_on = paper.submitted_at.date()
    if not month - BEFORE_ITS_MONTH <= submitted_on <= month + AFTER_ITS_MONTH:
        return month
    return max(month, estimate_announcement(paper.submitted_at))


def was_announced(submitted_at: datetime | None, day: date) -> bool:
    """Whether a version submitted at that moment can have been announced by ``day``."""
    return submitted_at is None or estimate_announcement(submitted_at) <= day


REVISIONS_LISTED = 5
"""ArXiv's listings leave out replacements by a later version."""


def estimate_listing(
    category: str,
    day: date,
    papers: Iterable[Paper],
    versions: Mapping[ArxivId, Mapping[int, datetime]],
) -> Listing:
    """Work out what ``category`` announced on ``day`` from metadata, as far as that tells it.

    ``versions`` says when each version of a paper was submitted. Papers that moderators held, and
    cross-lists that were added later, were announced on other days than this says; their date is
    of the same week mostly.
    """
    found = [
        (announced, kind)
        for paper in papers
        if category in paper.categories
        for announced in [_as_of(paper, day, versions.get(paper.arxiv_id, {}))]
        if (kind := _estimate_type(announced, category, day, versions)) is not None
    ]
    order = list(AnnounceType)
    found.sort(key=lambda each: (order.index(each[1]), sort_key(each[0].arxiv_id)))
    return Listing(
        category=category,
        announced_on=day,
        announcements=tuple(
            Announcement(paper=paper, announce_type=kind, position=position)
            for position, (paper, kind) in enumerate(found, start=1)
        ),
        source="oai",
    )


def _as_of(paper: Paper, day: date, versions: Mapping[int, datetime]) -> Paper:
    """Return a paper in the version that was the latest one announced by ``day``."""
    known = [number for number, moment in versions.items() if was_announced(moment, day)]
    return replace(paper, version=max(known, default=paper.version))


def _estimate_type(
    paper: Paper, category: str, day: date, versions: Mapping[ArxivId, Mapping[int, datetime]]
) -> AnnounceType | None:
    is_own = paper.primary_category == category
    if estimate_date(paper) == day:
        return AnnounceType.NEW if is_own else AnnounceType.CROSS
    revised = versions.get(paper.arxiv_id, {}).get(paper.version)
    if revised is None or not 1 < paper.version <= REVISIONS_LISTED:
        return None
    if estimate_announcement(revised) != day:
        return None
    return AnnounceType.REPLACE if is_own else AnnounceType.REPLACE_CROSS


def month_of(arxiv_id: ArxivId) -> date:
    """Return the first day of the month that the identifier names."""
    digits = arxiv_id.rpartition("/")[2]
    year, month = int(digits[:2]), int(digits[2:4])
    return date(1900 + year if year >= 91 else 2000 + year, month, 1)
