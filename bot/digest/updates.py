"""What becomes known of a paper after it was posted, so that its message can say so. Pure.

An update is found where a stored paper gains something (`find_updates`), is kept with a number and
the date on which it was noticed, and stands under the paper in every message that was planned
without it (docs/decisions/0015-living-posts.md).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import islice
from typing import Final

from bot.models import UNKNOWN_VERSION, ArxivId, Link, LinkKind, Paper
from bot.text.links import same_address
from bot.text.venue import read_venue
from bot.text.withdrawal import is_withdrawn

MAX_LINKS: Final = 2
"""Of each kind that one change may bring; a paper's own page has the rest."""

ARXIV_DOI: Final = "10.48550/"
"""Begins the DOIs that arXiv itself gives to every paper: they say nothing of a publication."""


class UpdateKind(StrEnum):
    """What became known; the values are stored, so they stay as they are."""

    WITHDRAWN = "withdrawn"
    VERSION = "version"
    VENUE = "venue"
    JOURNAL = "journal"
    DOI = "doi"
    CODE = "code"
    PROJECT = "project"


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """One thing that became known.

    ``text`` is an address, the number of a version, a venue, a journal reference or a DOI.
    ``source`` is where a link comes from (`Provenance`), or a venue's `Standing`.
    """

    kind: UpdateKind
    text: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotedUpdate:
    """An update as it is kept: ``number`` counts all of them, ``noted_on`` is when it was seen."""

    number: int
    arxiv_id: ArxivId
    update: Update
    noted_on: date


def find_updates(before: Paper, after: Paper) -> list[Update]:
    """List what ``after`` says of a paper that ``before`` did not, the weightiest first."""
    return [
        *_find_fate(before, after),
        *_find_publication(before, after),
        *_find_links(before, after),
    ]


def _find_fate(before: Paper, after: Paper) -> Iterator[Update]:
    if _is_withdrawn(after) and not _is_withdrawn(before):
        yield Update(kind=UpdateKind.WITHDRAWN)
    if after.version > before.version > UNKNOWN_VERSION:
        yield Update(kind=UpdateKind.VERSION, text=str(after.version))


def _is_withdrawn(paper: Paper) -> bool:
    return is_withdrawn(comment=paper.comment, abstract=paper.abstract)


def _find_publication(before: Paper, after: Paper) -> Iterator[Update]:
    venue = read_venue(after.comment) if _is_comment_new(before, after) else None
    if venue is not None and venue != read_venue(before.comment):
        yield Update(kind=UpdateKind.VENUE, text=str(venue), source=venue.standing.value)
    if after.journal_ref and not before.journal_ref:
        yield Update(kind=UpdateKind.JOURNAL, text=after.journal_ref)
    if after.doi and not before.doi and not after.doi.startswith(ARXIV_DOI):
        yield Update(kind=UpdateKind.DOI, text=after.doi)


def _is_comment_new(before: Paper, after: Paper) -> bool:
    """Whether the authors changed it; a daily feed has none, and a fuller source tells it later."""
    is_told_first = before.comment is None and after.version <= before.version
    return after.comment != before.comment and not is_told_first


def _find_links(before: Paper, after: Paper) -> Iterator[Update]:
    if after.links == before.links:
        return
    known = {same_address(link.url) for link in before.links}
    fresh = [link for link in after.links if same_address(link.url) not in known]
    for kind, update in ((LinkKind.CODE, UpdateKind.CODE), (LinkKind.PROJECT, UpdateKind.PROJECT)):
        yield from (_of(link, update) for link in islice(_of_kind(fresh, kind), MAX_LINKS))


def _of_kind(links: Iterable[Link], kind: LinkKind) -> Iterator[Link]:
    return (link for link in links if link.kind is kind)


def _of(link: Link, kind: UpdateKind) -> Update:
    return Update(kind=kind, text=link.url, source=link.provenance.value)


def still_true(updates: Sequence[NotedUpdate], *, known: int, version: int) -> list[NotedUpdate]:
    """Return the updates that a message does not show yet, each thing as it is now, in order.

    The message was planned with those up to the number ``known``, and has that ``version``. Of
    versions and venues the last counts.
    """
    later = [each for each in updates if each.number > known and not _is_shown(each, version)]
    last = {each.update.kind: each.number for each in later if each.update.kind in _ONE_AT_A_TIME}
    return [each for each in later if last.get(each.update.kind, each.number) == each.number]


_ONE_AT_A_TIME: Final = frozenset({UpdateKind.VERSION, UpdateKind.VENUE})


def _is_shown(noted: NotedUpdate, version: int) -> bool:
    text = noted.update.text
    is_number = noted.update.kind is UpdateKind.VERSION and text.isdecimal()
    return is_number and int(text) <= version
