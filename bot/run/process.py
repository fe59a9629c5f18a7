"""The life of the bot's process: start, supervision, a clean end.

Whatever ends first ends the rest: a signal, the Discord client, the delivery. In the end the
ticker finishes its tick, delivery finishes the post in flight, then clients and database close.
"""

import asyncio
import contextlib
import logging
import shlex
import sys
import time
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import IO

import aiohttp
import discord

from bot.config.schema import Config
from bot.delivery.worker import DeliverySettings
from bot.errors import ConfigError, ConfigProblem, StoreError, TokenRefused
from bot.models import Clock
from bot.run.app import App, open_app, utc_now
from bot.run.client import why_unreached
from bot.run.health import Health, find_disk_problem, serve_health
from bot.run.housekeeping import count_damage, tidy
from bot.run.memory import Sweeps, give_memory_back, share_heaps
from bot.run.metrics import Moment, render_metrics
from bot.run.standing import Standing, find_standstills, read_movement, read_standing
from bot.run.starting import Front
from bot.run.stopping import stopping_on_signals, until
from bot.run.ticker import ticking
from bot.run.watchdog import watching_loop
from bot.store.backup.backup import note_boot
from bot.store.backup.copies import find_exposed, size_of
from bot.store.sqlite.database import SWITCH_INTERVAL_S, instance_lock, keep_lock
from bot.store.sqlite.maintenance import check_pages, repair_indexes
from bot.store.store import Store
from bot.topics.missed import report_missed

log = logging.getLogger(__name__)

INDEX_CHECK_PAPERS = 60_000
"""Up to here comparing the search indexes takes some two seconds; a larger archive's are compared
when its backup is tried, and by `check`."""
CHECKED_FIRST_BYTES = 256 * 1024 * 1024
"""Up to here a database is read whole before the bot starts, in a second; a larger one after."""

HOUSEKEEPING_EVERY_S = 3600.0
GRACE_S = 30.0
"""How long a post in flight may take after a signal."""
HEARTBEAT_S = 5.0
FILES_EVERY_S = 1.0
"""How often the database's files are looked at, besides before each write."""
CLOCK_STEP_S = 30.0
"""By how much the wall clock may drift between two heartbeats before that is told."""
LONGEST_PAUSE_S = 60.0

AUTHENTICATION_FAILED = 4004
SHARDS_REFUSED = (4010, 4011)
INTENTS_REFUSED = (4013, 4014)

REFUSED = (
    "Discord refuses the token; set DISCORD_TOKEN to the one shown in the developer portal "
    "under Bot (Reset Token makes a new one)."
)


async def run_bot(
    config: Config, token: str, *, is_adopting: bool = False, now: Clock = utc_now
) -> None:
    """Run until a signal. Raises `TokenRefused`, `AlreadyRunning` or `DatabaseUnusable`.

    ``is_adopting`` says that another host may have posted since: the channels tell what. Without
    it that raises `TakenOver`.
    """
    share_heaps()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    async with stopping_on_signals() as stopped:
        with instance_lock(config.database.path) as lock:
            _tell_exposed(config)
            front = Front()
            async with _serving(config, front), contextlib.AsyncExitStack() as stack:
                opening = stack.enter_async_context(open_app(config, now=now, starting=front.note))
                opened = asyncio.ensure_future(opening)  # an update of the database takes its time
                if await until(stopped, opened):
                    app = opened.result()
                    if await until(stopped, _check_database(app.store)):
                        await _notice_copy(app.store, lock, is_adopting, now())
                        await _Process(app, lock).run(token, stopped, front)
        log.info("stopped")


def _serving(config: Config, front: Front) -> contextlib.AbstractAsyncContextManager[None]:
    folder = config.database.path.absolute().parent
    reserve = DeliverySettings().min_free_bytes
    return serve_health(
        config.health,
        front.health,
        lambda: find_disk_problem(folder, reserve),
        obstacles=front.find_obstacles,
        metrics=front.render_metrics,
    )


def _tell_exposed(config: Config) -> None:
    """Tell of files that others can read. Before the database is open: this opens files, too."""
    if files := find_exposed(config.database.path, config.backup_folder):
        log.warning(
            "others on this machine can read what people searched for; run: chmod 600 %s",
            shlex.join(map(str, files)),
        )


async def _check_database(store: Store) -> None:
    """Refuse a damaged database, repair its indexes: as far as that takes no time."""
    if _is_checked_first(store):
        await check_pages(store.database)
    if await store.papers.has_more_than(INDEX_CHECK_PAPERS):
        log.info("search indexes not compared: the command check does it")
        return
    for name in await repair_indexes(store.database):
        log.warning("search index rebuilt: it was out of step", extra={"index": name})


async def _check_pages_later(store: Store) -> None:
    """Read a large database once it is in use; raises `DatabaseDamaged`, else never ends."""
    if not _is_checked_first(store):
        begun = time.monotonic()
        await check_pages(store.database)
        log.info("database read whole", extra={"seconds": round(time.monotonic() - begun, 1)})
    await asyncio.Event().wait()


def _is_checked_first(store: Store) -> bool:
    return size_of(store.database.path) <= CHECKED_FIRST_BYTES


async def _notice_copy(store: Store, lock: IO[str], is_adopting: bool, now: datetime) -> None:
    """Notice a database that was restored. Not to be cancelled: file and database agree after."""
    if not await note_boot(store.database, lock, now, is_behind=is_adopting):
        return
    if is_adopting:
        log.warning("comparing the database with the channels first, as --adopt says")
    else:
        log.warning(
            "database older than when the bot last ran, restored from a copy or without the log "
            "that was beside it: comparing it with the channels first"
        )


class _Process:
    """The running parts, and the signs of life that the health pages show."""

    def __init__(self, app: App, lock: IO[str]) -> None:
        self.app = app
        self.lock = lock
        self._now = app.pipeline.now
        self.heart_beat_at_s = self.ticked_at_s = time.monotonic()
        self.ticks = self.planned = self.edits_planned = self.damaged = 0
        self._sweeps = Sweeps(self.heart_beat_at_s)

    async def run(self, token: str, stopped: asyncio.Event, front: Front) -> None:
        """Work until ``stopped``, then let the post in flight finish."""
        async with watching_loop(), self._alive():
            front.work = self
            try:
                if await until(stopped, self._log_in(token), self._watch_files()):
                    await self._work(stopped)
            finally:
                await self.app.delivery.stop(GRACE_S)
                await self.app.bot.close()
                with contextlib.suppress(StoreError):
                    await self.app.leaving.write_down()
                front.work = None  # the pages outlive the store

    async def _work(self, stopped: asyncio.Event) -> None:
        """Tick, deliver and stay connected until the first of them ends."""
        async with contextlib.AsyncExitStack() as stack:
            for work in self._tickers():
                await stack.enter_async_context(work)
            await until(
                stopped,
                self._connect(),
                self.app.delivery.run(),
                self._watch_files(),
                _check_pages_later(self.app.store),
            )

    async def _watch_files(self) -> None:
        """Look after the open files; raises `DatabaseUnusable` when they are not there any more."""
        path = self.app.config.database.path
        while True:
            await asyncio.to_thread(self.app.store.database.watch.check)
            if await asyncio.to_thread(keep_lock, self.lock, path):
                log.warning("lock file deleted while the bot runs: made again")
            await asyncio.sleep(FILES_EVERY_S)

    def _tickers(self) -> Iterator[contextlib.AbstractAsyncContextManager[None]]:
        tick_s = self.app.config.schedule.tick_s
        if self.app.enrichment is not None:  # no digest waits for late links
            yield ticking(self.app.enrichment.look, every_s=tick_s)
        if self.app.revisit is not None:
            yield ticking(self.app.revisit.look, every_s=tick_s)
        if self.app.backups is not None:
            yield ticking(self.app.backups.look, every_s=HOUSEKEEPING_EVERY_S, grace_s=0)
        yield ticking(self._look_for_leavers, every_s=tick_s)
        yield ticking(self._tidy, every_s=HOUSEKEEPING_EVERY_S, grace_s=0)
        yield ticking(self._tick, every_s=tick_s)

    async def _tick(self) -> None:
        self.planned += await self.app.pipeline.tick(self._move)
        self.ticks += 1
        self._move()
        self.edits_planned += await self.app.amendments.plan()
        self.app.delivery.wake()
        if self.app.takeover.is_passed:  # else another host may tell people the same
            await self.app.caretaker.look_around(self._move)
            if self.app.sender.is_ready():
                await report_missed(self.app.store, self.app.sender, now=self._now())
        self._sweep()
        log.debug("tick ended", extra={"number": self.ticks})

    def _sweep(self) -> None:
        """Look for garbage where that is due, once all servers are known."""
        has_come = self.app.bot.is_ready()
        if objects := self._sweeps.sweep(time.monotonic(), has_come=has_come):
            log.debug("garbage looked for", extra={"objects_that_stay": objects})

    async def _tidy(self) -> None:
        await tidy(self.app.store, self.app.sender.guild_ids, now=self._now())
        self.damaged = await count_damage(self.app.store, now=self._now())
        await asyncio.to_thread(give_memory_back)

    async def _look_for_leavers(self) -> None:
        if self.app.takeover.is_passed:  # else this file may be an old one
            await self.app.leaving.look()
        else:
            await self.app.leaving.write_down()

    async def _log_in(self, token: str) -> None:
        """Log in; an outage of Discord is waited out here, not by being restarted."""
        async for pause_s in growing_pauses():
            self._move()  # waiting for Discord is not hanging
            try:
                await self.app.bot.login(token)
            except discord.LoginFailure as error:
                raise TokenRefused(REFUSED) from error
            except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
                log.warning(
                    "Discord not reached, again in %.0f s: %s", pause_s, why_unreached(error)
                )
                continue
            return

    async def _connect(self) -> None:
        """Stay connected; discord.py resumes and reconnects by itself."""
        try:
            await self.app.bot.connect(reconnect=True)
        except discord.ConnectionClosed as error:
            if error.code == AUTHENTICATION_FAILED:
                raise TokenRefused(REFUSED) from error
            if error.code in SHARDS_REFUSED:
                raise _shards_refused(self.app.config.discord.shards) from error
            if error.code in INTENTS_REFUSED:
                raise _intents_refused() from error
            raise
        except discord.PrivilegedIntentsRequired as error:
            raise _intents_refused() from error
        except discord.HTTPException as error:
            if error.status == 401:
                raise TokenRefused(REFUSED) from error
            raise

    # -- signs of life -----------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def _alive(self) -> AsyncIterator[None]:
        heart = asyncio.create_task(self._beat())
        try:
            yield
        finally:
            heart.cancel()

    async def _beat(self) -> None:
        ahead_s = time.time() - time.monotonic()
        while True:
            self.heart_beat_at_s = time.monotonic()
            before_s, ahead_s = ahead_s, time.time() - time.monotonic()
            if abs(by_s := ahead_s - before_s) >= CLOCK_STEP_S:
                log.warning("the clock was set, or the machine slept", extra={"by_s": round(by_s)})
            self._sweeps.pass_over()
            await asyncio.sleep(HEARTBEAT_S)
            self.app.metrics.note_lag(time.monotonic() - self.heart_beat_at_s - HEARTBEAT_S)

    def _move(self) -> None:
        """Note that the ticker got somewhere."""
        self.ticked_at_s = time.monotonic()

    def health(self) -> Health:
        now_s, bot = time.monotonic(), self.app.bot
        shards, lost = bot.shard_count or 1, bot.lost_shards
        return Health(
            heartbeat_age_s=now_s - self.heart_beat_at_s,
            tick_age_s=now_s - self.ticked_at_s,
            is_connected=bot.is_ready() and not lost,
            shards=shards,
            lost_shards=lost,
            counters={
                "ticks": self.ticks,
                "messages_planned": self.planned,
                "edits_planned": self.edits_planned,
                "edits_made": self.app.editor.made,
                "edits_failed": self.app.editor.failed,
                "papers_revisited": self.app.revisit.asked if self.app.revisit else 0,
                "papers_changed": self.app.revisit.changed if self.app.revisit else 0,
                "listings_missed": self.app.pipeline.intake.missed,
                "listings_differing": self.app.pipeline.intake.differing,
                "plans_failed": self.app.pipeline.failed,
                "people_asked_about": self.app.leaving.asked,
                "people_forgotten": self.app.leaving.forgotten,
            },
            gauges={
                "digests_defective": self.app.caretaker.defective,
                "rows_damaged": self.damaged,
                "guilds": len(bot.guilds),
                "shards": shards,
                "shards_connected": shards - len(lost),
            },
        )

    async def find_obstacles(self) -> list[str]:
        try:
            moved = await read_movement(self.app.store, self._now())
            return find_standstills(moved, self._now())
        except StoreError as error:
            return [str(error)]

    async def render_metrics(self) -> bytes:
        problem = await asyncio.to_thread(self._check_disk)
        try:
            standing = await self._standing()
        except StoreError:
            standing = None
        return render_metrics(
            self.app.metrics,
            Moment(health=self.health(), disk_problem=problem, standing=standing),
        )

    async def _standing(self) -> Standing:
        return await read_standing(self.app.config, self.app.pipeline, self._now())

    def _check_disk(self) -> str:
        folder = self.app.config.database.path.absolute().parent
        return find_disk_problem(folder, self.app.delivery.settings.min_free_bytes)


def _shards_refused(shards: int) -> ConfigError:
    return ConfigError(
        [
            ConfigProblem(
                key="discord.shards",
                value=str(shards),
                allowed="is too few for Discord, which gives a shard 2,500 servers at most; "
                "0 takes as many as it recommends",
            )
        ]
    )


def _intents_refused() -> ConfigError:
    return ConfigError(
        [
            ConfigProblem(
                key="intents",
                value="guilds",
                allowed="Discord refused the bot's intents; it needs no privileged ones",
            )
        ]
    )


async def growing_pauses() -> AsyncIterator[float]:
    """Yield the next pause in seconds before each try, and keep it when the try came back."""
    pause_s = 1.0
    while True:
        yield pause_s
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
