"""What `/paper catchup` and `/paper popular` show. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import discord

from bot.arxiv.identifier import abs_url
from bot.models import Paper
from bot.text import markdown
from bot.text.words import count_of
from bot.ui.embeds import one_line, render_authors
from bot.ui.ids import CustomId, Moment, Page, Snowflake
from bot.ui.paper import COLOUR

PAGE_SIZE: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class CatchUpPage(CustomId):
    """A page of what a channel got since a moment (whole seconds), counted from 0."""

    PREFIX = "catchup:1"

    channel_id: Snowflake
    since: Moment
    page: Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A paper with what people of the server made of it, without names, and what its reader did."""

    paper: Paper
    likes: int = 0
    saves: int = 0
    topic: str = ""
    is_saved: bool = False
    is_read: bool = False


def render_catch_up(
    page: CatchUpPage, shown: Sequence[Heard], *, total: int, pages: int
) -> discord.Embed:
    """Render a page of at most ten papers; where a topic begins, it is named."""
    embed = discord.Embed(title="What you missed", colour=COLOUR)
    when = f"<t:{int(page.since.timestamp())}:f>"
    lines = [f"**{count_of(total, 'paper')}** in <#{page.channel_id}> since {when}"]
    lines += _by_topic(shown, page.page * PAGE_SIZE + 1)
    embed.description = "\n".join(lines)
    if pages > 1:
        embed.set_footer(text=f"Page {page.page + 1} of {pages}")
    return embed


def _by_topic(shown: Sequence[Heard], first_number: int) -> Iterator[str]:
    topic = ""
    for number, each in enumerate(shown, start=first_number):
        if each.topic != topic:
            topic = each.topic
            yield f"__{markdown.shorten(topic, 80)}__" if topic else "__Others__"
        yield _line(number, each)


def render_popular(shown: Sequence[Heard], period: str) -> discord.Embed:
    """Render what a server liked and saved most."""
    embed = discord.Embed(title=f"Popular here: the last {period}", colour=COLOUR)
    lines = [_line(number, each) for number, each in enumerate(shown, start=1)]
    embed.description = "\n".join(["By likes, and saves as half of one", *lines])
    return embed


def _line(number: int, heard: Heard) -> str:
    paper = heard.paper
    title = markdown.plain(one_line(paper.title), 110) or str(paper.arxiv_id)
    about = [
        render_authors(paper.authors, max_chars=50),
        count_of(heard.likes, "like") if heard.likes else "",
        count_of(heard.saves, "save") if heard.saves else "",
        "read" if heard.is_read else "saved by you" if heard.is_saved else "",
    ]
    link = markdown.masked_link(title, abs_url(paper.arxiv_id))
    return f"**{number}.** {link}\n{' · '.join(part for part in about if part)}"


NOTHING_POPULAR = "Nobody here has liked or saved a paper in that time."
IN_SERVERS = "This is about a server's channels; use it in one."


def say_nothing_since(page: CatchUpPage) -> str:
    return f"Nothing was posted to <#{page.channel_id}> since <t:{int(page.since.timestamp())}:f>."
