"""The sentences that version 0.2.0 stored as reasons of deliveries and pauses, read as codes."""

import re
from collections.abc import Mapping
from typing import Final

from bot.digest.models import Reason, ReasonCode
from bot.store.sqlite.reasons import reason_values

SENTENCES: Final[Mapping[str, ReasonCode]] = {
    "the channel does not exist (any more)": ReasonCode.CHANNEL_GONE,
    "the server is not known (any more)": ReasonCode.GUILD_GONE,
    "the bot may not see the channel": ReasonCode.CHANNEL_HIDDEN,
    "the person accepts no messages from the bot": ReasonCode.NO_PRIVATE_MESSAGES,
    "the bot may not post there: it needs Send Messages and Embed Links": ReasonCode.MAY_NOT_POST,
    "the thread is archived": ReasonCode.THREAD_ARCHIVED,
    "the thread is locked": ReasonCode.THREAD_LOCKED,
    "the planned message was damaged in the database": ReasonCode.DAMAGED,
    "deleted on Discord": ReasonCode.DELETED,
    "found in the channel": ReasonCode.FOUND,
    "not in the channel's history": ReasonCode.NOT_IN_HISTORY,
    "Discord cannot be reached": ReasonCode.UNREACHABLE,
    "the bot is not in the server (any more)": ReasonCode.NOT_IN_GUILD,
    "the channel has no messages": ReasonCode.NO_MESSAGES_THERE,
    "the bot may not read the channel's history": ReasonCode.HISTORY_HIDDEN,
    "the bot's clock is more than a minute off": ReasonCode.CLOCK_WRONG,
    "not connected yet": ReasonCode.NOT_READ_YET,
    "the server suffers an outage": ReasonCode.NOT_READ_YET,
    "restored from a backup": ReasonCode.COPIED,
    "a backup was put back, and some of its papers are in the channel": ReasonCode.SHOWN_IN_PIECES,
    "a backup was put back, and what was posted cannot be known": ReasonCode.PUT_BACK,
    "not posted in time": ReasonCode.GIVEN_UP,
    "the subscription was deleted": ReasonCode.SUBSCRIPTION_DELETED,
    "posted again by an admin": ReasonCode.POSTED_AGAIN,
    "an admin paused it": ReasonCode.PAUSED_BY_ADMIN,
}

BEGINNINGS: Final = (ReasonCode.PUT_BACK, ReasonCode.GIVEN_UP, ReasonCode.SUBSCRIPTION_DELETED)
"""Sentences that go on with another reason, after a colon."""

AFTER_UNSURE_TRY: Final = ", after a try that may have arrived"

PATTERNS: Final = (
    (re.compile(r"(?P<status>429), rate limited"), ReasonCode.RATE_LIMITED),
    (re.compile(r"(?P<status>429), address banned for a while"), ReasonCode.ADDRESS_BANNED),
    (re.compile(r"(?P<status>401), token refused"), ReasonCode.TOKEN_REFUSED),
    (
        re.compile(r"Discord refuses the channel \((?P<status>\d+)(, code (?P<code>\d+))?\)"),
        ReasonCode.CHANNEL_REFUSED,
    ),
    (
        re.compile(
            r"Discord refuses the message \((?P<status>\d+)(, code (?P<code>\d+))?\): (?P<text>.*)",
            re.DOTALL,
        ),
        ReasonCode.MESSAGE_REFUSED,
    ),
    (re.compile(r"(?P<status>40[34])"), ReasonCode.ANSWERED_BY_OTHERS),
    (re.compile(r"(?P<status>\d{3})(, code (?P<code>\d+))?"), ReasonCode.SERVER_ERROR),
    (re.compile(r"no proper answer \((?P<text>\w+)\)"), ReasonCode.NO_ANSWER),
    (re.compile(r"the channel cannot be read \((?P<status>\d+)\)"), ReasonCode.CHANNEL_UNREADABLE),
    (re.compile(r"history not read \((?P<text>\w+)\)"), ReasonCode.NOT_READ_YET),
    (
        re.compile(r"more than (?P<number>\d+) messages have come since"),
        ReasonCode.HISTORY_TOO_LONG,
    ),
    (
        re.compile(r"Discord answered with a message of the channel (?P<number>\d+)"),
        ReasonCode.OTHER_CHANNEL,
    ),
)


def parse_old_reason(sentence: str) -> Reason:
    """Read a stored sentence; one that no version wrote is kept as it is, as `OTHER`."""
    if sentence in SENTENCES:
        return Reason(code=SENTENCES[sentence])
    if sentence.endswith(AFTER_UNSURE_TRY):
        because = parse_old_reason(sentence.removesuffix(AFTER_UNSURE_TRY))
        return Reason(code=ReasonCode.AFTER_UNSURE_TRY, because=because)
    for beginning, code in SENTENCES.items():
        if code in BEGINNINGS and sentence.startswith(f"{beginning}: "):
            rest = sentence.removeprefix(f"{beginning}: ")
            return Reason(code=code, because=parse_old_reason(rest) if rest else None)
    for pattern, code in PATTERNS:
        if match := pattern.fullmatch(sentence):
            return _reason_of(code, match.groupdict())
    return Reason(code=ReasonCode.OTHER, text=sentence)


def _reason_of(code: ReasonCode, found: Mapping[str, str | None]) -> Reason:
    status, number = found.get("status"), found.get("number")
    return Reason(
        code=code,
        status=int(status) if status else None,
        discord_code=int(found.get("code") or 0),
        text=found.get("text") or "",
        number=int(number) if number else None,
    )


def old_reason_code(sentence: str) -> str | None:
    """Return the code of a stored sentence, for SQL."""
    return reason_values(parse_old_reason(sentence))[0]


def old_reason_details(sentence: str) -> str | None:
    """Return what belongs to the code of a stored sentence, as JSON, for SQL."""
    return reason_values(parse_old_reason(sentence))[1]
