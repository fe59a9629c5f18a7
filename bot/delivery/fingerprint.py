"""How a posted message is recognised: by what everybody sees of it. Pure.

A nonce cannot be read back (Rapptz/discord.py#2451). So a message is known by the first line of
its content, which names categories, date and part and is another for each message of a channel,
and by its papers. How a message shows them is its style's business (`bot/ui/styles`).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from bot.digest.messages import ShownMessage
from bot.digest.models import Reason, ReasonCode

HISTORY_LIMIT: Final = 200
HISTORY_PAGE: Final = 100
CLOCK_TOLERANCE: Final = timedelta(seconds=60)


class Likeness(Enum):
    SAME = "same"
    DOUBTFUL = "doubtful"
    OTHER = "other"


def compare(wanted: ShownMessage, seen: ShownMessage) -> Likeness:
    """Say whether ``seen`` is the message that was to be posted as ``wanted``.

    Discord removes all embeds of a message or none, so one that shows a part of the papers is
    another message, and the rest may be in further ones.
    """
    mine = {arxiv_id for arxiv_id, _ in wanted.papers}
    theirs = {arxiv_id for arxiv_id, _ in seen.papers}
    if wanted.line != seen.line:
        return Likeness.OTHER
    if seen.is_stripped:
        return Likeness.SAME if wanted.line else Likeness.DOUBTFUL
    if mine == theirs and (wanted.line or mine):
        return Likeness.SAME
    return Likeness.DOUBTFUL if mine & theirs else Likeness.OTHER


class Seen(Enum):
    """What a channel's history says of a message."""

    FOUND = "found"
    ABSENT = "absent"
    CANNOT_TELL = "cannot tell"
    NOT_YET = "not yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    seen: Seen
    message_id: int | None = None
    reason: Reason | None = None


def cannot_tell(code: ReasonCode, *, number: int | None = None) -> Sighting:
    return Sighting(seen=Seen.CANNOT_TELL, reason=Reason(code=code, number=number))


class HistorySearch:
    """Looks for a message in a channel's history, which it is shown from the newest on.

    ``claimed_at`` is when the message was taken for sending: nothing older can be it.
    """

    def __init__(self, wanted: ShownMessage, *, claimed_at: datetime) -> None:
        self._wanted = wanted
        self._until = claimed_at - CLOCK_TOLERANCE
        self._count = 0
        self._is_doubtful = False
        self._is_past_claim = False
        self._found: int | None = None

    def look_at(self, message_id: int, posted_at: datetime, shown: ShownMessage | None) -> bool:
        """Take the next message, ``shown`` None if it is not ours; True when that is enough."""
        self._count += 1
        likeness = compare(self._wanted, shown) if shown else Likeness.OTHER
        is_old = posted_at < self._until
        if likeness is Likeness.SAME:
            self._found = message_id
        elif likeness is Likeness.DOUBTFUL and not is_old:
            self._is_doubtful = True
        # A whole page at least, in case the clock was wrong when it was claimed.
        self._is_past_claim = is_old and self._count >= HISTORY_PAGE
        return self._found is not None or self._is_past_claim

    def conclude(self, *, is_clock_wrong: bool) -> Sighting:
        """Say what the history proves, once it was read to its end or as far as it goes."""
        if self._found is not None:
            return Sighting(seen=Seen.FOUND, message_id=self._found)
        if self._is_doubtful:
            return cannot_tell(ReasonCode.BARE_MESSAGE)
        if self._is_past_claim and is_clock_wrong:
            return cannot_tell(ReasonCode.CLOCK_WRONG)
        if not self._is_past_claim and self._count >= HISTORY_LIMIT:
            return cannot_tell(ReasonCode.HISTORY_TOO_LONG, number=HISTORY_LIMIT)
        return Sighting(seen=Seen.ABSENT)
