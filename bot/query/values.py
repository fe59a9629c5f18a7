"""Values of typed fields: dates, categories, types, links, identifiers.

Each reader takes what stands after ``name:`` and returns a leaf, or raises `BadValue` with what
would be right; the parser adds the place.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType

from bot.arxiv.identifier import parse_identifier
from bot.arxiv.taxonomy import ARCHIVES, canonical_category
from bot.errors import InputError
from bot.models import AnnounceType, LinkKind
from bot.query.ast import (
    Announced,
    Category,
    Has,
    HasDoi,
    Identified,
    LeafNode,
    Licensed,
    Liked,
    Posted,
    Saved,
    Since,
    Until,
    Venue,
    Withdrawn,
)
from bot.query.library import parse_tag
from bot.query.tags import LICENSES, venue_words

DATE_FORMS = "a date that exists, such as 2024-03-01, 2024-03 or 2024"
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?", re.ASCII)
_DIGITS = re.compile(r"\d{4}", re.ASCII)  # in every identifier, in few words
_DOI = re.compile(
    r"(?:(?:https?://)?(?:dx\.)?doi\.org/|doi:)?(10\.\d{4,9}/[^\s\"\\$]+)", re.I | re.ASCII
)
SIGNS = str.maketrans('"\\$', "   ")
"""Quotes and signs of TeX, which no value holds: written in a query, they would be read as such."""

LINKS = (LinkKind.CODE, LinkKind.PROJECT, LinkKind.DATA, LinkKind.MODEL)
_AROUND = "\"'`.,;:!?()[]{}<>"


class BadValue(InputError):
    """A value that its field does not know; the message is what would be right."""


def parse_since(text: str) -> date:
    """Read the first day of ``2024-03-01``, ``2024-03`` or ``2024``."""
    year, month, day = _date_numbers(text)
    return _date(year, month or 1, day or 1)


def parse_until(text: str) -> date:
    """Read the last day of ``2024-03-01``, ``2024-03`` or ``2024``."""
    year, month, day = _date_numbers(text)
    if month is None:
        return _date(year, 12, 31)
    if day is None:
        first = _date(year, month, 1)
        return first.replace(day=monthrange(first.year, first.month)[1])
    return _date(year, month, day)


def _date_numbers(text: str) -> tuple[int, int | None, int | None]:
    found = _DATE.fullmatch(text.strip(_AROUND + " "))
    if not found:
        raise BadValue(DATE_FORMS)
    year, month, day = (int(part) if part else None for part in found.groups())
    return year or 0, month, day


def _date(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError as error:
        raise BadValue(DATE_FORMS) from error


def parse_category(text: str) -> Category:
    """Read a category, or an archive: ``cs.CV``, ``cs.*``, ``cs``; raises `UnknownCategory`."""
    code = text.strip(_AROUND + " ")
    archive = code.removesuffix(".*").casefold()
    if archive in ARCHIVES:
        return Category(code=archive, is_archive=True)
    return Category(code=canonical_category(code))


def _announced(text: str) -> Announced:
    try:
        return Announced(announce_type=AnnounceType(text.strip(_AROUND).casefold()))
    except ValueError as error:
        raise BadValue("new, cross, replace or replace-cross") from error


def _has(text: str) -> Has:
    kind = text.strip(_AROUND).casefold()
    if kind not in LINKS:
        raise BadValue("code (or project, data, model)")
    return Has(kind=LinkKind(kind))


def _venue(text: str) -> Venue:
    name = " ".join(text.translate(SIGNS).strip(_AROUND + " ").split())
    if not venue_words(name):
        raise BadValue('the name of a conference or journal, such as CVPR or "Phys. Rev. D"')
    return Venue(name=name)


def _licensed(text: str) -> Licensed:
    code = text.strip(_AROUND).casefold()
    if code not in LICENSES:
        raise BadValue(f"one of {', '.join(LICENSES)}")
    return Licensed(code=code)


READ_MARKS = ("unread", "read")
STATES = ("withdrawn", *READ_MARKS)


def _state(text: str) -> Withdrawn | Saved:
    state = text.strip(_AROUND).casefold()
    if state not in STATES:
        raise BadValue("withdrawn, unread or read")
    return Withdrawn() if state == "withdrawn" else Saved(is_read=state == "read")


def _saved(text: str) -> Saved:
    if text.strip(_AROUND).casefold() != "library":
        raise BadValue("library")
    return Saved()


def _tagged(text: str) -> Saved:
    try:
        return Saved(tag=parse_tag(text))
    except InputError as error:
        raise BadValue("one word such as slam or to-read") from error


def _posted(text: str) -> Posted:
    if text.strip(_AROUND).casefold() != "here":
        raise BadValue("here")
    return Posted()


_LIKES = re.compile(r"(>=?)?([0-9]{1,6})")


def _liked(text: str) -> Liked:
    found = _LIKES.fullmatch(text.strip(' "'))
    least = int(found[2]) + (found[1] == ">") if found else 0
    if not least:
        raise BadValue("a number of people, such as >3, or 3 for three or more")
    return Liked(least=least)


def _identified(text: str) -> Identified | HasDoi:
    place = find_identifier(text)
    if place is None:
        raise BadValue(
            "an identifier such as 2401.01234, hep-th/9901001, an arXiv address or a DOI"
        )
    return place


def find_identifier(text: str) -> Identified | HasDoi | None:
    """Read an arXiv identifier or DOI in any of its forms; None when it is not one."""
    if not _DIGITS.search(text):
        return None
    try:
        return Identified(arxiv_id=parse_identifier(text)[0])
    except InputError:
        found = _DOI.fullmatch(text.strip(_AROUND))
        return HasDoi(doi=found[1].lower()) if found else None


READERS: Mapping[str, Callable[[str], LeafNode]] = MappingProxyType(
    {
        "category": parse_category,
        "type": _announced,
        "has": _has,
        "id": _identified,
        "venue": _venue,
        "license": _licensed,
        "is": _state,
        "in": _saved,
        "tag": _tagged,
        "posted": _posted,
        "liked": _liked,
        "since": lambda text: Since(day=parse_since(text)),
        "until": lambda text: Until(day=parse_until(text)),
    }
)
"""The fields whose values are not free text."""
