"""What a query asks of readers: which papers a person saved, and a server got or liked.

Looked up before the search itself, in the name of one person in one server; the papers become sets
of keys, which the search knows how to walk (`bot.store.search.plan`).
"""

import sqlite3
from dataclasses import dataclass, replace

from bot.errors import InputError
from bot.models import ArxivId
from bot.query.ast import LeafNode, Liked, OfReaders, Posted, Query, Saved, leaves, with_leaves
from bot.query.printer import print_node
from bot.store.sqlite.executor import Database
from bot.store.sqlite.statements import select, select_pairs

_SAVED = """
    SELECT key FROM saved_paper JOIN paper USING (arxiv_id)
    WHERE user_id = :user_id AND (:tag = '' OR instr(' ' || tags || ' ', ' ' || :tag || ' '))
        AND (:is_read IS NULL OR is_read = :is_read)
"""
_POSTED = """
    SELECT DISTINCT paper.key FROM delivery
    JOIN delivered_paper ON delivery_id = delivery.id JOIN paper USING (arxiv_id)
    WHERE guild_id = :guild_id AND state = 'sent' AND message_id IS NOT NULL AND NOT is_offered
"""
_LIKED = """
    SELECT key FROM opinion JOIN paper USING (arxiv_id)
    WHERE guild_id = :guild_id AND is_liked
    GROUP BY arxiv_id HAVING count(*) >= :least
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks, and in which server, if in one."""

    user_id: int
    guild_id: int | None


class Asked:
    """What single readers and servers did with papers, as sets of papers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def look_up(self, query: Query, asker: Asker) -> Query:
        """Return the query with the papers that its parts about readers hold for.

        Raises `InputError` where it asks of a server outside of any.
        """
        asked = [leaf for leaf in dict.fromkeys(leaves(query.root)) if isinstance(leaf, OfReaders)]
        if not asked:
            return query
        for leaf in asked:
            if asker.guild_id is None and not isinstance(leaf, Saved):
                raise InputError(
                    f"{print_node(leaf)} asks of a server that I am in; there is none here, so "
                    "leave it out."
                )
        found = await self._database.read(_look_up, asked, asker)

        def resolved(leaf: LeafNode) -> LeafNode:
            return found.get(leaf, leaf)

        return replace(query, root=with_leaves(query.root, resolved))

    async def saved_keys(self, user_id: int) -> dict[ArxivId, int]:
        """Return the store keys of a person's saved papers."""
        pairs = await self._database.read(
            select_pairs,
            ArxivId,
            int,
            "SELECT arxiv_id, key FROM saved_paper JOIN paper USING (arxiv_id) "
            "WHERE user_id = :user_id",
            {"user_id": user_id},
        )
        return dict(pairs)


def _look_up(
    connection: sqlite3.Connection, asked: list[Saved | Posted | Liked], asker: Asker
) -> dict[LeafNode, LeafNode]:
    return {leaf: replace(leaf, keys=frozenset(_keys(connection, leaf, asker))) for leaf in asked}


def _keys(connection: sqlite3.Connection, leaf: Saved | Posted | Liked, asker: Asker) -> list[int]:
    match leaf:
        case Saved(tag=tag, is_read=is_read):
            values = {"user_id": asker.user_id, "tag": tag, "is_read": is_read}
            return select(connection, int, _SAVED, values)
        case Posted():
            return select(connection, int, _POSTED, {"guild_id": asker.guild_id})
        case Liked(least=least):
            values = {"guild_id": asker.guild_id, "least": least}
            return select(connection, int, _LIKED, values)
