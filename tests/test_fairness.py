"""A slow search delays neither another person, nor a write, nor the bot's other work.

Times are compared with each other in the same run, as machines differ and are shared.
"""

import asyncio
import random
import statistics
import time
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path

import pytest

from bot.cogs.turns import Turns
from bot.errors import QuerySyntaxError
from bot.query.parser import parse_query
from bot.query.results import Sort
from bot.store.sqlite.executor import Reading
from bot.store.store import Store
from tests.builders import NOW, make_listing, make_paper
from tests.query.hostile import HOSTILE
from tests.stores import open_store

WORDS = [
    f"{first}{second}{third}n" for first in "bcdfg" for second in "aeiou" for third in "klmrst"
]
SLOW = [
    " OR ".join(f"{word[:3]}*" for word in WORDS[:60]),
    " ".join(WORDS[:6] * 30),
    " OR ".join(f'"{one} {other}"' for one in WORDS[:8] for other in WORDS[:8]),
    f"-{WORDS[0]} -{WORDS[1]} -({WORDS[2]} OR {WORDS[3]})",
]
USUAL = [WORDS[0], f"{WORDS[1]} {WORDS[2]}", "author:example", f"title:{WORDS[3]} since:2024"]
ENDLESS = (
    "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers) "
    "SELECT count(*) FROM numbers"
)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """3,000 papers of 150 words each; every word is common."""
    dice = random.Random(11)
    papers = [
        make_paper(
            number,
            title=" ".join(dice.choices(WORDS, k=8)),
            abstract=" ".join(dice.choices(WORDS, k=150)),
        )
        for number in range(1, 3001)
    ]
    async with open_store(tmp_path / "papers.db") as store:
        await store.papers.add_listing(make_listing(*papers), now=NOW)
        yield store


async def took(work: Awaitable[object]) -> float:
    """Return how many seconds ``work`` takes from now."""
    begun = time.monotonic()
    await work
    return time.monotonic() - begun


async def find(store: Store, text: str, sort: Sort) -> None:
    try:
        query = parse_query(text)
    except QuerySyntaxError:
        return
    await store.search.find(query, sort=sort, limit=5)


async def write(store: Store, number: int) -> None:
    await store.recent.add(number % 7, f"query {number}", now=NOW)


@pytest.mark.slow
async def test_a_hundred_searches_at_once_hold_up_nobody(store: Store) -> None:
    """Hostile ones among them: every person is answered soon, writes go on as if alone."""
    dice = random.Random(5)
    alone = [await took(write(store, number)) for number in range(30)]
    texts = [*dice.choices(HOSTILE, k=40), *dice.choices(SLOW, k=20), *dice.choices(USUAL, k=40)]
    dice.shuffle(texts)
    searches = asyncio.gather(*(took(find(store, text, dice.choice(list(Sort)))) for text in texts))
    writes: list[float] = []
    pauses: list[float] = []
    while not searches.done():
        writes.append(await took(write(store, len(writes))))
        pauses.append(await took(asyncio.sleep(0.002)))
    waits = sorted(await searches)
    assert waits[98] < 5
    assert len(writes) > 5
    assert statistics.median(writes) < 20 * statistics.median(alone) + 0.05
    assert max(writes) < waits[-1] / 2 + 0.5
    assert max(pauses) < waits[-1] / 2 + 0.5


@pytest.mark.slow
async def test_somebody_who_asks_much_delays_nobody_else(tmp_path: Path) -> None:
    """The slowest searches there can be, thirty of one person: another's does not queue behind."""
    async with open_store(tmp_path / "papers.db") as store:
        turns = Turns()

        def endless(reading: Reading) -> None:
            reading.rows(ENDLESS)

        def quick(reading: Reading) -> None:
            reading.rows("SELECT 1")

        async def ask(person: int, *, is_slow: bool) -> None:
            async with turns.of(person):
                await store.database.search(0.12, endless if is_slow else quick)

        busy = asyncio.gather(*(took(ask(1, is_slow=True)) for _ in range(30)))
        await asyncio.sleep(0.05)
        others = [await took(ask(person, is_slow=False)) for person in range(2, 20)]
        assert not busy.done()
        whole = max(await busy)
    assert max(others) < whole / 4
    assert statistics.median(others) < whole / 20
