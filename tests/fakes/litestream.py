"""The real Litestream, which carries the database of a running bot to another place."""

import asyncio
import contextlib
import platform
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

PACKED = (
    Path(__file__).resolve().parent.parent
    / "node/node_modules/@flydotio/litestream-linux-x64/litestream"
)


def litestream_program() -> str | None:
    """Return the program, or None where there is none."""
    program = shutil.which("litestream")
    if program is None and PACKED.exists() and platform.machine() == "x86_64":
        program = str(PACKED)
    return program


def find_litestream() -> str:
    """Return the program; skips the test where there is none."""
    program = litestream_program()
    if program is None:
        pytest.skip("needs Litestream (make node brings it on Linux, x86-64)")
    return program


def _settings(database: Path, replica: Path, every_s: float) -> str:
    return (
        f"dbs:\n  - path: {database}\n    replicas:\n"
        f"      - type: file\n        path: {replica}\n        sync-interval: {every_s}s\n"
    )


class Replica:
    """A folder to which the file is carried, ``every_s`` seconds behind."""

    def __init__(self, folder: Path, *, every_s: float) -> None:
        self.program = find_litestream()
        self.folder = folder
        self.every_s = every_s

    @contextlib.asynccontextmanager
    async def carrying(self, database: Path) -> AsyncIterator[asyncio.subprocess.Process]:
        """Run beside the bot; it dies with the block as its machine does."""
        settings = self.folder.with_suffix(".yml")
        settings.write_text(_settings(database, self.folder, self.every_s))
        process = await asyncio.create_subprocess_exec(
            self.program, "replicate", "-config", settings,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGKILL)
            await process.wait()

    async def restore(self, target: Path) -> None:
        process = await asyncio.create_subprocess_exec(
            self.program, "restore", "-o", target, f"file://{self.folder}",
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        told, _ = await process.communicate()
        assert process.returncode == 0, told.decode()

    def is_there(self) -> bool:
        return any(self.folder.rglob("*.wal.lz4"))
