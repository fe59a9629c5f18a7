"""Auto: every paper a card while there are few, the best ones first and the rest listed above that.

Its messages are those of the style it chose, and kept as such.
"""

from dataclasses import dataclass
from typing import Final

from bot.digest.messages import MessageDraft, ShownMessage
from bot.digest.models import Digest, Subscription
from bot.text.words import count_of
from bot.ui.styles.body import Body, Papers
from bot.ui.styles.brief import BRIEF, Brief, describe_brief
from bot.ui.styles.cards import CARDS, Cards
from bot.ui.styles.notes import Notes


@dataclass(frozen=True, slots=True)
class Auto:
    """The style; see `bot.ui.styles.Style` for what its methods promise."""

    code: str = "auto"
    words: str = "auto: cards while there are few papers, brief when there are many"
    is_ranked: bool = True

    def describe(self, subscription: Subscription) -> str:
        long = describe_brief(subscription)
        if not subscription.cards_up_to:
            return long
        return f"cards up to {count_of(subscription.cards_up_to, 'paper')}, above that {long}"

    def measure(self, digest: Digest) -> int:
        return _choose(digest).measure(digest)

    def render(self, digest: Digest, *, first_part: int = 1) -> tuple[MessageDraft, ...]:
        return _choose(digest).render(digest, first_part=first_part)

    def split(self, body: Body, papers: Papers) -> tuple[MessageDraft, ...]:
        return BRIEF.split(body, papers)

    def amend(self, body: Body, notes: Notes) -> Body:
        return BRIEF.amend(body, notes)

    def read(self, body: Body) -> ShownMessage | None:
        return BRIEF.read(body)


AUTO: Final = Auto()


def _choose(digest: Digest) -> Cards | Brief:
    return CARDS if len(digest.entries) <= digest.cards_up_to else BRIEF
