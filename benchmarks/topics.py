"""Topics made from ten examples of a hidden query: how much of the rest do they find?

    python -m benchmarks topics [--seeds N]

The hidden queries are the starter topics and 40 others. Ten papers that one finds are the examples;
the query made of them is to find 70 % of the other papers while it matches at most twice as many
as the hidden one. Beside it: the papers nearest to the examples by tf-idf and cosine, as many as
the query matches.
"""

import argparse
import asyncio
import math
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.corpus import Record, build_database, read_corpus, real_papers
from benchmarks.tables import table, verdict
from bot.cli.channel import NO_CHANNEL
from bot.config.starters import load_starters
from bot.models import ArxivId
from bot.query.inflect import lemma_of
from bot.query.parser import parse_query
from bot.query.tokens import words
from bot.store.store import Store, open_store
from bot.topics.examples import from_papers
from bot.topics.trials import Past

EXAMPLES = 10
RECALL_GOAL = 0.7
SIZE_GOAL = 2.0
CATEGORIES = ("cs.AI", "cs.CL", "cs.CV", "cs.LG")
STARTERS = Path(__file__).resolve().parent.parent / "config" / "topics.toml"

# fmt: off
HIDDEN = (
    "image-segmentation", "named-entity OR relation-extraction", "chain-of-thought",
    "contrastive-learning", "knowledge distillation", "neural operator OR PDE", "optimal-transport",
    "pose-estimation", "face OR facial", "remote-sensing OR satellite", "self-supervised",
    "weather OR climate", "RLHF OR preference-optimization OR human-feedback",
    "super-resolution OR denoising OR deblurring", "visual question answering", "legal OR law",
    "education* OR student", "clinical notes OR electronic-health-record", "EEG OR brain",
    "tabular", "multi-agent", "diffusion (inpainting OR editing)", "out-of-distribution",
    "kernel method", "conformal prediction OR uncertainty quantification", "spiking", "watermark*",
    "tokeni*", "mixture-of-experts", "low-resource language", "sentiment OR emotion",
    "jailbreak* OR red-teaming OR safety alignment", "long-context", "quantiz* OR pruning",
    "game (theory OR equilibrium)", "satisfiability OR theorem proving", "track* object",
    "action recognition", "audio OR music", "title:benchmark language",
)
# fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a hidden query's examples led to; recalls are of the papers that are no examples."""

    hidden: str
    matched: int
    made: str
    recall: float
    size: float
    cosine: float
    seconds: float

    @property
    def is_good(self) -> bool:
        return self.recall >= RECALL_GOAL and self.size <= SIZE_GOAL


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=1, metavar="N")
    options = parser.parse_args(argv)
    records = read_corpus()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "real.db"
        build_database(path, real_papers(records))
        results = asyncio.run(measure(path, records, options.seeds))
    if not results:
        sys.exit(f"No hidden query finds more than {EXAMPLES} papers of this corpus.")
    print(summary(results))
    return 0


async def measure(path: Path, records: Sequence[Record], seeds: int) -> list[Result]:
    hidden = [*(each.query for each in load_starters(STARTERS)), *HIDDEN]
    nearest = Nearest(records)
    async with open_store(path) as store:
        keys = await store.search.newest_of((), len(records))
        wanted = await store.search.match_span(list(map(parse_query, hidden)), keys)
        return [
            await _measure_one(store, keys, nearest, query, found, seed)
            for query, found in zip(hidden, wanted, strict=True)
            if len(found) > EXAMPLES
            for seed in range(1, seeds + 1)
        ]


async def _measure_one(
    store: Store,
    keys: Mapping[ArxivId, int],
    nearest: "Nearest",
    hidden: str,
    wanted: frozenset[ArxivId],
    seed: int,
) -> Result:
    examples = random.Random(f"{hidden} {seed}").sample(sorted(wanted), EXAMPLES)
    channel = replace(NO_CHANNEL, categories=CATEGORIES)
    begun = time.process_time()
    made = await from_papers(store, Past(dates=(), keys={}, weeks=4), channel, examples)
    seconds = time.process_time() - begun
    query = made.best.query if made.best else ""
    found = frozenset[ArxivId]()
    if query:
        (found,) = await store.search.match_span([parse_query(query)], keys)
    rest = wanted - set(examples)
    return Result(
        hidden=hidden,
        matched=len(wanted),
        made=query,
        recall=len(found & rest) / len(rest),
        size=len(found) / len(wanted),
        cosine=len(set(nearest.to(examples, len(found))) & rest) / len(rest),
        seconds=seconds,
    )


class Nearest:
    """Papers by the cosine of their words, weighted by tf-idf, to the sum of some examples."""

    def __init__(self, records: Sequence[Record]) -> None:
        counts = {
            ArxivId(each["id"]): Counter(
                map(lemma_of, words(f"{each['title']} {each['abstract']}"))
            )
            for each in records
        }
        papers = Counter(word for each in counts.values() for word in each)
        self.vectors: dict[ArxivId, dict[str, float]] = {}
        self.postings: dict[str, list[tuple[ArxivId, float]]] = defaultdict(list)
        for arxiv_id, each in counts.items():
            weights = {
                word: (1 + math.log(count)) * math.log(len(counts) / papers[word])
                for word, count in each.items()
            }
            norm = math.sqrt(sum(weight**2 for weight in weights.values())) or 1.0
            self.vectors[arxiv_id] = {word: weight / norm for word, weight in weights.items()}
            for word, weight in self.vectors[arxiv_id].items():
                self.postings[word].append((arxiv_id, weight))

    def to(self, examples: Iterable[ArxivId], count: int) -> list[ArxivId]:
        """Return the ``count`` papers nearest to the examples, these included."""
        centre: Counter[str] = Counter()
        for each in examples:
            centre.update(self.vectors[each])
        scores: dict[ArxivId, float] = defaultdict(float)
        for word, weight in centre.items():
            for arxiv_id, other in self.postings[word]:
                scores[arxiv_id] += weight * other
        return sorted(scores, key=lambda each: (-scores[each], each))[:count]


def summary(results: Sequence[Result]) -> str:
    rows = [
        (
            each.hidden[:40], each.made[:70], f"{each.matched:,}", f"{each.recall:.2f}",
            f"{each.size:.2f}", f"{each.cosine:.2f}", f"{each.seconds:.1f}",
        )
        for each in results
    ]  # fmt: skip
    heads = ("hidden", "made of ten of its papers", "papers", "finds", "size", "cosine", "s")
    recall = sum(each.recall for each in results) / len(results)
    size = sum(each.size for each in results) / len(results)
    cosine = sum(each.cosine for each in results) / len(results)
    good = sum(each.is_good for each in results)
    is_met = recall >= RECALL_GOAL and size <= SIZE_GOAL
    return "\n".join(
        [
            f"\nTopics from {EXAMPLES} examples; of the other papers of a hidden query",
            table([heads, *rows], names=2),
            "",
            f"finds {recall:.0%} at {size:.2f} times the size in the mean; goal {RECALL_GOAL:.0%} "
            f"at {SIZE_GOAL:.0f} times: {verdict(is_met)}",
            f"each by itself: {good} of {len(results)} met",
            f"tf-idf and cosine, as many papers: {cosine:.0%}",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
