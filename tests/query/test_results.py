"""A page's place fits into a button, and what does not name one is refused."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InputError
from bot.query.results import LAST_KEY, Cursor

KEYS = st.integers(0, (1 << 60) - 1)
COUNTS = st.integers(0, 9_999_999)
CURSORS = st.builds(
    Cursor,
    tier=st.integers(0, 9),
    key=KEYS,
    shown=COUNTS,
    total=COUNTS,
    total_is_exact=st.booleans(),
    bound=st.just(LAST_KEY) | st.integers(0, (1 << 40) - 1),
    is_back=st.booleans(),
)


@given(CURSORS)
def test_a_cursor_is_read_as_it_was_written(cursor: Cursor) -> None:
    assert Cursor.parse(str(cursor)) == cursor


def test_a_cursor_is_written_short() -> None:
    """Of real ones, with keys of up to 36 bits, every one fits into a custom id."""
    first = Cursor(tier=0, key=255, shown=10, total=42, total_is_exact=True)
    assert str(first) == "0.ff.10.42"
    back = Cursor(
        tier=4, key=16, shown=0, total=1000, total_is_exact=False, bound=4096, is_back=True
    )
    assert str(back) == "-4.10.0.1000+.1000"
    most = Cursor(
        tier=9,
        key=(1 << 36) - 1,
        shown=9_999_999,
        total=9_999_999,
        total_is_exact=False,
        bound=(1 << 36) - 1,
        is_back=True,
    )
    assert len(str(most)) <= 40
    assert re.fullmatch(r"[0-9a-f.+-]+", str(most))


@pytest.mark.parametrize(
    "text",
    ["", "0", "0.ff.10", "x.ff.10.42", "0.FF.10.42", "0.ff.10.42.", "0.ff.10.42 ", "٣.1.1.1"],
)
def test_what_is_no_cursor_is_a_page_that_is_gone(text: str) -> None:
    with pytest.raises(InputError, match="search again"):
        Cursor.parse(text)
