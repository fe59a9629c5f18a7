"""How the parts of a digest become messages, the same in all styles."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, TypeVar, cast

from bot.digest.messages import MessageDraft
from bot.digest.models import Digest
from bot.models import ArxivId
from bot.ui.styles.heading import head, head_of_part, head_of_piece

T = TypeVar("T")

Body = Mapping[str, object]
"""A message as Discord's API has it: ``content``, ``embeds``, ``components``, ``flags``."""

Papers = Sequence[tuple[ArxivId, int]]
"""Papers of a message with their versions, in its order."""

SILENT: Final = 1 << 12
"""The flag of a message that notifies nobody (SUPPRESS_NOTIFICATIONS)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One message of a digest: all of its body but what begins it, and its papers."""

    style: str
    body: Body
    papers: Papers


def pack(items: Sequence[T], fits: Callable[[Sequence[T]], bool]) -> list[Sequence[T]]:
    """Divide into the fewest groups that fit, in order; evenly where that fits too.

    An item that does not fit by itself is a group of its own.
    """
    bounds = _fewest(items, fits)
    count = len(bounds) - 1
    even = [len(items) * number // count for number in range(count + 1)] if count else bounds
    if all(fits(items[start:end]) for start, end in pairwise(even)):
        bounds = even
    return [items[start:end] for start, end in pairwise(bounds)]


def _fewest(items: Sequence[T], fits: Callable[[Sequence[T]], bool]) -> list[int]:
    """Return where groups begin and end; taking what fits, in order, makes the fewest."""
    bounds = [0]
    for number in range(1, len(items)):
        if not fits(items[bounds[-1] : number + 1]):
            bounds.append(number)
    return [*bounds, len(items)] if items else bounds


def make_drafts(
    digest: Digest, parts: Sequence[Part], first_part: int, *, says_order: bool = False
) -> tuple[MessageDraft, ...]:
    """Begin each part with its heading; only the first may make a sound."""
    last_part = first_part + len(parts) - 1
    return tuple(
        MessageDraft(
            style=part.style,
            body={"content": head(digest, number, says_order=says_order), **part.body}
            if number == first_part
            else {
                "content": head_of_part(digest, number, last_part),
                **part.body,
                "flags": SILENT,
            },
            papers=tuple(part.papers),
        )
        for number, part in enumerate(parts, start=first_part)
    )


def make_pieces(body: Body, parts: Sequence[Part]) -> tuple[MessageDraft, ...]:
    """Make messages of the parts of one that Discord refused."""
    content, flags = str(body.get("content") or ""), body.get("flags")
    pings = body.get("allowed_mentions")
    return tuple(
        MessageDraft(
            style=part.style,
            body={
                "content": head_of_piece(content, number, len(parts)),
                **part.body,
                **({"flags": flags} if number == 1 and flags else {}),
                **({"allowed_mentions": pings} if number == 1 and pings else {}),
                **({"flags": SILENT} if number > 1 else {}),
            },
            papers=tuple(part.papers),
        )
        for number, part in enumerate(parts, start=1)
    )


def embeds_of(body: Body) -> Sequence[Mapping[str, Any]]:
    """Return the embeds of a message, planned or posted."""
    return cast(Sequence[Mapping[str, Any]], body.get("embeds") or ())
