"""Rows become typed values, by the names of their columns."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import NamedTuple

import pytest

from bot.digest.messages import DeliveryState
from bot.models import AnnounceType, ArxivId
from bot.store.sqlite.statements import (
    change,
    json_array,
    read_moment,
    select,
    select_one,
    select_pairs,
    select_rows,
)


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    yield connection
    connection.close()


@dataclass(frozen=True, kw_only=True)
class Everything:
    arxiv_id: ArxivId
    number: int
    day: date
    at: datetime
    until: time | None
    state: DeliveryState
    before: DeliveryState | None
    categories: tuple[str, ...]
    types: tuple[AnnounceType, ...]
    is_good: bool
    reason: str | None
    left_out: int = 7


class Until(NamedTuple):
    number: int
    until: time | None


class Pair(NamedTuple):
    one: int
    other: AnnounceType


def test_a_row_is_read_by_the_types_of_the_fields(connection: sqlite3.Connection) -> None:
    sql = """
        SELECT 'a b' AS categories, 'new cross' AS types, 0 AS is_good, NULL AS reason,
            '2401.00001' AS arxiv_id, 3 AS number, '2024-03-05' AS day,
            '2024-03-05T01:02:03+00:00' AS at, NULL AS until, 'sent' AS state, NULL AS before
    """
    assert select(connection, Everything, sql) == [
        Everything(
            arxiv_id=ArxivId("2401.00001"),
            number=3,
            day=date(2024, 3, 5),
            at=datetime(2024, 3, 5, 1, 2, 3, tzinfo=UTC),
            until=None,
            state=DeliveryState.SENT,
            before=None,
            categories=("a", "b"),
            types=(AnnounceType.NEW, AnnounceType.CROSS),
            is_good=False,
            reason=None,
        )
    ]
    more = sql.replace("NULL AS until", "'09:30' AS until").replace(
        "NULL AS before", "'sent' before"
    )
    (found,) = select(connection, Everything, more.replace("0 AS is_good", "1 AS is_good"))
    assert (found.until, found.before, found.is_good) == (time(9, 30), DeliveryState.SENT, True)
    assert isinstance(found.state, DeliveryState)


def test_a_named_tuple_is_read_the_same_way(connection: sqlite3.Connection) -> None:
    assert select(connection, Pair, "SELECT 'new' AS other, 1 AS one") == [(1, AnnounceType.NEW)]


def test_one_column_is_read_as_the_type_asked_for(connection: sqlite3.Connection) -> None:
    values = "SELECT column1 FROM (VALUES ('2024-03-05'), ('2024-03-06'))"
    assert select(connection, date, values) == [date(2024, 3, 5), date(2024, 3, 6)]
    assert select(connection, str, values) == ["2024-03-05", "2024-03-06"]
    assert select_one(connection, date, values) == date(2024, 3, 5)
    assert select_one(connection, int, "SELECT 1 WHERE false") is None


@pytest.mark.parametrize("value", ["'tomorrow'", "7", "NULL", "x'00'"])
def test_a_row_that_cannot_be_read_is_left_out(connection: sqlite3.Connection, value: str) -> None:
    """Not taken for something else, and not in the way of the others: another program wrote it."""
    days = f"SELECT column1 FROM (VALUES ('2024-03-05'), ({value}), ('2024-03-06'))"
    assert select(connection, date, days) == [date(2024, 3, 5), date(2024, 3, 6)]
    assert select_one(connection, date, f"SELECT {value} AS day") is None
    rows = f"SELECT column1 AS one, column2 AS other FROM (VALUES (1, {value}), (2, 'new'))"
    assert select(connection, Pair, rows) == [(2, AnnounceType.NEW)]


def test_what_may_be_missing_is_so_where_it_cannot_be_read(connection: sqlite3.Connection) -> None:
    """The rest of the row counts."""
    sql = "SELECT 7 AS number, 'soon' AS until"
    assert select(connection, Until, sql) == [Until(number=7, until=None)]


@pytest.mark.parametrize("text", ["2024-03-05T09:00:00", "soon", "", "2024-03-05", "24:00"])
def test_a_moment_has_a_zone(connection: sqlite3.Connection, text: str) -> None:
    assert select(connection, datetime, f"SELECT '{text}' AS at") == []
    assert read_moment(text) is None
    assert read_moment(None) is None
    at = "2024-03-05T09:00:00+00:00"
    assert read_moment(at) == datetime(2024, 3, 5, 9, tzinfo=UTC)
    assert select_one(connection, datetime, f"SELECT '{at}' AS at") == read_moment(at)


def test_changes_are_counted(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE t (x INTEGER)")
    assert change(connection, "INSERT INTO t SELECT value FROM json_each(?)", ("[1, 2, 3]",)) == 3
    assert change(connection, "UPDATE t SET x = 0 WHERE x > :x", {"x": 1}) == 2
    assert change(connection, "DELETE FROM t WHERE x = 9") == 0
    assert select_rows(connection, "DELETE FROM t RETURNING x") == [(1,), (0,), (0,)]


def test_a_list_of_any_length_is_one_parameter(connection: sqlite3.Connection) -> None:
    values = json_array(range(50_000))
    assert select_one(connection, int, "SELECT count(*) FROM json_each(?)", (values,)) == 50_000


def test_a_row_is_read_as_a_key_and_its_value(connection: sqlite3.Connection) -> None:
    sql = "SELECT 1 AS one, 'new' AS other, '2024-03-05' AS day"
    pair = Pair(1, AnnounceType.NEW)
    assert select_pairs(connection, Pair, date, sql) == [(pair, date(2024, 3, 5))]
    sql = "SELECT '2024-03-05' AS day, 1 AS one, 'new' AS other"
    assert select_pairs(connection, date, Pair, sql) == [(date(2024, 3, 5), pair)]
    sql = "SELECT '2024-03-05' AS day, 1 AS one, 'odd' AS other"
    assert select_pairs(connection, date, Pair, sql) == []
    sql = "SELECT 'odd' AS day, 1 AS one, 'new' AS other"
    assert select_pairs(connection, date, Pair, sql) == []
