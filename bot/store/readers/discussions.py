"""The thread in which a server discusses a paper; there is one at most."""

from typing import NamedTuple

from bot.models import ArxivId
from bot.store.sqlite.executor import PERSONS_PATIENCE_S, Database
from bot.store.sqlite.statements import change, select_one


class Discussion(NamedTuple):
    """Where a paper is discussed: the thread has the number of the message that it was made of."""

    channel_id: int
    thread_id: int


class Discussions:
    """One thread a server and paper."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, guild_id: int, arxiv_id: ArxivId) -> Discussion | None:
        return await self._database.read(
            select_one,
            Discussion,
            "SELECT channel_id, thread_id FROM discussion "
            "WHERE guild_id = :guild_id AND arxiv_id = :arxiv_id",
            {"guild_id": guild_id, "arxiv_id": arxiv_id},
        )

    async def set(self, guild_id: int, arxiv_id: ArxivId, where: Discussion) -> None:
        """Keep where a paper is discussed, in place of a thread that is gone."""
        await self._database.write_within(
            PERSONS_PATIENCE_S,
            change,
            "INSERT INTO discussion (guild_id, arxiv_id, channel_id, thread_id) "
            "VALUES (:guild_id, :arxiv_id, :channel_id, :thread_id) "
            "ON CONFLICT DO UPDATE SET channel_id = excluded.channel_id, "
            "thread_id = excluded.thread_id",
            {"guild_id": guild_id, "arxiv_id": arxiv_id, **where._asdict()},
        )
