"""Replay real announcement days through the production intake, against a loopback arXiv.

    python -m tests.replay --listings FILE --papers FILE [--faults SEED] [--days N]

Both files are JSON lines, plain or gzipped. A listing is ``{"date", "category", "items": [[id,
version, type], ...]}`` as a feed carried it, repeats of the day before included; a paper is
``{"id", "title", "authors", "abstract", "categories", ...}``. A virtual clock walks through the
days; with ``--faults`` a seeded script makes arXiv lie, fail and vanish, and kills the process.

Prints what was announced and what became of it; exits with 1 unless every paper of every category
is stored once, under the date of its announcement, with polite gaps between all requests.
"""

import argparse
import asyncio
import contextlib
import gzip
import itertools
import json
import random
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from bot.arxiv.calendar import EASTERN, announcement_day
from bot.arxiv.client import ArxivClient
from bot.intake.schedule import IntakeRules
from bot.pipeline import Pipeline
from bot.run.app import build_pipeline
from bot.store.store import open_store
from tests.fakes import arxiv as fake
from tests.fakes.arxiv import ArxivServer, Record
from tests.fakes.clock import VirtualClock

SPACING_S = 3.0
REPEAT_SHARE = 0.9

Key = tuple[str, date]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """What arXiv's feeds showed, and what they truly announced."""

    feeds: dict[Key, list[Record]]
    announced: dict[Key, list[Record]]
    """Without the feeds that repeat the day before."""

    @property
    def categories(self) -> list[str]:
        return sorted({category for category, _ in self.feeds})

    @property
    def days(self) -> list[date]:
        first, last = min(day for _, day in self.feeds), max(day for _, day in self.feeds)
        return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def read_lines(path: Path) -> list[dict[str, Any]]:
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    return [json.loads(line) for line in content.splitlines() if line.strip()]


def read_corpus(listings: Path, papers: Path, days: int | None = None) -> Corpus:
    known = {paper["id"]: paper for paper in read_lines(papers)}
    raw = {
        (line["category"], date.fromisoformat(line["date"])): [
            _record(known[arxiv_id], version, announce_type)
            for arxiv_id, version, announce_type in line["items"]
        ]
        for line in read_lines(listings)
    }
    if days is not None:
        last = min(day for _, day in raw) + timedelta(days=days - 1)
        raw = {key: records for key, records in raw.items() if key[1] <= last}
    return Corpus(feeds=raw, announced=dict(_truth(raw)))


def _record(paper: dict[str, Any], version: int, announce_type: str) -> Record:
    return Record(
        paper["id"],
        announce_type,
        version,
        paper["title"],
        paper["abstract"],
        tuple(paper["authors"]),
        tuple(paper["categories"]),
        doi=paper.get("doi"),
        journal_ref=paper.get("journal_ref"),
    )


def _truth(raw: dict[Key, list[Record]]) -> Iterable[tuple[Key, list[Record]]]:
    """Leave out the feeds that name the papers of the category's feed before."""
    before: dict[str, set[str]] = {}
    for key in sorted(raw, key=lambda key: key[1]):
        ids = {record.arxiv_id for record in raw[key]}
        shared = ids & before.get(key[0], set())
        if len(shared) < REPEAT_SHARE * len(ids):
            yield key, raw[key]
        before[key[0]] = ids


# --- a misbehaving arXiv -----------------------------------------------------------------------


@dataclass(slots=True)
class Settings:
    """The ``[arxiv]`` settings; the address can be made to refuse connections."""

    url: str
    refuses: bool = False
    timeout_s: float = 2.0
    max_bytes: int = 20_000_000
    user_agent_header: str = "paper-digest-bot (replay)"

    @property
    def feed_url(self) -> str:
        return "http://127.0.0.1:1" if self.refuses else self.url

    listing_url = api_url = oai_url = feed_url

    def spacing_for(self, url: str) -> float:
        return SPACING_S


@dataclass(slots=True)
class Script:
    """What goes wrong when: feeds that change at a moment, outages, kills."""

    changes: list[tuple[datetime, Key, list[Record]]] = field(default_factory=list)
    outages: list[tuple[datetime, datetime]] = field(default_factory=list)
    faults: dict[date, list[tuple[fake.Fault, str]]] = field(default_factory=dict)
    kill_share: float = 0.0
    told: Counter[str] = field(default_factory=Counter)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=EASTERN)


def write_script(corpus: Corpus, seed: int) -> Script:
    """Choose, for a third of all feeds, what goes wrong with them."""
    dice = random.Random(seed)
    script = Script(kill_share=0.01)
    for key in sorted(corpus.announced, key=lambda key: (key[1], key[0])):
        if dice.random() < 0.35:
            kind = dice.choice(sorted(KINDS))
            KINDS[kind](script, corpus, key, dice)
            script.told[kind] += 1
    for _ in range(2):
        start = at(dice.choice(corpus.days[3:-5]), dice.randrange(24))
        script.outages.append((start, start + timedelta(days=2)))
        script.told["refused for two days"] += 1
    return script


def _before(corpus: Corpus, key: Key) -> list[Record]:
    earlier = [day for category, day in corpus.announced if category == key[0] and day < key[1]]
    return corpus.announced[key[0], max(earlier)] if earlier else []


def _stale(script: Script, corpus: Corpus, key: Key, dice: random.Random) -> None:
    script.changes.append((at(key[1], 0), key, _before(corpus, key)))
    if key[1].weekday() == 4 and dice.random() < 0.5:
        saturday = (key[0], key[1] + timedelta(days=1))
        script.changes.append((at(saturday[1], 0), saturday, corpus.announced[key]))
        script.told["Friday's list on Saturday"] += 1


def _empty_first(script: Script, corpus: Corpus, key: Key, dice: random.Random) -> None:
    script.changes.append((at(key[1], 0), key, []))
    script.changes.append((at(key[1], dice.choice([1, 2, 8])), key, corpus.announced[key]))


def _half_first(script: Script, corpus: Corpus, key: Key, dice: random.Random) -> None:
    records = corpus.announced[key]
    part = records[: len(records) // dice.choice([2, 3, 10])]
    script.changes.append((at(key[1], 0), key, part))
    script.changes.append((at(key[1], dice.choice([0, 1, 8]), 35), key, records))


def _request_faults(script: Script, corpus: Corpus, key: Key, dice: random.Random) -> None:
    kinds = {
        "cut": fake.cut(dice.random()),
        "cut undeclared": fake.cut(dice.random(), declared=False),
        "html": fake.html_instead(),
        "429": fake.answer(429, "Rate exceeded."),
        "429 seconds": fake.answer(429, headers={"Retry-After": "1800"}),
        "429 date": fake.answer(429, headers={"Retry-After": "Wed, 01 May 2024 06:00:00 GMT"}),
        "503": fake.answer(503, headers={"Retry-After": "300"}),
        "drip": fake.drip(4, 0.5),
    }
    for kind in dice.choices(sorted(kinds), k=dice.randint(1, 3)):
        script.told[kind] += 1
        script.faults.setdefault(key[1], []).append((kinds[kind], f"/rss/{key[0]}"))


KINDS = {
    "stale": _stale,
    "empty first": _empty_first,
    "half first": _half_first,
    "request faults": _request_faults,
}


# --- walking through the days ------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Replay:
    """One walk: a clock, a stand-in for arXiv, a script and a database file."""

    corpus: Corpus
    script: Script
    path: Path
    clock: VirtualClock
    arxiv: ArxivServer
    settings: Settings
    dice: random.Random
    kills: int = 0

    async def walk(self) -> None:
        self._publish()
        last = at(self.corpus.days[-1] + timedelta(days=4), 12)
        while self.clock.now() < last:
            async with self._process() as pipeline:
                while self.clock.now() < last:
                    self._let_things_happen()
                    if self.dice.random() < self.script.kill_share:
                        await self._tick_until_killed(pipeline)
                        break
                    await pipeline.tick()
                    self.clock.advance(pause_until_next_tick(self.clock.now()))

    @contextlib.asynccontextmanager
    async def _process(self) -> AsyncIterator[Pipeline]:
        async with open_store(self.path) as store, aiohttp.ClientSession() as session:
            source = ArxivClient(
                session,
                self.settings,
                sleep=self.clock.sleep,
                monotonic=self.clock.monotonic,
                now=self.clock.now,
            )
            rules = IntakeRules(categories=tuple(self.corpus.categories))
            yield build_pipeline(store, source, rules=rules, now=self.clock.now)

    async def _tick_until_killed(self, pipeline: Pipeline) -> None:
        """Start a tick and cancel it anywhere; a restart takes its time."""
        self.kills += 1
        tick = asyncio.create_task(pipeline.tick())
        for _ in range(self.dice.randrange(200)):
            await asyncio.sleep(0)
        tick.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await tick
        self.clock.advance(timedelta(seconds=self.dice.randrange(10, 7200)))

    def _publish(self) -> None:
        for (category, day), records in self.corpus.announced.items():
            self.arxiv.publish(category, day, records)
        for key, records in self.corpus.feeds.items():
            if key not in self.corpus.announced:
                self.arxiv.publish_feed(*key, records)

    def _let_things_happen(self) -> None:
        now = self.clock.now()
        due = [change for change in self.script.changes if change[0] <= now]
        for change in due:
            self.script.changes.remove(change)
            self.arxiv.publish_feed(*change[1], change[2])
        for fault, path in self.script.faults.pop(announcement_day(now), []):
            self.arxiv.fail(fault, path=path)
        self.settings.refuses = any(start <= now < end for start, end in self.script.outages)


def pause_until_next_tick(now: datetime) -> timedelta:
    """Tick every ten minutes at night, when things happen, and every hour by day."""
    hour = now.astimezone(EASTERN).hour
    return timedelta(minutes=10) if hour < 10 or hour >= 21 else timedelta(hours=1)


# --- the result --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    days: int
    announced: int
    stored: int
    missing: list[tuple[str, str]]
    misdated: list[tuple[str, str]]
    repeated: list[tuple[str, str]]
    verdicts: Counter[str]
    reasons: dict[tuple[str, str], str]
    requests: int
    smallest_gap_s: float
    kills: int

    @property
    def is_right(self) -> bool:
        wrong = self.missing or self.misdated or self.repeated
        return not wrong and self.smallest_gap_s >= SPACING_S


def compare(replay: Replay) -> Result:
    """Hold what is stored against what was announced, by category, paper and date."""
    truth: dict[tuple[str, str], set[date]] = {}
    for (category, day), records in replay.corpus.announced.items():
        for record in records:
            truth.setdefault((category, record.arxiv_id), set()).add(day)
    stored: dict[tuple[str, str], set[date]] = {}
    with contextlib.closing(sqlite3.connect(replay.path)) as connection:
        rows = connection.execute("SELECT category, arxiv_id, announced_on FROM announcement")
        for category, arxiv_id, day in rows:
            stored.setdefault((category, arxiv_id), set()).add(date.fromisoformat(day))
        rows = connection.execute("SELECT category, day, verdict, reason FROM intake_day")
        verdicts = {(category, day): (verdict, why) for category, day, verdict, why in rows}
    both = truth.keys() & stored.keys()
    return Result(
        days=len(replay.corpus.days),
        announced=len(truth),
        stored=len(stored),
        missing=sorted(key for key in truth if truth[key] - stored.get(key, set())),
        misdated=sorted(key for key in both if min(truth[key]) != min(stored[key])),
        repeated=sorted(key for key in stored if stored[key] - truth.get(key, set())),
        verdicts=Counter(str(verdict) for verdict, _ in verdicts.values()),
        reasons={key: why for key, (_, why) in verdicts.items() if why},
        requests=len(replay.arxiv.requests),
        smallest_gap_s=min(replay.arxiv.gaps_s(), default=SPACING_S),
        kills=replay.kills,
    )


async def run_replay(corpus: Corpus, path: Path, *, seed: int | None = None) -> Result:
    """Walk through the corpus; ``seed`` chooses the faults, None is an honest arXiv."""
    clock = VirtualClock(at(corpus.days[0], 0))
    script = Script() if seed is None else write_script(corpus, seed)
    async with ArxivServer(now=clock.now, monotonic=clock.monotonic) as arxiv:
        replay = Replay(
            corpus=corpus,
            script=script,
            path=path,
            clock=clock,
            arxiv=arxiv,
            settings=Settings(arxiv.url),
            dice=random.Random(seed),
        )
        await replay.walk()
        return compare(replay)


def report(result: Result, told: Counter[str]) -> None:
    print(f"days          {result.days}")
    print(f"announced     {result.announced} (category, paper) pairs")
    print(f"stored        {result.stored}")
    for name in ("missing", "misdated", "repeated"):
        found: Sequence[object] = getattr(result, name)
        print(f"{name:<13} {len(found)}{f'  e.g. {found[:3]}' if found else ''}")
    print(f"requests      {result.requests}, smallest gap {result.smallest_gap_s:.1f} s")
    print(f"restarts      {result.kills}")
    for name, count in sorted(told.items()):
        print(f"fault         {count:4}  {name}")
    for name, count in sorted(result.verdicts.items()):
        print(f"verdict       {count:4}  {name}")
    for reason, keys in itertools.groupby(
        sorted(result.reasons, key=lambda key: result.reasons[key]),
        key=lambda key: result.reasons[key],
    ):
        print(f"reason        {len(list(keys)):4}  {reason}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.replay", description=__doc__)
    parser.add_argument("--listings", type=Path, required=True)
    parser.add_argument("--papers", type=Path, required=True)
    parser.add_argument("--faults", type=int, metavar="SEED")
    parser.add_argument("--days", type=int, help="only the first days")
    options = parser.parse_args()
    corpus = read_corpus(options.listings, options.papers, options.days)
    script = Script() if options.faults is None else write_script(corpus, options.faults)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "replay.db"
        result = asyncio.run(run_replay(corpus, path, seed=options.faults))
    report(result, script.told)
    return 0 if result.is_right else 1


if __name__ == "__main__":
    sys.exit(main())
