"""Who gets what: one subscription per channel, and its topics."""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, time
from types import MappingProxyType
from typing import Final

from bot.digest.models import (
    PLAIN_DIGEST,
    Cadence,
    DigestOptions,
    Reason,
    ReasonCode,
    Subscription,
    Topic,
)
from bot.digest.reading import MISSED_REPORTED
from bot.models import AnnounceType
from bot.store.outbox.outbox import abandon
from bot.store.roster import OF_CHANNELS, Roster, list_rows
from bot.store.sqlite.executor import PERSONS_PATIENCE_S, Database
from bot.store.sqlite.reasons import reason_parameters
from bot.store.sqlite.statements import (
    Parameters,
    change,
    json_array,
)

SET_TOPIC = (
    "INSERT INTO topic (subscription_id, name, query, ping_role, is_paused) "
    "SELECT id, :name, :query, :ping_role, :is_paused FROM subscription "
    "WHERE channel_id = :channel_id "
    "ON CONFLICT (subscription_id, name) DO UPDATE SET query = excluded.query, "
    "ping_role = excluded.ping_role"
)

DELETE_TOPIC = (
    "DELETE FROM topic WHERE name = :name AND subscription_id = "
    "(SELECT id FROM subscription WHERE channel_id = :channel_id)"
)
NOTHING_OUT: Final[Mapping[str, date]] = MappingProxyType({})


class Subscriptions:
    """The store's subscriptions; a channel has at most one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.roster = Roster(database)

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
        options: DigestOptions = PLAIN_DIGEST,
        out: Mapping[str, date] = NOTHING_OUT,
    ) -> Subscription:
        """Subscribe a channel, or change its subscription; topics and history stay.

        It resumes, unless an admin paused it. ``out`` gives of categories the newest date whose
        list is out: of those that the channel did not follow yet, only later lists come by
        themselves. A new subscription posts nothing that a removed one left behind.
        """
        values = {
            "guild_id": guild_id,
            "channel_id": channel_id,
            "categories": " ".join(categories),
            "announce_types": " ".join(announce_types),
            "post_at": post_at.isoformat("minutes") if post_at else None,
            "zone": zone,
            "style": style,
            "place": options.place.value,
            "top": options.top,
            "cards_up_to": options.cards_up_to,
            "cards_in_thread": options.cards_in_thread,
            "ping_role": options.ping_role,
            "quiet_days": options.quiet_days.value,
            "updates": options.updates,
            "cap": options.cap,
            "cadences": " ".join(options.cadences),
            "weekday": options.weekday,
        }
        return await self._database.write_within(
            PERSONS_PATIENCE_S, _set, channel_id, values, out, now
        )

    async def get_subscription(self, channel_id: int) -> Subscription | None:
        return await self._database.read(_get, channel_id)

    async def list_subscriptions(self, guild_id: int | None = None) -> list[Subscription]:
        """List the subscriptions of one guild's channels, or of all; no person's."""
        if guild_id is None:
            return await self.roster.list_all()
        where = f"{OF_CHANNELS} AND guild_id = :guild_id"
        return await self._database.read(list_rows, where, {"guild_id": guild_id})

    async def list_of_channels(self, channel_ids: Collection[int]) -> list[Subscription]:
        """List the subscriptions of these channels."""
        if not channel_ids:
            return []
        return await self._database.read(
            list_rows,
            f"{OF_CHANNELS} AND channel_id IN (SELECT value FROM json_each(:ids))",
            {"ids": json_array(channel_ids)},
        )

    async def delete_subscription(self, channel_id: int, now: datetime) -> bool:
        """Forget a channel's subscription and topics, and close its messages that were not posted.

        What was posted stays known.
        """
        return await self._database.write_within(PERSONS_PATIENCE_S, _delete, channel_id, now)

    async def begin_with(
        self, channel_id: int, day: date, categories: Collection[str] | None = None
    ) -> None:
        """Let the list of ``day``, the last that would not come by itself, be the channel's too.

        Some ``categories``' lists of that date are not out yet; or the digest is asked for, and
        what is added to its lists later comes by itself.
        """
        await self._change(
            "UPDATE follow SET begins_after = date(:day, '-1 day') WHERE begins_after = :day "
            "AND subscription_id = (SELECT id FROM subscription WHERE channel_id = :channel_id) "
            "AND (:categories IS NULL OR category IN (SELECT value FROM json_each(:categories)))",
            {
                "channel_id": channel_id,
                "day": day.isoformat(),
                "categories": None if categories is None else json_array(categories),
            },
        )

    async def set_topic(
        self, channel_id: int, name: str, query: str, ping_role: int | None = None
    ) -> bool:
        """Add a topic, or change it; False when the channel has no subscription."""
        return await self._change(
            SET_TOPIC,
            _topic_values(channel_id, Topic(name=name, query=query, ping_role=ping_role)),
        )

    async def put_topic(self, channel_id: int, topic: Topic, *, instead_of: str) -> bool:
        """Put a topic in the place of another; False when the channel has no subscription."""
        return await self._database.write_within(
            PERSONS_PATIENCE_S, _put_topic, channel_id, topic, instead_of
        )

    async def put_topics(self, channel_id: int, topics: Sequence[Topic]) -> None:
        """Add topics, or change those of the same names: all of them or none."""
        await self._database.write_within(PERSONS_PATIENCE_S, _put_topics, channel_id, topics)

    async def move_topic(self, channel_id: int, topic: Topic, *, to: int) -> None:
        """Move a topic to another channel's digest."""
        await self._database.write_within(PERSONS_PATIENCE_S, _move_topic, channel_id, topic, to)

    async def pause_topic(self, channel_id: int, name: str, *, is_paused: bool) -> bool:
        """Let a topic match nothing, or again; False when there is none."""
        return await self._change(
            "UPDATE topic SET is_paused = :is_paused WHERE name = :name AND subscription_id = "
            "(SELECT id FROM subscription WHERE channel_id = :channel_id)",
            {"channel_id": channel_id, "name": name, "is_paused": is_paused},
        )

    async def forget_role(self, guild_id: int, role_id: int) -> bool:
        """Ping a role no more, because it was deleted; False when nothing pinged it."""
        return await self._database.write(_forget_role, guild_id, role_id)

    async def delete_topic(self, channel_id: int, name: str) -> bool:
        return await self._change(DELETE_TOPIC, {"channel_id": channel_id, "name": name})

    async def pause(self, channel_id: int, reason: Reason, *, is_final: bool = False) -> bool:
        """Stop a channel's digests, with a reason for its admins; False when paused already.

        A final reason replaces that of a digest that is paused already.
        """
        return await self._change(
            "UPDATE subscription SET state = 'paused', paused_because = :reason, "
            "paused_details = :details "
            "WHERE channel_id = :channel_id AND (state = 'active' OR :is_final)",
            {"channel_id": channel_id, "is_final": is_final, **reason_parameters(reason)},
        )

    async def resume(self, channel_id: int) -> bool:
        return await self._change(
            "UPDATE subscription SET state = 'active', paused_because = NULL, "
            "paused_details = NULL "
            "WHERE channel_id = :channel_id AND state = 'paused'",
            {"channel_id": channel_id},
        )

    async def _change(self, sql: str, parameters: Parameters) -> bool:
        changed = await self._database.write_within(PERSONS_PATIENCE_S, change, sql, parameters)
        return changed > 0


def _set(
    connection: sqlite3.Connection,
    channel_id: int,
    values: Mapping[str, object],
    out: Mapping[str, date],
    now: datetime,
) -> Subscription:
    before = _get(connection, channel_id)
    if before is None:
        abandon(connection, channel_id, now)
    connection.execute(
        """
        INSERT INTO subscription (guild_id, channel_id, categories, announce_types,
            post_at, zone, style, top, cards_up_to, place, cards_in_thread,
            ping_role, quiet_days, updates, cap, cadences, weekday, week_began_at, created_at,
            starts_after)
        VALUES (:guild_id, :channel_id, :categories, :announce_types,
            :post_at, :zone, :style, :top, :cards_up_to, :place, :cards_in_thread,
            :ping_role, :quiet_days, :updates, :cap, :cadences, :weekday,
            iif(:is_weekly, :now, NULL), :now,
            (SELECT coalesce(max(number), 0) FROM listing))
        ON CONFLICT (channel_id) DO UPDATE SET
            guild_id = excluded.guild_id, categories = excluded.categories,
            announce_types = excluded.announce_types, post_at = excluded.post_at,
            zone = excluded.zone, style = excluded.style, place = excluded.place,
            cards_in_thread = excluded.cards_in_thread,
            created_at = iif(:is_begin_known, created_at, excluded.created_at),
            top = excluded.top, cards_up_to = excluded.cards_up_to, ping_role = excluded.ping_role,
            quiet_days = excluded.quiet_days, updates = excluded.updates,
            cap = excluded.cap, cadences = excluded.cadences, weekday = excluded.weekday,
            week_began_at = iif(:is_weekly, coalesce(week_began_at, excluded.week_began_at), NULL),
            state = iif(:stays_paused, state, 'active'),
            paused_because = iif(:stays_paused, paused_because, NULL),
            paused_details = iif(:stays_paused, paused_details, NULL)
        """,
        {
            **values,
            "now": now.isoformat(),
            "is_weekly": Cadence.WEEK in str(values["cadences"]).split(),
            "is_begin_known": before is not None and before.created_at is not None,
            "stays_paused": before is not None and _is_paused_by_admin(before),
        },
    )
    (after,) = list_rows(connection, "channel_id = :channel_id", {"channel_id": channel_id})
    _follow(connection, after, before.categories if before else (), out)
    (after,) = list_rows(connection, "channel_id = :channel_id", {"channel_id": channel_id})
    return after


def _is_paused_by_admin(subscription: Subscription) -> bool:
    """Whether nothing but an admin's word ends the pause; changing a setting is no such word."""
    because = subscription.paused_because
    return because is not None and because.code is ReasonCode.PAUSED_BY_ADMIN


def _follow(
    connection: sqlite3.Connection,
    subscription: Subscription,
    before: Collection[str],
    out: Mapping[str, date],
) -> None:
    """Note from which list on each category comes by itself; those of ``before`` stay as noted."""
    connection.execute(
        "DELETE FROM follow WHERE subscription_id = :id "
        "AND category NOT IN (SELECT value FROM json_each(:categories))",
        {"id": subscription.id, "categories": json_array(subscription.categories)},
    )
    connection.executemany(
        "INSERT OR REPLACE INTO follow (subscription_id, category, begins_after) VALUES (?, ?, ?)",
        [
            (subscription.id, category, out[category].isoformat())
            for category in subscription.categories
            if category in out and category not in before
        ],
    )


def _put_topic(
    connection: sqlite3.Connection, channel_id: int, topic: Topic, instead_of: str
) -> bool:
    change(connection, DELETE_TOPIC, {"channel_id": channel_id, "name": instead_of})
    return change(connection, SET_TOPIC, _topic_values(channel_id, topic)) > 0


def _topic_values(channel_id: int, topic: Topic) -> Mapping[str, object]:
    return {
        "channel_id": channel_id,
        "name": topic.name,
        "query": topic.query,
        "ping_role": topic.ping_role,
        "is_paused": topic.is_paused,
    }


def _put_topics(connection: sqlite3.Connection, channel_id: int, topics: Sequence[Topic]) -> None:
    for topic in topics:
        change(connection, SET_TOPIC, _topic_values(channel_id, topic))


def _move_topic(connection: sqlite3.Connection, channel_id: int, topic: Topic, to: int) -> None:
    change(connection, SET_TOPIC, _topic_values(to, topic))
    change(connection, DELETE_TOPIC, {"channel_id": channel_id, "name": topic.name})


def _forget_role(connection: sqlite3.Connection, guild_id: int, role_id: int) -> bool:
    parameters = {"guild_id": guild_id, "role_id": role_id}
    digests = change(
        connection,
        "UPDATE subscription SET ping_role = NULL "
        "WHERE guild_id = :guild_id AND ping_role = :role_id",
        parameters,
    )
    topics = change(
        connection,
        "UPDATE topic SET ping_role = NULL WHERE ping_role = :role_id AND subscription_id IN "
        "(SELECT id FROM subscription WHERE guild_id = :guild_id)",
        parameters,
    )
    return bool(digests or topics)


def _delete(connection: sqlite3.Connection, channel_id: int, now: datetime) -> bool:
    parameters = {"channel_id": channel_id}
    if not change(
        connection, "DELETE FROM subscription WHERE channel_id = :channel_id", parameters
    ):
        return False
    change(connection, "DELETE FROM forgotten_taste WHERE channel_id = :channel_id", parameters)
    change(connection, "DELETE FROM elsewhere WHERE channel_id = :channel_id", parameters)
    reported = {"name": f"{MISSED_REPORTED}{channel_id}"}
    change(connection, "DELETE FROM fact WHERE name = :name", reported)
    abandon(connection, channel_id, now)
    return True


def _get(connection: sqlite3.Connection, channel_id: int) -> Subscription | None:
    found = list_rows(connection, "channel_id = :channel_id", {"channel_id": channel_id})
    return next(iter(found), None)
