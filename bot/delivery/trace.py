"""Every HTTP request of a send is seen here, and refused if it would come too late.

discord.py repeats a send by itself, for minutes if Discord is slow, and tells only of the end. The
trace, which the client is built with, shows each request to the `Tries` of its send. Those refuse
one after the nonce window by raising `NonceWindowOver` out of the request: cancelled instead,
during a global rate limit, discord.py would hang forever.
"""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from types import SimpleNamespace

import aiohttp

from bot.delivery.outcome import Try
from bot.delivery.window import Tries

_tries: ContextVar[Tries | None] = ContextVar("tries", default=None)


@contextlib.contextmanager
def watched(tries: Tries) -> Iterator[Tries]:
    """Let ``tries`` see the requests made in the block."""
    token = _tries.set(tries)
    try:
        yield tries
    finally:
        _tries.reset(token)


def http_trace() -> aiohttp.TraceConfig:
    """Return the trace to build the Discord client with."""

    async def on_start(
        session: object, context: SimpleNamespace, params: aiohttp.TraceRequestStartParams
    ) -> None:
        if tries := _tries.get():
            tries.begin()

    # Connecting may take long, and the process may be stopped meanwhile. What is written here was
    # not sent: aiohttp keeps the headers until the body goes.
    async def on_writing(session: object, context: SimpleNamespace, params: object) -> None:
        if tries := _tries.get():
            tries.require_open()

    async def on_end(
        session: object, context: SimpleNamespace, params: aiohttp.TraceRequestEndParams
    ) -> None:
        if tries := _tries.get():
            headers = params.response.headers
            tries.end(Try(status=params.response.status, date=headers.get("Date")))

    async def on_exception(
        session: object, context: SimpleNamespace, params: aiohttp.TraceRequestExceptionParams
    ) -> None:
        if tries := _tries.get():
            tries.end(Try(status=None))

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(on_start)
    trace.on_request_headers_sent.append(on_writing)
    trace.on_request_chunk_sent.append(on_writing)
    trace.on_request_end.append(on_end)
    trace.on_request_exception.append(on_exception)
    return trace
