"""How the parts of a digest become messages, the same in all styles."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
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
