"""Searching a grown archive, against full bm25, a LIKE scan, tantivy and PostgreSQL, in one run.

    python -m benchmarks search [--papers N] [--database FILE] [--without PART ...] [--postgres]

The archive is grown from the real corpus to N papers by a seeded generator that keeps its word
statistics, and kept in FILE for the next run. Every query goes to all engines one after the
other, three times, and the median counts, so that a busy machine hurts all alike; times are in
milliseconds of computing, and by the wall in tables of their own, with the
fetching of ten rows, ours also with the total and the way through the event loop.

Parts: ``speed``; ``typed`` (autocomplete, similar papers, advice, the worst a person can type);
``quality`` (judged queries on the real corpus); ``writes`` (a day stored, against triggers);
``daily`` (many topics against a day's papers). tantivy takes part where it is installed,
PostgreSQL with ``--postgres``.
"""

import argparse
import asyncio
import multiprocessing
import os
import platform
import random
import re
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from benchmarks.corpus import PAPERS, Grower, build_database, counted_words, need, read_corpus
from benchmarks.search_peers import (
    PAGE,
    Bm25,
    LikeScan,
    Peer,
    Took,
    postgres_peers,
    tantivy_peers,
)
from benchmarks.tables import percentile_95, table, verdict
from bot.query.parser import parse_query
from bot.query.results import SearchPage, Sort
from bot.store.search.search import Search
from bot.store.store import open_store

PARTS = ("speed", "typed", "quality", "writes", "daily")
REPEATS = 3
SLOW_PEER_MS = 2000  # a peer slower than this gets no further query of the class

GOAL_NEWEST_MS = 2
GOAL_NEWEST_CLASSES = ("rare", "common", "title:", "author", "category + date")
GOAL_RELEVANCE_MS = 50
GOAL_WORST_MS = 150
GOAL_RATIOS = {
    ("full bm25", "common"): 20,
    ("PostgreSQL", "common"): 3,
    ("PostgreSQL", "phrase"): 10,
    ("LIKE scan", "rare"): 10_000,
}
"""How many times longer a peer should take, by the beginning of its name and the class."""


def main(argv: list[str] | None = None) -> int:
    options = read_options(argv)
    need(PAPERS)
    print(describe_machine())
    with tempfile.TemporaryDirectory() as folder:
        run(options, Path(folder))
    return 0


def read_options(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks search", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--papers", type=int, default=100_000, metavar="N")
    parser.add_argument("--database", type=Path, metavar="FILE", help="keep the archive here")
    parser.add_argument("--without", nargs="*", default=[], choices=PARTS, metavar="PART")
    parser.add_argument("--postgres", action="store_true", help="compare with PostgreSQL too")
    return parser.parse_args(argv)


def describe_machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} CPUs, {memory:.0f} GiB, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}"
    )


def run(options: argparse.Namespace, folder: Path) -> None:
    parts = [part for part in PARTS if part not in options.without]
    if "speed" in parts or "typed" in parts:
        path = options.database or folder / "archive.db"
        if not path.exists():
            build(path, options.papers)
        measure_archive(path, parts, folder, with_postgres=options.postgres)
    if "quality" in parts:
        from benchmarks import search_quality

        search_quality.measure(folder)
    if "writes" in parts:
        from benchmarks import search_writes

        search_writes.measure(folder)
    if "daily" in parts:
        from benchmarks import search_daily

        search_daily.measure(folder)


def build(path: Path, count: int) -> None:
    print(f"\nBuilding an archive of {count:,} papers")
    took = build_database(path, Grower(read_corpus()).grow(count))
    rows = [
        (name, f"{seconds:.1f} s", f"{count / seconds:,.0f} papers/s")
        for name, seconds in took.items()
    ]
    print(table(rows))


# The queries


@dataclass(frozen=True, slots=True)
class QueryClass:
    """Queries of one kind; ``peers`` says which engines can be asked the same."""

    name: str
    queries: Sequence[str]
    like: bool = False


def make_classes(connection: sqlite3.Connection, seed: int = 5) -> list[QueryClass]:
    """Draw queries by how many papers use their words."""
    dice = random.Random(seed)
    (archive,) = connection.execute("SELECT count(*) FROM paper_head_docsize").fetchone()
    counted = [each for each in counted_words(connection) if re.fullmatch("[a-z]+", each[0])]

    def words(least: float, most: float, count: int) -> list[str]:
        least, most = max(3, least * archive), max(5, most * archive)
        found = [word for word, papers in counted if least <= papers <= most]
        return dice.sample(found, min(count, len(found)))

    keys = connection.execute("SELECT min(key), max(key) FROM paper").fetchone()
    rows = [
        connection.execute(
            "SELECT authors FROM paper WHERE key >= ? AND authors != '' LIMIT 1",
            (dice.randint(*keys),),
        ).fetchone()
        for _ in range(16)
    ]
    authors = [dice.choice(row[0].split("\n")) for row in rows if row]
    sql = "SELECT title FROM paper WHERE key >= ? LIMIT 1"
    titles = [connection.execute(sql, (dice.randint(*keys),)).fetchone()[0] for _ in range(20)]
    mid = words(0.003, 0.01, 20)
    common = [
        "neural network", "deep learning", "network", "learning", "model",
        "data", "method", "image", "language model", "training",
    ]  # fmt: skip
    phrases = [
        "neural network", "deep learning", "language models", "machine learning", "large language",
        "reinforcement learning", "object detection", "diffusion models", "graph neural",
        "time series",
    ]  # fmt: skip
    categories = ["cs.CV", "cs.LG", "cs.CL", "cs.AI", "cs.RO"]
    return [
        QueryClass("rare", words(3e-5, 1e-4, 20), like=True),
        QueryClass("mid", mid),
        QueryClass("two mid", [" ".join(dice.sample(mid, 2)) for _ in range(20)]),
        QueryClass("common", common),
        QueryClass("phrase", [f'"{phrase}"' for phrase in phrases]),
        QueryClass(
            "mid + common", [f"{word} {other}" for word, other in zip(mid, common, strict=False)]
        ),
        QueryClass("title:", [f"title:{word.split()[0]}" for word in (*common, *mid[:5])]),
        QueryClass(
            "category + date",
            [
                f"category:{category} since:{year}-03 until:{year}-09 {word}"
                for category, year, word in zip(
                    categories * 2, range(2012, 2022), common, strict=True
                )
            ],
        ),
        QueryClass("author", [f'author:"{name}"' for name in (*NAMESAKES, *authors)]),
        QueryClass(
            "OR, NOT",
            [f"({word} OR {other}) -network" for word, other in zip(mid, mid[10:], strict=False)],
        ),
        QueryClass("pasted title", titles),
        QueryClass("prefix", ["neur*", "segment*", "transform*", "diffus*", "quant*", "optimiz*"]),
    ]


# fmt: off
WORST = (
    '"of the the"', '"the of"', '"network learning model"', '"learning neural deep"', "-the",
    "pro*", "con*", "com* int*", "the of a and in to for", "-a -b -c", "(the OR of) -and",
    '"in the of a"', "title:the title:of", "category:cs.*", "type:replace", "-category:cs.CV",
    "author:w", "the* -the", "since:1995 until:1995", "the -zzzzz", '"the the the the"',
    "a OR b OR c OR d OR e OR f",
)
TITLES = ("at", "dee", "deep le", "segmen", "a", "the of", "transformer for im", "zz")
NAMESAKES = ("wang", "Y. Zhang", "Wei Li", "smith")
NAMES = ("wa", "wang", "kai", "kaiming h", "li", "zh", "smi")
SAMPLE_WORDS = ("diffusion", "network", "halos", "proof", "robot")
MISSES = ("transfomer segmentaton", "netwroks category:math.AG", "deep zzzqqq learning")
# fmt: on


# Measuring


def measure_archive(path: Path, parts: Sequence[str], folder: Path, *, with_postgres: bool) -> None:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    (count,) = connection.execute("SELECT count(*) FROM paper_head_docsize").fetchone()
    print(f"\n{count:,} papers, {path.stat().st_size / 1e6:,.0f} MB with the indexes")
    if "speed" in parts:
        peers: list[Peer] = [Bm25(connection), LikeScan(connection)]
        peers += tantivy_peers(folder, connection)
        if with_postgres:
            peers += postgres_peers(folder, path)
        try:
            measured = asyncio.run(measure_speed(path, make_classes(connection), peers))
        finally:
            for peer in peers:
                peer.close()
        report_speed(measured, peers, count)
    if "typed" in parts:
        asyncio.run(measure_typed(path))
    connection.close()
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        memory = pool.apply(measure_memory, [path])
    print(f"\nMost memory of a process that only searches: {memory:.0f} MB")


def measure_memory(path: Path) -> float:
    """Search everything once; returns the most memory this process had, in MB."""
    asyncio.run(search_everything(path))
    # Not ru_maxrss, which remembers the process that started this one.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if "VmHWM" in line).split()[1]) / 1024


async def search_everything(path: Path) -> None:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    texts = [text for each in make_classes(connection) for text in each.queries]
    connection.close()
    async with open_store(path) as store:
        for sort in Sort:
            pages = (store.search.find(parse_query(text), sort=sort) for text in (*texts, *WORST))
            await asyncio.gather(*pages)


Engine = Sort | Peer
"""Ours in one of its orders, or another."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds by class and engine, and how often an engine showed the papers that ours did."""

    times: dict[str, dict[Engine, list[Took]]] = field(default_factory=dict)
    alike: dict[Peer, list[bool]] = field(default_factory=dict)

    def of(self, engine: Engine, name: str | None = None, *, by_wall: bool = False) -> list[float]:
        """Return the times of one class, or of all."""
        classes = self.times.values() if name is None else [self.times.get(name, {})]
        took = [each for times in classes for each in times.get(engine, [])]
        return [each.wall if by_wall else each.computing for each in took]

    def times_slower(self, peer: Peer, name: str) -> float | None:
        """Compare the medians of the queries that both were asked."""
        theirs, ours = self.of(peer, name), self.of(peer.sort, name)
        if not theirs:
            return None
        # A class is of one kind: a peer was asked all of it, or the first ones until too slow.
        return statistics.median(theirs) / statistics.median(ours[: len(theirs)])


async def measure_speed(
    path: Path, classes: Sequence[QueryClass], peers: Sequence[Peer]
) -> Measured:
    measured = Measured()
    async with open_store(path) as store:
        for each in filter(lambda each: each.queries, classes):
            print(f"asking {len(each.queries)} queries of the class {each.name}", file=sys.stderr)
            times = measured.times.setdefault(each.name, {})
            for query in each.queries:
                await measure_query(store.search, query, each, peers, times, measured.alike)
    return measured


async def measure_query(
    search: Search,
    text: str,
    of: QueryClass,
    peers: Sequence[Peer],
    times: dict[Engine, list[Took]],
    alike: dict[Peer, list[bool]],
) -> None:
    query = parse_query(text)
    shown: dict[Sort, list[str]] = {}
    for sort in Sort:
        took, page = await median_of(partial(search.find, query, sort=sort, limit=PAGE))
        times.setdefault(sort, []).append(took)
        shown[sort] = ids_of(page)
    for peer in peers:
        if (of.like or not peer.only_rare) and _slowest(times, peer) < SLOW_PEER_MS:
            asked = peer.median_of(REPEATS, query)
            if asked is not None:
                times.setdefault(peer, []).append(asked[0])
                if peer.differs and peer.sort is Sort.NEWEST:
                    alike.setdefault(peer, []).append(asked[1] == shown[peer.sort])


def ids_of(page: SearchPage) -> list[str]:
    return [match.stored.paper.arxiv_id for match in page.matches]


T = TypeVar("T")


def _slowest(times: dict[Engine, list[Took]], peer: Peer) -> float:
    return max((took.wall for took in times.get(peer, ())), default=0)


async def median_of(ask: Callable[[], Awaitable[T]]) -> tuple[Took, T]:
    took: list[Took] = []
    for _ in range(REPEATS):
        begun, computed = time.perf_counter(), time.process_time()
        answer = await ask()
        took.append(Took.since(begun, computed, time.process_time()))
    return Took.median(took), answer


# Telling


def report_speed(measured: Measured, peers: Sequence[Peer], count: int) -> None:
    for sort, order in ((Sort.NEWEST, "Newest first"), (Sort.RELEVANCE, "By relevance")):
        rivals = [peer for peer in peers if peer.sort is sort and measured.of(peer)]
        names = [peer.name for peer in rivals]
        for by_wall, clock in ((False, "computing"), (True, "by the wall")):
            print(f"\n{order}: p50 / p95 / max, ms {clock}")
            rows = speed_rows(measured, [sort, *rivals], by_wall=by_wall)
            print(table([("", "ours", *names), *rows]))
        if rivals:
            print(f"\n{order}: times the median of ours")
            print(table([("", *names), *ratio_rows(measured, rivals)]))
    for peer, same in measured.alike.items():
        shown = f"{peer.name} showed the same {PAGE} newest papers for {sum(same)} of {len(same)}"
        print(f"\n{shown} queries; it differs in {peer.differs}")
    print(f"\nAgainst the goals, set for 1 to 3 million papers; these were {count:,}")
    print(table([("", "measured", "goal", ""), *goal_rows(measured, peers)]))


def speed_rows(
    measured: Measured, engines: Sequence[Engine], *, by_wall: bool
) -> Iterator[tuple[str, ...]]:
    for name in measured.times:
        yield (name, *(summary(measured.of(each, name, by_wall=by_wall)) for each in engines))


def ratio_rows(measured: Measured, peers: Sequence[Peer]) -> Iterator[tuple[str, ...]]:
    for name in measured.times:
        ratios = [measured.times_slower(peer, name) for peer in peers]
        yield (name, *map(show_ratio, ratios))


def show_ratio(ratio: float | None) -> str:
    if ratio is None:
        return "-"
    return f"{ratio:,.1f}" if ratio >= 1 else f"{ratio:.2g}"


def goal_rows(measured: Measured, peers: Sequence[Peer]) -> Iterator[tuple[str, ...]]:
    for name in filter(measured.times.__contains__, GOAL_NEWEST_CLASSES):
        yield goal_row(f"newest, p95 of {name}", measured.of(Sort.NEWEST, name), GOAL_NEWEST_MS)
    yield goal_row("relevance, p95 of all", measured.of(Sort.RELEVANCE), GOAL_RELEVANCE_MS)
    for (peer_name, name), least in GOAL_RATIOS.items():
        for peer in peers:
            ratio = measured.times_slower(peer, name) if peer.name.startswith(peer_name) else None
            if ratio is not None:
                said = f"{peer.name} : {peer.sort.value}, {name}"
                yield said, show_ratio(ratio), f"at least {least:,}", verdict(ratio >= least)


def goal_row(name: str, times: Sequence[float], most_ms: float) -> tuple[str, ...]:
    reached = percentile_95(times)
    return name, f"{reached:.2f} ms", f"at most {most_ms} ms", verdict(reached <= most_ms)


def summary(times: Sequence[float]) -> str:
    if not times:
        return "-"
    return f"{statistics.median(times):.2f} / {percentile_95(times):.2f} / {max(times):.2f}"


async def measure_typed(path: Path) -> None:
    """Measure what is asked at every key, and the worst that a person can type."""
    async with open_store(path) as store:
        search = store.search
        pages = [await search.find(parse_query(word), limit=1) for word in SAMPLE_WORDS]
        papers = [match.stored.paper for page in pages for match in page.matches]
        asks: dict[str, Sequence[Callable[[], Awaitable[object]]]] = {
            "titles": [partial(search.suggest_titles, typed) for typed in TITLES],
            "authors": [partial(search.suggest_authors, typed) for typed in NAMES],
            "similar papers": [partial(search.find_similar, each) for each in papers],
            "did you mean, blame": [partial(search.advise, parse_query(text)) for text in MISSES],
        }
        for sort in Sort:
            worst = [partial(search.find, parse_query(text), sort=sort) for text in WORST]
            asks[f"worst queries, {sort.value}"] = worst
        times = {
            name: [(await median_of(ask))[0].computing for ask in each]
            for name, each in asks.items()
        }
    print("\nWhile typing, and at worst: p50 / p95 / max, ms")
    print(table([(name, summary(each)) for name, each in times.items()]))
    slowest = max(max(each) for name, each in times.items() if name.startswith("worst"))
    met = verdict(slowest <= GOAL_WORST_MS)
    print(f"goal: any search at most {GOAL_WORST_MS} ms: {met} ({slowest:.0f} ms)")


if __name__ == "__main__":
    sys.exit(main())
