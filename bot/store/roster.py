"""Reads subscriptions: rows as values, and all of those of channels, kept in memory.

Every tick looks at all of them, and hundreds of thousands of rows take seconds. Triggers note in
`subscription_change` whose rows are written, by whatever process, so only these are read again.
"""

import asyncio
import contextlib
import sqlite3
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time
from functools import lru_cache
from typing import Final

from bot.arxiv.taxonomy import canonical_category, is_category
from bot.digest.models import (
    Cadence,
    Place,
    QuietDays,
    Setting,
    Subscription,
    SubscriptionState,
    Topic,
    Unreadable,
)
from bot.models import AnnounceType
from bot.store.sqlite.executor import Database
from bot.store.sqlite.reasons import parse_reason, reason_column
from bot.store.sqlite.statements import (
    Parameters,
    Row,
    change,
    json_array,
    read_moment,
    select_one,
    select_rows,
)

COLUMNS = (
    f"id, guild_id, channel_id, categories, announce_types, post_at, zone, style, "
    f"top, cards_up_to, place, cards_in_thread, ping_role, quiet_days, updates, cap, cadences, "
    f"weekday, week_began_at, state, "
    f"{reason_column('paused_because', 'paused_details')} AS paused_because, "
    f"created_at, starts_after, user_id"
)

OF_CHANNELS: Final = "user_id IS NULL"

TYPES = frozenset(each.value for each in AnnounceType)

FOLLOWED = (AnnounceType.NEW, AnnounceType.CROSS)
"""What a digest follows of which no type can be read; as one that is set up without saying."""

READ_AT_ONCE: Final = 2000
"""Subscriptions; so many take a twentieth of a second. A hundred thousand at once would take longer
than any read may."""

ALIKE: Final = 4096
"""Settings that most channels share are read once, and kept once: so many of them."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What was written after a number: up to which, what is there now, and what is gone.

    ``total`` is how many there are; ``is_all`` says that nothing was written later.
    """

    until: int
    found: list[Subscription]
    gone: set[int]
    total: int
    is_all: bool


class Roster:
    """The subscriptions of all channels, as they were when they were last asked for.

    What was not written since is the same object as before: so it can be told by `is`. That a
    digest was decided for it counts as written, too.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reading = asyncio.Lock()
        self._known: dict[int, Subscription] = {}
        self._until: int | None = None
        """The number of the last change that is known; None before anything was read."""

    async def list_all(self) -> list[Subscription]:
        """List them as they are now, oldest first."""
        async with self._reading:
            while True:
                until = await self._read_all() if self._until is None else self._until
                changes = await self._database.read(_read_changes, until, READ_AT_ONCE)
                self._apply(changes)
                if not changes.is_all:
                    continue
                if changes.total == len(self._known):
                    return list(self._known.values())
                self._until = None  # what says that some are gone was forgotten meanwhile

    async def _read_all(self) -> int:
        """Read all, some at a time; returns up to which change they certainly hold all."""
        until = await self._database.read(_last_change)
        known: dict[int, Subscription] = {}
        page: list[Subscription] | None = None
        while page is None or page:
            page = await self._database.read(
                list_rows,
                f"{OF_CHANNELS} AND id > :after",
                {"after": page[-1].id if page else 0},
                READ_AT_ONCE,
            )
            known |= {each.id: each for each in page}
        self._known = known
        return until

    def _apply(self, changes: Changes) -> None:
        is_longer = any(each.id not in self._known for each in changes.found)
        self._known |= {each.id: each for each in changes.found}
        for each in changes.gone:
            self._known.pop(each, None)
        if is_longer:
            self._known = dict(sorted(self._known.items()))
        self._until = changes.until

    async def forget_gone(self) -> int:
        """Forget that subscriptions were removed; returns how many."""
        return await self._database.write(
            change,
            "DELETE FROM subscription_change WHERE NOT EXISTS "
            "(SELECT 1 FROM subscription WHERE id = subscription_id)",
            {},
        )


def _last_change(connection: sqlite3.Connection) -> int:
    sql = "SELECT coalesce(max(number), 0) FROM subscription_change"
    return select_one(connection, int, sql, {}) or 0


def _read_changes(connection: sqlite3.Connection, after: int, limit: int) -> Changes:
    rows = select_rows(
        connection,
        "SELECT number, subscription_id FROM subscription_change WHERE number > :after "
        "ORDER BY number LIMIT :limit",
        {"after": after, "limit": limit},
    )
    ids = [subscription_id for _, subscription_id in rows]
    where = f"{OF_CHANNELS} AND id IN (SELECT value FROM json_each(:ids))"
    found = list_rows(connection, where, {"ids": json_array(ids)}) if ids else []
    ((total,),) = select_rows(
        connection,
        "SELECT (SELECT count(*) FROM subscription) "
        "- (SELECT count(*) FROM subscription WHERE user_id IS NOT NULL)",
        {},
    )
    return Changes(
        until=rows[-1][0] if rows else after,
        found=found,
        gone=set(ids) - {each.id for each in found},
        total=total,
        is_all=len(rows) < limit,
    )


def list_rows(
    connection: sqlite3.Connection, where: str, parameters: Parameters, limit: int = -1
) -> list[Subscription]:
    """List the subscriptions that ``where`` names, with their topics, oldest first."""
    rows = select_rows(
        connection,
        f"SELECT {COLUMNS} FROM subscription WHERE {where} ORDER BY id LIMIT {limit}",
        parameters,
    )
    ids = [row[0] for row in rows]
    topics, begins = list_topics(connection, ids), _begins(connection, ids)
    return [read_row(row, topics.get(row[0], ()), begins.get(row[0], ())) for row in rows]


def read_row(
    row: Row, topics: Iterable[Topic] = (), begins: Iterable[tuple[str, date]] = ()
) -> Subscription:
    """Read a row, also one of which a part is damaged or of another version."""
    (id_, guild_id, channel_id, categories, announce_types, post_at, zone, style, top,
     cards_up_to, place, cards_in_thread, ping_role, quiet_days, updates, cap, cadences,
     weekday, week_began_at, state, paused_because, created_at, starts_after,
     user_id) = row  # fmt: skip
    known, other_categories = _known_categories(categories)
    types, other_types = _known_types(announce_types)
    at, began = _read_time(post_at), read_moment(created_at)
    unreadable = [
        *((Setting.CATEGORIES, each) for each in other_categories),
        *((Setting.TYPES, each) for each in other_types),
        *([(Setting.TIME, post_at)] if post_at is not None and at is None else []),
        *([(Setting.BEGIN, created_at)] if began is None else []),
    ]
    return Subscription(
        id=id_,
        guild_id=guild_id,
        channel_id=channel_id,
        categories=known,
        announce_types=types if types or not other_types else FOLLOWED,
        topics=tuple(topics),
        post_at=at,
        zone=sys.intern(zone),
        style=sys.intern(style),
        top=top,
        cards_up_to=cards_up_to,
        place=Place(place) if user_id is None else Place.DM,
        cards_in_thread=bool(cards_in_thread),
        ping_role=ping_role,
        quiet_days=QuietDays(quiet_days),
        updates=bool(updates),
        cap=cap,
        cadences=_known_cadences(cadences),
        weekday=weekday,
        week_began_at=read_moment(week_began_at) if week_began_at else None,
        state=SubscriptionState(state),
        paused_because=parse_reason(paused_because) if paused_because is not None else None,
        created_at=began,
        starts_after=starts_after,
        begins=tuple(begins),
        unreadable=tuple(Unreadable(setting=name, text=text) for name, text in unreadable),
        user_id=user_id,
    )


@lru_cache(ALIKE)
def _known_categories(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the categories that arXiv has, under their names of today, and what is none."""
    names = text.split()
    known = dict.fromkeys(canonical_category(name) for name in names if is_category(name))
    return tuple(known), tuple(name for name in names if not is_category(name))


@lru_cache(ALIKE)
def _known_types(text: str) -> tuple[tuple[AnnounceType, ...], tuple[str, ...]]:
    names = text.split()
    known = tuple(AnnounceType(name) for name in names if name in TYPES)
    return known, tuple(name for name in names if name not in TYPES)


@lru_cache(ALIKE)
def _known_cadences(text: str) -> tuple[Cadence, ...]:
    return tuple(each for each in Cadence if each in text.split())


@lru_cache(ALIKE)
def _read_time(text: str | None) -> time | None:
    """Read a time of day; None where there is none, or none that can be read."""
    try:
        at = time.fromisoformat(text) if text is not None else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is None else None


def _begins(
    connection: sqlite3.Connection, subscription_ids: Iterable[int]
) -> dict[int, list[tuple[str, date]]]:
    begins: dict[int, list[tuple[str, date]]] = {}
    for subscription_id, category, text in select_rows(
        connection,
        "SELECT subscription_id, category, begins_after FROM follow "
        "WHERE subscription_id IN (SELECT value FROM json_each(:ids)) ORDER BY category",
        {"ids": json_array(subscription_ids)},
    ):
        with contextlib.suppress(ValueError):  # damaged: `starts_after` decides
            begins.setdefault(subscription_id, []).append((category, date.fromisoformat(text)))
    return begins


def list_topics(
    connection: sqlite3.Connection, subscription_ids: Iterable[int]
) -> dict[int, list[Topic]]:
    topics: dict[int, list[Topic]] = {}
    for subscription_id, name, query, ping_role, is_paused in select_rows(
        connection,
        "SELECT subscription_id, name, query, ping_role, is_paused FROM topic "
        "WHERE subscription_id IN (SELECT value FROM json_each(:ids)) ORDER BY name",
        {"ids": json_array(subscription_ids)},
    ):
        topics.setdefault(subscription_id, []).append(
            Topic(name=name, query=query, ping_role=ping_role, is_paused=bool(is_paused))
        )
    return topics
