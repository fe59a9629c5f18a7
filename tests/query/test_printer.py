"""A tree is written as text that means the same tree again."""

from typing import Any, cast

import pytest

from bot.query.ast import And, Node, Not, Or
from bot.query.parser import parse_query
from bot.query.printer import print_leaf, print_node

LEAVES = {
    "deep": "deep",
    "multi-agent": "multi-agent",
    "C++": "C++",
    '"C++"': '"C++"',
    '"OR"': '"OR"',
    "gpt4": "gpt4",
    "#OR(a)": ".OR(a)",
    "#NOT(a)": ".NOT(a)",
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
}


@pytest.mark.parametrize(("typed", "printed"), TREES.items(), ids=TREES.keys())
def test_a_tree_has_the_parentheses_that_it_needs(typed: str, printed: str) -> None:
    assert print_node(parse_query(typed).root) == printed


@pytest.mark.parametrize("node", [And(()), Or(()), Not(And(()))])
def test_a_node_with_parts_is_no_leaf(node: Node) -> None:
    with pytest.raises(TypeError, match="not a leaf"):
        print_leaf(cast(Any, node))
