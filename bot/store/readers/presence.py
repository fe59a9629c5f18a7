"""When and in which servers the people of whom something is kept last used the bot.

By this alone it is found out who has left every server (`bot.digest.absence`). Of people of whom
nothing else is kept this is not kept either.
"""

import sqlite3
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Final

from bot.arxiv.calendar import ONE_DAY
from bot.digest.absence import (
    ASKED_AGAIN_AFTER,
    QUIET_FOR,
    Answer,
    PersonSeen,
    ServerSeen,
    answered,
    decide,
)
from bot.digest.models import NO_GUILD
from bot.store.readers.people import PERSONAL, PRESENCE, forget_person
from bot.store.sqlite.executor import Database
from bot.store.sqlite.statements import Row, change, json_array, read_day, select, select_rows

AT_ONCE: Final = 1000
"""People in one transaction."""

SCAN_DEADLINE_S: Final = 30.0
"""Once a day, nobody waits: a million saved papers of 50,000 people take a second."""

_OTHERS: Final = tuple(table for table in PERSONAL if table != PRESENCE)
_KEPT: Final = " OR ".join(
    f"EXISTS (SELECT 1 FROM {table} WHERE {table}.user_id = {{user}})" for table in _OTHERS
)

_NOTE: Final = f"""
    INSERT INTO presence (user_id, guild_id, seen_on, is_own)
    SELECT :user_id, :guild_id, :seen_on, :is_own WHERE {_KEPT.format(user=":user_id")}
    ON CONFLICT DO UPDATE SET seen_on = excluded.seen_on, is_own = max(is_own, excluded.is_own)
    WHERE seen_on <> excluded.seen_on OR is_own < excluded.is_own
"""

_UNKNOWN: Final = " UNION ".join(
    f"SELECT user_id FROM {table} WHERE user_id IS NOT NULL "
    f"AND NOT EXISTS (SELECT 1 FROM presence WHERE presence.user_id = {table}.user_id)"
    for table in _OTHERS
)

_LEFT_OVER: Final = (
    f"SELECT DISTINCT user_id FROM presence WHERE NOT ({_KEPT.format(user='presence.user_id')})"
)

_TELLING: Final = (
    "user_id, guild_id FROM opinion",
    f"user_id, coalesce(guild_id, {NO_GUILD}) FROM saved_paper",
    "user_id, guild_id FROM shared_tag",
    "last_look.user_id, subscription.guild_id FROM last_look JOIN subscription USING (channel_id)",
    f"user_id, {NO_GUILD} FROM last_look",
    f"user_id, {NO_GUILD} FROM recent_search",
    f"user_id, {NO_GUILD} FROM followed_paper",
    f"user_id, {NO_GUILD} FROM subscription",
)
_LEARN: Final = (
    "INSERT INTO presence (user_id, guild_id, seen_on) "
    "SELECT user_id, guild_id, :today FROM ("
    + " UNION ".join(
        f"SELECT {each} WHERE {'last_look.' if 'JOIN' in each else ''}user_id "
        "IN (SELECT value FROM json_each(:people))"
        for each in _TELLING
    )
    + ") WHERE true ON CONFLICT DO NOTHING"
)
"""What is kept tells where its person was, in files of earlier versions and after a crash.

When they used the bot last it does not tell, as most use leaves nothing: so they count as seen.
"""

_COLUMNS: Final = "user_id, guild_id, seen_on, is_own, asked_on, answer, gone_since"

_QUIET: Final = f"""
    SELECT {_COLUMNS} FROM presence WHERE user_id IN (
        SELECT user_id FROM presence GROUP BY user_id
        HAVING max(seen_on) <= :before AND NOT max(is_own) AND max(guild_id) <> {NO_GUILD}
            AND NOT max(coalesce(answer = 'there' AND asked_on BETWEEN :since AND :today, 0))
    ) ORDER BY user_id
"""
"""Leaves out most of those whom `decide` would leave alone: there are many of them."""

_ARRIVED: Final = (
    "SELECT max(changed_at) FROM delivery WHERE state = 'sent' AND channel_id = "
    "(SELECT channel_id FROM subscription WHERE user_id = ?)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """That a person used the bot in a server, or (`NO_GUILD`) elsewhere.

    ``is_own``: by having added it to their account, so elsewhere.
    """

    user_id: int
    guild_id: int
    is_own: bool = False


class Presence:
    """Where people were seen, and what Discord said of those who were not seen for long."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, used: Collection[Used], today: date) -> None:
        """Note who used the bot; nothing of people of whom nothing is kept."""
        await self._database.write(_note, used, today)

    async def gather(self, today: date) -> None:
        """Learn of people who are not known here yet, and forget those of whom nothing is kept."""
        unknown, left_over = await self._database.read_within(SCAN_DEADLINE_S, _scan)
        for at in range(0, len(unknown), AT_ONCE):
            await self._database.write(_learn, unknown[at : at + AT_ONCE], today)
        if left_over:
            await self._database.write(_drop, left_over)

    async def list_due(self, today: date, guild_ids: Collection[int], limit: int) -> list[int]:
        """List people about whom something is to be done, the longest not asked about first."""
        return await self._database.read_within(
            SCAN_DEADLINE_S, _list_due, today, frozenset(guild_ids), limit
        )

    async def count_asked(self, day: date) -> int:
        """Count the questions of a day."""
        sql = "SELECT count(*) FROM presence WHERE asked_on = ?"
        return sum(await self._database.read(select, int, sql, (day.isoformat(),)))

    async def get(self, user_id: int) -> PersonSeen | None:
        return await self._database.read(_get, user_id)

    async def note_answer(
        self, user_id: int, guild_id: int, answer: Answer, today: date
    ) -> PersonSeen | None:
        """Note what Discord said of a person and a server; returns what is known of them now."""
        return await self._database.write(_note_answer, user_id, guild_id, answer, today)

    async def forget_gone(self, user_id: int, today: date) -> bool:
        """Delete all that is kept of a person who is gone; False when they are not (any more)."""
        return await self._database.write(_forget_gone, user_id, today)


def _note(connection: sqlite3.Connection, used: Collection[Used], today: date) -> None:
    connection.executemany(
        _NOTE,
        [
            {
                "user_id": each.user_id,
                "guild_id": each.guild_id,
                "is_own": int(each.is_own),
                "seen_on": today.isoformat(),
            }
            for each in used
        ],
    )


def _scan(connection: sqlite3.Connection) -> tuple[list[int], list[int]]:
    return select(connection, int, _UNKNOWN), select(connection, int, _LEFT_OVER)


def _learn(connection: sqlite3.Connection, people: Collection[int], today: date) -> None:
    connection.execute(_LEARN, {"people": json_array(people), "today": today.isoformat()})


def _drop(connection: sqlite3.Connection, people: Collection[int]) -> None:
    change(
        connection,
        "DELETE FROM presence WHERE user_id IN (SELECT value FROM json_each(:people)) "
        f"AND NOT ({_KEPT.format(user='presence.user_id')})",
        {"people": json_array(people)},
    )


def _list_due(
    connection: sqlite3.Connection, today: date, guild_ids: Collection[int], limit: int
) -> list[int]:
    values = {
        "today": today.isoformat(),
        "before": (today - QUIET_FOR).isoformat(),
        "since": (today - ASKED_AGAIN_AFTER + ONE_DAY).isoformat(),
    }
    rows = connection.execute(_QUIET, values)
    found: list[tuple[str, int]] = []
    for person in _people(connection, rows):
        verdict = decide(person, today, guild_ids)
        if verdict.is_gone or verdict.ask:
            asked = max((each.asked_on or date.min) for each in person.servers)
            found.append((asked.isoformat(), person.user_id))
    return [user_id for _, user_id in sorted(found)[:limit]]


def _get(connection: sqlite3.Connection, user_id: int) -> PersonSeen | None:
    rows = select_rows(connection, f"SELECT {_COLUMNS} FROM presence WHERE user_id = ?", (user_id,))
    return next(_people(connection, rows), None)


def _people(connection: sqlite3.Connection, rows: Iterable[Row]) -> Iterator[PersonSeen]:
    """Read rows in the order of their people; one that cannot be read is left out with its person.

    A message that reached a person in private shows, too, that they are there.
    """
    for user_id, group in groupby(rows, key=itemgetter(0)):
        seen = [(row[1], read_day(row[2]), row[3], *row[4:]) for row in group]
        ((arrived,),) = select_rows(connection, _ARRIVED, (user_id,))
        dates = [day for _, day, *_ in seen if day is not None]
        if len(dates) < len(seen):
            continue
        if (arrived_on := read_day((arrived or "")[:10])) is not None:
            dates.append(arrived_on)
        yield PersonSeen(
            user_id=user_id,
            seen_on=max(dates),
            servers=tuple(
                ServerSeen(
                    guild_id=guild_id,
                    seen_on=day,
                    asked_on=read_day(asked_on),
                    answer=Answer(answer) if answer else None,
                    gone_since=read_day(gone_since),
                )
                for guild_id, day, _, asked_on, answer, gone_since in seen
                if guild_id != NO_GUILD and day is not None
            ),
            is_own=any(is_own for _, _, is_own, *_ in seen),
        )


def _note_answer(
    connection: sqlite3.Connection, user_id: int, guild_id: int, answer: Answer, today: date
) -> PersonSeen | None:
    person = _get(connection, user_id)
    servers = person.servers if person else ()
    server = next((each for each in servers if each.guild_id == guild_id), None)
    if person is None or server is None:
        return person
    now = answered(server, answer, person, today)
    connection.execute(
        "UPDATE presence SET asked_on = :asked_on, answer = :answer, gone_since = :gone_since "
        "WHERE user_id = :user_id AND guild_id = :guild_id",
        {
            "user_id": user_id,
            "guild_id": guild_id,
            "asked_on": today.isoformat(),
            "answer": answer.value,
            "gone_since": now.gone_since.isoformat() if now.gone_since else None,
        },
    )
    return _get(connection, user_id)


def _forget_gone(connection: sqlite3.Connection, user_id: int, today: date) -> bool:
    person = _get(connection, user_id)
    if person is None or not decide(person, today, ()).is_gone:
        return False
    forget_person(connection, user_id)
    return True
