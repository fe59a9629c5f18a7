"""Real texts for tests: a seeded sample of the reference corpus, or all of it."""

import gzip
import json
import random
from collections.abc import Iterator
from functools import cache

from tests.shared import shared

SAMPLE = 3_000


@cache
def papers() -> list[dict[str, str]]:
    """Return the papers of the reference corpus, or skip the test."""
    with gzip.open(shared("corpus/papers.jsonl.gz"), "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def texts(number: int | None = SAMPLE) -> Iterator[str]:
    """Yield titles and abstracts of ``number`` papers, or of all."""
    chosen = papers()
    if number is not None:
        chosen = random.Random(2008).sample(chosen, number)
    for paper in chosen:
        yield paper["title"]
        yield paper["abstract"]
