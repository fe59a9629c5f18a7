"""A body comes out as it went in, takes little room, and is never another."""

import contextlib
import functools
import sqlite3
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.store.outbox import bodies as module
from bot.store.outbox.bodies import Bodies, forget_pieces, pack, read_body, unpack, write_whole
from bot.store.outbox.plans import frozen_json
from bot.store.sqlite.migrations import migrate
from bot.ui.styles.cards import CARDS
from tests.builders import DAY, make_digest, make_papers

BODY = frozen_json(CARDS.render(make_digest(*make_papers(5)))[0].body)
LATER = DAY + timedelta(days=1)
LONG = "a line that is long enough to be kept once for all the messages that have it"


@functools.cache
def empty() -> bytes:
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection)
        return connection.serialize()


def fresh() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.deserialize(empty())
    return connection


def say(*lines: str) -> str:
    return frozen_json({"content": "\n".join(lines)})


def read(connection: sqlite3.Connection) -> list[str]:
    packed = connection.execute("SELECT packed FROM body ORDER BY delivery_id").fetchall()
    return [read_body(connection, "", each) for (each,) in packed]


def list_pieces(connection: sqlite3.Connection) -> list[tuple[int, int]]:
    return connection.execute("SELECT batch, number FROM piece ORDER BY 1, 2").fetchall()


def largest(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT max(length(packed)) FROM body").fetchone()[0])


TEXTS = st.text(st.sampled_from('ab. \\"\n\x01é\u2028😀1'), max_size=200)


@given(st.lists(st.dictionaries(TEXTS, TEXTS, max_size=3), min_size=1, max_size=3))
def test_bodies_come_out_as_they_went_in(written: list[dict[str, str]]) -> None:
    payloads, bodies = [frozen_json(each) for each in written], Bodies()
    with contextlib.closing(fresh()) as connection:
        for number, payload in enumerate(payloads, start=1):
            bodies.write(connection, number, payload, DAY)
        assert read(connection) == payloads


def test_what_several_messages_say_is_kept_once() -> None:
    """Of a list, too, where the number before it differs."""
    payloads, bodies = [say(f"{n}. {LONG}", str(n)) for n in range(1, 9)], Bodies()
    with contextlib.closing(fresh()) as connection:
        for number, payload in enumerate(payloads, start=1):
            bodies.write(connection, number, payload, DAY)
        assert list_pieces(connection) == [(1, 1)]
        assert read(connection) == payloads
        assert largest(connection) < 45


def test_a_message_takes_a_fraction_beside_another_like_it() -> None:
    bodies = Bodies()
    with contextlib.closing(fresh()) as connection:
        for number in (1, 2):
            bodies.write(connection, number, BODY, DAY)
        assert read(connection) == [BODY, BODY]
        assert largest(connection) < len(BODY) / 5


def test_a_batch_ends_with_the_day_and_when_it_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its number is above all messages of earlier ones, also where those numbers come again."""
    monkeypatch.setattr(module, "MOST", 2)
    bodies, days = Bodies(), (DAY, DAY, LATER, LATER, LATER)
    with contextlib.closing(fresh()) as connection:
        for number, day in enumerate(days, start=1):
            bodies.write(connection, number, say(f"{number % 2} {LONG}"), day)
        connection.execute("DELETE FROM body WHERE delivery_id > 3")
        bodies.write(connection, 4, say(LONG), DAY)
        assert list_pieces(connection) == [(1, 1), (1, 2), (3, 1), (3, 2), (5, 1), (6, 1)]
        assert read(connection) == [*(say(f"{each % 2} {LONG}") for each in (1, 2, 3)), say(LONG)]


def test_pieces_of_a_transaction_that_was_undone_are_written_again() -> None:
    """The first of a batch, and a later one."""
    bodies, payloads = Bodies(), [say(LONG), say(LONG, LONG[::-1])]
    with contextlib.closing(fresh()) as connection:
        for number, payload in enumerate(payloads, start=1):
            connection.execute("BEGIN")
            bodies.write(connection, number, payload, DAY)
            connection.execute("ROLLBACK")
            bodies.write(connection, number, payload, DAY)
        assert read(connection) == payloads


def test_pieces_are_forgotten_once_no_message_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few at a time; those of the last batch stay, as messages may still come to have them."""
    monkeypatch.setattr(module, "FORGET_AT_ONCE", 1)
    bodies = Bodies()
    with contextlib.closing(fresh()) as connection:
        for number, day in ((1, DAY), (2, DAY), (3, LATER)):
            bodies.write(connection, number, say(LONG, LONG[::-1]), day)
        assert not forget_pieces(connection, 1)
        assert forget_pieces(connection, 2)
        assert list_pieces(connection) == [(1, 2), (3, 1), (3, 2)]
        assert forget_pieces(connection, 3)
        assert not forget_pieces(connection, 3)
        assert list_pieces(connection) == [(3, 1), (3, 2)]


def test_a_changed_body_takes_next_to_nothing_beside_the_first() -> None:
    changed = BODY.replace("Abstract", "Code: https://github.com/x/1. Abstract", 1)
    packed = pack(changed, BODY)
    assert unpack(packed, BODY) == changed
    assert len(packed) < 100


@pytest.mark.parametrize(
    "packed", [b"", b"x", pack(BODY)[:-1], pack(BODY, "other"), pack(BODY)[:40] + b"\0" * 900]
)
def test_what_is_damaged_is_no_body(packed: bytes) -> None:
    assert unpack(packed) == ""


def test_a_body_whose_piece_is_lost_is_another() -> None:
    with contextlib.closing(fresh()) as connection:
        Bodies().write(connection, 1, say(LONG), DAY)
        connection.execute("DELETE FROM piece")
        assert read(connection) == ['"}']


def test_numbers_that_are_none_are_no_body() -> None:
    with contextlib.closing(fresh()) as connection:
        for text in ("\x01x\x01{}", "\x011\x01{}\x01y\x01"):
            assert read_body(connection, "", pack(text)) == ""


def test_a_whole_body_needs_no_piece() -> None:
    with contextlib.closing(fresh()) as connection:
        Bodies().write(connection, 1, say(LONG), DAY)
        write_whole(connection, 1, say(LONG))
        connection.execute("DELETE FROM piece")
        assert read(connection) == [say(LONG)]


@pytest.mark.parametrize(
    "change",
    ["body SET packed = x'00'", "body SET delivery_id = 7", "piece SET text = ''",
     "piece SET number = 7"],
)  # fmt: skip
def test_the_file_refuses_another_body(change: str) -> None:
    with contextlib.closing(fresh()) as connection:
        Bodies().write(connection, 1, say(LONG), DAY)
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(f"UPDATE {change}")
