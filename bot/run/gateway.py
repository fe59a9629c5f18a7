"""Connects to Discord's gateway, once for each shard; none waits for what another one suffers.

Discord sends the events of a guild to one of several connections, its shard, and asks for more of
them as the guilds become more (https://docs.discord.com/developers/events/gateway#sharding).
discord.py opens them one after the other, and opens a lost one again only when every other has
been seen to, so that one which cannot be opened would hold up all. Here each is on its own.

discord.py also connects again at once after most close codes (4000, 4009, ...). If Discord closes
each connection right away, that is a storm of connections, so a shard whose connections do not last
is opened ever more slowly. Each fresh session counts towards the 1000 a day above which Discord
resets the token: when they are used up, the next day is waited for.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any, Final

import aiohttp
import discord
import yarl
from discord.ext import commands

log = logging.getLogger(__name__)

LASTING_S: Final = 60.0
"""A connection that was open for so long was a good one."""

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 45.0
"""discord.py gives up a connection that is not there after 60 seconds, and begins another."""

CONNECTED_WITHIN_S: Final = 60.0
"""How long discord.py waits when it connects again; at the start it waits three times as long."""

IDENTIFY_EVERY_S: Final = 5.0
"""How long it takes until Discord lets the next ``max_concurrency`` sessions begin."""

TOLD_AT: Final = 3
"""Connections of a shard in a row that did not last, until the log says so."""

SLICE_S: Final = 0.25

NO_GATEWAY: Final = (discord.GatewayNotFound, aiohttp.ClientError, OSError, TimeoutError)
REFUSED: Final = 401

discord_log = logging.getLogger("discord.gateway")

_shard: ContextVar[int] = ContextVar("shard", default=0)
"""Which shard is being connected."""


def next_pause(lasted_s: float, pause_s: float, *, first_s: float = FIRST_PAUSE_S) -> float:
    """Return how long to wait after a connection that lasted so long, made after ``pause_s``."""
    return 0.0 if lasted_s >= LASTING_S else min(max(first_s, 2 * pause_s), LONGEST_PAUSE_S)


class GatewayPauses:
    """Waits before each connection of a shard; `watch` a trace of the client's requests."""

    def __init__(
        self, *, is_closed: Callable[[], bool], first_pause_s: float = FIRST_PAUSE_S
    ) -> None:
        self._is_closed = is_closed
        self._first_pause_s = first_pause_s
        self._began: dict[int, float] = {}
        self._pause_s: dict[int, float] = {}
        self._short: dict[int, int] = {}

    def watch(self, trace: aiohttp.TraceConfig) -> None:
        async def on_start(
            session: object, context: SimpleNamespace, params: aiohttp.TraceRequestStartParams
        ) -> None:
            if params.url.scheme in ("ws", "wss"):
                await self.before_connecting(_shard.get())

        trace.on_request_start.append(on_start)

    async def before_connecting(self, shard: int) -> None:
        """Wait as long as the shard's last connections make it necessary."""
        loop = asyncio.get_running_loop()
        if (began := self._began.pop(shard, None)) is not None:
            self._judge(shard, loop.time() - began)
        await self._wait(self._pause_s.get(shard, 0.0))
        self._began[shard] = loop.time()

    def _judge(self, shard: int, lasted_s: float) -> None:
        pause_s = next_pause(lasted_s, self._pause_s.get(shard, 0.0), first_s=self._first_pause_s)
        was_told = self._is_told()
        self._pause_s[shard] = pause_s
        self._short[shard] = self._short.get(shard, 0) + 1 if pause_s else 0
        if self._is_told() and not was_told:
            log.warning("Discord's gateway closes each connection: trying ever more rarely")
            discord_log.addFilter(_no_news)
        elif not self._is_told():
            discord_log.removeFilter(_no_news)

    def _is_told(self) -> bool:
        return any(short >= TOLD_AT for short in self._short.values())

    async def _wait(self, pause_s: float) -> None:
        """Wait, and give up when the client is closed meanwhile: there is nothing to connect."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + pause_s
        while (left_s := until_s - loop.time()) > 0:
            await asyncio.sleep(min(left_s, SLICE_S))
            if self._is_closed():
                raise asyncio.CancelledError


class SessionTurns:
    """Lets sessions begin one after the other, and no more a day than Discord allows.

    ``ask`` returns Discord's limits: how many may still begin, and in how many seconds that count
    is reset. It raises nothing.
    """

    def __init__(
        self, ask: Callable[[], Awaitable[tuple[int, float]]], every_s: float = IDENTIFY_EVERY_S
    ) -> None:
        self._ask = ask
        self._every_s = every_s
        self.concurrency = 1
        """How many sessions may begin at the same time: those of as many shards in a row."""
        self.left = 0
        """How many may begin until Discord is asked again."""
        self._connecting: dict[int, _Door] = defaultdict(_Door)
        self._identifying: dict[int, _Door] = defaultdict(_Door)

    async def wait(self, shard: int) -> None:
        """Wait for the shard's turn to connect; a connection that idles would be closed."""
        while self.left < 1:
            self.left, pause_s = await self._ask()
            if self.left < 1:
                log.warning(
                    "Discord lets no further session begin today: waiting",
                    extra={"seconds": round(pause_s)},
                )
                await asyncio.sleep(pause_s)
        self.left -= 1
        await self._connecting[shard % self.concurrency].enter(self._every_s)

    async def before_identify(self, shard: int) -> None:
        """Keep the distance where connections took unequally long."""
        await self._identifying[shard % self.concurrency].enter(self._every_s)


class _Door:
    """Lets callers pass one at a time, a while apart, however late the loop is."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._opens_s = 0.0

    async def enter(self, every_s: float) -> None:
        loop = asyncio.get_running_loop()
        async with self._lock:
            await asyncio.sleep(self._opens_s - loop.time())
            self._opens_s = loop.time() + every_s


class _Unreached(Exception):
    """A shard could not be connected; ends discord.py's own tries."""


class ShardedBot(commands.AutoShardedBot):
    """A bot whose shards are connected side by side, as many as Discord recommends or are set."""

    def __init__(
        self,
        *args: Any,
        first_pause_s: float = FIRST_PAUSE_S,
        identify_every_s: float = IDENTIFY_EVERY_S,
        http_trace: aiohttp.TraceConfig,
        **settings: Any,
    ) -> None:
        """``first_pause_s`` is the first of the growing pauses of `GatewayPauses`."""
        super().__init__(
            *args, http_trace=http_trace, shard_connect_timeout=CONNECTED_WITHIN_S, **settings
        )
        self.connected: set[int] = set()
        """The shards that have a session now."""
        self._first_pause_s = first_pause_s
        self._turns = SessionTurns(self._ask_limits, identify_every_s)
        self._trying: set[int] = set()
        self._working: set[asyncio.Task[None]] = set()
        pauses = GatewayPauses(is_closed=self.is_closed, first_pause_s=first_pause_s)
        pauses.watch(http_trace)

    @property
    def lost_shards(self) -> list[int]:
        """The shards that have no session; all while it is not known how many there are."""
        return sorted(set(range(self.shard_count or 1)) - self.connected)

    # -- connecting --------------------------------------------------------------------------

    async def launch_shards(self) -> None:
        """Begin to connect each shard; returns at once, so that lost ones are connected again."""
        found = await self._find_gateway()
        if found is None:
            return
        recommended, url = found
        state = self._connection
        state.shard_count = self.shard_count = self.shard_count or recommended
        self.shard_ids = list(range(self.shard_count))
        state.shard_ids = self.shard_ids
        log.info("connecting", extra={"shards": self.shard_count, "recommended": recommended})
        for shard in self.shard_ids:
            self._work(self.launch_shard(url, shard, initial=True))

    async def _find_gateway(self) -> tuple[int, yarl.URL] | None:
        """Ask Discord how many shards it recommends, and where; an outage is waited out.

        None when the bot is closed meanwhile. Raises `discord.HTTPException` for a refused token.
        """
        pause_s = self._first_pause_s
        while not self.is_closed():
            try:
                recommended, url, limits = await self.http.get_bot_gateway()
            except NO_GATEWAY as error:
                why = error.__cause__ or error
                if isinstance(why, discord.HTTPException) and why.status == REFUSED:
                    raise why from None
                log.warning("Discord names no gateway, again in %.0f s: %s", pause_s, why)
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            else:
                self._turns.concurrency = limits["max_concurrency"]
                self._turns.left = limits["remaining"]
                return recommended, yarl.URL(url)
        return None

    async def _ask_limits(self) -> tuple[int, float]:
        try:
            _, _, limits = await self.http.get_bot_gateway()
        except NO_GATEWAY:
            return 0, LONGEST_PAUSE_S
        return limits["remaining"], limits["reset_after"] / 1000

    async def launch_shard(
        self, gateway: yarl.URL, shard_id: int, *, initial: bool = False
    ) -> None:
        """Connect a shard for the first time, until that is done."""
        if shard_id in self._trying:
            raise _Unreached  # discord.py tries again from within itself, ever deeper
        _shard.set(shard_id)
        while not self.is_closed():
            await self._turns.wait(shard_id)
            self._trying.add(shard_id)
            try:
                await super().launch_shard(gateway, shard_id, initial=initial)
            except _Unreached:
                continue
            finally:
                self._trying.discard(shard_id)
            self._set_free(shard_id)
            return

    def _set_free(self, shard_id: int) -> None:
        """Let a shard be connected again without the others having to wait for it."""
        shard = self.get_shard(shard_id)._parent  # type: ignore[union-attr]  # just launched
        reidentify, reconnect = shard.reidentify, shard.reconnect

        async def resume_or_identify(error: discord.gateway.ReconnectWebSocket) -> None:
            self._work(self._again(shard_id, lambda: reidentify(error), is_new=not error.resume))

        async def identify() -> None:
            self._work(self._again(shard_id, reconnect, is_new=True))

        shard.reidentify = resume_or_identify  # type: ignore[method-assign]
        shard.reconnect = identify  # type: ignore[method-assign]

    async def _again(
        self, shard_id: int, connect: Callable[[], Awaitable[None]], *, is_new: bool
    ) -> None:
        _shard.set(shard_id)
        if is_new:
            await self._turns.wait(shard_id)
        await connect()

    def _work(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._working.add(task)
        task.add_done_callback(self._working.discard)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        await self._turns.before_identify(shard_id or 0)

    async def close(self) -> None:
        working = list(self._working)
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        await super().close()

    # -- what became of it -------------------------------------------------------------------

    async def on_shard_connect(self, shard_id: int) -> None:
        self.connected.add(shard_id)

    async def on_shard_resumed(self, shard_id: int) -> None:
        self.connected.add(shard_id)

    async def on_shard_disconnect(self, shard_id: int) -> None:
        self.connected.discard(shard_id)


def _no_news(record: logging.LogRecord) -> bool:
    """Let through what is more than discord.py's news of each connection."""
    return record.levelno > logging.INFO
