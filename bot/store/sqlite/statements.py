"""One statement each: read its rows as typed values, or change rows and count them.

A row becomes a value of the shape that the caller names. A dataclass or named tuple is filled by
name: the columns of the statement are called like its fields, and the fields' types say how each
column is read. Any other shape (``int``, ``date``, ``ArxivId``) reads the only column. Moments,
dates and times are ISO texts; a tuple is a text of blank-separated words; a reason is what
`reason_column` or `intake_reason_column` makes of its columns.
"""

import contextlib
import dataclasses
import json
import logging
import sqlite3
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from bot.digest.models import Reason
from bot.errors import StoreError
from bot.models import IntakeReason, IntakeVerdict
from bot.store.sqlite.reasons import parse_intake_reason, parse_reason, parse_verdict

log = logging.getLogger(__name__)

SMALL_CACHE_KIB = 2048
"""What a statement needs that reads each page once."""

T = TypeVar("T")
K = TypeVar("K")
Row = tuple[Any, ...]
Parameters = Mapping[str, object] | Sequence[object]
Convert = Callable[[Any], Any]


def _aware_moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone")
    return moment


_PARSERS: Mapping[object, Convert] = types.MappingProxyType(
    {
        date: date.fromisoformat,
        datetime: _aware_moment,
        time: time.fromisoformat,
        Reason: parse_reason,
        IntakeReason: parse_intake_reason,
        IntakeVerdict: parse_verdict,
    }
)


def select(
    connection: sqlite3.Connection,
    shape: Callable[..., T],
    sql: str,
    parameters: Parameters = (),
) -> list[T]:
    """Read all rows of a statement (a query, or one with RETURNING) as values of ``shape``.

    A row with a value that does not fit is left out: another program must have written it, and it
    must not stop the others. `bot.store.damage` counts such rows.
    """
    cursor = connection.execute(sql, parameters)
    read = _reader(shape, tuple(column[0] for column in cursor.description))
    return list(_readable(read, cursor.fetchall()))


def _readable(read: Callable[[Row], T], rows: Iterable[Row]) -> Iterator[T]:
    for row in rows:
        try:
            yield read(row)
        except StoreError as error:
            log.debug("row left out: %s", error)


LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for a time that cannot be read."""


def read_moment(text: object) -> datetime | None:
    """Read a moment; None where there is none, or none that can be read."""
    try:
        return _aware_moment(text) if isinstance(text, str) else None
    except ValueError:
        return None


def read_day(text: object) -> date | None:
    """Read a date; None where none can be read."""
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def read_list(text: str) -> list[Any] | None:
    """Read a list in JSON; None where none can be read."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, list) else None


def select_one(
    connection: sqlite3.Connection,
    shape: Callable[..., T],
    sql: str,
    parameters: Parameters = (),
) -> T | None:
    """Read the first row, as `select` does; None when there is none."""
    return next(iter(select(connection, shape, sql, parameters)), None)


def select_pairs(
    connection: sqlite3.Connection,
    key: Callable[..., K],
    shape: Callable[..., T],
    sql: str,
    parameters: Parameters = (),
) -> list[tuple[K, T]]:
    """Read each row as two values, as `select` does: ``key`` takes its columns, then ``shape``."""
    cursor = connection.execute(sql, parameters)
    columns = tuple(column[0] for column in cursor.description)
    width = len(_fields(key)) or 1
    read_key, read = _reader(key, columns[:width]), _reader(shape, columns[width:])
    pairs = _readable(lambda row: (read_key(row[:width]), read(row[width:])), cursor.fetchall())
    return list(pairs)


def select_rows(connection: sqlite3.Connection, sql: str, parameters: Parameters = ()) -> list[Row]:
    """Read all rows of a statement as SQLite stores them: whole numbers, texts and NULL."""
    return connection.execute(sql, parameters).fetchall()


def change(connection: sqlite3.Connection, sql: str, parameters: Parameters = ()) -> int:
    """Run an INSERT, UPDATE or DELETE; returns how many rows it changed."""
    return connection.execute(sql, parameters).rowcount


@contextlib.contextmanager
def small_cache(connection: sqlite3.Connection) -> Iterator[None]:
    """Keep few pages meanwhile: for reading a whole index once, which would only fill the cache."""
    ((usual,),) = select_rows(connection, "PRAGMA cache_size")
    connection.execute(f"PRAGMA cache_size = -{SMALL_CACHE_KIB}")
    try:
        yield
    finally:
        connection.execute(f"PRAGMA cache_size = {usual:d}")


def json_array(values: Iterable[object]) -> str:
    """Render ``values`` for ``json_each(:name)``: one parameter for a list of any length."""
    return json.dumps(list(values))


def json_arrays(values: Iterable[object], at_once: int) -> Iterator[str]:
    """Render ``values`` as `json_array` does, so many together: for reads that stay short."""
    left = list(values)
    for start in range(0, len(left), at_once):
        yield json_array(left[start : start + at_once])


@cache
def _reader(shape: Callable[..., T], columns: tuple[str, ...]) -> Callable[[Row], T]:
    if not _fields(shape):
        convert = _converter(shape)
        return lambda row: cast(T, _value(convert, columns[0], row[0]))
    hints = get_type_hints(shape)
    build: Callable[..., T] = shape
    converters = [(name, _converter(hints[name])) for name in columns]

    def read(row: Row) -> T:
        values = zip(converters, row, strict=True)
        return build(**{name: _value(convert, name, value) for (name, convert), value in values})

    return read


def _fields(shape: Callable[..., object]) -> tuple[str, ...]:
    """Return the names of a dataclass's or named tuple's fields; none for any other shape."""
    if dataclasses.is_dataclass(shape):
        return tuple(field.name for field in dataclasses.fields(shape))
    return getattr(shape, "_fields", ())


def _value(convert: Convert | None, name: str, value: object) -> Any:
    if convert is None:
        return value
    try:
        return convert(value)
    except (ValueError, TypeError, AttributeError) as error:
        raise StoreError(f"The database holds no readable {name}, but {value!r}.") from error


def _converter(hint: Any) -> Convert | None:
    """Return how to read a column of this type; None for one that SQLite stores as it is."""
    if hint in _PARSERS:
        return _PARSERS[hint]
    if hint is bool or (isinstance(hint, type) and issubclass(hint, Enum)):
        return hint
    if get_origin(hint) in (Union, types.UnionType):
        return _optional(next(each for each in get_args(hint) if each is not types.NoneType))
    if get_origin(hint) is tuple:
        return _words(get_args(hint)[0])
    return None


def _optional(hint: Any) -> Convert | None:
    convert = _converter(hint)
    return convert and (lambda value: None if value is None else _read_or_none(convert, value))


def _read_or_none(convert: Convert, value: object) -> Any:
    """Read what may be missing; what cannot be read is."""
    try:
        return convert(value)
    except (ValueError, TypeError, AttributeError):
        return None


def _words(hint: Any) -> Convert:
    convert = _converter(hint) or str
    return lambda text: tuple(convert(word) for word in text.split())
