"""The zones of countries, as the zone data's own tables list them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

OTHER_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "america": "US",
        "britain": "GB",
        "england": "GB",
        "great britain": "GB",
        "holland": "NL",
        "korea": "KR",
        "scotland": "GB",
        "south korea": "KR",
        "the netherlands": "NL",
        "türkiye": "TR",
        "u.s.": "US",
        "uae": "AE",
        "uk": "GB",
        "united kingdom": "GB",
        "usa": "US",
        "united states of america": "US",
        "wales": "GB",
    }
)
"""What people write besides the names of the table."""

MAIN: Final[Mapping[str, Sequence[str]]] = MappingProxyType(
    {
        "AQ": ("Antarctica/McMurdo",),
        "AU": ("Australia/Sydney", "Australia/Brisbane", "Australia/Perth", "Australia/Adelaide"),
        "BR": ("America/Sao_Paulo", "America/Manaus", "America/Rio_Branco"),
        "CA": ("America/Toronto", "America/Vancouver", "America/Edmonton", "America/Winnipeg",
               "America/Halifax", "America/Regina", "America/St_Johns", "America/Whitehorse"),
        "CL": ("America/Santiago", "America/Punta_Arenas"),
        "MX": ("America/Mexico_City", "America/Tijuana", "America/Hermosillo"),
        "PS": ("Asia/Hebron",),
        "RU": ("Europe/Moscow", "Asia/Yekaterinburg", "Asia/Novosibirsk", "Europe/Samara",
               "Asia/Irkutsk", "Asia/Vladivostok", "Asia/Yakutsk", "Asia/Omsk",
               "Europe/Kaliningrad", "Asia/Sakhalin"),
        "UA": ("Europe/Kyiv",),
        "US": ("America/New_York", "America/Chicago", "America/Los_Angeles", "America/Denver",
               "America/Phoenix", "Pacific/Honolulu"),
        "UZ": ("Asia/Tashkent",),
    }
)  # fmt: skip
"""Where most people of a country live, by its code, where the table does not begin with that."""

SAMPLES: Final = tuple(datetime(2025, month, 15) for month in range(1, 13))  # noqa: DTZ001


@cache
def _countries() -> Mapping[str, str]:
    """Return the countries' codes by their names, in small letters."""
    names = {name.casefold(): code for code, name in _rows("iso3166.tab")}
    return MappingProxyType({**names, **OTHER_NAMES})


@cache
def _spelled() -> Mapping[str, str]:
    """Return the countries' names as the table spells them, by the same in small letters."""
    return MappingProxyType({name.casefold(): name for _, name in _rows("iso3166.tab")})


@cache
def _zones() -> Mapping[str, Sequence[str]]:
    """Return the zones of countries by their codes, in the order of the table."""
    zones: dict[str, list[str]] = {}
    for code, _, zone, *_ in _rows("zone.tab"):
        zones.setdefault(code, []).append(zone)
    return MappingProxyType(zones)


def _rows(name: str) -> Iterator[list[str]]:
    text = resources.files("tzdata").joinpath("zoneinfo", name).read_text(encoding="utf-8")
    return (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))


def zones_of_country(text: str) -> list[str]:
    """List a country's zones, one for each time that its clocks show; none for other words.

    Those where most people live come first, and stand for the others that show the same time.
    """
    code = _countries().get(" ".join(text.split()).casefold(), "")
    of_country = _zones().get(code, ())
    main = [zone for zone in MAIN.get(code, ()) if zone in of_country]
    by_clock: dict[tuple[timedelta | None, ...], str] = {}
    for zone in dict.fromkeys((*main, *of_country)):
        by_clock.setdefault(tuple(ZoneInfo(zone).utcoffset(at) for at in SAMPLES), zone)
    return list(by_clock.values())


def suggest_countries(text: str) -> list[tuple[str, str]]:
    """List (zone, country) of the countries whose name begins so, while one types."""
    wanted = " ".join(text.split()).casefold()
    if len(wanted) < 2:
        return []
    names = sorted(name for name in _countries() if name.startswith(wanted))
    return [
        (zone, _spelled().get(name) or (name.upper() if len(name) < 4 else name.title()))
        for name in names[:5]
        for zone in zones_of_country(name)
    ]
