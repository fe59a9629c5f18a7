"""News: what became known of the papers that one person follows, a line below each title.

It is a style, so that its message is recognised as its own; nobody can choose it. It carries no
paper: one of it may be sent to the person all the same, in a digest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from bot.arxiv.identifier import abs_url
from bot.digest.messages import MessageDraft, ShownMessage
from bot.digest.models import Digest, Subscription
from bot.digest.reading import PaperNews
from bot.models import AnnounceType
from bot.text import markdown
from bot.text.words import count_of, long_date
from bot.ui.embeds import COLOURS, MAX_DESCRIPTION, UNTITLED, one_line
from bot.ui.styles.body import SILENT, Body, Papers
from bot.ui.styles.heading import SEPARATOR, first_line
from bot.ui.styles.notes import Notes
from bot.ui.styles.parts import pack
from bot.ui.updates import render_updates

BEGINNING: Final = "**News of papers that you follow**"
MAX_TITLE: Final = 200


@dataclass(frozen=True, slots=True)
class News:
    """The style; see `bot.ui.styles.Style`. It is no digest's."""

    code: str = "news"
    words: str = "news: what became known of papers"
    is_ranked: bool = False

    def describe(self, subscription: Subscription) -> str:
        return self.words

    def measure(self, digest: Digest) -> int:
        return 0

    def render(self, digest: Digest, *, first_part: int = 1) -> tuple[MessageDraft, ...]:
        return ()

    def split(self, body: Body, papers: Papers) -> tuple[MessageDraft, ...]:
        return ()

    def amend(self, body: Body, notes: Notes) -> Body:
        return body

    def read(self, body: Body) -> ShownMessage | None:
        line = first_line(body.get("content"))
        return ShownMessage(line=line) if line.startswith(BEGINNING) else None


NEWS: Final = News()


def render_news(
    news: Sequence[PaperNews], day: date, *, first_part: int, is_alone: bool
) -> tuple[MessageDraft, ...]:
    """Say what became known, in as few messages as it takes; only one that is alone is heard.

    ``first_part`` is the number of the first message among all of the person and date.
    """
    told = [each for each in news if each.updates]
    groups = pack([_line(each) for each in told], _width, MAX_DESCRIPTION)
    return tuple(
        MessageDraft(
            style=NEWS.code,
            body={
                "content": _head(day, part, len(told)),
                "embeds": [
                    {"description": "\n".join(group), "color": COLOURS[AnnounceType.NEW].value}
                ],
                **({} if is_alone and part == first_part else {"flags": SILENT}),
            },
            papers=(),
        )
        for part, group in enumerate(groups, start=first_part)
    )


def _head(day: date, part: int, papers: int) -> str:
    line = f"{BEGINNING}{SEPARATOR}{long_date(day)}"
    if part > 1:
        line += f"{SEPARATOR}part {part}"
    return f"{line}\n{count_of(papers, 'paper')}; `/follow list` shows what you follow."


def _line(news: PaperNews) -> str:
    title = markdown.plain(one_line(news.title), MAX_TITLE) or UNTITLED
    link = markdown.masked_link(title, abs_url(news.arxiv_id))
    lines = [f"**{link}**\n{form}" for form in render_updates(news.updates)]
    return next(line for line in (*lines, f"**{link}**") if _width(line) <= MAX_DESCRIPTION)


def _width(line: str) -> int:
    return markdown.width(f"{line}\n")
