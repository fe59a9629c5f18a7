"""Whether a person has left every server where they used the bot, by what Discord said. Pure.

A person who uses the bot anywhere is there. Of one who does not for `QUIET_FOR`, Discord is asked,
server by server (docs/decisions/0030-who-has-left.md). Only its word that there is no such member
counts as absence, in all of these servers, and again after `GONE_FOR`. What cannot be told decides
nothing.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

QUIET_FOR: Final = timedelta(days=30)
"""Who used the bot within this time is there, without being asked about."""

GONE_FOR: Final = timedelta(days=30)
"""From the day that a person is first found gone everywhere to the second look."""

ASKED_AGAIN_AFTER: Final = timedelta(days=30)
"""One who is found in a server is not asked about for so long."""


class Answer(StrEnum):
    """What Discord said of a person and a server."""

    THERE = "there"
    GONE = "gone"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSeen:
    """A server where a person used the bot, last on ``seen_on``, and what Discord said last.

    ``gone_since`` is when they were first found gone from it; UTC dates.
    """

    guild_id: int
    seen_on: date
    asked_on: date | None = None
    answer: Answer | None = None
    gone_since: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonSeen:
    """A person of whom something is kept.

    ``seen_on`` is when they last used the bot, anywhere, or a message reached them.
    ``is_own``: they have added the bot to their account, and so need no server.
    """

    user_id: int
    seen_on: date
    servers: Sequence[ServerSeen]
    is_own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What to do about a person: forget them, ask about them in these servers, or nothing."""

    is_gone: bool = False
    ask: tuple[int, ...] = ()


NOTHING: Final = Verdict()


def decide(person: PersonSeen, today: date, guild_ids: Collection[int]) -> Verdict:
    """Decide about a person; ``guild_ids`` are the servers that can be asked about."""
    if person.is_own or not person.servers or today - person.seen_on < QUIET_FOR:
        return NOTHING
    if any(_is_there(each, today) for each in person.servers):
        return NOTHING
    if _is_second_look(person, today):
        left = [each.guild_id for each in person.servers if not _is_gone_today(each, today)]
        if not left:
            return Verdict(is_gone=True)
        # All of them on one day: one that was left may be joined again on the next.
        can_ask = all(each.guild_id in guild_ids for each in person.servers)
        return Verdict(ask=tuple(left) if can_ask and not _is_unsure(person, today) else ())
    return Verdict(
        ask=tuple(
            each.guild_id
            for each in person.servers
            if each.guild_id in guild_ids and _is_due(each, person, today)
        )
    )


def answered(server: ServerSeen, answer: Answer, person: PersonSeen, today: date) -> ServerSeen:
    """Return what is known of a server after an answer."""
    gone_since = server.gone_since
    if answer is Answer.THERE:
        gone_since = None
    elif answer is Answer.GONE and not _was_gone(server, person, today):
        gone_since = today
    return replace(server, asked_on=today, answer=answer, gone_since=gone_since)


def _is_there(server: ServerSeen, today: date) -> bool:
    return (
        server.answer is Answer.THERE
        and _was_asked(server, today)
        and today - (server.asked_on or today) < ASKED_AGAIN_AFTER
    )


def _was_asked(server: ServerSeen, today: date) -> bool:
    """Whether it is known when it was asked: a date to come was written by a wrong clock."""
    return server.asked_on is not None and server.asked_on <= today


def _was_gone(server: ServerSeen, person: PersonSeen, today: date) -> bool:
    """Whether a person was found gone since they were seen last, anywhere."""
    return server.gone_since is not None and person.seen_on < server.gone_since <= today


def _is_second_look(person: PersonSeen, today: date) -> bool:
    """Whether a person has been gone from all servers for so long that it is looked again."""
    gone = [each.gone_since for each in person.servers if _was_gone(each, person, today)]
    return len(gone) == len(person.servers) and all(
        since is not None and today - since >= GONE_FOR for since in gone
    )


def _is_gone_today(server: ServerSeen, today: date) -> bool:
    return server.answer is Answer.GONE and server.asked_on == today


def _is_unsure(person: PersonSeen, today: date) -> bool:
    """Whether a second look of today is over: of a server it could not be told."""
    return any(each.answer is Answer.UNSURE and each.asked_on == today for each in person.servers)


def _is_due(server: ServerSeen, person: PersonSeen, today: date) -> bool:
    """Whether to ask about a server, but for the second look."""
    if server.answer is None or not _was_asked(server, today):
        return True
    if server.answer is Answer.GONE and _was_gone(server, person, today):
        return False  # it is asked again together with the others
    return server.asked_on != today
