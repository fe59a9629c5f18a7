"""What can go wrong between the bot and Discord, as values that a test scripts one by one.

A fault strikes before Discord acts on a request, or with ``after=True`` once it has: then the
effect is there and only the answer is lost or wrong.
"""

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum

from aiohttp import web


class Kind(Enum):
    ANSWER = "answer"
    CLOSE = "close"
    RESET = "reset"
    CUT = "cut"
    HANG = "hang"
    LATE = "late"
    DELAY = "delay"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One misbehaviour; `answer`, `refuse`, ... below build them."""

    kind: Kind
    after: bool = False
    status: int = 0
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    hang_s: float = 0.0
    until: asyncio.Event | None = None
    meanwhile: Callable[[], None] | None = None
    """What happens before the answer, such as time that passes on a clock of the test's own."""

    def once_done(self) -> "Fault":
        """Return the fault striking after Discord acted on the request."""
        return replace(self, after=True)

    def while_(self, happens: Callable[[], None]) -> "Fault":
        """Return the fault with something that happens before the answer."""
        return replace(self, meanwhile=happens)


def answer(
    status: int, body: object = None, *, headers: dict[str, str] | None = None, after: bool = False
) -> Fault:
    """Answer with ``status`` and a JSON body."""
    return Fault(
        kind=Kind.ANSWER,
        after=after,
        status=status,
        body=json.dumps({"code": 0, "message": str(status)} if body is None else body),
        headers={"Content-Type": "application/json", **(headers or {})},
    )


def refuse(status: int, code: int, message: str = "refused") -> Fault:
    """Refuse with one of Discord's own error codes."""
    return answer(status, {"code": code, "message": message})


def rate_limited(retry_after_s: float, *, is_global: bool = False) -> Fault:
    """Answer 429 as Discord's own servers do, so that discord.py waits."""
    headers = {
        "Via": "1.1 google",
        "Retry-After": str(int(retry_after_s) + 1),
        "X-RateLimit-Scope": "global" if is_global else "user",
    }
    if is_global:
        headers["X-RateLimit-Global"] = "true"
    body = {
        "message": "You are being rate limited.",
        "retry_after": retry_after_s,
        "global": is_global,
    }
    return answer(429, body, headers=headers)


def banned() -> Fault:
    """Answer 429 as the protection in front of Discord does: a page, no JSON, no Via."""
    return page(429, "<html>error code: 1015</html>")


def page(status: int, body: str = "<html>oops</html>", *, after: bool = False) -> Fault:
    """Answer with an HTML page."""
    headers = {"Content-Type": "text/html"}
    return Fault(kind=Kind.ANSWER, after=after, status=status, body=body, headers=headers)


def close(*, after: bool = False) -> Fault:
    """Close the connection without an answer."""
    return Fault(kind=Kind.CLOSE, after=after)


def reset(*, after: bool = False) -> Fault:
    """Reset the connection (RST)."""
    return Fault(kind=Kind.RESET, after=after)


def cut(*, after: bool = False) -> Fault:
    """Announce a longer body than is sent, then close."""
    return Fault(kind=Kind.CUT, after=after)


def hang(seconds: float = 60.0, *, after: bool = False) -> Fault:
    """Say nothing for a while, then close."""
    return Fault(kind=Kind.HANG, after=after, hang_s=seconds)


def slowly(fault: Fault, seconds: float) -> Fault:
    """Let an answer take its time."""
    return replace(fault, hang_s=seconds)


def delay(seconds: float) -> Fault:
    """Let a request be under way for a while, whatever becomes of its sender; then it is taken."""
    return Fault(kind=Kind.DELAY, hang_s=seconds)


def late(until: asyncio.Event) -> Fault:
    """Act at once, and say so only when ``until`` is set."""
    return Fault(kind=Kind.LATE, after=True, until=until)


async def strike(fault: Fault, request: web.Request, closing: asyncio.Event) -> web.StreamResponse:
    """Do to ``request`` what ``fault`` says; a hanging one ends with the server at the latest."""
    if fault.meanwhile is not None:
        fault.meanwhile()
    if fault.hang_s:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(closing.wait(), fault.hang_s)
    if fault.kind is Kind.ANSWER:
        return web.Response(status=fault.status, body=fault.body.encode(), headers=fault.headers)
    if fault.kind is Kind.CUT:
        response = web.StreamResponse(
            headers={"Content-Type": "application/json", "Content-Length": "500"}
        )
        await response.prepare(request)
        await response.write(b'{"id": "1')
    transport = request.transport
    if transport is not None:
        if fault.kind is Kind.RESET:
            # A close with pending linger of zero seconds is what makes the kernel send RST.
            transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
        transport.abort()
    return web.Response()
