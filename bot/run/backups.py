"""Copies the database now and then while the bot runs; `store.backup.copies` says when."""

import asyncio
import logging
import shutil
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from bot.config.schema import BackupConfig
from bot.errors import StoreError
from bot.store.backup import copies

log = logging.getLogger(__name__)


class Backups:
    """Keeps a few copies of the database at ``path`` in ``folder``."""

    def __init__(
        self, path: Path, folder: Path, config: BackupConfig, *, now: Callable[[], datetime]
    ) -> None:
        self._path = path
        self._folder = folder
        self._config = config
        self._now = now
        self._is_failing = False

    async def look(self) -> None:
        """Make a copy if one is due; a failure is told once and tried again at the next look."""
        try:
            await self._look(self._now())
        except (StoreError, OSError) as error:
            if not self._is_failing:
                log.warning("no backup made, tried again every hour: %s", error)
            self._is_failing = True
        else:
            self._is_failing = False

    async def _look(self, now: datetime) -> None:
        if not await asyncio.to_thread(self._is_due, now):
            return
        begun = time.monotonic()
        target = self._folder / copies.name_copy(self._path, now)
        await copies.make_copy(self._path, target)
        took_s = round(time.monotonic() - begun, 1)
        log.info("backup made", extra={"file": target, "seconds": took_s})
        await asyncio.to_thread(self._drop_old, now)

    def _is_due(self, now: datetime) -> bool:
        """Look into the folder; raises `StoreError` when a copy is due but has no room."""
        copies.make_folder(self._folder)
        for left in copies.list_leavings(self._path, self._folder):
            left.unlink()
        made = copies.list_copies(self._path, self._folder)
        if not copies.is_due(made, timedelta(hours=self._config.every_h), now):
            return False
        if problem := find_problem(self._path, self._folder):
            raise StoreError(problem)
        return True

    def _drop_old(self, now: datetime) -> None:
        made = copies.list_copies(self._path, self._folder)
        for copy in copies.surplus(made, self._config.keep, now):
            copy.file.unlink()


def find_problem(path: Path, folder: Path) -> str:
    """Say why there is no room for a copy of the database; empty when there is."""
    size = copies.size_of(path)
    needed = copies.room_for(size)
    try:
        free = shutil.disk_usage(folder if folder.exists() else folder.parent).free
    except OSError as error:
        return f"{folder} cannot be used ({error.strerror})"
    if free >= needed:
        return ""
    return (
        f"the database has {_gb(size)}, and a copy of it is made where {_gb(needed)} are free; "
        f"{folder} has {_gb(free)}"
    )


def _gb(size: int) -> str:
    return f"{size / 1e9:,.2f} GB"
