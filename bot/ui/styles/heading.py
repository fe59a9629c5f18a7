"""The first line of each message of a digest, the same in all styles.

It names categories, date and part, so that a message can be told from every other of its channel
by its content alone: recovery after a lost answer needs that (docs/decisions/0003-outbox.md).
"""

from bot.digest.models import Cadence, Digest, Order
from bot.text.words import long_date
from bot.ui.tally import say_lines

MAX_CATEGORIES = 8
MAX_THREAD_NAME = 100
"""Discord's limit for the names of threads and forum posts."""

FIRST, FURTHER = "### ", "-# "
SEPARATOR = " · "
WEEK_TO = "week to "
YOURS = "Papers that you follow"

_ORDERED = {
    Order.LISTING: "in arXiv's order",
    Order.TOPICS: "best matches first",
    Order.LIKES: "closest to what people here like first",
}


def head(digest: Digest, part: int, *, says_order: bool = False) -> str:
    """Return the lines that begin a digest's first message: what it is, and how much of what.

    An order that is not the listing's is said in any case: readers look at the first papers most.
    """
    title = f"{FIRST}{name_digest(digest)}"
    if digest.is_supplement:
        title += f"{SEPARATOR}supplement"
    if part > 1:
        title += f"{SEPARATOR}part {part}"  # else two supplements of a day could read the same
    told = "\n".join(say_lines(digest.tally, "posted now" if digest.is_supplement else "posted"))
    if says_order or digest.order is not Order.LISTING:
        told += f"{SEPARATOR}{_ORDERED[digest.order]}"
    return f"{title}\n{told}"


def thread_name(digest: Digest) -> str:
    """Return what a digest's thread or post is called: its categories and date."""
    names = (name_digest(digest, most) for most in range(MAX_CATEGORIES, 0, -1))
    return next(name for name in names if len(name) <= MAX_THREAD_NAME)


def head_of_part(digest: Digest, part: int, last_part: int) -> str:
    """Return the line that begins each further message."""
    return f"{FURTHER}{name_digest(digest)}{SEPARATOR}part {part} of {last_part}"


def head_of_piece(content: str, number: int, of: int) -> str:
    """Return what begins one of the pieces into which a message of that content was split.

    None may begin as the whole message did: that one may be posted again.
    """
    line, _, rest = content.partition("\n")
    mark = f"{SEPARATOR}paper {number} of {of}"
    if number == 1:
        return f"{line}{mark}\n{rest}".strip()
    return f"{FURTHER}{line.removeprefix(FIRST).removeprefix(FURTHER)}{mark}"


def first_line(content: object) -> str:
    """Return the line by which a message is recognised: Discord may have trimmed it."""
    return " ".join(str(content or "").strip().partition("\n")[0].split())


def cadence_of(line: str) -> Cadence:
    """Return the cadence of the digest whose message begins with this line."""
    return Cadence.WEEK if f"{SEPARATOR}{WEEK_TO}" in line else Cadence.DAY


def is_heading(line: str) -> bool:
    """Return whether a message that begins with this line may be a digest's."""
    return line.startswith((FIRST, FURTHER)) and SEPARATOR in line


def name_digest(digest: Digest, most: int = MAX_CATEGORIES) -> str:
    """Name a digest's categories, ``most`` of them, and its date or week."""
    if digest.is_direct:
        return f"{YOURS}{SEPARATOR}{_week_or_day(digest)}"
    shown = digest.categories[:most]
    more = len(digest.categories) - len(shown)
    categories = ", ".join(shown) + (f" and {more} more" if more else "")
    return f"{categories}{SEPARATOR}{_week_or_day(digest)}"


def _week_or_day(digest: Digest) -> str:
    week = WEEK_TO if digest.cadence is Cadence.WEEK else ""
    return f"{week}{long_date(digest.announced_on)}"
