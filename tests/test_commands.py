"""The slash commands as a whole: within Discord's rules, described, documented, guarded."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord
from discord import app_commands

from bot.run.client import PaperBot
from tests.fakes.spec import body_errors

DOCS = Path(__file__).parent.parent / "docs/commands.md"
ADMIN_GROUPS = {"digest", "topic"}

Command = app_commands.Command[Any, ..., Any]


@pytest.fixture
def bot(env: simcord.Env) -> PaperBot:
    assert isinstance(env.bot, PaperBot)
    return env.bot


@pytest.fixture
def commands(bot: PaperBot) -> list[Command]:
    return list(_leaves(bot))


def _leaves(bot: PaperBot) -> Iterator[Command]:
    for command in bot.tree.walk_commands():
        if isinstance(command, app_commands.Command):
            yield command


def sections() -> dict[str, str]:
    """Return the documentation of each command by its name."""
    parts = re.split(r"^### /", DOCS.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {name: text for name, _, text in (part.partition("\n") for part in parts)}


def test_discord_accepts_the_commands(bot: PaperBot) -> None:
    payload = [command.to_dict(bot.tree) for command in bot.tree.get_commands()]
    assert body_errors("put", "/applications/{application_id}/commands", payload) == []


def test_there_are_the_commands_of_the_design(commands: list[Command]) -> None:
    assert {command.qualified_name for command in commands} >= {
        "paper search", "paper show",
        "digest setup", "digest list", "digest preview", "digest send", "digest remove",
        "digest status", "digest why", "digest resolve", "digest pause", "digest resume",
        "topic add", "topic edit", "topic from", "topic list", "topic remove", "topic test",
        "bot status", "bot help",
    }  # fmt: skip


def test_every_option_is_described(commands: list[Command]) -> None:
    for command in commands:
        for option in command.parameters:
            assert len(str(option.description)) > len("…"), (command.qualified_name, option.name)


def test_every_command_is_documented_with_an_example(commands: list[Command]) -> None:
    documented = sections()
    assert set(documented) == {command.qualified_name for command in commands}
    for name, text in documented.items():
        assert f"Example: `/{name}" in text


def test_every_option_is_documented_in_its_order(commands: list[Command]) -> None:
    for command in commands:
        rows = re.findall(r"^\| `([a-z_]+)` \|", sections()[command.qualified_name], re.MULTILINE)
        assert rows == [option.name for option in command.parameters]


def test_examples_use_options_that_exist(commands: list[Command]) -> None:
    for command in commands:
        example = re.search(r"Example: `/(.*)`", sections()[command.qualified_name])
        assert example
        used = re.findall(r"(?<=[a-z] )([a-z]+):(?=\S)", example[1])
        known = {option.name for option in command.parameters} | {"title", "tag", "is"}
        assert set(used) <= known


def test_admin_groups_are_for_managers_in_servers_only(bot: PaperBot) -> None:
    for group in bot.tree.get_commands(type=discord.AppCommandType.chat_input):
        assert isinstance(group, app_commands.Group)
        is_admin = group.name in ADMIN_GROUPS
        assert group.guild_only is is_admin
        permissions = group.default_permissions
        assert (permissions is not None and permissions.manage_guild) is is_admin


def test_installs_and_contexts_are_said_explicitly(bot: PaperBot) -> None:
    for group in bot.tree.get_commands(type=discord.AppCommandType.chat_input):
        payload = group.to_dict(bot.tree)
        is_admin = group.name in ADMIN_GROUPS
        assert payload["integration_types"] == ([0] if is_admin else [0, 1])
        assert payload["contexts"] == ([0] if is_admin else [0, 1, 2])
