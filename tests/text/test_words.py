"""The few words that every message shares."""

from datetime import date

import pytest

from bot.text.words import count_of, joined, joined_first, long_date, short_date


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        (["a", "b", "c", "d"], "a, b, c and d"),
    ],
)
def test_words_are_listed_as_english_lists_them(words: list[str], text: str) -> None:
    assert joined(words) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, ""),
        (1, "a"),
        (2, "a and a"),
        (3, "a, a and 1 more"),
        (1002, "a, a and 1,000 more"),
    ],
)
def test_many_words_are_the_first_of_them_and_how_many_more(count: int, text: str) -> None:
    assert joined_first(["a"] * count, 2) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 papers"), (1, "1 paper"), (2, "2 papers"), (1200, "1,200 papers")],
)
def test_only_one_is_singular(count: int, text: str) -> None:
    assert count_of(count, "paper") == text


def test_dates_are_english_whatever_the_locale() -> None:
    assert short_date(date(2020, 8, 21)) == "21 Aug 2020"
    assert long_date(date(2020, 8, 21)) == "Fri, 21 Aug 2020"
    assert long_date(date(2024, 1, 1)) == "Mon, 1 Jan 2024"
    assert long_date(date(2024, 12, 8)) == "Sun, 8 Dec 2024"
