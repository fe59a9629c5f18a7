"""What likes teach: words and names that can be read, and papers that are like them."""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.models import Likeness, Paper
from bot.query.taste import (
    AUTHOR,
    AUTHOR_COUNTS,
    EXPECTED,
    SAMPLE,
    UNWANTED_COUNTS,
    Reference,
    Taste,
    compare,
    learn,
    tells,
    terms_of,
)
from tests.builders import make_id, make_paper

FIELDS = ("gaussian splatting", "graph transformer", "protein folding", "speech recognition")


def paper(number: int, field: str, *, author: str = "Ada Example") -> Paper:
    return make_paper(
        number,
        title=f"Study {number} of {field}",
        abstract=f"We improve {field} with method number {number % 7}, and test {field} again.",
        authors=[author],
    )


ARCHIVE = [
    paper(number, FIELDS[number % len(FIELDS)], author=f"Person {number}")
    for number in range(1, 101)
]
NEWEST = [*ARCHIVE, *(make_paper(number) for number in range(101, 501))]
REFERENCE = Reference(NEWEST)


def of(field: str) -> list[Paper]:
    return [each for each in ARCHIVE if field in each.title]


def taste_of(
    liked: Sequence[Paper], unwanted: Sequence[Paper] = (), forgotten: Sequence[str] = ()
) -> Taste:
    opinions = [(each, 1.0) for each in liked] + [(each, -1.0) for each in unwanted]
    return learn(REFERENCE, opinions, forgotten=forgotten)


def test_papers_like_those_that_are_liked_come_before_others_and_say_why() -> None:
    taste = taste_of(of("splatting")[:3])
    new = paper(900, "Gaussian splatting", author="New Person")
    other = paper(901, "protein folding", author="New Person")
    likes = compare(taste, [other, new])
    assert likes.scores[new.arxiv_id] > 0 >= likes.scores[other.arxiv_id]
    assert likes.explain(new).words[0] == "Gaussian splatting"
    assert likes.explain(new).papers == 3


def test_what_is_not_for_us_comes_last() -> None:
    taste = taste_of(of("splatting")[:3], unwanted=of("protein")[:2])
    unwanted, other = paper(910, "protein folding"), paper(911, "speech recognition")
    scores = compare(taste, [unwanted, other]).scores
    assert scores[unwanted.arxiv_id] < scores[other.arxiv_id]
    assert "protein fold" in taste.strongest(3, liked=False)
    assert "protein fold" not in taste.strongest(3)
    assert taste.sources("protein fold", liked=False) == of("protein")[:2]


def test_a_shared_author_counts_and_is_named() -> None:
    liked = paper(920, "graph transformer", author="Eve Other")
    taste = taste_of([liked])
    new = make_paper(921, authors=["Eve Other", "Ada Example"])
    likes = compare(taste, [new])
    assert likes.scores[new.arxiv_id] > 0
    assert likes.explain(new) == Likeness(papers=1, words=("Eve Other",))


def test_a_forgotten_word_or_name_counts_no_more() -> None:
    liked = of("splatting")[:2]
    words = taste_of(liked).strongest(50)
    assert "gaussian splat" in words
    assert AUTHOR + liked[0].authors[0] in words
    forgotten = ["gaussian splat", AUTHOR + liked[0].authors[0]]
    left = taste_of(liked, forgotten=forgotten).strongest(50)
    assert not set(forgotten) & set(left)


def test_no_word_is_shown_twice() -> None:
    words = [
        word
        for term in taste_of(of("splatting")).strongest(20)
        if not term.startswith(AUTHOR)
        for word in term.split(" ")
    ]
    assert len(words) == len(set(words))


SMALL_EDGES = ("the last", "these results of", "last of this", "with splatting", "splatting for")


@pytest.mark.parametrize("pair", SMALL_EDGES)
def test_no_word_or_pair_with_a_small_one_is_named(pair: str) -> None:
    """However few papers say it; what it weighs still counts."""
    said = make_paper(930, title=f"Splatting {pair} scenes", abstract=f"Of {pair} scenes.")
    reference = Reference([said, replace(said, arxiv_id=make_id(931)), *NEWEST[1::2]])
    taste = learn(reference, [(said, 1.0), (ARCHIVE[1], -1.0)])
    named = [*taste.strongest(50), *taste.strongest(50, liked=False)]
    words = [word for term in named if not term.startswith(AUTHOR) for word in term.split(" ")]
    assert "splat" in words
    assert "scene" in words
    assert not {"the", "last", "this", "these", "result", "with", "for", "and"} & set(words)
    assert taste.count() == sum(each > 0 for each in taste.weights.values())
    told = compare(taste, [said]).explain(said)
    assert told.words
    assert not {"the", "last", "this", "these", "results", "with", "for"} & {
        word for term in told.words for word in term.lower().split(" ")
    }
    assert any(not tells(term) for term in taste.weights)


def test_what_is_alike_by_small_words_alone_is_ordered_and_names_none() -> None:
    said = make_paper(930, title="These last", abstract="These last.", authors=[])
    reference = Reference([said, said, *NEWEST])
    likes = compare(learn(reference, [(said, 1.0)]), [said])
    assert likes.scores[said.arxiv_id] > 0
    assert likes.explain(said) == Likeness()


@pytest.mark.parametrize("term", ["language model", "deep learn", "few shot", "author:The Who"])
def test_common_words_that_say_what_a_paper_is_about_can_be_named(term: str) -> None:
    assert tells(term)


def test_a_common_word_counts_and_is_not_named() -> None:
    """Whole vocabularies tell groups' interests apart; a list of rare words tells people why."""
    said = [make_paper(number, title=f"Networks {number}") for number in range(600, 700)]
    reference = Reference([*said, *NEWEST])
    taste = learn(reference, [(said[0], 1.0)])
    assert taste.weights["network"] > 0
    assert "network" not in taste.strongest(50)
    new, other = make_paper(930, title="Networks", authors=[]), make_paper(931, title="Sets")
    likes = compare(taste, [new, other])
    assert likes.scores[new.arxiv_id] > likes.scores[other.arxiv_id]
    assert "network" not in " ".join(likes.explain(new).words).lower()


def test_the_title_counts_twice_and_pairs_do_not_reach_over_small_words() -> None:
    counts = terms_of(make_paper(title="Deep nets", abstract="Deep nets of 3D fields."))
    assert counts["net"] == 3
    assert counts["deep net"] == 3
    assert "net field" not in counts


@pytest.mark.parametrize("papers", [[], [make_paper(title="", abstract="", authors=[])]])
def test_nothing_to_learn_from_is_no_taste(papers: list[Paper]) -> None:
    reference = Reference(papers)
    taste = learn(reference, [(each, 1.0) for each in papers])
    assert taste.strongest(5) == []
    assert all(score <= 0 for score in compare(taste, papers).scores.values())


def scores_by_formula(
    reference: Reference,
    newest: Sequence[Paper],
    opinions: Sequence[tuple[Paper, float]],
    forgotten: Sequence[str],
    papers: Sequence[Paper],
) -> list[float]:
    """Rocchio as it is defined, word by word: nothing is kept, nothing is looked up."""
    words: dict[int | None, float] = defaultdict(float)
    names: dict[str, float] = defaultdict(float)
    for is_liked, counts in ((True, 1.0), (False, -UNWANTED_COUNTS)):
        some = [each for each in opinions if (each[1] > 0) is is_liked]
        total = sum(weight for _, weight in some)
        for liked, weight in some:
            for word, value in zip(*reference.vector(liked), strict=True):
                words[word] += counts * weight / total * value
            for name in liked.authors:
                names[name] += counts * weight / total * AUTHOR_COUNTS
    for term in forgotten:
        words.pop(reference.number(term), None)
        names.pop(term.removeprefix(AUTHOR), None)

    def dot(each: Paper) -> float:
        return sum(value * words[word] for word, value in zip(*reference.vector(each), strict=True))

    usual = sorted(dot(each) for each in newest[:: max(1, len(newest) // SAMPLE)])
    expected = max(0.0, usual[int(EXPECTED * (len(usual) - 1))])
    return [
        dot(each) + AUTHOR_COUNTS * sum(names[name] for name in each.authors) - expected
        for each in papers
    ]


@pytest.mark.parametrize("newest", [ARCHIVE, NEWEST], ids=["none is usual", "some is usual"])
@pytest.mark.parametrize("seed", range(5))
def test_scores_are_those_of_the_formula(seed: int, newest: Sequence[Paper]) -> None:
    dice = random.Random(seed)
    reference = Reference(newest)
    drawn = dice.sample(ARCHIVE, 12)
    opinions = [(each, dice.choice([1.0, 2.5, 0.5, -1.0])) for each in drawn]
    forgotten = [
        *map(reference.name, reference.vector(drawn[0]).words),
        AUTHOR + drawn[1].authors[0],
    ]
    for words in ([], forgotten[::2], forgotten):
        found = compare(learn(reference, opinions, forgotten=words), ARCHIVE).scores.values()
        scores = scores_by_formula(reference, newest, opinions, words, ARCHIVE)
        # What is usual is rounded, the same for all papers; their distances are not.
        assert [*found] == pytest.approx(scores, abs=1e-5)
        off = [mine - exact for mine, exact in zip(found, scores, strict=True)]
        assert off == pytest.approx([off[0]] * len(off), abs=1e-12)
        assert 0 < sum(score > 0 for score in scores) < len(scores)
