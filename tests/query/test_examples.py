"""Which query is chosen, of candidates whose finds are known."""

from collections.abc import Iterable, Mapping

import pytest

from bot.query.ast import Text
from bot.query.examples import (
    Candidate,
    Measured,
    list_candidates,
    list_words,
    masks,
    propose,
)
from bot.query.printer import print_node
from tests.builders import make_link, make_paper

ARCHIVE = 1000


def measured(word: str, examples: Iterable[int], archive: Iterable[int]) -> Measured:
    """Make a word that these examples and these papers of the archive say."""
    candidate = Candidate(Text(text=word), titles=2)
    return Measured(candidate, masks(examples, 20), masks(archive, ARCHIVE))


def test_what_most_of_the_archive_says_is_never_proposed() -> None:
    everywhere = measured("model", range(10), range(401))
    assert propose([everywhere], examples=10, archive=ARCHIVE).best is None
    often = measured("model", range(10), range(400))
    assert propose([often], examples=10, archive=ARCHIVE).best is not None


def test_a_word_that_one_example_says_is_never_proposed() -> None:
    words = [measured("frog", range(9), range(20)), measured("odd", [9], [999])]
    best = propose(words, examples=10, archive=ARCHIVE).best
    assert best is not None
    assert print_node(best.root) == "frog"


def test_each_example_is_in_one_group() -> None:
    """Of the term that finds most; the others share what is left."""
    words = [
        measured("frog", range(6), range(10)),
        measured("robot", range(5, 11), range(10, 20)),
        measured("map", range(10, 15), range(20, 30)),
    ]
    groups = propose(words, examples=15, archive=ARCHIVE).groups
    assert [each.bit_count() for each in groups] == [6, 5, 4]
    assert sum(groups) == masks(range(15), 20)


def test_examples_that_share_a_word_are_no_groups() -> None:
    words = [measured("frog", range(8), range(10)), measured("robot", range(8, 10), range(10, 20))]
    assert propose(words, examples=10, archive=ARCHIVE).groups == ()


def test_a_mask_has_the_bits_of_its_numbers() -> None:
    assert masks([0, 9, 20], 20) == 1 | 1 << 9 | 1 << 20


@pytest.mark.parametrize(("overlap", "query"), [(100, "field light"), (200, "field")])
def test_two_words_are_asked_for_where_that_is_worth_the_second_word(
    overlap: int, query: str
) -> None:
    """Each is said by 300 papers of 1,000, both by so many."""
    words = [
        measured("field", range(10), range(300)),
        measured("light", range(10), range(300 - overlap, 600 - overlap)),
    ]
    best = propose(words, examples=10, archive=ARCHIVE).best
    assert best is not None
    assert print_node(best.root) == query
    assert best.size == (overlap if overlap == 100 else 300)


def test_less_and_more_is_proposed_beside_the_best() -> None:
    words = [
        measured("frog", range(8), range(10)),
        measured("axolotl", range(3), range(5)),
        measured("pond", range(10), range(200)),
    ]
    proposal = propose(words, examples=10, archive=ARCHIVE)
    assert proposal.best is not None
    assert proposal.narrower is not None
    assert proposal.wider is not None
    assert print_node(proposal.best.root) == "frog"
    assert print_node(proposal.narrower.root) == "axolotl"
    assert print_node(proposal.wider.root) == "pond"


@pytest.mark.parametrize(
    ("fewer", "more", "others"),
    [(160, 360, ["axolotl", "pond"]), (161, 359, [])],
)
def test_less_and_more_is_two_thirds_at_most_and_half_as_much_again_at_least(
    fewer: int, more: int, others: list[str]
) -> None:
    """Of the 240 papers that the best finds; nearly as many would be no choice."""
    words = [
        measured("frog", range(19), range(240)),
        measured("axolotl", range(3), range(fewer)),
        measured("pond", range(20), range(more)),
    ]
    proposal = propose(words, examples=20, archive=ARCHIVE)
    assert proposal.best is not None
    assert print_node(proposal.best.root) == "frog"
    beside = [each for each in (proposal.narrower, proposal.wider) if each is not None]
    assert [print_node(each.root) for each in beside] == others


SHARING = [
    make_paper(
        1, title="Neural maps for robots", abstract="Neural maps of 3 frogs.", links=[make_link()]
    ),
    make_paper(
        2, title="Neural maps, robotics", abstract="A frog and the robot.", links=[make_link()]
    ),
    make_paper(
        3, title="A neural map", abstract="Frogs see the robot; the frogs.", links=[make_link()]
    ),
]


def test_words_are_counted_by_example_and_written_as_most_write_them() -> None:
    assert list_words(SHARING) == {"frogs": 3, "maps": 3, "neural": 3, "robot": 3}
    assert list_words(SHARING[1:]) == {"frog": 2, "map": 2, "neural": 2, "robot": 2}
    assert list_words(SHARING[:1]) == {}


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        ({}, ["frogs", "maps", "neural", "robot"]),
        ({"neural": 0.1, "frogs": 0.01}, ["maps", "robot", "frogs", "neural"]),
        ({"neural": 0.4, "frogs": 0.41}, ["maps", "robot", "neural"]),
    ],
)
def test_candidates_are_what_the_examples_share_the_rarest_words_first(
    shares: Mapping[str, float], words: list[str]
) -> None:
    found = [(print_node(each.node), each.titles) for each in list_candidates(SHARING, shares)]
    titles = {"frogs": 0, "maps": 3, "neural": 3, "robot": 1}
    assert found == [
        *((word, titles[word]) for word in words),
        ("neural-maps", 3),
        ("title:maps", 1),
        ("title:neural", 1),
        ("robot*", 2),
        ("has:code", 1),
    ]


def test_what_two_examples_share_is_no_beginning_title_or_link() -> None:
    found = [print_node(each.node) for each in list_candidates(SHARING[:2], {})]
    assert found == ["frog", "maps", "neural", "robot", "neural-maps"]


def test_a_title_may_be_the_shared_words_alone() -> None:
    papers = [make_paper(number, title="Neural maps", abstract="") for number in (1, 2)]
    found = [(print_node(each.node), each.titles) for each in list_candidates(papers, {})]
    assert found == [("maps", 2), ("neural", 2), ("neural-maps", 2)]


def test_the_word_that_tells_more_stands_first() -> None:
    words = [
        measured("aurora", range(10), range(300)),
        measured("zebra", range(10), range(200, 450)),
    ]
    best = propose(words, examples=10, archive=ARCHIVE).best
    assert best is not None
    assert print_node(best.root) == "zebra aurora"
