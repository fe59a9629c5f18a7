"""A search in a library: its own fields beside the language of every search."""

import pytest

from bot.errors import InputError
from bot.query.library import MAX_TAGS, LibraryQuery, parse_library_query, parse_tags
from bot.query.parser import parse_query
from tests.query.hostile import HOSTILE


def parsed(text: str) -> LibraryQuery:
    return parse_library_query(text)


def test_its_own_fields_stand_beside_the_words() -> None:
    query = parsed('tag:SLAM nerf in:library -tag:survey "pose of" is:unread author:he')
    assert query.tags == {"slam"}
    assert query.without == {"survey"}
    assert query.is_read is False
    assert query.words.root == parse_query('nerf "pose of" author:he').root


def test_what_is_quoted_is_words() -> None:
    query = parsed('"tag:slam is:read"')
    assert query.tags == frozenset()
    assert query.is_read is None
    assert not query.words.is_empty


@pytest.mark.parametrize("text", ["", "in:library", "tag:a tag:b", "-is:read"])
def test_a_query_may_have_no_words(text: str) -> None:
    assert parsed(text).words.is_empty


@pytest.mark.parametrize(
    ("text", "tags", "is_read", "takes"),
    [
        ("tag:a", {"a", "b"}, True, True),
        ("tag:a tag:b", {"a"}, True, False),
        ("-tag:a", {"b"}, False, True),
        ("-tag:a", {"a"}, False, False),
        ("is:unread", set(), False, True),
        ("is:unread", set(), True, False),
        ("-is:unread", set(), True, True),
        ("is:read", set(), False, False),
    ],
)
def test_all_of_it_must_hold(text: str, tags: set[str], is_read: bool, takes: bool) -> None:
    assert parsed(text).takes(tags, is_read=is_read) is takes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tag:", "is not a tag"),
        ("tag:(x", "is not a tag"),
        ("is:new", "is:read or is:unread"),
        ("in:here", "write in:library"),
        ("is:read is:unread", "read and unread"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        parsed(text)


def test_whatever_is_typed_is_read_or_refused() -> None:
    for text in HOSTILE:
        try:
            again = parsed(parsed(text).text)
        except InputError:
            continue
        assert again.text == " ".join(text.split())


def test_tags_are_small_words_each_once() -> None:
    assert parse_tags("#SLAM, to-read;slam  3d") == ("slam", "to-read", "3d")
    with pytest.raises(InputError, match="too many"):
        parse_tags(" ".join(map(str, range(MAX_TAGS + 1))))
