"""Links of real abstracts: what they are taken for, by which rule, and how often that is right.

    python -m benchmarks links [--papers N] [--wrong]

Counts the links of the reference corpus by kind, beside those of version 0.2.0, and by the rule
that gave them their kind. Precision and recall of code are those on links that a person labelled
(tests/data/README.md); ``--wrong`` lists those that are read otherwise.
"""

import argparse
import time
from collections import Counter
from collections.abc import Sequence

from benchmarks.corpus import Record, read_records
from benchmarks.tables import table, verdict
from bot.arxiv.paper import unwrap
from bot.models import Link
from bot.text.links import explain_links, find_links
from bot.text.tex import to_unicode
from tests.text.link_labels import Label, mistakes, read_labels, score

GOAL = 0.98
OF_0_2_0 = {"papers with code": 4341, "code": 4360, "data": 57, "model": 29, "project": 1109}
"""What version 0.2.0 found in all 28,965 papers, at 13 µs a paper."""
SCORES_OF_0_2_0 = {"all": (0.770, 0.785), "held": (0.709, 0.749), "at random": (0.959, 0.921)}


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--papers", type=int, help="only the first of the corpus")
    parser.add_argument("--wrong", action="store_true", help="list the labelled links read wrongly")
    options = parser.parse_args(argv)
    is_reached = print_scores()
    if options.wrong:
        for label in mistakes(read_labels(), links_of):
            print(f"{label.part} {label.label} ({label.why}): {label.text}")
    records = read_records()[: options.papers]
    print_counts(records)
    return 0 if is_reached else 1


def links_of(text: str) -> Sequence[Link]:
    return find_links(abstract=to_unicode(unwrap(text)), comment=None)


def print_scores() -> bool:
    """Print precision and recall of code; returns whether the goal is reached."""
    labels = read_labels()
    parts = {
        "all": labels,
        "held": [label for label in labels if label.part == "held"],
        "at random": [label for label in labels if label.slice in ("random", "fresh")],
    }
    heads = ("labelled links", "number", "precision", "recall", "0.2.0: precision", "recall")
    reached = score(labels, links_of)
    is_reached = min(reached.precision, reached.recall) >= GOAL
    print(table([heads, *(_scores(name, part) for name, part in parts.items())]))
    print(f"\ngoal: both at least {GOAL} on all: {verdict(is_reached)}\n")
    return is_reached


def _scores(name: str, labels: Sequence[Label]) -> tuple[str, ...]:
    reached = score(labels, links_of)
    figures = (reached.precision, reached.recall, *SCORES_OF_0_2_0[name])
    return (name, f"{len(labels):,}", *(f"{figure:.3f}" for figure in figures))


def print_counts(records: Sequence[Record]) -> None:
    """Print the links by kind and by rule, and the time that a paper takes."""
    texts = [to_unicode(unwrap(record["abstract"])) for record in records]
    begun = time.process_time()
    found = [find_links(abstract=text, comment=None) for text in texts]
    took = time.process_time() - begun
    counts = Counter(link.kind.value for links in found for link in links)
    counts["papers with code"] = sum(any(link.kind == "code" for link in links) for links in found)
    rows = [(f"links of {len(records):,} abstracts", "now", "0.2.0 (all)")]
    rows += [(name, f"{counts[name]:,}", f"{before:,}") for name, before in OF_0_2_0.items()]
    print(f"{table(rows)}\nCPU µs a paper: {took / len(records) * 1e6:.1f}\n")
    rules = Counter((each.kind.value, each.rule) for text in texts for each in explain_links(text))
    named = [("kind", "rule", "times"), *((*rule, f"{n:,}") for rule, n in sorted(rules.items()))]
    print(table(named, names=2))
