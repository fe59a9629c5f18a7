"""Servers that post each paper in one channel, and what their digests left to another one.

What was left stands with the digest, in one transaction, so that it can be posted after all when
the other channel does not have it in the end (docs/decisions/0022-one-channel.md).
"""

import sqlite3
from collections.abc import Collection, Mapping
from datetime import date
from typing import Final, NamedTuple

from bot.digest.messages import MessageDraft
from bot.digest.models import Cadence, Subscription
from bot.models import ArxivId
from bot.store.sqlite.executor import PERSONS_PATIENCE_S, Database
from bot.store.sqlite.statements import change, json_array, select, select_one, select_pairs

_HELD: Final = """
    delivered_paper AS paper JOIN delivery ON delivery.id = paper.delivery_id
    LEFT JOIN subscription ON subscription.channel_id = paper.channel_id
    WHERE paper.cadence = 'day' AND NOT paper.is_offered
        AND (delivery.state IN ('sent', 'unknown')
            OR (delivery.state IN ('planned', 'sending') AND subscription.state = 'active'))
"""
"""Papers that a channel has, may have, or is about to get."""


class Held(NamedTuple):
    """The channel that has a paper, and the version."""

    channel_id: int
    version: int


class LostPlace(NamedTuple):
    """A channel's digest that left papers to a channel that does not have them."""

    channel_id: int
    announced_on: date


class Once:
    """By server, whether each paper is posted once, and where papers are."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def set(self, guild_id: int, *, is_on: bool) -> bool:
        """Post each paper of a server in one channel, or in all; returns whether that is new."""
        sql = (
            "INSERT INTO once_guild (guild_id) VALUES (:guild_id) ON CONFLICT DO NOTHING"
            if is_on
            else "DELETE FROM once_guild WHERE guild_id = :guild_id"
        )
        changed = await self._database.write_within(
            PERSONS_PATIENCE_S, change, sql, {"guild_id": guild_id}
        )
        return changed > 0

    async def list_guilds(self) -> frozenset[int]:
        """List the servers that post each paper once."""
        return frozenset(await self._database.read(select, int, "SELECT guild_id FROM once_guild"))

    async def find_held(
        self, guild_id: int, arxiv_ids: Collection[ArxivId]
    ) -> Mapping[ArxivId, Held]:
        """Find where papers are in a server, in the newest version that any channel has."""
        pairs = await self._database.read(
            select_pairs,
            ArxivId,
            Held,
            f"""
            SELECT paper.arxiv_id, paper.channel_id, paper.version FROM {_HELD}
                AND delivery.guild_id = :guild_id
                AND paper.arxiv_id IN (SELECT value FROM json_each(:ids))
            ORDER BY paper.version, paper.delivery_id DESC
            """,
            {"guild_id": guild_id, "ids": json_array(arxiv_ids)},
        )
        return dict(pairs)

    async def list_lost(self, since: date, waited: date) -> list[LostPlace]:
        """List the digests that left a paper to a channel that does not get it any more.

        That channel's digest is gone or paused, was decided without the paper, did not arrive, or
        has not come for a date before ``waited``.
        """
        return await self._database.read(
            select,
            LostPlace,
            f"""
            SELECT DISTINCT channel_id, announced_on FROM elsewhere
            WHERE announced_on >= :since
                AND NOT EXISTS (SELECT 1 FROM {_HELD}
                    AND paper.channel_id = home_id AND paper.arxiv_id = elsewhere.arxiv_id)
                AND (announced_on < :waited
                    OR NOT EXISTS (SELECT 1 FROM subscription
                        WHERE subscription.channel_id = home_id AND state = 'active')
                    OR EXISTS (SELECT 1 FROM digest WHERE digest.channel_id = home_id
                        AND digest.cadence = 'day'
                        AND digest.announced_on = elsewhere.announced_on))
            ORDER BY announced_on, channel_id
            """,
            {"since": since.isoformat(), "waited": waited.isoformat()},
        )

    async def forget(self, before: date) -> int:
        """Forget what digests of dates before left to others: it is not posted any more."""
        return await self._database.write(
            change, "DELETE FROM elsewhere WHERE announced_on < :day", {"day": before.isoformat()}
        )


def is_held_elsewhere(
    connection: sqlite3.Connection,
    subscription: Subscription,
    drafts: Collection[MessageDraft],
    cadence: Cadence,
) -> bool:
    """Whether another channel of the server got one of these papers since they were decided."""
    is_once = "SELECT EXISTS (SELECT 1 FROM once_guild WHERE guild_id = ?)"
    if cadence is not Cadence.DAY or not select_one(
        connection, int, is_once, (subscription.guild_id,)
    ):
        return False
    return bool(
        select_one(
            connection,
            int,
            f"""
            SELECT EXISTS (SELECT 1 FROM json_each(:papers), {_HELD}
                AND delivery.guild_id = :guild_id AND paper.channel_id <> :channel_id
                AND paper.arxiv_id = json_each.value ->> 0
                AND paper.version >= json_each.value ->> 1)
            """,
            {
                "guild_id": subscription.guild_id,
                "channel_id": subscription.channel_id,
                "papers": json_array([paper for draft in drafts for paper in draft.papers]),
            },
        )
    )


def leave(
    connection: sqlite3.Connection, channel_id: int, day: date, homes: Mapping[ArxivId, int]
) -> None:
    """Note what a channel's digest of a date leaves to others, in place of what it left before."""
    where = {"channel_id": channel_id, "day": day.isoformat()}
    change(
        connection,
        "DELETE FROM elsewhere WHERE channel_id = :channel_id AND announced_on = :day",
        where,
    )
    connection.executemany(
        "INSERT INTO elsewhere (channel_id, announced_on, arxiv_id, home_id) "
        "VALUES (:channel_id, :day, :arxiv_id, :home_id)",
        [{**where, "arxiv_id": each, "home_id": home} for each, home in homes.items()],
    )
