"""The small line under a paper that says what became known of it since, in a few lengths."""

from collections.abc import Sequence
from itertools import groupby
from typing import Final
from urllib.parse import quote

from bot.digest.updates import NotedUpdate, UpdateKind
from bot.text import markdown
from bot.text.venue import Standing
from bot.text.words import count_of, short_date
from bot.ui.embeds import WITHDRAWN, says

MARK: Final = "↳ "
"""Begins the line, and nothing else in a digest."""

MAX_TEXT: Final = 80
MAX_URL: Final = 200
SEPARATOR: Final = " · "

_STANDINGS: Final = {
    Standing.ACCEPTED.value: "accepted at",
    Standing.TO_APPEAR.value: "to appear in",
    Standing.PUBLISHED.value: "published in",
}


def render_updates(updates: Sequence[NotedUpdate]) -> tuple[str, ...]:
    """Write the line in three lengths: with links, without them, and as no more than a count.

    Nothing for no updates.
    """
    if not updates:
        return ()
    last = short_date(max(each.noted_on for each in updates))
    counted = f"{count_of(len(updates), 'update')} by {last}"
    lines = (_line(updates, has_links=True), _line(updates, has_links=False), f"{MARK}{counted}")
    return tuple(dict.fromkeys(lines))


def _line(updates: Sequence[NotedUpdate], *, has_links: bool) -> str:
    days = groupby(sorted(updates, key=lambda each: each.noted_on), key=lambda each: each.noted_on)
    said = (
        f"{short_date(day)}: "
        + SEPARATOR.join(dict.fromkeys(_say(each, has_links=has_links) for each in group))
        for day, group in days
    )
    return MARK + "; ".join(said)


def _say(noted: NotedUpdate, *, has_links: bool) -> str:
    update = noted.update
    match update.kind:
        case UpdateKind.WITHDRAWN:
            return f"**{WITHDRAWN}**"
        case UpdateKind.VERSION:
            return f"v{markdown.shorten(update.text, 5)}"
        case UpdateKind.VENUE:
            return f"{_STANDINGS.get(update.source, 'accepted at')} {_short(update.text)}"
        case UpdateKind.JOURNAL:
            return f"published in {_short(update.text)}"
        case UpdateKind.DOI:
            address = f"https://doi.org/{quote(update.text, safe='/:;.')}"
            return _link("DOI", address, has_links=has_links)
        case UpdateKind.CODE | UpdateKind.PROJECT:
            label = "Code" if update.kind is UpdateKind.CODE else "Project"
            return _link(label, update.text, has_links=has_links) + says(update.source)


def _short(text: str) -> str:
    return markdown.shorten(" ".join(text.split()), MAX_TEXT)


def _link(label: str, url: str, *, has_links: bool) -> str:
    return markdown.masked_link(label, url) if has_links and len(url) <= MAX_URL else label
