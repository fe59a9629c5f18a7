import gc
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.arxiv.snapshot import read_snapshot_line
from bot.errors import FileFormatError
from bot.intake.history import Chunk, IntakeTally, add_chunks
from bot.models import SkippedRecord
from bot.store.papers.bulk import AddedPapers
from bot.store.store import Store
from tests.samples import snapshot_line
from tests.stores import open_store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(tmp_path / "papers.db") as store:
        yield store


def chunks(count: int, *, fails: bool = False) -> Iterator[Chunk]:
    """Yield chunks of ten papers, the last two of which the next one has as well."""
    for place in range(count):
        records = [read_snapshot_line(snapshot_line(8 * place + each)) for each in range(1, 11)]
        skipped = [SkippedRecord(name=f"line {place}", reason="why not")]
        yield Chunk(records=records, skipped=skipped, position=place + 1)
    if fails:
        raise FileFormatError("The file breaks off.")


async def test_chunks_are_stored_and_told_in_their_order(store: Store) -> None:
    told: list[tuple[int, AddedPapers]] = []
    await add_chunks(
        store.papers, chunks(3), lambda chunk, added: told.append((chunk.position, added))
    )
    later = AddedPapers(new=8, unchanged=2)
    assert told == [(1, AddedPapers(new=10)), (2, later), (3, later)]
    assert await store.papers.count_papers() == 26


async def test_what_was_read_before_a_failure_is_stored(store: Store) -> None:
    with pytest.raises(FileFormatError, match="breaks off"):
        await add_chunks(store.papers, chunks(2, fails=True), lambda chunk, added: None)
    assert await store.papers.count_papers() == 18


async def test_the_interpreter_is_left_as_it_was(store: Store) -> None:
    before = (sys.getswitchinterval(), gc.get_threshold())
    await add_chunks(store.papers, chunks(1), lambda chunk, added: None)
    assert (sys.getswitchinterval(), gc.get_threshold()) == before


@pytest.mark.parametrize(
    ("tally", "text"),
    [
        (IntakeTally(), "0 papers (0 new, 0 updated), 0 records skipped"),
        (
            IntakeTally(
                added=AddedPapers(new=1200, updated=30, unchanged=4), skipped=1, outside=2000
            ),
            "1,234 papers (1,200 new, 30 updated), 1 record skipped, 2,000 announced on other days",
        ),
    ],
)
def test_a_tally_reads_as_a_sentence(tally: IntakeTally, text: str) -> None:
    assert str(tally) == text
