"""Every announced paper is stored under its date, whatever arXiv's interfaces do."""

from pathlib import Path

import pytest

from tests.replay.compare import compare
from tests.replay.faults import Script
from tests.replay.truth import Corpus, read_corpus
from tests.replay.walk import SPACING_S, walk
from tests.shared import shared


def corpus() -> Corpus:
    return read_corpus(shared("corpus/listings.jsonl.gz"), shared("corpus/papers.jsonl.gz"))


async def replayed(corpus: Corpus, path: Path, script: Script | None = None) -> None:
    result = compare(await walk(corpus, path, script=script or Script()))
    assert result.announced > 1000
    assert {name: found for name, found in result.wrong.items() if found} == {}
    assert result.smallest_gap_s >= SPACING_S


async def test_two_real_weeks_with_a_stale_feed(tmp_path: Path) -> None:
    """cs.CV of 13 March 2024 repeats the day before, with 17 papers at a higher version."""
    all_days = corpus()
    weeks = all_days.between(all_days.days[0], all_days.days[10])
    await replayed(weeks, tmp_path / "replay.db")


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_three_real_months(tmp_path: Path) -> None:
    await replayed(corpus(), tmp_path / "replay.db")
