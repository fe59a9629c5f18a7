"""The archive for agents: a server of the Model Context Protocol over standard input and output.

Four tools, all of which only read; their answers have the shapes of ``search --json``. The package
``mcp`` is asked for here alone: it is large, and only an optional part of the bot.
"""

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from functools import wraps
from importlib import import_module
from typing import Any, Final, Literal

from bot import __version__
from bot.arxiv.calendar import announcement_day
from bot.arxiv.taxonomy import canonical_category
from bot.cli.output import papers_to_json, search_to_json
from bot.digest.export import paper_to_json, stored_to_json
from bot.errors import BotError, InputError
from bot.models import StoredPaper
from bot.query.parser import parse_query
from bot.query.results import Sort, usual_sort
from bot.store.store import Store

Clock = Callable[[], datetime]
Json = dict[str, Any]
Tool = Callable[..., Awaitable[Json]]

MOST_PAPERS: Final = 50
MOST_DATES: Final = 30
MISSING = (
    "The package mcp is not installed; python -m pip install 'paper-digest-bot[mcp]' brings it."
)
INSTRUCTIONS = (
    "Papers that arXiv announced, as a Discord bot stored them. A query is words and filters, such "
    'as: diffusion "large language" -video author:he category:cs.CV venue:CVPR since:2024.'
)


class Archive:
    """The tools; what stands below each name is what agents read of it."""

    def __init__(self, store: Store, now: Clock) -> None:
        self._store = store
        self._now = now

    def tools(self) -> tuple[Tool, ...]:
        return (self.search, self.show, self.similar, self.listing)

    async def search(
        self,
        query: str,
        limit: int = 10,
        sort: Literal["relevance", "newest"] | None = None,
        strict: bool = False,
    ) -> Json:
        """Find papers. Says how the query was understood and how each word was widened.

        Papers that say all of it come first, or all that it was understood as; where they are few,
        `closest` holds some that say most of it, unless strict. At most 50.
        """
        asked, limit = parse_query(query), _limited(limit)
        order = Sort(sort) if sort else usual_sort(asked)
        page = await self._store.search.find(asked, sort=order, limit=limit)
        if strict:
            return search_to_json(asked, order, page, None)
        answer = await self._store.search.fill_up(
            asked, page, sort=order, today=announcement_day(self._now()), limit=limit
        )
        return search_to_json(asked, order, answer.page, answer.closest)

    async def show(self, paper: str) -> Json:
        """Show all that is known of a paper: by identifier, address, DOI or beginning of title."""
        return stored_to_json(await self._named(paper))

    async def similar(self, paper: str, limit: int = 10) -> Json:
        """Find the papers that share the most telling words with one. At most 50."""
        stored = await self._named(paper)
        matches = await self._store.search.find_similar(stored.paper, _limited(limit))
        return {"arxiv_id": stored.paper.arxiv_id, "papers": papers_to_json(matches)}

    async def listing(self, category: str, day: str | None = None) -> Json:
        """List what was announced in a category on a date (YYYY-MM-DD; else the newest)."""
        name = canonical_category(category)
        dates = await self._store.papers.list_listing_dates(name, limit=MOST_DATES)
        if not dates:
            raise InputError(f"No listing of {name} is stored.")
        wanted = _date(day) if day else dates[0]
        listing = await self._store.papers.get_listing(name, wanted)
        if listing is None:
            known = ", ".join(map(str, dates))
            raise InputError(f"No listing of {name} is stored for {wanted}. Stored: {known}.")
        papers = [
            {**paper_to_json(each.paper), "announce_type": each.announce_type.value}
            for each in listing.announcements
        ]
        return {"category": name, "announced_on": wanted.isoformat(), "papers": papers}

    async def _named(self, text: str) -> StoredPaper:
        found = await self._store.search.find_named(text)
        if len(found) == 1:
            return found[0]
        if not found:
            raise InputError(f"No paper is called {text!r} here; search for its words.")
        titles = "; ".join(f"{each.paper.arxiv_id} {each.paper.title}" for each in found)
        raise InputError(f"Several papers are called so: {titles}.")


def _limited(limit: int) -> int:
    if not 1 <= limit <= MOST_PAPERS:
        raise InputError(f"limit is {limit}; it may be from 1 to {MOST_PAPERS}.")
    return limit


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{text!r} is not a date; write it as YYYY-MM-DD.") from error


async def serve(store: Store, now: Clock) -> None:
    """Answer an agent until it closes standard input; raises `InputError` without the package."""
    try:
        server = import_module("mcp.server.mcpserver")
        mistakes = import_module("mcp.server.mcpserver.exceptions")
        types = import_module("mcp_types")
    except ImportError as error:
        raise InputError(MISSING) from error
    agent = server.MCPServer("paper-digest-bot", version=__version__, instructions=INSTRUCTIONS)
    for tool in Archive(store, now).tools():
        told = _telling(tool, mistakes.ToolError)
        agent.add_tool(told, annotations=types.ToolAnnotations(read_only_hint=True))
    await agent.run_stdio_async()


def _telling(tool: Tool, mistake: type[Exception]) -> Tool:
    """Let agents read our sentences; of other errors the package tells them nothing."""

    @wraps(tool)
    async def told(*args: object, **kwargs: object) -> Json:
        try:
            return await tool(*args, **kwargs)
        except BotError as error:
            raise mistake(str(error)) from error

    return told
