"""News: what became known of the papers that one person follows, a line below each title.

It is a style, so that its message is recognised as its own; nobody can choose it. It carries no
paper: one of it may be sent to the person all the same, in a digest.
"""

import re
from collections.abc import Sequence
from datetime import date
from typing import Final

from bot.arxiv.identifier import ABS_BASE, abs_url
from bot.digest.messages import MessageDraft
from bot.digest.reading import PaperNews
from bot.models import AnnounceType, ArxivId
from bot.text import markdown
from bot.text.words import count_of, long_date
from bot.ui.embeds import COLOURS, MAX_DESCRIPTION, UNTITLED, one_line
from bot.ui.styles.body import SILENT, Body, embeds_of
from bot.ui.styles.heading import SEPARATOR
from bot.ui.styles.parts import pack
from bot.ui.styles.quiet import News, WithoutPapers
from bot.ui.updates import MARK, number_told, render_updates

BEGINNING: Final = "**News of papers that you follow**"
MAX_TITLE: Final = 200

_PAPER: Final = re.compile(
    rf"^\*\*\[.*\]\({re.escape(ABS_BASE)}([^)\s]+)\)\*\*\n({re.escape(MARK)}.*)$", re.MULTILINE
)


def read_news(body: Body) -> News:
    """Read what a message tells of which papers."""
    return tuple(
        (ArxivId(paper[1]), number_told(paper[2]))
        for embed in embeds_of(body)
        for paper in _PAPER.finditer(str(embed.get("description") or ""))
    )


NEWS: Final = WithoutPapers(
    "news", "news: what became known of papers", BEGINNING, read_news=read_news
)


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
