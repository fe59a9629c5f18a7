"""Lines under the papers of a posted message that say what became known since, in any style.

A message is amended from its body as it was planned, never from an amended one, so that equal
lines always make equal messages. No paper ever gives way to a line: one that does not fit is
written shorter, and one that does not fit at all is counted at the end of the message's content.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from bot.models import ArxivId
from bot.text import markdown
from bot.text.words import count_of
from bot.ui.embeds import MAX_DESCRIPTION, MAX_TOTAL
from bot.ui.styles.body import Body, embeds_of
from bot.ui.updates import MARK

Notes = Mapping[ArxivId, Sequence[str]]
"""The line of each paper, in lengths from the longest to the shortest."""

MAX_CONTENT: Final = 2000
SMALL: Final = "-# "


class Room:
    """What the embeds of a message have left in all."""

    def __init__(self, body: Body) -> None:
        self._left = MAX_TOTAL - sum(map(embed_width, embeds_of(body)))

    def take(
        self, forms: Sequence[str], text: str = "", *, spare: int = 0
    ) -> tuple[str | None, int]:
        """Take the longest form that fits behind ``text``, which can give up ``spare`` characters.

        Returns the form, None if none fits, and how many characters ``text`` must give up.
        """
        for form in forms:
            needed = markdown.width(f"\n{form}")
            room = min(self._left, MAX_DESCRIPTION - markdown.width(text))
            given = max(needed - room, 0)
            if given <= spare:
                self._left -= needed - given
                return form, given
        return None, 0


def embed_width(embed: Mapping[str, Any]) -> int:
    """Return what counts of an embed towards a message's 6000."""
    texts = [embed.get("title"), embed.get("description"), (embed.get("footer") or {}).get("text")]
    return sum(markdown.width(text) for text in texts if text)


def with_embeds(body: Body, embeds: Sequence[Mapping[str, Any]], *, left_out: int) -> Body:
    """Return the body with other embeds, and the number of papers whose line found no room."""
    amended: dict[str, object] = {**body, "embeds": list(embeds)}
    if left_out:
        counted = f"{SMALL}{MARK}updates of {count_of(left_out, 'more paper')}: /paper show"
        content = f"{body.get('content') or ''}\n{counted}"
        if markdown.width(content) <= MAX_CONTENT:
            amended["content"] = content
    return amended


def notes_in(body: Body) -> tuple[tuple[str, str], ...]:
    """Return the lines that a message shows, planned or posted, each with where it stands.

    That is the paper's number in a list, the end of its address on a card, and nothing for a line
    of the content. The addresses of links are left out: Discord may spell them otherwise.
    """
    return tuple(_notes_in(body))


def _notes_in(body: Body) -> Iterator[tuple[str, str]]:
    texts = [("", str(body.get("content") or ""))]
    for embed in embeds_of(body):
        address = str(embed.get("url") or "")
        texts.append((address.rpartition("/")[2], str(embed.get("description") or "")))
    for place, text in texts:
        at = place
        for line in text.split("\n"):
            at = found[1] if (found := _NUMBER.match(line)) else at
            if _is_note(line):
                yield at, _visible(line)


_NUMBER: Final = re.compile(r"\*\*([\d,]+)\. ")


def _is_note(line: str) -> bool:
    return line.removeprefix(SMALL).startswith(MARK)


def _visible(line: str) -> str:
    return " ".join(re.sub(r"\]\([^)]*\)", "]", line).split())
