"""A script of what goes wrong at arXiv: feeds that lie, pages and API that fail, outages."""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from bot.arxiv.calendar import EASTERN
from tests.fakes import arxiv as fake
from tests.fakes.arxiv import Fault, Record
from tests.replay.truth import Corpus, Key

FRIDAY = 4


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=EASTERN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """Requests for paths with ``path`` are answered with ``fault`` for a while."""

    since: datetime
    until: datetime
    path: str
    fault: Fault


@dataclass(slots=True)
class Script:
    """What goes wrong when; ``told`` counts it.

    ``changes`` are feeds that show something else from a moment on, ``single`` are answers that
    go wrong once on a date, ``outages`` are times when nothing can be reached.
    """

    changes: list[tuple[datetime, Key, list[Record]]] = field(default_factory=list)
    spells: list[Spell] = field(default_factory=list)
    single: dict[date, list[tuple[Fault, str]]] = field(default_factory=dict)
    outages: list[tuple[datetime, datetime]] = field(default_factory=list)
    kills: bool = False
    told: Counter[str] = field(default_factory=Counter)


def write_script(corpus: Corpus, seed: int) -> Script:
    """Choose, for a third of all listings, what goes wrong with them, and some spells."""
    dice = random.Random(seed)
    script = Script(kills=True)
    for key in sorted(corpus.announced, key=lambda key: (key[1], key[0])):
        if dice.random() < 0.35:
            kind = dice.choice(sorted(FEED_FAULTS))
            FEED_FAULTS[kind](script, corpus, key, dice)
            script.told[kind] += 1
    for day in corpus.days:
        if dice.random() < 0.3:
            _add_spell(script, day, dice)
    if len(corpus.days) > 10:
        for _ in range(2):
            start = at(dice.choice(corpus.days[3:-5]), dice.randrange(24))
            script.outages.append((start, start + timedelta(days=2)))
            script.told["refused for two days"] += 1
    return script


def make_stale(script: Script, corpus: Corpus, key: Key) -> None:
    """Let the feed of a date show the list of the date before, all day."""
    script.changes.append((at(key[1], 0), key, before(corpus, key)))


def before(corpus: Corpus, key: Key) -> list[Record]:
    """Return the list before the one of ``key``."""
    earlier = [day for category, day in corpus.announced if category == key[0] and day < key[1]]
    return corpus.announced[key[0], max(earlier)] if earlier else []


def _stale(script: Script, corpus: Corpus, key: Key, dice: random.Random) -> None:
    make_stale(script, corpus, key)
    if key[1].weekday() == FRIDAY and dice.random() < 0.5:
        saturday = (key[0], key[1] + timedelta(days=1))
        script.changes.append((at(saturday[1], 0), saturday, corpus.announced[key]))
        script.told["Friday's list on Saturday"] += 1


def _late(script: Script, corpus: Corpus, key: Key, dice: random.Random) -> None:
    """A list that surfaces a weekday late, and holds back the one of that day until noon."""
    following = (key[0], key[1] + timedelta(days=1))
    make_stale(script, corpus, key)
    if following in corpus.announced:
        script.changes.append((at(following[1], 0), following, corpus.announced[key]))
        script.changes.append(
            (at(following[1], dice.choice([3, 12])), following, corpus.announced[following])
        )


def _empty_first(script: Script, corpus: Corpus, key: Key, dice: random.Random) -> None:
    script.changes.append((at(key[1], 0), key, []))
    script.changes.append((at(key[1], dice.choice([1, 2, 8])), key, corpus.announced[key]))


def _half_first(script: Script, corpus: Corpus, key: Key, dice: random.Random) -> None:
    records = corpus.announced[key]
    part = records[: len(records) // dice.choice([2, 3, 10])]
    script.changes.append((at(key[1], 0), key, part))
    script.changes.append((at(key[1], dice.choice([0, 1, 8]), 35), key, records))


def _thin(script: Script, corpus: Corpus, key: Key, dice: random.Random) -> None:
    """A feed that lacks every tenth paper all day; the listing page has them."""
    part = [each for each in corpus.announced[key] if dice.random() > 0.1]
    script.changes.append((at(key[1], 0), key, part))


def _request_faults(script: Script, corpus: Corpus, key: Key, dice: random.Random) -> None:
    for kind in dice.choices(sorted(ANSWERS), k=dice.randint(1, 3)):
        script.told[kind] += 1
        script.single.setdefault(key[1], []).append((ANSWERS[kind](dice), f"/rss/{key[0]}"))


FEED_FAULTS: Mapping[str, Callable[[Script, Corpus, Key, random.Random], None]] = {
    "stale": _stale,
    "a weekday late": _late,
    "empty first": _empty_first,
    "half first": _half_first,
    "thin": _thin,
    "request faults": _request_faults,
}

ANSWERS: Mapping[str, Callable[[random.Random], Fault]] = {
    "cut": lambda dice: fake.cut(dice.random()),
    "cut undeclared": lambda dice: fake.cut(dice.random(), declared=False),
    "html": lambda _: fake.html_instead(),
    "429": lambda _: fake.answer(429, "Rate exceeded."),
    "429 seconds": lambda _: fake.answer(429, headers={"Retry-After": "1800"}),
    "429 date": lambda _: fake.answer(
        429, headers={"Retry-After": "Wed, 01 May 2024 06:00:00 GMT"}
    ),
    "503": lambda _: fake.answer(503, headers={"Retry-After": "300"}),
    "drip": lambda _: fake.drip(4, 0.5),
}

# --- spells ----------------------------------------------------------------------------------

CAPTCHA = fake.answer(
    200, "<!DOCTYPE html><html><body>Are you a robot?</body></html>",
    headers={"Content-Type": "text/html"},
)  # fmt: skip

SPELLS: Mapping[str, tuple[str, Fault]] = {
    "pages refused": ("/catchup/", fake.answer(403)),
    "pages behind a captcha": ("/catchup/", CAPTCHA),
    "pages asleep": ("/catchup/", fake.answer(503, headers={"Retry-After": "3600"})),
    "pages cut": ("/catchup/", fake.cut(0.7, declared=False)),
    "API refused": ("/api/", fake.answer(403)),
    "API overrun": ("/api/", fake.answer(429, "Rate exceeded.")),
    "API broken": ("/api/", fake.answer(500)),
    "feeds asleep": ("/rss/", fake.answer(503)),
}


def _add_spell(script: Script, day: date, dice: random.Random) -> None:
    kind = dice.choice(sorted(SPELLS))
    path, fault = SPELLS[kind]
    since = at(day, dice.randrange(24))
    until = since + timedelta(hours=dice.choice([1, 6, 12, 40]))
    script.spells.append(Spell(since=since, until=until, path=path, fault=fault))
    script.told[kind] += 1
