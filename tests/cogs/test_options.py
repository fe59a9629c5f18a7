"""What people type into options: every usual form is read, everything else is one sentence."""

from dataclasses import replace
from datetime import date, time
from zoneinfo import available_timezones

import pytest

from bot.cogs.options import (
    MAX_CATEGORIES,
    SetupOptions,
    parse_categories,
    parse_day,
    parse_name,
    parse_time,
    parse_types,
    parse_zone,
    read_search,
    read_wishes,
    suggest_times,
    suggest_zones,
)
from bot.errors import InputError, UnknownCategory
from bot.models import AnnounceType
from tests.builders import make_subscription

ZONES = sorted(available_timezones())


@pytest.mark.parametrize(
    ("text", "categories"),
    [
        ("cs.CV", ("cs.CV",)),
        ("cs.cv, CS.LG", ("cs.CV", "cs.LG")),
        (" cs.CV;stat.ML  hep-th ", ("cs.CV", "stat.ML", "hep-th")),
        ("cs.CV, cs.CV,, cs.CV", ("cs.CV",)),
        ("cs.SY", ("eess.SY",)),
        ("computer vision", ("cs.CV",)),
        ("Robotics, cs.LG cs.AI", ("cs.RO", "cs.LG", "cs.AI")),
        ("eess.*", ("eess.AS", "eess.IV", "eess.SP", "eess.SY")),
        ("econ hep-th", ("econ.EM", "econ.GN", "econ.TH", "hep-th")),
    ],
)
def test_categories_are_read_in_their_order_each_once(
    text: str, categories: tuple[str, ...]
) -> None:
    assert parse_categories(text) == categories


def test_an_unknown_category_is_named_with_the_nearest() -> None:
    with pytest.raises(UnknownCategory, match=r"'cs\.CW' is not an arXiv category\. Did you mean"):
        parse_categories("cs.LG, cs.CW")


def test_there_is_a_most_of_categories() -> None:
    for archive in ("cs", "math.*", "physics"):
        assert len(parse_categories(archive)) <= MAX_CATEGORIES
    with pytest.raises(InputError, match="at most 50"):
        parse_categories("cs.*, math")


def test_a_name_of_several_categories_names_them() -> None:
    with pytest.raises(InputError, match=r"may be cs\.LG \(Machine Learning\) or stat\.ML"):
        parse_categories("machine learning")


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("09:00", time(9)), ("9", time(9)), ("9.30", time(9, 30)), ("9h30", time(9, 30)),
        ("7pm", time(19)), ("7:15 PM", time(19, 15)), ("12 am", time(0)), ("12 p.m.", time(12)),
        ("21h", time(21)), ("9 am", time(9)), ("Noon", time(12)),
        ("23:59", time(23, 59)), ("0:00", time(0)),
        ("when announced", None), ("As  Announced", None), ("at once", None),
    ],
)  # fmt: skip
def test_times_are_read_in_their_usual_forms(text: str, at: time | None) -> None:
    assert parse_time(text) == at


@pytest.mark.parametrize(
    "text", ["24:00", "9:60", "13 pm", "0 am", "", "soon", "９:00", "-1", "1e3"]
)
def test_what_is_no_time_says_how_to_write_one(text: str) -> None:
    with pytest.raises(InputError, match="write it like 09:00 or 17:30"):
        parse_time(text)


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"), ("europe/berlin", "Europe/Berlin"),
        ("berlin", "Europe/Berlin"), ("New York", "America/New_York"), ("utc", "UTC"),
    ],
)  # fmt: skip
def test_zones_are_found_by_name_and_by_city(text: str, zone: str) -> None:
    assert parse_zone(text, ZONES) == zone


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("Berln", "Europe/Berlin"),
        ("Amerika/New_York", "America/New_York"),
        ("louisville", "America/Kentucky/Louisville"),  # two zones have it
        ("CEST", "CET"),
        ("", "Europe/Berlin or UTC"),
    ],
)
def test_what_is_no_zone_names_the_nearest(text: str, hint: str) -> None:
    with pytest.raises(InputError, match="is not a time zone") as raised:
        parse_zone(text, ZONES)
    assert hint in str(raised.value)


def test_zones_are_offered_by_city_first() -> None:
    assert suggest_zones("berl", ZONES) == ["Europe/Berlin"]
    assert suggest_zones("london", ZONES)[0] == "Europe/London"
    assert suggest_zones("europe/l", ZONES)[0].startswith("Europe/L")
    assert len(suggest_zones("", ZONES)) == 25
    assert suggest_zones("nowhere", ZONES) == []


def test_every_offered_time_is_one() -> None:
    assert len(suggest_times("")) == 25
    for text in suggest_times(""):
        parse_time(text)
    assert suggest_times("17") == ["17:00"]


@pytest.mark.parametrize("text", ["2020-08-21", "2020/8/21", " 2020.08.21 "])
def test_dates_are_read(text: str) -> None:
    assert parse_day(text) == date(2020, 8, 21)


@pytest.mark.parametrize(
    "text", ["2020-02-30", "21 Aug 2020", "2020-08", "today", "", "2020-13-01"]
)
def test_what_is_no_date_says_how_to_write_one(text: str) -> None:
    with pytest.raises(InputError, match="like 2020-08-21"):
        parse_day(text)


def test_types_are_read_by_their_words_and_by_their_names() -> None:
    assert parse_types("new submissions only") == (AnnounceType.NEW,)
    assert parse_types("replace, NEW") == (AnnounceType.NEW, AnnounceType.REPLACE)
    with pytest.raises(InputError, match="use new, cross, replace, replace-cross"):
        parse_types("old")


def test_names_are_one_line() -> None:
    assert parse_name("  graph \n networks ") == "graph networks"
    with pytest.raises(InputError, match="50 characters; this has 51"):
        parse_name("x" * 51)


def test_a_new_digest_has_defaults() -> None:
    wishes = read_wishes(None, SetupOptions(categories="cs.CV"), zones=ZONES)
    assert wishes.announce_types == (AnnounceType.NEW, AnnounceType.CROSS)
    assert (wishes.post_at, wishes.zone, wishes.style) == (None, "UTC", "auto")
    assert (wishes.options.top, wishes.options.cards_up_to) == (5, 25)


def test_what_is_left_out_stays_as_it_was() -> None:
    before = make_subscription(
        announce_types=[AnnounceType.REPLACE], post_at=time(8), zone="Asia/Tokyo"
    )
    wishes = read_wishes(before, SetupOptions(categories="cs.LG"), zones=ZONES)
    assert wishes.categories == ("cs.LG",)
    assert wishes.announce_types == (AnnounceType.REPLACE,)
    assert (wishes.post_at, wishes.zone) == (time(8), "Asia/Tokyo")
    wishes = read_wishes(before, SetupOptions(time="when announced"), zones=ZONES)
    assert wishes.categories == before.categories
    assert wishes.post_at is None


def test_how_many_papers_stand_out_is_changed_by_what_is_said_only() -> None:
    before = replace(make_subscription(style="brief"), top=3, cards_up_to=10)
    same = read_wishes(before, SetupOptions(categories="cs.CV"), zones=ZONES)
    assert (same.style, same.options.top, same.options.cards_up_to) == ("brief", 3, 10)
    none = read_wishes(before, SetupOptions(top=0, cards_up_to=0), zones=ZONES)
    assert (none.options.top, none.options.cards_up_to) == (0, 0)


def test_an_unknown_style_names_those_there_are() -> None:
    with pytest.raises(InputError, match="is not a style; use auto, brief, list, cards"):
        read_wishes(None, SetupOptions(categories="cs.CV", style="posters"), zones=ZONES)


def test_options_of_a_search_become_part_of_its_text() -> None:
    query = read_search("nerf OR splatting", "cs.cv", "K. He", "2020-08", "2021", True)
    for part in ("category:cs.CV", "author:", "since:2020-08-01", "until:2021-12-31", "has:code"):
        assert part in query.text


@pytest.mark.parametrize("text", ["x" * 300, "`*_~|>#", "\u202e", "𝔊" * 100])
def test_whatever_is_typed_is_shown_short_and_on_one_line(text: str) -> None:
    for parse in (parse_time, parse_day, parse_types):
        with pytest.raises(InputError) as raised:
            parse(text)
        assert len(str(raised.value)) < 400
        assert "\n" not in str(raised.value)
