"""Every error a person can cause is a sentence for them; the bot's own are an apology."""

import discord
import pytest
from discord import app_commands

from bot.errors import (
    ArxivUnavailable,
    DatabaseBusy,
    InputError,
    QuerySyntaxError,
    UnknownCategory,
)
from bot.ui.errors import CARET_WINDOW, apologise, explain, render_caret


def syntax_error(query: str, position: int) -> QuerySyntaxError:
    return QuerySyntaxError(query, position, "the end", "a word")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (InputError("Too many."), "Too many."),
        (DatabaseBusy("The database is busy."), "The database is busy."),
        (ArxivUnavailable("arXiv did not answer."), "arXiv did not answer."),
        (
            UnknownCategory("cs.CX", ["cs.CV"]),
            "'cs.CX' is not an arXiv category. Did you mean cs.CV?",
        ),
        (app_commands.NoPrivateMessage(), "only works in a server"),
        (app_commands.MissingPermissions(["manage_guild"]), "the permission Manage Server may"),
        (
            app_commands.CommandOnCooldown(app_commands.Cooldown(1, 5), 3.2),
            "please wait 4 seconds",
        ),
        (app_commands.CommandNotFound("x", []), "reload Discord"),
    ],
)
def test_what_a_person_caused_is_explained(error: Exception, sentence: str) -> None:
    explained = explain(error)
    assert explained is not None
    assert sentence in explained.replace("\\", "")


def test_the_cause_counts_not_the_wrapper() -> None:
    @app_commands.command(name="x", description="x")
    async def command(interaction: discord.Interaction) -> None: ...

    wrapped = app_commands.CommandInvokeError(command, InputError("Too many."))
    assert explain(wrapped) == "Too many."
    assert explain(app_commands.CommandInvokeError(command, ZeroDivisionError())) is None


def test_mistakes_of_the_bot_are_not_explained() -> None:
    assert explain(ZeroDivisionError("secret")) is None
    assert "`abc123`" in apologise("abc123")


def test_a_syntax_error_shows_its_place() -> None:
    explained = explain(syntax_error("graph OR", 8))
    assert explained is not None
    assert explained.endswith("```\ngraph OR\n        ^\n```")


@pytest.mark.parametrize("position", [0, 1, 30, 31, 150, 299, 300])
def test_the_caret_stands_under_its_character_in_long_queries_too(position: int) -> None:
    query = "".join(chr(ord("a") + number % 26) for number in range(300))
    _, shown, caret, _ = render_caret(syntax_error(query, position)).split("\n")
    column = caret.index("^")
    assert len(shown) <= CARET_WINDOW + 2
    if position < len(query):
        assert shown[column] == query[position]
    else:
        assert column == len(shown)


def test_nothing_in_a_query_ends_the_block() -> None:
    rendered = render_caret(syntax_error("```\n@everyone", 3))
    assert rendered.count("```") == 2
    assert rendered.count("\n") == 3
