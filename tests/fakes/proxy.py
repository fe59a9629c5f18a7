"""An HTTP proxy on loopback: hands requests on, opens tunnels, or refuses everything."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

HEAD_END = b"\r\n\r\n"


class ProxyServer:
    """What was asked of the proxy; ``refuse_with`` is the status of its refusal, 0 for none.

    With ``password`` only who gives it is served, else 407 is the answer.
    """

    def __init__(self, *, password: str = "", refuse_with: int = 0) -> None:
        self.password = password
        self.refuse_with = refuse_with
        self.asked: list[str] = []
        self.port = 0

    @property
    def url(self) -> str:
        name = f"somebody:{self.password}@" if self.password else ""
        return f"http://{name}127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await self._serve(reader, writer)
        writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(HEAD_END)).decode("latin-1")
        method, target, _ = head.split(" ", 2)
        self.asked.append(f"{method} {target}")
        if status := self._refusal(head):
            writer.write(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode())
            await writer.drain()
            return
        host, port, first = _destination(head, method, target)
        there_reader, there_writer = await asyncio.open_connection(host, port)
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        there_writer.write(first)
        await asyncio.gather(_pump(reader, there_writer), _pump(there_reader, writer))

    def _refusal(self, head: str) -> int:
        given = base64.b64encode(f"somebody:{self.password}".encode()).decode()
        if self.password and f"proxy-authorization: basic {given}".lower() not in head.lower():
            return 407
        return self.refuse_with


def _destination(head: str, method: str, target: str) -> tuple[str, int, bytes]:
    """Return where a request goes and what is said there first."""
    if method == "CONNECT":
        host, _, port = target.rpartition(":")
        return host, int(port), b""
    parts = urlsplit(target)
    path = target.partition(parts.netloc)[2] or "/"
    lines = head.replace(target, path, 1).split("\r\n")
    kept = [line for line in lines if not line.lower().startswith(("proxy-", "connection: keep"))]
    if "upgrade: websocket" not in head.lower():
        kept.insert(1, "Connection: close")  # the next request may be for another host
    return str(parts.hostname), parts.port or 80, "\r\n".join(kept).encode("latin-1")


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()


@contextlib.asynccontextmanager
async def serve_proxy(proxy: ProxyServer) -> AsyncIterator[ProxyServer]:
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
