"""Which query is chosen, of candidates whose finds are known."""

from collections.abc import Iterable

from bot.query.ast import Text
from bot.query.examples import Candidate, Measured, masks, propose
from bot.query.printer import print_node

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
