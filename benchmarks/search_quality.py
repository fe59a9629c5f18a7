"""Known papers looked for by what one remembers of them: found among the first ten, and how fast?

    python -m benchmarks search_quality [--database FILE] [--per-kind N]

Queries are drawn with a seed from the papers of FILE, an archive that `search` has kept, or of the
real corpus: half the words of a title, a title with one word replaced or misspelt, a surname and
two words, five words of the abstract, a question. Ours is the search by relevance that goes on with
the closest, as a person sees it; its peers are FTS5's bm25 with the title weighted, over what the
same query finds, and tantivy with the title weighted, where it is installed, asked for all the
words and for any of them. Each query goes to all of them, one after the other; times are of
computing, with ten rows fetched.
"""

import argparse
import random
import re
import sqlite3
import string
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from types import MappingProxyType

from benchmarks.corpus import build_database, read_corpus, real_papers
from benchmarks.search_peers import PAGE, tantivy_index
from benchmarks.tables import percentile_95, table
from bot.query.compile import compile_node
from bot.query.parser import parse_query
from bot.query.results import Sort
from bot.query.widen import widen, words_to_look_up
from bot.store.search.closest import find_closest
from bot.store.search.find import find
from bot.store.search.search import FIND_DEADLINE_S
from bot.store.search.vocabulary import read_lexicon
from bot.store.sqlite.executor import Reading

PER_KIND = 60
FIRSTS = (1, 5, 10)
CACHE = "PRAGMA cache_size = -64000"
LONG_AGO = date(1995, 1, 1)

# fmt: off
_OTHER_WORDS: Mapping[str, str] = MappingProxyType({
    "method": "approach", "approach": "method", "methods": "approaches", "via": "using",
    "using": "with", "towards": "toward", "learning": "training", "network": "model",
    "networks": "models", "model": "network", "large": "big", "efficient": "fast",
    "image": "visual", "images": "pictures", "detection": "recognition", "survey": "review",
    "estimation": "prediction", "generation": "synthesis", "analysis": "study",
    "framework": "method", "dataset": "data", "benchmark": "evaluation", "novel": "new",
    "improving": "enhancing", "understanding": "comprehension", "automatic": "automated",
    "based": "driven", "language": "text", "reasoning": "inference", "video": "videos",
    "segmentation": "parsing", "human": "user", "deep": "neural", "robust": "reliable",
})
_SMALL = frozenset((
    "a", "an", "the", "of", "for", "in", "on", "with", "and", "to", "by", "from", "via", "using",
    "at", "is", "are", "as", "into",
))
# fmt: on


@dataclass(frozen=True, slots=True)
class Judged:
    """A query made from a paper, which a good order puts first."""

    kind: str
    query: str
    key: int


Engine = Callable[[str], list[int]]
"""Finds the keys of ten papers, the best first."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """At which place each paper was found (0: not), and the milliseconds it took."""

    places: list[int]
    times: list[float]

    def shown(self) -> str:
        shares = [
            sum(0 < place <= first for place in self.places) / len(self.places) for first in FIRSTS
        ]
        return " ".join(f"{share:.2f}" for share in shares)

    def timed(self) -> str:
        ordered = sorted(self.times)
        return f"{ordered[len(ordered) // 2]:.1f} / {percentile_95(ordered):.1f}"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks search_quality")
    parser.add_argument("--database", type=Path, metavar="FILE")
    parser.add_argument("--per-kind", type=int, default=PER_KIND, metavar="N")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), options.database, options.per_kind)
    return 0


def measure(folder: Path, path: Path | None = None, per_kind: int = PER_KIND) -> None:
    if path is None:
        path = folder / "real.db"
        build_database(path, real_papers(read_corpus()))
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        connection.execute(CACHE)
        judged = list(make_judged(connection, per_kind))
        report(ask_all(make_engines(connection, folder), judged))


def make_engines(connection: sqlite3.Connection, folder: Path) -> dict[str, Engine]:
    engines: dict[str, Engine] = {
        "ours": partial(_ours, connection),
        "ours, strictly": partial(_strictly, connection),
        "bm25": partial(_bm25, connection),
    }
    index = tantivy_index(folder, connection)
    if index is not None:
        for name, is_any in (("tantivy, all", False), ("tantivy, any", True)):
            engines[name] = partial(index.best, is_any=is_any)
    return engines


def ask_all(
    engines: Mapping[str, Engine], judged: Sequence[Judged]
) -> dict[str, dict[str, Outcome]]:
    outcomes: dict[str, dict[str, Outcome]] = defaultdict(dict)
    for each in judged:
        for name, ask in engines.items():
            outcome = outcomes[each.kind].setdefault(name, Outcome([], []))
            begun = time.process_time()
            found = ask(each.query)
            outcome.times.append((time.process_time() - begun) * 1000)
            outcome.places.append(found.index(each.key) + 1 if each.key in found else 0)
    return outcomes


def report(outcomes: Mapping[str, Mapping[str, Outcome]]) -> None:
    names = list(next(iter(outcomes.values())))
    count = len(next(iter(outcomes.values()))[names[0]].places)
    print(f"\nShare found among the first {', '.join(map(str, FIRSTS))}; {count} queries of a kind")
    print(table([("", *names), *_rows(outcomes, names, Outcome.shown)]))
    print("\nMilliseconds of computing: p50 / p95")
    print(table([("", *names), *_rows(outcomes, names, Outcome.timed)]))


def _rows(
    outcomes: Mapping[str, Mapping[str, Outcome]],
    names: Sequence[str],
    show: Callable[[Outcome], str],
) -> Iterator[tuple[str, ...]]:
    for kind, each in outcomes.items():
        yield (kind, *(show(each[name]) for name in names))
    for_all = {
        name: Outcome(
            [place for each in outcomes.values() for place in each[name].places],
            [took for each in outcomes.values() for took in each[name].times],
        )
        for name in names
    }
    yield ("all", *(show(for_all[name]) for name in names))


# The queries


def make_judged(connection: sqlite3.Connection, per_kind: int, seed: int = 7) -> Iterator[Judged]:
    """Draw ``per_kind`` queries of each kind."""
    dice = random.Random(seed)
    keys = [key for (key,) in connection.execute("SELECT key FROM paper ORDER BY key")]
    makers = {
        "half the title": _half_title,
        "synonym": _replaced_word,
        "typo": _misspelt_word,
        "surname, topic": _surname_and_words,
        "abstract": _of_abstract,
        "question": _question,
    }
    for kind, make in makers.items():
        made = 0
        while made < per_kind:
            key = dice.choice(keys)
            sql = "SELECT title, abstract, authors FROM paper WHERE key = ?"
            query = make(dice, *connection.execute(sql, (key,)).fetchone())
            if query is not None:
                yield Judged(kind, query, key)
                made += 1


def _words(text: str) -> list[str]:
    return re.findall(r"[A-Za-z][A-Za-z-]+", text)


def _telling(title: str) -> list[str]:
    return [word for word in _words(title) if word.lower() not in _SMALL]


def _half_title(dice: random.Random, title: str, abstract: str, authors: str) -> str | None:
    words = _words(title)
    if len(words) < 6:
        return None
    chosen = sorted(dice.sample(range(len(words)), (len(words) + 1) // 2))
    return " ".join(words[at] for at in chosen)


def _replaced_word(dice: random.Random, title: str, abstract: str, authors: str) -> str | None:
    words = _telling(title)
    places = [at for at, word in enumerate(words) if word.lower() in _OTHER_WORDS]
    if len(words) < 4 or not places:
        return None
    at = dice.choice(places)
    words[at] = _OTHER_WORDS[words[at].lower()]
    return " ".join(words)


def _misspelt_word(dice: random.Random, title: str, abstract: str, authors: str) -> str | None:
    words = _telling(title)
    places = [at for at, word in enumerate(words) if len(word) > 5 and word.isalpha()]
    if len(words) < 4 or not places:
        return None
    at = dice.choice(places)
    words[at] = misspelt(dice, words[at])
    return " ".join(words)


def misspelt(dice: random.Random, word: str) -> str:
    at = dice.randrange(1, len(word) - 1)
    return dice.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + dice.choice(string.ascii_lowercase) + word[at:],
            word[:at] + dice.choice(string.ascii_lowercase) + word[at + 1 :],
        )
    )


def _surname_and_words(dice: random.Random, title: str, abstract: str, authors: str) -> str | None:
    surname = dice.choice(authors.split("\n")).split()[-1:]
    words = _telling(title)
    if len(words) < 3 or not surname or not re.fullmatch("[A-Za-z]{3,}", surname[0]):
        return None
    return f"{surname[0]} {' '.join(dice.sample(words, 2))}"


def _of_abstract(dice: random.Random, title: str, abstract: str, authors: str) -> str | None:
    words = sorted(set(re.findall(r"\b[a-z]{6,}\b", abstract)))
    return " ".join(dice.sample(words, 5)) if len(words) >= 20 else None


_QUESTIONS = (
    "papers about {0} {1} for {2}",
    "what is a good paper on {0} and {1} with {2}?",
    "how do people use {0} for {1} in {2}?",
    "recent work on {0} {1} that deals with {2}",
)


def _question(dice: random.Random, title: str, abstract: str, authors: str) -> str | None:
    words = _telling(title)
    if len(words) < 4:
        return None
    return dice.choice(_QUESTIONS).format(*(word.lower() for word in dice.sample(words, 3)))


# Who is asked


def _strictly(connection: sqlite3.Connection, text: str) -> list[int]:
    reading = Reading(connection, FIND_DEADLINE_S, time.thread_time)
    page = find(reading, parse_query(text), Sort.RELEVANCE, PAGE, None)
    return [match.stored.key for match in page.matches]


def _ours(connection: sqlite3.Connection, text: str) -> list[int]:
    found = _strictly(connection, text)
    if len(found) < PAGE:
        reading = Reading(connection, FIND_DEADLINE_S, time.thread_time)
        closest = find_closest(reading, parse_query(text), LONG_AGO, PAGE - len(found), found)
        found += [match.stored.key for match in closest.matches] if closest else []
    return found


def _bm25(connection: sqlite3.Connection, text: str) -> list[int]:
    asked = parse_query(text).root
    known = read_lexicon(
        lambda sql, values: connection.execute(sql, values).fetchall(), words_to_look_up(asked)
    )
    expression = compile_node(widen(asked, known)).select(lambda place: True).expression()
    rows = connection.execute(
        "SELECT rowid, (SELECT abstract FROM paper WHERE key = paper_text.rowid) FROM paper_text "
        "WHERE paper_text MATCH ? ORDER BY bm25(paper_text, 10, 1, 2, 1, 0, 0) LIMIT ?",
        (expression, PAGE),
    )
    return [row[0] for row in rows]


if __name__ == "__main__":
    sys.exit(main())
