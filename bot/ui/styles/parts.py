"""How the parts of a digest become messages, the same in all styles."""

import sys
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TypeVar

from bot.digest.messages import MessageDraft
from bot.digest.models import Digest
from bot.ui.styles.body import SILENT, Body, Papers
from bot.ui.styles.heading import head, head_of_part, head_of_piece
from bot.ui.styles.receipt import add_receipt, put_receipt, receipt_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One message of a digest: all of its body but what begins it, and its papers."""

    style: str
    body: Body
    papers: Papers


def pack(
    items: Sequence[T], width: Callable[[T], int], room: int, most: int = sys.maxsize
) -> list[Sequence[T]]:
    """Divide into the fewest groups of at most ``room`` and ``most`` items, in order.

    They are even where that fits too. An item that does not fit by itself is a group of its own.
    """
    taken = [0, *accumulate(map(width, items))]
    bounds = _fewest(taken, room, most)
    count = len(bounds) - 1
    even = [len(items) * number // count for number in range(count + 1)] if count else bounds
    if all(b - a <= most and taken[b] - taken[a] <= room for a, b in pairwise(even)):
        bounds = even
    return [items[start:end] for start, end in pairwise(bounds)]


def _fewest(taken: Sequence[int], room: int, most: int) -> list[int]:
    """Return where groups begin and end; taking what fits, in order, makes the fewest.

    ``taken`` is what the items before each take together, and at the end all of them.
    """
    bounds = [0]
    while (start := bounds[-1]) < len(taken) - 1:
        end = bisect_right(taken, taken[start] + room, lo=start) - 1
        bounds.append(min(max(end, start + 1), start + most))
    return bounds


def make_drafts(
    digest: Digest, parts: Sequence[Part], first_part: int, *, says_order: bool = False
) -> tuple[MessageDraft, ...]:
    """Begin each part with its heading; only the first may make a sound."""
    last_part = first_part + len(parts) - 1
    return tuple(
        MessageDraft(
            style=part.style,
            body=_complete(
                digest, part.body, number, (first_part, last_part), says_order=says_order
            ),
            papers=tuple(part.papers),
        )
        for number, part in enumerate(parts, start=first_part)
    )


def _complete(
    digest: Digest, body: Body, number: int, bounds: tuple[int, int], *, says_order: bool
) -> Body:
    """Begin a part with its heading, and end the last with the digest's receipt."""
    first, last = bounds
    if number == first:
        body = {"content": head(digest, number, says_order=says_order), **body}
    else:
        body = {"content": head_of_part(digest, number, last), **body, "flags": SILENT}
    return add_receipt(body, digest) if number == last else body


def make_pieces(body: Body, parts: Sequence[Part]) -> tuple[MessageDraft, ...]:
    """Make messages of the parts of one that Discord refused."""
    content, flags = str(body.get("content") or ""), body.get("flags")
    pings = body.get("allowed_mentions")
    receipt = receipt_of(body)
    return tuple(
        MessageDraft(
            style=part.style,
            body={
                "content": head_of_piece(content, number, len(parts)),
                **(put_receipt(part.body, receipt) if number == len(parts) else part.body),
                **({"flags": flags} if number == 1 and flags else {}),
                **({"allowed_mentions": pings} if number == 1 and pings else {}),
                **({"flags": SILENT} if number > 1 else {}),
            },
            papers=tuple(part.papers),
        )
        for number, part in enumerate(parts, start=1)
    )
