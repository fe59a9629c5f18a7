"""Small things to remember between runs, by name (the hash of the synced commands, ...)."""

from datetime import datetime

from bot.store.sqlite.executor import Database
from bot.store.sqlite.statements import change, read_moment, select_one, select_pairs


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

    async def moments(self, beginning: str) -> dict[str, datetime]:
        """Return the moments whose names begin so, by the rest of the name."""
        pairs = await self._database.read(
            select_pairs,
            str,
            str,
            "SELECT substr(name, length(:beginning) + 1), value FROM fact "
            "WHERE substr(name, 1, length(:beginning)) = :beginning",
            {"beginning": beginning},
        )
        read = {rest: read_moment(value) for rest, value in pairs}
        return {rest: moment for rest, moment in read.items() if moment is not None}

    async def set(self, name: str, value: str) -> None:
        await self._database.write(
            change,
            "INSERT INTO fact (name, value) VALUES (:name, :value) "
            "ON CONFLICT DO UPDATE SET value = excluded.value",
            {"name": name, "value": value},
        )
