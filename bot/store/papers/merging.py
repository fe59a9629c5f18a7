"""What a paper becomes when a source tells of it again. Pure; `bulk` writes the outcome."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from bot.arxiv.dating import month_of
from bot.models import Link, Paper, StoredPaper
from bot.text.withdrawal import is_withdrawn


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
    """Work out what is to be written when a source tells of ``paper`` with this date."""
    if before is None:
        return Change(
            before=None, after=paper, announced_on=announced_on, is_estimated=is_estimated
        )
    if not is_better_date(before, announced_on, is_estimated=is_estimated):
        announced_on, is_estimated = before.announced_on, before.is_date_estimated
    return Change(
        before=before,
        after=merged(before.paper, paper),
        announced_on=announced_on,
        is_estimated=is_estimated,
    )


def is_better_date(before: StoredPaper, day: date, *, is_estimated: bool) -> bool:
    """Whether ``day`` is to replace a stored date.

    Announced beats estimated, then the earlier one counts; the first of the identifier's month
    only says that nothing was known.
    """
    if before.is_date_estimated != is_estimated:
        return before.is_date_estimated
    if is_estimated:
        unknown = month_of(before.paper.arxiv_id)
        if unknown in (before.announced_on, day):
            return day != unknown
    return day < before.announced_on


def merged(before: Paper, after: Paper) -> Paper:
    """Combine what is stored with what a source says now; nothing known is lost.

    A higher version replaces the text; the same version fills what was empty; a lower version
    only fills gaps. Links from third parties stay.
    """
    newer, older = (after, before) if after.version > before.version else (before, after)
    base = newer if newer.abstract or not older.abstract else older
    return replace(
        base,
        version=newer.version,
        authors=newer.authors or older.authors,
        categories=_joined_categories(newer, older),
        is_primary_known=newer.is_primary_known or older.is_primary_known,
        comment=newer.comment or _lasting_comment(older, newer),
        doi=newer.doi or older.doi,
        journal_ref=newer.journal_ref or older.journal_ref,
        license=newer.license or older.license,
        submitted_at=newer.submitted_at or older.submitted_at,
        links=_joined_links(newer.links, older.links),
    )


def _lasting_comment(older: Paper, newer: Paper) -> str | None:
    """Keep what an older version's comment says, but not that this one was withdrawn."""
    gone = is_withdrawn(comment=older.comment, abstract="") and older.version < newer.version
    return None if gone else older.comment


def _joined_categories(newer: Paper, older: Paper) -> tuple[str, ...]:
    first, second = (newer, older) if newer.is_primary_known else (older, newer)
    return tuple(dict.fromkeys((*first.categories, *second.categories)))


def _joined_links(newer: Iterable[Link], older: Iterable[Link]) -> tuple[Link, ...]:
    newer, older = tuple(newer), tuple(older)
    links = {link.url: link for link in (*older, *newer)}
    order = dict.fromkeys(link.url for link in (*newer, *older))
    return tuple(links[url] for url in order)
