"""The digests of single people: those of channels, but thousands of them. Pure.

Most have nothing to tell, so each of these must cost next to nothing.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import groupby

from bot.digest.decided import as_decided, settings_text
from bot.digest.models import Subscription
from bot.planning.announced import AnnouncedDay
from bot.planning.due import Decided
from bot.store.digests import DigestRecord


def resolve(digest: Subscription, watched: Sequence[str]) -> Subscription:
    """Let a digest without categories look through all that are ``watched``."""
    return digest if digest.categories else replace(digest, categories=tuple(watched))


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
