"""How well likes order a day, against usual methods: is a later paper of an author near the top?

    python -m benchmarks taste [--authors N]

An author with 9 to 20 papers stands for a group of readers: the first eight are its likes, and the
next one is looked for among the papers of its primary category and day, by words alone (with names
it would be trivial). The figure is its place, from 0 (first) to 1; chance is 0.5. So does a group
of co-authors, whose papers are those of any of its members: more people, wider interests. Peers
need scikit-learn, which the bot does not: ``pip install scikit-learn``, else they are left out.
"""

import argparse
import bisect
import random
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from benchmarks.corpus import read_records
from benchmarks.tables import table
from bot.models import ArxivId, Paper
from bot.query.taste import Reference, compare, learn

AUTHORS = 200
LIKES = 8
GROUPS = 50
TOGETHER = 2
"""How many papers an author must share with the first author of a group to belong to it."""
MEMBERS = 3, 8
MOST_OF_GROUP = 40
LEAST_POOL = 30
NEWEST = 2000


@dataclass(frozen=True, slots=True)
class Case:
    """The papers a person likes, a later one they should like, and all papers of that day."""

    likes: Sequence[int]
    wanted: int
    pool: Sequence[int]


Ranker = Callable[[Case], Sequence[float]]
Near = Callable[[Case], Any]
"""Returns the similarity of each paper of the pool to each like: a matrix of numpy."""


def read_papers() -> tuple[list[Paper], list[str]]:
    """Read the papers whose date is known, without their authors, in order of announcement."""
    dated = sorted(
        (each for each in read_records() if each.get("announced")),
        key=lambda each: (each["announced"], each["id"]),
    )
    return [_paper(each) for each in dated], [each["announced"] for each in dated]


def _paper(record: dict[str, Any]) -> Paper:
    return Paper(
        arxiv_id=ArxivId(record["id"]),
        title=record["title"],
        abstract=record["abstract"],
        source_title="",
        source_abstract="",
        authors=tuple(record["authors"]),
        categories=tuple(record["categories"]),
    )


def make_cases(
    papers: Sequence[Paper], days: Sequence[str], count: int = AUTHORS, seed: int = 7
) -> list[Case]:
    """Draw authors, the same for the same seed."""
    by_author = _list_own(papers)
    names = sorted(name for name, own in by_author.items() if LIKES < len(own) <= 20)
    random.Random(seed).shuffle(names)
    later = _Later(papers, days)
    return list(islice(filter(None, (later.find(by_author[name]) for name in names)), count))


def make_groups(papers: Sequence[Paper], days: Sequence[str], seed: int = 7) -> list[Case]:
    """Draw groups: an author and all who wrote at least `TOGETHER` papers with them.

    Nobody is in two groups.
    """
    by_author, later = _list_own(papers), _Later(papers, days)
    names = sorted(name for name, own in by_author.items() if TOGETHER <= len(own) <= 20)
    random.Random(seed).shuffle(names)
    taken: set[str] = set()
    cases: list[Case] = []
    for name in names:
        with_them = Counter(each for own in by_author[name] for each in papers[own].authors)
        group = {each for each, count in with_them.items() if count >= TOGETHER}
        own = sorted({number for each in group for number in by_author[each]})
        if not MEMBERS[0] <= len(group) <= MEMBERS[1] or group & taken or len(own) > MOST_OF_GROUP:
            continue
        if (case := later.find(own)) is not None:
            taken |= group
            cases.append(case)
        if len(cases) == GROUPS:
            break
    return cases


def _list_own(papers: Sequence[Paper]) -> dict[str, list[int]]:
    """Return by author the numbers of their papers."""
    by_author: dict[str, list[int]] = defaultdict(list)
    for number, paper in enumerate(papers):
        for name in paper.authors:
            by_author[name].append(number)
    return by_author


class _Later:
    """Finds a later paper by an author, on a day with enough other papers."""

    def __init__(self, papers: Sequence[Paper], days: Sequence[str]) -> None:
        self._places = [(paper.categories[0], day) for paper, day in zip(papers, days, strict=True)]
        self._by_day: dict[tuple[str, str], list[int]] = defaultdict(list)
        for number, place in enumerate(self._places):
            self._by_day[place].append(number)

    def find(self, own: Sequence[int]) -> Case | None:
        for wanted in own[LIKES:]:
            whole = self._by_day[self._places[wanted]]
            pool = [each for each in whole if each == wanted or each not in own]
            if len(pool) >= LEAST_POOL:
                return Case(own[:LIKES], wanted, pool)
        return None


def place(case: Case, scores: Sequence[float]) -> float:
    own = scores[case.pool.index(case.wanted)]
    better = sum(score > own for score in scores)
    equal = sum(score == own for score in scores) - 1
    return (better + equal / 2) / (len(case.pool) - 1)


def ours(papers: Sequence[Paper], days: Sequence[str]) -> Ranker:
    nameless = [
        Paper(
            arxiv_id=each.arxiv_id,
            title=each.title,
            abstract=each.abstract,
            source_title="",
            source_abstract="",
        )
        for each in papers
    ]
    references: dict[int, Reference] = {}

    def rank(case: Case) -> Sequence[float]:
        end = bisect.bisect_right(days, days[case.wanted])
        if end not in references:
            references.clear()
            references[end] = Reference(nameless[max(0, end - NEWEST) : end])
        reference = references[end]
        taste = learn(reference, [(nameless[each], 1.0) for each in case.likes])
        scores = compare(taste, [nameless[each] for each in case.pool]).scores
        return [scores[nameless[each].arxiv_id] for each in case.pool]

    return rank


def peers(papers: Sequence[Paper]) -> dict[str, Ranker]:
    """Return usual methods over scikit-learn's tf-idf of words and pairs; none without it."""
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.svm import LinearSVC
    except ImportError:
        return {}
    texts = [f"{each.title} {each.title} {each.abstract}" for each in papers]
    found: dict[str, Ranker] = {}
    for name, is_sublinear in (("", False), (", log of counts", True)):
        vectorizer = TfidfVectorizer(
            ngram_range=(1, 2),
            min_df=2,
            max_df=0.3,
            stop_words="english",
            sublinear_tf=is_sublinear,
        )
        matrix = vectorizer.fit_transform(texts)

        def similarities(case: Case, matrix: Any = matrix) -> Any:
            return (matrix[case.pool] @ matrix[case.likes].T).toarray()

        def svm(case: Case, matrix: Any = matrix) -> Sequence[float]:
            dice = random.Random(case.wanted)
            drawn = dice.sample(range(len(papers)), min(600, len(papers)))
            others = [each for each in drawn if each != case.wanted]
            labels = [1] * len(case.likes) + [0] * len(others)
            model = LinearSVC(class_weight="balanced", C=0.1)
            model.fit(matrix[[*case.likes, *others]], labels)
            return list(model.decision_function(matrix[case.pool]))

        def centroid(case: Case, near: Near = similarities) -> Sequence[float]:
            return list(near(case).mean(1))

        def single(case: Case, near: Near = similarities) -> Sequence[float]:
            return list(near(case).max(1))

        found[f"centroid of tf-idf{name}"] = centroid
        found[f"most similar single like{name}"] = single
        found[f"linear SVM, 600 others{name}"] = svm
    return found


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="taste", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--authors", type=int, default=AUTHORS, metavar="N")
    options = parser.parse_args(argv)
    papers, days = read_papers()
    rankers = {"ours": ours(papers, days), **peers(papers)}
    drawn = {
        "authors": make_cases(papers, days, options.authors),
        "groups": make_groups(papers, days),
    }
    for kind, cases in drawn.items():
        print(f"\n{len(papers):,} papers, {len(cases)} {kind}; chance is 0.50 (0.10)")
        # In order of days: then the newest papers of a day are read once.
        cases.sort(key=lambda case: case.wanted)
        rows = [_judge(name, rank, cases) for name, rank in rankers.items() if cases]
        print(table([("place", "median", "mean", "first tenth", "CPU s"), *rows]), flush=True)
    return 0


def _judge(name: str, rank: Ranker, cases: Sequence[Case]) -> tuple[str, ...]:
    begun = time.process_time()
    places = [place(case, rank(case)) for case in cases]
    took_s = time.process_time() - begun
    near = sum(each <= 0.1 for each in places) / len(places)
    middle, mean = statistics.median(places), statistics.mean(places)
    return name, f"{middle:.3f}", f"{mean:.3f}", f"{near:.2f}", f"{took_s:.0f}"
