"""Topics are widened by the least that catches what they missed."""

import pytest

from bot.models import ArxivId
from bot.query.ast import Node, Text
from bot.query.parser import parse_query
from bot.query.printer import print_node
from bot.query.widening import Option, add_term, choose, list_title_terms, relax
from tests.builders import make_id, make_paper


def root_of(text: str) -> Node:
    return parse_query(text).root


def ids(*numbers: int) -> frozenset[ArxivId]:
    return frozenset(map(make_id, numbers))


@pytest.mark.parametrize(
    ("query", "wider"),
    [
        ("frog", set()),
        ("frog -toad", {"frog"}),
        ("frog pond -toad", {"frog pond", "frog -toad", "pond -toad"}),
        ("title:frog", {"frog"}),
        ('"tree frogs"', {"tree-frogs", "tree frogs"}),
        ("axolotl OR (frog pond)", {"axolotl OR frog", "axolotl OR pond"}),
        (
            "axolotl (frog OR title:toad)",
            {"axolotl", "frog OR title:toad", "axolotl (frog OR toad)"},
        ),
    ],
)
def test_a_topic_is_relaxed_by_one_condition(query: str, wider: set[str]) -> None:
    """Never to one that only says what a paper must not be."""
    found = {print_node(each) for each in relax(root_of(query))}
    if query.startswith('"'):
        assert found <= wider
        assert found
    else:
        assert found == wider


def test_terms_are_the_words_of_titles_and_their_neighbours() -> None:
    paper = make_paper(title="Frogs of the 20 ponds, in C++")
    terms = [each.text for each in list_title_terms([paper, paper])]
    assert terms == ["frogs", "ponds", "c++"]
    named = [each.text for each in list_title_terms([make_paper(title="Tree frog calls")])]
    assert named == ["tree", "frog", "calls", "tree-frog", "frog-calls"]


def test_a_term_goes_to_the_topic_that_finds_the_same_papers() -> None:
    topics = [root_of("maps"), root_of("frog")]
    option = add_term(topics, [ids(1, 2), ids(3, 4)], Text(text="toad"), ids(4, 5), 3)
    assert (option.topic, print_node(option.root)) == (1, "frog OR toad")
    assert option.found == ids(3, 4, 5)
    assert (option.is_new, option.is_rare) == (True, False)
    assert add_term(topics, [ids(1), ids(2)], Text(text="x"), ids(3), 2).is_rare


def option(text: str, *numbers: int, is_new: bool = True, is_rare: bool = False) -> Option:
    return Option(0, root_of(text), ids(*numbers), is_new, is_rare)


def test_what_catches_most_and_brings_the_fewest_others_wins() -> None:
    missed, known = ids(1, 2, 3), ids(10, 11)
    options = [
        option("broad", 1, 2, 3, *range(20, 70)),
        option("two", 1, 2, 10, 11, 20),
        option("one", 3),
        option("none", 10, 11),
    ]
    chosen = choose(options, missed, known, of=1000)
    assert [print_node(each.option.root) for each in chosen] == ["two", "one"]
    assert chosen[0].caught == ids(1, 2)
    assert chosen[0].others == ids(20)
    assert chosen[1].caught == ids(3)


def test_what_brings_a_large_part_of_all_is_no_widening() -> None:
    assert choose([option("broad", 1, *range(20, 31))], ids(1), ids(), of=100) == []
    assert choose([option("small", 1, *range(20, 30))], ids(1), ids(), of=100)


def test_a_condition_less_goes_before_a_word_more_and_short_before_long() -> None:
    less = option("frog pond", 1, *range(20, 23), is_new=False)
    options = [option("frog OR aa", 1), less, option("b", 1)]
    (chosen,) = choose([options[0], less], ids(1), ids(), of=100)
    assert print_node(chosen.option.root) == "frog pond"
    (chosen,) = choose([options[0], options[2]], ids(1), ids(), of=100)
    assert print_node(chosen.option.root) == "b"


def test_what_is_no_term_is_taken_only_where_nothing_else_catches_the_paper() -> None:
    options = [option("a-b", 1, 2, is_rare=True), option("pond", 1, *range(20, 28))]
    chosen = choose(options, ids(1, 2), ids(), of=1000)
    assert [print_node(each.option.root) for each in chosen] == ["pond", "a-b"]


def test_a_further_one_must_be_worth_its_words() -> None:
    options = [option("one", 1, 2), option("two", 3, *range(20, 29))]
    assert len(choose(options, ids(1, 2, 3), ids(), of=1000)) == 1
    assert len(choose(options[1:], ids(1, 2, 3), ids(), of=1000)) == 1  # the best there is
    assert len(choose(options, ids(1, 2, 3), ids(), of=100_000)) == 2


def test_no_more_than_three_are_chosen() -> None:
    options = [option(f"word{number}", number) for number in range(1, 6)]
    assert len(choose(options, ids(*range(1, 6)), ids(), of=1000)) == 3
