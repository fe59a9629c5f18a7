"""Fields by a wrong name: what is meant by ``autor:he`` and ``year:2024``. Pure.

The parser takes a word with a colon that is no field for text, because titles hold such words. Only
where that finds nothing is it asked here whether a field was meant.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final

from bot.errors import InputError
from bot.query.ast import And, Node, Query, Text, all_of
from bot.query.parser import FIELDS, parse_query
from bot.query.values import parse_since, parse_until

ALIKE: Final = 0.8
"""How much of two names must be the same (`difflib`): *autor* and *author*, *titel* and *title*."""
SHORTEST: Final = 4  # letters; of fewer, one letter more or less makes another word

_FIELD = re.compile(r'(?<![^ ])([A-Za-z]{2,12}):("[^"]+"|[^ ()"/][^ ()"]*)')


@dataclass(frozen=True, slots=True, kw_only=True)
class Misnamed:
    """A field by a wrong name as it was typed, and what is meant by it."""

    typed: str
    meant: Node


def read_fields(query: Query) -> tuple[list[Node], list[Misnamed]]:
    """Take the fields by a wrong name out of ``query``: the parts that are left, and these fields.

    Only the parts of an AND are looked at: not what stands in parentheses, quotes or behind a dash.
    """
    parts = list(query.root.parts if isinstance(query.root, And) else (query.root,))
    misnamed = []
    for place in _FIELD.finditer(query.text) if ":" in query.text else ():
        rest = [part for part in parts if not _is_within(part, place)]
        meant = _meant(place[1].lower(), place[2]) if len(rest) < len(parts) else None
        if meant is not None:
            parts = rest
            misnamed.append(Misnamed(typed=place[0], meant=meant))
    return parts, misnamed


def as_meant(query: Query) -> Node:
    """Return the tree of ``query`` with the fields by a wrong name as they are meant."""
    parts, misnamed = read_fields(query)
    return all_of(*parts, *(field.meant for field in misnamed)) if misnamed else query.root


def _is_within(part: Node, place: re.Match[str]) -> bool:
    return isinstance(part, Text) and place.start() <= part.start < part.end <= place.end()


def _meant(name: str, value: str) -> Node | None:
    """Return what is meant by a field that has no such name; None for text with a colon."""
    right = _right_name(name)
    try:
        if right in _OF_TIME:
            return parse_query(_OF_TIME[right](value)).root
        return parse_query(f"{right}:{value}").root if right else None
    except (InputError, OverflowError):  # the value does not fit; or no day is before the first
        return None


def _right_name(name: str) -> str:
    """Return the name of a field that is meant by ``name``; nothing for a word like any other."""
    near = [name] if name in _NAMES else []
    if len(name) >= SHORTEST:
        near += get_close_matches(name, _NAMES, n=1, cutoff=ALIKE)
    return "" if name in FIELDS or not near else _OTHERS.get(near[0], near[0])


def _between(value: str) -> str:
    return f"since:{parse_since(value)} until:{parse_until(value)}"


def _after(value: str) -> str:
    return f"since:{parse_until(value) + timedelta(days=1)}"


def _before(value: str) -> str:
    return f"until:{parse_since(value) - timedelta(days=1)}"


_OF_TIME: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "year": _between,
        "month": _between,
        "date": _between,
        "day": _between,
        "after": _after,
        "before": _before,
        "from": "since:{}".format,
        "to": "until:{}".format,
    }
)
# fmt: off
_OTHERS: Mapping[str, str] = MappingProxyType({
    "by": "author", "name": "author", "writer": "author",
    "subject": "category", "primary": "category", "archive": "category",
    "conference": "venue", "conf": "venue",
    "arxiv": "id", "doi": "id", "with": "has", "text": "all", "keyword": "all", "keywords": "all",
})
# fmt: on
"""Names that the fields have elsewhere."""
_NAMES = (*FIELDS, *_OF_TIME, *_OTHERS)
