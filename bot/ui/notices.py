"""What the bot tells people who can do something about a problem. Pure.

Admins hear of a digest that could not be posted, or that may or may not have been; the host hears
that arXiv cannot be read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from bot.digest.messages import DeliveryRecord, DeliveryState
from bot.models import DayRecord, Outage
from bot.text import markdown
from bot.text.words import joined, joined_first, long_date
from bot.ui.intake import say_intake_reason, say_missed
from bot.ui.reasons import say_reason

MAX_LINES = 3
MAX_PARTS = 6
MAX_REASON = 120
MAX_CATEGORIES = 20
MAX_CHANNELS = 6
"""Together these keep a notice well under the 2000 characters of a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """A channel whose digest is paused, why, and whether that ends without an admin."""

    channel_id: int
    reason: str
    resumes_by_itself: bool


def render_outages(outages: Sequence[Outage], now: datetime) -> str:
    """Report ``outages`` to the host, of which there is at least one, and what becomes of them."""
    first = min(outages, key=lambda each: each.since)
    hours = (now - first.since).total_seconds() / 3600
    names = joined_first([f"**{each.category}**" for each in outages], MAX_CATEGORIES)
    return (
        f"For {hours:.0f} hours I have not been able to read arXiv's listings of {names}: "
        f"{markdown.shorten(say_intake_reason(first.error), MAX_REASON)}.\n"
        "I keep trying, and post late what I read late. A listing that cannot be read "
        "within `schedule.catchup_window_h` counts as missed; the command `backfill` fetches its "
        "papers later. `/bot status` shows the current state."
    )


def render_missed(records: Sequence[DayRecord]) -> str:
    """Report missed dates to the host, of which there is at least one."""
    lines = say_missed(records)[:MAX_CATEGORIES]
    first, last = min(each.day for each in records), max(each.day for each in records)
    categories = sorted({each.category for each in records})[:MAX_CATEGORIES]
    options = " ".join(f"--category {each}" for each in categories)
    return (
        f"Listings that I could not get in time: {'; '.join(lines)}.\n"
        "None of their papers was posted. This command fetches them, so that searches find them:\n"
        f"`backfill {options} --from {first} --until {last}`"
    )


def render_notice(
    channel_id: int, troubles: Sequence[DeliveryRecord], paused: Paused | None
) -> str:
    """Report a channel's ``troubles``, of which there is at least one, and what can be done."""
    unknown = [each for each in troubles if each.state is DeliveryState.UNKNOWN]
    failed = [each for each in troubles if each.state is not DeliveryState.UNKNOWN]
    lines = []
    if failed:
        lines.append(f"I could not post in <#{channel_id}>:")
        lines += _lines(failed)
    if unknown:
        lines.append(
            f"I cannot tell whether this arrived in <#{channel_id}>, so I will not post it again "
            "by myself. Please check:"
        )
        lines += _lines(unknown)
    if paused is not None:
        lines.append(f"The channel's digest is paused. {_say_resumption(paused)}")
    lines.append(
        "`/digest resolve` there posts it again or leaves it, and `/digest status` shows the "
        "current state."
    )
    return "\n".join(lines)


def _say_resumption(paused: Paused) -> str:
    if paused.resumes_by_itself:
        return (
            "It resumes by itself once I am allowed to post there, and posts what was refused; "
            "`/digest resume` in your server tries at once."
        )
    return "`/digest resume` in your server resumes it."


def render_paused(paused: Sequence[Paused]) -> str:
    """Tell a guild's admins which digests are paused after a backup was restored."""
    lines = [
        "A backup of my database was restored. I only know what it contains, and according to it "
        "these digests are paused, even if they have been resumed since:"
    ]
    for each in paused[:MAX_CHANNELS]:
        waits = ". It resumes by itself once I may post there" if each.resumes_by_itself else ""
        said = markdown.shorten(each.reason, MAX_REASON)
        lines.append(f"- <#{each.channel_id}>: {said}{waits}")
    if len(paused) > MAX_CHANNELS:
        lines.append(f"- … and {len(paused) - MAX_CHANNELS} more")
    lines.append(
        "`/digest resume` in your server resumes one, and asks first if papers might be "
        "posted twice; `/digest status` shows the current state."
    )
    return "\n".join(lines)


def _lines(troubles: Sequence[DeliveryRecord]) -> list[str]:
    """One line per date and reason, the newest that fit."""
    said = sorted((each.announced_on, say_reason(each.reason), each.part) for each in troubles)
    lines = []
    for (day, why), group in groupby(said, key=lambda each: each[:2]):
        parts = _parts([part for _, _, part in group])
        lines.append(f"- {long_date(day)}, {parts}: {markdown.shorten(why, MAX_REASON)}")
    return lines[-MAX_LINES:]


def _parts(parts: Sequence[int]) -> str:
    if len(parts) > MAX_PARTS:
        return f"{len(parts)} parts"
    noun = "part" if len(parts) == 1 else "parts"
    return f"{noun} {joined([str(part) for part in parts])}"
