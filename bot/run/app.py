"""The composition root: builds the parts in order, gives each what it uses, closes in reverse.

Nothing else in the bot opens a store or a session or builds a client, the delivery or the bot: the
process, the demo, `check` and the command line get theirs here (held by tests/run/test_app.py).
"""

import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import discord
from discord.http import Route

from bot.arxiv.client import ArxivClient
from bot.config.schema import Config
from bot.config.starters import load_starters
from bot.delivery.amend import LIVES, Amendments
from bot.delivery.edge import DiscordSender
from bot.delivery.edits import Editor
from bot.delivery.notices import Caretaker
from bot.delivery.reconcile import Reconciliation
from bot.delivery.takeover import TakeoverCheck
from bot.delivery.trace import http_trace
from bot.delivery.worker import Delivery, DeliverySettings
from bot.errors import ArxivUnavailable, DatabaseUnusable
from bot.intake.ask import Intake, ListingSource
from bot.intake.backfill import Backfill
from bot.intake.enrich import Enrichment
from bot.intake.importing import Importer, Report
from bot.intake.revisit import Revisit
from bot.intake.schedule import IntakeRules
from bot.links.client import HuggingFaceClient
from bot.models import ArxivId, Clock, Listing, Paper
from bot.pipeline import Pipeline
from bot.run.client import PaperBot, use_stand_ins
from bot.run.housekeeping import Backups, prove_apart
from bot.run.leaving import Leaving
from bot.run.metrics import Metrics
from bot.store.backup.copies import refuse_lost
from bot.store.backup.update import copying_first
from bot.store.facts import Facts
from bot.store.store import Store, open_store


def utc_now() -> datetime:
    return datetime.now(UTC)


# -- the network ---------------------------------------------------------------------------------


def _open_session(
    config: Config, trace: aiohttp.TraceConfig | None = None
) -> aiohttp.ClientSession:
    proxy = config.network.proxy
    return aiohttp.ClientSession(
        proxy=proxy or None,
        trust_env=not proxy,  # looks up HTTPS_PROXY and NO_PROXY for each address
        trace_configs=[trace] if trace else None,
    )


@asynccontextmanager
async def open_visit(config: Config) -> AsyncIterator[aiohttp.ClientSession]:
    """Open a session for a few questions to whom the bot talks to, by the ways that it takes."""
    async with _open_session(config) as session:
        yield session


def proxy_for(config: Config, url: str) -> str | None:
    """Return the proxy through which an address is asked, as aiohttp finds it."""
    parts = urlsplit(url)
    if config.network.proxy:
        return config.network.proxy
    if proxy_bypass(parts.hostname or ""):
        return None
    return getproxies().get({"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme))


def _discord_proxy(config: Config) -> str | None:
    """Return the proxy to Discord: discord.py looks up no environment, and takes one for all."""
    return proxy_for(config, config.discord.api_url or Route.BASE)


# -- what asks arXiv and what does not -----------------------------------------------------------


class NoSource:
    """A source of listings for programs that never ask arXiv."""

    async def fetch_listing(self, category: str) -> Listing:
        raise ArxivUnavailable("arXiv is not asked here.")

    async def fetch_catchup(self, category: str, day: date) -> Listing:
        raise ArxivUnavailable("arXiv is not asked here.")

    async def fetch_estimate(self, category: str, day: date) -> Listing:
        raise ArxivUnavailable("arXiv is not asked here.")

    async def fetch_metadata(self, arxiv_ids: Sequence[ArxivId], day: date) -> Sequence[Paper]:
        raise ArxivUnavailable("arXiv is not asked here.")


def intake_rules(config: Config) -> IntakeRules:
    return IntakeRules(
        categories=config.intake.categories,
        poll_start=config.intake.poll_start,
        poll_every=timedelta(minutes=config.intake.poll_every_min),
        catchup_window=timedelta(hours=config.schedule.catchup_window_h),
        cross_check=config.intake.cross_check,
    )


def build_pipeline(
    store: Store, source: ListingSource, *, rules: IntakeRules, now: Clock = utc_now
) -> Pipeline:
    return Pipeline(store, Intake(store, source, now=now, rules=rules), now=now)


def offline_pipeline(store: Store, *, now: Clock = utc_now) -> Pipeline:
    """Build a pipeline that decides and plans, but never asks arXiv."""
    return build_pipeline(store, NoSource(), rules=IntakeRules(), now=now)


Starting = Callable[[str], None]
"""Hears in a few words what keeps the bot from being there yet."""


@asynccontextmanager
async def _open_store(config: Config, starting: Starting = lambda _: None) -> AsyncIterator[Store]:
    """Open the store, unless its database is gone while backups of it are there.

    A database of an earlier version is copied before it is updated, unless backups are off.
    """
    path, folder = config.database.path, config.backup_folder
    refuse_lost(path, folder)
    copies = folder if config.backup.every_h else None
    async with open_store(path, copying_first(path, copies, utc_now(), starting)) as store:
        yield store


@asynccontextmanager
async def open_offline(config: Config, *, now: Clock = utc_now) -> AsyncIterator[Pipeline]:
    """Open the store, and a pipeline over it that never asks arXiv; raises as `open_store`."""
    async with _open_store(config) as store:
        yield build_pipeline(store, NoSource(), rules=intake_rules(config), now=now)


@asynccontextmanager
async def open_pipeline(
    config: Config,
    *,
    now: Clock = utc_now,
    trace: aiohttp.TraceConfig | None = None,
    starting: Starting = lambda _: None,
) -> AsyncIterator[Pipeline]:
    """Open the store and arXiv's client; raises as `open_store`."""
    async with _open_store(config, starting) as store, _open_session(config, trace) as session:
        source = ArxivClient(session, config.arxiv, now=now)
        yield build_pipeline(store, source, rules=intake_rules(config), now=now)


# -- history -------------------------------------------------------------------------------------


@asynccontextmanager
async def open_importer(
    config: Config, *, report: Report, now: Clock = utc_now
) -> AsyncIterator[Importer]:
    """Open the store for an import of files; raises as `open_store`."""
    async with _open_store(config) as store:
        yield Importer(store, now=now(), report=report)


@asynccontextmanager
async def open_backfill(
    config: Config, *, report: Report, now: Clock = utc_now
) -> AsyncIterator[Backfill]:
    """Open the store and arXiv's client for a backfill; raises as `open_store`."""
    async with _open_store(config) as store, _open_session(config) as session:
        source = ArxivClient(session, config.arxiv, now=now)
        yield Backfill(store, source, now=now, report=report)


# -- the bot -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The parts of a bot; None where the settings do without."""

    config: Config
    pipeline: Pipeline
    sender: DiscordSender
    delivery: Delivery
    bot: PaperBot
    caretaker: Caretaker
    amendments: Amendments
    editor: Editor
    takeover: TakeoverCheck
    leaving: Leaving
    metrics: Metrics
    backups: Backups | None = None
    enrichment: Enrichment | None = None
    revisit: Revisit | None = None

    @property
    def store(self) -> Store:
        return self.pipeline.store


@asynccontextmanager
async def open_app(
    config: Config, *, now: Clock = utc_now, starting: Starting = lambda _: None
) -> AsyncIterator[App]:
    """Open everything that the running bot consists of; raises as `open_store`."""
    use_stand_ins(config.discord.api_url, config.discord.gateway_url)
    metrics = Metrics()
    asking_arxiv, asking_links = (
        metrics.watch(aiohttp.TraceConfig(), service) for service in ("arxiv", "huggingface")
    )
    async with (
        open_pipeline(config, now=now, trace=asking_arxiv, starting=starting) as pipeline,
        open_enrichment(config, pipeline.store, now=now, trace=asking_links) as enrichment,
    ):
        yield build_app(config, pipeline, enrichment=enrichment, metrics=metrics)


def build_app(
    config: Config,
    pipeline: Pipeline,
    *,
    enrichment: Enrichment | None = None,
    metrics: Metrics | None = None,
) -> App:
    """Build a bot over a pipeline, whose clock it shares; it is not connected to Discord yet."""
    store, now = pipeline.store, pipeline.now
    metrics = metrics or Metrics()
    sender = DiscordSender(now=now)
    editor = Editor(
        store.edits, sender, now=now, window=timedelta(seconds=config.delivery.nonce_window_s)
    )
    takeover = TakeoverCheck(store, sender)
    delivery = _build_delivery(config, pipeline, sender, editor, takeover, metrics)
    leaving = Leaving(store, sender, now=now)
    starters = load_starters(config.topics.starters)
    bot = PaperBot(
        pipeline,
        delivery,
        starters=starters,
        http_trace=metrics.watch(http_trace(), "discord"),
        meter=metrics,
        on_lost=takeover.look_again,
        on_used=leaving.see,
        proxy=_discord_proxy(config),
        shards=config.discord.shards,
    )
    sender.use(bot)
    return App(
        config=config,
        pipeline=pipeline,
        sender=sender,
        delivery=delivery,
        bot=bot,
        caretaker=Caretaker(store, sender, now=now),
        amendments=Amendments(store.edits, now=now),
        editor=editor,
        takeover=takeover,
        leaving=leaving,
        metrics=metrics,
        backups=_build_backups(config, store.facts, now),
        enrichment=enrichment,
        revisit=Revisit(store, pipeline.intake.arxiv, now=now, lives=LIVES)
        if config.intake.revisit
        else None,
    )


def _build_delivery(
    config: Config,
    pipeline: Pipeline,
    sender: DiscordSender,
    editor: Editor,
    takeover: TakeoverCheck,
    metrics: Metrics,
) -> Delivery:
    folder = config.database.path.absolute().parent
    reconciliation = Reconciliation(
        pipeline.store, sender, window=pipeline.intake.rules.catchup_window, now=pipeline.now
    )

    async def is_ready() -> bool:
        return await reconciliation.is_done() and await takeover.is_clear()

    return Delivery(
        pipeline.store.outbox,
        sender,
        now=pipeline.now,
        settings=DeliverySettings(
            pace_per_s=config.delivery.pace_per_s,
            lanes=config.delivery.lanes,
            send_timeout_s=config.delivery.send_timeout_s,
            nonce_window=timedelta(seconds=config.delivery.nonce_window_s),
            give_up_after=timedelta(hours=config.schedule.catchup_window_h),
        ),
        free_bytes=lambda: _free_bytes(folder),
        is_ready=is_ready,
        editor=editor,
        observe=metrics.note_message,
    )


def _free_bytes(folder: Path) -> int:
    """Return the space for the database; raises `DatabaseUnusable` when its folder is gone."""
    try:
        return shutil.disk_usage(folder).free
    except OSError as error:
        raise DatabaseUnusable(f"{folder} cannot be reached ({error.strerror}).") from error


def _build_backups(config: Config, facts: Facts, now: Clock) -> Backups | None:
    if config.backup.every_h == 0:
        return None
    return Backups(
        config.database.path,
        config.backup_folder,
        config.backup,
        facts=facts,
        prove=prove_apart,
        now=now,
    )


@asynccontextmanager
async def open_enrichment(
    config: Config,
    store: Store,
    *,
    now: Clock = utc_now,
    trace: aiohttp.TraceConfig | None = None,
) -> AsyncIterator[Enrichment | None]:
    """Open Hugging Face's client; None where the settings do not ask for it."""
    if not config.huggingface.enabled:
        yield None
        return
    # A session of its own: a jar of cookies from there is no business of arXiv's.
    async with _open_session(config, trace) as session:
        yield Enrichment(store, HuggingFaceClient(session, config.huggingface.url), now=now)


def build_visitor(config: Config) -> discord.Client:
    """Build a client that asks Discord a few questions and never connects to the gateway."""
    use_stand_ins(config.discord.api_url, config.discord.gateway_url)
    return discord.Client(intents=discord.Intents(guilds=True), proxy=_discord_proxy(config))
