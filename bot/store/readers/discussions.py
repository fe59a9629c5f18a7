"""The thread in which a server discusses a paper; there is one at most."""

import sqlite3
from datetime import datetime
from typing import NamedTuple

from bot.models import ArxivId
from bot.store.sqlite.executor import PERSONS_PATIENCE_S, Database
from bot.store.sqlite.statements import Parameters, change, select_one


class Begun(NamedTuple):
    """A discussion whose message may or may not have arrived in its channel."""

    channel_id: int
    begun_at: datetime


class Discussion(NamedTuple):
    """Where a paper is discussed: the thread has the number of the message that it was made of."""

    channel_id: int
    thread_id: int


class Discussions:
    """One thread a server and paper."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, guild_id: int, arxiv_id: ArxivId) -> Discussion | Begun | None:
        return await self._database.read(_get, {"guild_id": guild_id, "arxiv_id": arxiv_id})

    async def begin(self, guild_id: int, arxiv_id: ArxivId, begun: Begun) -> None:
        """Note that a message is about to be sent, in place of a thread that is gone."""
        values = {"begun_at": begun.begun_at.isoformat(), "thread_id": None}
        await self._set(guild_id, arxiv_id, channel_id=begun.channel_id, **values)

    async def set(self, guild_id: int, arxiv_id: ArxivId, where: Discussion) -> None:
        """Keep where a paper is discussed, in place of a thread that is gone."""
        await self._set(guild_id, arxiv_id, begun_at=None, **where._asdict())

    async def _set(self, guild_id: int, arxiv_id: ArxivId, **values: object) -> None:
        await self._database.write_within(
            PERSONS_PATIENCE_S,
            change,
            f"INSERT OR REPLACE INTO discussion (guild_id, arxiv_id, {', '.join(values)}) "
            f"VALUES (:guild_id, :arxiv_id, :{', :'.join(values)})",
            {"guild_id": guild_id, "arxiv_id": arxiv_id, **values},
        )


def _get(connection: sqlite3.Connection, values: Parameters) -> Discussion | Begun | None:
    sql = "FROM discussion WHERE guild_id = :guild_id AND arxiv_id = :arxiv_id AND"
    where = f"SELECT channel_id, thread_id {sql} thread_id IS NOT NULL"
    begun = f"SELECT channel_id, begun_at {sql} thread_id IS NULL"
    return select_one(connection, Discussion, where, values) or select_one(
        connection, Begun, begun, values
    )
