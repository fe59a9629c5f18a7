"""The button that opens a thread about a paper, and what it answers. Pure."""

from dataclasses import dataclass
from typing import Final

from bot.models import Paper
from bot.text import markdown
from bot.ui.embeds import UNTITLED, one_line
from bot.ui.ids import CustomId, PaperId

LABEL: Final = "Discuss"
MAX_NAME: Final = 100
NO_CHANNEL = "A discussion needs a text channel of a server that I am in; press this in one."
MAY_NOT = "You may not create threads in this channel, so I open none for you."


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscussPaper(CustomId):
    """A wish to discuss a paper in this server."""

    PREFIX = "discuss:1"

    arxiv_id: PaperId


def name_thread(paper: Paper) -> str:
    """Return what a paper's thread is called."""
    return markdown.plain(one_line(paper.title), MAX_NAME) or UNTITLED


def say_discussed(thread_id: int, *, is_new: bool) -> str:
    return f"Opened <#{thread_id}>." if is_new else f"It is discussed in <#{thread_id}>."
