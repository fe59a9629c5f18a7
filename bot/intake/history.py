"""Papers of the past into the store, batch by batch: what `import` and `backfill` share.

Every batch is one transaction, and the next one is read and made readable while it is written:
SQLite does its work outside of Python's interpreter, so two cores are busy. A kill leaves the
batches before it; the next run finds them unchanged and passes over them quickly.
"""

import asyncio
import contextlib
import gc
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Never, TextIO

from tqdm import tqdm

from bot.arxiv.dating import DatedPaper, date_paper
from bot.arxiv.paper import SourceRecord
from bot.models import Paper, SkippedRecord
from bot.store.papers.bulk import AddedPapers, PreparedPaper, prepare_paper
from bot.store.papers.papers import Papers
from bot.store.sqlite.database import SWITCH_INTERVAL_S

BATCH = 2000
"""Papers a transaction: about 20 MB of memory, a third of a second of work."""

OBJECTS_A_COLLECTION = 50_000
"""How many new objects make Python look for garbage cycles (its own: 700); papers have none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A stretch of a source. ``position`` says how much of it is read, in whatever it counts."""

    records: Sequence[SourceRecord]
    skipped: Sequence[SkippedRecord] = ()
    position: int


@dataclass(slots=True)
class IntakeTally:
    """What came of a source so far."""

    added: AddedPapers = field(default_factory=AddedPapers)
    skipped: int = 0
    outside: int = 0
    """Papers that were looked at and not asked for."""

    @property
    def papers(self) -> int:
        return self.added.new + self.added.updated + self.added.unchanged

    def __str__(self) -> str:
        outside = f", {self.outside:,} announced on other days" if self.outside else ""
        return (
            f"{self.papers:,} papers ({self.added.new:,} new, {self.added.updated:,} updated), "
            f"{skips(self.skipped)}{outside}"
        )


def skips(count: int) -> str:
    return f"{count:,} {'record' if count == 1 else 'records'} skipped"


Tell = Callable[[Chunk, AddedPapers], None]


async def add_chunks(papers: Papers, chunks: Iterator[Chunk], tell: Tell) -> None:
    """Store chunk after chunk; ``tell`` is called when one is committed.

    What was read before ``chunks`` fails is stored, then its error is raised.
    """
    writing: asyncio.Task[None] | None = None
    with _many_objects_in_two_threads():
        try:
            while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
                prepared = await _prepare_news(papers, chunk)
                if writing is not None:
                    await writing
                writing = asyncio.create_task(_write(papers, chunk, prepared, tell))
        finally:
            if writing is not None:
                await writing


async def _prepare_news(papers: Papers, chunk: Chunk) -> list[PreparedPaper]:
    changed = await papers.list_changed(chunk.records)
    return await asyncio.to_thread(_prepare_records, changed)


def _prepare_records(records: Iterable[SourceRecord]) -> list[PreparedPaper]:
    return [prepare_paper(date_paper(each.build(), each.announced_on)) for each in records]


async def _write(
    papers: Papers, chunk: Chunk, prepared: Sequence[PreparedPaper], tell: Tell
) -> None:
    added = await papers.add_papers(prepared) if prepared else AddedPapers()
    tell(chunk, added + AddedPapers(unchanged=len(chunk.records) - len(prepared)))


async def add_papers(papers: Papers, found: Iterable[Paper]) -> AddedPapers:
    """Store papers that are readable already."""
    return await add_dated(papers, map(date_paper, found))


async def add_dated(papers: Papers, found: Iterable[DatedPaper]) -> AddedPapers:
    added = AddedPapers()
    rest = iter(found)
    while batch := await asyncio.to_thread(list, map(prepare_paper, islice(rest, BATCH))):
        added += await papers.add_papers(batch)
    return added


@contextmanager
def _many_objects_in_two_threads() -> Iterator[None]:
    """Tune the interpreter to this work meanwhile; it saves a fifth of an import's time."""
    interval_s, thresholds = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    gc.set_threshold(OBJECTS_A_COLLECTION)
    try:
        yield
    finally:
        sys.setswitchinterval(interval_s)
        gc.set_threshold(*thresholds)


# -- how far it is --------------------------------------------------------------------------------

_FORMAT = "{desc} {percentage:3.0f}%|{bar:24}| {unit} [{elapsed}, {remaining} left]"


class Progress:
    """One command's progress; `say` prints a line without tearing the bar."""

    def __init__(self, label: str, total: float, stream: TextIO) -> None:
        self._stream = stream
        self._began_at = time.monotonic()
        self._bar: tqdm[Never] = tqdm(
            desc=label,
            total=total,
            file=stream,
            bar_format=_FORMAT,
            unit="0 papers",  # stands where the text is to stand
            disable=not stream.isatty(),
            leave=False,
            dynamic_ncols=True,
        )

    def advance(self, done: float, papers: int) -> None:
        """Show that ``done`` of the total is behind us, and ``papers`` papers."""
        if self._bar.disable:
            return
        rate = papers / max(time.monotonic() - self._began_at, 0.1)
        self._bar.unit = f"{papers:,} papers, {rate:,.0f}/s"
        self._bar.update(done - self._bar.n)

    def say(self, line: str) -> None:
        # On a full disk the line is lost: the work is worth more than that.
        with contextlib.suppress(OSError), tqdm.external_write_mode(file=self._stream):
            print(line, file=self._stream)

    def close(self) -> None:
        self._bar.close()


@contextmanager
def show_progress(label: str, total: float, stream: TextIO | None = None) -> Iterator[Progress]:
    """Show a bar on ``stream`` (stderr) while the block runs, if it is a terminal."""
    progress = Progress(label, total, stream or sys.stderr)
    try:
        yield progress
    finally:
        progress.close()
