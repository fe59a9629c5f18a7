"""A search from the command line: its results, and what is to be said beside them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from bot.digest.export import stored_to_json
from bot.models import StoredPaper
from bot.query.ast import Query
from bot.query.explain import explain
from bot.store.search.search import SearchPage, Sort
from bot.store.store import Store
from bot.text.words import count_of
from bot.ui.advice import say_advice

DEADLINE_S = 10.0
"""A person at a terminal rather waits than misses something."""


class Form(StrEnum):
    """How results are printed."""

    LINES = "lines"
    JSON = "json"
    EXPLAINED = "explained"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes to stdout, and what to stderr."""

    results: tuple[str, ...]
    remarks: tuple[str, ...]


async def answer(store: Store, query: Query, *, sort: Sort, limit: int, form: Form) -> Answer:
    """Search and put the results into lines; where there are none, say what would find some."""
    if form is Form.EXPLAINED:
        trace = await store.search.trace(query, sort=sort, limit=limit)
        page, results = trace.page, (*trace.lines(), *_explained(query, trace.page))
    else:
        page = await store.search.find(query, sort=sort, limit=limit, deadline_s=DEADLINE_S)
        results = (_json(page),) if form is Form.JSON else tuple(map(_line, _papers(page)))
    return Answer(results=results, remarks=(_summary(page), *await _help(store, query, page)))


def _papers(page: SearchPage) -> list[StoredPaper]:
    return [match.stored for match in page.matches]


def _line(stored: StoredPaper) -> str:
    return f"{stored.announced_on}  {stored.paper.arxiv_id:<16} {stored.paper.title}"


def _explained(query: Query, page: SearchPage) -> Iterator[str]:
    for stored in _papers(page):
        yield _line(stored)
        why = explain(query.root, stored.paper)
        for reason in why.reasons:
            yield f"{'':<12}{reason.part} in {', '.join(reason.fields)}"
        if why.authors:
            yield f"{'':<12}by {', '.join(why.authors)}"


def _json(page: SearchPage) -> str:
    papers = [stored_to_json(stored) for stored in _papers(page)]
    return json.dumps({"total": page.total, "papers": papers}, ensure_ascii=False, indent=2)


def _summary(page: SearchPage) -> str:
    found = count_of(page.total, "paper") if page.total_is_exact else f"{page.total:,}+ papers"
    shown = f"{found} found, {len(page.matches)} shown"
    return f"{shown}; cut short, there may be more" if page.overran else shown


async def _help(store: Store, query: Query, page: SearchPage) -> list[str]:
    if page.matches or page.overran:
        return []
    if not await store.papers.count_papers():
        return ["No paper is stored yet; python -m bot fetch, import and backfill bring some."]
    return say_advice(await store.search.advise(query), lambda text: f"'{text}'")
