"""What arXiv truly announced on each date, worked out from what its feeds showed."""

import gzip
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from bot.arxiv.calendar import estimate_announcement
from tests.fakes.arxiv import Record
from tests.fakes.arxiv_forms import in_sections

REPEATED = 0.9
"""A feed with more of the papers of the one before it repeats that one."""
DAYS_LATE = 4
"""No list surfaced later than that."""
VOTES = 3
"""So many papers of other categories at least tell the date of a list."""
SATURDAY = 5

Key = tuple[str, date]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """What arXiv's feeds showed, by category and the date of the feed, and what was announced."""

    feeds: Mapping[Key, list[Record]]
    announced: Mapping[Key, list[Record]]

    @property
    def categories(self) -> list[str]:
        return sorted({category for category, _ in self.feeds})

    @property
    def days(self) -> list[date]:
        first, last = min(day for _, day in self.feeds), max(day for _, day in self.feeds)
        return [first + timedelta(days=number) for number in range((last - first).days + 1)]

    @property
    def repeats(self) -> list[Key]:
        """The feeds that showed another list than the one of their date."""
        return sorted(
            (
                key
                for key, records in self.feeds.items()
                if records and ids_of(records) != ids_of(self.announced.get(key, []))
            ),
            key=lambda key: (key[1], key[0]),
        )

    def between(self, first: date, last: date) -> "Corpus":
        """Return the same for some of the dates."""
        return Corpus(
            feeds={key: value for key, value in self.feeds.items() if first <= key[1] <= last},
            announced={
                key: value for key, value in self.announced.items() if first <= key[1] <= last
            },
        )


def ids_of(records: Iterable[Record]) -> set[str]:
    return {record.arxiv_id for record in records}


def read_lines(path: Path) -> list[dict[str, Any]]:
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    return [json.loads(line) for line in content.splitlines() if line.strip()]


def read_corpus(listings: Path, papers: Path) -> Corpus:
    known = {paper["id"]: paper for paper in read_lines(papers)}
    feeds = {
        (line["category"], date.fromisoformat(line["date"])): [
            _record(known[arxiv_id], version, announce_type)
            for arxiv_id, version, announce_type in line["items"]
        ]
        for line in read_lines(listings)
    }
    return Corpus(feeds=feeds, announced=find_truth(feeds))


def _record(paper: dict[str, Any], version: int, announce_type: str) -> Record:
    return Record(
        paper["id"],
        announce_type,
        version,
        paper["title"],
        paper["abstract"],
        tuple(paper["authors"]),
        tuple(paper["categories"]),
        doi=paper.get("doi"),
        journal_ref=paper.get("journal_ref"),
    )


def find_truth(feeds: Mapping[Key, list[Record]]) -> dict[Key, list[Record]]:
    """Return the listing of each category and announcement date."""
    shown = dict(_without_repeats(feeds))
    fresh = {key: _fresh_ids(records) for key, records in shown.items()}
    dated: dict[Key, list[Record]] = {}
    for key in sorted(shown, key=lambda key: (key[1], key[0])):
        day = _true_date(key, fresh)
        dated.setdefault((key[0], day), []).extend(shown[key])
    for key in _hidden(dated):
        dated[key] = _rebuilt(key, dated)
    return {
        key: in_sections(_submitted_for(records, key[1]))
        for key, records in dated.items()
        if records
    }


def _submitted_for(records: Iterable[Record], day: date) -> Iterable[Record]:
    """Give records a time of submission that arXiv's schedule turns into their date."""
    moment = datetime.combine(day, time(14), tzinfo=UTC) - timedelta(days=1)
    while estimate_announcement(moment) > day or moment.weekday() >= SATURDAY:
        moment -= timedelta(days=1)
    return (replace(record, submitted_at=moment) for record in records)


def _without_repeats(feeds: Mapping[Key, list[Record]]) -> Iterable[tuple[Key, list[Record]]]:
    before: dict[str, set[str]] = {}
    for key in sorted(feeds, key=lambda key: key[1]):
        ids = ids_of(feeds[key])
        if not ids:
            continue
        if len(ids & before.get(key[0], set())) < REPEATED * len(ids):
            yield key, feeds[key]
        before[key[0]] = ids


def _fresh_ids(records: Iterable[Record]) -> set[str]:
    return ids_of(each for each in records if not each.announce_type.startswith("replace"))


def _true_date(key: Key, shown: Mapping[Key, set[str]]) -> date:
    """Return the date that other categories give the papers which they share with a list."""
    category, stamp = key
    votes: Counter[date] = Counter()
    for (other, day), fresh in shown.items():
        if other != category and timedelta() <= stamp - day <= timedelta(days=DAYS_LATE):
            votes[day] += len(shown[key] & fresh)
    (best, count), *_ = [*votes.most_common(1), (stamp, 0)]
    is_told = count >= VOTES and count > votes[stamp]
    if is_told and (category, best) not in shown:
        return best
    while stamp.weekday() >= SATURDAY:
        stamp -= timedelta(days=1)
    return stamp


def _hidden(dated: Mapping[Key, list[Record]]) -> list[Key]:
    """Find the dates on which some categories show a list and others do not."""
    categories = {category for category, _ in dated}
    days = {day for _, day in dated}
    first = {name: min(day for each, day in dated if each == name) for name in categories}
    return [
        (name, day)
        for name in sorted(categories)
        for day in sorted(days)
        if (name, day) not in dated and day > first[name]
    ]


def _rebuilt(key: Key, dated: Mapping[Key, list[Record]]) -> list[Record]:
    """Return what the other categories tell of a list that its own feed never showed."""
    category, day = key
    near = {
        each.arxiv_id
        for (name, other), records in dated.items()
        if name == category and other != day and abs(other - day) <= timedelta(days=DAYS_LATE)
        for each in records
    }
    found: dict[str, Record] = {}
    for (name, other), records in sorted(dated.items()):
        if other == day and name != category:
            for each in records:
                if category in each.categories and each.arxiv_id not in near:
                    found.setdefault(each.arxiv_id, _seen_from(category, each))
    return list(found.values())


def _seen_from(category: str, record: Record) -> Record:
    """Return a record as another category announces it."""
    is_own = record.categories[0] == category
    is_replaced = record.announce_type.startswith("replace")
    announce_type = {
        (True, False): "new",
        (False, False): "cross",
        (True, True): "replace",
        (False, True): "replace-cross",
    }[is_own, is_replaced]
    return Record(
        record.arxiv_id,
        announce_type,
        record.version,
        record.title,
        record.abstract,
        record.authors,
        record.categories,
        doi=record.doi,
        journal_ref=record.journal_ref,
    )
