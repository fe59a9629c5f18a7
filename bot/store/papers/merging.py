"""What a paper becomes when a source names it again. Pure; `bulk` writes the outcome."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any, NamedTuple, Protocol

from bot.arxiv.dating import month_of
from bot.models import (
    UNKNOWN_VERSION,
    ArxivId,
    Link,
    LinkKind,
    Paper,
    Provenance,
    StoredPaper,
)
from bot.text.withdrawal import is_withdrawn


class PaperRecord(Protocol):
    """What a source or the store says of a paper; its text may not be readable yet."""

    @property
    def version(self) -> int: ...
    @property
    def abstract(self) -> str: ...
    @property
    def authors(self) -> Collection[str]: ...
    @property
    def categories(self) -> tuple[str, ...]: ...
    @property
    def is_primary_known(self) -> bool: ...
    @property
    def comment(self) -> str | None: ...
    @property
    def submitted_at(self) -> datetime | None: ...
    @property
    def links(self) -> tuple[Link, ...]: ...


class FirstDay(NamedTuple):
    """When a paper was first announced, or probably was."""

    announced_on: date
    is_estimated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A paper to write: where it stands now (None when new) and what it becomes."""

    before: StoredPaper | None
    after: Paper
    announced_on: date
    is_estimated: bool

    @property
    def moves(self) -> bool:
        return self.before is None or self.before.announced_on != self.announced_on

    @property
    def is_needed(self) -> bool:
        if self.before is None or self.moves or self.before.paper != self.after:
            return True
        return self.before.is_date_estimated != self.is_estimated


def change_to(
    before: StoredPaper | None, paper: Paper, announced_on: date, *, is_estimated: bool
) -> Change:
    """Work out what is to be written when a source gives ``paper`` with this date."""
    if before is None:
        return Change(
            before=None, after=paper, announced_on=announced_on, is_estimated=is_estimated
        )
    known = FirstDay(before.announced_on, before.is_date_estimated)
    day = better_day(paper.arxiv_id, known, FirstDay(announced_on, is_estimated))
    return Change(
        before=before,
        after=merged(before.paper, paper),
        announced_on=day.announced_on,
        is_estimated=day.is_estimated,
    )


def better_day(arxiv_id: ArxivId, known: FirstDay, found: FirstDay) -> FirstDay:
    """Choose between the stored day and the one that a source gives.

    Announced beats estimated, then the earlier one counts; the first of the identifier's month
    only says that nothing was known.
    """
    if known.is_estimated != found.is_estimated:
        return found if known.is_estimated else known
    unknown = month_of(arxiv_id) if known.is_estimated else None
    return min(known, found, key=lambda day: (day.announced_on == unknown, day.announced_on))


def merged(before: Paper, after: Paper) -> Paper:
    """Combine what is stored with what a source says now; nothing known is lost.

    A higher version replaces the text; the same version fills what was empty; a lower version
    only fills gaps. Links from third parties stay. Where a submission's time, links and categories
    come from several sources, their order does not matter.
    """
    newer, older = (after, before) if after.version > before.version else (before, after)
    gained = gains(newer, older)
    return replace(newer, **gained) if gained else newer


def brought_up_to_date(before: Paper, record: Paper) -> Paper:
    """Combine what is stored with arXiv's record of the paper as it is now.

    As `merged`, but of the stored version or a later one the record is right where it says
    something: the stored comment may be that of an earlier version.
    """
    after = merged(before, record)
    if record.version < before.version:
        return after
    told = {name: said for name in _TOLD_LATER if (said := getattr(record, name))}
    return replace(after, **told)


def has_news(stored: PaperRecord, found: PaperRecord) -> bool:
    """Whether `merged` would make something else of what is stored."""
    return found.version > stored.version or bool(gains(stored, found))


def gains(newer: PaperRecord, older: PaperRecord) -> dict[str, Any]:
    """Return the fields that ``newer`` gains from an older or equal version: what it lacks."""
    gained = {
        name: getattr(older, name)
        for name in _FILLED
        if not getattr(newer, name) and getattr(older, name)
    }
    if not newer.abstract and older.abstract:
        gained |= {name: getattr(older, name) for name in _TEXT}
    if not newer.comment and (comment := _lasting_comment(older, newer)):
        gained["comment"] = comment
    if (categories := _joined_categories(newer, older)) != newer.categories:
        gained["categories"] = categories
    if older.submitted_at not in (None, newer.submitted_at):
        submitted_at = _exacter(newer.submitted_at, older.submitted_at)
        if submitted_at != newer.submitted_at:
            gained["submitted_at"] = submitted_at
    if older.links and (links := _joined_links(newer.links, older.links)) != newer.links:
        gained["links"] = links
    return gained


_FILLED = ("authors", "is_primary_known", "doi", "journal_ref", "license")
_TOLD_LATER = ("comment", "doi", "journal_ref")
_TEXT = ("title", "abstract", "source_title", "source_abstract")


def _lasting_comment(older: PaperRecord, newer: PaperRecord) -> str | None:
    """Keep what an older version's comment says, but not that this one was withdrawn."""
    is_older = UNKNOWN_VERSION < older.version < newer.version
    gone = is_older and is_withdrawn(comment=older.comment, abstract="")
    return None if gone else older.comment


def _joined_categories(newer: PaperRecord, older: PaperRecord) -> tuple[str, ...]:
    """Return all categories: those of ``newer`` as they are, more of them as arXiv sorts them."""
    is_newer_first = newer.is_primary_known or not older.is_primary_known
    first, second = (newer, older) if is_newer_first else (older, newer)
    joined = tuple(dict.fromkeys((*first.categories, *second.categories)))
    if len(joined) == len(first.categories):
        return joined
    return (*joined[:1], *sorted(joined[1:]))


def _exacter(one: datetime | None, other: datetime | None) -> datetime | None:
    """Choose between times of one submission: some sources know only its day."""
    given = [moment for moment in (one, other) if moment is not None]
    return min(given, key=lambda moment: (moment.time() == time(), moment), default=None)


_ORDER = tuple(Provenance)


def _joined_links(newer: tuple[Link, ...], older: tuple[Link, ...]) -> tuple[Link, ...]:
    """Return all links, in the order in which a paper names them: its abstract's come first."""
    joined = {link.url: link for link in newer}
    for link in older:
        known = joined.setdefault(link.url, link)
        provenance = min(known.provenance, link.provenance, key=_ORDER.index)
        kind = LinkKind.CODE if link.kind is LinkKind.CODE else known.kind
        if (kind, provenance) != (known.kind, known.provenance):
            joined[link.url] = replace(known, kind=kind, provenance=provenance)
    return tuple(sorted(joined.values(), key=lambda link: _ORDER.index(link.provenance)))
