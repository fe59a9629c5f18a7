"""The papers that people saved, with their notes, tags and read marks, and what they share."""

import sqlite3
from collections.abc import Collection
from datetime import datetime
from typing import Final, NamedTuple

from bot.digest.reading import MOST_SAVED, SavedPaper, Saving, SharedTag
from bot.models import ArxivId
from bot.store.sqlite.executor import PERSONS_PATIENCE_S, Database
from bot.store.sqlite.statements import Parameters, change, select, select_one

COLUMNS: Final = "arxiv_id, saved_at, guild_id, note, tags, is_read"
SHARED: Final = "guild_id, name, user_id, tag, shared_at"
_THE_PAPER: Final = "WHERE user_id = :user_id AND arxiv_id = :arxiv_id"


class SavedTitle(NamedTuple):
    """What a saved paper is called."""

    arxiv_id: ArxivId
    title: str


class Library:
    """Each person's saved papers. Every change can be repeated."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(
        self, user_id: int, arxiv_id: ArxivId, *, guild_id: int | None, now: datetime
    ) -> Saving:
        """Put a paper into a person's library; what is there stays as it is."""
        values = {
            "user_id": user_id,
            "arxiv_id": arxiv_id,
            "guild_id": guild_id,
            "now": now.isoformat(),
        }
        return await self._database.write_within(PERSONS_PATIENCE_S, _save, values)

    async def drop(self, user_id: int, arxiv_id: ArxivId) -> bool:
        """Take a paper out, with its note and tags; False when it was not there."""
        values = {"user_id": user_id, "arxiv_id": arxiv_id}
        return await self._change(f"DELETE FROM saved_paper {_THE_PAPER}", values)

    async def get(self, user_id: int, arxiv_id: ArxivId) -> SavedPaper | None:
        return await self._database.read(
            select_one,
            SavedPaper,
            f"SELECT {COLUMNS} FROM saved_paper {_THE_PAPER}",
            {"user_id": user_id, "arxiv_id": arxiv_id},
        )

    async def list_saved(self, user_id: int) -> list[SavedPaper]:
        """List a person's papers, the one saved last first."""
        return await self._database.read(list_saved, user_id)

    async def list_page(self, user_id: int, page: int, size: int) -> tuple[list[SavedPaper], int]:
        """List a page of a person's papers as `list_saved` does, and say how many there are.

        It is the nearest page, where there is none of that number, counted from 0.
        """
        return await self._database.read(_list_page, user_id, page, size)

    async def suggest(self, user_id: int, typed: str, limit: int) -> list[SavedTitle]:
        """List saved papers whose title or identifier holds what is typed, last saved first."""
        return await self._database.read(
            select,
            SavedTitle,
            "SELECT arxiv_id, title FROM saved_paper JOIN paper USING (arxiv_id) "
            "WHERE user_id = :user_id AND instr(lower(title) || ' ' || arxiv_id, :typed) "
            "ORDER BY saved_at DESC LIMIT :limit",
            {"user_id": user_id, "typed": typed.strip().lower(), "limit": limit},
        )

    async def set_note(self, user_id: int, arxiv_id: ArxivId, note: str) -> bool:
        """Write a note in place of the one before; False when the paper is not in the library."""
        return await self._set("note", user_id, arxiv_id, note)

    async def set_tags(self, user_id: int, arxiv_id: ArxivId, tags: Collection[str]) -> bool:
        """Give a paper these tags and no others; False when it is not in the library."""
        return await self._set("tags", user_id, arxiv_id, " ".join(dict.fromkeys(tags)))

    async def set_read(self, user_id: int, arxiv_id: ArxivId, *, is_read: bool) -> bool:
        """Mark a paper as read, or as unread; False when it is not in the library."""
        return await self._set("is_read", user_id, arxiv_id, int(is_read))

    async def share(
        self, guild_id: int, name: str, user_id: int, tag: str, *, now: datetime
    ) -> bool:
        """Let a server read the papers of a tag under a name; False when another has the name."""
        return await self._change(
            f"INSERT INTO shared_tag ({SHARED}) VALUES (:guild_id, :name, :user_id, :tag, :now) "
            "ON CONFLICT DO UPDATE SET tag = excluded.tag, shared_at = excluded.shared_at "
            "WHERE user_id = excluded.user_id",
            {
                "guild_id": guild_id,
                "name": name,
                "user_id": user_id,
                "tag": tag,
                "now": now.isoformat(),
            },
        )

    async def unshare(self, guild_id: int, name: str, user_id: int) -> bool:
        """Share no more under a name; False when this person shares nothing so."""
        return await self._change(
            "DELETE FROM shared_tag "
            "WHERE guild_id = :guild_id AND name = :name AND user_id = :user_id",
            {"guild_id": guild_id, "name": name, "user_id": user_id},
        )

    async def list_shared(self, guild_id: int) -> list[SharedTag]:
        """List what is shared with a server, by name."""
        return await self._database.read(
            select,
            SharedTag,
            f"SELECT {SHARED} FROM shared_tag WHERE guild_id = :guild_id ORDER BY name",
            {"guild_id": guild_id},
        )

    async def _set(self, column: str, user_id: int, arxiv_id: ArxivId, value: object) -> bool:
        values = {"user_id": user_id, "arxiv_id": arxiv_id, "value": value}
        return await self._change(f"UPDATE saved_paper SET {column} = :value {_THE_PAPER}", values)

    async def _change(self, sql: str, values: Parameters) -> bool:
        changed = await self._database.write_within(PERSONS_PATIENCE_S, change, sql, values)
        return changed > 0


def list_saved(connection: sqlite3.Connection, user_id: int) -> list[SavedPaper]:
    return select(
        connection,
        SavedPaper,
        f"SELECT {COLUMNS} FROM saved_paper WHERE user_id = :user_id "
        "ORDER BY saved_at DESC, arxiv_id DESC",
        {"user_id": user_id},
    )


def _list_page(
    connection: sqlite3.Connection, user_id: int, page: int, size: int
) -> tuple[list[SavedPaper], int]:
    where = "FROM saved_paper WHERE user_id = :user_id"
    total = select_one(connection, int, f"SELECT count(*) {where}", {"user_id": user_id}) or 0
    nearest = min(max(page, 0), max(total - 1, 0) // size)
    saved = select(
        connection,
        SavedPaper,
        f"SELECT {COLUMNS} {where} ORDER BY saved_at DESC, arxiv_id DESC "
        "LIMIT :size OFFSET :before",
        {"user_id": user_id, "size": size, "before": nearest * size},
    )
    return saved, total


def _save(connection: sqlite3.Connection, values: dict[str, object]) -> Saving:
    is_known = select_one(connection, int, f"SELECT 1 FROM saved_paper {_THE_PAPER}", values)
    if is_known:
        return Saving.KNOWN
    count = select_one(
        connection, int, "SELECT count(*) FROM saved_paper WHERE user_id = :user_id", values
    )
    if (count or 0) >= MOST_SAVED:
        return Saving.FULL
    connection.execute(
        "INSERT INTO saved_paper (user_id, arxiv_id, saved_at, guild_id) "
        "VALUES (:user_id, :arxiv_id, :now, :guild_id)",
        values,
    )
    return Saving.NEW
