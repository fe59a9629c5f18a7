"""The command line as a person runs it: one process, its output and its exit code."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    out: str
    err: str


def environ_in(folder: Path) -> dict[str, str]:
    """Return an environment without settings but for a database in ``folder``."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "error,ignore:'audioop' is deprecated:DeprecationWarning,"
        "ignore:'asyncio.iscoroutinefunction' is deprecated:DeprecationWarning",  # discord.py's
        "PAPER_BOT_DATABASE__PATH": str(folder / "data" / "papers.db"),
    }


def run(environ: Mapping[str, str], *arguments: str | Path, cwd: Path | None = None) -> Ran:
    done = subprocess.run(
        [sys.executable, "-m", "bot", *map(str, arguments)],
        env=dict(environ),
        cwd=cwd or Path(environ["PAPER_BOT_DATABASE__PATH"]).parent.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def assert_one_sentence(ran: Ran, code: int, *parts: str) -> None:
    assert ran.code == code, ran.err
    assert ran.out == ""
    assert "Traceback" not in ran.err
    assert len(ran.err.strip().splitlines()) == 1, ran.err
    for part in parts:
        assert part in ran.err
