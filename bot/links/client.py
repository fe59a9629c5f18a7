"""The one client of Hugging Face: one small request for a date, and an hour's rest after a failure.

It asks once and never twice: a caller that wants the links asks again later.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import date
from http import HTTPStatus
from typing import Final

import aiohttp

from bot import __version__
from bot.arxiv.client import say_failure
from bot.errors import LinksFormatError, LinksUnavailable
from bot.links.huggingface import parse_daily_papers
from bot.models import ArxivId, Link

TIMEOUT_S: Final = 10.0
"""Short, because a stop of the bot waits for a request in flight."""
MAX_BYTES: Final = 5_000_000
"""A date with fifty papers has 0.4 MB."""
PAUSE_S: Final = 3600.0
"""The rest after a failure; nobody asks for a longer one, so that Retry-After need not be read."""
MOST_PAPERS: Final = 100
"""The most that Hugging Face gives at once; without being asked it gives fifty."""
CHUNK_BYTES: Final = 1 << 16

BUSY: Final = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)


class HuggingFaceClient:
    """Fetches what Hugging Face knows; ``monotonic`` is replaced by a virtual clock in tests."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        *,
        timeout_s: float = TIMEOUT_S,
        max_bytes: int = MAX_BYTES,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session = session
        self._url = url
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes
        self._monotonic = monotonic
        self._closed_until: float | None = None

    async def fetch_links(self, day: date) -> Mapping[ArxivId, tuple[Link, ...]]:
        """Fetch the links of the papers shown on ``day``.

        Raises `LinksUnavailable` (and then, without asking, for the next hour) or
        `LinksFormatError`.
        """
        self._refuse_while_closed()
        try:
            body = await self._ask(f"{self._url}/api/daily_papers?date={day}&limit={MOST_PAPERS}")
        except LinksUnavailable:
            self._closed_until = self._monotonic() + PAUSE_S
            raise
        # In a thread, so that Discord's heartbeat goes on.
        return await asyncio.to_thread(parse_daily_papers, body)

    def _refuse_while_closed(self) -> None:
        left_s = (self._closed_until or 0) - self._monotonic()
        if self._closed_until is not None and left_s > 0:
            raise LinksUnavailable(f"Hugging Face is left alone for {left_s:.0f} more seconds.")

    async def _ask(self, url: str) -> bytes:
        timeout = aiohttp.ClientTimeout(total=self._timeout_s)
        headers = {"User-Agent": f"paper-digest-bot/{__version__}"}
        try:
            async with self._session.get(
                url, allow_redirects=False, timeout=timeout, headers=headers
            ) as response:
                _check_status(response.status)
                return await self._read_body(response)
        except TimeoutError as error:
            raise LinksUnavailable(
                f"Hugging Face did not answer within {self._timeout_s:g} seconds."
            ) from error
        except (aiohttp.ClientError, OSError) as error:
            raise LinksUnavailable(
                f"Hugging Face could not be reached ({say_failure(error)})."
            ) from error

    async def _read_body(self, response: aiohttp.ClientResponse) -> bytes:
        """Read at most ``max_bytes`` after decompression: `read()` would take a bomb whole."""
        body = bytearray()
        async for chunk in response.content.iter_chunked(CHUNK_BYTES):
            body += chunk
            if len(body) > self._max_bytes:
                response.close()
                raise LinksFormatError(
                    f"Hugging Face's answer is larger than {self._max_bytes / 1e6:g} MB."
                )
        return bytes(body)


def _check_status(status: int) -> None:
    """Distinguish what may pass from what will be the same in an hour.

    The address has never been elsewhere, so a redirection is not followed.
    """
    if status == HTTPStatus.OK:
        return
    passes = status in BUSY or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    failure = LinksUnavailable if passes else LinksFormatError
    raise failure(f"Hugging Face answered with HTTP {status}.")
