"""What may be typed, and what the help says: usage names the program as it was started."""

import argparse
import re
import shlex

import pytest

from bot.cli.arguments import build_parser, program_name
from bot.cli.commands import COMMANDS
from bot.cli.output import EXIT_CODES


def commands_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    (commands,) = (each for each in parser._actions if each.dest == "command")
    assert isinstance(commands.choices, dict)
    return commands.choices


@pytest.mark.parametrize(
    ("started_as", "program"),
    [
        ("/usr/local/bin/paper-digest-bot", "paper-digest-bot"),
        ("paper-digest-bot.exe", "paper-digest-bot"),
        ("/app/bot/__main__.py", "python -m bot"),
        ("-c", "python -m bot"),
        ("", "python -m bot"),
    ],
)
def test_the_program_is_called_as_it_was_started(started_as: str, program: str) -> None:
    assert program_name(started_as) == program


def test_every_command_that_can_be_typed_is_there_and_no_other() -> None:
    assert list(commands_of(build_parser("my-bot"))) == list(COMMANDS)


def test_help_names_every_command_and_exit_code() -> None:
    text = build_parser("my-bot").format_help()
    assert text.startswith("usage: my-bot ")
    assert text.endswith(EXIT_CODES)
    assert all(re.search(rf"\n    {name}\s", text) for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_names_the_program_and_an_example_of_it(name: str) -> None:
    text = commands_of(build_parser("my-bot"))[name].format_help()
    assert text.startswith(f"usage: my-bot {name} ")
    assert f"\n  my-bot {name}" in text.rpartition("example")[2]
    assert "python -m bot" not in text


@pytest.mark.parametrize("name", COMMANDS)
def test_each_example_can_be_typed(name: str) -> None:
    """Options that an example names exist, and it has all that are required."""
    parser = build_parser("my-bot")
    examples = commands_of(parser)[name].format_help().rpartition("example")[2].splitlines()[1:]
    assert examples
    for example in examples:
        words = shlex.split(example.partition(">")[0])
        assert words[:2] == ["my-bot", name]
        assert parser.parse_args(words[1:]).command == name


@pytest.mark.parametrize("limit", ["0", "-1", "many"])
def test_a_limit_is_a_number_from_1_on(limit: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        build_parser("my-bot").parse_args(["search", "x", "--limit", limit])
    assert ended.value.code == 2
    assert "usage: my-bot search" in capsys.readouterr().err
