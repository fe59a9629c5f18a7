"""Files into the store: listings with what they announced, metadata with estimated dates.

Forms are recognised by content (`arxiv.files`). All files are looked at before the first is stored;
a file that turns out wrong later is named, the others are stored all the same. A listing's papers
are stored at once; to which date it belongs is judged when all files are read (`placing`).
"""

import asyncio
import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from io import BufferedIOBase
from pathlib import Path

from bot.arxiv.files import (
    BYTE_ORDER_MARK,
    GZIP_MAGIC,
    MOST_BYTES,
    SNIFFED_BYTES,
    Form,
    parse_listing,
    parse_oai_file,
    sniff,
)
from bot.arxiv.paper import SourceRecord
from bot.arxiv.snapshot import read_snapshot_line
from bot.errors import FileFormatError, InputError
from bot.intake.history import (
    BATCH,
    Chunk,
    IntakeTally,
    Progress,
    add_chunks,
    add_papers,
    show_progress,
    skips,
)
from bot.intake.placing import FilePlacement, Placement, place
from bot.models import ArxivId, IntakeCode, IntakeReason, Listing, SkippedRecord
from bot.store.papers.bulk import AddedPapers
from bot.store.papers.papers import AddedListing
from bot.store.store import Store
from bot.text.words import count_of

LONGEST_LINE = 10 << 20
"""Bytes; arXiv's longest record has 40 kB. A longer line is no record, and not kept whole."""

UNREADABLE = (OSError, EOFError, zlib.error)
"""What reading a file raises; the latter two come of a gzip archive that is damaged or cut."""

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What came of a command's files: what was wrong with those that could not be read.

    ``uncertain`` counts the lists of whose date nothing is certain, ``undated`` the papers that no
    list of a known date announces; both are stored.
    """

    errors: list[InputError]
    uncertain: int = 0
    undated: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """A file whose list waits for its place."""

    path: Path
    category: str
    stamp: date
    number: int


"""Takes a line for the person who waits for a command."""


def detect_form(path: Path) -> Form:
    """Recognise the form of a file; raises `FileFormatError` when it cannot be imported.

    What a damaged file still gives is enough to tell: the rest is named when it is read.
    """
    with _naming(path):
        content, damage = _read(path, SNIFFED_BYTES)
        if damage is not None and not content:
            raise damage
        return sniff(content)


class Importer:
    """Imports files into ``store``; ``report`` gets a line for each, and for each mistake."""

    def __init__(self, store: Store, *, now: datetime, report: Report) -> None:
        self._store = store
        self._now = now
        self._report = report
        self._waiting: list[_File] = []

    async def import_files(self, files: Iterable[tuple[Path, Form]]) -> Imported:
        """Import files in turn, then date the lists that they held.

        The indexes are merged and the words counted when that is done, so that searches are fast.
        """
        errors: list[InputError] = []
        for path, form in files:
            try:
                with _naming(path):
                    await self._import(path, form)
            except InputError as error:
                errors.append(error)
                self._report(str(error))
        imported = replace(await self._place(), errors=errors)
        await self._store.search.tidy()
        return imported

    async def _import(self, path: Path, form: Form) -> None:
        if form is Form.SNAPSHOT:
            await self._import_snapshot(path)
        elif form is Form.OAI:
            await self._import_oai(path)
        else:
            await self._import_listing(path, form)

    async def _import_listing(self, path: Path, form: Form) -> None:
        """Import a listing; one that breaks off is stored as far as it can be read."""
        content, damage = _read_whole(path)
        try:
            listing = parse_listing(content, form)
        except FileFormatError as error:
            raise damage or error from error
        if damage is not None:
            listing = replace(listing, is_complete=False)
        shelved = await self._store.shelf.add(listing)
        self._waiting.append(
            _File(
                path=path,
                category=listing.category,
                stamp=listing.announced_on,
                number=shelved.number,
            )
        )
        self._report(f"{path}: {_told(listing, shelved.added)}")
        self._report_skipped(listing.skipped)
        if damage is not None:
            raise damage

    async def _import_oai(self, path: Path) -> None:
        content, damage = _read_whole(path)
        if damage is not None:
            raise damage  # half an answer is no XML
        page = parse_oai_file(content)
        added = await add_papers(self._store.papers, page.papers)
        tally = IntakeTally(added=added, skipped=len(page.skipped))
        self._report(f"{path}: {Form.OAI.value}, {tally}")
        self._report_skipped(page.skipped)

    # -- dates -------------------------------------------------------------------------------------

    async def _place(self) -> Imported:
        """Date the lists on the shelf, also those that a killed command left; says what is odd."""
        files, self._waiting = self._waiting, []
        categories = {file.category for file in files}
        placements = {
            category: await self._place_category(category)
            for category in sorted(categories.union(await self._store.shelf.list_unplaced()))
        }
        uncertain: set[tuple[str, date]] = set()
        undated: set[tuple[str, ArxivId]] = set()
        for file in files:
            found = placements[file.category].places[file.number]
            if (remark := _remark(file.stamp, found)) is not None:
                self._report(f"{file.path}: {remark}")
            if found.is_uncertain and found.day is not None:
                uncertain.add((file.category, found.day))
            undated.update((file.category, arxiv_id) for arxiv_id in found.undated)
        if uncertain or undated:
            self._report(_summary(len(uncertain), len(undated)))
        return Imported(errors=[], uncertain=len(uncertain), undated=len(undated))

    async def _place_category(self, category: str) -> Placement:
        shelf, intake = self._store.shelf, self._store.intake
        lists = await shelf.list_lists(category)
        read, records = await shelf.list_read(category), await intake.list_records(category)
        placement = await asyncio.to_thread(place, category, lists, read, records)
        await shelf.place(category, lists, placement.listings, now=self._now)
        await self._settle(category, placement)
        return placement

    async def _settle(self, category: str, placement: Placement) -> None:
        """Note of what was missed that a file has brought it."""
        days = placement.listings.keys()
        if not days:
            return
        missed = await self._store.intake.list_missed_of(category, min(days), max(days))
        reason = IntakeReason(code=IntakeCode.BACKFILLED)
        settled = [replace(record, reason=reason) for record in missed if record.day in days]
        await self._store.intake.set_records(settled, now=self._now)

    def _report_skipped(self, skipped: Sequence[SkippedRecord]) -> None:
        for record in skipped:
            self._report(f"  {_named(record)}")

    async def _import_snapshot(self, path: Path) -> None:
        tally = IntakeTally()
        try:
            with (
                show_progress(path.name, _size(path)) as progress,
                _opened(path) as (stream, position),
            ):
                chunks = read_chunks(stream, position)
                await add_chunks(self._store.papers, chunks, _Telling(tally, progress))
        finally:
            self._report(f"{path}: {Form.SNAPSHOT.value}, {tally}")


class _Telling:
    """Counts what was stored and shows it."""

    def __init__(self, tally: IntakeTally, progress: Progress) -> None:
        self._tally = tally
        self._progress = progress

    def __call__(self, chunk: Chunk, added: AddedPapers) -> None:
        self._tally.added += added
        self._tally.skipped += len(chunk.skipped)
        for record in chunk.skipped:
            self._progress.say(f"  {_named(record)}")
        self._progress.advance(chunk.position, self._tally.papers)


def _named(record: SkippedRecord) -> str:
    return f"skipped {record.name}: {record.reason}"


def _told(listing: Listing, added: AddedListing) -> str:
    incomplete = "" if listing.is_complete else "; the file holds only a part of the listing"
    return (
        f"{listing.category} of {listing.announced_on}, {len(listing.announcements)} papers "
        f"({added.new_papers} new, {added.updated_papers} updated), "
        f"{skips(len(listing.skipped))}{incomplete}"
    )


def _remark(stamp: date, found: FilePlacement) -> str | None:
    """Say what is odd about the date of a file's list."""
    remarks = []
    if found.day is not None and found.day != stamp:
        remarks.append(f"it carries {stamp}, and has the list of {found.day}")
    if found.is_uncertain:
        remarks.append(f"nothing confirms the date {found.day}")
    if found.undated:
        papers = count_of(len(found.undated), "paper")
        remarks.append(f"{papers} of unknown date, which no other list has")
    return "; ".join(remarks) or None


def _summary(uncertain: int, undated: int) -> str:
    told = []
    if uncertain:
        told.append(f"{count_of(uncertain, 'listing')} of uncertain date")
    if undated:
        told.append(f"{count_of(undated, 'paper')} of unknown date, stored with an estimate")
    return (
        f"{', '.join(told)}. Import the lists of the days before, or arXiv's pages of these days, "
        "to make sure; the order does not matter."
    )


# -- reading files -------------------------------------------------------------------------------


def read_chunks(stream: BufferedIOBase, position: Callable[[], int]) -> Iterator[Chunk]:
    """Read a snapshot line by line; a line that holds no paper is skipped and named.

    When the file breaks off (a gzip archive can), what came before is given out before
    `FileFormatError` is raised.
    """
    records: list[SourceRecord] = []
    skipped: list[SkippedRecord] = []
    damage: Exception | None = None
    try:
        for number, line in enumerate(_lines(stream), start=1):
            if not line.strip():
                continue
            try:
                records.append(read_snapshot_line(line))
            except FileFormatError as error:
                skipped.append(SkippedRecord(name=f"line {number}", reason=str(error)))
            if len(records) + len(skipped) >= BATCH:
                yield Chunk(records=records, skipped=skipped, position=position())
                records, skipped = [], []
    except UNREADABLE as error:
        damage = error
    yield Chunk(records=records, skipped=skipped, position=position())
    if damage is not None:
        raise _unreadable(damage)


def _lines(stream: BufferedIOBase) -> Iterator[bytes]:
    start = BYTE_ORDER_MARK
    while line := stream.readline(LONGEST_LINE):
        piece = line
        while len(piece) == LONGEST_LINE and not piece.endswith(b"\n"):
            piece = stream.readline(LONGEST_LINE)
        yield line.removeprefix(start)
        start = b""


def _read_whole(path: Path) -> tuple[bytes, FileFormatError | None]:
    content, damage = _read(path, MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise FileFormatError(f"The file is larger than {MOST_BYTES >> 20} MiB.")
    return content, damage


def _read(path: Path, most: int) -> tuple[bytes, FileFormatError | None]:
    """Read up to ``most`` bytes; also says what kept the rest from being read."""
    content = bytearray()
    with _opened(path) as (stream, _):
        try:
            # Piece by piece: a damaged archive gives what came before the damage.
            while len(content) < most and (piece := stream.read1(most - len(content))):
                content += piece
        except UNREADABLE as error:
            return bytes(content), _unreadable(error)
    return bytes(content), None


def _size(path: Path) -> int:
    return path.stat().st_size


@contextmanager
def _opened(path: Path) -> Iterator[tuple[BufferedIOBase, Callable[[], int]]]:
    """Open a file, unpacking it if it is gzipped; also how to ask how far it is read."""
    try:
        raw = path.open("rb")
    except OSError as error:
        raise _unreadable(error) from error
    with raw:
        is_packed = raw.peek(2)[:2] == GZIP_MAGIC
        yield gzip.GzipFile(fileobj=raw) if is_packed else raw, raw.tell


def _unreadable(error: Exception) -> FileFormatError:
    if isinstance(error, OSError) and error.strerror:
        return FileFormatError(f"The file cannot be read: {error.strerror}.")
    return FileFormatError(f"The file is a damaged gzip archive ({error}).")


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Put the file's name before what is wrong with it."""
    try:
        yield
    except InputError as error:
        raise FileFormatError(f"{path}: {error}") from error
