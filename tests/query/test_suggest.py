"""What may follow in a typed field."""

from datetime import date, timedelta

import pytest

from bot.query.parser import parse_query
from bot.query.suggest import FIRST_YEAR, suggest_dates, suggest_values

TODAY = date(2024, 3, 15)


def values(field: str, typed: str, *, of_readers: bool = False) -> list[str]:
    return [value for value, _ in suggest_values(field, typed, TODAY, of_readers=of_readers)]


def test_every_date_that_is_offered_is_one_and_has_been() -> None:
    day = date(2023, 12, 25)
    for _ in range(100):  # across a year, a February and the ends of months
        for typed in ("", f"{day:%Y}", f"{day:%Y-%m}", f"{day}", "last", f"{day:%Y-%m}-0"):
            for value, _name in suggest_dates(typed, day):
                parse_query(f"since:{value} until:{value}")
                assert f"{FIRST_YEAR}" <= value <= day.isoformat()
        day += timedelta(days=1)


def test_every_value_that_is_offered_is_one() -> None:
    for field in ("type", "has", "is", "license", "since", "until"):
        assert values(field, "")
        for value in values(field, ""):
            parse_query(f"{field}:{value}")


def test_what_readers_did_is_offered_to_those_who_may_ask() -> None:
    for field in ("in", "posted", "liked"):
        assert values(field, "") == []
        assert values(field, "", of_readers=True)
        for value in values(field, "", of_readers=True):
            parse_query(f"{field}:{value}", of_readers=True)
    assert values("is", "un") == []
    assert values("is", "un", of_readers=True) == ["unread"]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("", ["2024-03-15", "2024-03-08", "2024-02-14", "2024-03", "2024-02", "2024", "2023"]),
        ("last", ["2024-02", "2023"]),
        ("Week", ["2024-03-08"]),
        ("2023", ["2023", "2023-01", "2023-02"]),
        ("2023-1", ["2023-10", "2023-11", "2023-12"]),
        ("2022-02", ["2022-02", "2022-02-01", "2022-02-02"]),
        ("2024-03-1", ["2024-03-15", "2024-03-10", "2024-03-11"]),
        ("199", ["1999", "1998", "1997"]),
    ],
)
def test_dates_go_on_from_what_is_typed(typed: str, first: list[str]) -> None:
    assert [value for value, _ in suggest_dates(typed, TODAY)][: len(first)] == first


@pytest.mark.parametrize("typed", ["2025", "2024-13", "2024-04", "1990", "٢٠٢٤", "yesterday?", "-"])
def test_what_is_no_date_yet_offers_none(typed: str) -> None:
    assert suggest_dates(typed, TODAY) == []


def test_known_values_go_on_in_any_case() -> None:
    assert values("type", "REPL") == ["replace", "replace-cross"]
    assert values("has", "c") == ["code"]
    assert values("title", "x") == []


def test_what_is_offered_says_what_it_means() -> None:
    """A date by the name it has today; a value that says it itself says no more."""
    assert suggest_dates("", TODAY)[:8] == [
        ("2024-03-15", "today"),
        ("2024-03-08", "a week ago"),
        ("2024-02-14", "thirty days ago"),
        ("2024-03", "this month"),
        ("2024-02", "last month"),
        ("2024", "this year"),
        ("2023", "last year"),
        ("2022", ""),
    ]
    assert suggest_values("type", "", TODAY) == [
        ("new", ""),
        ("cross", ""),
        ("replace", ""),
        ("replace-cross", ""),
    ]
    assert suggest_values("has", "co", TODAY) == [("code", "")]
    assert suggest_values("until", "2023", TODAY) == suggest_dates("2023", TODAY)


def test_the_first_of_a_month_and_of_a_year_are_offered() -> None:
    assert [value for value, _ in suggest_dates("2024-0", date(2024, 3, 1))] == [
        "2024-03-01",
        "2024-02-23",
        "2024-01-31",
        "2024-03",
        "2024-02",
        "2024-01",
    ]
    first = [value for value, _ in suggest_dates("2024-01", date(2024, 1, 1))]
    assert first == ["2024-01-01", "2024-01"]
    assert suggest_dates(f"{FIRST_YEAR}", TODAY)[0] == ("1991", "")
    assert suggest_dates(f"{FIRST_YEAR - 1}-", TODAY) == []
