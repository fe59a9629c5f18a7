"""Time zones: what a stored code stands for, and what people mean by offsets and abbreviations.

A code is an IANA name such as ``Europe/Berlin``, or an offset of our own such as ``UTC+05:30``.
Offsets are not stored under IANA's names: those of ``Etc/`` have the sign inverted (``Etc/GMT+8``
is UTC-8), and there are none for half hours. Cities and countries are found elsewhere; here is
only what has a meaning wherever one lives.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta, timezone, tzinfo
from functools import cache
from types import MappingProxyType
from zoneinfo import ZoneInfo, available_timezones

from bot.errors import InputError

NO_ZONES = frozenset({"localtime", "posixrules", "Factory"})
"""Files among the zone data that name no zone, or another one on each host."""

NO_PLACES = ("posix/", "right/", "SystemV/", "Etc/")
"""Folders of the zone data that nobody needs to choose from."""

QUARTER_MIN = 15
FIRST, LAST = timedelta(hours=-12), timedelta(hours=14)
"""The offsets that are in use: Baker Island's, and that of the Line Islands."""

_CODE = re.compile(r"UTC([+-])(\d\d):(\d\d)", re.ASCII)
_INVERTED = re.compile(r"Etc/GMT([+-])(\d{1,2})", re.ASCII | re.IGNORECASE)
_MINUS = str.maketrans("\u2212\u2010\u2011\u2012\u2013", "-----")
_OFFSET = re.compile(
    r"(?:utc?|gmt)?\s*([+-])\s*(\d{1,2})(?:(?:\s*[:h]\s*)?([0-5]\d)|[.,](\d{1,2}))?",
    re.ASCII | re.IGNORECASE,
)
_UNSIGNED = re.compile(r"(?:utc?|gmt)\s*(\d{1,2}(?:[:.]?\d{1,2})?)", re.ASCII | re.IGNORECASE)
_PARTS = {"0": 0, "00": 0, "25": 15, "5": 30, "50": 30, "75": 45, "15": 15, "30": 30, "45": 45}
"""The minutes of what is written behind a point: half of an hour, or 30 minutes."""


@dataclass(frozen=True, slots=True)
class Named:
    """A zone, and the words for where it is."""

    zone: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneMeaning:
    """What a person means by ``text``: the code ``zone``, which is empty where it may be several.

    ``summer`` is a zone that has summer time where ``zone`` has none, though the clocks of most
    who write ``text`` are changed. ``others`` are where the same is written for another time.
    """

    text: str
    zone: str = ""
    summer: str = ""
    others: tuple[Named, ...] = ()


def find_zone(code: str) -> tzinfo | None:
    """Return the zone that a stored code stands for; None where this host knows none."""
    if is_offset(code):
        return _fixed_zone(code)
    if code in NO_ZONES or code.startswith(("posix/", "right/")):
        return None
    try:
        return ZoneInfo(code)
    except (KeyError, ValueError, OSError):  # unknown, impossible as a name, a folder
        return None


def zone_of(code: str) -> tzinfo:
    """Return the zone of a stored code, and UTC for one that is not known."""
    return find_zone(code) or UTC


def is_offset(code: str) -> bool:
    """Whether a code is an offset of our own, the same all year; UTC itself is none."""
    return _CODE.fullmatch(code) is not None


@cache
def _fixed_zone(code: str) -> tzinfo | None:
    match = _CODE.fullmatch(code)
    if match is None:
        return None
    offset = timedelta(hours=int(match[2]), minutes=int(match[3])) * (-1 if match[1] == "-" else 1)
    return timezone(offset, code) if _is_in_use(offset) else None


def _is_in_use(offset: timedelta) -> bool:
    return FIRST <= offset <= LAST and not offset % timedelta(minutes=QUARTER_MIN)


@cache
def list_zones() -> tuple[str, ...]:
    """List the IANA names to choose from, as far as this host knows them."""
    names = (
        name
        for name in available_timezones()
        if name not in NO_ZONES
        and name.casefold() not in _BY_FOLDED
        and not name.startswith(NO_PLACES)
    )
    return tuple(sorted(names))


def inverted_offset(code: str) -> tuple[str, str] | None:
    """Return what ``Etc/GMT+8`` stands for, and what it looks like.

    None for any other code, and where only one of the two is an offset in use.
    """
    match = _INVERTED.fullmatch(code)
    seeming = timedelta(hours=int(match[1] + match[2])) if match else timedelta()
    if not seeming or not _is_in_use(seeming) or not _is_in_use(-seeming):
        return None
    return _code_of(-seeming), _code_of(seeming)


def read_meaning(text: str) -> ZoneMeaning | None:
    """Read an offset or an abbreviation as people mean them; None where it is neither.

    Raises `InputError` for an offset that is none, or whose sign is not known.
    """
    wanted = " ".join(text.translate(_MINUS).split())
    known = _BY_FOLDED.get(wanted.casefold())
    if known is not None:
        return known
    if inverted := inverted_offset(wanted):
        real, seeming = inverted
        raise InputError(
            f"{wanted} stands for {real}, as its sign is inverted; write {real} or {seeming}."
        )
    if match := _UNSIGNED.fullmatch(wanted):
        raise InputError(
            f"{wanted!r} lacks its sign; write UTC+{match[1]} (ahead of UTC) or UTC-{match[1]}."
        )
    code = _read_offset(wanted)
    return ZoneMeaning(text=wanted, zone=code) if code else None


def _read_offset(text: str) -> str | None:
    match = _OFFSET.fullmatch(text)
    if match is None:
        return None
    sign, hours, minutes, part = match.groups()
    read = _PARTS.get(part) if part else int(minutes or 0)
    offset = timedelta(hours=int(hours), minutes=read or 0) * (-1 if sign == "-" else 1)
    if read is None or not _is_in_use(offset):
        raise InputError(
            f"{text!r} is no offset in use: they go from UTC-12 to UTC+14 in quarters of an hour, "
            "such as UTC+5:30."
        )
    return _code_of(offset)


def _code_of(offset: timedelta) -> str:
    if not offset:
        return "UTC"
    hours, minutes = divmod(abs(offset) // timedelta(minutes=1), 60)
    return f"UTC{'-' if offset < timedelta() else '+'}{hours:02}:{minutes:02}"


# -- what is offered while a person types ----------------------------------------------------------

_HALVES = ((-9, 30), (-3, 30), (3, 30), (4, 30), (5, 30), (5, 45), (6, 30), (8, 45), (9, 30),
           (10, 30), (12, 45))  # fmt: skip
OFFSETS = tuple(
    _code_of(offset)
    for offset in sorted(
        {timedelta(hours=hours) for hours in range(-12, 15)}
        | {
            timedelta(hours=abs(hours), minutes=minutes) * (-1 if hours < 0 else 1)
            for hours, minutes in _HALVES
        }
    )
)
"""The offsets that places have."""

_BEGUN = re.compile(r"(?:utc?|gmt)?\s*([+-])\s*0?(\d{0,2})(?:[:.,h]\d{0,2})?", re.ASCII | re.I)


def suggest_meanings(text: str) -> list[Named]:
    """List what an abbreviation or an offset that is being typed may mean, likely ones first."""
    wanted = " ".join(text.translate(_MINUS).split())
    known = _BY_FOLDED.get(wanted.casefold())
    if known is not None:
        own = Named(known.zone, "the same all year" if known.summer else "")
        summer = Named(known.summer, "with summer time")
        return [each for each in (summer, own, *known.others) if each.zone]
    begun = _BEGUN.fullmatch(wanted)
    if begun is None:
        return []
    try:
        exact = _read_offset(wanted)
    except InputError:
        exact = None
    starts = f"UTC{begun[1]}{begun[2]}", f"UTC{begun[1]}0{begun[2]}"
    codes = [*([exact] if exact else []), *(code for code in OFFSETS if code.startswith(starts))]
    return [Named(code, "") for code in dict.fromkeys(codes)]


# -- abbreviations ---------------------------------------------------------------------------------


def _same(zone: str, *names: str) -> list[ZoneMeaning]:
    """These names are used all over one zone, whose clocks they follow."""
    return [ZoneMeaning(text=name, zone=zone) for name in names]


def _standard(name: str, zone: str, summer: str, *others: Named) -> ZoneMeaning:
    """The name of a standard time, where clocks are changed in summer."""
    return ZoneMeaning(text=name, zone=zone, summer=summer, others=others)


def _several(name: str, *others: Named) -> ZoneMeaning:
    return ZoneMeaning(text=name, others=others)


_MEANINGS = (
    *_same("UTC", "UTC", "UT", "UCT", "Z", "Zulu", "Universal", "Greenwich"),
    *_same("UTC", "GMT0", "GMT+0", "GMT-0", "Etc/GMT", "Etc/GMT0", "Etc/GMT+0", "Etc/GMT-0"),
    *_same("UTC", "Etc/UTC", "Etc/UCT", "Etc/Universal", "Etc/Zulu", "Etc/Greenwich"),
    _standard("GMT", "UTC", "Europe/London"),
    # North America
    _standard("EST", "UTC-05:00", "America/New_York"),
    _several(
        "CST",
        Named("America/Chicago", "North America"),
        Named("Asia/Shanghai", "China"),
        Named("America/Havana", "Cuba"),
    ),
    _standard("MST", "UTC-07:00", "America/Denver"),
    _standard("PST", "UTC-08:00", "America/Los_Angeles", Named("Asia/Manila", "the Philippines")),
    _standard("AKST", "UTC-09:00", "America/Anchorage"),
    _standard("NST", "UTC-03:30", "America/St_Johns"),
    _several(
        "AST",
        Named("America/Halifax", "Canada"),
        Named("America/Puerto_Rico", "the Caribbean"),
        Named("Asia/Riyadh", "Arabia"),
    ),
    *_same("America/New_York", "EDT", "ET"),
    ZoneMeaning(text="CDT", zone="America/Chicago", others=(Named("America/Havana", "Cuba"),)),
    *_same("America/Denver", "MDT"),
    *_same("America/Los_Angeles", "PDT"),
    *_same("America/Anchorage", "AKDT"),
    *_same("America/St_Johns", "NDT"),
    *_same("America/Halifax", "ADT"),
    *_same("Pacific/Honolulu", "HST"),
    *_same("America/Adak", "HDT"),
    # South America
    *_same("America/Sao_Paulo", "BRT"),
    *_same("America/Argentina/Buenos_Aires", "ART"),
    # Europe: IANA has zones of the names CET, EET, MET and WET, and they have summer time
    *_same("Europe/Lisbon", "WET", "WEST"),
    *_same("Europe/Brussels", "CET", "CEST", "MET", "MEZ", "MESZ"),
    *(
        ZoneMeaning(text=name, zone="Europe/Athens", others=(Named("Africa/Cairo", "Egypt"),))
        for name in ("EET", "EEST")
    ),
    ZoneMeaning(text="BST", zone="Europe/London", others=(Named("Asia/Dhaka", "Bangladesh"),)),
    *_same("Europe/Moscow", "MSK"),
    *_same("Europe/Istanbul", "TRT"),
    # Africa
    *_same("Africa/Lagos", "WAT"),
    *_same("Africa/Maputo", "CAT"),
    *_same("Africa/Nairobi", "EAT"),
    *_same("Africa/Johannesburg", "SAST"),
    # Asia
    _several(
        "IST",
        Named("Asia/Kolkata", "India"),
        Named("Europe/Dublin", "Ireland"),
        Named("Asia/Jerusalem", "Israel"),
    ),
    *_same("Asia/Jerusalem", "IDT"),
    *_same("Asia/Dubai", "GST"),
    *_same("Asia/Karachi", "PKT"),
    *_same("Asia/Kathmandu", "NPT"),
    *_same("Asia/Bangkok", "ICT"),
    *_same("Asia/Jakarta", "WIB"),
    *_same("Asia/Makassar", "WITA"),
    *_same("Asia/Jayapura", "WIT"),
    *_same("Asia/Kuala_Lumpur", "MYT"),
    *_same("Asia/Singapore", "SGT"),
    *_same("Asia/Manila", "PHT"),
    *_same("Asia/Hong_Kong", "HKT"),
    *_same("Asia/Seoul", "KST"),
    *_same("Asia/Tokyo", "JST"),
    # Oceania
    *_same("Australia/Perth", "AWST"),
    _standard("ACST", "UTC+09:30", "Australia/Adelaide"),
    _standard("AEST", "UTC+10:00", "Australia/Sydney"),
    *_same("Australia/Adelaide", "ACDT"),
    *_same("Australia/Sydney", "AEDT"),
    _standard("NZST", "UTC+12:00", "Pacific/Auckland"),
    *_same("Pacific/Auckland", "NZDT"),
    *_same("Pacific/Guam", "ChST"),
    _several(
        "SST", Named("Pacific/Pago_Pago", "American Samoa"), Named("Asia/Singapore", "Singapore")
    ),
)  # fmt: skip

ABBREVIATIONS: Mapping[str, ZoneMeaning] = MappingProxyType({each.text: each for each in _MEANINGS})
"""What abbreviations mean; what IANA's own data say of them is compared by the tests."""

_BY_FOLDED = {text.casefold(): meaning for text, meaning in ABBREVIATIONS.items()}
