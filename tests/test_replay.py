"""Every announced paper is stored under its date, whatever arXiv's interfaces do."""

from datetime import date, timedelta
from functools import cache
from pathlib import Path

import pytest

from tests.fakes.arxiv import Record
from tests.replay.__main__ import random_starts
from tests.replay.compare import compare
from tests.replay.faults import Script, at, make_stale, write_script
from tests.replay.truth import DAYS_LATE, Corpus, Key, find_truth, ids_of, read_corpus
from tests.replay.walk import SPACING_S, Starts, walk
from tests.shared import shared


@cache
def corpus() -> Corpus:
    return read_corpus(shared("corpus/listings.jsonl.gz"), shared("corpus/papers.jsonl.gz"))


async def replayed(
    corpus: Corpus,
    path: Path,
    script: Script | None = None,
    starts: Starts | None = None,
    *,
    seed: int | None = None,
    is_process: bool = False,
) -> int:
    """Walk and compare; returns how often the bot was killed."""
    result = compare(
        await walk(
            corpus,
            path / "replay.db",
            script=script or Script(),
            starts=starts,
            seed=seed,
            is_process=is_process,
        )
    )
    assert result.announced > 100
    assert {name: found for name, found in result.wrong.items() if found} == {}
    assert result.smallest_gap_s >= SPACING_S
    return result.kills


def days_of(first: int, count: int) -> Corpus:
    everything = corpus()
    begin = everything.days[0] + timedelta(days=first)
    return everything.between(begin, begin + timedelta(days=count - 1))


@pytest.mark.slow
async def test_a_real_week_with_a_stale_feed(tmp_path: Path) -> None:
    """cs.CV of 13 March 2024 repeats the day before, with 17 papers at a higher version."""
    week = days_of(7, 4)
    starts = dict.fromkeys(("cs.CV", "cs.LG"), at(week.days[0], 0))
    await replayed(week, tmp_path, starts=starts)


@pytest.mark.slow(25)
@pytest.mark.cpu_limit(900)
async def test_a_real_month(tmp_path: Path) -> None:
    """All three are replayed by `python -m tests.replay`."""
    await replayed(days_of(20, 22), tmp_path)


# --- first days ----------------------------------------------------------------------------------

STALE = (
    ("cs.CV", date(2024, 3, 13)),
    ("cs.AI", date(2024, 3, 21)),
    ("cs.CV", date(2024, 4, 3)),
    ("cs.CV", date(2024, 4, 17)),
    ("cs.LG", date(2024, 4, 18)),
    ("cs.AI", date(2024, 4, 30)),
    ("cs.AI", date(2024, 5, 16)),
)
"""The feeds of the corpus that repeat the one before them."""


def test_the_stale_days_are_those_of_the_corpus() -> None:
    assert set(corpus().repeats) == set(STALE)


async def begun_on(
    day: date, categories: list[str], path: Path, script: Script | None = None, hour: int = 0
) -> None:
    """Follow categories from an hour of a day on, for three days."""
    part = corpus().between(day, day + timedelta(days=3))
    await replayed(part, path, script, dict.fromkeys(categories, at(day, hour)))


@pytest.mark.parametrize("hour", [0, 14])
async def test_a_first_day_that_is_stale(tmp_path: Path, hour: int) -> None:
    await begun_on(STALE[0][1], ["cs.CV"], tmp_path, hour=hour)


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize(("category", "day"), STALE[1:])
async def test_every_stale_day_as_the_first(
    tmp_path: Path, category: str, day: date, count: int
) -> None:
    await begun_on(day, [category] if count == 1 else corpus().categories, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize("day", [date(2024, 4, number) for number in (8, 9, 10, 11, 12)])
async def test_a_first_day_made_stale_on_each_weekday(
    tmp_path: Path, day: date, count: int
) -> None:
    """Monday to Friday; for one category, or for four at once."""
    categories = corpus().categories[-count:]
    script = Script()
    for name in categories:
        make_stale(script, corpus(), (name, day))
    await begun_on(day, categories, tmp_path, script)


# --- faults --------------------------------------------------------------------------------------


@pytest.mark.slow(10)
async def test_a_week_of_an_arxiv_that_lies_fails_and_vanishes(tmp_path: Path) -> None:
    week = days_of(14, 4)
    kills = await replayed(week, tmp_path, write_script(week, 5), random_starts(week, 5), seed=5)
    assert kills


@pytest.mark.slow(26)
@pytest.mark.cpu_limit(900)
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_real_weeks_of_an_arxiv_that_lies_fails_and_vanishes(
    tmp_path: Path, seed: int
) -> None:
    """Feeds, pages and query API; the categories are followed from days chosen at random."""
    weeks = days_of(seed * 14, 20)
    script, starts = write_script(weeks, seed), random_starts(weeks, seed)
    await replayed(weeks, tmp_path, script, starts, seed=seed)


@pytest.mark.slow(27)
@pytest.mark.cpu_limit(900)
async def test_a_process_that_is_killed_again_and_again(tmp_path: Path) -> None:
    """By SIGKILL, at any moment around its requests."""
    weeks = days_of(30, 12)
    script = write_script(weeks, 4)
    assert await replayed(weeks, tmp_path, script, seed=4, is_process=True) >= 10


# --- the truth itself ----------------------------------------------------------------------------


def feeds_near(day: date) -> dict[Key, list[Record]]:
    """Return the feeds that have a say in what was announced on a day, and more."""
    near = timedelta(days=2 * DAYS_LATE)
    return dict(corpus().between(day - near, day + near).feeds)


def test_a_list_that_surfaced_late_has_the_date_that_other_categories_tell() -> None:
    """Moved by hand: a weekday late, and under a Saturday."""
    everything = corpus()
    for day, shown in (
        (date(2024, 4, 10), date(2024, 4, 11)),
        (date(2024, 4, 12), date(2024, 4, 13)),
    ):
        feeds = feeds_near(day)
        moved = feeds.pop(("cs.LG", day))
        feeds["cs.LG", day] = feeds["cs.LG", day - timedelta(days=1)]
        feeds["cs.LG", shown] = moved
        truth = find_truth(feeds)
        assert ids_of(truth["cs.LG", day]) == ids_of(everything.announced["cs.LG", day])


def test_a_list_that_no_feed_showed_is_rebuilt_from_the_other_categories() -> None:
    everything = corpus()
    day = date(2024, 4, 10)
    feeds = feeds_near(day)
    feeds["cs.LG", day] = feeds["cs.LG", day - timedelta(days=1)]
    rebuilt = find_truth(feeds)["cs.LG", day]
    true = {record.arxiv_id: record for record in everything.announced["cs.LG", day]}
    assert len(rebuilt) > 50
    for record in rebuilt:
        assert true[record.arxiv_id].announce_type == record.announce_type
