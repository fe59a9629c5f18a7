"""The nouns of what one reader keeps: saved papers, likes, and all of it together. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

from bot.digest.absence import ServerSeen
from bot.digest.updates import NotedUpdate
from bot.models import ArxivId

WELCOMED: Final = "welcomed."
"""How the note begins that a server was told hello; its id follows."""
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


MOST_FOLLOWED: Final = 20
"""Queries, authors and papers a person: each is looked for at every announcement."""


class Following(StrEnum):
    """What became of a wish to follow something."""

    NEW = "new"
    KNOWN = "known"
    FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedPaper:
    """A paper of which a person is told what becomes known."""

    arxiv_id: ArxivId
    followed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperNews:
    """What became known of a followed paper, oldest first.

    ``told`` numbers what its person was told already, as a restored database learnt from the
    messages (`bot.ui.updates.number_told`).
    """

    arxiv_id: ArxivId
    title: str
    updates: tuple[NotedUpdate, ...]
    told: frozenset[int] = frozenset()


class FollowedQuery(NamedTuple):
    name: str
    query: str


class SentPaper(NamedTuple):
    """A paper that a person was sent, or is about to be."""

    arxiv_id: ArxivId
    version: int
    announced_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Follows:
    """All that is kept of what a person follows; ``reads`` are channels whose papers they read."""

    every: str
    post_at: str
    zone: str
    categories: tuple[str, ...]
    since: str
    queries: Sequence[FollowedQuery]
    papers: Sequence[FollowedPaper]
    reads: Sequence[int]
    sent: Sequence[SentPaper]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenIn(ServerSeen):
    """The same, also of use outside of servers (``guild_id`` 0), there by account if ``is_own``."""

    is_own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonData:
    """All that is kept of a person beside Discord's number."""

    user_id: int
    saved: Sequence[SavedPaper] = ()
    opinions: Sequence[Opinion] = ()
    shared: Sequence[SharedTag] = ()
    looks: Sequence[LastLook] = ()
    searches: Sequence[str] = ()
    follows: Follows | None = None
    seen: Sequence[SeenIn] = ()


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
        "follows": _follows_to_json(data.follows) if data.follows else None,
        "last_used": [
            {
                "server": _text(each.guild_id or None),
                "on": each.seen_on.isoformat(),
                "added_to_account": each.is_own,
                "asked_on": each.asked_on.isoformat() if each.asked_on else None,
                "discord_said": each.answer.value if each.answer else None,
                "gone_since": each.gone_since.isoformat() if each.gone_since else None,
            }
            for each in data.seen
        ],
    }


def _follows_to_json(follows: Follows) -> Mapping[str, Any]:
    return {
        "since": follows.since,
        "every": follows.every,
        "time": follows.post_at or None,
        "zone": follows.zone,
        "categories": list(follows.categories),
        "queries": [each._asdict() for each in follows.queries],
        "papers": [
            {"paper": each.arxiv_id, "followed_at": each.followed_at.isoformat()}
            for each in follows.papers
        ],
        "channels_read": [str(each) for each in follows.reads],
        "sent": [
            {
                "paper": each.arxiv_id,
                "version": each.version,
                "announced_on": each.announced_on.isoformat(),
            }
            for each in follows.sent
        ],
    }


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)
