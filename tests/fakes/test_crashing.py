"""The points at which the bot is killed lie in the tests, not in the bot."""

import subprocess
import sys
from pathlib import Path

from tests.fakes.crashing import CRASH_AT, program
from tests.fakes.process import bot_environ

POINT = {CRASH_AT: "statement:1"}


def search(folder: Path, module: str) -> int:
    return subprocess.run(
        [sys.executable, "-m", module, "search", "x"],
        env=bot_environ(folder, arxiv=None, discord=None) | POINT,
        check=False,
    ).returncode


def test_an_armed_point_kills_the_program_that_has_it(tmp_path: Path) -> None:
    assert search(tmp_path, program(POINT)) == 137


def test_the_environment_of_the_tests_does_nothing_to_the_bot(tmp_path: Path) -> None:
    assert program({}) == "bot"
    assert search(tmp_path, "bot") == 0
