"""How things stand: what of the database the host wants to see, and what stands still."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.config.schema import Config
from bot.delivery.notices import ASKED_WITHIN
from bot.models import IntakeStatus, ListingStatus, Outage
from bot.pipeline import Pipeline
from bot.run.housekeeping import PROVEN
from bot.store.backup.copies import list_copies
from bot.store.figures import Figures, Progress, read_figures, read_progress
from bot.store.store import Store
from bot.text.words import count_of, joined_first
from bot.ui.intake import say_intake_reason

STUCK_AFTER: Final = timedelta(minutes=10)
"""How long a due message may wait while none at all is posted."""
UNREAD_AFTER: Final = timedelta(days=1)
MOST_NAMED: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """What tells at one moment whether anything stands still."""

    progress: Progress
    outages: Sequence[Outage]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing(Movement):
    """What the database and the folder of backups tell at one moment."""

    figures: Figures
    listings: Sequence[ListingStatus]
    intake: Sequence[IntakeStatus]
    backup_made_at: datetime | None
    backup_proven_at: datetime | None


async def read_movement(store: Store, now: datetime) -> Movement:
    """Look at little: probes ask every few seconds. Raises as `read_standing`."""
    return Movement(
        progress=await read_progress(store.database, store.outbox, now),
        outages=await store.intake.list_outages(asked_since=now - ASKED_WITHIN),
    )


async def read_standing(config: Config, pipeline: Pipeline, now: datetime) -> Standing:
    """Look; raises `StoreError` when the database does not answer."""
    store = pipeline.store
    made = await asyncio.to_thread(list_copies, config.database.path, config.backup_folder)
    moved = await read_movement(store, now)
    return Standing(
        progress=moved.progress,
        outages=moved.outages,
        figures=await read_figures(store.database),
        listings=await store.papers.listing_statuses(),
        intake=[status for _, status in sorted((await pipeline.intake.statuses()).items())],
        backup_made_at=made[0].made_at if made else None,
        backup_proven_at=await store.facts.moment(PROVEN),
    )


def find_standstills(moved: Movement, now: datetime) -> list[str]:
    """Return what stands still though the process is alive, a sentence each."""
    return [*_find_stuck(moved.progress, now), *_find_unread(moved.outages, now)]


def _find_stuck(progress: Progress, now: datetime) -> list[str]:
    due = progress.due_since
    moved = max((each for each in (due, progress.sent_at) if each is not None), default=now)
    if due is None or now - moved < STUCK_AFTER:
        return []
    return [f"messages are due since {due:%Y-%m-%d %H:%M} UTC, and none has been posted since"]


def _find_unread(outages: Sequence[Outage], now: datetime) -> list[str]:
    unread = [each for each in outages if now - each.since >= UNREAD_AFTER]
    if not unread:
        return []
    names = joined_first([each.category for each in unread], MOST_NAMED)
    first = min(unread, key=lambda each: each.since)
    hours = int((now - first.since) / timedelta(hours=1))
    why = say_intake_reason(first.error)
    return [f"arXiv's listings of {names} unread for {count_of(hours, 'hour')} ({why})"]
