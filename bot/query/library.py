"""A search inside a person's library: the same language, and what only a library knows.

``tag:slam -tag:survey is:unread`` may stand anywhere between the words of a query, never inside its
brackets or quotes; all of it must hold. ``in:library`` says what is meant anyway.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from bot.errors import InputError
from bot.query.ast import Query
from bot.query.parser import parse_query

MAX_TAGS: Final = 20
"""Of a paper."""
_TAG: Final = re.compile(r"[\w][\w.+/-]{0,29}")
_QUOTED: Final = re.compile(r'("[^"]*"?)')
_OWN: Final = re.compile(r"(?<!\S)(-?)(tag|is|in):(\S*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryQuery:
    """What is looked for in a library; ``text`` reads as the same again."""

    text: str
    words: Query
    tags: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    is_read: bool | None = None

    def takes(self, tags: Collection[str], *, is_read: bool) -> bool:
        """Whether a saved paper with these tags and that read mark is meant."""
        return (
            self.tags <= set(tags)
            and not self.without & set(tags)
            and self.is_read in (None, is_read)
        )


def parse_library_query(text: str) -> LibraryQuery:
    """Read what was typed; raises `InputError` with what would be right."""
    tags: set[str] = set()
    without: set[str] = set()
    reads: set[bool] = set()

    def take(found: re.Match[str]) -> str:
        is_excluded, field, value = bool(found[1]), found[2].lower(), found[3]
        if field == "tag":
            (without if is_excluded else tags).add(parse_tag(value))
        elif field == "is":
            reads.add(_read_mark(value) is not is_excluded)
        elif value.lower() != "library" or is_excluded:
            raise InputError(f"in:{value} is not known; write in:library, or nothing.")
        return " "

    pieces = _QUOTED.split(text)
    pieces[::2] = [_OWN.sub(take, piece) for piece in pieces[::2]]
    if len(reads) > 1:
        raise InputError("A paper cannot be read and unread; leave one of them out.")
    return LibraryQuery(
        text=" ".join(text.split()),
        words=parse_query(" ".join("".join(pieces).split())),
        tags=frozenset(tags),
        without=frozenset(without),
        is_read=next(iter(reads), None),
    )


def _read_mark(value: str) -> bool:
    if value.lower() not in ("read", "unread"):
        raise InputError(f"is:{value} is not known; write is:read or is:unread.")
    return value.lower() == "read"


def parse_tags(text: str) -> tuple[str, ...]:
    """Read tags with commas or blanks between them, each once, in small letters."""
    words = (part for part in re.split(r"[\s,;]+", text) if part)
    tags = tuple(dict.fromkeys(map(parse_tag, words)))
    if len(tags) > MAX_TAGS:
        raise InputError(f"{len(tags)} tags are too many for one paper; at most {MAX_TAGS} fit.")
    return tags


def parse_tag(text: str) -> str:
    """Read one tag."""
    tag = text.strip("#`\"'").lower()
    if not _TAG.fullmatch(tag):
        raise InputError(
            f"{text[:40]!r} is not a tag; write one word of up to 30 letters, digits, '-', '+', "
            "'/' or '.', such as slam or to-read."
        )
    return tag
