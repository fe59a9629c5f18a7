"""What a search answers: every result whole, its reasons visible, a total that is honest."""

from dataclasses import replace
from typing import Any

import discord
import pytest

from bot.models import Paper
from bot.query.parser import parse_query
from bot.query.results import Match, SearchPage
from bot.query.widen import UNKNOWN, widen
from bot.ui.search import render_search, render_similar
from tests.builders import make_id, make_link, make_paper, make_stored
from tests.ui.papers import HOSTILE, POSTED, errors_of


def make_page(
    *papers: Paper,
    total: int | None = None,
    total_is_exact: bool = True,
    overran: bool = False,
    first_number: int = 1,
) -> SearchPage:
    return SearchPage(
        matches=tuple(Match(stored=make_stored(paper)) for paper in papers),
        total=len(papers) if total is None else total,
        total_is_exact=total_is_exact,
        next=None,
        overran=overran,
        first_number=first_number,
    )


def render(page: SearchPage, query: str = "nerf", **options: Any) -> discord.Embed:
    asked = parse_query(query)
    page = replace(page, asked=widen(asked.root, UNKNOWN))
    return render_search(page, asked, **({"posted": {}} | options))


def description(page: SearchPage, query: str = "nerf", **options: Any) -> str:
    return render(page, query, **options).description or ""


def test_a_result_says_what_who_when_where_and_why() -> None:
    paper = make_paper(title="A Title", links=[make_link("https://github.com/example/project")])
    embed = render(make_page(paper), "title", posted={make_id(1): POSTED})
    assert embed.title == "Search: title"
    assert (embed.description or "").split("\n") == [
        "**1 paper** · newest first",
        "",
        "**1.** [A **Title**](https://arxiv.org/abs/2403.00001)",
        "Ada Example, Ben Sample · 5 Mar 2024 · cs.CV · "
        "[PDF](https://arxiv.org/pdf/2403.00001) · [Code](https://github.com/example/project) · "
        f"[posted here]({POSTED.url})",
        "> We study problem 1 and solve it.",
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
    page = make_page(make_paper(), total=total, total_is_exact=is_exact)
    assert description(page).startswith(f"{shown} · newest first\n\n")


def test_the_order_is_named() -> None:
    assert "most relevant first" in description(make_page(make_paper()), sort="relevance")


def test_later_pages_go_on_counting() -> None:
    shown = description(make_page(make_paper(1), make_paper(2), first_number=11))
    assert "**11.** [Paper number 1]" in shown
    assert "**12.** [Paper number 2]" in shown


def test_a_search_without_words_is_over_all_papers() -> None:
    assert render(make_page(make_paper()), " ").title == "All papers"


def test_a_search_that_was_cut_short_says_so() -> None:
    assert "cut short" in description(make_page(make_paper(), overran=True))
    assert "cut short" not in description(make_page(make_paper()))


@pytest.mark.parametrize("changes", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("count", [5, 10])
def test_all_results_always_fit_one_embed(changes: dict[str, Any], count: int) -> None:
    papers = [make_paper(number, **changes) for number in range(1, count + 1)]
    posted = {make_id(number): POSTED for number in range(1, count + 1)}
    query = parse_query("title OR words OR comment:x OR author:author " + "q" * 1800)
    embed = render_search(make_page(*papers), query, posted=posted)
    assert errors_of(embed) == []
    links = [f"/abs/{make_id(number)})" for number in range(1, count + 1)]
    assert all(link in (embed.description or "") for link in links)


def test_usual_results_have_their_excerpts() -> None:
    papers = [
        make_paper(
            number,
            title="A Title of Usual Length That Says What the Paper Does and How It Does It",
            abstract="What the others did is not enough. " * 8 + "We find that nerf does.",
            links=[make_link("https://github.com/some-group/some-project-of-theirs")],
        )
        for number in range(1, 6)
    ]
    posted = {make_id(number): POSTED for number in range(1, 6)}
    embed = render(make_page(*papers), posted=posted)
    assert (embed.description or "").count("**nerf**") == 5


def test_similar_papers_are_a_list_of_the_same_kind() -> None:
    matches = make_page(make_paper(2), make_paper(3)).matches
    embed = render_similar(make_paper(1), matches, {make_id(2): POSTED})
    assert embed.title == "Similar to: Paper number 1"
    assert "**1.** [Paper number 2](https://arxiv.org/abs/2403.00002)" in (embed.description or "")
    assert f"[posted here]({POSTED.url})" in (embed.description or "")


def test_a_similar_paper_names_the_words_that_both_share() -> None:
    """As the paper writes them, whatever they hold."""
    match = Match(stored=make_stored(make_paper(2)), shared=("splatting", "*@everyone*"))
    text = render_similar(make_paper(1), [match], {}).description or ""
    assert text.endswith("\nBoth say: splatting, \\*\uff20everyone\\*")


def test_a_paper_like_no_other_is_said_to_be() -> None:
    assert "No other paper" in (render_similar(make_paper(1), (), {}).description or "")


@pytest.mark.parametrize("changes", HOSTILE.values(), ids=HOSTILE.keys())
def test_similar_papers_always_fit_one_embed(changes: dict[str, Any]) -> None:
    papers = [make_paper(number, **changes) for number in range(1, 11)]
    shared = tuple(papers[0].title[:200].split()) or ("*" * 200,)
    matches = [Match(stored=make_stored(paper), shared=shared) for paper in papers]
    posted = {make_id(number): POSTED for number in range(1, 11)}
    assert errors_of(render_similar(make_paper(1, **changes), matches, posted)) == []
