"""The life of the bot's process: start, signals, supervision, a clean end.

Whatever ends first ends the rest: a signal, the Discord client, the delivery. In the end the
ticker finishes its tick, delivery finishes the post in flight, then clients and database close.
"""

import asyncio
import contextlib
import logging
import os
import shutil
import signal
from collections.abc import AsyncIterator, Awaitable
from datetime import timedelta
from typing import IO

import aiohttp
import discord

from bot.config.schema import Config
from bot.config.starters import load_starters
from bot.delivery.notices import Caretaker
from bot.delivery.reconcile import Reconciliation
from bot.delivery.sender import DiscordSender, http_trace
from bot.delivery.worker import Delivery, DeliverySettings
from bot.errors import ConfigError, ConfigProblem, TokenRefused
from bot.pipeline import Pipeline
from bot.run.app import open_enrichment, open_pipeline, utc_now
from bot.run.backups import Backups
from bot.run.client import PaperBot, use_stand_ins
from bot.run.departures import forget_departed
from bot.run.health import Health, serve_health
from bot.run.ticker import end_all, ticking
from bot.run.watchdog import watching_loop
from bot.store.backup.backup import note_boot
from bot.store.sqlite.database import instance_lock
from bot.store.sqlite.maintenance import check_pages, repair_indexes
from bot.store.store import Store

log = logging.getLogger(__name__)

INDEX_CHECK_PAPERS = 400_000
"""Up to here the check of the search index takes some ten seconds; `check` does it for more."""

TIDY_EVERY_S = 3600.0
BACKUP_LOOK_S = 3600.0
GRACE_S = 30.0
"""How long a post in flight may take after a signal."""
HEARTBEAT_S = 5.0
LONGEST_PAUSE_S = 60.0

AUTHENTICATION_FAILED = 4004
INTENTS_REFUSED = (4013, 4014)

REFUSED = (
    "Discord refuses the token; set DISCORD_TOKEN to the one shown in the developer portal "
    "under Bot (Reset Token makes a new one)."
)


async def run_bot(config: Config, token: str) -> None:
    """Run until a signal. Raises `TokenRefused`, `AlreadyRunning` or `DatabaseUnusable`."""
    use_stand_ins(config.discord.api_url, config.discord.gateway_url)
    async with stopping_on_signals() as stopped:
        with instance_lock(config.database.path) as lock:
            async with open_pipeline(config) as pipeline:
                if await until(stopped, _check_database(pipeline.store)):
                    await _notice_copy(pipeline.store, lock)
                    await _Process(config, pipeline).run(token, stopped)
        log.info("stopped")


async def _check_database(store: Store) -> None:
    """Refuse a damaged database, repair its indexes."""
    await check_pages(store.database)
    papers = await store.papers.count_papers()
    if papers > INDEX_CHECK_PAPERS:
        log.info("search indexes not compared: the command check does it", extra={"papers": papers})
        return
    for name in await repair_indexes(store.database):
        log.warning("search index rebuilt: it was out of step", extra={"index": name})


async def _notice_copy(store: Store, lock: IO[str]) -> None:
    """Notice a database that was put back. Not to be cancelled: file and database agree after."""
    if await note_boot(store.database, lock, utc_now()):
        log.warning("database put back from a copy: comparing it with the channels first")


class _Process:
    """The running parts, and the signs of life that the health pages show."""

    def __init__(self, config: Config, pipeline: Pipeline) -> None:
        self.config = config
        self.pipeline = pipeline
        self.sender = DiscordSender(now=utc_now)
        self.delivery = build_delivery(config, pipeline, self.sender)
        starters = load_starters(config.topics.starters)
        self.bot = PaperBot(pipeline, self.delivery, starters=starters, http_trace=http_trace())
        self.sender.use(self.bot)
        self.caretaker = Caretaker(pipeline.store, self.sender, now=utc_now)
        self.heartbeat_at = self.ticked_at = utc_now()
        self.ticks = self.planned = 0

    async def run(self, token: str, stopped: asyncio.Event) -> None:
        """Work until ``stopped``, then let the post in flight finish."""
        async with (
            watching_loop(),
            self._alive(),
            serve_health(self.config.health, self.health, utc_now),
        ):
            try:
                if await until(stopped, self._log_in(token)):
                    await self._work(stopped)
            finally:
                await self.delivery.stop(GRACE_S)
                await self.bot.close()

    async def _work(self, stopped: asyncio.Event) -> None:
        """Tick, deliver and stay connected until the first of them ends."""
        async with (
            enriching(self.config, self.pipeline.store),
            backing_up(self.config),
            ticking(self._tidy, every_s=TIDY_EVERY_S, grace_s=0),
            ticking(self._tick, every_s=self.config.schedule.tick_s),
        ):
            await until(stopped, self._connect(), self.delivery.run())

    async def _tick(self) -> None:
        self.planned += await self.pipeline.tick()
        self.ticks += 1
        self.ticked_at = utc_now()
        self.delivery.wake()
        await self.caretaker.look_around()

    async def _tidy(self) -> None:
        """Keep what nobody waits for in order; each step is short, and can be done again."""
        await self.pipeline.store.recent.forget(utc_now())
        await self.pipeline.store.search.tidy()
        await forget_departed(self.pipeline.store, self.sender.guild_ids, now=utc_now())

    async def _log_in(self, token: str) -> None:
        """Log in; an outage of Discord is waited out here, not by being restarted."""
        async for pause_s in growing_pauses():
            self.ticked_at = utc_now()  # whoever waits for Discord is not hung
            try:
                await self.bot.login(token)
            except discord.LoginFailure as error:
                raise TokenRefused(REFUSED) from error
            except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
                log.warning("Discord not reached, again in %.0f s: %s", pause_s, error)
                continue
            return

    async def _connect(self) -> None:
        """Stay connected; discord.py resumes and reconnects by itself."""
        try:
            await self.bot.connect(reconnect=True)
        except discord.ConnectionClosed as error:
            if error.code == AUTHENTICATION_FAILED:
                raise TokenRefused(REFUSED) from error
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
        async def beat() -> None:
            while True:
                self.heartbeat_at = utc_now()
                await asyncio.sleep(HEARTBEAT_S)

        heart = asyncio.create_task(beat())
        try:
            yield
        finally:
            heart.cancel()

    def health(self) -> Health:
        return Health(
            heartbeat_at=self.heartbeat_at,
            ticked_at=max(self.ticked_at, self.pipeline.progressed_at),
            is_connected=self.bot.is_ready(),
            is_writable=os.access(self.config.database.path, os.W_OK),
            counters={
                "ticks": self.ticks,
                "messages_planned": self.planned,
                "listings_missed": self.pipeline.intake.missed,
            },
        )


@contextlib.asynccontextmanager
async def backing_up(config: Config) -> AsyncIterator[None]:
    """Copy the database meanwhile, where the settings ask for it; at the end a copy is given up."""
    if config.backup.every_h == 0:
        yield
        return
    backups = Backups(config.database.path, config.backup_folder, config.backup, now=utc_now)
    async with ticking(backups.look, every_s=BACKUP_LOOK_S, grace_s=0):
        yield


@contextlib.asynccontextmanager
async def enriching(config: Config, store: Store) -> AsyncIterator[None]:
    """Look for late links meanwhile, where the settings ask for it; no digest waits for them."""
    async with open_enrichment(config, store) as enrichment:
        if enrichment is None:
            yield
            return
        async with ticking(enrichment.look, every_s=config.schedule.tick_s):
            yield


def build_delivery(config: Config, pipeline: Pipeline, sender: DiscordSender) -> Delivery:
    folder = config.database.path.absolute().parent
    reconciliation = Reconciliation(
        pipeline.store, sender, window=pipeline.intake.rules.catchup_window, now=utc_now
    )
    return Delivery(
        pipeline.store.outbox,
        sender,
        now=utc_now,
        settings=DeliverySettings(
            pace_per_s=config.delivery.pace_per_s,
            lanes=config.delivery.lanes,
            send_timeout_s=config.delivery.send_timeout_s,
            give_up_after=timedelta(hours=config.schedule.catchup_window_h),
        ),
        free_bytes=lambda: shutil.disk_usage(folder).free,
        is_ready=reconciliation.is_done,
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


async def until(stopped: asyncio.Event, *works: Awaitable[object]) -> bool:
    """Run all ``works`` until one ends or ``stopped`` is set; raise what ended it.

    True when a work ended by itself. The others are cancelled: none of them holds a request to
    Discord that must not be cancelled (delivery keeps its own).
    """
    stop = asyncio.create_task(stopped.wait())
    tasks = [asyncio.ensure_future(work) for work in works]
    done, pending = await asyncio.wait([stop, *tasks], return_when=asyncio.FIRST_COMPLETED)
    await end_all(pending)
    for task in tasks:
        if task in done:
            task.result()
    return stop not in done


@contextlib.asynccontextmanager
async def stopping_on_signals() -> AsyncIterator[asyncio.Event]:
    """Set the event on the first SIGTERM or SIGINT; a second one exits at once.

    Not by loop.add_signal_handler, which leaves a moment without any handler at its end.
    """
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    received: list[int] = []

    def stop() -> None:
        name = signal.Signals(received[0]).name
        log.info("stopping on %s; once more stops at once", name)
        stopped.set()

    def handle(number: int, _: object) -> None:
        if received:
            os._exit(128 + number)  # here and not in the loop, which may be blocked
        received.append(number)
        loop.call_soon_threadsafe(stop)

    before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
