"""The command line as a person runs it: one process, its output and its exit code."""

import os
from collections.abc import Mapping
from pathlib import Path

from tests.fakes import commands
from tests.fakes.commands import Ran
from tests.fakes.forking import ROOT, STRICT


def environ_in(folder: Path) -> dict[str, str]:
    """Return an environment without settings but for a database in ``folder``."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": STRICT,
        "PAPER_BOT_DATABASE__PATH": str(folder / "data" / "papers.db"),
    }


def run(environ: Mapping[str, str], *arguments: str | Path, cwd: Path | None = None) -> Ran:
    folder = Path(environ["PAPER_BOT_DATABASE__PATH"]).parent.parent
    return commands.run(environ, *arguments, cwd=cwd or folder)


def assert_one_sentence(ran: Ran, code: int, *parts: str) -> None:
    assert ran.code == code, ran.err
    assert ran.out == ""
    assert "Traceback" not in ran.err
    assert len(ran.err.strip().splitlines()) == 1, ran.err
    for part in parts:
        assert part in ran.err
