"""A slow search delays neither another person, nor a write, nor the bot's other work.

What others wait is counted in searches that end meanwhile, and in what searches compute: a machine
that is shared makes both searches and others slow, and changes neither.
"""

import asyncio
import heapq
import random
import statistics
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bot.cogs.turns import Turns
from bot.errors import QuerySyntaxError
from bot.query.parser import parse_query
from bot.query.results import Sort
from bot.store.sqlite.executor import READERS, Database, Reading
from bot.store.store import Store
from tests.builders import NOW, make_listing, make_paper
from tests.query.hostile import HOSTILE
from tests.stores import open_store
from tests.waiting import until

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


@dataclass
class Searches:
    """All searches, in the order in which they began: how long each computed, how many ended."""

    computed_s: list[float] = field(default_factory=list)
    ended: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def noting(self, search: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        """Return `Database.search` that tells this of each."""

        async def noted(
            database: Database, deadline_s: float, work: Callable[..., Any], *args: object
        ) -> Any:
            def noted_work(reading: Reading, *args: object) -> Any:
                with self._lock:
                    turn = len(self.computed_s)
                    self.computed_s.append(0.0)
                begun = time.thread_time()
                try:
                    return work(reading, *args)
                finally:
                    self.computed_s[turn] = time.thread_time() - begun

            found = await search(database, deadline_s, noted_work, *args)
            self.ended += 1
            return found

        return noted

    async def ended_during(self, work: Awaitable[object]) -> int:
        """Return how many searches end while ``work`` is waited for."""
        before = self.ended
        await work
        return self.ended - before

    def waits_s(self, at_once: int) -> list[float]:
        """Return when each would have its answer if nothing else computed, all asked at 0."""
        free_at, waits = [0.0] * at_once, []
        for computed_s in self.computed_s:
            waits.append(heapq.heappop(free_at) + computed_s)
            heapq.heappush(free_at, waits[-1])
        return waits


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> Searches:
    searches = Searches()
    monkeypatch.setattr(Database, "search", searches.noting(Database.search))
    return searches


async def find(store: Store, text: str, sort: Sort) -> None:
    try:
        query = parse_query(text)
    except QuerySyntaxError:
        return
    await store.search.find(query, sort=sort, limit=5)


async def write(store: Store, number: int) -> None:
    await store.recent.add(number % 7, f"query {number}", now=NOW)


@pytest.mark.slow
async def test_a_hundred_searches_at_once_hold_up_nobody(store: Store, searches: Searches) -> None:
    """Hostile ones among them: every person is answered soon, writes go on as if alone."""
    dice = random.Random(5)
    texts = [*dice.choices(HOSTILE, k=40), *dice.choices(SLOW, k=20), *dice.choices(USUAL, k=40)]
    dice.shuffle(texts)
    asked = asyncio.gather(*(find(store, text, dice.choice(list(Sort))) for text in texts))
    writes: list[int] = []
    pauses: list[int] = []
    while not asked.done():
        writes.append(await searches.ended_during(write(store, len(writes))))
        pauses.append(await searches.ended_during(asyncio.sleep(0.002)))
    await asked
    assert searches.ended > 60
    assert max(searches.waits_s(READERS - 1)) < 2
    for passed in (writes, pauses):
        assert len(passed) > 5
        assert statistics.median(passed) <= READERS
        assert max(passed) < searches.ended / 2


@pytest.mark.slow
async def test_somebody_who_asks_much_delays_nobody_else(
    tmp_path: Path, searches: Searches
) -> None:
    """The slowest searches there can be, twenty of one person: another's does not queue behind."""
    async with open_store(tmp_path / "papers.db") as store:
        turns = Turns()

        def endless(reading: Reading) -> None:
            reading.rows(ENDLESS)

        def quick(reading: Reading) -> None:
            reading.rows("SELECT 1")

        async def ask(person: int, *, is_slow: bool) -> None:
            async with turns.of(person):
                await store.database.search(0.12, endless if is_slow else quick)

        busy = asyncio.gather(*(ask(1, is_slow=True) for _ in range(20)))
        await until(lambda: searches.computed_s)
        others = [
            await searches.ended_during(ask(person, is_slow=False)) - 1 for person in range(2, 20)
        ]
        assert not busy.done()
        await busy
    assert max(others) < 20 / 4
    assert statistics.median(others) == 0
