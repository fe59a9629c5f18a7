"""What is stored, held against what was announced: by category, paper, date, and how."""

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby

from bot.arxiv.calendar import announcement_day
from tests.fakes.arxiv import Record
from tests.replay.truth import Key
from tests.replay.walk import SPACING_S, Replay

UNKNOWN = 0
"""A version that no source told."""

Found = tuple[str, str, str]
"""A category, a paper and a date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """How a paper is stored in a listing, and where that listing was read."""

    position: int
    announce_type: str
    version: int
    source: str


@dataclass(slots=True, kw_only=True)
class Result:
    """What the walk came to; `is_right` when nothing is to be found fault with."""

    days: int
    announced: int
    stored: int
    unknown_versions: int = 0
    wrong: dict[str, list[object]] = field(default_factory=dict)
    verdicts: Counter[str]
    reasons: Counter[str]
    requests: int
    smallest_gap_s: float
    kills: int

    @property
    def is_right(self) -> bool:
        return not any(self.wrong.values()) and self.smallest_gap_s >= SPACING_S


def compare(replay: Replay) -> Result:
    with contextlib.closing(sqlite3.connect(replay.path)) as connection:
        stored = _stored(connection)
        verdicts, reasons = _verdicts(connection)
    truth = replay.corpus.announced
    first = {name: announcement_day(start) for name, start in replay.starts.items()}
    expected = {
        key: records
        for key, records in truth.items()
        if key[0] in first and key[1] >= first[key[0]]
    }
    counts = Counter(key for key in stored for _ in stored[key])
    return Result(
        days=len(replay.corpus.days),
        announced=sum(map(len, expected.values())),
        stored=sum(counts.values()),
        unknown_versions=sum(
            each.version == UNKNOWN for papers in stored.values() for each in papers.values()
        ),
        wrong={
            "missing": list(_missing(expected, stored)),
            "misdated": list(_misdated(truth, stored, is_announced=True)),
            "unannounced": list(_misdated(truth, stored, is_announced=False)),
            "types": list(_types(truth, stored)),
            "versions": list(_versions(truth, stored)),
            "order": list(_order(truth, stored)),
        },
        verdicts=verdicts,
        reasons=reasons,
        requests=len(replay.arxiv.requests),
        smallest_gap_s=min(replay.arxiv.gaps_s(), default=SPACING_S),
        kills=replay.kills,
    )


def _stored(connection: sqlite3.Connection) -> dict[Key, dict[str, Stored]]:
    stored: dict[Key, dict[str, Stored]] = {}
    rows = connection.execute(
        "SELECT category, announced_on, arxiv_id, position, announce_type, version, source "
        "FROM announcement JOIN listing USING (category, announced_on)"
    )
    for category, day, arxiv_id, position, announce_type, version, source in rows:
        stored.setdefault((category, date.fromisoformat(day)), {})[arxiv_id] = Stored(
            position=position, announce_type=announce_type, version=version, source=source
        )
    return stored


def _verdicts(connection: sqlite3.Connection) -> tuple[Counter[str], Counter[str]]:
    rows = connection.execute("SELECT verdict, reason FROM intake_day").fetchall()
    return Counter(str(verdict) for verdict, _ in rows), Counter(why for _, why in rows if why)


Truth = Mapping[Key, list[Record]]
Shelf = Mapping[Key, Mapping[str, Stored]]


def _missing(truth: Truth, stored: Shelf) -> Iterator[Found]:
    for (category, day), records in sorted(truth.items()):
        for record in records:
            if record.arxiv_id not in stored.get((category, day), {}):
                yield category, record.arxiv_id, str(day)


def _misdated(truth: Truth, stored: Shelf, *, is_announced: bool) -> Iterator[Found]:
    """Find what is stored for another date than announced, or was never announced at all."""
    known = {(key[0], record.arxiv_id) for key, records in truth.items() for record in records}
    for key, papers in sorted(stored.items()):
        right = {record.arxiv_id for record in truth.get(key, [])}
        for arxiv_id in sorted(papers.keys() - right):
            if ((key[0], arxiv_id) in known) == is_announced:
                yield key[0], arxiv_id, str(key[1])


def _both(truth: Truth, stored: Shelf) -> Iterator[tuple[Key, Record, Stored]]:
    for key, records in sorted(truth.items()):
        for record in records:
            found = stored.get(key, {}).get(record.arxiv_id)
            if found is not None:
                yield key, record, found


def _types(truth: Truth, stored: Shelf) -> Iterator[object]:
    for key, record, found in _both(truth, stored):
        if found.announce_type != record.announce_type:
            yield key[0], record.arxiv_id, str(key[1]), record.announce_type, found.announce_type


def _versions(truth: Truth, stored: Shelf) -> Iterator[object]:
    """A page names no versions: what came from it may be unknown, or as another category's list
    of the date has it, but never a later one.
    """
    told: dict[tuple[date, str], set[int]] = {}
    for (_, day), records in truth.items():
        for record in records:
            told.setdefault((day, record.arxiv_id), {UNKNOWN}).add(record.version)
    for key, record, found in _both(truth, stored):
        if found.version not in told[key[1], record.arxiv_id]:
            yield key[0], record.arxiv_id, str(key[1]), record.version, found.version


def _order(truth: Truth, stored: Shelf) -> Iterator[object]:
    for key, records in sorted(truth.items()):
        found = stored.get(key, {})
        announced = [record.arxiv_id for record in records if record.arxiv_id in found]
        if announced != sorted(announced, key=lambda name: found[name].position):
            yield key[0], str(key[1])


def report(result: Result, told: Counter[str]) -> None:
    print(f"days          {result.days}")
    print(f"announced     {result.announced} (category, date, paper) triples")
    print(f"stored        {result.stored}, {result.unknown_versions} of unknown version")
    for name, found in result.wrong.items():
        print(f"{name:<13} {len(found)}{f'  e.g. {found[:3]}' if found else ''}")
        for key, group in groupby(found, key=lambda each: _place(each)):
            print(f"              {len(list(group)):5}  {' '.join(key)}")
    print(f"requests      {result.requests}, smallest gap {result.smallest_gap_s:.1f} s")
    print(f"kills         {result.kills}")
    for title, counted in (
        ("fault", told),
        ("verdict", result.verdicts),
        ("reason", result.reasons),
    ):
        for name, count in sorted(counted.items()):
            print(f"{title:<13} {count:4}  {name}")


def _place(found: object) -> tuple[str, ...]:
    assert isinstance(found, tuple)
    return (found[0], found[2] if len(found) > 2 else found[1])
