"""A digest as Discord messages: as few as the limits allow, no paper ever left out.

Discord allows ten embeds and 6000 characters over all embeds of a message; the latter binds
first. So the papers are divided into the fewest possible messages with short excerpts, and then
the excerpts grow into the room that is left (docs/decisions/0004-message-packing.md).
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import discord

from bot.models import AnnounceType, Digest, DigestEntry, MessageDraft
from bot.text import markdown
from bot.text.words import count_of, long_date
from bot.ui.embeds import MAX_EMBEDS, MAX_TOTAL, embed_width, one_line, render_paper

MIN_EXCERPT = 120
MAX_EXCERPT = 600

_MAX_CATEGORIES_SHOWN = 8

_COUNTED = {
    AnnounceType.CROSS: "cross-list",
    AnnounceType.REPLACE: "replacement",
    AnnounceType.REPLACE_CROSS: "replaced cross-list",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Card:
    """A paper's card as far as lengths go: all but its excerpt, and its whole abstract."""

    entry: DigestEntry
    fixed: int
    abstract: int


Group = Sequence[_Card]


def render_digest(digest: Digest, *, first_part: int = 1) -> tuple[MessageDraft, ...]:
    """Render a digest as cards, in the digest's order; without papers there are no messages.

    ``first_part`` is the number of the first message among all of this channel and date. The
    content of each message (categories, date, part) tells it from every other of its channel.
    """
    groups = _pack(digest.entries)
    last_part = first_part + len(groups) - 1
    return tuple(
        MessageDraft(
            body={
                "content": _header(digest, part)
                if part == first_part
                else f"-# {_name(digest)} · part {part} of {last_part}",
                "embeds": [embed.to_dict() for embed in _render_group(group)],
            },
            papers=tuple((card.entry.paper.arxiv_id, card.entry.paper.version) for card in group),
        )
        for part, group in enumerate(groups, start=first_part)
    )


def _name(digest: Digest) -> str:
    shown = digest.categories[:_MAX_CATEGORIES_SHOWN]
    more = len(digest.categories) - len(shown)
    categories = ", ".join(shown) + (f" and {more} more" if more else "")
    return f"{categories} · {long_date(digest.announced_on)}"


def _header(digest: Digest, part: int) -> str:
    title = f"### {_name(digest)}"
    if digest.is_supplement:
        title += " · supplement"
    if part > 1:
        title += f" · part {part}"  # else two supplements of a day could read the same
    more = " more" if digest.is_supplement else ""
    counts = f"{len(digest.entries):,}{more} of {digest.announced:,} announced"
    return f"{title}\n{counts} · {', '.join(_counts(digest))}"


def _counts(digest: Digest) -> Iterator[str]:
    types = [entry.announce_type for entry in digest.entries]
    if AnnounceType.NEW in types:
        yield f"{types.count(AnnounceType.NEW):,} new"
    for announce_type, noun in _COUNTED.items():
        if announce_type in types:
            yield count_of(types.count(announce_type), noun)


def _pack(entries: Sequence[DigestEntry]) -> list[Group]:
    """Divide into the fewest groups that fit; evenly where that fits too: excerpts gain by it."""
    cards = [_measure(entry) for entry in entries]
    bounds = _fewest(cards)
    count = len(bounds) - 1
    even = [len(cards) * number // count for number in range(count + 1)] if count else bounds
    if all(_fits(cards[start:end]) for start, end in pairwise(even)):
        bounds = even
    return [cards[start:end] for start, end in pairwise(bounds)]


def _measure(entry: DigestEntry) -> _Card:
    bare = render_paper(entry, excerpt_chars=0)
    abstract = markdown.escape(one_line(entry.paper.abstract))
    return _Card(
        entry=entry, fixed=embed_width(bare) + len("\n"), abstract=markdown.width(abstract)
    )


def _fewest(cards: Group) -> list[int]:
    """Return where groups begin and end; taking what fits, in order, makes the fewest."""
    bounds = [0]
    for number in range(1, len(cards)):
        if not _fits(cards[bounds[-1] : number + 1]):
            bounds.append(number)
    return [*bounds, len(cards)] if cards else bounds


def _fits(cards: Group) -> bool:
    return len(cards) <= MAX_EMBEDS and _width(cards, MIN_EXCERPT) <= MAX_TOTAL


def _width(cards: Group, excerpt_chars: int) -> int:
    return sum(card.fixed + min(card.abstract, excerpt_chars) for card in cards)


def _render_group(cards: Group) -> list[discord.Embed]:
    """Render with the longest excerpts, the same limit for all, that the message has room for."""
    limits = range(MIN_EXCERPT, MAX_EXCERPT + 1)
    fitting = bisect_right(limits, MAX_TOTAL, key=lambda limit: _width(cards, limit))
    limit = limits[max(fitting - 1, 0)]
    return [render_paper(card.entry, excerpt_chars=limit) for card in cards]
