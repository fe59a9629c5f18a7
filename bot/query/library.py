"""The tags that people give to the papers of their libraries."""

import re
from typing import Final

from bot.errors import InputError

MAX_TAGS: Final = 20
"""Of a paper."""
_TAG: Final = re.compile(r"[\w][\w.+/-]{0,29}")


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
