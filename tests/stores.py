"""Stores of tests: a new one is a copy of one that was made before, as making one takes long."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.store import store as real
from bot.store.sqlite import database as files
from bot.store.sqlite.executor import Database
from bot.store.store import Store

_made: list[bytes] = []


@asynccontextmanager
async def open_store(path: Path) -> AsyncIterator[Store]:
    """Open a store as the bot does, with its own file of that path."""
    await lay_out(path)
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
    if not _made:
        with tempfile.TemporaryDirectory() as folder:
            template = Path(folder) / "template.db"
            async with files.open_database(template):
                pass
            _made.append(template.read_bytes())
    if not path.exists():
        path.write_bytes(_made[0])
