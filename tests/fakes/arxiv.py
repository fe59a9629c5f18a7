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
while the other interfaces tell the truth: the listing pages (``/list/<category>/new`` from eight
in the evening before, ``/catchup/<category>/<day>``), the query API (``/api/query?id_list=``) and
OAI-PMH (``/oai?verb=ListRecords``, arXivRaw).
"""

import asyncio
import functools
import gzip
import re
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, quote, unquote, urlencode

from aiohttp import web
from yarl import URL

from bot.arxiv.calendar import announcement_day
from bot.arxiv.taxonomy import is_category, oai_set
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
    """The stand-in; use as an async context manager.

    ``monotonic`` times the log; ``page_size`` is the most papers on a page of any interface.
    ``meet`` sees the path and the headers of each request before anything else happens.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        page_size: int = 2000,
        meet: Callable[[str, Mapping[str, str]], None] | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self._host = host
        self.page_size = page_size
        self.requests: list[Asked] = []
        self.url = ""
        self._now = now
        self._monotonic = monotonic
        self._meet = meet
        self._listings: dict[tuple[str, date], list[Record]] = {}
        self._feeds: dict[tuple[str, date], list[Record]] = {}
        self._last_day: dict[str, date] = {}
        self._faults: list[tuple[str, deque[Fault]]] = []

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
        """Answer the next requests whose path or query contains ``path`` with one fault each."""
        self._faults.append((path, deque(faults)))

    def gaps_s(self) -> list[float]:
        """Return the seconds between the end of each request and the start of the next."""
        return [
            after.began_at - (after.began_at if before.ended_at is None else before.ended_at)
            for before, after in zip(self.requests, self.requests[1:], strict=False)
        ]

    # -- serving -----------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        app = web.Application(middlewares=[self._log_and_fail])
        app.add_routes(
            [
                web.get("/{form:rss|atom}/{query}", self._feed),
                web.get("/list/{category}/new", self._list),
                web.get("/catchup/{category}/{day}", self._catchup),
                web.get("/api/query", self._api),
                web.get("/oai", self._oai),
            ]
        )
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = str(URL.build(scheme="http", host=self._host, port=port))
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
        if self._meet is not None:
            self._meet(request.path_qs, request.headers)
        asked = Asked(request.path_qs, dict(request.headers), self._monotonic())
        self.requests.append(asked)
        try:
            response = await handler(request)
            fault = self._next_fault(request.path_qs)
            if fault is None:
                return response
            assert isinstance(response, web.Response)
            assert isinstance(response.body, bytes)
            page = Page(response.body, response.headers["Content-Type"], response.status)
            return await fault(request, page)
        except asyncio.CancelledError:
            if self.requests[-1] is not asked:  # the client left before that: it is seen late here
                asked.ended_at = asked.began_at
            raise
        finally:
            if asked.ended_at is None:
                asked.ended_at = self._monotonic()

    def _next_fault(self, path: str) -> Fault | None:
        for part, faults in self._faults:
            if faults and part in path:
                return faults.popleft()
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

    async def _list(self, request: web.Request) -> web.Response:
        category = request.match_info["category"]
        if not is_category(category):
            return _html(forms.error_page(f"Invalid archive or category: {category}"), 400)
        skip, show = int(request.query.get("skip", 0)), int(request.query.get("show", 2000))
        if show not in (25, 50, 100, 250, 500, 1000, 2000):
            return _html(forms.error_page("Invalid show value."), 400)
        days = [day for key, day in self._listings if key == category and day <= self._newest()]
        day = max(days, default=self._today(category))
        records = self._listings.get((category, day), [])
        return _html(forms.list_page(category, day, records, skip, min(show, self.page_size)))

    async def _catchup(self, request: web.Request) -> web.Response:
        category = request.match_info["category"]
        day = date.fromisoformat(request.match_info["day"])
        newest, page = self._newest(), int(request.query.get("page", 1))
        if not is_category(category) or day > newest or request.query.get("abs") != "True":
            return _html(forms.error_page(f"Invalid date: {day}"), 400)
        records = self._listings.get((category, day), [])
        skip = (page - 1) * self.page_size
        return _html(forms.catchup_page(category, day, records, skip, self.page_size))

    def _newest(self) -> date:
        """Return the newest date that the pages show: tomorrow's, from eight in the evening."""
        if self._now is None:
            days = (day for _, day in self._listings)
            return max(days, default=announcement_day(datetime.now(UTC)))
        return announcement_day(self._now() + timedelta(hours=4))

    def _papers(self) -> dict[str, tuple[date, Record]]:
        """Return each paper's latest announcement, as the metadata services know it."""
        latest: dict[str, tuple[date, Record]] = {}
        for (_, day), records in sorted(self._listings.items(), key=lambda item: item[0][1]):
            for record in records:
                known = latest.get(record.arxiv_id)
                if day <= self._newest() and (known is None or record.version >= known[1].version):
                    latest[record.arxiv_id] = (day, record)
        return latest

    def _versions(self) -> dict[str, tuple[date, Record]]:
        """Return each version of a paper and when it was announced first.

        By its name, and the latest one by the paper's as well.
        """
        found: dict[str, tuple[date, Record]] = {}
        for (_, day), records in sorted(self._listings.items(), key=lambda item: item[0][1]):
            for record in records if day <= self._newest() else ():
                known = found.setdefault(f"{record.arxiv_id}v{record.version}", (day, record))
                if record.version >= found.setdefault(record.arxiv_id, known)[1].version:
                    found[record.arxiv_id] = known
        return found

    async def _api(self, request: web.Request) -> web.Response:
        versions = self._versions()
        asked = request.query.get("id_list", "").split(",")
        for name in asked:
            if not re.fullmatch(r"(\d{4}\.\d{4,5}|[a-z-]+/\d{7})(v\d+)?", name):
                return _xml(forms.api_error(f"incorrect id format for {name}"), 400)
        found = [versions[name] for name in asked if name in versions]
        start, most = int(request.query.get("start", 0)), int(request.query.get("max_results", 10))
        most = min(most, self.page_size)
        return _xml(forms.api_feed(f"id_list={','.join(asked)}", found, start, most))

    async def _oai(self, request: web.Request) -> web.Response:
        """ListRecords; a token holds the arguments, percent-encoded, as arXiv's own do."""
        query = dict(request.query)
        token, skip = query.get("resumptionToken"), 0
        if token is not None:
            query = dict(parse_qsl(unquote(token)))
            if "=" in token or "skip" not in query:  # it was not encoded once more
                return _xml(forms.oai_error("badResumptionToken", "Token decoding failed."))
            skip = int(query.pop("skip"))
        since, until = query.get("from", "1991-01-01"), query.get("until", "9999-12-31")
        found = [
            (day, record)
            for _, (day, record) in sorted(self._papers().items(), key=lambda item: item[1][0])
            if since <= str(day) <= until and _is_in_set(record, query.get("set", ""))
        ]
        if not found:
            return _xml(forms.oai_error("noRecordsMatch", "The combination is an empty list."))
        rest = found[skip : skip + self.page_size]
        next_token = "" if token is not None else None
        if skip + self.page_size < len(found):
            next_token = quote(urlencode({**query, "skip": skip + self.page_size}), safe="")
        return _xml(forms.oai_records(rest, next_token))


def _is_in_set(record: Record, name: str) -> bool:
    return any(f"{oai_set(code)}:".startswith(f"{name}:") for code in record.categories) or not name


def _html(text: str, status: int = 200) -> web.Response:
    return Page(text.encode(), "text/html; charset=utf-8", status).response()


def _xml(text: str, status: int = 200) -> web.Response:
    return Page(text.encode(), "text/xml", status).response()


# --- faults ----------------------------------------------------------------------------------


def answer(status: int, body: str = "", *, headers: Mapping[str, str] | None = None) -> Fault:
    """Answer with another status, body and headers."""

    async def fault(request: web.Request, page: Page) -> web.StreamResponse:
        return web.Response(
            status=status, text=body, headers={"Content-Type": "text/plain", **(headers or {})}
        )

    return fault


def answer_bytes(body: bytes, headers: Mapping[str, str] | None = None) -> Fault:
    """Answer 200 with another body."""

    async def fault(request: web.Request, page: Page) -> web.StreamResponse:
        return web.Response(body=body, headers=headers or {"Content-Type": page.content_type})

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


def hang(until: asyncio.Event | None = None) -> Fault:
    """Take the request and say nothing; ``until`` that is set, if it is given."""

    async def fault(request: web.Request, page: Page) -> web.StreamResponse:
        await (until or asyncio.Event()).wait()
        return page.response()

    return fault


def bomb(unpacked_bytes: int = 100_000_000) -> Fault:
    """Send a small gzip body that unpacks to a large one."""
    body = _blanks(unpacked_bytes)  # now: packing takes the loop a quarter of a second

    async def fault(request: web.Request, page: Page) -> web.StreamResponse:
        headers = {"Content-Type": "text/xml", "Content-Encoding": "gzip"}
        return web.Response(body=body, headers=headers)

    return fault


@functools.cache
def _blanks(count: int) -> bytes:
    return gzip.compress(b" " * count, compresslevel=1)


def damaged_gzip() -> Fault:
    """Send a body that claims to be gzip and is not."""

    body = b"\x1f\x8b\x08\x00 not gzip at all" * 20
    return answer_bytes(body, {"Content-Type": "text/xml", "Content-Encoding": "gzip"})
