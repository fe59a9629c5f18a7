"""Every announced paper is stored once, under its date, whatever arXiv's interfaces do."""

from pathlib import Path

import pytest

from tests.replay import SPACING_S, read_corpus, run_replay
from tests.shared import shared


async def replay(tmp_path: Path, days: int | None, seed: int | None) -> None:
    listings, papers = shared("corpus/listings.jsonl.gz"), shared("corpus/papers.jsonl.gz")
    corpus = read_corpus(listings, papers, days)
    result = await run_replay(corpus, tmp_path / "replay.db", seed=seed)
    assert result.announced > 1000
    assert result.stored == result.announced
    assert not result.missing
    assert not result.misdated
    assert not result.repeated
    assert result.smallest_gap_s >= SPACING_S


async def test_two_real_weeks_with_a_stale_feed(tmp_path: Path) -> None:
    """cs.CV of 13 March 2024 repeats the day before, with 17 papers at a higher version."""
    await replay(tmp_path, days=11, seed=None)


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_three_real_months(tmp_path: Path) -> None:
    await replay(tmp_path, days=None, seed=None)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [1, 2])
async def test_real_weeks_of_an_arxiv_that_lies_fails_and_vanishes(
    tmp_path: Path, seed: int
) -> None:
    await replay(tmp_path, days=30, seed=seed)
