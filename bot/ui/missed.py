"""What `/digest missed` shows: liked papers that no topic matched, and wider topics. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import discord

from bot.arxiv.identifier import abs_url
from bot.models import Paper
from bot.text import markdown
from bot.text.words import count_of
from bot.ui.drafts import Draft
from bot.ui.embeds import one_line, render_title
from bot.ui.replies import COLOUR, code, fitting_lines

MAX_TITLE = 80
MOST_LISTED = 15
MOST_REPORTED = 5
ROOM = 2200


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedPaper:
    """A paper that no topic matched, and how many people of the server liked and saved it."""

    paper: Paper
    likes: int
    saves: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Widened:
    """A topic with a wider query: how many missed papers that catches, and what else it brings.

    ``others`` are counted over the weeks; ``shown`` are the newest of them.
    """

    topic: str
    query: str
    caught: int
    others: int
    shown: tuple[Paper, ...] = ()

    @property
    def draft(self) -> Draft:
        return Draft(name=self.topic, query=self.query, instead_of=self.topic)


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """What the topics of a channel left out in the last ``weeks``, and the smallest widenings."""

    weeks: int
    has_topics: bool
    papers: tuple[MissedPaper, ...] = ()
    widened: tuple[Widened, ...] = ()


def say_none(channel_id: int, missed: Missed) -> str:
    """Say that nothing was missed."""
    if not missed.has_topics:
        return f"<#{channel_id}> has no topics, so nothing is left out there."
    return (
        f"In the last {count_of(missed.weeks, 'week')} the topics of <#{channel_id}> left out no "
        "paper that people in this server liked or saved."
    )


def say_weekly(*, is_on: bool) -> str:
    """Confirm whether this comes by itself."""
    if is_on:
        return "I tell the admins once a week from now on, when something was missed."
    return "I do not tell the admins of this by myself (any more)."


def render_missed(channel_id: int, missed: Missed) -> list[discord.Embed]:
    """Show the papers, then an embed with the draft of each wider topic."""
    lines = [_say_head(channel_id, missed), *_list_papers(missed.papers[:MOST_LISTED])]
    if len(missed.papers) > MOST_LISTED:
        lines.append(f"… and {len(missed.papers) - MOST_LISTED} more")
    if not missed.widened:
        lines.append("No small change of a topic would have caught them.")
    embeds = [discord.Embed(description=fitting_lines(lines, ROOM), colour=COLOUR)]
    for each in missed.widened:
        said = [
            f"**{markdown.escape(each.topic)}** as {code(each.query)}",
            _say_effect(each, missed),
        ]
        said += [f"-# {render_title(paper, max_chars=MAX_TITLE)}" for paper in each.shown]
        embeds.append(
            discord.Embed(description="\n".join(said), colour=COLOUR).set_footer(
                text=each.draft.note
            )
        )
    return embeds


def render_report(channel_id: int, missed: Missed) -> str:
    """Tell admins in private what a week's papers show; there is at least one."""
    lines = [_say_head(channel_id, missed), *_list_papers(missed.papers[:MOST_REPORTED])]
    if missed.widened:
        each = missed.widened[0]
        topic = f"**{markdown.escape(each.topic)}** as {code(each.query)}"
        lines.append(f"The smallest change: {topic}. {_say_effect(each, missed)}")
    lines.append("`/digest missed` there shows all and changes topics; `weekly: False` ends this.")
    return "\n".join(lines)


def _say_head(channel_id: int, missed: Missed) -> str:
    count = len(missed.papers)
    return (
        f"In the last {count_of(missed.weeks, 'week')} people in this server liked or saved "
        f"{count_of(count, 'paper')} that no topic of <#{channel_id}> matched:"
    )


def _list_papers(papers: Sequence[MissedPaper]) -> Iterator[str]:
    for each in papers:
        told = [
            count_of(number, name)
            for number, name in ((each.likes, "like"), (each.saves, "save"))
            if number
        ]
        title = markdown.plain(one_line(each.paper.title), MAX_TITLE) or str(each.paper.arxiv_id)
        link = markdown.masked_link(title, abs_url(each.paper.arxiv_id))
        yield f"- {link} ({', '.join(told)})"


def _say_effect(each: Widened, missed: Missed) -> str:
    """Say how many it catches, and what else it brings."""
    if each.others:
        brings = (
            f"brings {count_of(each.others, 'other paper')} in {count_of(missed.weeks, 'week')}"
        )
    else:
        brings = "brings nothing else"
    return f"Catches {each.caught} of these {len(missed.papers)}; {brings}."
