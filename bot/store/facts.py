"""Small things to remember between runs, by name (the hash of the synced commands, ...)."""

from datetime import datetime

from bot.store.sqlite.executor import Database
from bot.store.sqlite.statements import change, read_moment, select_one


class Facts:
    """Named strings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, name: str) -> str | None:
        return await self._database.read(
            select_one, str, "SELECT value FROM fact WHERE name = :name", {"name": name}
        )

    async def moment(self, name: str) -> datetime | None:
        """Return the moment of that name; None where none can be read."""
        return read_moment(await self.get(name))

    async def set(self, name: str, value: str) -> None:
        await self._database.write(
            change,
            "INSERT INTO fact (name, value) VALUES (:name, :value) "
            "ON CONFLICT DO UPDATE SET value = excluded.value",
            {"name": name, "value": value},
        )
