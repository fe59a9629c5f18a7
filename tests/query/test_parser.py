"""What people type, and how it is read."""

import os
import random
import string
import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InputError, QueryOutOfPlace, QuerySyntaxError, UnknownCategory
from bot.models import AnnounceType, LinkKind
from bot.query.ast import (
    EVERYTHING,
    And,
    Announced,
    Author,
    Category,
    Has,
    HasDoi,
    Identified,
    Liked,
    Node,
    Not,
    Or,
    Posted,
    Query,
    Saved,
    Since,
    Text,
    TextField,
    Until,
    leaves,
)
from bot.query.parser import MAX_CHARS, MAX_TERMS, clean, parse_query, refine
from bot.query.printer import MAX_DEPTH, print_node
from tests.query.hostile import HOSTILE, HOSTILE_PIECES


def word(text: str, field: TextField | None = None, *, is_prefix: bool = False) -> Text:
    return Text(text=text, field=field, is_prefix=is_prefix)


def exactly(text: str, field: TextField | None = None) -> Text:
    return Text(text=text, field=field, is_exact=True)


@pytest.mark.parametrize(
    ("query", "tree"),
    [
        ("diffusion", word("diffusion")),
        ("deep learning", And((word("deep"), word("learning")))),
        ("deep AND learning", And((word("deep"), word("learning")))),
        ('"deep learning"', exactly("deep learning")),
        ("“deep learning”", exactly("deep learning")),
        ('"deep"', exactly("deep")),
        ("=deep", exactly("deep")),
        ("=GPT-4", exactly("GPT-4")),
        ('="deep"', exactly("deep")),
        ("-=deep", Not(exactly("deep"))),
        ("title:=deep", exactly("deep", TextField.TITLE)),
        ("=deep*", word("deep", is_prefix=True)),
        ("= deep", word("deep")),
        (".NET", word(".NET")),
        ("C#", word("C#")),
        ("O(n)", word("O(n)")),
        ("SU(net*", word("SU(net", is_prefix=True)),
        ("SU(net", word("SU(net)")),
        ("a:b", exactly("a:b")),
        ("a OR b c", Or((word("a"), And((word("b"), word("c")))))),
        ("(a OR b) c", And((Or((word("a"), word("b"))), word("c")))),
        ("-a", Not(word("a"))),
        ("NOT a", Not(word("a"))),
        ("NOT NOT a", word("a")),
        ("NOT -a", word("a")),
        ("-(a b)", Not(And((word("a"), word("b"))))),
        ('-"a b"', Not(exactly("a b"))),
        ("-title:a", Not(word("a", TextField.TITLE))),
        ("neur*", word("neur", is_prefix=True)),
        ("ne*", word("ne")),
        ('"deep neur"*', word("deep neur", is_prefix=True)),
        ("title:neur*", word("neur", TextField.TITLE, is_prefix=True)),
        ("abstract:x", word("x", TextField.ABSTRACT)),
        ("comment:x", word("x", TextField.COMMENT)),
        ("ti:x", word("x", TextField.TITLE)),
        ("all:x", word("x")),
        ("TITLE:x", word("x", TextField.TITLE)),
        ("title:(a b)", And((word("a", TextField.TITLE), word("b", TextField.TITLE)))),
        ("title:(a abstract:b)", And((word("a", TextField.TITLE), word("b", TextField.ABSTRACT)))),
        ("author:he", Author(name="he")),
        ('author:"K. He"', Author(name="K. He")),
        ("author:sch*", word("sch", TextField.AUTHORS, is_prefix=True)),
        ("author:(he OR sun)", Or((Author(name="he"), Author(name="sun")))),
        ("category:cs.CV", Category(code="cs.CV")),
        ("category:CS.cv", Category(code="cs.CV")),
        ("cat:cs.*", Category(code="cs", is_archive=True)),
        ("category:cs", Category(code="cs", is_archive=True)),
        ("category:cs.SY", Category(code="eess.SY")),
        ("category:hep-th", Category(code="hep-th", is_archive=True)),
        ("category:(cs.CV OR cs.LG)", Or((Category(code="cs.CV"), Category(code="cs.LG")))),
        ("type:new", Announced(announce_type=AnnounceType.NEW)),
        ("type:replace-cross", Announced(announce_type=AnnounceType.REPLACE_CROSS)),
        ("has:code", Has(kind=LinkKind.CODE)),
        ("has:data", Has(kind=LinkKind.DATA)),
        ("since:2024-03-01", Since(day=date(2024, 3, 1))),
        ("since:2024-03", Since(day=date(2024, 3, 1))),
        ("since:2024", Since(day=date(2024, 1, 1))),
        ("until:2024-02", Until(day=date(2024, 2, 29))),
        ("until:2024", Until(day=date(2024, 12, 31))),
        ("2008.09110v2", Identified(arxiv_id="2008.09110")),  # type: ignore[arg-type]
        ("hep-th/9901001", Identified(arxiv_id="hep-th/9901001")),  # type: ignore[arg-type]
        ("https://arxiv.org/abs/2008.09110v2", Identified(arxiv_id="2008.09110")),  # type: ignore[arg-type]
        ("arXiv:2008.09110", Identified(arxiv_id="2008.09110")),  # type: ignore[arg-type]
        ("10.48550/arXiv.2008.09110", Identified(arxiv_id="2008.09110")),  # type: ignore[arg-type]
        ("id:2008.09110", Identified(arxiv_id="2008.09110")),  # type: ignore[arg-type]
        ("doi.org/10.1103/PhysRevD.76", HasDoi(doi="10.1103/physrevd.76")),
        ('"2008.09110"', exactly("2008.09110")),
        ("", EVERYTHING),
        (" \n\t ", EVERYTHING),
    ],
)
def test_a_query_is_read_as(query: str, tree: Node) -> None:
    assert parse_query(query).root == tree


@pytest.mark.parametrize(
    ("pasted", "tokens"),
    [
        ("PULSE: Self-Supervised Photo Upsampling", "PULSE Self-Supervised Photo Upsampling"),
        ("UAV Type: An Exploration", "UAV Type An Exploration"),
        ("Is 'deep' learning 5\" wide?", "Is deep learning 5 wide"),
        ('an "unfinished quote', "an unfinished quote"),
        ("unfinished (parenthesis", "unfinished parenthesis"),
        ("closing) parenthesis", "closing parenthesis"),
        ("Sorting in O(n) and SU(2)", "Sorting in O(n) and SU(2)"),
        ("f(x, y) of (a, b)", "f(x) y of a b"),
        ("word -- dash - dash — dash", "word dash dash dash"),
        ("C++ and C# code", "C++ and C# code"),
        ("a 🤖 robot", "a robot"),
        ("** bold ** **very**", "bold very"),
        ("量子计算 综述", "量子计算 综述"),
        ("H\\'enon maps, $\\beta$-decay", "Hénon maps β-decay"),
        ("and or not", "and or not"),
        ("x* **y** a*b", "x y a*b"),
        ("zero​width", "zerowidth"),
        ("nul\0l", "nul l"),
        ("title : x", "title x"),
        ("the Author: a story", "the Author a story"),
    ],
)
def test_pasted_text_just_searches(pasted: str, tokens: str) -> None:
    root = parse_query(pasted).root
    assert all(isinstance(leaf, Text) and leaf.field is None for leaf in leaves(root))
    assert " ".join(leaf.text for leaf in leaves(root) if isinstance(leaf, Text)) == tokens


def test_a_pasted_title_with_operators_is_found_as_it_is() -> None:
    title = "Knowing What LLMs DO NOT Know: A Simple Method"
    root = parse_query(title).root
    assert isinstance(root, Or)
    assert root.parts[-1] == exactly(title, TextField.TITLE)
    assert not isinstance(parse_query("deep NOT learning").root, Or)
    assert not isinstance(parse_query('A b c NOT "d e"').root, Or)
    assert not isinstance(parse_query("diffusion models for video -survey").root, Or)


@pytest.mark.parametrize(
    ("query", "tree"),
    [
        ("title: x", word("x", TextField.TITLE)),
        ('author: "K. He"', Author(name="K. He")),
        ("type: new", Announced(announce_type=AnnounceType.NEW)),
        ("type: theory", And((word("type"), word("theory")))),
        ("since: 2024", Since(day=date(2024, 1, 1))),
        ("since: forever", And((word("since"), word("forever")))),
    ],
)
def test_a_blank_behind_a_small_field_name_is_forgiven(query: str, tree: Node) -> None:
    assert parse_query(query).root == tree


A_DATE = "a date that exists, such as 2024-03-01, 2024-03 or 2024"
AFTER_NOT = "a word or phrase after NOT (in small letters it is a word like any other)"


def both_sides(operator: str) -> str:
    return (
        f"a word or phrase on both sides of {operator} "
        "(in small letters it is a word like any other)"
    )


@pytest.mark.parametrize(
    ("query", "position", "found", "expected"),
    [
        (
            "OR foo",
            0,
            "OR",
            both_sides("OR"),
        ),
        (
            "foo OR",
            6,
            "the end",
            both_sides("OR"),
        ),
        (
            "foo OR OR bar",
            7,
            "OR",
            both_sides("OR"),
        ),
        (
            "(foo OR ) bar",
            8,
            "')'",
            both_sides("OR"),
        ),
        (
            "AND foo",
            0,
            "AND",
            both_sides("AND"),
        ),
        (
            "foo AND",
            7,
            "the end",
            both_sides("AND"),
        ),
        (
            "foo AND OR bar",
            8,
            "OR",
            both_sides("AND"),
        ),
        (
            "NOT",
            3,
            "the end",
            AFTER_NOT,
        ),
        (
            "foo NOT OR bar",
            8,
            "OR",
            AFTER_NOT,
        ),
        (
            "foo NOT !!!",
            8,
            "no letter or digit",
            AFTER_NOT,
        ),
        ("title:", 6, "the end", "a value after title:"),
        ("(title:) x", 7, "')'", "a value after title:"),
        ("title:!!!", 6, "no letter or digit", "a value after title:"),
        (
            "foo since:2024-02-30",
            10,
            "'2024-02-30'",
            A_DATE,
        ),
        (
            "since:yesterday",
            6,
            "'yesterday'",
            A_DATE,
        ),
        (
            "until:2024-13",
            6,
            "'2024-13'",
            A_DATE,
        ),
        ("since:0000", 6, "'0000'", A_DATE),
        ("category:cs.CVX", 9, "'cs.CVX'", "a category such as cs.CV or cs.SC or cs.HC"),
        (
            "category:(cs.CV OR cs.XX)",
            19,
            "'cs.XX'",
            "a category such as eess.SY or cs.SI or cs.SE",
        ),
        ("type:newish", 5, "'newish'", "new, cross, replace or replace-cross"),
        ("has:video", 4, "'video'", "code (or project, data, model)"),
        (
            "id:abc",
            3,
            "'abc'",
            "an identifier such as 2401.01234, hep-th/9901001, an arXiv address or a DOI",
        ),
        ('author:"..."', 7, "no letter or digit", "a value after author:"),
        ("...", 0, "no letter or digit", "a word, a phrase or a field"),
        ("\0\0", 0, "no letter or digit", "a word, a phrase or a field"),
        ("()", 0, "no letter or digit", "a word, a phrase or a field"),
    ],
)
def test_a_mistake_names_place_found_and_expected(
    query: str, position: int, found: str, expected: str
) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        parse_query(query)
    assert (caught.value.position, caught.value.found) == (position, found)
    assert caught.value.expected == expected
    assert caught.value.with_caret().splitlines()[1].index("^") == position


@pytest.mark.parametrize(
    "query", ["x" * (MAX_CHARS + 1), "(" * (MAX_DEPTH + 1) + "x", "a " * (MAX_TERMS + 1)]
)
def test_more_than_the_engine_takes_is_refused(query: str) -> None:
    with pytest.raises(QuerySyntaxError, match="at most"):
        parse_query(query)


def test_as_much_as_the_engine_takes_is_read() -> None:
    """To the last character, word and parenthesis; what is beyond is pointed at."""
    words = " ".join(["a"] * MAX_TERMS)
    assert len(list(leaves(parse_query(words).root))) == MAX_TERMS
    longest = "x" * MAX_CHARS
    assert parse_query(longest).text == longest
    assert parse_query("(" * MAX_DEPTH + "x").root == parse_query("x").root
    with pytest.raises(QuerySyntaxError) as caught:
        parse_query(f"{words} b")
    assert (caught.value.position, caught.value.found) == (len(words) + 1, "more than 300 words")
    with pytest.raises(QuerySyntaxError) as caught:
        parse_query(f"{longest}x")
    assert (caught.value.position, caught.value.found) == (2000, "more than 2000 characters")


def test_leaves_know_where_they_stand() -> None:
    query = parse_query('deep -title:"a b" since:2024')
    shown = [query.text[leaf.start : leaf.end] for leaf in leaves(query.root)]
    assert shown == ["deep", '"a b"', "2024"]


def test_refining_adds_filters_and_says_so() -> None:
    query = refine(
        parse_query("a OR b"),
        category="cs.cv",
        author="He, K.",
        since=date(2024, 3, 1),
        until=date(2024, 4, 1),
        has_code=True,
    )
    assert query.text == (
        '(a OR b) category:cs.CV author:"He, K." since:2024-03-01 until:2024-04-01 has:code'
    )
    assert parse_query(query.text).root == query.root


def test_refining_by_nothing_changes_nothing() -> None:
    query = parse_query('odd "text')
    assert refine(query) is query


def test_an_empty_query_can_be_refined() -> None:
    assert refine(parse_query(""), has_code=False).root == Not(Has(kind=LinkKind.CODE))


def test_refining_by_nonsense_is_refused() -> None:
    with pytest.raises(UnknownCategory, match=r"cs\.CV"):
        refine(parse_query("x"), category="cs.CVX")
    with pytest.raises(InputError, match="author"):
        refine(parse_query("x"), author="...")


@pytest.mark.parametrize("text", ["¡+ﬁD", "|*2403.00001", "¡.NET", "(#x", "+ +a"])
def test_what_was_read_once_is_read_alike_again(text: str) -> None:
    check_any_text(text)


def test_text_shown_is_read_alike_when_it_comes_back() -> None:
    """A turned page searches for the text under the page; its TeX was read once and for all."""
    typed = "arxiv.org/\U0010ffff--$"  # the invisible sign made an address of the dash
    assert clean(typed) == clean(clean(typed)) == "arxiv.org/ –$"


@given(st.text(max_size=60))
def test_any_text_is_a_query_or_one_sentence(text: str) -> None:
    check_any_text(text)


@given(st.text(alphabet='ab"()-*: \\$NOTRAD\u0301\u200b\ue000.,title', max_size=40))
def test_any_mix_of_syntax_is_a_query_or_one_sentence(text: str) -> None:
    check_any_text(text)


def test_hostile_text_is_a_query_or_one_sentence() -> None:
    for text in HOSTILE:
        check_any_text(text)


@pytest.mark.slow
@pytest.mark.cpu_limit(900)
def test_random_strings_are_queries_or_sentences() -> None:
    """``STRINGS=200000`` takes more of them, in some minutes."""
    dice = random.Random(4)
    pieces = [*HOSTILE_PIECES, *string.ascii_letters, *string.punctuation]
    for _ in range(int(os.environ.get("STRINGS", "50000"))):
        check_any_text("".join(dice.choices(pieces, k=dice.randrange(1, 25))))


def read(text: str) -> Query | QuerySyntaxError:
    try:
        return parse_query(text)
    except QuerySyntaxError as error:
        return error


def check_any_text(text: str) -> None:
    """Parsing never raises anything but its own error, and what it reads it can write again."""
    query = read(text)
    if isinstance(query, QuerySyntaxError):
        assert str(query).startswith("At character ")
        assert "\n" not in str(query)
        assert 0 <= query.position <= len(query.query)
        return
    assert query.text == clean(text) == clean(query.text)
    assert not any(unicodedata.category(char) in ("Cs", "Co", "Cc") for char in query.text)
    printed = print_node(query.root)
    if len(printed) <= MAX_CHARS:
        assert parse_query(printed).root == query.root


@pytest.mark.parametrize("query", ["fo.*", "fo)*", "f..*"])
def test_a_star_after_punctuation_counts_only_the_letters_before_it(query: str) -> None:
    root = parse_query(query).root
    assert isinstance(root, Text)
    assert not root.is_prefix


@pytest.mark.parametrize(
    ("typed", "tree"),
    [
        ("in:library", Saved()),
        ("tag:SLAM", Saved(tag="slam")),
        ("tag:#to-read", Saved(tag="to-read")),
        ("is:read", Saved(is_read=True)),
        ("-is:Unread", Not(Saved(is_read=False))),
        ("posted:here", Posted()),
        ("liked:>3", Liked(least=4)),
        ("liked:>=3", Liked(least=3)),
        ("liked:3", Liked(least=3)),
        ("liked:>0", Liked(least=1)),
        ("In: Depth", And((word("In"), word("Depth")))),
        ("in: depth", And((word("in"), word("depth")))),
        ("posted: today", And((word("posted"), word("today")))),
    ],
)
def test_what_readers_did_is_read_where_it_is_known_who_asks(typed: str, tree: Node) -> None:
    assert parse_query(typed, of_readers=True).root == tree


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("in:here", "library"),
        ("posted:there", "here"),
        ("is:new", "withdrawn, unread or read"),
        ("tag:!x", "one word such as slam or to-read"),
        ("liked:0", "a number of people"),
        ("liked:>=0", "a number of people"),
        ("liked:<3", "a number of people"),
        ("liked:many", "a number of people"),
        ("liked:1000000000", "a number of people"),
    ],
)
def test_what_no_reader_did_says_what_would_be_right(typed: str, expected: str) -> None:
    with pytest.raises(QuerySyntaxError, match=f"expected {expected}"):
        parse_query(typed, of_readers=True)


@pytest.mark.parametrize(
    ("typed", "position", "said"),
    [
        ("nerf in:library", 8, "in:library depends on who asks"),
        ("nerf (halo OR -tag:Slam)", 19, "tag:slam depends on who asks"),
        ("is:unread", 3, "is:unread depends on who asks"),
        ("liked:3", 6, "liked:>2 depends on who asks"),
    ],
)
def test_what_readers_did_is_refused_where_nobody_in_particular_asks(
    typed: str, position: int, said: str
) -> None:
    with pytest.raises(QueryOutOfPlace, match=said) as caught:
        parse_query(typed)
    assert caught.value.position == position
