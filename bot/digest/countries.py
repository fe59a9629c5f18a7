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

SAMPLES: Final = tuple(datetime(2025, month, 15) for month in range(1, 13))  # noqa: DTZ001


@cache
def _countries() -> Mapping[str, str]:
    """Return the countries' codes by their names, in small letters."""
    names = {name.casefold(): code for code, name in _rows("iso3166.tab")}
    return MappingProxyType({**names, **OTHER_NAMES})


@cache
def _zones() -> Mapping[str, Sequence[str]]:
    """Return the zones of countries by their codes, those of most people first as a rule."""
    zones: dict[str, list[str]] = {}
    for code, _, zone, *_ in _rows("zone.tab"):
        zones.setdefault(code, []).append(zone)
    return MappingProxyType(zones)


def _rows(name: str) -> Iterator[list[str]]:
    text = resources.files("tzdata").joinpath("zoneinfo", name).read_text(encoding="utf-8")
    return (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))


def zones_of_country(text: str) -> list[str]:
    """List a country's zones, one for each time that its clocks show; none for other words.

    What most of its zones have comes first.
    """
    code = _countries().get(" ".join(text.split()).casefold())
    by_clock: dict[tuple[timedelta | None, ...], list[str]] = {}
    for zone in _zones().get(code or "", ()):
        clock = tuple(ZoneInfo(zone).utcoffset(at) for at in SAMPLES)
        by_clock.setdefault(clock, []).append(zone)
    return [zones[0] for zones in sorted(by_clock.values(), key=len, reverse=True)]


def suggest_countries(text: str) -> list[tuple[str, str]]:
    """List (zone, country) of the countries whose name begins so, while one types."""
    wanted = " ".join(text.split()).casefold()
    if len(wanted) < 2:
        return []
    names = sorted(name for name in _countries() if name.startswith(wanted))
    return [
        (zone, name.upper() if len(name) <= 4 else name.title())
        for name in names[:5]
        for zone in zones_of_country(name)
    ]
