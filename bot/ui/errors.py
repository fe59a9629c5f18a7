"""From an exception to the one sentence that a person reads. No traceback ever reaches Discord."""

import math

import discord
from discord import app_commands

from bot.errors import BotError, MarkdownError, QuerySyntaxError
from bot.text import markdown

UNKNOWN_MESSAGE = 10008
"""Discord's code for a message that was deleted."""
MESSAGE_GONE = "The message of this button was deleted meanwhile; use the command again."
CARET_WINDOW = 60
"""How much of a long query is shown around a mistake: a phone's line of monospaced text."""


def explain(error: BaseException) -> str | None:
    """Say what was wrong and what would be right; None when the mistake is the bot's own."""
    error = unwrapped(error)
    if isinstance(error, QuerySyntaxError):
        return f"{markdown.escape(str(error))}\n{render_caret(error)}"
    if isinstance(error, MarkdownError):
        return str(error)
    if isinstance(error, BotError):
        return markdown.escape(str(error))
    if isinstance(error, app_commands.AppCommandError):
        return _explain_command_error(error)
    if isinstance(error, discord.NotFound) and error.code == UNKNOWN_MESSAGE:
        return MESSAGE_GONE
    if isinstance(error, discord.Forbidden):
        return (
            "Discord did not let me do that here; please check my permissions in this channel "
            f"({error.text or 'missing access'})."
        )
    return None


def unwrapped(error: BaseException) -> BaseException:
    """Return what a command or a transformer really raised."""
    while True:
        if isinstance(error, app_commands.CommandInvokeError):
            error = error.original
        elif isinstance(error, app_commands.TransformerError) and error.__cause__ is not None:
            error = error.__cause__
        else:
            return error


def _explain_command_error(error: app_commands.AppCommandError) -> str | None:
    if isinstance(error, app_commands.NoPrivateMessage):
        return "This command only works in a server, not in direct messages."
    if isinstance(error, app_commands.MissingPermissions):
        names = " and ".join(name.replace("_", " ").title() for name in error.missing_permissions)
        return f"Only members with the permission {names.replace('Guild', 'Server')} may do this."
    if isinstance(error, app_commands.CommandOnCooldown):
        return (
            f"That was too fast; please wait {math.ceil(error.retry_after)} seconds and try again."
        )
    if isinstance(error, app_commands.TransformerError):
        return (
            f"{markdown.escape(repr(error.value))} is not valid for this option; pick one of "
            "those offered."
        )
    if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
        return "This command has changed; reload Discord (Ctrl+R) and try it again."
    return None


def apologise(error_id: str) -> str:
    """Say that the bot made a mistake; ``error_id`` finds it in the log."""
    return (
        f"Something went wrong on my side, and I have logged it as error `{error_id}`. "
        "Please try again; if it happens again, give that number to the person who runs this bot."
    )


def render_caret(error: QuerySyntaxError) -> str:
    """Show the query with a caret under the mistake; of a long query the part around it."""
    start = max(0, error.position - CARET_WINDOW // 2)
    end = start + CARET_WINDOW
    before = "…" if start else ""
    after = "…" if end < len(error.query) else ""
    # A backtick could end the code block, and a control character could move the caret.
    shown = "".join(
        "'" if char == "`" else char if char.isprintable() else " "
        for char in error.query[start:end]
    )
    caret = " " * (len(before) + error.position - start) + "^"
    return f"```\n{before}{shown}{after}\n{caret}\n```"
