"""How the counts of a day are said, the same wherever they are shown. Pure."""

from collections.abc import Sequence

from bot.digest.models import Tally
from bot.models import AnnounceType
from bot.text.words import count_of

SEPARATOR = " · "

_COUNTED = {
    AnnounceType.CROSS: "cross-list",
    AnnounceType.REPLACE: "replacement",
    AnnounceType.REPLACE_CROSS: "replaced cross-list",
}


def say_announced(tally: Tally) -> str:
    """Return ``311 announced (290 new, 21 cross-lists) · 12 match``; all match without topics."""
    return SEPARATOR.join((_say_listed(tally), *_say_matching(tally)))


def say_tally(tally: Tally, chosen: str) -> str:
    """Say in one line what a day announced, and how much of it is ``chosen``.

    ``chosen`` says what becomes of the papers that are still to be posted. What the channel got
    before is named by itself.
    """
    return SEPARATOR.join(say_lines(tally, chosen))


def say_lines(tally: Tally, chosen: str) -> tuple[str, str]:
    """Say what `say_tally` does in two lines, which a phone shows without breaking them."""
    parts = [*_say_matching(tally)]
    if tally.before:
        parts.append(f"{tally.before:,} posted before")
    if tally.elsewhere:
        parts.append(say_elsewhere(tally.elsewhere))
    if tally.left:
        parts.append(say_left(tally.left))
    if tally.chosen or not (tally.before or tally.elsewhere or tally.left or tally.offered):
        parts.append(f"{tally.chosen:,} {chosen}")
    if tally.offered:
        parts.append(say_offered(tally.offered))
    return _say_listed(tally), SEPARATOR.join(parts)


def _say_listed(tally: Tally) -> str:
    types = _say_types(tally)
    return f"{tally.announced:,} announced" + (f" ({types})" if types else "")


def _say_matching(tally: Tally) -> Sequence[str]:
    return () if tally.no_topics else (f"{tally.matching:,} match",)


def say_counts(announced: int, matching: int | None, posted: int, offered: int = 0) -> str:
    """Say the numbers of a past digest; ``matching`` is None where all match."""
    match = "" if matching is None else f"{SEPARATOR}{matching:,} match"
    more = f"{SEPARATOR}{say_offered(offered)}" if offered else ""
    return f"{announced:,} announced{match}{SEPARATOR}{posted:,} posted{more}"


def say_elsewhere(papers: int) -> str:
    """Say how many papers a person reads in a channel."""
    return f"{papers:,} in channels that you read"


def say_left(papers: int) -> str:
    """Say how many papers a digest leaves to other channels of the server."""
    return f"{papers:,} in other channels"


def say_offered(papers: int) -> str:
    """Say how many papers a digest has behind a button."""
    return f"{papers:,} more behind a button"


def _say_types(tally: Tally) -> str:
    new = tally.types.get(AnnounceType.NEW, 0)
    said = [f"{new:,} new"] if new else []
    counted = [(tally.types.get(kind, 0), noun) for kind, noun in _COUNTED.items()]
    return ", ".join(said + [count_of(count, noun) for count, noun in counted if count])
