"""How messages come into the outbox: all of a digest at once, or the parts of a refused one."""

import base64
import hashlib
import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, cast

from bot.digest.messages import MessageDraft
from bot.digest.models import NO_GUILD, Cadence, Place, Reason, Subscription
from bot.store.backup.restored import require_compared
from bot.store.outbox.bodies import Bodies, sha256_of, write_whole
from bot.store.outbox.records import SET_REASON, moment_text
from bot.store.outbox.threads import find_starter
from bot.store.sqlite.reasons import reason_parameters
from bot.store.sqlite.statements import json_array, select_one, select_rows

_ENCODER: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


def delivery_key(subscription_id: int, channel_id: int, announced_on: date, part: int) -> str:
    """Name a message so that planning it twice gives the same name."""
    return f"{subscription_id}:{channel_id}:{announced_on.isoformat()}:{part}"


def nonce_of(key: str, payload: str) -> str:
    """Return the nonce by which Discord recognises a repeated send; at most 25 characters.

    Nonces belong to the author, not to the channel (discord/discord-api-docs#6647), hence the
    channel in the key. And a copy of the database may plan another message under the same key, for
    which Discord would answer with the first one: hence the payload.
    """
    named = f"{key}\n{payload}".encode()
    return base64.b32encode(hashlib.sha256(named).digest()[:15]).decode().lower()


def frozen_json(body: Mapping[str, object]) -> str:
    """Render a body so that equal bodies are equal texts."""
    return _ENCODER.encode(body)


def plan_messages(
    connection: sqlite3.Connection,
    bodies: Bodies,
    subscription: Subscription,
    announced_on: date,
    drafts: Sequence[MessageDraft],
    thread_name: str,
    known_update: int | None,
    cadence: Cadence,
    follow: int | None,
    now: datetime,
) -> int:
    """Plan messages within a transaction, as `Outbox.plan` does."""
    require_compared(connection)
    if not drafts or not _may_plan(connection, subscription, announced_on, drafts, cadence, follow):
        return 0
    place = Place.FORUM if subscription.place is Place.FORUM else Place.CHANNEL
    has_thread = subscription.place in (Place.THREAD, Place.FORUM)
    destination = Destination(
        subscription_id=subscription.id,
        guild_id=subscription.guild_id,
        channel_id=subscription.channel_id,
        announced_on=announced_on,
        cadence=cadence,
        place=place,
        starter_id=find_starter(connection, subscription.channel_id, announced_on, cadence, place)
        if has_thread
        else None,
        thread_name=thread_name if has_thread else None,
        tags=subscription.categories if has_thread else (),
        known_update=last_update(connection) if known_update is None else known_update,
    )
    papers = json_array([paper for draft in drafts for paper in draft.papers])
    _take_back_offers(connection, destination, papers)
    _insert_all(connection, bodies, destination, drafts, now)
    if last_update(connection) > destination.known_update:
        # What was stored since the papers were read may have been looked at already.
        connection.execute(
            "UPDATE paper_update SET is_pending = 1 WHERE number > :known "
            "AND arxiv_id IN (SELECT value ->> 0 FROM json_each(:papers))",
            {"known": destination.known_update, "papers": papers},
        )
    return len(drafts)


def _take_back_offers(
    connection: sqlite3.Connection, destination: "Destination", papers: str
) -> None:
    """Let papers that were offered before be posted now."""
    connection.execute(
        "DELETE FROM delivered_paper WHERE channel_id = :channel_id AND cadence = :cadence "
        "AND is_offered AND (arxiv_id, version) IN "
        "(SELECT value ->> 0, value ->> 1 FROM json_each(:papers))",
        {
            "channel_id": destination.channel_id,
            "cadence": destination.cadence.value,
            "papers": papers,
        },
    )


def last_update(connection: sqlite3.Connection) -> int:
    """Return the number of the last update of any paper; 0 before the first."""
    return select_one(connection, int, "SELECT coalesce(max(number), 0) FROM paper_update") or 0


def _may_plan(
    connection: sqlite3.Connection,
    subscription: Subscription,
    announced_on: date,
    drafts: Sequence[MessageDraft],
    cadence: Cadence,
    follow: int | None,
) -> bool:
    papers = [paper for draft in drafts for paper in draft.papers]
    offered = [paper for draft in drafts for paper in draft.offered]
    # By the papers, not by all that the channel ever got: hence the order of the joins.
    is_subscribed, has_paper, parts, own = connection.execute(
        """
        SELECT EXISTS (SELECT 1 FROM subscription WHERE id = :id AND channel_id = :channel_id),
            EXISTS (SELECT 1 FROM json_each(:papers) CROSS JOIN delivered_paper ON
                channel_id = :channel_id AND cadence = :cadence AND NOT is_offered
                AND arxiv_id = value ->> 0 AND version = value ->> 1)
            OR EXISTS (SELECT 1 FROM json_each(:offered) CROSS JOIN delivered_paper ON
                channel_id = :channel_id AND cadence = :cadence
                AND arxiv_id = value ->> 0 AND version = value ->> 1),
            (SELECT count(*) FROM delivery
                WHERE channel_id = :channel_id AND announced_on = :day),
            (SELECT count(*) FROM delivery WHERE channel_id = :channel_id
                AND announced_on = :day AND cadence = :cadence)
        """,
        {
            "id": subscription.id,
            "channel_id": subscription.channel_id,
            "papers": json_array(papers),
            "offered": json_array(offered),
            "cadence": cadence.value,
            "day": announced_on.isoformat(),
        },
    ).fetchone()
    # A digest without papers ("nothing today") has no paper to tell that it was planned before.
    is_new = bool(papers or not own) and follow in (None, parts)
    return bool(is_subscribed and not has_paper and is_new)


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where the messages of one digest go.

    With a ``thread_name`` they go into the thread of ``starter_id``; where there is none yet, the
    first of them goes to ``place`` and starts it.
    """

    subscription_id: int
    guild_id: int
    channel_id: int
    announced_on: date
    cadence: Cadence
    place: Place
    starter_id: int | None
    thread_name: str | None
    tags: tuple[str, ...]
    known_update: int


def _insert_all(
    connection: sqlite3.Connection,
    bodies: Bodies,
    destination: Destination,
    drafts: Sequence[MessageDraft],
    now: datetime,
) -> None:
    """Plan messages as the next parts of their channel and date."""
    (last_part,) = connection.execute(
        "SELECT coalesce(max(part), 0) FROM delivery "
        "WHERE channel_id = :channel_id AND announced_on = :day",
        {"channel_id": destination.channel_id, "day": destination.announced_on.isoformat()},
    ).fetchone()
    for part, draft in enumerate(drafts, start=last_part + 1):
        id_ = _insert(connection, bodies, destination, part, draft, now)
        if destination.thread_name is not None and destination.starter_id is None:
            destination = replace(destination, starter_id=id_)


def _insert(
    connection: sqlite3.Connection,
    bodies: Bodies,
    destination: Destination,
    part: int,
    draft: MessageDraft,
    now: datetime,
) -> int:
    """Plan one message; returns its identifier."""
    key = delivery_key(
        destination.subscription_id, destination.channel_id, destination.announced_on, part
    )
    payload = frozen_json(draft.body)
    cursor = connection.execute(
        """
        INSERT INTO delivery (subscription_id, guild_id, channel_id, announced_on, part, key,
            nonce, style, payload, payload_sha256, state, not_before, planned_at, changed_at,
            place, starter_id, thread_name, tags, known_update, cadence)
        VALUES (:subscription_id, :guild_id, :channel_id, :day, :part, :key,
            :nonce, :style, :payload, :sha256, 'planned', :now, :now, :now,
            :place, :starter_id, :thread_name, :tags, :known_update, :cadence)
        """,
        {
            "subscription_id": destination.subscription_id,
            "guild_id": destination.guild_id,
            "channel_id": destination.channel_id,
            "day": destination.announced_on.isoformat(),
            "part": part,
            "key": key,
            "nonce": nonce_of(key, payload),
            "style": draft.style,
            "payload": "",
            "sha256": sha256_of(payload),
            "now": moment_text(now),
            "place": destination.place if destination.starter_id is None else Place.THREAD,
            "starter_id": destination.starter_id,
            "thread_name": destination.thread_name,
            "tags": " ".join(destination.tags),
            "known_update": destination.known_update,
            "cadence": destination.cadence.value,
        },
    )
    id_ = cast(int, cursor.lastrowid)
    if destination.guild_id == NO_GUILD:
        write_whole(connection, id_, payload)  # no piece outlives what a person has forgotten
    else:
        bodies.write(connection, id_, payload, now.date())
    _insert_papers(connection, destination, id_, draft)
    return id_


def _insert_papers(
    connection: sqlite3.Connection, destination: Destination, delivery_id: int, draft: MessageDraft
) -> None:
    """Note what a message carries and offers."""
    where = (destination.channel_id, destination.cadence.value)
    connection.executemany(
        "INSERT INTO delivered_paper "
        "(channel_id, cadence, arxiv_id, version, delivery_id, is_offered) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        [
            *((*where, *paper, delivery_id, 0) for paper in draft.papers),  # a bool takes longer
            *((*where, *paper, delivery_id, 1) for paper in draft.offered),
        ],
    )


def split_message(
    connection: sqlite3.Connection,
    bodies: Bodies,
    delivery_id: int,
    drafts: Sequence[MessageDraft],
    reason: Reason | None,
    now: datetime,
) -> bool:
    destination = select_one(
        connection,
        Destination,
        f"UPDATE delivery SET state = 'failed', changed_at = :now, {SET_REASON}, "
        f"notified_at = :now, settled_at = :now WHERE id = :id AND state = 'sending' "
        f"RETURNING subscription_id, guild_id, channel_id, announced_on, cadence, place, "
        f"starter_id, thread_name, tags, known_update",
        {"id": delivery_id, "now": moment_text(now), **reason_parameters(reason)},
    )
    if destination is None:
        return False
    offered = select_rows(
        connection,
        "DELETE FROM delivered_paper WHERE delivery_id = :id "
        "RETURNING arxiv_id, version, is_offered",
        {"id": delivery_id},
    )
    last = replace(drafts[-1], offered=tuple((row[0], row[1]) for row in offered if row[2]))
    _insert_all(connection, bodies, destination, [*drafts[:-1], last], now)
    return True
