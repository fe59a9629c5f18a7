"""The bodies of messages, kept small (docs/decisions/0034-kept-bodies.md).

Channels that get the same papers get nearly the same texts. A body is frozen JSON; each longer
piece of its text is kept once for the messages of a batch, and a number stands in its place. What
is left is deflated: in a large bot a body takes a tenth of its size or less.

    piece   a text of a batch, by its number there
    body    the batch, numbers and short texts of one message
"""

import hashlib
import itertools
import re
import sqlite3
import zlib
from collections.abc import Collection
from datetime import date
from typing import Final

from bot.store.sqlite.statements import json_array, select_one, select_rows

LONG: Final = 30
"""Characters from which on a piece is kept once: a shorter one would save nothing."""

MOST: Final = 100_000
"""Pieces of a batch; some 30 MB of memory, in a bot of a hundred thousand channels."""

FORGET_AT_ONCE: Final = 5_000
"""Pieces; some milliseconds of the writer."""

SEPARATOR: Final = re.compile(r'(\\n|"[}\]]|\. )')
"""Lines, objects and sentences end there, and so do the numbers of a list, which differ."""

MARK: Final = "\x01"
"""Encloses the number of the batch, which comes first, and those that stand for pieces, each as the
difference from the one before: 1 for pieces that came together. Frozen JSON has no such sign."""


def sha256_of(payload: str) -> str:
    """Return the mark by which a payload is known to be as it was planned."""
    return hashlib.sha256(payload.encode()).hexdigest()


class Bodies:
    """Writes the bodies of messages within transactions; one for the whole store.

    It remembers the pieces of the batch that is being written, as asking for each of sixty pieces a
    message would take longer than all else. A batch ends with the day, so that its pieces are
    forgotten with its messages, and when a transaction was undone whose pieces are remembered here.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._batch = 0
        self._day = date.min

    def write(
        self, connection: sqlite3.Connection, delivery_id: int, payload: str, day: date
    ) -> None:
        """Keep the body of a message that is planned on ``day``, the newest of all messages."""
        if day != self._day or not self._is_stored(connection) or len(self._numbers) >= MOST:
            self._begin(connection, delivery_id, day)
        texts = SEPARATOR.split(payload)
        found: list[tuple[int, int, str]] = []
        last = 0
        for place in range(0, len(texts), 2):
            text = texts[place]
            if len(text) >= LONG:
                number = self._numbers.get(text)
                if number is None:
                    number = self._numbers[text] = len(self._numbers) + 1
                    found.append((self._batch, number, text))
                texts[place] = f"{MARK}{number - last:x}{MARK}"
                last = number
        connection.executemany("INSERT INTO piece (batch, number, text) VALUES (?, ?, ?)", found)
        _insert(connection, delivery_id, f"{MARK}{self._batch:x}{MARK}{''.join(texts)}")

    def _is_stored(self, connection: sqlite3.Connection) -> bool:
        last = "SELECT coalesce(max(number), 0) FROM piece WHERE batch = ?"
        return select_rows(connection, last, (self._batch,)) == [(len(self._numbers),)]

    def _begin(self, connection: sqlite3.Connection, delivery_id: int, day: date) -> None:
        """Begin a batch: all messages of earlier ones have lower numbers than the batch."""
        last = select_one(connection, int, "SELECT max(batch) FROM piece") or 0
        self._numbers.clear()
        self._batch = max(last + 1, delivery_id)
        self._day = day


def write_whole(connection: sqlite3.Connection, delivery_id: int, payload: str) -> None:
    """Replace a message's body with one that needs no pieces."""
    connection.execute("DELETE FROM body WHERE delivery_id = ?", (delivery_id,))
    _insert(connection, delivery_id, payload)


def read_body(connection: sqlite3.Connection, payload: str, packed: bytes | None) -> str:
    """Return the body that a message has in its row or in `body`; another where that is damaged.

    It is in the row where an earlier version planned it.
    """
    if packed is None or payload:
        return payload
    text = unpack(packed)
    try:
        return _with_pieces(connection, text.split(MARK)) if MARK in text else text
    except ValueError:
        return ""


def forget_pieces(connection: sqlite3.Connection, up_to: int) -> bool:
    """Forget some pieces that only messages up to a number have, whose bodies need none any more.

    Returns whether there were any.
    """
    return (
        connection.execute(
            "DELETE FROM piece WHERE (batch, number) IN (SELECT batch, number FROM piece "
            "WHERE batch < (SELECT max(batch) FROM piece WHERE batch <= :up_to + 1) "
            "ORDER BY batch, number LIMIT :most)",
            {"up_to": up_to, "most": FORGET_AT_ONCE},
        ).rowcount
        > 0
    )


def pack(text: str, base: str = "") -> bytes:
    """Return a text as `unpack` takes it; what it shares with ``base`` takes next to no room."""
    packer = zlib.compressobj(zdict=base.encode())
    return packer.compress(text.encode()) + packer.flush()


def unpack(packed: bytes, base: str = "") -> str:
    """Return a packed text; empty when it is damaged."""
    unpacker = zlib.decompressobj(zdict=base.encode())
    try:
        text = unpacker.decompress(packed).decode()
    except (zlib.error, UnicodeDecodeError):
        return ""
    return text if unpacker.eof else ""


def _with_pieces(connection: sqlite3.Connection, texts: list[str]) -> str:
    """Put the pieces back; raises `ValueError` where numbers are none."""
    batch, *steps = (int(each, 16) for each in texts[1::2])
    numbers = list(itertools.accumulate(steps))
    pieces = _read_pieces(connection, batch, numbers)
    texts[1] = ""
    texts[3::2] = [pieces.get(each, "") for each in numbers]
    return "".join(texts)


def _read_pieces(
    connection: sqlite3.Connection, batch: int, numbers: Collection[int]
) -> dict[int, str]:
    return dict(
        select_rows(
            connection,
            "SELECT number, text FROM piece "
            "WHERE batch = ? AND number IN (SELECT value FROM json_each(?))",
            (batch, json_array(numbers)),
        )
    )


def _insert(connection: sqlite3.Connection, delivery_id: int, text: str) -> None:
    connection.execute(
        "INSERT INTO body (delivery_id, packed) VALUES (?, ?)", (delivery_id, pack(text))
    )
