"""Row 127: a host with Windows, as far as it can be pretended (`tests/fakes/windows.py`)."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.store.backup.copies import list_copies
from tests.cli.terminal import environ_in
from tests.fakes.forking import ROOT
from tests.fakes.process import running_bot
from tests.faults.scenario import scenario
from tests.waiting import until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="pretended on Linux alone"),
]

LISTING = """\
# ArXiv cs.CV --Fri, 21 Aug 2020
### 1.Splatting λ  [ :arrow_down: ](https://arxiv.org/pdf/2008.08999.pdf)
>  We splat.
"""


async def commands(environ: Mapping[str, str], *words: str | Path) -> tuple[int | None, str, str]:
    """Run commands with a "+" between them; returns exit code, output and remarks."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.fakes.windows", *words, env=dict(environ), cwd=ROOT,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def test_row_127_the_commands_work(tmp_path: Path) -> None:
    """Importing, searching, and the files' ways: made, copied, put aside and put back."""
    environ = environ_in(tmp_path)
    listing, copy = tmp_path / "listing.md", tmp_path / "copy.db"
    listing.write_text(LISTING, "utf-8")
    code, out, err = await commands(
        environ,
        *("import", listing, "+", "search", "splatting", "+", "digest", "--category", "cs.CV"),
        *("+", "backup", copy, "+", "restore", copy, "+", "verify-backup", copy),
        *("+", "reindex", "+", "search", "splatting", "--json", "+", "status", "+", "settings"),
    )
    assert code == 0, err
    assert out.count("Splatting λ") == 3
    assert f"{copy} is good: 1 paper" in out
    assert "papers.replaced-" in err
    assert "chmod" not in err


async def test_row_127_a_damaged_file_is_told_with_a_command_that_can_be_typed(
    tmp_path: Path,
) -> None:
    environ = environ_in(tmp_path)
    database = Path(environ["PAPER_BOT_DATABASE__PATH"])
    copy = database.with_name("the copy.db")
    code, _, err = await commands(environ, "search", "x", "+", "backup", copy)
    assert code == 0, err
    database.write_bytes(b"no database" * 100)
    code, _, err = await commands(environ, "search", "x")
    assert code == 74
    assert f'restore "{copy}"' in err


async def test_row_127_the_bot_posts_once_is_alone_and_ends_by_ctrl_break(tmp_path: Path) -> None:
    async with scenario(tmp_path, backup__every_h=24) as day:
        day.environ["PRETEND_WINDOWS"] = "1"
        async with day.running() as bot:
            assert await day.finished(bot), bot.log
            await until(lambda: list_copies(day.path, tmp_path / "backups"), lambda: bot.log)
            async with running_bot(day.environ) as second:
                assert await second.wait() == 75, second.log
            await bot.kill()
        posted = len(day.discord.ledger)
        async with day.running() as bot:
            await day.discord.wait_connected()
            await bot.ticks()
            bot.send_signal(signal.SIGTTIN)  # that of Ctrl-Break in this Windows
            assert await bot.wait() == 0, bot.log
        assert len(day.discord.ledger) == posted
        assert day.check().problems == []
        assert "Traceback" not in day.log
        assert "chmod" not in day.log


async def test_row_127_the_demo_starts() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.fakes.windows", "demo", cwd=ROOT, env=os.environ,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    said = b""
    while line := await process.stdout.readline():
        said += line
        if b"Ctrl-C" in line:
            process.terminate()
    err = (await process.communicate())[1].decode()
    assert b"http://127.0.0.1" in said, err
    assert process.returncode == 0, err
