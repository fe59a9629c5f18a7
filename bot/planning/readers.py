"""Which digests of single people are due: those of channels, but thousands of them. Pure.

Most are decided, or have nothing to tell, so each of these must cost next to nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import groupby

from bot.digest.decided import as_decided, settings_text
from bot.digest.models import Cadence, Subscription
from bot.planning.announced import AnnouncedDay
from bot.planning.due import Decided, Listings, is_done, last_growth, list_due_dates
from bot.store.digests import DigestRecord


def resolve(digests: Sequence[Subscription], watched: Sequence[str]) -> list[Subscription]:
    """Let digests without categories look through all that are ``watched``."""
    every = tuple(watched)
    return [each if each.categories else replace(each, categories=every) for each in digests]


def find_due(
    digests: Sequence[Subscription],
    cadence: Cadence,
    listings: Listings,
    decided: Decided,
    *,
    now: datetime,
) -> Mapping[date, list[Subscription]]:
    """Find by date which digests are due, each with the categories that its date has for it.

    Those with the same categories are beside each other: these are brought together only once.
    """
    grown = last_growth(listings)
    due: dict[date, list[Subscription]] = {}
    for each in digests:
        if cadence is Cadence.DAY and is_done(each, grown, decided):
            continue
        for day, followed in list_due_dates(each, cadence, listings, decided, now=now):
            due.setdefault(day, []).append(followed)
    return {day: sorted(found, key=lambda each: each.categories) for day, found in due.items()}


def with_settings(
    digests: Sequence[Subscription], day: date, decided: Decided
) -> list[Subscription]:
    """Return digests as they were when that of ``day`` was decided, where it was."""
    records = [decided.get((each.channel_id, day)) for each in digests]
    return [
        as_decided(each, record.settings if record else None)
        for each, record in zip(digests, records, strict=True)
    ]


def divide(
    announced: AnnouncedDay, digests: Sequence[Subscription]
) -> tuple[list[Subscription], list[DigestRecord]]:
    """Tell the digests that have something to say from those that are only to be noted."""
    telling: list[Subscription] = []
    quiet: list[DigestRecord] = []
    for _, group in groupby(digests, key=lambda each: (each.categories, each.announce_types)):
        alike = list(group)
        telling += [each for each in alike if not announced.is_quiet_for(each)]
        noted = [each for each in alike if announced.is_quiet_for(each)]
        papers = announced.count(noted[0]) if noted else 0
        quiet += [_record_quiet(announced, each, papers) for each in noted]
    return telling, quiet


def _record_quiet(announced: AnnouncedDay, digest: Subscription, papers: int) -> DigestRecord:
    return DigestRecord(
        channel_id=digest.channel_id,
        announced_on=announced.day,
        decided_at=announced.read_at,
        announced=papers,
        matching=0,
        planned=0,
        settings=settings_text(digest),
        cadence=announced.cadence,
    )
