"""What a digest looks like in a channel: one file and one object for each style.

A style measures, renders, splits and recognises its own messages. Nothing else looks into a
message's body: delivery, recovery and the comparison after a restore ask the style. A message
keeps the style that made it, so a digest that changes its style changes nothing already planned.

From outside: the interface `Style`, `STYLES` and `DEFAULT_STYLE`, `find_style` and `style_of` by
code, `read_any` for a message of unknown style, `notes_in`, `describe_drafts`, `list_options`,
`render_then_cards` and `thread_name`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol

from bot.digest.messages import MessageDraft, ShownMessage
from bot.digest.models import Digest, DigestEntry, Subscription
from bot.ui.styles.auto import AUTO
from bot.ui.styles.body import Body, Papers
from bot.ui.styles.body import embeds_of as embeds_of
from bot.ui.styles.brief import BRIEF
from bot.ui.styles.cards import CARDS, make_cards
from bot.ui.styles.heading import cadence_of as cadence_of
from bot.ui.styles.heading import thread_name as thread_name
from bot.ui.styles.list import LIST, make_list, options_of
from bot.ui.styles.news import NEWS
from bot.ui.styles.news import render_news as render_news
from bot.ui.styles.notes import Notes
from bot.ui.styles.notes import notes_in as notes_in
from bot.ui.styles.parts import Part, make_drafts
from bot.ui.styles.quiet import QUIET
from bot.ui.styles.quiet import render_left as render_left
from bot.ui.styles.quiet import render_quiet as render_quiet
from bot.ui.styles.quiet import render_quiet_week as render_quiet_week


class Style(Protocol):
    """One look of a digest. All of it is pure, and depends on the arguments alone."""

    @property
    def code(self) -> str:
        """The name under which a subscription and a message keep it."""

    @property
    def words(self) -> str:
        """What `/digest setup` offers."""

    @property
    def is_ranked(self) -> bool:
        """Whether it wants the best papers first (`digest/rank.py`)."""

    def describe(self, subscription: Subscription) -> str:
        """Say how a channel's papers are shown, whatever that depends on."""

    def measure(self, digest: Digest) -> int:
        """Return how many messages the digest takes."""

    def render(self, digest: Digest, *, first_part: int = 1) -> tuple[MessageDraft, ...]:
        """Render a digest in its own order, every paper in it; no papers are no messages.

        ``first_part`` is the number of the first message among all of this channel and date. The
        first line of each message must tell it from every other of its channel.
        """

    def split(self, body: Body, papers: Papers) -> tuple[MessageDraft, ...]:
        """Divide a message that Discord refused, so that one bad paper stays alone.

        ``papers`` are those of the message. Empty when it cannot be divided.
        """

    def amend(self, body: Body, notes: Notes) -> Body:
        """Put a line below each paper of ``notes``, in a message as it was planned.

        All of its papers stay, and it is read as the message that it was; what finds no room is
        counted.
        """

    def read(self, body: Body) -> ShownMessage | None:
        """Read what a message shows, planned or posted; None if it is not of this style."""


STYLES: Final[Mapping[str, Style]] = {style.code: style for style in (AUTO, BRIEF, LIST, CARDS)}

DEFAULT_STYLE: Final[Style] = AUTO
"""That of new digests, and what takes the place of one that this version does not know."""


_UNOFFERED: Final[Mapping[str, Style]] = {QUIET.code: QUIET, NEWS.code: NEWS}
"""Those that a message may have and nobody chooses."""


QUIET_STYLE: Final = QUIET.code
"""The style of the line about a date without digest (`render_quiet`)."""


WEEK_STYLE: Final = BRIEF.code
"""That of a week's digest, which is one post whatever the style of its channel."""


def find_style(code: str) -> Style | None:
    """Return the style of that code; None when this version of the bot has no such style."""
    return STYLES.get(code)


def style_of(code: str) -> Style:
    """Return the style of that code, the default one where there is none such.

    A digest in another look is better than none, and `/digest status` says so.
    """
    return STYLES.get(code) or _UNOFFERED.get(code, DEFAULT_STYLE)


def render_then_cards(style: Style, digest: Digest, first_part: int) -> tuple[MessageDraft, ...]:
    """Render a digest's first message in a style, and all other papers as cards."""
    drafts = style.render(digest, first_part=first_part)
    if len(drafts) < 2:
        return drafts
    first = drafts[0]
    cards = make_cards(digest.entries[len(first.papers) :])
    parts = [Part(style=first.style, body={}, papers=first.papers), *cards]
    return (first, *make_drafts(digest, parts, first_part)[1:])


def describe_drafts(drafts: Iterable[MessageDraft]) -> str:
    """Say how the papers of these messages are shown: as cards, as a list, or some so, some so."""
    papers = {True: 0, False: 0}
    for draft in drafts:
        papers[draft.style == CARDS.code] += len(draft.papers)
    if not papers[False]:
        return "as cards"
    if not papers[True]:
        return "as a list"
    best = "the best one as a card" if papers[True] == 1 else f"the {papers[True]} best as cards"
    return f"{best}, the others as a list"


def list_options(body: Body) -> Sequence[Mapping[str, str]]:
    """List the papers of a message's menu (``label``, ``value``); none where it has no menu."""
    return options_of(body)


def list_papers(entries: Sequence[DigestEntry]) -> Sequence[Body]:
    """List papers on as many pages as they take, each with its menu, for one person to read."""
    return tuple(part.body for part in make_list(entries))


def read_any(body: Body) -> ShownMessage | None:
    """Read a message of unknown style; None if it is no digest's."""
    styles = (*STYLES.values(), *_UNOFFERED.values())
    shown = [found for style in styles if (found := style.read(body))]
    return next((each for each in shown if each.papers), shown[0] if shown else None)
