"""What single people follow: a digest of their own, and papers whose news they are told.

A person's digest is a subscription like that of a channel, whose channel is the one of direct
messages with the bot, so all of planning and delivery is the same
(docs/decisions/0021-follows.md). It is there as long as the person follows anything.
"""

import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Final

from bot.digest.messages import DeliveryRecord
from bot.digest.models import NO_GUILD, Cadence, Reason, Subscription, Topic
from bot.digest.reading import MOST_FOLLOWED, FollowedPaper, Following, PaperNews
from bot.digest.updates import NotedUpdate, still_true
from bot.models import ArxivId
from bot.store.outbox.edits import read_update
from bot.store.outbox.plans import last_update
from bot.store.outbox.records import list_records
from bot.store.outbox.troubles import post_open_again
from bot.store.readers.people import forget_follows
from bot.store.roster import COLUMNS, list_rows, list_topics, read_row
from bot.store.sqlite.executor import PERSONS_PATIENCE_S, Database
from bot.store.sqlite.statements import (
    Parameters,
    change,
    json_array,
    select,
    select_one,
    select_rows,
)

FOLLOWED_TYPES: Final = "new cross"
STYLE: Final = "list"

_OF_PERSON: Final = "(SELECT id FROM subscription WHERE user_id = :user_id)"


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """When a person's digest comes, and what it looks through; without categories, all lists."""

    cadence: Cadence = Cadence.DAY
    weekday: int = 4
    post_at: time | None = None
    zone: str = "UTC"
    categories: tuple[str, ...] = ()


class Follows:
    """The store's follows, by person. Every change can be repeated."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, user_id: int) -> Subscription | None:
        """Return a person's digest with what it follows; None for one who follows nothing."""
        return await self._database.read(_get, user_id)

    async def set_up(
        self, user_id: int, channel_id: int, when: When, now: datetime
    ) -> Subscription:
        """Make a person's digest, or change when it comes; it resumes where it was paused.

        ``channel_id`` is that of the person's direct messages with the bot.
        """
        return await self._database.write_within(
            PERSONS_PATIENCE_S, _set_up, user_id, channel_id, when, now
        )

    async def follow(self, user_id: int, topic: Topic, *, instead_of: str = "") -> Following:
        """Follow a query under a name; one of that name is changed."""
        return await self._database.write_within(
            PERSONS_PATIENCE_S, _follow, user_id, topic, instead_of
        )

    async def follow_paper(self, user_id: int, arxiv_id: ArxivId, *, now: datetime) -> Following:
        """Tell a person what becomes known of a paper from now on."""
        values = {"user_id": user_id, "arxiv_id": arxiv_id, "now": now.isoformat()}
        return await self._database.write_within(PERSONS_PATIENCE_S, _follow_paper, values)

    async def unfollow(self, user_id: int, name: str) -> bool:
        """Follow a query no more; False when there is none of that name.

        With the last thing that a person follows, everything about it is forgotten.
        """
        sql = f"DELETE FROM topic WHERE name = :name AND subscription_id = {_OF_PERSON}"
        return await self._unfollow(sql, {"user_id": user_id, "name": name})

    async def unfollow_paper(self, user_id: int, arxiv_id: ArxivId) -> bool:
        """Follow a paper no more, as `unfollow` does."""
        sql = "DELETE FROM followed_paper WHERE user_id = :user_id AND arxiv_id = :arxiv_id"
        return await self._unfollow(sql, {"user_id": user_id, "arxiv_id": arxiv_id})

    async def _unfollow(self, sql: str, values: Mapping[str, object]) -> bool:
        return await self._database.write_within(PERSONS_PATIENCE_S, _unfollow, sql, values)

    async def list_papers(self, user_id: int) -> list[FollowedPaper]:
        """List the papers that a person follows, the first followed first."""
        return await self._database.read(
            select,
            FollowedPaper,
            "SELECT arxiv_id, followed_at FROM followed_paper WHERE user_id = :user_id "
            "ORDER BY followed_at, arxiv_id",
            {"user_id": user_id},
        )

    async def leave_to(self, user_id: int, channel_id: int) -> bool:
        """Leave out what a channel gets, or no longer; returns whether it is left out now."""
        values = {"user_id": user_id, "channel_id": channel_id}
        return await self._database.write_within(PERSONS_PATIENCE_S, _leave_to, values)

    # -- for planning ------------------------------------------------------------------------------

    async def list_wanted(self) -> list[str]:
        """List the categories that people name, and those that tell of new versions for them."""
        return await self._database.read(_list_wanted)

    async def list_all(self) -> list[Subscription]:
        """List the digests of all people, without their topics."""
        return await self._database.read(_list_all)

    async def with_topics(self, digests: Sequence[Subscription]) -> list[Subscription]:
        """Return digests that `list_all` gave with their topics, and the channels left out."""
        return await self._database.read(_with_topics, digests)

    async def list_news(self, user_ids: Collection[int], until: int, today: date) -> "News":
        """List by person what became known of followed papers since it was told last.

        Up to the update of the number ``until``; ``today`` dates what nobody has looked at yet.
        """
        if not user_ids:
            return {}
        return await self._database.read(_list_news, user_ids, until, today)

    # -- what goes wrong ---------------------------------------------------------------------------

    async def take_pause(self, user_id: int, now: datetime) -> Reason | None:
        """Return why a person's digest is paused, once; None when it is not, or they were told."""
        if not await self._database.read(select_rows, _UNTOLD, (user_id,)):
            return None  # nearly always: it is asked after each command
        return await self._database.write_within(PERSONS_PATIENCE_S, _take_pause, user_id, now)

    async def forget_unused(self, before: datetime) -> int:
        """Forget the digests, older than a moment, of people who follow nothing after all."""
        return await self._database.write(_forget_unused, before)

    async def list_troubles(self, user_id: int) -> list[DeliveryRecord]:
        """List the messages to a person that failed or may have arrived, oldest first."""
        return await self._database.read(
            list_records, f"{_TROUBLES} AND settled_at IS NULL", {"user_id": user_id}
        )

    async def try_again(self, user_id: int, now: datetime) -> int:
        """Resume a person's digest, and send again what did not arrive for sure; returns how many.

        The person asks for it, and so may get one twice whose arrival is unknown.
        """
        return await self._database.write_within(PERSONS_PATIENCE_S, _try_again, user_id, now)


News = Mapping[int, Sequence[PaperNews]]

_TROUBLES: Final = (
    "state IN ('failed', 'unknown') AND channel_id = "
    "(SELECT channel_id FROM subscription WHERE user_id = :user_id)"
)

_UNTOLD: Final = (
    "SELECT 1 FROM subscription WHERE user_id = ? AND state = 'paused' AND told_at IS NULL"
)

_RESUME: Final = (
    "UPDATE subscription SET state = 'active', paused_because = NULL, paused_details = NULL, "
    "told_at = NULL WHERE user_id = :user_id"
)


def _get(connection: sqlite3.Connection, user_id: int) -> Subscription | None:
    found = list_rows(connection, "user_id = :user_id", {"user_id": user_id})
    return next(iter(_with_channels(connection, found)), None)


def _set_up(
    connection: sqlite3.Connection, user_id: int, channel_id: int, when: When, now: datetime
) -> Subscription:
    is_weekly = when.cadence is Cadence.WEEK
    values = {
        "user_id": user_id,
        "channel_id": channel_id,
        "guild_id": NO_GUILD,
        "categories": " ".join(when.categories),
        "types": FOLLOWED_TYPES,
        "post_at": when.post_at.isoformat("minutes") if when.post_at else None,
        "zone": when.zone,
        "style": STYLE,
        "cadences": when.cadence.value,
        "weekday": when.weekday,
        "now": now.isoformat(),
        "week_began_at": now.isoformat() if is_weekly else None,
    }
    connection.execute(
        """
        INSERT INTO subscription (user_id, guild_id, channel_id, categories, announce_types,
            post_at, zone, style, cadences, weekday, week_began_at, created_at, starts_after)
        VALUES (:user_id, :guild_id, :channel_id, :categories, :types, :post_at, :zone, :style,
            :cadences, :weekday, :week_began_at, :now,
            (SELECT coalesce(max(number), 0) FROM listing))
        ON CONFLICT (user_id) WHERE user_id IS NOT NULL DO UPDATE SET
            categories = excluded.categories, post_at = excluded.post_at, zone = excluded.zone,
            cadences = excluded.cadences, weekday = excluded.weekday,
            week_began_at = iif(excluded.week_began_at IS NULL, NULL,
                coalesce(week_began_at, excluded.week_began_at))
        """,
        values,
    )
    connection.execute(_RESUME, values)
    digest = _get(connection, user_id)
    if digest is None:
        raise sqlite3.IntegrityError("a digest that was just written is not there")
    return digest


def _follow(
    connection: sqlite3.Connection, user_id: int, topic: Topic, instead_of: str
) -> Following:
    values = {"user_id": user_id, "name": topic.name, "query": topic.query, "old": instead_of}
    connection.execute(
        f"DELETE FROM topic WHERE name = :old AND subscription_id = {_OF_PERSON}", values
    )
    is_known = bool(
        select_rows(
            connection,
            f"SELECT 1 FROM topic WHERE name = :name AND subscription_id = {_OF_PERSON}",
            values,
        )
    )
    if not is_known and _count(connection, values) >= MOST_FOLLOWED:
        return Following.FULL
    connection.execute(
        "INSERT INTO topic (subscription_id, name, query) "
        "SELECT id, :name, :query FROM subscription WHERE user_id = :user_id "
        "ON CONFLICT (subscription_id, name) DO UPDATE SET query = excluded.query",
        values,
    )
    return Following.KNOWN if is_known else Following.NEW


def _follow_paper(connection: sqlite3.Connection, values: dict[str, object]) -> Following:
    of_paper = "FROM followed_paper WHERE user_id = :user_id AND arxiv_id = :arxiv_id"
    if select_rows(connection, f"SELECT 1 {of_paper}", values):
        return Following.KNOWN
    if _count(connection, values) >= MOST_FOLLOWED:
        return Following.FULL
    connection.execute(
        "INSERT INTO followed_paper (user_id, arxiv_id, followed_at, told_update) "
        "VALUES (:user_id, :arxiv_id, :now, :told)",
        {**values, "told": last_update(connection)},
    )
    return Following.NEW


def _count(connection: sqlite3.Connection, values: Parameters) -> int:
    """Count what a person follows."""
    sql = (
        "SELECT (SELECT count(*) FROM followed_paper WHERE user_id = :user_id) + "
        f"(SELECT count(*) FROM topic WHERE subscription_id = {_OF_PERSON})"
    )
    return select_one(connection, int, sql, values) or 0


def _unfollow(connection: sqlite3.Connection, sql: str, values: Mapping[str, object]) -> bool:
    if not change(connection, sql, values):
        return False
    if not _count(connection, values):
        forget_follows(connection, values)
    return True


def _leave_to(connection: sqlite3.Connection, values: Parameters) -> bool:
    if change(
        connection,
        "DELETE FROM read_channel WHERE user_id = :user_id AND channel_id = :channel_id",
        values,
    ):
        return False
    connection.execute(
        "INSERT INTO read_channel (user_id, channel_id) VALUES (:user_id, :channel_id)", values
    )
    return True


def _list_wanted(connection: sqlite3.Connection) -> list[str]:
    named = select(
        connection,
        str,
        "SELECT DISTINCT categories FROM subscription "
        "WHERE user_id IS NOT NULL AND state = 'active'",
    )
    of_papers = select(
        connection,
        str,
        "SELECT DISTINCT categories FROM paper "
        "WHERE arxiv_id IN (SELECT arxiv_id FROM followed_paper)",
    )
    wanted = {name for each in named for name in each.split()}
    return sorted(wanted.union(*(each.split()[:1] for each in of_papers)))


def _list_all(connection: sqlite3.Connection) -> list[Subscription]:
    rows = select_rows(
        connection, f"SELECT {COLUMNS} FROM subscription WHERE user_id IS NOT NULL ORDER BY id"
    )
    return [read_row(row) for row in rows]


def _with_topics(
    connection: sqlite3.Connection, digests: Sequence[Subscription]
) -> list[Subscription]:
    topics = list_topics(connection, [each.id for each in digests])
    complete = [replace(each, topics=tuple(topics.get(each.id, ()))) for each in digests]
    return _with_channels(connection, complete)


def _with_channels(
    connection: sqlite3.Connection, digests: Iterable[Subscription]
) -> list[Subscription]:
    digests = list(digests)
    channels: dict[int, list[int]] = {}
    for user_id, channel_id in select_rows(
        connection,
        "SELECT user_id, channel_id FROM read_channel "
        "WHERE user_id IN (SELECT value FROM json_each(:ids)) ORDER BY channel_id",
        {"ids": json_array(each.user_id for each in digests)},
    ):
        channels.setdefault(user_id, []).append(channel_id)
    return [replace(each, reads=tuple(channels.get(each.user_id or 0, ()))) for each in digests]


def _list_news(
    connection: sqlite3.Connection, user_ids: Collection[int], until: int, today: date
) -> News:
    updates: dict[tuple[int, ArxivId, str, int, str], list[NotedUpdate]] = {}
    for user_id, title, known, told, *row in select_rows(
        connection,
        """
        SELECT user_id, title, told_update, told, number, arxiv_id, kind, text, paper_update.source,
            coalesce(noted_on, :today)
        FROM followed_paper JOIN paper_update USING (arxiv_id) JOIN paper USING (arxiv_id)
        WHERE user_id IN (SELECT value FROM json_each(:ids))
            AND number > told_update AND number <= :until
        ORDER BY followed_at, arxiv_id, number
        """,
        {"ids": json_array(user_ids), "until": until, "today": today.isoformat()},
    ):
        if (update := read_update(tuple(row))) is not None:
            paper = (user_id, update.arxiv_id, title, known, told)
            updates.setdefault(paper, []).append(update)
    news: dict[int, list[PaperNews]] = {}
    for (user_id, arxiv_id, title, known, told), found in updates.items():
        news.setdefault(user_id, []).append(
            PaperNews(
                arxiv_id=arxiv_id,
                title=title,
                updates=tuple(still_true(found, known=known, version=0)),
                told=frozenset(int(each) for each in told.split() if each.isdecimal()),
            )
        )
    return news


def _take_pause(connection: sqlite3.Connection, user_id: int, now: datetime) -> Reason | None:
    digest = _get(connection, user_id)
    if digest is None or digest.paused_because is None:
        return None
    is_first = change(
        connection,
        "UPDATE subscription SET told_at = :now WHERE user_id = :user_id AND told_at IS NULL",
        {"user_id": user_id, "now": now.isoformat()},
    )
    return digest.paused_because if is_first else None


def _try_again(connection: sqlite3.Connection, user_id: int, now: datetime) -> int:
    values = {"user_id": user_id}
    connection.execute(_RESUME, values)
    records = list_records(connection, f"{_TROUBLES} AND settled_at IS NULL", values)
    return sum(post_open_again(connection, each.id, now) for each in records)


def _forget_unused(connection: sqlite3.Connection, before: datetime) -> int:
    unused = select(
        connection,
        int,
        "SELECT user_id FROM subscription WHERE user_id IS NOT NULL AND created_at < :before "
        "AND NOT EXISTS (SELECT 1 FROM topic WHERE subscription_id = subscription.id) "
        "AND NOT EXISTS (SELECT 1 FROM followed_paper "
        "WHERE followed_paper.user_id = subscription.user_id)",
        {"before": before.isoformat()},
    )
    for user_id in unused:
        forget_follows(connection, {"user_id": user_id})
    return len(unused)
