"""An arXiv on loopback: real HTTP, real forms, scripted faults, a log of who asked when.

    async with ArxivServer() as arxiv:
        arxiv.publish("cs.CV", date(2024, 8, 2), [Record("2408.00001"), Record("2408.00002")])
        # point every [arxiv] *_url setting at arxiv.url
        arxiv.fail(answer(503, headers={"Retry-After": "5"}))   # the next request, once
        arxiv.fail(cut(0.5), path="/rss/")                      # the next one for a feed
        ...
        assert [asked.path for asked in arxiv.requests] == ["/rss/cs.CV", "/rss/cs.CV"]

Feeds show the day of ``now()``, US/Eastern, and are empty on days without a publication; without
a clock they show the day published last. `publish_feed` makes a feed lie (stale, half, empty)
while the other interfaces tell the truth.
"""

import asyncio
import gzip
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import TracebackType
from typing import Self

from aiohttp import web

from bot.arxiv.calendar import announcement_day
from bot.arxiv.taxonomy import is_category
from tests.fakes import arxiv_forms as forms
from tests.fakes.arxiv_forms import Record

__all__ = ["ArxivServer", "Asked", "Fault", "Record"]


@dataclass(slots=True)
class Page:
    """What the server would answer, were it not for a fault."""

    body: bytes
    content_type: str
    status: int = 200

    def response(self) -> web.Response:
        return web.Response(
            body=self.body, status=self.status, headers={"Content-Type": self.content_type}
        )


Fault = Callable[[web.Request, Page], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class Asked:
    """One request: its path with query, when it came and when its answer had left."""

    path: str
    headers: Mapping[str, str]
    began_at: float
    ended_at: float | None = None


class ArxivServer:
    """The stand-in; use as an async context manager. ``monotonic`` times the log."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.requests: list[Asked] = []
        self.url = ""
        self._now = now
        self._monotonic = monotonic
        self._listings: dict[tuple[str, date], list[Record]] = {}
        self._feeds: dict[tuple[str, date], list[Record]] = {}
        self._last_day: dict[str, date] = {}
        self._faults: list[tuple[str, Fault]] = []

    # -- what a test says --------------------------------------------------------------------

    def publish(self, category: str, day: date, records: Iterable[Record]) -> None:
        """Announce ``records`` in a category; a second time replaces the first."""
        self._listings[category, day] = forms.in_sections(records)
        self._feeds.pop((category, day), None)
        self._last_day[category] = day

    def publish_feed(self, category: str, day: date, records: Iterable[Record]) -> None:
        """Make the feed of ``day`` show ``records``, whatever was announced."""
        self._feeds[category, day] = list(records)
        self._last_day[category] = day

    def fail(self, *faults: Fault, path: str = "") -> None:
        """Answer the next requests whose path contains ``path`` with one fault each."""
        self._faults += [(path, fault) for fault in faults]

    def gaps_s(self) -> list[float]:
        """Return the seconds between the end of each request and the start of the next."""
        return [
            after.began_at - (before.ended_at or after.began_at)
            for before, after in zip(self.requests, self.requests[1:], strict=False)
        ]

    # -- serving -----------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        app = web.Application(middlewares=[self._log_and_fail])
        app.add_routes([web.get("/{form:rss|atom}/{query}", self._feed)])
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._runner.cleanup()

    @web.middleware
    async def _log_and_fail(
        self,
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        asked = Asked(request.path_qs, dict(request.headers), self._monotonic())
        self.requests.append(asked)
        try:
            response = await handler(request)
            fault = self._next_fault(request.path)
            if fault is None:
                return response
            assert isinstance(response, web.Response)
            assert isinstance(response.body, bytes)
            page = Page(response.body, response.headers["Content-Type"], response.status)
            return await fault(request, page)
        finally:
            asked.ended_at = self._monotonic()

    def _next_fault(self, path: str) -> Fault | None:
        for place, (part, fault) in enumerate(self._faults):
            if part in path:
                del self._faults[place]
                return fault
        return None

    def _today(self, category: str) -> date:
        if self._now is not None:
            return announcement_day(self._now())
        return self._last_day.get(category) or announcement_day(datetime.now(UTC))

    async def _feed(self, request: web.Request) -> web.Response:
        form, category = request.match_info["form"], request.match_info["query"]
        day = self._today(category)
        if not is_category(category):
            page = forms.rss_error(category, f"Bad archive {category!r}.", day)
            return Page(page.encode(), "application/rss+xml", 400).response()
        announced = self._listings.get((category, day), [])
        records = self._feeds.get((category, day), announced)
        text = (forms.rss_feed if form == "rss" else forms.atom_feed)(category, day, records)
        return Page(text.encode(), f"application/{form}+xml").response()


# --- faults ----------------------------------------------------------------------------------


def answer(status: int, body: str = "", *, headers: Mapping[str, str] | None = None) -> Fault:
    """Answer with another status, body and headers."""

    async def fault(request: web.Request, page: Page) -> web.StreamResponse:
        return web.Response(
            status=status, text=body, headers={"Content-Type": "text/plain", **(headers or {})}
        )

    return fault


def html_instead() -> Fault:
    """Answer 200 with a page, as a proxy or a block page does."""
    page = "<!DOCTYPE html>\n<html><head><title>arXiv</title></head><body>Hello</body></html>"
    return answer(200, page, headers={"Content-Type": "text/html"})


def redirect(location: str, status: int = 301) -> Fault:
    """Send the client elsewhere."""
    return answer(status, headers={"Location": location})


def cut(keep: float, *, declared: bool = True) -> Fault:
    """Send a part of the body, then close; ``declared`` tells the full length beforehand."""

    async def fault(request: web.Request, page: Page) -> web.StreamResponse:
        length = f"Content-Length: {len(page.body)}\r\n" if declared else ""
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {page.content_type}\r\n{length}"
        transport = request.transport
        assert transport is not None
        transport.write(f"{head}Connection: close\r\n\r\n".encode())
        transport.write(page.body[: int(len(page.body) * keep)])
        transport.close()
        return page.response()  # goes nowhere: the connection is closed

    return fault


def drip(chunk_bytes: int = 4, every_s: float = 0.05) -> Fault:
    """Send the body a few bytes at a time, without end for whoever is patient."""

    async def fault(request: web.Request, page: Page) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": page.content_type})
        await response.prepare(request)
        for start in range(0, len(page.body), chunk_bytes):
            await response.write(page.body[start : start + chunk_bytes])
            await asyncio.sleep(every_s)
        return response

    return fault


def hang(seconds: float = 3600) -> Fault:
    """Take the request and say nothing."""

    async def fault(request: web.Request, page: Page) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return page.response()

    return fault


def bomb(unpacked_bytes: int = 100_000_000) -> Fault:
    """Send a small gzip body that unpacks to a large one."""

    async def fault(request: web.Request, page: Page) -> web.StreamResponse:
        body = gzip.compress(page.body + b" " * unpacked_bytes, compresslevel=1)
        return web.Response(
            body=body, headers={"Content-Type": page.content_type, "Content-Encoding": "gzip"}
        )

    return fault


def damaged_gzip() -> Fault:
    """Send a body that claims to be gzip and is not."""

    async def fault(request: web.Request, page: Page) -> web.StreamResponse:
        return web.Response(
            body=b"\x1f\x8b\x08\x00 not gzip at all" * 20,
            headers={"Content-Type": page.content_type, "Content-Encoding": "gzip"},
        )

    return fault
