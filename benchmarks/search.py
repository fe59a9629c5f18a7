"""Searching a grown archive, against full bm25, a LIKE scan and PostgreSQL, in one run.

    python -m benchmarks search [--papers N] [--database FILE] [--without PART ...] [--postgres]

The archive is grown from the real corpus to N papers by a seeded generator that keeps its word
statistics, and kept in FILE for the next run. Every query goes to all engines one after the
other, best of two, so that a busy machine hurts all alike; times are in milliseconds, with the
fetching of ten rows, ours also with the total and the way through the event loop.

Parts: ``speed``; ``typed`` (autocomplete, similar papers, advice, the worst a person can type);
``quality`` (judged queries on the real corpus); ``writes`` (a day stored, against triggers);
``daily`` (many topics against a day's papers). PostgreSQL takes part with ``--postgres``.
"""

import argparse
import asyncio
import multiprocessing
import os
import platform
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.corpus import SHARED, Grower, build_database, read_corpus
from benchmarks.search_peers import Bm25, LikeScan, Peer, postgres_peers
from bot.query.parser import parse_query
from bot.query.tokens import surface
from bot.store.search import Search, Sort
from bot.store.store import open_store

PARTS = ("speed", "typed", "quality", "writes", "daily")
REPEATS = 2
SLOW_PEER_MS = 2000  # a peer slower than this gets no further query of the class


def main(argv: list[str] | None = None) -> int:
    options = read_options(argv)
    if not SHARED.exists():
        print(f"This needs the corpus {SHARED}, which is not here.", file=sys.stderr)
        return 1
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
        measure_archive(path, parts, folder if options.postgres else None)
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
    for name, seconds in took.items():
        print(f"  {name:<12} {seconds:8.1f} s  {count / seconds:10,.0f} papers/s")
    print(f"  {'file':<12} {path.stat().st_size / 1e6:8.0f} MB")


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
    (archive,) = connection.execute("SELECT papers FROM stem WHERE stem = ''").fetchone() or (0,)

    def words(least: float, most: float, count: int) -> list[str]:
        rows = connection.execute(
            "SELECT stem FROM stem WHERE papers BETWEEN ? AND ? AND length(stem) > 3 "
            "AND stem GLOB '[a-z]*' AND NOT stem GLOB '*[^a-z]*'",
            (max(3, least * archive), max(5, most * archive)),
        ).fetchall()
        return [
            word for (stem,) in dice.sample(rows, min(count, len(rows))) if (word := surface(stem))
        ]

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
        QueryClass(
            "author", ["author:wang", 'author:"Y. Zhang"', 'author:"Wei Li"', "author:smith"]
        ),
        QueryClass(
            "OR, NOT",
            [f"({word} OR {other}) -network" for word, other in zip(mid, mid[10:], strict=False)],
        ),
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
NAMES = ("wa", "wang", "kai", "kaiming h", "li", "zh", "smi")
SAMPLE_WORDS = ("diffusion", "network", "halos", "proof", "robot")
MISSES = ("transfomer segmentaton", "netwroks category:math.AG", "deep zzzqqq learning")
# fmt: on


# Measuring


def measure_archive(path: Path, parts: Sequence[str], postgres: Path | None) -> None:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    (count,) = connection.execute("SELECT count(*) FROM paper_head_docsize").fetchone()
    print(f"\n{count:,} papers, {path.stat().st_size / 1e6:,.0f} MB")
    if "speed" in parts:
        peers: list[Peer] = [Bm25(connection), LikeScan(connection)]
        if postgres is not None:
            peers += postgres_peers(postgres, path)
        asyncio.run(measure_speed(path, make_classes(connection), peers))
        for peer in peers:
            peer.close()
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


async def measure_speed(path: Path, classes: Sequence[QueryClass], peers: Sequence[Peer]) -> None:
    titles = ["newest", "relevance", *(peer.name for peer in peers)]
    print(
        f"\n{'p50 / p95 / max, ms':<18}"
        + "".join(f"{title:>26}" for title in titles)
        + "   bm25 : ours"
    )
    async with open_store(path) as store:
        for each in classes:
            times: dict[str, list[float]] = {title: [] for title in titles}
            for query in each.queries:
                await measure_query(store.search, query, each, peers, times)
            print(
                f"{each.name:<18}"
                + "".join(f"{summary(times[title]):>26}" for title in titles)
                + ratio(times)
            )


async def measure_query(
    search: Search,
    text: str,
    of: QueryClass,
    peers: Sequence[Peer],
    times: dict[str, list[float]],
) -> None:
    query = parse_query(text)
    for sort in Sort:
        times[sort.value].append(await best_of(partial(search.find, query, sort=sort)))
    for peer in peers:
        if (of.like or not peer.only_rare) and max(times[peer.name], default=0) < SLOW_PEER_MS:
            took = peer.best_of(REPEATS, query)
            if took is not None:
                times[peer.name].append(took)


async def best_of(ask: Callable[[], Awaitable[object]]) -> float:
    best = float("inf")
    for _ in range(REPEATS):
        begun = time.perf_counter()
        await ask()
        best = min(best, time.perf_counter() - begun)
    return best * 1000


def summary(times: Sequence[float]) -> str:
    if not times:
        return "-"
    ordered = sorted(times)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    return f"{statistics.median(ordered):.2f} / {p95:.2f} / {ordered[-1]:.2f}"


def ratio(times: dict[str, list[float]]) -> str:
    if not times.get("full bm25") or not times["relevance"]:
        return ""
    bm25 = statistics.median(times["full bm25"])
    return f"   {bm25 / statistics.median(times['relevance']):.1f}x"


async def measure_typed(path: Path) -> None:
    """Measure what is asked at every key, and the worst that a person can type."""
    async with open_store(path) as store:
        search = store.search
        print(f"\n{'p50 / p95 / max, ms':<28}")
        await measure_row("titles", [partial(search.suggest_titles, typed) for typed in TITLES])
        await measure_row("authors", [partial(search.suggest_authors, typed) for typed in NAMES])
        pages = [await search.find(parse_query(word), limit=1) for word in SAMPLE_WORDS]
        papers = [match.stored.paper for page in pages for match in page.matches]
        await measure_row("similar papers", [partial(search.find_similar, each) for each in papers])
        advised = [partial(search.advise, parse_query(text)) for text in MISSES]
        await measure_row("did you mean, blame", advised)
        for sort in Sort:
            asks = [partial(search.find, parse_query(text), sort=sort) for text in WORST]
            await measure_row(f"worst queries, {sort.value}", asks)


async def measure_row(name: str, asks: Sequence[Callable[[], Awaitable[object]]]) -> None:
    print(f"{name:<28}{summary([await best_of(ask) for ask in asks]):>26}")


if __name__ == "__main__":
    sys.exit(main())
