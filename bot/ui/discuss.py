"""The button that opens a thread about a paper, and what it answers. Pure."""

import re
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from bot.models import ArxivId, Paper
from bot.text import markdown
from bot.ui.acts import read_id
from bot.ui.embeds import UNTITLED, one_line

LABEL: Final = "Discuss"
MAX_NAME: Final = 100
NO_CHANNEL = "A discussion needs a text channel of a server that I am in; press this in one."
MAY_NOT = "You may not create threads in this channel, so I open none for you."


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscussPaper:
    """A wish to discuss a paper in this server."""

    TEMPLATE: ClassVar[str] = r"discuss:1:(?P<paper>[A-Za-z0-9./-]{1,40})"

    arxiv_id: ArxivId

    @property
    def custom_id(self) -> str:
        return f"discuss:1:{self.arxiv_id}"

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        return cls(arxiv_id=read_id(match["paper"]))


def name_thread(paper: Paper) -> str:
    """Return what a paper's thread is called."""
    return markdown.plain(one_line(paper.title), MAX_NAME) or UNTITLED


def say_discussed(thread_id: int, *, is_new: bool) -> str:
    return f"Opened <#{thread_id}>." if is_new else f"It is discussed in <#{thread_id}>."
