"""How a command ends: failures as one sentence with an exit code, never a traceback."""

import gc
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from bot import __main__ as program
from bot.store.sqlite.database import instance_lock
from tests.cli.terminal import assert_one_sentence, run
from tests.fakes.discord import TOKEN
from tests.fakes.process import running_bot


@pytest.mark.parametrize(
    ("arguments", "code", "parts"),
    [
        (["digest", "--category", "cs.XV"], 2, ["cs.XV", "cs.CV"]),
        (["digest", "--category", "cs.CV"], 2, ["cs.CV"]),
        (["digest", "--category", "cs.CV", "--date", "2020-02-30"], 2, ["2020-02-30"]),
        (["digest", "--category", "cs.CV", "--date", "yesterday"], 2, ["YYYY-MM-DD"]),
        (["import", "missing.md"], 2, ["missing.md"]),
        (["fetch", "--category", "cs.XV"], 2, ["cs.XV"]),
        (["fetch"], 2, ["--category"]),
        (["run"], 78, ["DISCORD_TOKEN"]),
        (["--config", "missing.toml", "search", "x"], 78, ["missing.toml"]),
        (["--log-level", "LOUD", "search", "x"], 78, ["log.level", "one of DEBUG, INFO"]),
    ],
)
def test_bad_input_gets_one_sentence(
    environ: dict[str, str], arguments: list[str], code: int, parts: list[str]
) -> None:
    assert_one_sentence(run(environ, *arguments), code, *parts)


async def test_a_bot_that_is_to_stay_says_why_it_cannot_run_and_waits(
    environ: dict[str, str],
) -> None:
    """Docker starts again whatever ends, a second host too, which may post each time."""
    async with running_bot(environ, "run", "--stay") as bot:
        await bot.says("waiting to be stopped")
        assert "There is no Discord token" in bot.log
        assert not bot.has_ended
        assert await bot.stop() == 78, bot.log


def test_a_bot_that_is_to_stay_ends_where_starting_again_may_help(
    environ: dict[str, str], tmp_path: Path
) -> None:
    path = str(tmp_path / "no" / "folder" / "papers.db")
    changed = {**environ, "PAPER_BOT_DATABASE__PATH": path, "DISCORD_TOKEN": TOKEN}
    assert_one_sentence(run(changed, "run", "--stay", cwd=tmp_path), 74, path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"# A shopping list\n- milk\n",
        b"<html><body>no feed</body></html>",
        b"<?xml version='1.0'?><rss version='2.0'><channel><title>cs.CV upd",
        b"\x1f\x8b\x08\x00 damaged",
        bytes(range(256)),
    ],
)
def test_a_file_that_is_not_what_it_claims_gets_one_sentence(
    environ: dict[str, str], tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert_one_sentence(run(environ, "import", path), 2, str(path))


def test_a_second_instance_is_refused(environ: dict[str, str]) -> None:
    path = Path(environ["PAPER_BOT_DATABASE__PATH"])
    with instance_lock(path):
        environ["DISCORD_TOKEN"] = "x" * 24 + "." + "y" * 6 + "." + "z" * 30
        assert_one_sentence(run(environ, "run"), 75, str(path))


def test_an_unwritable_database_path_gets_one_sentence(
    environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("not a folder")
    environ["PAPER_BOT_DATABASE__PATH"] = str(tmp_path / "file" / "papers.db")
    assert_one_sentence(run(environ, "search", "x", cwd=tmp_path), 74, "papers.db")


def test_a_file_that_is_no_database_is_never_touched(
    environ: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "papers.db"
    path.write_bytes(b"precious notes, not a database" * 100)
    environ["PAPER_BOT_DATABASE__PATH"] = str(path)
    assert_one_sentence(run(environ, "search", "x", cwd=tmp_path), 74, str(path))
    assert path.read_bytes() == b"precious notes, not a database" * 100


def test_a_query_with_a_mistake_shows_where(environ: dict[str, str]) -> None:
    ran = run(environ, "search", "diffusion since:soon")
    assert ran.code == 2
    sentence, query, caret = ran.err.rstrip().splitlines()
    assert query[caret.index("^") :].startswith("soon")
    assert "'soon'" in sentence


def test_a_reader_that_has_seen_enough_is_no_failure(environ: dict[str, str]) -> None:
    """As with `| head`: the pipe is closed before anything is written."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "bot", "settings"],
        env=environ, stdout=writing, stderr=subprocess.PIPE, timeout=60, check=False,
    )  # fmt: skip
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_damaged_database_comes_with_the_command_that_helps(
    environ: dict[str, str], tmp_path: Path
) -> None:
    path = Path(environ["PAPER_BOT_DATABASE__PATH"])
    assert run(environ, "search", "x").code == 0
    saved = tmp_path / "data" / "saved.db"
    assert run(environ, "backup", saved).code == 0
    path.write_bytes(b"")
    ran = run(environ, "search", "x")
    assert_one_sentence(ran, 74, "Put the newest backup back with: python -m bot restore")
    words = shlex.split(ran.err.partition("with: ")[2])
    assert words == ["python", "-m", "bot", "restore", str(saved)]


def test_garbage_is_collected_once_all_is_imported() -> None:
    """And what was imported is no part of what is looked through."""
    gc.unfreeze()
    program.imported()
    assert gc.isenabled()
    assert gc.get_freeze_count()
