"""Importing history against bare sqlite3, its memory, and an ordinary day's CPU.

    python -m benchmarks intake [--papers N] [--few N] [--many N] [--rounds N] [--only PART]

Needs ../shared/corpus: the papers are grown from it with a seed (`corpus.Grower`) and written in
the form of arXiv's metadata snapshot. Every measurement is a process of its own, made by this one,
which stays small: a process begins with the memory peak of the one that makes it.

import   `python -m bot import` without the start of the interpreter: JSON, readable text, links,
         rows, all indexes in step after every batch. The peer is a script that takes the very
         same finished rows as JSON lines, inserts them in one transaction and fills the very same
         FTS5 tables with one statement each; same schema, page cache and durability. They take
         turns, the best of each counts.
memory   the peak of importing few and many papers.
day      four categories' feeds of an ordinary day, from HTTP to the stored listings, the stand-in
         of arXiv in the same process included.
"""

import argparse
import asyncio
import json
import os
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from benchmarks.corpus import LISTINGS, PAPERS, ROOT, need, read_records
from benchmarks.tables import table, verdict

SEED = 20200821
FIRST_MONTH = 2015 * 12
MONTHS = 140  # January 2015 to August 2026, all of one form of identifier

GOAL_SPEED = 0.6
GOAL_MEMORY = 1.2
GOAL_DAY_S = 2.0
TABLES = ("paper", "paper_link")
DAY = "2024-04-03"  # 1,094 announcements in the four categories


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="intake", description=__doc__.partition("\n")[0])
    parser.add_argument("--papers", type=int, default=50_000, help="to import against the peer")
    parser.add_argument("--few", type=int, default=10_000, help="papers of the lower memory peak")
    parser.add_argument("--many", type=int, default=300_000, help="papers of the upper one")
    parser.add_argument("--rounds", type=int, default=3, help="the best of how many")
    parser.add_argument("--only", choices=["import", "memory", "day"])
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.child:
        print(json.dumps(CHILDREN[options.child[0]](*options.child[1:])))
        return 0
    need(PAPERS)
    print(f"machine: {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}; "
          f"Python {sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}")  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="intake-") as folder:
        met = [
            part(Path(folder), options)
            for name, part in PARTS.items()
            if options.only in (None, name)
        ]
    return 0 if all(met) else 1


def child(name: str, *arguments: object) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "intake", "--child", name, *map(str, arguments)],
        stdout=subprocess.PIPE,
        check=True,
        cwd=ROOT,
    )
    result: dict[str, float] = json.loads(done.stdout)
    return result


# -- the parts -----------------------------------------------------------------------------------


def compare_import(folder: Path, options: argparse.Namespace) -> bool:
    snapshot, database = folder / "papers.json", folder / "papers.db"
    print(f"\nimport of {options.papers:,} papers, growing them first ...", flush=True)
    child("grow", options.papers, snapshot)
    child("import", snapshot, database)  # warms the file cache, and makes the peer's rows
    child("rows", database, folder / "rows.jsonl")
    ours, peers = [], []
    for _ in range(options.rounds):
        ours.append(child("import", snapshot, database))
        peers.append(child("bare", folder / "rows.jsonl", folder / "bare.db"))
    again = child("again", snapshot, database)
    peer = min(peers, key=lambda run: run["seconds"])
    best = min(ours, key=lambda run: run["seconds"])
    rows = [("", "seconds", "CPU s", "papers/s", "ratio")]
    for name, run in (
        ("bare sqlite3, the same rows", peer),
        ("python -m bot import", best),
        ("the same file again", again),
    ):
        numbers = (f"{run['seconds']:.2f}", f"{run['cpu']:.2f}")
        rate = f"{options.papers / run['seconds']:,.0f}"
        rows.append((name, *numbers, rate, f"{peer['seconds'] / run['seconds']:.2f}"))
    print(table(rows))
    ratio = peer["seconds"] / best["seconds"]
    print(f"goal: at least {GOAL_SPEED} of the peer's speed: {verdict(ratio >= GOAL_SPEED)}")
    return ratio >= GOAL_SPEED


def compare_memory(folder: Path, options: argparse.Namespace) -> bool:
    print("\npeak memory of an import")
    peaks = []
    for papers in (options.few, options.many):
        child("grow", papers, folder / "papers.json")
        run = child("import", folder / "papers.json", folder / "papers.db")
        peaks.append(run["peak_mb"])
        rate = papers / run["seconds"]
        print(f"{papers:>9,} papers {run['peak_mb']:>7.0f} MB {rate:>8,.0f} papers/s", flush=True)
    ratio = peaks[1] / peaks[0]
    is_met = 1 / GOAL_MEMORY <= ratio <= GOAL_MEMORY
    print(f"goal: the same within 20 %: {verdict(is_met)} ({ratio:.2f})")
    return is_met


def measure_day(folder: Path, options: argparse.Namespace) -> bool:
    runs = [child("day", folder / "day.db") for _ in range(options.rounds)]
    best = min(runs, key=lambda run: run["cpu"])
    is_met = best["cpu"] < GOAL_DAY_S and 0 < best["papers"] == best["announced"]
    stored = f"{best['papers']:,.0f} of {best['announced']:,.0f} announcements stored"
    print(f"\n{DAY}, four categories, {stored}: {best['cpu']:.2f} s of CPU")
    print(f"({best['serving']:.2f} s of it are the stand-in's)")
    print(f"goal: all, under {GOAL_DAY_S:g} s: {verdict(is_met)}")
    return is_met


PARTS = {"import": compare_import, "memory": compare_memory, "day": measure_day}


# -- children ------------------------------------------------------------------------------------


def grow(papers: str, path: str) -> dict[str, float]:
    """Write a snapshot of grown papers, numbered and dated as arXiv's are."""
    from benchmarks.corpus import Grower, read_corpus

    dice = random.Random(SEED)
    count = int(papers)
    a_month = count // MONTHS + 1
    with Path(path).open("w", encoding="utf-8") as file:
        for number, grown in enumerate(Grower(read_corpus(), SEED).grow(count)):
            month, place = divmod(number, a_month)
            year, month = divmod(FIRST_MONTH + month, 12)
            begin = datetime(year, month + 1, 1, tzinfo=UTC)
            submitted_at = begin + timedelta(days=27 * place / a_month)
            versions = 2 if dice.random() < 0.35 else 1
            record = {
                "id": f"{year % 100:02d}{month + 1:02d}.{place + 1:05d}",
                "submitter": grown.authors[0] if grown.authors else None,
                "authors": ", ".join(grown.authors),
                "title": "\n  ".join(textwrap.wrap(grown.title, 72)),
                "comments": "9 pages, 5 figures" if dice.random() < 0.6 else None,
                "journal-ref": None,
                "doi": f"10.1000/{number}" if dice.random() < 0.3 else None,
                "report-no": None,
                "categories": " ".join(grown.categories),
                "license": "http://arxiv.org/licenses/nonexclusive-distrib/1.0/",
                "abstract": "  " + "\n".join(textwrap.wrap(grown.abstract, 78)) + "\n",
                "versions": [
                    {"version": f"v{version}", "created": format_datetime(submitted_at, True)}
                    for version in range(1, versions + 1)
                ],
                "update_date": f"{submitted_at:%Y-%m-%d}",
                "authors_parsed": [
                    [*reversed(name.rsplit(" ", 1)), ""] if " " in name else [name, "", ""]
                    for name in grown.authors
                ],
            }
            file.write(json.dumps(record) + "\n")
    return {}


def delete(database: str) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(database + suffix).unlink(missing_ok=True)


def measured(work: Callable[[], object]) -> dict[str, float]:
    began, cpu = time.perf_counter(), time.process_time()
    work()
    return {
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def import_file(snapshot: str, database: str) -> dict[str, float]:
    delete(database)
    return import_again(snapshot, database)


def import_again(snapshot: str, database: str) -> dict[str, float]:
    from bot.intake.importing import Importer, detect_form
    from bot.store.store import open_store

    async def work() -> None:
        path = Path(snapshot)
        async with open_store(Path(database)) as store:
            importer = Importer(store, now=datetime.now(UTC), report=lambda line: None)
            await importer.import_files([(path, detect_form(path))])

    return measured(lambda: asyncio.run(work()))


def dump_rows(database: str, path: str) -> dict[str, float]:
    """Write the finished rows for the peer, a file a table: its columns, then the rows."""
    connection = sqlite3.connect(database)
    for name in TABLES:
        columns = connection.execute(f"PRAGMA table_info({name})").fetchall()
        with Path(f"{path}.{name}").open("w", encoding="utf-8") as file:
            file.write(json.dumps([(column, kind) for _, column, kind, *_ in columns]) + "\n")
            for row in connection.execute(f"SELECT * FROM {name} ORDER BY {columns[0][1]}"):
                file.write(json.dumps(row, ensure_ascii=False, default=bytes.hex) + "\n")
    connection.close()
    return {}


def bare(rows: str, database: str) -> dict[str, float]:
    """What anybody would write who has the rows: one transaction, the indexes filled once."""
    from bot.store.papers.bulk import BULK_PRAGMAS
    from bot.store.search.index import INDEXES, new_index
    from bot.store.search.renewal import renew_if_small
    from bot.store.sqlite.migrations import FUNCTIONS, STEPS

    delete(database)

    def work() -> None:
        connection = sqlite3.connect(database, isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", *BULK_PRAGMAS):
            connection.execute(f"PRAGMA {pragma}")
        for name, function in FUNCTIONS.items():
            connection.create_function(name, 1, function, deterministic=True)
        for statement in [statement for step in STEPS for statement in step]:
            connection.execute(statement)
        renew_if_small(connection)
        connection.execute("BEGIN")
        for name in TABLES:
            with Path(f"{rows}.{name}").open(encoding="utf-8") as lines:
                columns: list[tuple[str, str]] = json.loads(next(lines))
                names = ", ".join(column for column, _ in columns)
                marks = ", ".join("?" * len(columns))
                blobs = [at for at, (_, kind) in enumerate(columns) if kind == "BLOB"]
                connection.executemany(
                    f"INSERT INTO {name} ({names}) VALUES ({marks})", read_rows(lines, blobs)
                )
        for index in map(new_index, INDEXES):
            connection.execute(
                f"INSERT INTO {index.name} (rowid, {index.columns}) "
                f"SELECT key, {index.values} FROM paper ORDER BY key"
            )
        connection.execute("COMMIT")
        connection.close()

    return measured(work)


def read_rows(lines: Iterable[str], blobs: Sequence[int]) -> Iterator[list[Any]]:
    """Read rows of JSON, with what they have as hexadecimal digits at some places."""
    for line in lines:
        row = json.loads(line)
        for at in blobs:
            row[at] = row[at] and bytes.fromhex(row[at])
        yield row


def ordinary_day(database: str) -> dict[str, float]:
    """Fetch, judge and store four listings, as the bot does at midnight."""
    import aiohttp

    from bot.arxiv.client import ArxivClient
    from bot.config.schema import ArxivConfig
    from bot.intake.schedule import IntakeRules
    from bot.run.app import build_pipeline
    from bot.store.store import open_store
    from tests.fakes.arxiv import ArxivServer
    from tests.fakes.arxiv_forms import rss_feed

    delete(database)
    listings = real_day(DAY)
    day = date.fromisoformat(DAY)
    morning = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    began = time.process_time()
    for category, records in listings.items():  # what the stand-in will do once more
        rss_feed(category, day, records)
    serving = time.process_time() - began
    result: dict[str, float] = {}

    async def work() -> None:
        async with (
            ArxivServer() as arxiv,
            aiohttp.ClientSession() as session,
            open_store(Path(database)) as store,
        ):
            for category, records in listings.items():
                arxiv.publish(category, day, records)
            settings = ArxivConfig(
                feed_url=arxiv.url, listing_url=arxiv.url, api_url=arxiv.url, oai_url=arxiv.url,
                request_spacing_s=0,
            )  # fmt: skip
            pipeline = build_pipeline(
                store,
                ArxivClient(session, settings, now=lambda: morning),
                rules=IntakeRules(),
                now=lambda: morning,
            )
            cpu = time.process_time()
            outcomes = await pipeline.intake.fetch_each(list(listings))
            result["cpu"] = time.process_time() - cpu
            result["papers"] = sum(each.added.new_announcements for each in outcomes if each.added)

    asyncio.run(work())
    return {**result, "serving": serving, "announced": sum(map(len, listings.values()))}


def real_day(day: str) -> dict[str, list]:  # type: ignore[type-arg]
    """Return the records of a real day by category."""
    from tests.fakes.arxiv_forms import Record
    from tests.replay.truth import read_lines

    papers = {paper["id"]: paper for paper in read_records()}
    listings = defaultdict(list)
    for listing in read_lines(need(LISTINGS)):
        for arxiv_id, version, kind in listing["items"] if listing["date"] == day else ():
            paper = papers[arxiv_id]
            listings[listing["category"]].append(
                Record(
                    arxiv_id,
                    kind,
                    version,
                    title=paper["title"],
                    abstract=paper["abstract"],
                    authors=paper["authors"],
                    categories=paper["categories"],
                )
            )
    return listings


CHILDREN: dict[str, Callable[..., dict[str, float]]] = {
    "grow": grow,
    "import": import_file,
    "again": import_again,
    "rows": dump_rows,
    "bare": bare,
    "day": ordinary_day,
}
