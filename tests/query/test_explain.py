"""Why a paper matched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.query.explain import Excerpt, excerpt, explain, matched_words, segments
from bot.query.parser import parse_query
from bot.query.widen import UNKNOWN, widen
from tests.builders import make_link, make_paper
from tests.growth import LINEAR, growth

PAPER = make_paper(
    title="Deep Residual Learning: segmentation of K-means images",
    abstract="We learn slowly. Residual networks are segmented by learning-based agents.",
    authors=("Kaiming He", "Jian Sun"),
    categories=("cs.SY", "cs.LG"),
    comment="Tech report, 12 pages",
    links=(make_link(),),
)


def marked(query: str) -> tuple[list[str], list[str]]:
    found = explain(widen(parse_query(query).root, UNKNOWN), PAPER)
    return (
        [PAPER.title[start:end] for start, end in found.title],
        [PAPER.abstract[start:end] for start, end in found.abstract],
    )


@pytest.mark.parametrize(
    ("query", "title", "abstract"),
    [
        ("learning", ["Learning"], ["learn", "learning"]),
        ('"residual learning"', ["Residual Learning"], []),
        ("title:learning", ["Learning"], []),
        ("segmentat*", ["segmentation"], []),
        ("=learning", ["Learning"], ["learning"]),
        ("kmeans", [], []),
        ("segment", [], ["segmented"]),
        ("k-means", ["K-means"], []),
        ("residual deep", ["Deep", "Residual"], ["Residual"]),
        ('"deep residual" "residual learning"', ["Deep Residual Learning"], []),
        ("zebra OR images", ["images"], []),
        ("images -agents", ["images"], []),
        ("author:he", [], []),
    ],
)
def test_the_words_that_matched_are_marked(
    query: str, title: list[str], abstract: list[str]
) -> None:
    assert marked(query) == (title, abstract)


@pytest.mark.parametrize(
    ("query", "reasons"),
    [
        ("learning", [("learning", ("title", "abstract"))]),
        ("report", [("report", ("comment",))]),
        ("sun", [("sun", ("author",))]),
        ('author:"K. He"', [('author:"K. He"', ("author",))]),
        ("category:eess.SY", [("category:eess.SY", ("category",))]),
        ("category:cs.*", [("category:cs.*", ("category",))]),
        ("category:eess", [("category:eess.*", ("category",))]),
        ("category:cs.CV OR has:code", [("has:code", ("has",))]),
        ("images OR type:new", [("images", ("title",))]),
        ("since:2024 -zebra", []),
        ("zebra", []),
    ],
)
def test_reasons_name_part_and_fields(
    query: str, reasons: list[tuple[str, tuple[str, ...]]]
) -> None:
    found = explain(parse_query(query).root, PAPER)
    assert [(reason.part, reason.fields) for reason in found.reasons] == reasons


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("learning", ("Learning", "learn")),
        ("sun OR residual", ("Residual", "Jian Sun")),
        ('pages OR "k. means"', ("K-means", "pages")),
        (
            "learning report author:he category:cs.LG has:code",
            ("Learning", "learn", "report", "Kaiming He", "category:cs.LG", "has:code"),
        ),
        ("images -agents type:new", ("images",)),
        ("zebra", ()),
    ],
)
def test_what_matched_is_listed_once_as_it_is_first_written(
    query: str, words: tuple[str, ...]
) -> None:
    assert matched_words(widen(parse_query(query).root, UNKNOWN), PAPER) == words


def test_an_initial_at_the_very_beginning_names_its_author() -> None:
    paper = make_paper(authors=("J. Example", "K. Sample"))
    assert explain(parse_query("author:j").root, paper).authors == ("J. Example",)


def test_a_surname_is_no_form_of_a_word() -> None:
    found = explain(widen(parse_query("suns").root, UNKNOWN), PAPER)
    assert (found.authors, found.reasons) == ((), ())


@pytest.mark.parametrize("query", ["author:he", "author:kaim*", "he", '"kaiming he"'])
def test_authors_asked_for_are_named(query: str) -> None:
    assert explain(parse_query(query).root, PAPER).authors == ("Kaiming He",)


def test_the_words_of_a_comment_are_marked() -> None:
    found = explain(parse_query("report pages").root, PAPER)
    assert [(PAPER.comment or "")[start:end] for start, end in found.comment] == ["report", "pages"]


def test_a_short_text_is_its_own_excerpt() -> None:
    assert excerpt("deep nets", ((0, 4),), 50) == Excerpt(
        text="deep nets", spans=((0, 4),), is_beginning=True, is_end=True
    )


def test_an_excerpt_holds_the_most_matches_on_whole_words() -> None:
    text = "filler " * 50 + "deep nets are nets " + "filler " * 50
    root = widen(parse_query("deep nets").root, UNKNOWN)
    spans = explain(root, make_paper(title="x", abstract=text)).abstract
    found = excerpt(text, spans, 100)
    assert [found.text[start:end] for start, end in found.spans] == ["deep nets", "nets"] or [
        found.text[start:end] for start, end in found.spans
    ] == ["deep", "nets", "nets"]
    assert len(found.text) <= 100
    assert set(found.text.split()) <= {"filler", "deep", "nets", "are"}
    assert not found.is_beginning
    assert not found.is_end


def test_an_excerpt_of_many_matches_is_cut_in_linear_time() -> None:
    def cut(length: int) -> None:
        spans = tuple((at, at + 1) for at in range(0, 2 * length, 2))
        excerpt("a " * length, spans, 100)

    assert growth(cut) < LINEAR


def test_an_excerpt_without_matches_is_the_beginning() -> None:
    found = excerpt("word " * 100, (), 52)
    assert found.is_beginning
    assert found.text == "word word word word word word word word word word"


WORDS = " ".join(f"w{number:03}" for number in range(100))


@pytest.mark.parametrize(
    ("at", "first"), [(44, "w000"), (45, "w006"), (46, "w006"), (250, "w047"), (495, "w096")]
)
def test_an_excerpt_begins_a_little_before_its_first_match(at: int, first: str) -> None:
    """On a whole word; at the beginning of the text, where not much would be left out."""
    found = excerpt(WORDS, ((at, at + 4),), 100)
    assert found.text.split()[0] == first
    assert found.is_beginning is (first == "w000")
    assert [found.text[start:end] for start, end in found.spans] == [WORDS[at : at + 4]]
    assert found.is_end is (at == 495)


@pytest.mark.parametrize(("letters", "begins_at"), [(39, 40), (40, 0), (59, 0)])
def test_an_excerpt_begins_within_a_word_only_where_that_is_very_long(
    letters: int, begins_at: int
) -> None:
    """A script without blanks is cut where its place is."""
    text = "x" * 150 + "y" * letters + " " + "z" * 210
    at = 150 + 60  # a fifth of the excerpt is kept before the match
    found = excerpt(text, ((at, at + 1),), 300)
    assert found.text == text[150 + begins_at : 450]
    assert not found.is_beginning


@pytest.mark.parametrize(
    ("before", "within", "after"),
    [(100, 20, 10), (100, 35, 90), (30, 5, 60)],
)
def test_a_match_in_a_very_long_word_is_in_the_excerpt(
    before: int, within: int, after: int
) -> None:
    """As in the address of a comment: ``github.com/someone/networks-and-more``."""
    text = "word " * (before // 5) + "x" * within + "networks" + "y" * after + " word" * 20
    at = text.index("networks")
    found = excerpt(text, ((at, at + 8),), 80)
    assert [found.text[start:end] for start, end in found.spans] == ["networks"]


@given(
    st.text(alphabet="ab ", min_size=1, max_size=300),
    st.lists(st.tuples(st.integers(0, 299), st.integers(1, 9)), max_size=8),
    st.integers(50, 80),
)
def test_an_excerpt_is_a_piece_of_its_text_with_its_matches(
    text: str, places: list[tuple[int, int]], max_chars: int
) -> None:
    spans: list[tuple[int, int]] = []
    for start, length in sorted(places):
        if start + length <= len(text) and (not spans or spans[-1][1] <= start):
            spans.append((start, start + length))
    found = excerpt(text, tuple(spans), max_chars)
    assert len(found.text) <= max_chars
    begins_at = 0 if found.is_beginning else text.index(found.text, 1)
    assert text[begins_at:].startswith(found.text)
    matches = [text[start:end] for start, end in spans]
    assert all(found.text[start:end] in matches for start, end in found.spans)
    assert bool(found.spans) == bool(spans), "no cut takes the only match away"
    assert "".join(piece for piece, _ in segments(found.text, found.spans)) == found.text


def test_segments_join_to_the_text() -> None:
    pieces = segments("a deep net", ((2, 6),))
    assert pieces == [("a ", False), ("deep", True), (" net", False)]
    assert segments("deep", ((0, 4),)) == [("deep", True)]
