"""The nouns of what one reader keeps: saved papers, likes, and all of it together. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from bot.models import ArxivId

MISSED_REPORTED: Final = "missed_reported:"
"""Begins the fact that tells when a channel's admins heard last of missed papers by themselves.

It is empty where they do not want that any more, and goes with the channel's digest.
"""

MOST_SAVED: Final = 10_000
"""Papers a person; of a thousand a year it takes ten."""


class Saving(StrEnum):
    """What became of a wish to save a paper."""

    NEW = "new"
    KNOWN = "known"
    FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPaper:
    """A paper in a person's library; ``guild_id`` is the server where it was saved, if in one."""

    arxiv_id: ArxivId
    saved_at: datetime
    guild_id: int | None = None
    note: str = ""
    tags: tuple[str, ...] = ()
    is_read: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What a person thinks of a paper in a server: a like, or else that it is not for them."""

    guild_id: int
    arxiv_id: ArxivId
    is_liked: bool
    given_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedTag:
    """A part of a person's library that a server may read: the papers of a tag, or all ("")."""

    guild_id: int
    name: str
    user_id: int
    tag: str
    shared_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LastLook:
    """When a person last caught up with a channel."""

    channel_id: int
    looked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonData:
    """All that is kept of a person beside Discord's number."""

    user_id: int
    saved: Sequence[SavedPaper] = ()
    opinions: Sequence[Opinion] = ()
    shared: Sequence[SharedTag] = ()
    looks: Sequence[LastLook] = ()
    searches: Sequence[str] = ()


def person_to_json(data: PersonData) -> Mapping[str, Any]:
    """Return a person's data as JSON values; numbers of Discord as texts, as Discord writes them.

    JavaScript, and so many a reader of JSON, rounds numbers of this size.
    """
    return {
        "user": str(data.user_id),
        "saved": [
            {
                "paper": each.arxiv_id,
                "saved_at": each.saved_at.isoformat(),
                "server": _text(each.guild_id),
                "note": each.note,
                "tags": list(each.tags),
                "is_read": each.is_read,
            }
            for each in data.saved
        ],
        "opinions": [
            {
                "paper": each.arxiv_id,
                "server": str(each.guild_id),
                "opinion": "like" if each.is_liked else "not for us",
                "given_at": each.given_at.isoformat(),
            }
            for each in data.opinions
        ],
        "shared": [
            {
                "name": each.name,
                "server": str(each.guild_id),
                "tag": each.tag,
                "shared_at": each.shared_at.isoformat(),
            }
            for each in data.shared
        ],
        "caught_up": [
            {"channel": str(each.channel_id), "looked_at": each.looked_at.isoformat()}
            for each in data.looks
        ],
        "searches": list(data.searches),
    }


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)
