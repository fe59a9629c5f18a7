"""Quiet: the one small line about a date that brought no digest, and no paper in it.

It is a style, so that its message is recognised as its own; nobody can choose it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from bot.digest.messages import MessageDraft, ShownMessage
from bot.digest.models import Digest, Subscription
from bot.digest.quiet import QuietDay, Silence
from bot.models import ArxivId
from bot.text.words import count_of, long_date
from bot.ui.styles.body import SILENT, Body, Papers
from bot.ui.styles.heading import first_line, name_digest
from bot.ui.styles.notes import Notes
from bot.ui.styles.receipt import add_receipt

BEGINNING: Final = "-# No digest of "
MAX_CATEGORIES: Final = 8

News = tuple[tuple[ArxivId, frozenset[int]], ...]
"""What a message tells of papers, as `ShownMessage` has it."""

_WHY: Final[Mapping[Silence, str]] = {
    Silence.HOLIDAY: "arXiv announced nothing.",
    Silence.EMPTY: "arXiv's list was empty, against expectation.",
    Silence.MISSED: "arXiv's list could not be had in time.",
    Silence.LATE: "arXiv's list is hours late; the digest follows when it comes.",
    Silence.UNREADABLE: "arXiv cannot be read; the digest follows when it can.",
}


@dataclass(frozen=True, slots=True)
class WithoutPapers:
    """The style of a message that shows no paper of a digest; see `bot.ui.styles.Style`.

    It is known by the ``beginning`` of its first line; ``read_news`` finds what it tells of papers.
    """

    code: str
    words: str
    beginning: str
    is_ranked: bool = False
    read_news: Callable[[Body], News] = field(default=lambda body: (), compare=False)

    def describe(self, subscription: Subscription) -> str:
        return self.words

    def measure(self, digest: Digest) -> int:
        return 0

    def render(self, digest: Digest, *, first_part: int = 1) -> tuple[MessageDraft, ...]:
        return ()

    def split(self, body: Body, papers: Papers) -> tuple[MessageDraft, ...]:
        return ()

    def amend(self, body: Body, notes: Notes) -> Body:
        return body

    def read(self, body: Body) -> ShownMessage | None:
        line = first_line(body.get("content"))
        if not line.startswith(self.beginning):
            return None
        return ShownMessage(line=line, news=self.read_news(body))


QUIET: Final = WithoutPapers("quiet", "quiet: no papers", BEGINNING)


def render_quiet_week(digest: Digest) -> MessageDraft:
    """Say in one line why a week has no digest; it makes no sound."""
    why = f"none of {count_of(digest.tally.announced, 'announced paper')} matches a topic."
    if not digest.tally.announced:
        why = "arXiv's lists of that week hold nothing for this channel, or could not be had."
    content = f"{BEGINNING}{name_digest(digest)}: {why}"
    return MessageDraft(style=QUIET.code, body={"content": content, "flags": SILENT}, papers=())


def render_left(digest: Digest) -> MessageDraft:
    """Say in one line that other channels have all papers, with the button that leads there."""
    papers = count_of(digest.tally.left, "matching paper")
    content = f"{BEGINNING}{name_digest(digest)}: other channels of this server have {papers}."
    body = add_receipt({"content": content, "flags": SILENT}, digest)
    return MessageDraft(style=QUIET.code, body=body, papers=())


def render_quiet(subscription: Subscription, quiet: QuietDay) -> MessageDraft:
    """Say in one line why there is no digest; it makes no sound."""
    names = subscription.categories[:MAX_CATEGORIES]
    more = len(subscription.categories) - len(names)
    categories = ", ".join(names) + (f" and {more} more" if more else "")
    why = _WHY.get(quiet.silence) or (
        f"none of {count_of(quiet.announced, 'announced paper')} matches a topic."
    )
    content = f"{BEGINNING}{categories} on {long_date(quiet.day)}: {why}"
    return MessageDraft(style=QUIET.code, body={"content": content, "flags": SILENT}, papers=())
