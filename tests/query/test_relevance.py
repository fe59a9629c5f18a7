"""Which papers say it best."""

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

import pytest

from bot.query import relevance
from bot.query.ast import Node
from bot.query.parser import parse_query
from bot.query.printer import print_node
from bot.query.relevance import Scorer, asked_words, tiers
from bot.query.widen import UNKNOWN, widen
from tests.query.random_texts import random_text


def shown(query: str) -> list[str]:
    return [print_node(tier) for tier in tiers(parse_query(query).root)]


def test_tiers_go_from_the_title_as_typed_to_anywhere() -> None:
    assert shown("deep learning") == [
        'title:"deep learning"',
        'title:deep title:learning -title:"deep learning"',
        "deep learning -(title:deep title:learning) (title:deep OR title:learning)",
        "deep learning -(title:deep title:learning) -(title:deep OR title:learning)",
    ]


def test_filters_stay_in_every_tier() -> None:
    assert shown("deep category:cs.CV -video") == [
        "title:deep category:cs.CV -video",
        "deep category:cs.CV -video -title:deep",
    ]


@pytest.mark.parametrize(
    "query", ["category:cs.CV", "title:deep", "-deep", "author:he since:2024", ""]
)
def test_without_free_words_there_is_one_tier(query: str) -> None:
    root = parse_query(query).root
    assert tiers(root) == (root,)


def score(query: str, title: str, abstract: str = "", authors: str = "") -> float:
    root = widen(parse_query(query).root, UNKNOWN)
    return Scorer(root, lambda forms: 3.0).score(title, abstract, authors)


def test_a_word_counts_more_in_the_title() -> None:
    assert score("nets", "Nets", "x") > score("nets", "x", "Nets") > score("nets", "x", "y") == 0


def test_neighbours_in_the_title_count_more() -> None:
    assert score("deep nets", "deep nets x") > score("deep nets", "nets x deep")


def test_another_word_counts_more_than_that_two_are_neighbours() -> None:
    said = score("deep neural nets", "deep x neural", "nets")
    assert said > score("deep neural nets", "deep neural x", "x") > 0


def test_short_papers_say_it_more_densely() -> None:
    assert score("nets", "x", "nets") > score("nets", "x", "nets" + " filler" * 500)


def test_a_long_title_says_each_of_its_words_less_densely() -> None:
    assert score("nets", "nets") > score("nets", "nets" + " filler" * 30)


def test_rare_words_count_more() -> None:
    weights = {"rare": 9.0, "common": 0.1}
    scorer = Scorer(parse_query("rare common").root, lambda forms: weights[next(iter(forms))])
    assert scorer.score("rare", "", "") > scorer.score("common", "", "")


@pytest.mark.parametrize("word", ["studies", "studying", "STUDY", "studied"])
def test_every_form_of_a_word_counts(word: str) -> None:
    assert score("study", "x", f"we {word} it") == pytest.approx(
        score("study", "x", "we study it"), rel=0.01
    )


def test_a_beginning_counts_every_word_that_begins_so() -> None:
    assert score("neur*", "neural neurons") > score("neur*", "neural nets") > 0


def test_excluded_words_are_not_asked_for() -> None:
    assert asked_words(parse_query("deep -shallow (nets OR trees)").root) == [
        "deep",
        "nets",
        "trees",
    ]


def test_scores_do_not_depend_on_the_order_of_terms() -> None:
    found = {score(query, "a b c", "a b") for query in ("a OR b", "b OR a")}
    assert all(one == pytest.approx(other, abs=1.01) for one, other in combinations(found, 2))


QUERIES = (
    "network", "train", "deep learning", "pre-training", "GPT-4 co2", "neur* segm*", "C++ c",
    ".NET", "β-VAE lambda", "of the in", "k_s l1 x2", "naïve", "量子", '"neural network"',
    "to* learn*", "found", "net", "nets", "ne*", '"of c"', "c#",
)  # fmt: skip
TEXTS = (
    "We train C++ on GPT4: CO₂, K_s, 10^6, networks_of_nets; pre‐training (pretrained) of the.",
    "Found in neural–network nets.network .NET c c# β-VAE Λ-CDM 量子计算 naïve naı̈ve ﬁne ﬁnd",
    "x_{2} x^2 l1 ℓ₁ a_b. train_ing retrain trainer TRAINS neural  networks\nneural,network",
)


def test_to_look_for_words_finds_what_cutting_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shorter way to count words is not a matter of what is counted."""
    texts = [*TEXTS, *(random_text(number, TEXTS) for number in range(400))]
    roots = [widen(parse_query(query).root, UNKNOWN) for query in QUERIES]
    fast = [list(scores_of(root, texts)) for root in roots]
    monkeypatch.setattr(relevance, "MOST_STEMS", 0)
    assert fast == [list(scores_of(root, texts)) for root in roots]
    assert all(any(score for score in each) for each in fast)


def scores_of(root: Node, texts: Sequence[str]) -> Iterator[float]:
    scorer = Scorer(root, lambda forms: 3.0)
    for text, other in pairwise(texts):
        yield from (scorer.score(text, other, other), scorer.score_title(text))
