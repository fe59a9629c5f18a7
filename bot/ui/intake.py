"""What is known of a date's listing, and why, as people read it. Pure.

Verdicts and reasons are stored as codes with details (`models.IntakeReason`); a sentence here may
change at any time.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final

from bot.models import (
    DayRecord,
    IntakeCode,
    IntakeReason,
    IntakeSource,
    IntakeVerdict,
)
from bot.text.words import count_of, joined_first, long_date

VERDICTS: Final[Mapping[IntakeVerdict, str]] = {
    IntakeVerdict.COMPLETE: "is complete",
    IntakeVerdict.GROWING: "is still growing",
    IntakeVerdict.UNDATED: "is there, but its date is uncertain",
    IntakeVerdict.HELD: "is held",
    IntakeVerdict.STALE: "is not out yet",
    IntakeVerdict.EMPTY_EXPECTED: "has no announcement",
    IntakeVerdict.EMPTY_UNEXPECTED: "is empty so far",
    IntakeVerdict.MISSED: "was missed",
    IntakeVerdict.FAILED: "could not be read",
}
"""What is known of a category's listing, for readers."""

NAMES: Final[Mapping[IntakeSource | None, str]] = {
    None: "feed",
    IntakeSource.FEED: "feed",
    IntakeSource.CATCHUP: "listing page",
    IntakeSource.OAI: "OAI-PMH service",
}

SENTENCES: Final[Mapping[IntakeCode, str]] = {
    IntakeCode.NO_ANNOUNCEMENT: "no announcement on this day",
    IntakeCode.EMPTY: "the {source} is empty on a day that should have a listing",
    IntakeCode.HOLIDAY: "feed and listing page are empty: assumed to be a holiday",
    IntakeCode.OTHERS_HAVE_ONE: "nothing was found, but other categories have a listing",
    IntakeCode.NONE_SUBMITTED: "no papers were submitted for this day",
    IntakeCode.NEVER_ASKED: "the bot was not running",
    IntakeCode.BACKFILLED: "its papers were fetched later, for searches",
    IntakeCode.REPEATS_EARLIER: "the {source} repeats an earlier day under this date",
    IntakeCode.CARRIES_EARLIER: "the feed carries the listing of {day}",
    IntakeCode.SURFACED_UNDER: "it surfaced under the date {day}",
    IntakeCode.NOT_ON_PAGE: "the feed shows papers that the listing page does not have",
    IntakeCode.MAY_REPEAT: "it may be the listing of {day}; the listing page will settle that",
    IntakeCode.UNCONFIRMED: "the listing page was not available to confirm it",
    IntakeCode.ESTIMATED: (
        "worked out from submission dates, as neither feed nor page was available"
    ),
    IntakeCode.PART: "the answer was not the whole listing",
    IntakeCode.SHORT: "{papers} papers, where about {usual} are usual: it is read again",
    IntakeCode.UNREACHABLE: "arXiv could not be reached ({text})",
    IntakeCode.NO_ANSWER: "arXiv did not answer within {seconds:g} seconds",
    IntakeCode.TOO_MANY_REQUESTS: "arXiv is getting too many requests right now",
    IntakeCode.ASKED_TO_WAIT: "arXiv asked us to wait {seconds:g} more seconds",
    IntakeCode.REFUSED: "arXiv refuses the request (HTTP {status})",
    IntakeCode.HTTP_STATUS: "arXiv answered with HTTP {status}",
    IntakeCode.REDIRECTED: "arXiv redirected to another place ({text})",
    IntakeCode.NOT_A_LISTING: "{text}",
    IntakeCode.IMPOSSIBLE: "{text}",
    IntakeCode.OTHER: "{text}",
}


def say_intake_reason(reason: IntakeReason | None) -> str:
    """Return a reason as the rest of a sentence, without its full stop; empty for none."""
    if reason is None:
        return ""
    said = SENTENCES[reason.code].format(
        source=NAMES[reason.source],
        day=long_date(reason.day) if reason.day else "another day",
        papers=reason.papers,
        usual=reason.usual,
        status=reason.status,
        seconds=reason.seconds or 0,
        text=reason.text,
    )
    return said.strip().rstrip(".")


def say_state(record: DayRecord) -> str:
    """Say why a date's listing is as it is: what fails before what it was judged to be."""
    why = say_intake_reason(record.error) or say_intake_reason(record.reason)
    is_past = record.verdict is IntakeVerdict.COMPLETE and record.error is None
    return f"complete after: {why}" if why and is_past else why


def say_difference(record: DayRecord) -> str:
    """Say how feed and listing page differ; empty where they do not."""
    if record.difference is None:
        return ""
    feed, page = record.difference
    return f"the listing page has {count_of(page, 'paper')}, the feed had {feed:,}"


def say_fetched(record: DayRecord, *, new: int | None, error: str = "") -> str:
    """Say what one request came to: ``new`` papers were not known, None when none were stored."""
    start = f"{record.category} of {record.day}: {record.verdict or 'unknown'}"
    if error:
        return f"{start}; {error}"
    found = f", {record.papers} papers" if record.papers else ""
    seen = f" ({new} not seen before)" if new is not None else ""
    why = say_state(record)
    return f"{start}{found}{seen}{f'; {why}' if why else ''}"


def say_missed(records: Sequence[DayRecord]) -> list[str]:
    """Name the dates that were missed, a line for each category."""
    ordered = sorted(records, key=lambda each: (each.category, each.day))
    lines = []
    for category, group in groupby(ordered, key=lambda each: each.category):
        days = [long_date(each.day) for each in group]
        lines.append(f"**{category}** of {joined_first(days, MOST_DAYS)}")
    return lines


MOST_DAYS: Final = 5
