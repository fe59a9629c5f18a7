"""The bot as its host runs it: a process with an environment, signals and an exit code."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from pathlib import Path
from typing import IO

import pytest

from tests.fakes import forking
from tests.fakes.arxiv import ArxivServer
from tests.fakes.crashing import program
from tests.fakes.discord import DiscordServer
from tests.fakes.forking import ORDINARY
from tests.waiting import HUNG_S, until

NOBODY = "http://127.0.0.1:1"
"""An address that refuses connections."""

TICKED = ("bot.run.process: tick ended", "bot.run.ticker: tick postponed")
"""What the log says of every tick: a full disk or a lock lets it end early."""


def bot_environ(
    folder: Path, *, arxiv: ArxivServer | None, discord: DiscordServer | None, **settings: object
) -> dict[str, str]:
    """Return an environment in which the unmodified bot speaks to the stand-ins.

    ``settings`` are further ones, such as ``schedule__tick_s=1``.
    """
    environ = {
        "PATH": os.environ["PATH"],
        **ORDINARY,
        "PAPER_BOT_DATABASE__PATH": str(folder / "papers.db"),
        "PAPER_BOT_LOG__LEVEL": "DEBUG",  # for `ticks`
        "PAPER_BOT_SCHEDULE__TICK_S": "0.2",
        "PAPER_BOT_BACKUP__EVERY_H": "0",  # else each start makes one, and tries it in a process
        "PAPER_BOT_ARXIV__REQUEST_SPACING_S": "0",
        "PAPER_BOT_INTAKE__POLL_START": "00:00",
        "PAPER_BOT_INTAKE__REVISIT": "false",  # it depends on the time of day
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
    """A running bot; ``log`` is what it wrote to stderr so far.

    ``begun`` is its process, ``ending`` gives the exit code.
    """

    def __init__(self, begun: int, log: asyncio.StreamReader, ending: Awaitable[int]) -> None:
        self.pid = begun
        self._lines: list[str] = []
        self._reader = asyncio.create_task(self._read(log))
        self._ending = asyncio.ensure_future(ending)

    async def _read(self, log: asyncio.StreamReader) -> None:
        async for line in log:
            self._lines.append(line.decode())

    @property
    def log(self) -> str:
        return "".join(self._lines)

    @property
    def has_ended(self) -> bool:
        return self._ending.done()

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
        enough = self.ticked() + count
        await until(lambda: self.ticked() >= enough or self.has_ended, lambda: self.log)
        assert not self.has_ended, self.log

    def ticked(self) -> int:
        """Return how many ticks have ended."""
        return sum(map(self.log.count, TICKED))

    async def wait(self) -> int:
        """Wait for the end and return the exit code."""
        async with asyncio.timeout(HUNG_S):
            code = await asyncio.shield(self._ending)
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
    environ: Mapping[str, str],
    *arguments: str,
    cwd: Path | None = None,
    is_python_started: bool = False,
) -> AsyncIterator[BotProcess]:
    """Run `python -m bot run` (or other arguments); what still runs at the end is killed.

    Python is started for it where the environment or the test wants that; else it is forked from a
    process that has imported the program already.
    """
    begin = _forked if forking.fits(environ) and not is_python_started else _started
    folder = cwd or Path(environ["PAPER_BOT_DATABASE__PATH"]).parent
    bot = await begin(environ, arguments or ("run",), folder)
    try:
        yield bot
    finally:
        if not bot.has_ended:
            await bot.kill()


async def _forked(environ: Mapping[str, str], arguments: Sequence[str], folder: Path) -> BotProcess:
    read, write = os.pipe()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        pid, ended = await asyncio.to_thread(
            forking.begin, environ, arguments, folder, out=nowhere, err=write
        )
    finally:
        os.close(nowhere)
        os.close(write)
    return BotProcess(pid, await _reading(os.fdopen(read, "rb")), _code(await _reading(ended)))


async def _reading(pipe: IO[bytes]) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), pipe
    )
    return reader


async def _code(ended: asyncio.StreamReader) -> int:
    return int(await ended.read())  # to its end, which closes it


async def _started(
    environ: Mapping[str, str], arguments: Sequence[str], folder: Path
) -> BotProcess:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        program(environ),
        *arguments,
        env=dict(environ),
        cwd=folder,
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
    )
    assert process.stderr is not None
    return BotProcess(process.pid, process.stderr, process.wait())
