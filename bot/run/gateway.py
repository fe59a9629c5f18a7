"""Connects to Discord's gateway ever more slowly while it closes the connection again and again.

discord.py connects again at once after most close codes (4000, 4009, ...). If Discord closes each
connection right away, that is a storm of connections, and each fresh session counts towards the
1000 a day above which Discord resets the token.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from types import SimpleNamespace
from typing import Final

import aiohttp

log = logging.getLogger(__name__)

LASTING_S: Final = 60.0
"""A connection that was open for so long was a good one."""

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 45.0
"""discord.py gives up a connection that is not there after 60 seconds, and begins another."""

TOLD_AT: Final = 3
"""Connections in a row that did not last, until the log says so."""

SLICE_S: Final = 0.25

discord_log = logging.getLogger("discord.gateway")


def next_pause(lasted_s: float, pause_s: float, *, first_s: float = FIRST_PAUSE_S) -> float:
    """Return how long to wait after a connection that lasted so long, made after ``pause_s``."""
    return 0.0 if lasted_s >= LASTING_S else min(max(first_s, 2 * pause_s), LONGEST_PAUSE_S)


class GatewayPauses:
    """Waits before each connection to the gateway; `watch` a trace of the client's requests.

    ``shards`` says how many connections there are at a time.
    """

    def __init__(
        self,
        *,
        shards: Callable[[], int],
        is_closed: Callable[[], bool],
        first_pause_s: float = FIRST_PAUSE_S,
    ) -> None:
        self._shards = shards
        self._is_closed = is_closed
        self._first_pause_s = first_pause_s
        self._began: deque[float] = deque()
        self._pause_s = 0.0
        self._short = 0

    def watch(self, trace: aiohttp.TraceConfig) -> None:
        async def on_start(
            session: object, context: SimpleNamespace, params: aiohttp.TraceRequestStartParams
        ) -> None:
            if params.url.scheme in ("ws", "wss"):
                await self.before_connecting()

        trace.on_request_start.append(on_start)

    async def before_connecting(self) -> None:
        """Wait as long as the last connections make it necessary."""
        loop = asyncio.get_running_loop()
        while len(self._began) > max(self._shards(), 1) - 1:
            self._judge(loop.time() - self._began.popleft())
        await self._wait(self._pause_s)
        self._began.append(loop.time())

    def _judge(self, lasted_s: float) -> None:
        self._pause_s = next_pause(lasted_s, self._pause_s, first_s=self._first_pause_s)
        self._short = self._short + 1 if self._pause_s else 0
        if self._short == TOLD_AT:
            log.warning("Discord's gateway closes each connection: trying ever more rarely")
            discord_log.addFilter(_no_news)
        elif self._short == 0:
            discord_log.removeFilter(_no_news)

    async def _wait(self, pause_s: float) -> None:
        """Wait, and give up when the client is closed meanwhile: there is nothing to connect."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + pause_s
        while (left_s := until_s - loop.time()) > 0:
            await asyncio.sleep(min(left_s, SLICE_S))
            if self._is_closed():
                raise asyncio.CancelledError


def _no_news(record: logging.LogRecord) -> bool:
    """Let through what is more than discord.py's news of each connection."""
    return record.levelno > logging.INFO
