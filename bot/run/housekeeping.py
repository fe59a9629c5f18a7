"""Housekeeping that no user waits for: copies of the database, and forgetting what is too old.

Each step is short, and can be repeated.
"""

import asyncio
import logging
import shutil
import sys
import time
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from bot.arxiv.calendar import announcement_day
from bot.config.schema import BackupConfig
from bot.delivery.amend import LIVES
from bot.errors import StoreError
from bot.models import Clock
from bot.store.backup import copies
from bot.store.backup.backup import copy_database
from bot.store.damage import count_damaged
from bot.store.facts import Facts
from bot.store.store import Store

log = logging.getLogger(__name__)

KEPT_FOR: Final = timedelta(days=30)
"""A guild that invites the bot again within this time finds its digests as they were."""

UPDATES_KEPT_FOR: Final = 2 * LIVES
"""A message that is edited may have updates as old as itself."""

BODIES_KEPT_FOR: Final = LIVES + timedelta(days=1)
"""Bodies are there for edits; a clock may go back by some hours."""

UNUSED_KEPT_FOR: Final = timedelta(days=1)
"""Who was asked whether to follow something broad may answer within this time."""

LOOKED_AT: Final = timedelta(days=14)
"""How far back papers are looked at for damage: older ones are posted nowhere."""

RENEWED_A_LINE: Final = 50_000
"""Papers; a minute or less."""

PROVEN_EVERY: Final = timedelta(days=7)
PROVEN: Final = "backup.proven"
"""The fact that tells when a backup was last found good."""

Prover = Callable[[Path], Awaitable[None]]
"""Tries a backup; raises `StoreError` with a sentence when it is not good."""

GuildIds = Callable[[], Collection[int] | None]
"""The guilds the bot is in; None while it does not know them."""


async def tidy(store: Store, guild_ids: GuildIds, *, now: datetime) -> None:
    """Forget old searches, bodies and departed guilds, and keep the search index compact."""
    await store.recent.forget(now)
    await store.edits.forget((now - UPDATES_KEPT_FOR).date())
    await store.old_bodies.drop(now - BODIES_KEPT_FOR, now)
    await store.once.forget(announcement_day(now - KEPT_FOR))
    await store.subscriptions.roster.forget_gone()
    await store.follows.forget_unused(now - UNUSED_KEPT_FOR)
    if await store.search.renew(_Renewing()):
        log.info("search indexes renewed")
    await store.search.tidy()
    await forget_departed(store, guild_ids, now=now)


async def count_damage(store: Store, *, now: datetime) -> int:
    """Count the rows that were damaged, and log them."""
    found = await count_damaged(store.database, announcement_day(now - LOOKED_AT))
    if found:
        log.warning("rows of the database are damaged", extra=found)
    return sum(found.values())


class _Renewing:
    """Logs now and then how far the search indexes of an older file are renewed."""

    def __init__(self) -> None:
        self._next = 0

    def __call__(self, done: int, total: int) -> None:
        if done >= self._next:
            self._next = done + RENEWED_A_LINE
            log.info("search indexes being renewed", extra={"papers": done, "of": total})


async def forget_departed(store: Store, guild_ids: GuildIds, *, now: datetime) -> int:
    """Note which guilds are gone, forget those gone for `KEPT_FOR`; returns how many it forgot.

    Concludes nothing while the bot does not know its guilds: before Discord has listed them, or
    while the connection is down.
    """
    present = guild_ids()
    if present is None:
        return 0
    if noticed := await store.departures.note(present, now):
        log.info("servers gone, kept for %d days", KEPT_FOR.days, extra={"guilds": noticed})
    departed = await store.departures.list_since(now - KEPT_FOR)
    for guild_id in departed:
        await store.departures.forget(guild_id)
        log.info("server forgotten", extra={"guild": guild_id})
    return len(departed)


class Backups:
    """Keeps a few copies of the database at ``path`` in ``folder``.

    `store.backup.copies` says when. Once a week the newest is tried. A copy that is being made when
    the bot stops is given up.
    """

    def __init__(
        self,
        path: Path,
        folder: Path,
        config: BackupConfig,
        *,
        facts: Facts,
        prove: Prover,
        now: Clock,
    ) -> None:
        self._path = path
        self._folder = folder
        self._config = config
        self._facts = facts
        self._prover = prove
        self._now = now
        self._is_failing = False
        self._bad: Path | None = None

    async def look(self) -> None:
        """Make a copy if one is due; a failure is logged once and tried again at the next look."""
        try:
            await self._look(self._now())
            await self._prove(self._now())
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
        await copy_database(self._path, target)
        took_s = round(time.monotonic() - begun, 1)
        log.info("backup made", extra={"file": target, "seconds": took_s})
        await asyncio.to_thread(self._drop_old, now)

    async def _prove(self, now: datetime) -> None:
        """Try the newest copy if none was tried for a week; one that is bad is not tried again."""
        proven_at = await self._facts.moment(PROVEN)
        made = await asyncio.to_thread(copies.list_copies, self._path, self._folder)
        is_proven = proven_at is not None and proven_at <= now < proven_at + PROVEN_EVERY
        if is_proven or not made or made[0].file == self._bad:
            return
        try:
            await self._prover(made[0].file)
        except StoreError as error:
            self._bad = made[0].file
            log.warning("backup not good, the next one is tried: %s", error)
            return
        await self._facts.set(PROVEN, now.isoformat(timespec="seconds"))
        log.info("backup tried and found good", extra={"file": made[0].file})

    def _is_due(self, now: datetime) -> bool:
        """Look into the folder; raises `StoreError` when a copy is due but has no room."""
        copies.make_folder(self._folder)
        for left in copies.list_temporary_files(self._path, self._folder):
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


async def prove_apart(file: Path) -> None:
    """Try a backup in another process: comparing its indexes would hold up this one.

    Raises `StoreError` with what it says; ends it when the caller is cancelled.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "verify-backup", file,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        _, told = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        raise StoreError(told.decode(errors="replace").strip())


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
