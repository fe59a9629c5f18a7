"""Who gets what: one subscription per channel, and its topics."""

import sqlite3
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, time

from bot.models import AnnounceType, Subscription, SubscriptionState, Topic
from bot.store.outbox.outbox import abandon
from bot.store.sqlite.executor import PERSONS_PATIENCE_S, Database
from bot.store.sqlite.statements import Row, json_array

COLUMNS = (
    "id, guild_id, channel_id, categories, announce_types, post_at, zone, style, state, "
    "paused_because, created_at, starts_after"
)


class Subscriptions:
    """The store's subscriptions; a channel has at most one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def set_subscription(
        self,
        *,
        guild_id: int,
        channel_id: int,
        categories: Collection[str],
        announce_types: Collection[AnnounceType],
        post_at: time | None,
        zone: str,
        style: str,
        now: datetime,
    ) -> Subscription:
        """Subscribe a channel, or change its subscription; topics and history stay.

        A new subscription posts nothing that a removed one left behind.
        """

        def work(connection: sqlite3.Connection) -> Subscription:
            if not _load(connection, channel_ids=[channel_id]):
                abandon(connection, channel_id, now)
            connection.execute(
                """
                INSERT INTO subscription (guild_id, channel_id, categories, announce_types,
                    post_at, zone, style, created_at, starts_after)
                VALUES (:guild_id, :channel_id, :categories, :announce_types,
                    :post_at, :zone, :style, :now,
                    (SELECT coalesce(max(number), 0) FROM listing))
                ON CONFLICT (channel_id) DO UPDATE SET
                    guild_id = excluded.guild_id, categories = excluded.categories,
                    announce_types = excluded.announce_types, post_at = excluded.post_at,
                    zone = excluded.zone, style = excluded.style,
                    state = 'active', paused_because = NULL
                """,
                {
                    "guild_id": guild_id,
                    "channel_id": channel_id,
                    "categories": " ".join(categories),
                    "announce_types": " ".join(announce_types),
                    "post_at": post_at.isoformat("minutes") if post_at else None,
                    "zone": zone,
                    "style": style,
                    "now": now.isoformat(),
                },
            )
            return (_load(connection, channel_ids=[channel_id]))[0]

        return await self._database.write_within(PERSONS_PATIENCE_S, work)

    async def get_subscription(self, channel_id: int) -> Subscription | None:
        def work(connection: sqlite3.Connection) -> Subscription | None:
            return next(iter(_load(connection, channel_ids=[channel_id])), None)

        return await self._database.read(work)

    async def list_subscriptions(self, guild_id: int | None = None) -> list[Subscription]:
        """List the subscriptions of one guild, or of all."""

        def work(connection: sqlite3.Connection) -> list[Subscription]:
            return _load(connection, guild_id=guild_id)

        return await self._database.read(work)

    async def delete_subscription(self, channel_id: int, now: datetime) -> bool:
        """Forget a channel's subscription and topics, and close its messages that were not posted.

        What was posted stays known.
        """

        def work(connection: sqlite3.Connection) -> bool:
            cursor = connection.execute(
                "DELETE FROM subscription WHERE channel_id = :channel_id",
                {"channel_id": channel_id},
            )
            if cursor.rowcount:
                abandon(connection, channel_id, now)
            return cursor.rowcount > 0

        return await self._database.write_within(PERSONS_PATIENCE_S, work)

    async def set_topic(self, channel_id: int, name: str, query: str) -> bool:
        """Add a topic, or change its query; False when the channel has no subscription."""
        return await self._change(
            "INSERT INTO topic (subscription_id, name, query) "
            "SELECT id, :name, :query FROM subscription WHERE channel_id = :channel_id "
            "ON CONFLICT (subscription_id, name) DO UPDATE SET query = excluded.query",
            {"channel_id": channel_id, "name": name, "query": query},
        )

    async def delete_topic(self, channel_id: int, name: str) -> bool:
        return await self._change(
            "DELETE FROM topic WHERE name = :name AND subscription_id = "
            "(SELECT id FROM subscription WHERE channel_id = :channel_id)",
            {"channel_id": channel_id, "name": name},
        )

    async def pause(self, channel_id: int, reason: str, *, is_final: bool = False) -> bool:
        """Stop a channel's digests, with a reason for its admins; False when paused already.

        What ``is_final`` replaces the reason of a digest that is paused already.
        """
        return await self._change(
            "UPDATE subscription SET state = 'paused', paused_because = :reason "
            "WHERE channel_id = :channel_id AND (state = 'active' OR :is_final)",
            {"channel_id": channel_id, "reason": reason, "is_final": is_final},
        )

    async def resume(self, channel_id: int) -> bool:
        return await self._change(
            "UPDATE subscription SET state = 'active', paused_because = NULL "
            "WHERE channel_id = :channel_id AND state = 'paused'",
            {"channel_id": channel_id},
        )

    async def _change(self, sql: str, parameters: Mapping[str, object]) -> bool:
        def work(connection: sqlite3.Connection) -> bool:
            return (connection.execute(sql, dict(parameters))).rowcount > 0

        return await self._database.write_within(PERSONS_PATIENCE_S, work)


def _load(
    connection: sqlite3.Connection,
    *,
    guild_id: int | None = None,
    channel_ids: Collection[int] | None = None,
) -> list[Subscription]:
    rows = connection.execute(
        f"""
        SELECT {COLUMNS} FROM subscription
        WHERE (:guild_id IS NULL OR guild_id = :guild_id)
            AND (:channel_ids IS NULL
                OR channel_id IN (SELECT value FROM json_each(:channel_ids)))
        ORDER BY id
        """,
        {
            "guild_id": guild_id,
            "channel_ids": None if channel_ids is None else json_array(channel_ids),
        },
    ).fetchall()
    topics = _load_topics(connection, [row[0] for row in rows])
    return [_subscription(tuple(row), topics.get(row[0], [])) for row in rows]


def _load_topics(
    connection: sqlite3.Connection, subscription_ids: Iterable[int]
) -> dict[int, list[Topic]]:
    rows = connection.execute(
        "SELECT subscription_id, name, query FROM topic "
        "WHERE subscription_id IN (SELECT value FROM json_each(:ids)) ORDER BY name",
        {"ids": json_array(subscription_ids)},
    )
    topics: dict[int, list[Topic]] = {}
    for subscription_id, name, query in rows:
        topics.setdefault(subscription_id, []).append(Topic(name=name, query=query))
    return topics


def _subscription(row: Row, topics: Iterable[Topic]) -> Subscription:
    (id_, guild_id, channel_id, categories, announce_types, post_at, zone, style, state,
     paused_because, created_at, starts_after) = row  # fmt: skip
    return Subscription(
        id=int(str(id_)),
        guild_id=int(str(guild_id)),
        channel_id=int(str(channel_id)),
        categories=tuple(str(categories).split()),
        announce_types=tuple(AnnounceType(name) for name in str(announce_types).split()),
        topics=tuple(topics),
        post_at=time.fromisoformat(str(post_at)) if post_at else None,
        zone=str(zone),
        style=str(style),
        state=SubscriptionState(str(state)),
        paused_because=None if paused_because is None else str(paused_because),
        created_at=datetime.fromisoformat(str(created_at)),
        starts_after=int(str(starts_after)),
    )
