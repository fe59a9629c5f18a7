"""Brief: the best papers as cards, all others as a list that goes on counting.

Which papers are best is decided before (`digest/rank.py`); where there is nothing to tell by, none
is, and the brief is a list. Each message is one of cards or of a list, and kept as such.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.digest.messages import MessageDraft, ShownMessage
from bot.digest.models import Digest, DigestEntry, Subscription
from bot.ui.styles.body import Body, Papers
from bot.ui.styles.cards import CARDS, make_cards
from bot.ui.styles.list import LIST, make_list, make_menu
from bot.ui.styles.notes import Notes
from bot.ui.styles.parts import Part, make_drafts

EXCERPT: Final = 220
"""Of the best abstracts: five cards take two screens of a phone, and the menu has them whole."""


@dataclass(frozen=True, slots=True)
class Brief:
    """The style; see `bot.ui.styles.Style` for what its methods promise."""

    code: str = "brief"
    words: str = "brief: the best papers as cards, all others as a list"
    is_ranked: bool = True

    def describe(self, subscription: Subscription) -> str:
        return describe_brief(subscription)

    def measure(self, digest: Digest) -> int:
        return len(_make_parts(digest))

    def render(self, digest: Digest, *, first_part: int = 1) -> tuple[MessageDraft, ...]:
        return make_drafts(digest, _make_parts(digest), first_part, says_order=True)

    def split(self, body: Body, papers: Papers) -> tuple[MessageDraft, ...]:
        return CARDS.split(body, papers) or LIST.split(body, papers)

    def amend(self, body: Body, notes: Notes) -> Body:
        return (CARDS if CARDS.read(body) else LIST).amend(body, notes)

    def read(self, body: Body) -> ShownMessage | None:
        return LIST.read(body) or CARDS.read(body)


BRIEF: Final = Brief()


def describe_brief(subscription: Subscription) -> str:
    """Say how many papers of a channel stand out, and when."""
    if not subscription.top:
        return "a list, best matches first" if subscription.topics else "a list"
    best = "the best match" if subscription.top == 1 else f"the {subscription.top} best matches"
    cards = "a card" if subscription.top == 1 else "cards"
    if not subscription.topics:
        return f"a list; with topics, {best} first as {cards}"
    return f"{best} as {cards} and the others as a list"


def _make_parts(digest: Digest) -> list[Part]:
    best, others = digest.entries[: digest.top], digest.entries[digest.top :]
    return [*_make_best(best), *make_list(others, first_number=len(best) + 1)]


def _make_best(entries: Sequence[DigestEntry]) -> list[Part]:
    """Make cards with a menu: it counts the papers on which the list goes on."""
    parts, number = [], 1
    for part in make_cards(entries, max_excerpt=EXCERPT):
        group = entries[number - 1 : number - 1 + len(part.papers)]
        menu = make_menu(group, number)
        parts.append(replace(part, body={**part.body, "components": [menu]}))
        number += len(group)
    return parts
