"""A copy of the database before an update changes it: the way back, should there be need of one."""

import logging
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from bot.errors import StoreError
from bot.store.backup.backup import copy_into, progress_of
from bot.store.backup.copies import ROOM_BYTES, list_copies, make_folder, name_copy, size_of
from bot.store.sqlite.executor import is_busy
from bot.store.sqlite.files import make_private, part_of
from bot.store.sqlite.host import put_in_place
from bot.store.sqlite.updating import Updating

log = logging.getLogger(__name__)

CONTENT: Final = "SELECT EXISTS (SELECT 1 FROM paper) OR EXISTS (SELECT 1 FROM subscription)"


FRESH: Final = timedelta(hours=1)
"""How old a copy may be that spares another."""


def copying_first(
    path: Path, folder: Path | None, now: datetime, report: Callable[[str], None]
) -> Updating:
    """Return an update of the database at ``path`` that copies it into ``folder`` first, if any.

    ``report`` hears in a few words what is being done. A copy that cannot be made is a warning:
    each step of the update is whole or absent without it.
    """

    def before(connection: sqlite3.Connection) -> None:
        if folder is None or not all(connection.execute(CONTENT).fetchone()):
            return
        made = list_copies(path, folder)
        if made and now - FRESH < made[0].made_at <= now and _is_alike(connection, made[0].file):
            return  # an update that was interrupted, again and again even: one copy is enough
        report("copying the database before its update")
        try:
            log.info("backup made before an update", extra={"file": _copy(connection, folder)})
        except (OSError, StoreError, sqlite3.Error) as error:
            if is_busy(error):
                raise  # interrupted: the bot is to stop
            log.warning("no backup made before the update: %s", error)

    def _copy(connection: sqlite3.Connection, folder: Path) -> Path:
        make_folder(folder)
        free, needed = shutil.disk_usage(folder).free, size_of(path) + ROOM_BYTES
        if free < needed:
            raise StoreError(f"{folder} has {free:,} bytes free, and {needed:,} are needed")
        target = folder / name_copy(path, now)
        part = part_of(target)
        try:
            make_private(part)
            copy_into(connection, part)
            put_in_place(part, target)
        finally:
            part.unlink(missing_ok=True)
        return target

    return Updating(before=before, report=lambda percent: report(f"migrating, {percent} %"))


def _is_alike(connection: sqlite3.Connection, copy: Path) -> bool:
    """Whether a copy knows as much as the file."""
    try:
        with closing(sqlite3.connect(f"{copy.absolute().as_uri()}?mode=ro", uri=True)) as copied:
            return progress_of(copied) == progress_of(connection)
    except sqlite3.Error:
        return False
