"""The small line under a paper that says what became known of it since, in a few lengths."""

import re
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import groupby
from typing import Final
from urllib.parse import quote

from bot.digest.reading import PaperNews
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


# -- what was told ---------------------------------------------------------------------------------


def number_told(line: str) -> frozenset[int]:
    """Number the updates that a line tells, so that they can be told from others.

    What only says that there is a link, without its address, is left out. Of versions all up to
    the one that is told are meant.
    """
    numbers: set[int] = set()
    for said in _BETWEEN.split(line.removeprefix(MARK)):
        version = _VERSION.fullmatch(said)
        if version:
            numbers.update(_number(f"v{each}") for each in range(2, int(version[1]) + 1))
        elif said and not _BARE.match(said):
            numbers.add(_number(said))
    return frozenset(numbers)


def leave_told(news: PaperNews) -> PaperNews:
    """Return the news without those that were told already."""
    if not news.told:
        return news
    updates = [
        each for each in news.updates if _number(_say(each, has_links=True)) not in news.told
    ]
    return replace(news, updates=tuple(updates))


_BETWEEN: Final = re.compile(rf"(?:^|; )\d{{1,2}} [A-Z][a-z]{{2}} \d{{4}}: |{re.escape(SEPARATOR)}")
_VERSION: Final = re.compile(r"v(\d{1,3})")
_BARE: Final = re.compile(r"(?:Code|Project|DOI)\b")


def _number(said: str) -> int:
    return int.from_bytes(sha256(said.encode()).digest()[:6])


def _short(text: str) -> str:
    return markdown.shorten(" ".join(text.split()), MAX_TEXT)


def _link(label: str, url: str, *, has_links: bool) -> str:
    return markdown.masked_link(label, url) if has_links and len(url) <= MAX_URL else label
