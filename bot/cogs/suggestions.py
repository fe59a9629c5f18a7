"""Autocomplete: what Discord offers while a person types.

Discord allows 25 choices of at most 100 characters; text typed past them still arrives, so every
command checks its options again.
"""

import functools
import logging
import re
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, ParamSpec

import discord
from discord import app_commands

from bot.arxiv.taxonomy import category_name, suggest_categories
from bot.errors import BotError

log = logging.getLogger(__name__)

MAX_CHOICES = 25
MAX_CHARS = 100

Choice = app_commands.Choice[str]
Offers = Coroutine[Any, Any, list[Choice]]
P = ParamSpec("P")


def quietly(complete: Callable[P, Offers]) -> Callable[P, Offers]:
    """Offer nothing when the store cannot say: nobody can be told anything while typing."""

    @functools.wraps(complete)
    async def completed(*args: P.args, **kwargs: P.kwargs) -> list[Choice]:
        try:
            return await complete(*args, **kwargs)
        except (BotError, app_commands.AppCommandError) as error:
            log.info("nothing offered: %s", error)
            return []

    return completed


def make_choices(pairs: Iterable[tuple[str, str]]) -> list[Choice]:
    """Make choices of (shown, meant) pairs; a value too long for Discord is left out."""
    choices = [
        Choice(name=_shortened(name), value=value)
        for name, value in pairs
        if name and 0 < len(value) <= MAX_CHARS
    ]
    return choices[:MAX_CHOICES]


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_CHARS else f"{line[: MAX_CHARS - 1]}…"


async def complete_category(interaction: discord.Interaction, current: str) -> list[Choice]:
    """Offer categories by code or name."""
    return make_choices(
        (f"{category} {category_name(category)}", category)
        for category in suggest_categories(current, MAX_CHOICES)
    )


async def complete_categories(interaction: discord.Interaction, current: str) -> list[Choice]:
    """Offer categories for the last of a list, keeping those typed before."""
    typed, separator, last = _split_last(current)
    known = {each.lower() for each in re.split(r"[\s,;]+", typed)}
    return make_choices(
        (f"{typed}{separator}{category} {category_name(category)}", f"{typed}{separator}{category}")
        for category in suggest_categories(last, MAX_CHOICES)
        if category.lower() not in known
    )


def _split_last(text: str) -> tuple[str, str, str]:
    match = re.fullmatch(r"(.*?)[\s,;]*[,;]\s*([^,;]*)", text)
    return (match[1].strip(), ", ", match[2]) if match else ("", "", text)
