"""One result: where the query's words are in the paper is seen at a glance."""

from typing import Any

import pytest

from bot.models import LinkKind
from bot.query.explain import explain
from bot.query.parser import parse_query
from bot.query.widen import UNKNOWN, widen
from bot.ui.matches import Room, render_match
from tests.builders import make_link, make_paper, make_stored

ROOM = Room(title=200, authors=80, excerpt=120)


def render(query: str, room: Room = ROOM, **paper: Any) -> list[str]:
    stored = make_stored(make_paper(**paper))
    why = explain(widen(parse_query(query).root, UNKNOWN), stored.paper)
    return render_match(1, stored, why, None, room).split("\n")


def test_words_are_marked_in_every_form_and_case() -> None:
    lines = render("train nets", title="Training a NET", abstract="We trained it.")
    assert lines[0].startswith("**1.** [**Training** a **NET**](")
    assert lines[2] == "> We **trained** it."


def test_the_excerpt_is_where_the_words_are() -> None:
    line = render("axolotl", abstract="Some words. " * 60 + "An axolotl. " + "More words. " * 60)[2]
    assert line.startswith("> … ")
    assert "**axolotl**" in line
    assert line.endswith(" …")


def test_an_address_stays_whole() -> None:
    url = "https://github.com/axolotl/axolotl"
    line = render("axolotl", abstract=f"The axolotl is at {url}.")[2]
    assert line == f"> The **axolotl** is at {url}."


@pytest.mark.parametrize(
    "hostile", ["*axolotl*", "__axolotl__", "[axolotl](https://example.org)", "`axolotl`"]
)
def test_marks_do_not_undo_what_is_escaped(hostile: str) -> None:
    line = render("axolotl", abstract=hostile)[2]
    assert "**axolotl**" in line
    assert "\\" in line or "[" not in line


def test_a_cut_title_keeps_the_marks_that_remain() -> None:
    line = render("axolotl", Room(title=30, authors=0, excerpt=0), title="Axolotl " * 9)[0]
    assert line.startswith("**1.** [**Axolotl** **Axolotl** **Axolotl**…](")


def test_a_withdrawn_paper_is_called_so() -> None:
    line = render("axolotl", title="Axolotl", comment="Withdrawn by the author")[1]
    assert line.startswith("**withdrawn** · Ada Example")
    assert "withdrawn" not in render("axolotl", title="Axolotl", comment="9 pages")[1]


def test_the_authors_that_were_asked_for_are_marked() -> None:
    assert render('author:"B. Sample"')[1].startswith("Ada Example, **Ben Sample** · ")
    assert render("sample")[1].startswith("Ada Example, **Ben Sample** · ")
    assert render("author:samp*")[1].startswith("Ada Example, **Ben Sample** · ")


def test_an_author_asked_for_is_shown_however_many_there_are() -> None:
    authors = [f"Author Number{number}" for number in range(100)] + ["Kaiming He"]
    line = render("author:he", authors=authors)[1]
    assert line.startswith("**Kaiming He**, Author Number0")
    assert "more · " in line


def test_categories_are_all_named_where_one_was_asked_for() -> None:
    assert " · cs.CV, cs.LG · " in render("category:cs.LG", categories=["cs.CV", "cs.LG"])[1]
    assert " · cs.CV · " in render("problem", categories=["cs.CV", "cs.LG"])[1]


def test_links_that_were_asked_for_are_there() -> None:
    links = [make_link("https://example.org/data", LinkKind.DATA)]
    assert "[Data](https://example.org/data)" in render("has:data", links=links)[1]
    assert "Data" not in render("problem", links=links)[1]


def test_a_host_that_looks_like_a_known_one_is_named() -> None:
    links = [make_link("https://github.com.example.org/a/b")]
    line = "[Code: github.com.example.org/a/b](https://github.com.example.org/a/b)"
    assert line in render("problem", links=links)[1]


def test_a_comment_that_matched_is_shown() -> None:
    assert render("CVPR", comment="Accepted at CVPR 2024")[3] == (
        "> Comment: Accepted at **CVPR** 2024"
    )
    assert len(render("problem", comment="Accepted at CVPR 2024")) == 3


def test_an_estimated_date_is_called_so() -> None:
    why = explain(parse_query("x").root, make_paper())
    shown = render_match(1, make_stored(is_date_estimated=True), why, None, ROOM)
    assert "about 5 Mar 2024" in shown
