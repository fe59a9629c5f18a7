"""The tags of a library."""

import pytest

from bot.errors import InputError
from bot.query.library import MAX_TAGS, parse_tags


def test_tags_are_small_words_each_once() -> None:
    assert parse_tags("#SLAM, to-read;slam  3d") == ("slam", "to-read", "3d")
    with pytest.raises(InputError, match="too many"):
        parse_tags(" ".join(map(str, range(MAX_TAGS + 1))))


@pytest.mark.parametrize("text", ["(x", "a" * 31, "-to-read", "a(b)"])
def test_what_is_no_tag_is_one_sentence(text: str) -> None:
    with pytest.raises(InputError, match="is not a tag; write one word"):
        parse_tags(text)
