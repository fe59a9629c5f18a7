"""Known papers looked for by half-remembered titles: found among the first five, or not?

    python -m benchmarks search_quality

Queries are drawn from the real corpus with a seed: half the words of a title, a title with one
word replaced, an author plus two words, two title words plus one of the abstract. Relevance is
compared with FTS5's full bm25 over the same matches, plain and with the title weighted.
"""

import asyncio
import random
import re
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from benchmarks.corpus import SHARED, build_database, read_corpus, real_papers
from benchmarks.tables import table
from bot.query.compile import compile_node
from bot.query.inflect import lemma_of
from bot.query.parser import parse_query
from bot.query.results import Sort
from bot.query.widen import widen, words_to_look_up
from bot.store.search.vocabulary import read_lexicon
from bot.store.store import open_store

PER_KIND = 100
FIRST = 5

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


def main(argv: list[str] | None = None) -> int:
    if not SHARED.exists():
        print(f"This needs the corpus {SHARED}, which is not here.", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder))
    return 0


def measure(folder: Path) -> None:
    path = folder / "real.db"
    build_database(path, real_papers(read_corpus()))
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    papers = connection.execute("SELECT key, title, abstract, authors FROM paper").fetchall()
    judged = list(make_judged(papers))
    orders: dict[str, Callable[[str], list[int]]] = {
        "full bm25": lambda query: _bm25(connection, query, "rank"),
        "full bm25, title x 10": lambda query: _bm25(
            connection, query, "bm25(paper_text, 10, 1, 2, 1, 0, 0)"
        ),
    }
    found = {name: _count(judged, order) for name, order in orders.items()}
    connection.close()
    found["relevance"] = asyncio.run(_count_ours(path, judged, Sort.RELEVANCE))
    found["newest"] = asyncio.run(_count_ours(path, judged, Sort.NEWEST))
    kinds = list(dict.fromkeys(each.kind for each in judged))
    print(
        f"\nKnown papers among the first {FIRST}, of {PER_KIND} each; {len(papers):,} real papers"
    )
    rows = [
        (name, *(str(counts.get(kind, 0)) for kind in kinds), str(sum(counts.values())))
        for name, counts in found.items()
    ]
    print(table([("", *kinds, "all"), *rows]))


def make_judged(papers: list[tuple[int, str, str, str]], seed: int = 7) -> Iterator[Judged]:
    """Draw `PER_KIND` queries of each kind."""
    dice = random.Random(seed)
    makers = {
        "half the title": _half_title,
        "one word replaced": _replaced_word,
        "author and two words": _author_and_words,
        "title and abstract": _title_and_abstract,
    }
    for kind, make in makers.items():
        made = 0
        for key, title, abstract, authors in dice.sample(papers, len(papers)):
            query = make(dice, title, abstract, authors)
            if query is not None:
                yield Judged(kind, query, key)
                made += 1
            if made == PER_KIND:
                break


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


def _author_and_words(dice: random.Random, title: str, abstract: str, authors: str) -> str | None:
    surname = dice.choice(authors.split("\n")).split()[-1:]
    words = _telling(title)
    if len(words) < 3 or not surname or not surname[0].isalpha():
        return None
    return f"author:{surname[0]} {' '.join(dice.sample(words, 2))}"


def _title_and_abstract(dice: random.Random, title: str, abstract: str, authors: str) -> str | None:
    titled = {lemma_of(word.lower()) for word in _words(title)}
    other = [w for w in re.findall(r"\b[a-z]{5,}\b", abstract) if lemma_of(w) not in titled]
    words = _telling(title)
    if len(words) < 4 or not other:
        return None
    return " ".join([*dice.sample(words, 2), dice.choice(other)])


def _bm25(connection: sqlite3.Connection, query: str, order: str) -> list[int]:
    asked = parse_query(query).root
    found = read_lexicon(
        lambda sql, values: connection.execute(sql, values).fetchall(), words_to_look_up(asked)
    )
    expression = compile_node(widen(asked, found)).select(lambda place: True).expression()
    rows = connection.execute(
        f"SELECT rowid FROM paper_text WHERE paper_text MATCH ? ORDER BY {order} LIMIT ?",
        (expression, FIRST),
    )
    return [row[0] for row in rows]


def _count(judged: list[Judged], order: Callable[[str], list[int]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for each in judged:
        counts[each.kind] = counts.get(each.kind, 0) + (each.key in order(each.query))
    return counts


async def _count_ours(path: Path, judged: list[Judged], sort: Sort) -> dict[str, int]:
    counts: dict[str, int] = {}
    async with open_store(path) as store:
        for each in judged:
            query = parse_query(each.query)
            page = await store.search.find(query, sort=sort, limit=FIRST, deadline_s=5)
            found = any(match.stored.key == each.key for match in page.matches)
            counts[each.kind] = counts.get(each.kind, 0) + found
    return counts


if __name__ == "__main__":
    sys.exit(main())
