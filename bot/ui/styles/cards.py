"""Cards: every paper an embed, in as few messages as the limits allow, no paper ever left out.

Discord allows ten embeds and 6000 characters over all embeds of a message; the latter binds
first. So the papers are divided into the fewest possible messages with short excerpts, and then
the excerpts grow into the room that is left (docs/decisions/0004-message-packing.md).
"""

import contextlib
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from bot.arxiv.identifier import parse_identifier
from bot.digest.messages import MessageDraft, ShownMessage
from bot.digest.models import Digest, DigestEntry, Subscription
from bot.errors import InputError
from bot.models import UNKNOWN_VERSION, AnnounceType, ArxivId, least_version
from bot.text import markdown
from bot.ui.embeds import MAX_EMBEDS, MAX_TOTAL, Card, make_card
from bot.ui.styles.body import Body, Papers, embeds_of
from bot.ui.styles.heading import first_line, is_heading
from bot.ui.styles.notes import Notes, Room, with_embeds
from bot.ui.styles.parts import Part, make_drafts, make_pieces, pack
from bot.ui.styles.receipt import ROOM, is_receipt

MIN_EXCERPT = 120
MAX_EXCERPT = 600
LEAST_EXCERPT: Final = 60
"""What an excerpt keeps when a line that was added later needs its room."""

REPLACEMENT_SHOWN: Final = re.compile(r"replacement(?: v(\d+))?")
"""How a card shows a replacement, and its version unless it is unknown."""

SUPPRESS_EMBEDS: Final = 1 << 2
"""The flag of a message whose embeds were removed."""


@dataclass(frozen=True, slots=True)
class Cards:
    """The style; see `bot.ui.styles.Style` for what its methods promise."""

    code: str = "cards"
    words: str = "cards: one per paper, with excerpt and links"
    is_ranked: bool = False

    def describe(self, subscription: Subscription) -> str:
        return "cards, one per paper"

    def measure(self, digest: Digest) -> int:
        return len(_pack(digest.entries))

    def render(self, digest: Digest, *, first_part: int = 1) -> tuple[MessageDraft, ...]:
        return make_drafts(digest, make_cards(digest.entries), first_part)

    def split(self, body: Body, papers: Papers) -> tuple[MessageDraft, ...]:
        """One message per paper; a card that is of none of them leaves the message whole."""
        embeds = [embed for embed in embeds_of(body) if not is_receipt(embed)]
        if len(embeds) < 2 or len(embeds) != len(papers):
            return ()
        parts = []
        for embed in embeds:
            shown = _shown(embed)
            found = [paper for paper in papers if shown and paper[0] == shown[0]]
            if len(found) != 1:
                return ()
            parts.append(Part(style=self.code, body={"embeds": [embed]}, papers=found))
        drafts = make_pieces(body, parts)
        return drafts if {draft.papers[0] for draft in drafts} == set(papers) else ()

    def amend(self, body: Body, notes: Notes) -> Body:
        """Put each line at the end of its card, for which the excerpt may give way."""
        room, embeds, left_out = Room(body), [], 0
        for embed in embeds_of(body):
            paper = _shown(embed)
            forms = notes.get(paper[0], ()) if paper else ()
            amended = _with_note(embed, forms, room)
            left_out += bool(forms) and amended is None
            embeds.append(amended or embed)
        return with_embeds(body, embeds, left_out=left_out)

    def read(self, body: Body) -> ShownMessage | None:
        line = first_line(body.get("content"))
        embeds = embeds_of(body)
        papers = tuple(paper for embed in embeds if (paper := _shown(embed)))
        if papers:
            return ShownMessage(line=line, papers=papers)
        is_emptied = not line and int(cast(int, body.get("flags") or 0)) & SUPPRESS_EMBEDS
        if embeds or not (is_heading(line) or is_emptied):
            return None
        return ShownMessage(line=line, is_stripped=True)


CARDS: Final = Cards()


def make_cards(entries: Sequence[DigestEntry], *, max_excerpt: int = MAX_EXCERPT) -> list[Part]:
    """Show each paper as a card, in as few messages as possible."""
    return [
        Part(
            style=CARDS.code,
            body={"embeds": _render_group(group, max_excerpt)},
            papers=[(card.entry.paper.arxiv_id, card.entry.least_version) for card in group],
        )
        for group in _pack(entries)
    ]


def _with_note(
    embed: Mapping[str, Any], forms: Sequence[str], room: Room
) -> Mapping[str, Any] | None:
    """Add a paper's line to its card; None where there is none, or none fits."""
    text = str(embed.get("description") or "")
    excerpt = _excerpt_of(text)
    spare = max(markdown.width(excerpt) - LEAST_EXCERPT, 0)
    form, given = room.take(forms, text, spare=spare)
    if form is None:
        return None
    if given:
        shorter = markdown.cut(excerpt, markdown.width(excerpt) - given)
        text = text.replace(excerpt, shorter, 1)
    return {**embed, "description": f"{text}\n{form}".strip("\n")}


def _excerpt_of(text: str) -> str:
    """Return the excerpt of a card's description: the line before the links, if not the authors."""
    *lines, links = text.split("\n")
    excerpt = lines[-1] if lines and links.startswith("[PDF](") else ""
    return "" if len(lines) == 1 and excerpt.startswith("*") else excerpt


def _shown(embed: Mapping[str, Any]) -> tuple[ArxivId, int] | None:
    """Return the paper of a card, which is titled with its link; None for any other embed."""
    with contextlib.suppress(InputError):
        arxiv_id, version = parse_identifier(str(embed.get("url") or ""))
        footer = str((embed.get("footer") or {}).get("text") or "")
        _, _, rest = footer.partition(" · ")
        shown = REPLACEMENT_SHOWN.fullmatch(rest.partition(" · ")[0])
        kind = AnnounceType.REPLACE if shown else AnnounceType.NEW
        told = int(shown[1] or UNKNOWN_VERSION) if shown else UNKNOWN_VERSION
        return arxiv_id, version or least_version(told, kind)
    return None


Group = Sequence[Card]


def _pack(entries: Sequence[DigestEntry]) -> list[Group]:
    """Divide into the fewest messages; even ones have longer excerpts."""
    cards = [make_card(entry) for entry in entries]
    return pack(cards, lambda card: _width(card, MIN_EXCERPT), MAX_TOTAL - ROOM, MAX_EMBEDS)


def _width(card: Card, excerpt_chars: int) -> int:
    """Return what a card takes with an excerpt of that width, on a line of its own."""
    return card.width + 1 + min(card.abstract_width, excerpt_chars)


def _render_group(cards: Group, max_excerpt: int) -> list[dict[str, object]]:
    """Render with the longest excerpts, the same limit for all, that the message has room for."""
    left = MAX_TOTAL - ROOM - sum(card.width + 1 for card in cards)
    share = _share(left, [card.abstract_width for card in cards])
    limit = min(max(share, MIN_EXCERPT), max_excerpt)
    return [card.render(limit) for card in cards]


def _share(room: int, widths: Sequence[int]) -> int:
    """Return the highest limit with which texts of these widths, cut to it, fit into ``room``."""
    shortest_first = sorted(widths)
    for number, width in enumerate(shortest_first):
        share = room // (len(shortest_first) - number)
        if share < width:
            return share
        room -= width
    return sys.maxsize
