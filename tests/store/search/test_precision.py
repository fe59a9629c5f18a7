"""What a topic posts says its words: measured on real papers, judged by other rules than ours."""

import gzip
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from bot.arxiv.paper import build_paper
from bot.config.starters import load_starters
from bot.models import Paper
from bot.query.ast import And, Node, Or, Text, TextField
from bot.query.parser import parse_query
from bot.store.store import Store
from tests.builders import NOW, make_listing
from tests.shared import shared

STARTERS = Path(__file__).resolve().parents[3] / "config" / "topics.toml"
TOPICS = 200
LEAST = 0.99
EVERY = 5
"""All 28,965 papers take two minutes of computing, and give 0.996."""

_ENDINGS = ("", "s", "es", "ies", "ed", "d", "ied", "ing", "ings", "e", "y")


def read_papers(path: Path) -> list[Paper]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    return [
        build_paper(
            arxiv_id=record["id"],
            version=record["version"],
            title=record["title"],
            abstract=record["abstract"],
            authors=tuple(record["authors"]),
            categories=tuple(record["categories"]),
        )
        for record in records
    ]


def topics_like_starters(papers: Sequence[Paper]) -> Iterator[str]:
    """The starters themselves, then words and pairs of words that the field's titles use."""
    yield from (starter.query for starter in load_starters(STARTERS))
    words: Counter[str] = Counter()
    pairs: Counter[str] = Counter()
    for paper in papers:
        said = re.findall(r"[a-z]{4,}", paper.title.lower())
        words.update(set(said))
        pairs.update({f"{one}-{other}" for one, other in pairwise(said)})
    frequent = [word for word, _ in words.most_common(400)][20:]
    yield from frequent[: TOPICS // 2]
    yield from (pair for pair, _ in pairs.most_common(TOPICS))


def says(root: Node, paper: Paper) -> bool:
    """Whether a paper says the words of a topic or a form of them; what is no text holds."""
    match root:
        case And(parts):
            return all(says(part, paper) for part in parts)
        case Or(parts):
            return any(says(part, paper) for part in parts)
        case Text():
            texts = (
                [paper.title] if root.field is TextField.TITLE else [paper.title, paper.abstract]
            )
            return any(say(text, root) for text in [*texts, "\n".join(paper.authors)])
        case _:
            return True


def say(text: str, leaf: Text) -> bool:
    """Look for the letters of a word, with any sign between its parts and a usual ending."""
    *parts, last = re.findall(r"[^\W_]+", bare(leaf.text))
    if leaf.is_prefix:
        return re.search(rf"\b{last}", bare(text)) is not None
    either = "|".join(sorted({re.escape(form) for form in forms(last)}))
    pattern = "".join(rf"{re.escape(part)}[\W_]*" for part in parts)
    return re.search(rf"\b{pattern}(?:{either})\b", bare(text)) is not None


def forms(word: str) -> Iterator[str]:
    """Take one ending off and put another on: all that English does, and more."""
    for ending in _ENDINGS:
        stem = word.removesuffix(ending) if word.endswith(ending) else ""
        for other in _ENDINGS if len(stem) > 1 else ():
            yield f"{stem}{other}"
            yield f"{stem}{stem[-1]}{other}"
            if stem[-1] == stem[-2]:
                yield f"{stem[:-1]}{other}"
    yield from _IRREGULAR.get(word, ())


_IRREGULAR = {"analysis": ["analyses"], "learning": ["learnt"], "matrix": ["matrices"]}


def bare(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


@pytest.mark.slow(21)
async def test_nearly_all_that_topics_find_says_their_words(store: Store) -> None:
    papers = read_papers(shared("corpus/papers.jsonl.gz"))[::EVERY]
    await store.papers.add_listing(make_listing(*papers), now=NOW)
    by_id = {paper.arxiv_id: paper for paper in papers}
    queries = [parse_query(text) for text in topics_like_starters(papers)][:TOPICS]
    found = await store.search.match_many(queries, by_id)
    matches = [
        (query.text, by_id[arxiv_id])
        for query, ids in zip(queries, found, strict=True)
        for arxiv_id in ids
    ]
    roots = {query.text: query.root for query in queries}
    strange = [(text, paper) for text, paper in matches if not says(roots[text], paper)]
    assert len(queries) == TOPICS
    assert len(matches) > 50_000
    shown = Counter(text for text, _ in strange).most_common(20)
    assert len(strange) <= (1 - LEAST) * len(matches), shown
