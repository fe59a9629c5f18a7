"""Autocomplete: what Discord offers while a person types.

Discord allows 25 choices of at most 100 characters; text typed past them still arrives, so every
command checks its options again.
"""

import asyncio
import contextlib
import functools
import logging
import re
from collections.abc import Callable, Coroutine, Iterable
from datetime import date
from typing import Any, ParamSpec

import discord
from discord import app_commands

from bot.arxiv.identifier import parse_identifier
from bot.arxiv.taxonomy import category_name, find_archive, suggest_categories
from bot.errors import BotError, InputError
from bot.query.parser import parse_query
from bot.query.suggest import suggest_dates, suggest_values
from bot.query.values import parse_since
from bot.store.store import Store

log = logging.getLogger(__name__)

MAX_CHOICES = 25
MAX_CHARS = 100
DEADLINE_S = 2.0
"""Discord waits three seconds for an answer, the way there and back included."""

Choice = app_commands.Choice[str]
Offers = Coroutine[Any, Any, list[Choice]]
P = ParamSpec("P")


def quietly(complete: Callable[P, Offers]) -> Callable[P, Offers]:
    """Offer nothing when the store cannot say: nobody can be told anything while typing."""

    @functools.wraps(complete)
    async def completed(*args: P.args, **kwargs: P.kwargs) -> list[Choice]:
        try:
            async with asyncio.timeout(DEADLINE_S):
                return await complete(*args, **kwargs)
        except (BotError, app_commands.AppCommandError, TimeoutError) as error:
            log.info("nothing offered: %s", str(error) or "it took too long")
            return []

    return completed


def make_choices(pairs: Iterable[tuple[str, str]]) -> list[Choice]:
    """Make choices of (shown, meant) pairs; a value too long for Discord, or again, is left out."""
    choices: dict[str, Choice] = {}
    for name, value in pairs:
        if name and 0 < len(value) <= MAX_CHARS:
            choices.setdefault(value, Choice(name=_shortened(name), value=value))
    return list(choices.values())[:MAX_CHOICES]


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_CHARS else f"{line[: MAX_CHARS - 1]}…"


async def complete_category(interaction: discord.Interaction, current: str) -> list[Choice]:
    """Offer categories by code or name."""
    return make_choices(
        (f"{category} {category_name(category)}", category)
        for category in suggest_categories(current, MAX_CHOICES)
    )


def offer_categories(current: str, first: Iterable[str] = ()) -> list[Choice]:
    """Offer categories for the last of a list, keeping those typed before.

    Before anything is typed, ``first`` come before all others.
    """
    typed, separator, last = _split_last(current)
    known = {each.lower() for each in re.split(r"[\s,;]+", typed)}
    begun = [] if last.strip() else list(first)
    codes = dict.fromkeys([*begun, *suggest_categories(last, MAX_CHOICES)])
    offers = [
        (f"{code} {category_name(code)}", code) for code in codes if code.lower() not in known
    ]
    archive = find_archive(last)
    if len(archive) > 1:
        offers.insert(0, (f"{last}: all {len(archive)} categories of the archive", last))
    return make_choices(
        (f"{typed}{separator}{name}", f"{typed}{separator}{value}") for name, value in offers
    )


def _split_last(text: str) -> tuple[str, str, str]:
    match = re.fullmatch(r"(.*?)[\s,;]*[,;]\s*([^,;]*)", text)
    return (match[1].strip(), ", ", match[2]) if match else ("", "", text)


async def complete_paper(store: Store, current: str) -> list[Choice]:
    """Offer the paper of that identifier, else those of such a title, else the newest."""
    with contextlib.suppress(InputError):
        stored = await store.papers.get_paper(parse_identifier(current)[0])
        if stored is not None:
            return make_choices([(stored.paper.title, stored.paper.arxiv_id)])
    if current.strip():
        return make_choices(await _titles(store, current))
    newest = await store.search.find(parse_query(""), limit=MAX_CHOICES)
    papers = [match.stored.paper for match in newest.matches]
    return make_choices((each.title, each.arxiv_id) for each in papers)


async def complete_query(store: Store, user_id: int, current: str, *, today: date) -> list[Choice]:
    """Offer the person's own last searches, then values of a field, or papers by their titles."""
    if len(current) > MAX_CHARS:
        return []
    pairs = [*as_typed(current), *await list_again(store, user_id, current)]
    values = await complete_field(store, user_id, current, today=today)
    if values is not None:
        pairs += values
    elif current.strip():
        pairs += await _titles(store, current)
    return make_choices(pairs)


def complete_date(current: str, *, today: date) -> list[Choice]:
    """Offer days, months and years up to ``today``, by number or by name."""
    dates = [_described(value, name) for value, name in suggest_dates(current, today)]
    with contextlib.suppress(InputError):
        parse_since(current)
        dates = [*as_typed(current), *dates]
    return make_choices(dates)


async def complete_author(store: Store, current: str) -> list[Choice]:
    """Offer names that fit what is typed."""
    names = await store.search.suggest_authors(current, MAX_CHOICES)
    return make_choices([*as_typed(current), *((name, name) for name in names)])


def as_typed(current: str) -> list[tuple[str, str]]:
    """Offer the text itself first: Enter takes the first choice, and would replace it."""
    return [(current, current)] if current.strip() else []


async def list_again(store: Store, user_id: int, current: str) -> list[tuple[str, str]]:
    """List a person's last searches that hold what is typed, as choices."""
    wanted = current.strip().lower()
    queries = await store.recent.list_newest(user_id)
    return [(f"↻ {query}", query) for query in queries if wanted in query.lower()]


async def _titles(store: Store, current: str) -> list[tuple[str, str]]:
    suggested = await store.search.suggest_titles(current, MAX_CHOICES)
    return [(each.title, each.arxiv_id) for each in suggested]


_FIELD = re.compile(
    r"(?P<before>(?:.*[\s(])?-?)(?P<name>author|category|type|has|is|in|tag|posted|liked|license|since|until):"
    r"\"?(?P<value>[^\":]*)",
    re.DOTALL,
)
"""A query that ends in an unfinished field whose values can be known."""


async def complete_field(
    store: Store, user_id: int | None, current: str, *, today: date
) -> list[tuple[str, str]] | None:
    """Offer a query with its unfinished field finished; None when it ends in none.

    ``user_id`` is the person who may ask of their own papers; in topics nobody may.
    """
    typed = _FIELD.fullmatch(current)
    if typed is None:
        return None
    begun = f"{typed['before']}{typed['name']}:"
    values = await _values(store, user_id, typed["name"], typed["value"], today)
    return [_described(f"{begun}{value}", meaning) for value, meaning in values]


async def _values(
    store: Store, user_id: int | None, field: str, typed: str, today: date
) -> list[tuple[str, str]]:
    match field:
        case "category":
            return [(each, "") for each in suggest_categories(typed, MAX_CHOICES)]
        case "author":
            names = await store.search.suggest_authors(typed, MAX_CHOICES)
            return [(f'"{name}"', "") for name in names]
        case "tag" if user_id is not None:
            saved = await store.library.list_saved(user_id)
            tags = dict.fromkeys(tag for each in saved for tag in each.tags)
            return [(tag, "") for tag in tags if tag.startswith(typed.casefold())]
        case _:
            return suggest_values(field, typed, today, of_readers=user_id is not None)


def _described(value: str, meaning: str) -> tuple[str, str]:
    return (f"{value} ({meaning})" if meaning else value, value)
