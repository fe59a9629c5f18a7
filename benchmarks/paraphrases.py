"""Papers asked for in words that they hardly use: found among the first ten, and how fast?

    python -m benchmarks paraphrases [--papers N]

60 questions written by hand (`paraphrases.tsv`): of their eight telling words the abstract says
two, the title hardly one. Ours goes on with the closest, as a person sees it; its peers are FTS5's
bm25, tantivy for any of the words, and cosine of tf-idf, where their packages are installed. With N
papers only these are searched, the 60 and others drawn with a seed; then a small neural model takes
part, alone and joined with ours by reciprocal ranks: to embed a paper takes a third of a second.
"""

import argparse
import random
import sqlite3
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from benchmarks.corpus import Record, build_database, read_corpus, real_papers
from benchmarks.search_quality import CACHE, Engine, Judged, ask_all, make_engines, report
from benchmarks.vectors import TfIdf, embed_papers

BY_HAND = Path(__file__).with_name("paraphrases.tsv")
FIRST = 10
JOINED = 50  # of the model's best
RANK = 60  # reciprocal ranks: https://doi.org/10.1145/1571941.1572114


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks paraphrases")
    parser.add_argument("--papers", type=int, metavar="N")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), options.papers)
    return 0


def measure(folder: Path, count: int | None) -> None:
    asked = dict(_by_hand())
    path = folder / "real.db"
    records = read_corpus()
    build_database(path, real_papers(records if count is None else _some(records, asked, count)))
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        connection.execute(CACHE)
        sql = "SELECT key, arxiv_id, title, abstract FROM paper ORDER BY key"
        rows = connection.execute(sql).fetchall()
        judged = [Judged("paraphrase", asked[row[1]], row[0]) for row in rows if row[1] in asked]
        if not judged:
            sys.exit(f"None of the papers of {BY_HAND.name} is in this corpus.")
        engines = make_engines(connection, folder)
        keys, texts = [row[0] for row in rows], [(row[2], row[3]) for row in rows]
        _add_vectors(engines, keys, texts, with_model=count is not None)
        report(ask_all(engines, judged))


def _by_hand() -> list[tuple[str, str]]:
    lines = BY_HAND.read_text(encoding="utf-8").splitlines()
    pairs = [line.split("\t") for line in lines if not line.startswith("#")]
    return [(arxiv_id, question) for arxiv_id, question in pairs]


def _some(records: Sequence[Record], asked: dict[str, str], count: int) -> list[Record]:
    others = [record for record in records if record["id"] not in asked]
    drawn = random.Random(6).sample(others, min(len(others), max(0, count - len(asked))))
    return [*(record for record in records if record["id"] in asked), *drawn]


def _add_vectors(
    engines: dict[str, Engine],
    keys: Sequence[int],
    texts: Sequence[tuple[str, str]],
    *,
    with_model: bool,
) -> None:
    try:
        words = TfIdf(texts)
        engines["tf-idf"] = lambda text: [keys[place] for place in words.nearest(text, FIRST)]
        if with_model:
            model = embed_papers(texts)
            ours = engines["ours"]
            engines["MiniLM"] = lambda text: [keys[at] for at in model.nearest(text, FIRST)]
            engines["both"] = lambda text: _joined(
                ours(text), [keys[at] for at in model.nearest(text, JOINED)]
            )
    except ImportError as error:
        print(f"not installed, so it takes no part: {error}")


def _joined(*found: Sequence[int]) -> list[int]:
    scores: dict[int, float] = defaultdict(float)
    for each in found:
        for place, key in enumerate(each):
            scores[key] += 1 / (RANK + place)
    return sorted(scores, key=lambda key: -scores[key])[:FIRST]


if __name__ == "__main__":
    sys.exit(main())
