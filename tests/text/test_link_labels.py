"""How well code links are found on real abstracts that a person labelled (tests/data/README.md)."""

import gzip
import json
from collections import Counter

import pytest

from bot.arxiv.paper import unwrap
from bot.models import Link
from bot.text.links import find_links
from bot.text.tex import to_unicode
from tests.shared import shared
from tests.text.link_labels import mistakes, read_labels, score


def links_of(text: str) -> tuple[Link, ...]:
    return find_links(abstract=to_unicode(unwrap(text)), comment=None)


def test_code_links_are_right_and_hardly_any_is_missed() -> None:
    labels = read_labels()
    reached = score(labels, links_of)
    assert len(labels) >= 500
    assert reached.precision >= 0.98
    assert reached.recall >= 0.98


@pytest.mark.parametrize("drawn", ["random", "fresh"])
def test_links_drawn_at_random_are_as_good(drawn: str) -> None:
    reached = score([label for label in read_labels() if label.slice == drawn], links_of)
    assert reached.precision >= 0.98
    assert reached.recall >= 0.98


def test_links_drawn_when_the_rules_were_final_are_as_good() -> None:
    reached = score([label for label in read_labels() if label.slice == "fresh"], links_of)
    assert reached.precision >= 0.98
    assert reached.recall >= 0.98


def test_links_that_no_rule_was_written_for_are_nearly_as_good() -> None:
    reached = score([label for label in read_labels() if label.part == "held"], links_of)
    assert reached.precision >= 0.96
    assert reached.recall >= 0.98


def test_the_labels_cover_what_is_difficult() -> None:
    labels = read_labels()
    assert Counter(label.slice for label in labels).keys() == {
        "random", "blanks", "offered", "host", "bare", "list", "data", "foreign", "fresh",
    }  # fmt: skip
    assert {label.label for label in labels} == {
        "code", "data", "model", "project", "foreign", "none",
    }  # fmt: skip
    assert all(label.why and label.address in label.text for label in labels)


def test_the_excerpts_say_what_the_whole_abstracts_do() -> None:
    with gzip.open(shared("corpus/papers.jsonl.gz"), "rt", encoding="utf-8") as lines:
        abstracts = {paper["id"]: paper["abstract"] for paper in map(json.loads, lines)}
    labels = read_labels()
    known = {label.address for label in mistakes(labels, links_of)}
    wrong = {
        label.address
        for label in labels
        if mistakes([label], lambda _, text=abstracts[label.id]: links_of(text))  # type: ignore[misc]
    }
    assert len(wrong ^ known) <= 3  # what a survey calls itself may stand outside the excerpt
