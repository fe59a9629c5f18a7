"""Stores of tests: a new one is a copy of one that was made before, as making one takes long."""

import asyncio
import functools
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

from bot.store import store as real
from bot.store.sqlite import database as files
from bot.store.sqlite.executor import Database
from bot.store.store import Store

Fill = Callable[[Store], Awaitable[object]]

_made: dict[Fill, bytes] = {}


@asynccontextmanager
async def open_store(path: Path) -> AsyncIterator[Store]:
    """Open a store as the bot does, with its own file of that path."""
    lay_out(path)
    async with real.open_store(path) as store:
        yield store


@asynccontextmanager
async def open_filled(path: Path, fill: Fill) -> AsyncIterator[Store]:
    """Open a new store that holds what ``fill`` puts into one, called once for all of them."""
    if fill not in _made:
        with tempfile.TemporaryDirectory() as folder:
            template = Path(folder) / "template.db"
            async with open_store(template) as store:
                await fill(store)
            _made[fill] = template.read_bytes()
    path.write_bytes(_made[fill])
    async with real.open_store(path) as store:
        yield store


@asynccontextmanager
async def open_database(path: Path) -> AsyncIterator[Database]:
    """Open only the database of such a store."""
    lay_out(path)
    async with files.open_database(path) as database:
        yield database


def lay_out(path: Path) -> Path:
    """Put an empty database at ``path`` if there is nothing, the same that the bot would make."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_empty())
        path.chmod(0o600)
    return path


@functools.cache
def _empty() -> bytes:
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as apart:
        template = Path(folder) / "template.db"
        apart.submit(lambda: asyncio.run(_make(template))).result()  # a loop may run here
        return template.read_bytes()


async def _make(path: Path) -> None:
    async with real.open_store(path):
        pass
