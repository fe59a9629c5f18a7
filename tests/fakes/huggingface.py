"""A Hugging Face on loopback: the daily papers of each date, scripted faults, a log of requests.

async with HuggingFaceServer() as hub:
    hub.show(date(2024, 3, 5), {"2403.00001": {"githubRepo": "https://github.com/a/b"}})
    hub.fail(answer(503))                     # the next request, once; see tests/fakes/arxiv.py
    ...
    assert hub.asked == [date(2024, 3, 5)]
"""

import json
from collections.abc import Mapping
from datetime import date
from types import TracebackType
from typing import Self

from aiohttp import web

from tests.fakes.arxiv import Fault, Page


class HuggingFaceServer:
    """The stand-in; use as an async context manager."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[web.BaseRequest] = []
        self._shown: dict[date, list[object]] = {}
        self._faults: list[Fault] = []

    @property
    def asked(self) -> list[date]:
        """The dates asked about, in order."""
        return [date.fromisoformat(request.query["date"]) for request in self.requests]

    def show(self, day: date, papers: Mapping[str, Mapping[str, object]]) -> None:
        """Make a date show papers, each with its fields; a second time replaces the first."""
        self._shown[day] = [
            {
                "paper": {"id": arxiv_id, "title": "A title", "upvotes": 3, **fields},
                "numComments": 0,
            }
            for arxiv_id, fields in papers.items()
        ]

    def fail(self, *faults: Fault) -> None:
        """Answer the next requests with one fault each."""
        self._faults += faults

    async def _daily_papers(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        entries = self._shown.get(date.fromisoformat(request.query["date"]), [])
        page = Page(json.dumps(entries).encode(), "application/json; charset=utf-8")
        return await self._faults.pop(0)(request, page) if self._faults else page.response()

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.add_routes([web.get("/api/daily_papers", self._daily_papers)])
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._runner.cleanup()
