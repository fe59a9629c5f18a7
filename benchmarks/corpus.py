"""Grow the real corpus to any size, the same for the same seed, keeping its word statistics.

`read_corpus` reads the real papers, `Grower` makes more of them, `build_database` writes a
database of the bot as an import would, but straight from one process to one file. The corpus lies
in ../shared/corpus, or where ``BENCHMARK_CORPUS`` says: a smaller one makes a quick try.

A grown paper mixes sentences of real papers of one primary category, so the share of papers that
hold a word, a phrase of common words or a category stays as it is in reality. The vocabulary
grows as text does (Heaps' law): a share of the rare words becomes new ones. Authors are drawn
from real author lists, so frequent names stay frequent.
"""

import asyncio
import contextlib
import os
import random
import re
import sqlite3
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from bot.arxiv.paper import build_paper
from bot.models import AnnounceType, ArxivId, LinkKind
from bot.query.tags import filter_tags
from bot.store.keys import first_key
from bot.store.search.index import INDEXES
from bot.store.search.vocabulary import note_words
from bot.store.sqlite.migrations import FUNCTIONS
from bot.store.store import open_store
from tests.replay.truth import read_lines

ROOT = Path(__file__).resolve().parent.parent
CORPUS = Path(os.environ.get("BENCHMARK_CORPUS") or ROOT.parent / "shared" / "corpus")
PAPERS = CORPUS / "papers.jsonl.gz"
LISTINGS = CORPUS / "listings.jsonl.gz"
WORDS_OF = 5000  # papers at once
FIRST_DAY = date(1995, 1, 2)
LAST_DAY = date(2026, 8, 21)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_WORD = re.compile(r"[A-Za-z]{4,}")
RARE = 3  # papers of the real corpus; such words are those that a larger archive has more of
NEW_WORD_RATE = 0.25


@dataclass(frozen=True, slots=True)
class Grown:
    key: int
    arxiv_id: str
    announced_on: date
    title: str
    abstract: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    has_code: bool


Record = dict[str, Any]


def need(path: Path) -> Path:
    """Return the path of a file; where there is none, the benchmark ends and says so."""
    if not path.exists():
        sys.exit(f"This needs {path}, which is not here.")
    return path


def read_records() -> list[Record]:
    """Read the papers of the corpus as they are in it."""
    return read_lines(need(PAPERS))


def read_corpus() -> list[Record]:
    """Read the papers of the corpus, their text made readable as the bot does."""
    records = read_records()
    for record in records:
        paper = build_paper(
            arxiv_id=ArxivId(record["id"]),
            version=record["version"],
            title=record["title"],
            abstract=record["abstract"],
            authors=tuple(record["authors"]),
            categories=tuple(record["categories"]),
        )
        record.update(title=paper.title, abstract=paper.abstract, authors=list(paper.authors))
        record["links"] = [link for link in paper.links if link.kind is LinkKind.CODE]
    return records


class Grower:
    """The statistics of the real corpus, and papers made from them."""

    def __init__(self, papers: list[Record], seed: int = 1) -> None:
        self.random = random.Random(seed)
        self.papers = papers
        self.by_category: dict[str, list[int]] = defaultdict(list)
        self.sentences: list[list[str]] = []
        counts: Counter[str] = Counter()
        for number, paper in enumerate(papers):
            self.by_category[paper["categories"][0]].append(number)
            abstract = " ".join(str(paper["abstract"]).split())
            self.sentences.append(_SENTENCE.split(abstract))
            counts.update(set(_WORD.findall(f"{paper['title']} {abstract}".lower())))
        self.rare = {word for word, count in counts.items() if count <= RARE}

    def grow(self, count: int) -> Iterator[Grown]:
        """Make ``count`` papers, oldest first, spread over the years as arXiv grew (linearly)."""
        days = (LAST_DAY - FIRST_DAY).days
        day, sequence = FIRST_DAY, 0
        for number in range(count):
            today = FIRST_DAY + timedelta(days=int(days * ((number + 1) / count) ** 0.5))
            sequence = sequence + 1 if today == day else 0
            day = today
            yield self._paper(number, first_key(day) + sequence, day)

    def _paper(self, number: int, key: int, day: date) -> Grown:
        base = self.random.randrange(len(self.papers))
        paper = self.papers[base]
        categories = tuple(paper["categories"])
        peers = self.by_category[categories[0]]
        other = self.random.choice(peers)
        abstract = " ".join(
            sentence if self.random.random() < 0.6 else self._sentence(peers)
            for sentence in self.sentences[base]
        )
        has_code = "github.com" in abstract
        return Grown(
            key=key,
            arxiv_id=f"{day:%y%m}.{number:07d}",  # seven digits: no real paper
            announced_on=day,
            title=self._renewed(self._title(base, other)),
            abstract=self._renewed(abstract),
            authors=self._authors(base, peers),
            categories=categories,
            has_code=has_code,
        )

    def _sentence(self, peers: list[int]) -> str:
        return self.random.choice(self.sentences[self.random.choice(peers)])

    def _title(self, base: int, other: int) -> str:
        first = str(self.papers[base]["title"]).split()
        second = str(self.papers[other]["title"]).split()
        return " ".join(first[: (len(first) + 1) // 2] + second[len(second) // 2 :])

    def _authors(self, base: int, peers: list[int]) -> tuple[str, ...]:
        count = len(self.papers[base]["authors"])
        names: list[str] = []
        while len(names) < min(count, 30):
            names.append(self.random.choice(self.papers[self.random.choice(peers)]["authors"]))
        return tuple(dict.fromkeys(names))

    def _renewed(self, text: str) -> str:
        return _WORD.sub(self._new_word, text)

    def _new_word(self, found: re.Match[str]) -> str:
        word = found[0]
        if word.lower() not in self.rare or self.random.random() > NEW_WORD_RATE:
            return word
        return word[:-2] + "".join(self.random.choices("aeioulnrst", k=3))


def real_papers(records: Iterable[Record]) -> Iterator[Grown]:
    """Give the real papers keys and dates, oldest first."""
    day, sequence = FIRST_DAY, 0
    for record in sorted(records, key=_announced):
        today = _announced(record)
        sequence = sequence + 1 if today == day else 0
        day = today
        yield Grown(
            key=first_key(day) + sequence,
            arxiv_id=record["id"],
            announced_on=day,
            title=record["title"],
            abstract=record["abstract"],
            authors=tuple(record["authors"]),
            categories=tuple(record["categories"]),
            has_code=bool(record["links"]),
        )


def _announced(record: Record) -> date:
    """Return the date of the listing, or of the month that the identifier tells."""
    if "announced" in record:
        return date.fromisoformat(record["announced"])
    digits = record["id"].rpartition("/")[2]
    year = int(digits[:2])
    return date(1900 + year if year > 90 else 2000 + year, int(digits[2:4]), 15)


def build_database(path: Path, papers: Iterable[Grown]) -> dict[str, float]:
    """Write a database of the bot that holds ``papers``; returns what each step took, in seconds.

    Rows first, then each index at once: the fastest way, and that of a bulk import.
    """
    asyncio.run(_create(path))
    connection = sqlite3.connect(path, isolation_level=None)
    for name in ("indexed", "author_tags"):
        connection.create_function(name, 1, FUNCTIONS[name], deterministic=True)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -400000")
    took: dict[str, float] = {}
    steps: dict[str, Callable[[], None]] = {"papers": partial(_insert, connection, papers)}
    steps |= {name: partial(_rebuild, connection, name) for name in INDEXES}
    steps["words"] = partial(_note_words, connection)
    for name, step in steps.items():
        begun = time.perf_counter()
        step()
        took[name] = time.perf_counter() - begun
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    begun = time.perf_counter()
    asyncio.run(_tidy(path))
    took["tidying"] = time.perf_counter() - begun
    return took


def counted_words(connection: sqlite3.Connection) -> list[tuple[str, int]]:
    """Return the words of four letters and more with the papers that hold them, at least three.

    The bot keeps the counts of a large archive only; those of a small one are made here.
    """
    table = "word"
    if not connection.execute("SELECT 1 FROM word WHERE papers LIMIT 1").fetchone():
        table = "(SELECT term AS word, doc AS papers FROM temp.vocabulary)"
        connection.execute(
            "CREATE VIRTUAL TABLE IF NOT EXISTS temp.vocabulary "
            "USING fts5vocab (main, paper_text, row)"
        )
    words: list[tuple[str, int]] = connection.execute(
        f"SELECT word, papers FROM {table} "
        "WHERE papers > 2 AND length(word) > 3 AND word GLOB '[a-z]*' ORDER BY word"
    ).fetchall()
    return words


@contextlib.contextmanager
def open_real(path: Path | None) -> Iterator[sqlite3.Connection]:
    """Open a database to be read; without one that of the real papers, which is made first."""
    with tempfile.TemporaryDirectory() as folder:
        if path is None:
            path = Path(folder) / "real.db"
            build_database(path, real_papers(read_corpus()))
        with contextlib.closing(
            sqlite3.connect(f"file:{need(path)}?mode=ro", uri=True)
        ) as connection:
            yield connection


async def _create(path: Path) -> None:
    async with open_store(path):
        pass


async def _tidy(path: Path) -> None:
    async with open_store(path) as store:
        await store.search.tidy()


def _insert(connection: sqlite3.Connection, papers: Iterable[Grown]) -> None:
    connection.execute("BEGIN")
    connection.executemany(
        "INSERT INTO paper (key, arxiv_id, version, announced_on, is_date_estimated, title, "
        "abstract, authors, categories, has_code, filters) "
        "VALUES (?, ?, 1, ?, 0, ?, ?, ?, ?, ?, ?)",
        map(_row, papers),
    )
    connection.execute("COMMIT")


def _row(paper: Grown) -> tuple[object, ...]:
    return (
        paper.key,
        paper.arxiv_id,
        paper.announced_on.isoformat(),
        paper.title,
        paper.abstract,
        "\n".join(paper.authors),
        " ".join(paper.categories),
        int(paper.has_code),
        filter_tags(
            categories=paper.categories,
            announce_types=[AnnounceType.NEW],
            link_kinds=[LinkKind.CODE] if paper.has_code else [],
        ),
    )


def _note_words(connection: sqlite3.Connection) -> None:
    keys = [key for (key,) in connection.execute("SELECT key FROM paper ORDER BY key")]
    connection.execute("BEGIN")
    for start in range(0, len(keys), WORDS_OF):
        note_words(connection, keys[start : start + WORDS_OF])
    connection.execute("COMMIT")


def _rebuild(connection: sqlite3.Connection, name: str) -> None:
    connection.execute(f"INSERT INTO {name} ({name}) VALUES ('rebuild')")
