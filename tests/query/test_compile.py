"""What the index is asked."""

import contextlib
import re
import sqlite3
from collections.abc import Callable

import pytest

from bot.query.ast import Located, Node, Query
from bot.query.compile import (
    EVERYTHING,
    FIRST,
    NOTHING,
    compile_node,
    compile_query,
    quoted,
    rarest_first,
)
from bot.query.names import MAX_PARTS
from bot.query.parser import parse_query
from bot.query.printer import MAX_DEPTH
from bot.query.tags import readable
from bot.query.widen import Lexicon, widen


def expression(query: Query, *, places_hold: bool = True) -> str:
    def holds(place: Located) -> bool:
        return places_hold

    return compile_query(query).select(holds).expression()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("deep", '"deep"'),
        ("deep learning", '("deep") AND ("learning")'),
        ("deep deep", '"deep"'),
        ("deep OR learning", '("deep") OR ("learning")'),
        ("deep -learning", '("deep") NOT ("learning")'),
        ("ab bc -cd -de", '(("ab") AND ("bc")) NOT (("cd") OR ("de"))'),
        ("r", '{title abstract comment} : "r"'),
        ("title:r", 'title : "r"'),
        ("=learning", '"learning"'),
        ("title:deep", 'title : "deep"'),
        ("author:sch*", 'authors : "sch" *'),
        ("C++", '"c++"'),
        ("multi-agent", '"multi agent"'),
        ("NEAR(a", '"near a"'),
        ("segmentat*", '"segmentat" *'),
        ("H₂O", '"h2o"'),
        ("β-VAE", '"beta vae"'),
        ("量子计*", '"量 子 计" *'),
        ("ab since:2024", '"ab"'),
    ],
)
def test_a_query_compiles_to(query: str, expected: str) -> None:
    assert expression(parse_query(query)) == expected


def test_other_forms_are_asked_for_in_running_text_alone() -> None:
    """A surname is no plural."""
    root = widen(parse_query("bank title:bank").root, Lexicon(holds={"bank", "banks"}.__contains__))
    found = compile_node(root).select(lambda place: True).expression()
    assert found == (
        '("bank" OR {title abstract comment} : ("banks")) AND (title : ("bank" OR "banks"))'
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("the of", '("of") AND ("the")'),
        ("the of quark", '((("quark") AND ("of")) NOT ("‹no paper›")) AND ("the")'),
        ("the of quark -the", '(((("quark") AND ("of")) NOT ("‹no paper›")) AND ("the"))'),
        ("(the of quark) OR of", '(((("quark") AND ("of")) NOT'),
    ],
)
def test_common_words_are_looked_for_where_the_rare_ones_are(query: str, expected: str) -> None:
    """FTS5 takes an AND inside an AND apart, but not what stands before a NOT."""
    papers = {"quark": 1, "of": 50, "the": 90}

    def estimate(node: Node) -> float:
        return papers.get(getattr(node, "text", ""), 70)

    root = rarest_first(parse_query(query).root, estimate)
    shown = readable(compile_node(root).select(lambda place: True).expression())
    assert expected in shown.replace('"‹no paper›"', '("‹no paper›")')


def test_only_the_rarest_words_are_looked_for_one_behind_the_other() -> None:
    words = [f"b{each}" for each in range(FIRST + 3)]
    root = rarest_first(parse_query(" ".join(words)).root, by_number)
    shown = readable(compile_node(root).select(lambda place: True).expression())
    assert shown.count("NOT") == FIRST - 1
    assert shown.endswith('AND ("b8") AND ("b9") AND ("b10")')


def by_number(node: Node) -> float:
    """Take words for the rarer, the smaller the number in them."""
    return float("".join(filter(str.isdigit, getattr(node, "text", ""))) or 1000)


def nested(depth: int) -> str:
    """Write groups inside each other, by turns of words that are all wanted and of any."""
    text = "a1"
    for level in range(depth):
        words = " ".join(f"x{level}{each}" for each in range(7))
        text = f"({words} OR {text})" if level % 2 else f"({words} {text})"
    return text


@pytest.mark.parametrize("papers", [by_number, lambda node: -by_number(node)])
@pytest.mark.parametrize(
    "query",
    [
        " ".join(f"b{each}" for each in range(300)),
        " ".join(f"b{each}*" for each in range(100)),
        "author:(" + " ".join(f"b{each}" for each in range(100)) + ")",
        " OR ".join(f"(a{each} b c d e f g h i j)" for each in range(25)),
        nested(MAX_DEPTH),
        " ".join(f"b{each}" for each in range(40)) + f" {nested(MAX_DEPTH)}",
        " ".join(f"-b{each}" for each in range(40)) + f" -{nested(MAX_DEPTH)}",
        f"a b c {nested(MAX_DEPTH)} OR {nested(MAX_DEPTH)}",
    ],
)
def test_no_query_is_too_long_or_too_deep_for_the_index(
    query: str, papers: Callable[[Node], float]
) -> None:
    """FTS5 reads a hundred brackets inside each other at most."""
    root = rarest_first(parse_query(query).root, papers)
    asked = compile_node(root).select(lambda place: True).expression()
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE VIRTUAL TABLE t USING fts5(title, abstract, comment, authors)")
        connection.execute("SELECT * FROM t WHERE t MATCH ?", (asked,)).fetchall()


def test_what_only_excludes_starts_from_every_paper() -> None:
    every = '"\ue000p\ue000"'
    assert expression(parse_query("-deep")) == f'{every} NOT ("deep")'
    assert expression(parse_query("ab OR -bc")) == f'{every} NOT (("bc") NOT ("ab"))'
    assert expression(parse_query("-ab OR -bc")) == f'{every} NOT (("ab") AND ("bc"))'


def test_places_are_true_or_false() -> None:
    compiled = compile_query(parse_query("ab since:2024"))
    assert compiled.select(lambda place: False) == NOTHING
    compiled = compile_query(parse_query("ab OR since:2024"))
    assert compiled.select(lambda place: True) == EVERYTHING
    assert compiled.select(lambda place: False).expression() == '"ab"'
    assert len(compiled.places) == 1


def test_an_author_is_one_person() -> None:
    assert readable_expression("author:he") == '"‹name he›"'
    assert readable_expression('author:"K. He"') == '"‹name he› ‹initial k›"'
    both = '("‹both he kaiming›") OR ("‹both h kaiming›") OR ("‹both he k›")'
    assert readable_expression('author:"Kaiming He"') == both


def test_an_author_of_three_names_is_one_person_by_either_surname() -> None:
    """Each other part must belong to the same name, as it is or as an initial."""
    either = (
        '(("‹name kaiming› ‹initial a›") AND (("‹both he kaiming›") OR ("‹both h kaiming›"))) OR '
        '(("‹name he› ‹initial a›") AND (("‹both he kaiming›") OR ("‹both he k›")))'
    )
    assert readable_expression('author:"A. Kaiming He"') == either
    assert readable_expression('author:"A. B."') == '("‹name a›") AND ("‹name b›")'


def test_an_authors_hyphen_may_be_none() -> None:
    found = readable_expression("author:Jean-Pierre")
    assert found == (
        '(("‹both jean pierre›") OR ("‹both jean p›") OR ("‹both j pierre›")) OR '
        '("‹name jeanpierre›")'
    )


def test_everything_is_every_paper() -> None:
    assert readable(EVERYTHING.expression()) == '"‹every paper›"'


def readable_expression(query: str) -> str:
    return readable(expression(parse_query(query)))


def test_quotes_are_doubled() -> None:
    assert quoted('a"b') == '"a""b"'


def test_a_name_of_hundreds_of_words_is_asked_for_by_its_first() -> None:
    """The index pairs no more of them, and pairs of all took seconds."""
    name = " ".join(f"b{number}" for number in range(400))
    pairs = re.findall(r'"[^"]+"', expression(parse_query(f'author:"{name}"')))
    assert 0 < len(pairs) <= 2 * MAX_PARTS**2
