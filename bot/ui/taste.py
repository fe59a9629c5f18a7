"""What `/digest taste` shows: the words by which likes order a channel's digests. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import discord

from bot.query.taste import AUTHOR, Taste, written
from bot.text import markdown
from bot.ui.embeds import render_title
from bot.ui.ids import CustomId, Snowflake
from bot.ui.paper import COLOUR, MAX_FIELD
from bot.ui.replies import fitting_lines

UP: Final = 12
DOWN: Final = 6
SOURCES: Final = 2
FORGET = "Forget a word or a name"
REMEMBER = "Let all count again"
NOTHING = (
    "Nobody here has liked or saved a paper in these categories yet. Every abstract has the "
    "buttons *Like*, *Not for us* and *Save*; they decide what comes first in digests of the style "
    "brief."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetTerm(CustomId):
    """A wish that a word, the one chosen in the menu, orders a channel's papers no more."""

    PREFIX = "taste:1"

    channel_id: Snowflake


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberTerms(CustomId):
    """A wish that all words count again."""

    PREFIX = "taste-all:1"

    channel_id: Snowflake


def render_taste(channel_id: int, taste: Taste, forgotten: Sequence[str]) -> discord.Embed:
    """Show what comes first and last, each with the papers that it comes from."""
    embed = discord.Embed(title="What orders the papers", colour=COLOUR)
    embed.description = (
        f"Learnt from what people in this server liked, saved or called not for us, for "
        f"<#{channel_id}>. It orders digests of the style brief and never leaves a paper out."
    )
    for name, liked, most in (("Up", True, UP), ("Down", False, DOWN)):
        lines = list(_lines(taste, taste.strongest(most, liked=liked), liked=liked))
        if lines:
            unlisted = taste.count(liked=liked) - len(lines)
            value = fitting_lines(lines, MAX_FIELD, unlisted=unlisted)
            embed.add_field(name=name, value=value, inline=False)
    if forgotten:
        names = ", ".join(markdown.escape(term.removeprefix(AUTHOR)) for term in forgotten)
        embed.add_field(name="Forgotten", value=markdown.cut(names, 500), inline=False)
    return embed


def _lines(taste: Taste, terms: Sequence[str], *, liked: bool) -> Iterator[str]:
    for term in terms:
        sources = taste.sources(term, liked=liked)
        titles = [f"*{render_title(paper, max_chars=60)}*" for paper in sources[:SOURCES]]
        if len(sources) > SOURCES:
            titles.append(f"{len(sources) - SOURCES} more")
        yield f"**{markdown.escape(name_of(taste, term, liked=liked))}**: {', '.join(titles)}"


def name_of(taste: Taste, term: str, *, liked: bool) -> str:
    """Return a term as the paper that it mostly comes from writes it."""
    sources = taste.sources(term, liked=liked)
    return next(written(sources[0], [term])) if sources else term


def term_options(taste: Taste) -> list[discord.SelectOption]:
    """List what can be forgotten."""
    shown = [(term, True) for term in taste.strongest(UP)]
    shown += [(term, False) for term in taste.strongest(DOWN, liked=False)]
    return [
        discord.SelectOption(
            label=markdown.plain(name_of(taste, term, liked=liked), 100), value=term
        )
        for term, liked in dict(shown).items()
        if len(term) <= 100
    ]
