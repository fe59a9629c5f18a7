"""Stores of tests: a new one is a copy of one that was made before, as making one takes long."""

import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from bot.store import store as real
from bot.store.sqlite import database as files
from bot.store.sqlite.executor import Database
from bot.store.store import Store

Fill = Callable[[Store], Awaitable[object]]

_made: dict[Fill | None, bytes] = {}


@asynccontextmanager
async def open_store(path: Path) -> AsyncIterator[Store]:
    """Open a store as the bot does, with its own file of that path."""
    await lay_out(path)
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
    await lay_out(path)
    async with files.open_database(path) as database:
        yield database


async def lay_out(path: Path) -> None:
    """Put an empty database at ``path`` if there is nothing, the same that the bot would make."""
    if None not in _made:
        with tempfile.TemporaryDirectory() as folder:
            template = Path(folder) / "template.db"
            async with real.open_store(template):
                pass
            _made[None] = template.read_bytes()
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_made[None])
        path.chmod(0o600)
