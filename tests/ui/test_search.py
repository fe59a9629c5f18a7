"""What a search answers: every result whole, a total that is honest, hints when there is none."""

from datetime import UTC, date, datetime
from typing import Any

import discord
import pytest

from bot.models import LinkKind, Paper, PostedMessage
from bot.store.search import Match, SearchPage
from bot.text import markdown
from bot.ui.search import render_paper_details, render_search
from tests.builders import make_id, make_link, make_paper, make_stored
from tests.fakes.spec import MESSAGES, body_errors

POSTED = PostedMessage(guild_id=10**18, channel_id=10**18 + 1, message_id=1_234_567_890_123_456_789)


def make_page(
    *papers: Paper,
    total: int | None = None,
    total_is_exact: bool = True,
    overran: bool = False,
) -> SearchPage:
    return SearchPage(
        matches=tuple(Match(stored=make_stored(paper)) for paper in papers),
        total=len(papers) if total is None else total,
        total_is_exact=total_is_exact,
        next=None,
        overran=overran,
    )


def render(page: SearchPage, **options: Any) -> discord.Embed:
    return render_search(page, query_text=options.pop("query_text", "nerf"), posted={}, **options)


def errors_of(embed: discord.Embed) -> list[str]:
    texts = [embed.title, embed.description, embed.footer.text]
    texts += [text for field in embed.fields for text in (field.name, field.value)]
    errors = list(body_errors("post", MESSAGES, {"embeds": [embed.to_dict()]}))
    if markdown.width(embed.description or "") > 4096:
        errors.append("description too long in UTF-16 units")
    if sum(markdown.width(text or "") for text in texts) > 6000:
        errors.append("embed too long in UTF-16 units")
    return errors


def test_a_result_says_what_who_when_where() -> None:
    paper = make_paper(title="A Title", links=[make_link("https://github.com/example/project")])
    page = make_page(paper)
    embed = render_search(page, query_text="a title", posted={make_id(1): POSTED})
    assert embed.title == "Search: a title"
    assert (embed.description or "").split("\n") == [
        "**1 paper** · newest first",
        "**1.** [A Title](https://arxiv.org/abs/2403.00001)",
        "Ada Example, Ben Sample · 5 Mar 2024 · cs.CV · "
        "[PDF](https://arxiv.org/pdf/2403.00001) · [Code](https://github.com/example/project) · "
        f"[posted here]({POSTED.url})",
    ]


@pytest.mark.parametrize(
    ("total", "is_exact", "shown"),
    [
        (1, True, "**1 paper**"),
        (1000, True, "**1,000 papers**"),
        (1000, False, "**1,000+ papers**"),
    ],
)
def test_the_total_is_said_as_exactly_as_it_is_known(
    total: int, is_exact: bool, shown: str
) -> None:
    embed = render(make_page(make_paper(), total=total, total_is_exact=is_exact))
    assert (embed.description or "").startswith(f"{shown} · newest first\n")


def test_the_order_is_named() -> None:
    assert "most relevant first" in (
        render(make_page(make_paper()), sort="relevance").description or ""
    )


def test_later_pages_go_on_counting() -> None:
    embed = render(make_page(make_paper(1), make_paper(2)), first_number=11)
    assert "**11.** [Paper number 1]" in (embed.description or "")
    assert "**12.** [Paper number 2]" in (embed.description or "")


def test_a_search_without_words_is_over_all_papers() -> None:
    assert render(make_page(make_paper()), query_text=" ").title == "All papers"


def test_an_estimated_date_is_called_so() -> None:
    match = Match(stored=make_stored(is_date_estimated=True))
    page = SearchPage(matches=(match,), total=1, total_is_exact=True, next=None)
    assert "about 5 Mar 2024" in (render(page).description or "")


def test_finding_nothing_explains_how_to_find_more() -> None:
    description = render(make_page()).description or ""
    assert description.startswith("No paper matches.")
    assert "nerf OR splatting" in description


@pytest.mark.parametrize("papers", [(), (make_paper(),)])
def test_a_search_that_ran_out_of_time_says_so(papers: tuple[Paper, ...]) -> None:
    assert "time limit" in (render(make_page(*papers, overran=True)).description or "")


HOSTILE = {
    "long titles": {"title": "A Very Long Title " * 100},
    "titles of specials": {"title": "[x](https://example.org) @everyone *" * 40},
    "titles of emoji": {"title": "🚀" * 400},
    "no title, authors, categories": {"title": "", "authors": [], "categories": []},
    "many authors": {"authors": [f"Author Of-Many Number{number}" for number in range(1351)]},
    "long addresses": {"links": [make_link("https://example.org/" + "x" * 5000)]},
    "long addresses that are shown": {"links": [make_link("https://example.org/" + "x" * 100)]},
    "right to left": {"title": "\u202eمرحبا" * 60, "authors": ["\u202eשלום"] * 9},
    "long metadata": {"comment": "x y " * 2000, "journal_ref": "z" * 5000, "doi": "10.1/)" * 500},
    "long abstract": {"abstract": "A paragraph of words. " * 60 + "\n\n" + "Another one. " * 900},
    "many paragraphs": {"abstract": "Words.\n\n" * 3000},
}


@pytest.mark.parametrize("changes", HOSTILE.values(), ids=HOSTILE.keys())
def test_ten_results_always_fit_one_embed(changes: dict[str, Any]) -> None:
    papers = [make_paper(number, **changes) for number in range(1, 11)]
    embed = render_search(
        make_page(*papers), query_text="q" * 3000, posted={make_id(n): POSTED for n in range(1, 11)}
    )
    assert errors_of(embed) == []
    assert all(f"/abs/{make_id(number)})" in (embed.description or "") for number in range(1, 11))


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
