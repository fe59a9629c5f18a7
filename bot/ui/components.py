"""Panels made of components: a heading, how things stand, and what to do next as buttons. Pure.

Discord takes 40 components and 4,000 characters in such a message. It shows neither embeds nor
content beside them, and its notifications of one are empty, so a digest is never posted as one
(discord/discord-api-docs#7854).
"""

from collections.abc import Sequence
from typing import Any, Final

import discord

from bot.text import markdown
from bot.ui.replies import COLOUR

MAX_ABOVE: Final = 500

Item = discord.ui.Item[Any]


def write(text: str, max_chars: int = 2000) -> Item:
    """Write a text of at most so many characters; what is longer loses its end."""
    return discord.ui.TextDisplay(_shortened(text, max_chars))


def write_beside(text: str, button: Item, max_chars: int = 350) -> Item:
    """Write a text with a button at its side, on a phone too."""
    return discord.ui.Section(_shortened(text, max_chars), accessory=button)


def make_row(*items: Item) -> Item:
    """Put up to five buttons, or one menu, in a row."""
    return discord.ui.ActionRow(*items)


def draw_line() -> Item:
    return discord.ui.Separator()


def make_panel(
    parts: Sequence[Item], colour: discord.Colour = COLOUR, *, above: str = ""
) -> discord.ui.LayoutView:
    """Frame the parts; ``above`` the frame stands what was done just now."""
    view = discord.ui.LayoutView(timeout=None)
    if above:
        view.add_item(write(above, MAX_ABOVE))
    view.add_item(discord.ui.Container(*parts, accent_colour=colour))
    return view


def _shortened(text: str, max_chars: int) -> str:
    kept: list[str] = []
    for line in text.split("\n"):
        if markdown.width("\n".join((*kept, line))) > max_chars - 2:
            return "\n".join((*kept, "…"))
        kept.append(line)
    return "\n".join(kept)
