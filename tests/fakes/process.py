"""The bot as its host runs it: a process with an environment, signals and an exit code."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from tests.fakes.arxiv import ArxivServer
from tests.fakes.crashing import program
from tests.fakes.discord import DiscordServer
from tests.waiting import HUNG_S, until

NOBODY = "http://127.0.0.1:1"
"""An address that refuses connections."""

ROOT = Path(__file__).resolve().parent.parent.parent
TICKED = "bot.run.process: tick ended"


def bot_environ(
    folder: Path, *, arxiv: ArxivServer | None, discord: DiscordServer | None, **settings: object
) -> dict[str, str]:
    """Return an environment in which the unmodified bot speaks to the stand-ins.

    ``settings`` are further ones, such as ``schedule__tick_s=1``.
    """
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "PAPER_BOT_DATABASE__PATH": str(folder / "papers.db"),
        "PAPER_BOT_LOG__LEVEL": "DEBUG",  # for `ticks`
        "PAPER_BOT_SCHEDULE__TICK_S": "0.2",
        "PAPER_BOT_ARXIV__REQUEST_SPACING_S": "0",
        "PAPER_BOT_INTAKE__POLL_START": "00:00",
    }
    for name in ("FEED", "LISTING", "API", "OAI"):
        environ[f"PAPER_BOT_ARXIV__{name}_URL"] = arxiv.url if arxiv else NOBODY
    if discord is not None:
        environ["PAPER_BOT_DISCORD__API_URL"] = discord.api_url
        environ["PAPER_BOT_DISCORD__GATEWAY_URL"] = discord.gateway_url
        environ["DISCORD_TOKEN"] = discord.token
    for name, value in settings.items():
        environ[f"PAPER_BOT_{name.upper()}"] = str(value)
    return environ


class BotProcess:
    """A running bot; ``log`` is what it wrote to stderr so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._lines: list[str] = []
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            self._lines.append(line.decode())

    @property
    def log(self) -> str:
        return "".join(self._lines)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        return self._process.returncode is not None

    def cpu_s(self) -> float:
        """Return how many seconds the process has worked, not waited; skips without /proc."""
        stat = Path(f"/proc/{self.pid}/stat")
        if not stat.exists():
            pytest.skip("needs Linux's /proc")
        user, system = stat.read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def send_signal(self, number: signal.Signals) -> None:
        # Not by asyncio's own, which may take the exit code away from who waits for it.
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    async def says(self, words: str, times: int = 1) -> None:
        """Wait until these words are in the log, so many times at least."""
        await until(lambda: self.log.count(words) >= times or self.has_ended, lambda: self.log)
        assert self.log.count(words) >= times, self.log

    async def ticks(self, count: int = 4) -> None:
        """Wait for a few ticks, in which the bot could do something wrong."""
        before = self.log.count(TICKED)
        await until(
            lambda: self.log.count(TICKED) >= before + count or self.has_ended, lambda: self.log
        )
        assert not self.has_ended, self.log

    async def wait(self) -> int:
        """Wait for the end and return the exit code."""
        async with asyncio.timeout(HUNG_S):
            code = await self._process.wait()
        await self._reader
        return code

    async def stop(self) -> int:
        self.send_signal(signal.SIGTERM)
        return await self.wait()

    async def kill(self) -> None:
        self.send_signal(signal.SIGKILL)
        await self.wait()


@contextlib.asynccontextmanager
async def running_bot(
    environ: Mapping[str, str], *arguments: str, cwd: Path | None = None
) -> AsyncIterator[BotProcess]:
    """Start `python -m bot run` (or other arguments); what still runs at the end is killed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        program(environ),
        *(arguments or ("run",)),
        env=dict(environ),
        cwd=cwd or Path(environ["PAPER_BOT_DATABASE__PATH"]).parent,
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
    )
    bot = BotProcess(process)
    try:
        yield bot
    finally:
        if process.returncode is None:
            await bot.kill()
