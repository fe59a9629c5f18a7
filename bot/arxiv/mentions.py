"""Which papers a text mentions: by identifiers, by the addresses of services, by DOIs. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bot.arxiv.identifier import ADDRESS, parse_identifier
from bot.errors import InputError
from bot.models import ArxivId

MAX_CHARS: Final = 60_000
"""A message with all its embeds is shorter."""

_IDENTIFIER: Final = re.compile(
    rf"""(?:(?P<address>{ADDRESS.pattern})|(?<![\w./:-]))
    (?P<id>\d{{4}}\.\d{{4,5}}|[a-z-]+(?:\.[a-z]{{2}})?/\d{{7}})(?!\d)""",
    re.IGNORECASE | re.ASCII | re.VERBOSE,
)
_DOI: Final = re.compile(r"(?<![\w.])10\.\d{4,9}/[^\s<>\"'\]|]+", re.ASCII)
_ARXIV_DOI: Final = "10.48550/arxiv."


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A paper by its identifier, or else by a DOI (in small letters).

    ``is_certain`` unless it is a bare number, which can be something else than an identifier.
    """

    arxiv_id: ArxivId | None = None
    doi: str = ""
    is_certain: bool = True


def find_mentions(text: str) -> list[Mention]:
    """List what a text mentions, each paper once, in order; certain where one mention is."""
    placed = sorted(_find(text[:MAX_CHARS]), key=lambda each: each[0])
    mentions: dict[tuple[object, str], Mention] = {}
    for _, mention in placed:
        key = (mention.arxiv_id, mention.doi)
        if key not in mentions or mention.is_certain:
            mentions[key] = mention
    return list(mentions.values())


def _find(text: str) -> Iterator[tuple[int, Mention]]:
    for found in _IDENTIFIER.finditer(text):
        try:
            arxiv_id, _ = parse_identifier(found["id"])
        except InputError:
            continue
        is_certain = found["address"] is not None
        yield found.start(), Mention(arxiv_id=arxiv_id, is_certain=is_certain)
    for found in _DOI.finditer(text):
        doi = found[0].rstrip(".,;:!?)*_`").lower()
        if not doi.startswith(_ARXIV_DOI):
            yield found.start(), Mention(doi=doi)
