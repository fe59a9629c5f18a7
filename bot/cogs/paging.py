"""Turning the pages of a search, forwards and backwards, while new papers arrive."""

from dataclasses import replace

from bot.query.ast import Query
from bot.store.search import Cursor, Search, SearchPage, Sort

PAGE_SIZE = 10
ROOM_FOR_NEW = 50
"""How many papers may have come in front of a page before its place is only approximate."""


def start_of(page: SearchPage) -> Cursor:
    """Name the place where a page begins: its first paper, and how many were shown before."""
    return Cursor(
        tier=0,
        key=page.matches[0].stored.key if page.matches else 0,
        shown=page.first_number - 1,
        total=page.total,
        total_is_exact=page.total_is_exact,
    )


async def find_page_before(search: Search, query: Query, sort: Sort, start: Cursor) -> SearchPage:
    """Find the page in front of the one that begins at ``start``.

    The engine only walks forward, so it walks from the beginning to that paper: past as many as
    were shown before it, and those that are new since.
    """
    walked = await search.find(query, sort=sort, limit=start.shown + 1 + ROOM_FOR_NEW)
    keys = [match.stored.key for match in walked.matches]
    before = keys.index(start.key) if start.key in keys else start.shown
    page = await search.find(query, sort=sort, limit=max(1, before))
    following = page.next and replace(
        page.next, shown=start.shown, total=start.total, total_is_exact=start.total_is_exact
    )
    return replace(
        page,
        matches=page.matches[-PAGE_SIZE:],
        total=start.total,
        total_is_exact=start.total_is_exact,
        next=following,
        first_number=max(1, start.shown - PAGE_SIZE + 1),
    )
