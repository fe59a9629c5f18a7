"""A tree is written as text that means the same tree again."""

import random
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import InputError
from bot.query.ast import EVERYTHING, And, Node, Not, Or, all_of, any_of, leaves, negation_of
from bot.query.parser import MAX_CHARS, parse_query
from bot.query.printer import MAX_DEPTH, print_leaf, print_node
from tests.examples import examples

LEAVES = {
    "deep": "deep",
    "multi-agent": "multi-agent",
    "C++": "C++",
    '"C++"': '"C++"',
    '"OR"': '"OR"',
    "gpt4": "gpt4",
    "#OR(a)": "all:OR(a)",
    "#NOT(a)": "all:NOT(a)",
    "title:NOT(a)": "title:NOT(a)",
    ".NET": ".NET",
    'venue:"CVPR \\"': "venue:CVPR",
    "learn*": "learn*",
    '"deep learn"*': '"deep learn"*',
    "title:deep": "title:deep",
    "ti:deep": "title:deep",
    "abs:deep": "abstract:deep",
    "co:pages": "comment:pages",
    "au:He": "author:He",
    "author:he*": "author:he",
    "author:kaim*": "author:kaim*",
    'au:"Kaiming He"': 'author:"Kaiming He"',
    "cat:cs.cv": "category:cs.CV",
    "cat:cs.*": "category:cs.*",
    "type:cross": "type:cross",
    "has:code": "has:code",
    "since:2024": "since:2024-01-01",
    "until:2024-02": "until:2024-02-29",
    "2403.00001v2": "id:2403.00001",
    "id:hep-th/9901001": "id:hep-th/9901001",
    "doi:10.1103/PhysRevD.76": "id:10.1103/physrevd.76",
    "10.1016/0370-2693(90)91-3": 'id:"10.1016/0370-2693(90)91-3"',
}


@pytest.mark.parametrize(("typed", "printed"), LEAVES.items(), ids=LEAVES.keys())
def test_a_leaf_is_written_in_one_way(typed: str, printed: str) -> None:
    leaf = parse_query(typed).root
    assert print_leaf(leaf) == printed
    assert parse_query(printed).root == leaf


TREES = {
    "a b": "a b",
    "a OR b c": "a OR (b c)",
    "(a OR b) c": "(a OR b) c",
    "-(a b)": "-(a b)",
    "NOT a": "-a",
    "-(a OR -b)": "-(a OR -b)",
    "-.NET": "-.NET",
    "-(#NOT(a))": "-all:NOT(a)",
    '-"^(deep)"': '-"deep"',
    '"!" Deep -nets of halos': "all:Deep -nets of halos",
    '"!" (Deep OR nets) of halos': "(all:Deep OR nets) of halos",
}


@pytest.mark.parametrize(("typed", "printed"), TREES.items(), ids=TREES.keys())
def test_a_tree_has_the_parentheses_that_it_needs(typed: str, printed: str) -> None:
    tree = parse_query(typed).root
    assert print_node(tree) == printed
    assert parse_query(printed).root == tree


def test_a_tree_as_deep_as_can_be_typed_is_written_so_that_it_can() -> None:
    typed = "a"
    for _ in range(MAX_DEPTH):
        typed = f"(b {typed} OR c)"
    tree = parse_query(typed).root
    assert parse_query(print_node(tree)).root == tree


# Any tree

_PIECES = (
    *"ab1é OR ()\"'*=-+#.:^_$\\,/&βλ量İßﬁ²ₛ–“”（\u0301\u200b",
    *("OR", "AND", "NOT", ".NET", "C++", "NOT(a)", "OR(b", "GPT-4", "O(n)", "deep", "Deep", "ab*"),
    *("since:2024", "2403.00001", "10.1000/x", "cs.CV", "in:library", "liked:>3", "tag:a+b"),
)
_FIELDS = ("", "", "", "title:", "author:", "all:", "venue:", "tag:", "abstract:", "category:")


def random_term(dice: random.Random) -> str:
    text = "".join(dice.choices(_PIECES, k=dice.randrange(1, 9)))
    if dice.random() < 0.3:
        text = '"' + text.replace('"', "") + '"' + dice.choice(["", "*"])
    return dice.choice(["", "", "", "-", "=", "NOT "]) + dice.choice(_FIELDS) + text


def random_text(dice: random.Random) -> str:
    syntax = ("OR", "AND", "(", ")", "((", "-(")
    terms = [random_term(dice) for _ in range(dice.randrange(1, 9))]
    return " ".join(each if dice.random() < 0.7 else dice.choice(syntax) for each in terms)


def random_tree(dice: random.Random, depth: int) -> Node:
    """Join leaves that can be typed in every way that the parser joins some."""
    if not depth or dice.random() < 0.3:
        return next(leaf for _ in iter(int, 1) for leaf in leaves(read(random_term(dice))))
    parts = [random_tree(dice, depth - 1) for _ in range(dice.randrange(2, 5))]
    return dice.choice((all_of(*parts), any_of(*parts), negation_of(parts[0])))


def read(text: str) -> Node:
    """Read a query; one that cannot be read is of no interest."""
    try:
        return parse_query(text, of_readers=True).root
    except InputError:
        return EVERYTHING


def check_round_trip(tree: Node) -> None:
    printed = print_node(tree)
    if len(printed) <= MAX_CHARS:
        assert parse_query(printed, of_readers=True).root == tree, printed


def test_whatever_was_read_is_written_so_that_it_is_read_again() -> None:
    for number in range(1500):
        check_round_trip(read(random_text(random.Random(number))))


def test_any_tree_is_written_so_that_it_is_read_again() -> None:
    for number in range(800):
        dice = random.Random(number)
        check_round_trip(random_tree(dice, dice.randrange(4)))


@pytest.mark.slow
@settings(max_examples=examples(400), deadline=None, database=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=12).map("".join) | st.text(max_size=30))
def test_no_text_is_written_otherwise_than_it_was_read(text: str) -> None:
    """The same with texts that are made shorter where one fails."""
    check_round_trip(read(text))


@pytest.mark.parametrize("node", [And(()), Or(()), Not(And(()))])
def test_a_node_with_parts_is_no_leaf(node: Node) -> None:
    with pytest.raises(TypeError, match="not a leaf"):
        print_leaf(cast(Any, node))
