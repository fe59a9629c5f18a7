"""News of followed papers: a line each, few messages, known again in the history."""

from datetime import timedelta

import pytest

from bot.digest.messages import ShownMessage
from bot.digest.reading import PaperNews
from bot.digest.updates import NotedUpdate, Update, UpdateKind
from bot.ui.styles import read_any, render_news
from bot.ui.styles.body import SILENT, embeds_of
from bot.ui.styles.news import NEWS
from bot.ui.updates import number_told, render_updates
from tests.builders import DAY, make_id
from tests.fakes.spec import message_errors

NOTHING = ShownMessage(line="")
VERSION = Update(kind=UpdateKind.VERSION, text="2")


def make_news(number: int, *updates: Update, title: str = "A paper") -> PaperNews:
    noted = [
        NotedUpdate(number=at, arxiv_id=make_id(number), update=each, noted_on=DAY)
        for at, each in enumerate(updates or (VERSION,), start=1)
    ]
    return PaperNews(arxiv_id=make_id(number), title=title, updates=tuple(noted))


def test_a_message_is_known_again_by_its_first_line() -> None:
    """Also as Discord gives it back, and by whoever does not know its style."""
    first, second = (
        render_news([make_news(1)], DAY, first_part=part, is_alone=part == 1)[0] for part in (1, 2)
    )
    line = "**News of papers that you follow** · Tue, 5 Mar 2024"
    assert NEWS.read(first.body) == read_any(first.body) == ShownMessage(line=line)
    assert NEWS.read(second.body) == ShownMessage(line=f"{line} · part 2")
    assert NEWS.read({"content": "### Papers that you follow · Tue, 5 Mar 2024"}) is None


def test_only_news_that_come_alone_make_a_sound() -> None:
    alone = render_news(
        [make_news(number, title="A long title " * 20) for number in range(40)],
        DAY, first_part=1, is_alone=True,
    )  # fmt: skip
    assert len(alone) > 1
    assert [each.body.get("flags") for each in alone] == [None, *[SILENT] * (len(alone) - 1)]
    (behind,) = render_news([make_news(1)], DAY, first_part=2, is_alone=False)
    assert behind.body["flags"] == SILENT


@pytest.mark.parametrize("title", ["[x](y)" * 60, "$" * 300, "", "@everyone", "…\n" * 40])
def test_any_title_and_many_updates_make_messages_that_discord_takes(title: str) -> None:
    link = Update(kind=UpdateKind.CODE, text="https://github.com/" + "a" * 180, source="abstract")
    news = [make_news(number, *[link] * 30, VERSION, title=title) for number in range(20)]
    drafts = render_news(news, DAY + timedelta(days=1), first_part=1, is_alone=True)
    assert [error for draft in drafts for error in message_errors(dict(draft.body))] == []
    said = "\n".join(embed["description"] for each in drafts for embed in embeds_of(each.body))
    assert all(f"/abs/{make_id(number)}" in said for number in range(20))


def test_without_updates_nothing_is_said() -> None:
    news = PaperNews(arxiv_id=make_id(1), title="A paper", updates=())
    assert render_news([news], DAY, first_part=1, is_alone=True) == ()


def test_what_it_tells_of_which_papers_is_read_from_it() -> None:
    """In each message, whatever a title holds."""
    code = Update(kind=UpdateKind.CODE, text="https://github.com/a/b", source="abstract")
    titles = ("[x](https://arxiv.org/abs/1)", "**bold**", "a (b) [c]", "Long title " * 30)
    news = [make_news(at, VERSION, code, title=titles[at % 4]) for at in range(1, 30)]
    drafts = render_news(news, DAY, first_part=1, is_alone=True)
    assert len(drafts) > 1
    read = [each for draft in drafts for each in (read_any(draft.body) or NOTHING).news]
    told = number_told(render_updates(news[0].updates)[0])
    assert read == [(each.arxiv_id, told) for each in news]
    assert len(told) == 2
