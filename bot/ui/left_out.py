"""What heads a page of the papers that a digest left out. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

import discord

from bot.arxiv.identifier import abs_url
from bot.digest.messages import PostedMessage
from bot.digest.models import Cadence
from bot.digest.select import Decision
from bot.models import ArxivId
from bot.text import markdown
from bot.text.words import count_of, long_date
from bot.ui.embeds import one_line
from bot.ui.replies import COLOUR
from bot.ui.views import DayPage, Elsewhere, Offered

PAGE_SIZE: Final = 10
MAX_TITLE: Final = 110


def render_left_out(state: DayPage, pages: int, *, left_out: int, announced: int) -> str:
    """Say of which day they are, how many, why, and which page this is."""
    if isinstance(state, Elsewhere):
        why = f"are left by <#{state.channel_id}> to other channels of this server"
    elif isinstance(state, Offered):
        why = f"are beyond what the digest in <#{state.channel_id}> posts at most"
    else:
        why = f"match no topic of <#{state.channel_id}>"
    is_week = state.cadence is Cadence.WEEK and not isinstance(state, Offered)
    date = f"{'week to ' if is_week else ''}{long_date(state.day)}"
    said = f"**{date}**: {count_of(left_out, 'paper')} of {announced:,} announced {why}."
    return said if pages == 1 else f"{said} Page {state.page + 1} of {pages}."


def render_elsewhere(
    page: Sequence[Decision], messages: Mapping[ArxivId, PostedMessage]
) -> discord.Embed:
    """List papers with where they are: their message, or the channel that is to get them."""
    lines = []
    for each in page:
        paper = each.entry.paper
        title = markdown.plain(one_line(paper.title), MAX_TITLE) or str(paper.arxiv_id)
        message = messages.get(paper.arxiv_id)
        where = message.url if message else f"<#{each.home}>"
        lines.append(f"{markdown.masked_link(title, abs_url(paper.arxiv_id))}\n-# in {where}")
    return discord.Embed(description="\n".join(lines), colour=COLOUR)
