"""Small things to remember between runs, by name (the hash of the synced commands, ...)."""

import sqlite3

from bot.store.sqlite.executor import Database


class Facts:
    """Named strings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, name: str) -> str | None:
        def work(connection: sqlite3.Connection) -> str | None:
            rows = connection.execute("SELECT value FROM fact WHERE name = :name", {"name": name})
            return next((str(row[0]) for row in rows), None)

        return await self._database.read(work)

    async def set(self, name: str, value: str) -> None:
        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO fact (name, value) VALUES (:name, :value) "
                "ON CONFLICT DO UPDATE SET value = excluded.value",
                {"name": name, "value": value},
            )

        await self._database.write(work)
