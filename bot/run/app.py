"""The composition root: opens the parts in order, gives each what it uses, closes in reverse.

Nothing else creates a store, a session or a client.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta

import aiohttp

from bot.arxiv.client import ArxivClient
from bot.config.schema import Config
from bot.errors import ArxivUnavailable
from bot.intake.ask import Clock, Intake, IntakeRules, ListingSource
from bot.intake.backfill import Backfill
from bot.intake.enrich import Enrichment
from bot.links.client import HuggingFaceClient
from bot.models import ArxivId, Listing, Paper
from bot.pipeline import Pipeline
from bot.store.store import Store, open_store


def utc_now() -> datetime:
    return datetime.now(UTC)


class NoSource:
    """A source of listings for programs that never ask arXiv."""

    async def fetch_listing(self, category: str) -> Listing:
        raise ArxivUnavailable("arXiv is not asked here.")

    async def fetch_catchup(self, category: str, day: date) -> Listing:
        raise ArxivUnavailable("arXiv is not asked here.")

    async def fetch_metadata(self, arxiv_ids: Sequence[ArxivId]) -> Sequence[Paper]:
        raise ArxivUnavailable("arXiv is not asked here.")


def intake_rules(config: Config) -> IntakeRules:
    return IntakeRules(
        categories=config.intake.categories,
        poll_start=config.intake.poll_start,
        poll_every=timedelta(minutes=config.intake.poll_every_min),
        catchup_window=timedelta(hours=config.schedule.catchup_window_h),
    )


def build_pipeline(
    store: Store, source: ListingSource, *, rules: IntakeRules, now: Clock = utc_now
) -> Pipeline:
    return Pipeline(store, Intake(store, source, now=now, rules=rules), now=now)


def offline_pipeline(store: Store, *, now: Clock = utc_now) -> Pipeline:
    """Build a pipeline that decides and plans, but never asks arXiv."""
    return build_pipeline(store, NoSource(), rules=IntakeRules(), now=now)


@asynccontextmanager
async def open_backfill(
    config: Config, *, report: Callable[[str], None], now: Clock = utc_now
) -> AsyncIterator[Backfill]:
    """Open the store and arXiv's client for a backfill; ``report`` gets lines for people."""
    async with open_store(config.database.path) as store, aiohttp.ClientSession() as session:
        yield Backfill(store, ArxivClient(session, config.arxiv), now=now, report=report)


@asynccontextmanager
async def open_pipeline(config: Config, *, now: Clock = utc_now) -> AsyncIterator[Pipeline]:
    """Open the store and arXiv's client.

    Raises `DatabaseUnusable` or `DatabaseBusy`.
    """
    async with open_store(config.database.path) as store, aiohttp.ClientSession() as session:
        source = ArxivClient(session, config.arxiv)
        yield build_pipeline(store, source, rules=intake_rules(config), now=now)


@asynccontextmanager
async def open_enrichment(
    config: Config, store: Store, *, now: Clock = utc_now
) -> AsyncIterator[Enrichment | None]:
    """Open Hugging Face's client; None where the settings do not ask for it."""
    if not config.huggingface.enabled:
        yield None
        return
    # A session of its own: a jar of cookies from there is no business of arXiv's.
    async with aiohttp.ClientSession() as session:
        yield Enrichment(store, HuggingFaceClient(session, config.huggingface.url), now=now)
