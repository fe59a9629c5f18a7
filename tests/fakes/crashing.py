"""The bot, killed or held up at a point of its work, to see what that leaves behind.

    CRASH_AT=after_claim:2 python -m tests.fakes.crashing run

ends the process at the second passing of ``after_claim`` as ``kill -9`` would: no ``finally``, no
flush. ``BLOCK_AT=after_claim:2:90`` holds it up there for 90 seconds, event loop and all, and
``BLOCK_AT=after_claim:2:cancelled`` until a task is cancelled, as by Ctrl-C. The
points lie between the bot's parts and between its SQL statements, so that the bot itself holds
nothing that is for tests. ``GATEWAY_PATIENCE_S=5`` has discord.py give up a silent gateway after
five seconds, not sixty, and ``GATEWAY_PAUSE_S=0.2`` try a gateway that refuses it again after 0.2
seconds, not five.
"""

import asyncio
import functools
import os
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from types import SimpleNamespace
from typing import Any, Final

from discord import shard
from discord.state import ConnectionState

from bot.__main__ import start
from bot.arxiv.client import ArxivClient
from bot.delivery.edge import DiscordSender
from bot.run.client import PaperBot
from bot.store.digests import Digests
from bot.store.outbox.outbox import Outbox
from bot.store.papers.papers import Papers
from tests.waiting import until_now

CRASH_AT: Final = "CRASH_AT"
BLOCK_AT: Final = "BLOCK_AT"
GATEWAY_PATIENCE_S: Final = "GATEWAY_PATIENCE_S"
GATEWAY_PAUSE_S: Final = "GATEWAY_PAUSE_S"

Method = Callable[..., Awaitable[Any]]

AFTER: Final[dict[str, tuple[type, Method]]] = {
    "after_fetch": (ArxivClient, ArxivClient.fetch_listing),
    "after_store": (Papers, Papers.add_listing),
    "after_batch": (Papers, Papers.add_papers),
    "after_plan": (Digests, Digests.plan),
    "after_claim": (Outbox, Outbox.claim),
    "after_send": (DiscordSender, DiscordSender.send),
    "after_finish": (Outbox, Outbox.mark_sent),
}
BEFORE: Final[dict[str, tuple[type, Method]]] = {
    "before_send": (DiscordSender, DiscordSender.send),
}
STATEMENT: Final = "statement"
"""Before each statement of a transaction, COMMIT included."""
BEFORE_COMMIT: Final = "before_commit"

_passed: Counter[str] = Counter()


def program(environ: Mapping[str, str]) -> str:
    """Return the module to start in this environment: the bot, with its points or as on Windows."""
    if "PRETEND_WINDOWS" in environ:
        return "tests.fakes.windows"
    own = {CRASH_AT, BLOCK_AT, GATEWAY_PATIENCE_S, GATEWAY_PAUSE_S}
    return "tests.fakes.crashing" if own & environ.keys() else "bot"


def hit(point: str) -> None:
    """Pass a point."""
    _passed[point] += 1
    here = f"{point}:{_passed[point]}"
    if os.environ.get(CRASH_AT) == here:
        os._exit(137)
    blocked, _, how_long = os.environ.get(BLOCK_AT, "").rpartition(":")
    if blocked == here and how_long == "cancelled":
        until_now(_is_cancelled)
    elif blocked == here:
        time.sleep(float(how_long))


def _is_cancelled() -> bool:
    return any(task.cancelling() for task in asyncio.all_tasks())


def hit_after(point: str, method: Method) -> Method:
    """Make ``method`` pass a point whenever it returns with something."""

    @functools.wraps(method)
    async def passing(*args: object, **kwargs: object) -> object:
        result = await method(*args, **kwargs)
        if result is not None:
            hit(point)
        return result

    return passing


def hit_before(point: str, method: Method) -> Method:
    @functools.wraps(method)
    async def passing(*args: object, **kwargs: object) -> object:
        hit(point)
        return await method(*args, **kwargs)

    return passing


class Connection(sqlite3.Connection):
    """A connection that passes a point at each statement of its transactions."""

    def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
        if self.in_transaction:
            hit(STATEMENT)
            if sql == "COMMIT":
                hit(BEFORE_COMMIT)
        return super().execute(sql, *args)


def lay_points() -> None:
    """Put every point into place."""
    for point, (owner, method) in AFTER.items():
        setattr(owner, method.__name__, hit_after(point, getattr(owner, method.__name__)))
    for point, (owner, method) in BEFORE.items():
        setattr(owner, method.__name__, hit_before(point, getattr(owner, method.__name__)))
    sqlite3.connect = functools.partial(sqlite3.connect, factory=Connection)  # type: ignore[assignment]
    if patience_s := os.environ.get(GATEWAY_PATIENCE_S):
        begin = functools.partialmethod(
            ConnectionState.__init__, heartbeat_timeout=float(patience_s)
        )
        ConnectionState.__init__ = begin  # type: ignore[assignment,method-assign]
    if pause_s := os.environ.get(GATEWAY_PAUSE_S):
        _hurry_to_the_gateway(float(pause_s))


def _hurry_to_the_gateway(pause_s: float) -> None:
    """Let discord.py and the bot wait so long between their tries."""

    async def pause(_: float) -> None:
        await asyncio.sleep(pause_s)

    hurried = SimpleNamespace(**{**vars(asyncio), "sleep": pause})
    setattr(shard, "asyncio", hurried)  # noqa: B010  # mypy takes it for the module alone
    begin = functools.partialmethod(PaperBot.__init__, identify_every_s=pause_s)
    PaperBot.__init__ = begin  # type: ignore[assignment,method-assign]


if __name__ == "__main__":
    lay_points()
    sys.exit(start())
