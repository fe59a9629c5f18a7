"""Zones by the person's meaning: offsets with their own sign, abbreviations as IANA's data say."""

import shutil
import zoneinfo
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import pytest

from bot.digest.due import due_instant
from bot.digest.zones import (
    ABBREVIATIONS,
    OFFSETS,
    Named,
    find_zone,
    inverted_offset,
    is_offset,
    list_zones,
    read_meaning,
    suggest_meanings,
    zone_of,
)
from bot.errors import InputError
from tests.builders import DAY

YEAR = [datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=days) for days in range(0, 365, 5)]


def offset_at(moment: datetime, zone: tzinfo) -> timedelta:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None
    return offset


def offset_of(code: str) -> timedelta:
    zone = find_zone(code)
    assert zone is not None
    return offset_at(YEAR[0], zone)


def offsets_in(zone: tzinfo) -> set[timedelta]:
    """Return the offsets that a zone has in the course of a year."""
    return {offset_at(moment, zone) for moment in YEAR}


# -- offsets ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("GMT+8", "UTC+08:00"), ("UTC+8", "UTC+08:00"), ("utc+2", "UTC+02:00"),
        ("GMT-5", "UTC-05:00"), ("UTC+5:30", "UTC+05:30"), ("UTC+05:30", "UTC+05:30"),
        (" gmt + 8 ", "UTC+08:00"), ("UTC +8", "UTC+08:00"), ("+8", "UTC+08:00"),
        ("-0330", "UTC-03:30"), ("+05:45", "UTC+05:45"), ("UTC+1030", "UTC+10:30"),
        ("UTC+530", "UTC+05:30"), ("UTC+5.5", "UTC+05:30"), ("GMT+5,75", "UTC+05:45"),
        ("UTC-9.5", "UTC-09:30"), ("UTC+5.30", "UTC+05:30"), ("UTC+5h30", "UTC+05:30"),
        ("UTC\u22125", "UTC-05:00"), ("UTC\u20133", "UTC-03:00"), ("ut-1", "UTC-01:00"),
        ("UTC+14", "UTC+14:00"), ("UTC-12", "UTC-12:00"), ("UTC+5.0", "UTC+05:00"),
        ("UTC+5.00", "UTC+05:00"), ("UTC+5.25", "UTC+05:15"), ("UTC+5.15", "UTC+05:15"),
        ("UTC+5.50", "UTC+05:30"), ("UTC+5.45", "UTC+05:45"), ("UTC+0:45", "UTC+00:45"),
        ("-0:15", "UTC-00:15"), ("UTC+13:45", "UTC+13:45"),
        ("GMT+0", "UTC"), ("GMT-0", "UTC"), ("UTC+00:00", "UTC"), ("GMT0", "UTC"),
    ],
)  # fmt: skip
def test_an_offset_means_what_its_sign_says(text: str, code: str) -> None:
    meaning = read_meaning(text)
    assert meaning
    assert meaning.zone == code
    assert meaning.summer == ""
    assert meaning.text == " ".join(text.replace("\u2212", "-").replace("\u2013", "-").split())


def test_eight_hours_ahead_are_noon_when_utc_has_four() -> None:
    meaning = read_meaning("GMT+8")
    assert meaning
    assert due_instant(DAY, time(12), zone_of(meaning.zone)) == datetime(2024, 3, 5, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["UTC+15", "GMT-13", "UTC+14:15", "UTC-12:30", "UTC+25", "UTC+5:17", "UTC+5.4", "UTC+5.60"],
)
def test_an_offset_that_no_place_has_says_which_there_are(text: str) -> None:
    with pytest.raises(InputError, match=r"go from UTC-12 to UTC\+14 in quarters of an hour"):
        read_meaning(text)


@pytest.mark.parametrize("text", ["UTC8", "gmt 8", "UTC5:30"])
def test_an_offset_without_a_sign_is_asked_for_it(text: str) -> None:
    with pytest.raises(InputError, match=r"lacks its sign; write UTC\+[58].* or UTC-"):
        read_meaning(text)


def test_the_inverted_names_are_told_apart() -> None:
    with pytest.raises(InputError) as raised:
        read_meaning("Etc/GMT+8")
    assert "stands for UTC-08:00, as its sign is inverted" in str(raised.value)
    for hours in (*range(-12, 0), *range(1, 13)):
        name = f"Etc/GMT{hours:+}"
        told = inverted_offset(name)
        assert told
        assert offset_of(told[0]) == offset_of(name) == timedelta(hours=-hours)
        assert offset_of(told[1]) == timedelta(hours=hours)
    for name in ("Etc/GMT+0", "Etc/GMT", "Etc/GMT-14", "Etc/GMT+13", "Europe/Berlin", "UTC+08:00"):
        assert inverted_offset(name) is None


@pytest.mark.parametrize(
    "text", ["", "Berlin", "8", "+", "UTC+", "UTC+8x", "1e3", "+123456", "\uff0b8", "UTC+\uff18"]
)
def test_what_is_neither_is_left_to_others(text: str) -> None:
    assert read_meaning(text) is None


# -- abbreviations ---------------------------------------------------------------------------------


def abbreviations_of_iana() -> Mapping[str, Mapping[timedelta, set[str]]]:
    """Return by abbreviation the offsets that it stands for this year, and the zones."""
    found: dict[str, dict[timedelta, set[str]]] = defaultdict(lambda: defaultdict(set))
    for name in available_timezones():
        if "/" in name and not name.startswith("Etc/"):
            for moment in YEAR:
                local = moment.astimezone(ZoneInfo(name))
                abbreviation = local.tzname() or ""
                if abbreviation.isalpha():
                    found[abbreviation][offset_at(moment, ZoneInfo(name))].add(name)
    return found


IANA = abbreviations_of_iana()


def test_every_abbreviation_in_use_is_known() -> None:
    assert set(IANA) - set(ABBREVIATIONS) == set()


@pytest.mark.parametrize("name", sorted(IANA))
def test_an_abbreviation_means_what_it_means_in_its_zones(name: str) -> None:
    """One time of those that IANA knows, with the others named, or several and none chosen."""
    meaning = read_meaning(name.lower())
    assert meaning is ABBREVIATIONS[name]
    places = [each.zone for each in meaning.others]
    chosen = [place for place in (meaning.zone, meaning.summer) if place]
    for offset, zones in IANA[name].items():
        if meaning.zone and offset in offsets_in(zone_of(meaning.zone)):
            # The zone that is stored has just this offset, or the name is used in it.
            assert meaning.zone in zones or offsets_in(zone_of(meaning.zone)) == {offset}
        else:
            assert zones & set(places), f"{name} is {offset} in {sorted(zones)}"
    assert chosen or len(places) > 1


def test_every_meaning_is_a_zone_of_this_host() -> None:
    for name, meaning in ABBREVIATIONS.items():
        for code in (meaning.zone, meaning.summer, *(each.zone for each in meaning.others)):
            assert not code or find_zone(code) is not None, name
        assert meaning.text == name
        if meaning.summer:
            own = offsets_in(zone_of(meaning.zone))
            assert len(own) == 1, name
            assert own < offsets_in(zone_of(meaning.summer)), name


@pytest.mark.parametrize(
    ("text", "zone", "summer"),
    [
        ("EST", "UTC-05:00", "America/New_York"), ("mst", "UTC-07:00", "America/Denver"),
        ("HST", "Pacific/Honolulu", ""), ("PST", "UTC-08:00", "America/Los_Angeles"),
        ("CET", "Europe/Brussels", ""), ("CEST", "Europe/Brussels", ""),
        ("EDT", "America/New_York", ""), ("JST", "Asia/Tokyo", ""), ("Z", "UTC", ""),
        ("GMT", "UTC", "Europe/London"), ("AEST", "UTC+10:00", "Australia/Sydney"),
        ("chst", "Pacific/Guam", ""), ("Etc/UTC", "UTC", ""),
    ],
)  # fmt: skip
def test_abbreviations_that_are_certain(text: str, zone: str, summer: str) -> None:
    meaning = read_meaning(text)
    assert meaning
    assert (meaning.zone, meaning.summer) == (zone, summer)


@pytest.mark.parametrize(
    ("text", "zones"),
    [
        ("CST", ["America/Chicago", "Asia/Shanghai", "America/Havana"]),
        ("IST", ["Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"]),
        ("ast", ["America/Halifax", "America/Puerto_Rico", "Asia/Riyadh"]),
    ],
)
def test_abbreviations_of_several_places_choose_none(text: str, zones: list[str]) -> None:
    meaning = read_meaning(text)
    assert meaning
    assert meaning.zone == ""
    assert [each.zone for each in meaning.others] == zones


# -- codes -----------------------------------------------------------------------------------------


def test_every_offset_in_use_is_a_code() -> None:
    """Whole hours, and what zones have beside them outside summer."""
    assert "UTC" in OFFSETS
    in_use = {min(offsets_in(ZoneInfo(name))) for name in list_zones()}
    assert in_use <= {offset_of(code) for code in OFFSETS}
    for code in set(OFFSETS) - {"UTC"}:
        assert is_offset(code)
        assert (meaning := read_meaning(code))
        assert meaning.zone == code


@pytest.mark.parametrize(
    "code",
    [
        "Mars/Olympus", "", ".", "..", "../../etc/passwd", "/etc/localtime", "Europe", "a\0b",
        "\udcff", "x" * 5000, "localtime", "posixrules", "Factory", "posix/Europe/Berlin",
        "right/Europe/Berlin", "UTC+25:00", "UTC+14:15", "UTC+05:17", "UTC+5:30", "zone.tab",
    ],
)  # fmt: skip
def test_what_is_no_zone_of_this_host_is_none(code: str) -> None:
    assert find_zone(code) is None
    assert zone_of(code) is UTC
    assert not is_offset(code) or code.startswith("UTC+")


@pytest.fixture
def odd_host(tmp_path: Path) -> Iterator[Path]:
    """A host whose zone data hold files that are no zones, as some systems' do."""
    source = Path(zoneinfo.TZPATH[0]) if zoneinfo.TZPATH else Path("/usr/share/zoneinfo")
    berlin = source / "Europe" / "Berlin"
    if not berlin.exists():
        pytest.skip("no zone data on this machine")
    for name in ("Europe/Berlin", "localtime", "posixrules", "Factory", "posix/Europe/Berlin",
                 "right/Europe/Berlin", "SystemV/EST5", "EST", "GMT+0"):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(berlin, tmp_path / name)
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath([str(tmp_path)])
    yield tmp_path
    zoneinfo.reset_tzpath(before)


def test_what_is_no_zone_is_never_offered(odd_host: Path) -> None:
    assert {"localtime", "Factory"} <= available_timezones()
    zones = list_zones()
    assert "Europe/Berlin" in zones
    names = ("localtime", "posixrules", "Factory", "EST", "CET", "GMT+0", "Etc/GMT+8", "Etc/UTC")
    assert set(names) & set(zones) == set()
    assert [
        zone for zone in zones if zone.startswith(("posix/", "right/", "SystemV/", "Etc/"))
    ] == []
    assert all(find_zone(zone) is not None for zone in zones)
    assert find_zone("localtime") is None


# -- autocomplete ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("EST", ["America/New_York", "UTC-05:00"]),
        ("cst", ["America/Chicago", "Asia/Shanghai", "America/Havana"]),
        ("PST", ["America/Los_Angeles", "UTC-08:00", "Asia/Manila"]),
        ("GMT+8", ["UTC+08:00", "UTC+08:45"]),
        ("utc+5", ["UTC+05:00", "UTC+05:30", "UTC+05:45"]),
        ("UTC+5:3", ["UTC+05:00", "UTC+05:30", "UTC+05:45"]),
        ("+5:30", ["UTC+05:30", "UTC+05:00", "UTC+05:45"]),
        ("UTC-1", ["UTC-01:00", "UTC-12:00", "UTC-11:00", "UTC-10:00"]),
        ("utc", ["UTC"]),
        ("berl", []),
        ("UTC+25", []),
        ("CET", ["Europe/Brussels"]),
    ],
)
def test_what_is_meant_is_offered_first(typed: str, first: list[str]) -> None:
    assert [each.zone for each in suggest_meanings(typed)] == first


def test_what_is_offered_says_what_it_is() -> None:
    assert suggest_meanings("PST") == [
        Named("America/Los_Angeles", "with summer time"),
        Named("UTC-08:00", "the same all year"),
        Named("Asia/Manila", "the Philippines"),
    ]
    assert suggest_meanings("utc+5:45")[0] == Named("UTC+05:45", "")


def test_all_that_is_offered_is_a_zone() -> None:
    for typed in (*ABBREVIATIONS, "+", "-", "UTC+", "gmt-", "UTC-9"):
        offered = suggest_meanings(typed)
        assert offered
        assert all(find_zone(each.zone) is not None for each in offered)
