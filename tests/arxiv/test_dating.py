from datetime import UTC, date, datetime

import pytest

from bot.arxiv.dating import date_paper, estimate_date, month_of
from bot.models import ArxivId
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
