"""One paper in full: all that is known, whatever its size."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from bot.models import LinkKind
from bot.ui.paper import render_paper_details
from tests.builders import make_link, make_paper, make_stored
from tests.ui.papers import HOSTILE, POSTED, errors_of


@pytest.mark.parametrize("changes", HOSTILE.values(), ids=HOSTILE.keys())
def test_details_always_fit_one_embed(changes: dict[str, Any]) -> None:
    assert errors_of(render_paper_details(make_stored(make_paper(**changes)), POSTED)) == []


def test_details_tell_all_that_is_known() -> None:
    paper = make_paper(
        version=2,
        title="A Title",
        abstract="First paragraph.\n\nSecond paragraph.",
        categories=["cs.CV", "cs.LG"],
        comment="12 pages",
        doi="10.1000/182",
        journal_ref="J. Samples 12",
        submitted_at=datetime(2024, 3, 4, tzinfo=UTC),
        links=[make_link("https://example.org", LinkKind.PROJECT)],
    )
    embed = render_paper_details(make_stored(paper), POSTED)
    assert embed.url == "https://arxiv.org/abs/2403.00001"
    assert embed.description == (
        "*Ada Example, Ben Sample*\n\nFirst paragraph.\n\nSecond paragraph."
    )
    assert {field.name: field.value for field in embed.fields} == {
        "Links": "[PDF](https://arxiv.org/pdf/2403.00001) · [Project](https://example.org)",
        "Announced": "Tue, 5 Mar 2024, submitted 4 Mar 2024",
        "Categories": "cs.CV, cs.LG",
        "Comment": "12 pages",
        "Journal": "J. Samples 12",
        "DOI": "[10.1000/182](https://doi.org/10.1000/182)",
        "Posted": f"[in this server]({POSTED.url})",
    }
    assert embed.footer.text == "arXiv:2403.00001v2"


def test_details_leave_out_what_is_not_known() -> None:
    stored = make_stored(make_paper(), announced_on=date(2024, 3, 6), is_date_estimated=True)
    embed = render_paper_details(stored, None)
    assert [field.name for field in embed.fields] == ["Links", "Announced", "Categories"]
    assert "estimated" in (embed.fields[1].value or "")


def test_a_cut_abstract_ends_in_an_ellipsis() -> None:
    for abstract in ("word " * 2000, "A paragraph of some length, but not very long.\n\n" * 200):
        embed = render_paper_details(make_stored(make_paper(abstract=abstract)), None)
        assert (embed.description or "").endswith("…")
        assert len(embed.description or "") > 4000


def test_a_withdrawn_paper_is_called_so() -> None:
    paper = make_paper(version=2, comment="This paper has been withdrawn by the authors")
    embed = render_paper_details(make_stored(paper), None)
    assert embed.footer.text == "arXiv:2403.00001v2 · withdrawn"
