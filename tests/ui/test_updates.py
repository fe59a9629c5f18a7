"""The line about a paper says what, since when, and who says so; in its room."""

from dataclasses import replace
from datetime import date

import pytest

from bot.digest.reading import PaperNews
from bot.digest.updates import NotedUpdate, Update, UpdateKind
from bot.text import markdown
from bot.ui.updates import leave_told, number_told, render_updates
from tests.builders import make_id

CODE = "https://github.com/example/project"


def noted(kind: UpdateKind, text: str = "", source: str = "", day: int = 27) -> NotedUpdate:
    update = Update(kind=kind, text=text, source=source)
    return NotedUpdate(number=day, arxiv_id=make_id(), update=update, noted_on=date(2026, 11, day))


SAID = {
    "code of the authors": ([noted(UpdateKind.CODE, CODE, "abstract")], f"[Code]({CODE})"),
    "code that others name": (
        [noted(UpdateKind.CODE, CODE, "huggingface")],
        f"[Code]({CODE}), says Hugging Face",
    ),
    "a project page": (
        [noted(UpdateKind.PROJECT, "https://example.org", "huggingface")],
        "[Project](https://example.org), says Hugging Face",
    ),
    "a version": ([noted(UpdateKind.VERSION, "3")], "v3"),
    "accepted": ([noted(UpdateKind.VENUE, "ICML 2026", "accepted")], "accepted at ICML 2026"),
    "to appear": ([noted(UpdateKind.VENUE, "A&A", "to-appear")], "to appear in A&A"),
    "a journal": ([noted(UpdateKind.JOURNAL, "Ex. Lett. 1, 2")], "published in Ex. Lett. 1, 2"),
    "a DOI": ([noted(UpdateKind.DOI, "10.1/a b")], "[DOI](https://doi.org/10.1/a%20b)"),
    "withdrawn": ([noted(UpdateKind.WITHDRAWN)], "**withdrawn**"),
    "an address too long": ([noted(UpdateKind.CODE, f"https://x.org/{'x' * 300}")], "Code"),
    "several": (
        [noted(UpdateKind.WITHDRAWN), noted(UpdateKind.VERSION, "2")],
        "**withdrawn** · v2",
    ),
}


@pytest.mark.parametrize(("updates", "said"), SAID.values(), ids=SAID)
def test_the_longest_line_says_all(updates: list[NotedUpdate], said: str) -> None:
    assert render_updates(updates)[0] == f"↳ 27 Nov 2026: {said}"


def test_each_day_says_its_own() -> None:
    updates = [noted(UpdateKind.VERSION, "2", day=28), noted(UpdateKind.CODE, CODE, day=27)]
    assert render_updates(updates) == (
        f"↳ 27 Nov 2026: [Code]({CODE}); 28 Nov 2026: v2",
        "↳ 27 Nov 2026: Code; 28 Nov 2026: v2",
        "↳ 2 updates by 28 Nov 2026",
    )


def test_lines_get_shorter_and_are_one_line_each() -> None:
    hostile = [noted(UpdateKind.VENUE, "**x**\n# y @everyone " * 50, "accepted")]
    widths = [markdown.width(line) for line in render_updates(hostile)]
    assert widths == sorted(widths, reverse=True)
    assert not any("\n" in line or "@everyone" in line for line in render_updates(hostile))


def test_no_updates_are_no_line() -> None:
    assert render_updates([]) == ()


def untold(updates: list[NotedUpdate], line: str) -> list[NotedUpdate]:
    """Return which of the updates a line does not tell."""
    news = PaperNews(arxiv_id=make_id(), title="", updates=tuple(updates), told=number_told(line))
    return list(leave_told(news).updates)


TOLD = [update for name, (updates, _) in SAID.items() if "long" not in name for update in updates]


@pytest.mark.parametrize("day", [27, 28])
def test_what_a_line_tells_is_known_again_whenever_it_was_noticed(day: int) -> None:
    """And nothing else is taken for it."""
    for update in TOLD:
        (line, *_) = render_updates([replace(update, noted_on=date(2026, 11, day))])
        left = untold(TOLD, line)
        said = [each for each in TOLD if each not in left]
        assert update in said
        assert {each.update.kind for each in said} == {update.update.kind}


def test_all_of_a_line_of_several_days_is_known_again() -> None:
    days = [replace(each, noted_on=date(2026, 11, 1 + at)) for at, each in enumerate(TOLD)]
    assert untold(TOLD, render_updates(days)[0]) == []


@pytest.mark.parametrize("version", [2, 3, 4])
def test_of_versions_the_earlier_ones_count_as_told(version: int) -> None:
    update = noted(UpdateKind.VERSION, str(version))
    is_told = not untold([update], "↳ 27 Nov 2026: v3")
    assert is_told is (version <= 3)


@pytest.mark.parametrize("length", [1, 2])
def test_a_line_without_addresses_tells_of_no_link(length: int) -> None:
    """Of two links it may have told the other one."""
    long = noted(UpdateKind.CODE, f"https://x.org/{'x' * 300}")
    updates = [noted(UpdateKind.CODE, CODE, "huggingface"), noted(UpdateKind.DOI, "10.1/a"), long]
    line = render_updates(updates)[length]
    assert untold(updates, line) == updates
