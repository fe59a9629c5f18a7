"""What "Papers in this message" answers: a card each, and where this server saw it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import discord

from bot.arxiv.identifier import abs_url
from bot.digest.messages import PostedMessage
from bot.models import ArxivId, StoredPaper
from bot.text import markdown
from bot.text.words import count_of, short_date
from bot.ui.embeds import (
    MAX_EMBEDS,
    embed_width,
    one_line,
    render_authors,
    render_links,
    render_title,
)
from bot.ui.paper import COLOUR

MOST_SHOWN: Final = MAX_EMBEDS
MAX_TEXT: Final = 5500  # of all cards: Discord takes 6,000 characters
MAX_LINKS: Final = 250
LEAST_EXCERPT: Final = 60

NONE = (
    "I see no paper in this message. I know identifiers, and addresses of arXiv, alphaXiv, Hugging "
    "Face and doi.org."
)


def texts_of(message: discord.Message) -> str:
    """Return all that a message says: its text, its embeds, and the papers of its menus."""
    return "\n".join(_texts(message))


def _texts(message: discord.Message) -> Iterator[str]:
    yield message.content
    for snapshot in message.message_snapshots:  # of a message that was passed on
        yield snapshot.content
        for embed in snapshot.embeds:
            yield from _embed_texts(embed)
    for embed in message.embeds:
        yield from _embed_texts(embed)


def _embed_texts(embed: discord.Embed) -> Iterator[str]:
    for text in (embed.url, embed.title, embed.description, embed.footer.text):
        if text:
            yield text
    for field in embed.fields:
        yield f"{field.name} {field.value}"


def render_mentions(
    papers: Sequence[StoredPaper], posted: Mapping[ArxivId, PostedMessage]
) -> list[discord.Embed]:
    """Make a card of each of at most ten papers, numbered; all of them fit into one message."""
    room = MAX_TEXT // max(1, len(papers))
    return [
        _card(number, stored, posted.get(stored.paper.arxiv_id), room)
        for number, stored in enumerate(papers, start=1)
    ]


def _card(
    number: int, stored: StoredPaper, posted: PostedMessage | None, room: int
) -> discord.Embed:
    paper = stored.paper
    title = f"{number}. {render_title(paper, max_chars=120)}"
    embed = discord.Embed(title=title, url=abs_url(paper.arxiv_id), colour=COLOUR)
    about = [
        paper.primary_category or "",
        f"announced {short_date(stored.announced_on)}",
        _seen(posted) if posted else "",
    ]
    lines = [
        f"*{authors}*" if (authors := render_authors(paper.authors, max_chars=80)) else "",
        " · ".join(part for part in about if part),
        render_links(paper, max_chars=MAX_LINKS),
    ]
    taken = embed_width(embed) + sum(markdown.width(line) + 1 for line in lines)
    if room - taken >= LEAST_EXCERPT:
        lines.insert(1, markdown.shorten(one_line(paper.abstract), room - taken))
    embed.description = "\n".join(line for line in lines if line)
    return embed


def _seen(posted: PostedMessage) -> str:
    day = discord.utils.snowflake_time(posted.message_id).date()
    return f"{markdown.masked_link('seen here', posted.url)} {short_date(day)}"


def say_rest(more: int, unknown: Sequence[str]) -> str:
    """Say how many papers are not shown, and which are not known."""
    parts = []
    if more:
        parts.append(f"and {count_of(more, 'paper')} more, which `/paper show` shows")
    if unknown:
        parts.append(f"never seen announced: {', '.join(map(markdown.escape, unknown[:10]))}")
    said = "; ".join(parts)
    return f"{said[:1].upper()}{said[1:]}." if said else ""
