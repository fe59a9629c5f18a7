from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from bot.arxiv.dating import date_paper, estimate_date, estimate_listing, month_of
from bot.models import AnnounceType, ArxivId, Paper
from tests.builders import make_paper


@pytest.mark.parametrize(
    ("arxiv_id", "submitted_at", "estimate"),
    [
        # Wednesday 13:59 Eastern goes out the same evening, dated Thursday; 14:00 a day later.
        ("2008.09110", datetime(2020, 8, 19, 17, 59, tzinfo=UTC), date(2020, 8, 20)),
        ("2008.09110", datetime(2020, 8, 19, 18, 0, tzinfo=UTC), date(2020, 8, 21)),
        # Friday afternoon to Monday is announced on Monday evening.
        ("2403.00001", datetime(2024, 3, 1, 20, 0, tzinfo=UTC), date(2024, 3, 5)),
        # Numbered in March, submitted at the end of February.
        ("2403.00001", datetime(2024, 2, 28, 12, 0, tzinfo=UTC), date(2024, 3, 1)),
        # Submitted in March, announced in April, numbered in March: as arXiv did on 1 April 2024.
        ("2403.19669", datetime(2024, 3, 28, 19, 0, tzinfo=UTC), date(2024, 4, 1)),
        ("hep-th/9901001", datetime(1999, 1, 1, 0, 30, tzinfo=UTC), date(1999, 1, 4)),
    ],
)
def test_the_date_follows_from_the_submission(
    arxiv_id: str, submitted_at: datetime, estimate: date
) -> None:
    assert estimate_date(make_paper(arxiv_id=arxiv_id, submitted_at=submitted_at)) == estimate


@pytest.mark.parametrize(
    "submitted_at",
    [
        None,
        datetime(1986, 4, 25, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, tzinfo=UTC),
        datetime(2024, 6, 1, tzinfo=UTC),
    ],
)
def test_without_a_believable_submission_it_is_the_identifiers_month(
    submitted_at: datetime | None,
) -> None:
    paper = make_paper(arxiv_id="2403.00001", submitted_at=submitted_at)
    assert estimate_date(paper) == date(2024, 3, 1)


@pytest.mark.parametrize(
    ("arxiv_id", "month"),
    [
        ("0704.0001", date(2007, 4, 1)),
        ("2608.01234", date(2026, 8, 1)),
        ("acc-phys/9411001", date(1994, 11, 1)),
        ("math/0309136", date(2003, 9, 1)),
    ],
)
def test_an_identifier_names_its_month(arxiv_id: str, month: date) -> None:
    assert month_of(ArxivId(arxiv_id)) == month


def test_a_stated_date_is_no_estimate() -> None:
    paper = make_paper()
    stated = date_paper(paper, date(2024, 3, 6))
    assert (stated.announced_on, stated.is_estimated) == (date(2024, 3, 6), False)
    assert date_paper(paper).is_estimated


DAY = date(2024, 3, 5)
IN_TIME = datetime(2024, 3, 4, 12, 0, tzinfo=UTC)
"""Submitted or revised then, a paper is announced on `DAY`."""
LONG_BEFORE = datetime(2024, 2, 1, 12, 0, tzinfo=UTC)
LATER = datetime(2024, 3, 4, 19, 0, tzinfo=UTC)


def paper(
    number: int, version: int, *categories: str, submitted_at: datetime = LONG_BEFORE
) -> Paper:
    arxiv_id = f"{submitted_at:%y%m}.{number:05d}"
    return make_paper(
        arxiv_id=arxiv_id, version=version, categories=categories, submitted_at=submitted_at
    )


ESTIMATES = {
    "new": (paper(1, 1, "cs.CV", submitted_at=IN_TIME), None, AnnounceType.NEW),
    "cross-listed": (paper(1, 1, "cs.LG", "cs.CV", submitted_at=IN_TIME), None, AnnounceType.CROSS),
    "revised on the day, but new": (
        paper(1, 2, "cs.CV", submitted_at=IN_TIME),
        IN_TIME,
        AnnounceType.NEW,
    ),
    "replaced": (paper(1, 2, "cs.CV"), IN_TIME, AnnounceType.REPLACE),
    "replaced elsewhere": (paper(1, 2, "cs.LG", "cs.CV"), IN_TIME, AnnounceType.REPLACE_CROSS),
    "the fifth version": (paper(1, 5, "cs.CV"), IN_TIME, AnnounceType.REPLACE),
    "the sixth version": (paper(1, 6, "cs.CV"), IN_TIME, None),
    "a first version": (paper(1, 1, "cs.CV"), IN_TIME, None),
    "replaced on another day": (paper(1, 2, "cs.CV"), LONG_BEFORE, None),
    "not replaced": (paper(1, 2, "cs.CV"), None, None),
    "of another category": (paper(1, 1, "cs.LG", submitted_at=IN_TIME), None, None),
}


@pytest.mark.parametrize(("found", "revised_at", "kind"), ESTIMATES.values(), ids=ESTIMATES.keys())
def test_a_listing_is_worked_out_from_submissions_and_revisions(
    found: Paper, revised_at: datetime | None, kind: AnnounceType | None
) -> None:
    versions = {found.arxiv_id: {found.version: revised_at}} if revised_at else {}
    listing = estimate_listing("cs.CV", DAY, [found], versions)
    assert (listing.category, listing.announced_on, listing.source) == ("cs.CV", DAY, "oai")
    assert [(each.paper, each.announce_type) for each in listing.announcements] == (
        [(found, kind)] if kind else []
    )


@pytest.mark.parametrize(
    ("found", "moments", "version", "kind"),
    [
        (paper(1, 3, "cs.CV"), [LONG_BEFORE, IN_TIME, LATER], 2, AnnounceType.REPLACE),
        (paper(1, 2, "cs.CV", submitted_at=IN_TIME), [IN_TIME, LATER], 1, AnnounceType.NEW),
        (paper(1, 2, "cs.CV", submitted_at=IN_TIME), [IN_TIME, IN_TIME], 2, AnnounceType.NEW),
    ],
)
def test_what_was_revised_since_is_listed_in_the_version_of_the_day(
    found: Paper, moments: list[datetime], version: int, kind: AnnounceType
) -> None:
    versions = {found.arxiv_id: dict(enumerate(moments, start=1))}
    [entry] = estimate_listing("cs.CV", DAY, [found], versions).announcements
    assert (entry.paper, entry.announce_type) == (replace(found, version=version), kind)


def test_an_estimated_listing_is_in_the_order_of_arxivs_own() -> None:
    """New papers, cross-lists, replacements; by identifier in each."""
    papers = [
        paper(4, 2, "cs.LG", "cs.CV"),
        paper(3, 2, "cs.CV"),
        paper(2, 1, "cs.LG", "cs.CV", submitted_at=IN_TIME),
        paper(9, 1, "cs.CV", submitted_at=IN_TIME),
        paper(1, 1, "cs.CV", submitted_at=IN_TIME),
    ]
    versions = {each.arxiv_id: {2: IN_TIME} for each in papers[:2]}
    listing = estimate_listing("cs.CV", DAY, papers, versions)
    assert [(each.position, each.paper.arxiv_id) for each in listing.announcements] == [
        (1, "2403.00001"),
        (2, "2403.00009"),
        (3, "2403.00002"),
        (4, "2402.00003"),
        (5, "2402.00004"),
    ]
