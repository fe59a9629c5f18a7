"""Forgets the guilds that threw the bot out, once they have had time to change their mind."""

import logging
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Final

from bot.store.store import Store

log = logging.getLogger(__name__)

KEPT_FOR: Final = timedelta(days=30)
"""A guild that invites the bot again within this time finds its digests as they were."""


async def forget_departed(
    store: Store, guild_ids: Callable[[], Collection[int] | None], *, now: datetime
) -> int:
    """Note who is gone, forget who has been for `KEPT_FOR`; returns how many were forgotten.

    Nothing is concluded while the bot does not know its guilds (None): before Discord has told
    them, or while the connection is down.
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
