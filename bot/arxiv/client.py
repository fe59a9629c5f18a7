"""The one polite client of arXiv: the only module that talks to it.

arXiv asks for one connection and at least three seconds between requests over everything that
a person runs (https://info.arxiv.org/help/api/tou.html), so a process has one `ArxivClient` and
all its requests go through one lock. What comes back is judged here as far as HTTP goes; the
parsers judge the bytes.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from http import HTTPStatus
from typing import Protocol, TypeVar
from urllib.parse import SplitResult, quote, urljoin, urlsplit

import aiohttp
from yarl import URL

from bot.arxiv.api import parse_api_response
from bot.arxiv.calendar import announcement_day
from bot.arxiv.dating import REVISIONS_LISTED, estimate_listing, was_announced
from bot.arxiv.feeds import parse_feed
from bot.arxiv.listing import ListingPage, join_pages, parse_page
from bot.arxiv.oaipmh import OaiPage, parse_oai
from bot.arxiv.taxonomy import canonical_category, oai_set
from bot.errors import ArxivUnavailable, InputError, ListingFormatError
from bot.models import ArxivId, Clock, IntakeCode, IntakeReason, Listing, Paper

T = TypeVar("T")

CONNECT_TIMEOUT_S = 10
READ_TIMEOUT_S = 20
CHUNK_BYTES = 1 << 16
MOST_REDIRECTS = 3
REDIRECTS = frozenset({301, 302, 303, 307, 308})
LONGEST_PAUSE_S = 3600
DEFAULT_PAUSE_S = 60
"""How long to keep away when arXiv asks for it without a time that can be read."""
SILENT_TURNS = 20
"""How many turns to sit out when arXiv names no time at all: a minute, at three seconds each."""
PAGE_RECORDS = 2000
"""The most papers that arXiv puts on a listing page."""
MOST_PAGES = 5
"""No category ever announced ten thousand papers; more pages are a mistake somewhere."""
CATCHUP_DAYS = 90
API_BATCH = 100
EMPTY_PAGES = 3
"""How often an empty page of the query API is asked for again."""
OFF_LOOP_BYTES = 100_000
"""Bodies larger than this are parsed in a thread, so that Discord's heartbeat goes on."""


class Settings(Protocol):
    """What the client needs to know: the ``[arxiv]`` section of the settings."""

    @property
    def feed_url(self) -> str: ...
    @property
    def listing_url(self) -> str: ...
    @property
    def api_url(self) -> str: ...
    @property
    def oai_url(self) -> str: ...
    @property
    def timeout_s(self) -> float: ...
    @property
    def max_bytes(self) -> int: ...
    @property
    def user_agent_header(self) -> str: ...
    def spacing_for(self, url: str) -> float: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Response:
    """What one request brought: a body, or the address to ask instead."""

    body: bytes = b""
    is_refusal: bool = False
    redirect: str | None = None


class ArxivClient:
    """Fetches from arXiv, one request at a time, with the pauses that arXiv asks for.

    ``sleep``, ``monotonic`` and ``now`` are replaced by a virtual clock in tests.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        settings: Settings,
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        now: Clock = lambda: datetime.now(UTC),
    ) -> None:
        self._session = session
        self._settings = settings
        self._sleep = sleep
        self._monotonic = monotonic
        self._now = now
        self._turn = asyncio.Lock()
        self._ended_at: float | None = None
        self._closed_until: dict[str, float] = {}

    async def fetch_listing(self, category: str) -> Listing:
        """Fetch the daily feed of a category.

        Raises `UnknownCategory`, `ArxivUnavailable` (try again later, at the earliest after
        ``retry_after_s``) or `ListingFormatError` (the answer is not that category's listing).
        """
        category = canonical_category(category)
        url = f"{self._settings.feed_url}/rss/{category}"
        listing = await self._parsed(url, parse_feed)
        if listing.category != category:
            raise ListingFormatError(
                f"Asked for {category}, arXiv answered with a feed of {listing.category}.", url
            )
        return listing

    async def fetch_listing_page(self, category: str) -> Listing:
        """Fetch the newest listing from its page, which shows it from the evening before.

        Raises as `fetch_listing` does.
        """
        category = canonical_category(category)
        base = f"{self._settings.listing_url}/list/{category}/new"

        def page_url(number: int, found: int) -> str:
            return f"{base}?skip={found}&show={PAGE_RECORDS}" if number > 1 else base

        return await self._joined(category, page_url)

    async def fetch_catchup(self, category: str, day: date) -> Listing:
        """Fetch the listing of a date, which may be up to ninety days past.

        Raises `InputError` for a date that arXiv cannot give, else as `fetch_listing` does.
        """
        category = canonical_category(category)
        newest = announcement_day(self._now() + timedelta(hours=4))  # shown from 20:00 Eastern
        oldest = newest - timedelta(days=CATCHUP_DAYS)
        if not oldest <= day <= newest:
            raise InputError(
                f"arXiv shows past listings from {oldest} to {newest}, not that of {day}; older "
                "papers come from a backfill or a file."
            )
        base = f"{self._settings.listing_url}/catchup/{category}/{day}?abs=True"
        listing = await self._joined(
            category, lambda number, _: f"{base}&page={number}" if number > 1 else base
        )
        if listing.announced_on != day:
            raise ListingFormatError(
                f"Asked for {day}, arXiv answered with {listing.announced_on}.", base
            )
        return listing

    async def _joined(self, category: str, page_url: Callable[[int, int], str]) -> Listing:
        """Fetch all pages of a listing; ``page_url`` gets a page's number and the papers so far."""
        pages: list[ListingPage] = []
        found = 0
        for number in range(1, MOST_PAGES + 1):
            url = page_url(number, found)
            page = await self._parsed(url, partial(parse_page, category=category))
            if page.listing.category != category:
                raise ListingFormatError(
                    f"Asked for {category}, arXiv answered with {page.listing.category}.", url
                )
            pages.append(page)
            found += page.shown
            if found >= page.total or not page.shown:
                break
        return join_pages(pages)

    async def fetch_metadata(self, arxiv_ids: Sequence[ArxivId], day: date) -> tuple[Paper, ...]:
        """Fetch what the query API knows of papers, in batches, as they were announced by ``day``.

        Asked for a paper it tells the latest version; where that was submitted too late for
        ``day``, the one before is asked for, and so on. Papers that it does not know are absent.
        Raises `ArxivUnavailable` or `ListingFormatError`.
        """
        papers: dict[ArxivId, Paper] = {}
        names: Sequence[str] = arxiv_ids
        for _ in range(REVISIONS_LISTED):
            earlier: list[str] = []
            for start in range(0, len(names), API_BATCH):
                for paper, revised_at in await self._fetch_batch(names[start : start + API_BATCH]):
                    if paper.version == 1 or was_announced(revised_at, day):
                        papers[paper.arxiv_id] = paper
                    else:
                        earlier.append(f"{paper.arxiv_id}v{paper.version - 1}")
            names = earlier
        return tuple(papers.values())

    async def _fetch_batch(self, names: Sequence[str]) -> list[tuple[Paper, datetime | None]]:
        """Fetch papers, and when the version that is told of them was submitted."""
        asked = quote(",".join(names), safe=",/")
        base = f"{self._settings.api_url}/api/query?id_list={asked}&max_results={len(names)}"
        found: list[tuple[Paper, datetime | None]] = []
        start = empty = 0
        while empty < EMPTY_PAGES:
            page = await self._parsed(f"{base}&start={start}", parse_api_response)
            found += [(paper, page.revised_at.get(paper.arxiv_id)) for paper in page.papers]
            start += len(page.papers) + len(page.skipped)
            if start >= page.total:
                return found
            empty = empty + 1 if page.is_spurious else 0
        raise ArxivUnavailable("arXiv's query API answers with empty pages.", base)

    async def iter_oai(
        self, set_name: str, since: date, until: date, *, token: str | None = None
    ) -> AsyncIterator[OaiPage]:
        """Fetch the metadata that changed from ``since`` to ``until`` (UTC), page by page.

        A harvest that was interrupted goes on with the ``token`` of its last page. Raises
        `TokenExpired` when that is too old, else `ArxivUnavailable` or `ListingFormatError`.
        """
        base = f"{self._settings.oai_url}/oai?verb=ListRecords"
        first = f"&metadataPrefix=arXivRaw&set={quote(set_name)}&from={since}&until={until}"
        while True:
            # The token is percent-encoded as it is; it must arrive that way, so once more.
            rest = first if token is None else f"&resumptionToken={quote(token, safe='')}"
            page = await self._parsed(base + rest, parse_oai)
            if page.token is not None and page.token == token:
                raise ListingFormatError("arXiv's OAI-PMH service goes round in circles.", base)
            yield page
            token = page.token
            if token is None:
                return

    async def fetch_estimate(self, category: str, day: date) -> Listing:
        """Work out from OAI-PMH what a category announced on a date that is past.

        The service is asked for what changed since then, so for a date a few days past at most.
        Raises as `iter_oai` does.
        """
        category = canonical_category(category)
        papers: dict[ArxivId, Paper] = {}
        versions: dict[ArxivId, Mapping[int, datetime]] = {}
        today = self._now().astimezone(UTC).date()
        async for page in self.iter_oai(oai_set(category), day, today):
            papers |= {paper.arxiv_id: paper for paper in page.papers}
            versions |= page.versions
        return estimate_listing(category, day, papers.values(), versions)

    async def _parsed(self, url: str, parse: Callable[[bytes], T]) -> T:
        """Fetch and parse; an answer of refusal counts as one even if it can be parsed."""
        answer = await self._get(url)
        try:
            if len(answer.body) > OFF_LOOP_BYTES:
                result = await asyncio.to_thread(parse, answer.body)
            else:
                result = parse(answer.body)
        except ListingFormatError as error:
            error.url = url  # parsers do not know it
            raise
        if answer.is_refusal:
            raise ListingFormatError("arXiv refused the request without saying why.", url)
        return result

    # -- requests ----------------------------------------------------------------------------

    async def _get(self, url: str) -> _Response:
        """Ask for ``url`` when it is our turn, following arXiv's own redirects."""
        async with self._turn:
            home = urlsplit(url)
            for _ in range(MOST_REDIRECTS + 1):
                self._refuse_while_closed(url)
                await self._wait_for_turn(url)
                answer = await self._ask(url)
                if answer.redirect is None:
                    return answer
                url = _checked_redirect(url, answer.redirect, home)
        raise ArxivUnavailable(f"arXiv redirected more than {MOST_REDIRECTS} times.", url)

    def _refuse_while_closed(self, url: str) -> None:
        """Leave a host alone as long as it asked; arXiv's others go on answering meanwhile."""
        left_s = self._closed_until.get(urlsplit(url).netloc, 0.0) - self._monotonic()
        if left_s > 0:
            raise ArxivUnavailable(
                f"arXiv asked us to wait {left_s:.0f} more seconds.",
                url,
                left_s,
                reason=IntakeReason(code=IntakeCode.ASKED_TO_WAIT, seconds=round(left_s)),
            )

    async def _wait_for_turn(self, url: str) -> None:
        """Sleep until the spacing since the end of the last request has passed."""
        if self._ended_at is None:
            return
        wait_s = self._ended_at + self._settings.spacing_for(url) - self._monotonic()
        if wait_s > 0:
            await self._sleep(wait_s)

    async def _ask(self, url: str) -> _Response:
        timeout = aiohttp.ClientTimeout(
            total=self._settings.timeout_s,
            sock_connect=CONNECT_TIMEOUT_S,
            # Alone it never ends a server that sends a few bytes now and then; hence the total.
            sock_read=READ_TIMEOUT_S,
        )
        try:
            async with self._session.get(
                URL(url, encoded=True),
                allow_redirects=False,
                timeout=timeout,
                headers={"User-Agent": self._settings.user_agent_header},
            ) as response:
                return await self._read(response, url)
        except TimeoutError as error:
            timeout_s = self._settings.timeout_s
            raise ArxivUnavailable(
                f"arXiv did not answer within {timeout_s:g} seconds.",
                url,
                reason=IntakeReason(code=IntakeCode.NO_ANSWER, seconds=timeout_s),
            ) from error
        except (aiohttp.ClientError, OSError) as error:
            cause = say_failure(error)
            raise ArxivUnavailable(
                f"arXiv could not be reached ({cause}).",
                url,
                reason=IntakeReason(code=IntakeCode.UNREACHABLE, text=cause),
            ) from error
        finally:
            self._ended_at = self._monotonic()

    async def _read(self, response: aiohttp.ClientResponse, url: str) -> _Response:
        if response.status in REDIRECTS:
            return _Response(redirect=response.headers.get("Location", ""))
        if response.status not in (HTTPStatus.OK, HTTPStatus.BAD_REQUEST):
            raise self._unavailable(response, url)
        body = await self._read_body(response, url)
        if body.lstrip()[:40].lower().startswith(b"rate exceeded"):
            raise self._unavailable(response, url)  # sent with 200 as well as with 429
        return _Response(body=body, is_refusal=response.status == HTTPStatus.BAD_REQUEST)

    async def _read_body(self, response: aiohttp.ClientResponse, url: str) -> bytes:
        """Read at most ``max_bytes`` after decompression: `read()` would take a bomb whole."""
        body = bytearray()
        async for chunk in response.content.iter_chunked(CHUNK_BYTES):
            body += chunk
            if len(body) > self._settings.max_bytes:
                response.close()
                raise ListingFormatError(
                    f"The answer is larger than {self._settings.max_bytes / 1e6:g} MB.", url
                )
        return bytes(body)

    def _unavailable(self, response: aiohttp.ClientResponse, url: str) -> ArxivUnavailable:
        """Say how arXiv failed, and keep away as long as it wants us to."""
        status = response.status
        pause_s = parse_retry_after(response.headers.get("Retry-After"), self._now())
        is_too_much = status in (HTTPStatus.OK, HTTPStatus.TOO_MANY_REQUESTS)
        if pause_s is None and (is_too_much or status == HTTPStatus.SERVICE_UNAVAILABLE):
            pause_s = SILENT_TURNS * self._settings.spacing_for(url)
        if pause_s is not None:
            self._closed_until[urlsplit(url).netloc] = self._monotonic() + pause_s
        if is_too_much:
            reason = IntakeReason(code=IntakeCode.TOO_MANY_REQUESTS)
            return ArxivUnavailable(
                "arXiv is getting too many requests right now.", url, pause_s, reason=reason
            )
        is_refused = status == HTTPStatus.FORBIDDEN
        code = IntakeCode.REFUSED if is_refused else IntakeCode.HTTP_STATUS
        hint = "; set arxiv.contact, so that arXiv knows whom to ask" if is_refused else ""
        return ArxivUnavailable(
            f"arXiv answered with HTTP {status}{hint}.",
            url,
            pause_s,
            reason=IntakeReason(code=code, status=status),
        )


def say_failure(error: aiohttp.ClientError | OSError) -> str:
    """Say in a few words why a request brought no answer; names no password of a proxy."""
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f"the proxy answers with HTTP {error.status}"
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return f"the proxy at {error.host}:{error.port} cannot be reached"
    return " ".join(str(error).split()) or type(error).__name__


def parse_retry_after(header: str | None, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for, at most an hour.

    It holds seconds or an HTTP date (RFC 9110, section 10.2.3); anything else counts as a
    minute. None when there is no header.
    """
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(min(int(text[:9]), LONGEST_PAUSE_S))
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:  # '-0000', or no zone at all
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - now).total_seconds()
    except (ValueError, OverflowError):
        return DEFAULT_PAUSE_S
    return min(max(seconds, 0.0), LONGEST_PAUSE_S)


def _checked_redirect(url: str, location: str, home: SplitResult) -> str:
    """Return the address to ask instead; raises `ArxivUnavailable` if it leaves arXiv.

    From arXiv only https on arXiv's hosts is followed, from a stand-in only the stand-in itself.
    """
    try:
        target = urljoin(url, location)
        parts = urlsplit(target)
        is_home = (parts.scheme, parts.netloc) == (home.scheme, home.netloc)
        is_arxiv = parts.scheme == "https" and _is_arxiv(parts.netloc)
        if is_home or (is_arxiv and _is_arxiv(home.netloc)):
            return target
    except ValueError:
        pass  # not an address at all
    raise ArxivUnavailable(
        f"arXiv redirected to another place ({location[:100]!r}).",
        url,
        reason=IntakeReason(code=IntakeCode.REDIRECTED, text=location[:100]),
    )


def _is_arxiv(host: str) -> bool:
    return host == "arxiv.org" or host.endswith(".arxiv.org")
