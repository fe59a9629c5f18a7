"""The loopback Discord's gateway: shards, sessions, heartbeats, RESUME, and faults of them."""

import asyncio
import json
import secrets
from collections.abc import Callable, Iterable
from typing import Any

from aiohttp import WSMsgType, web

Json = dict[str, Any]
Event = tuple[str, Json]

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT = 0, 1, 2, 6, 7
INVALID_SESSION, HELLO, ACK = 9, 10, 11

TOKEN_REFUSED, INVALID_SHARD, SHARDING_REQUIRED = 4004, 4010, 4011

GUILDS_OF_A_SHARD = 2500
"""The most guilds that Discord gives a shard (https://docs.discord.com/developers/events/gateway#sharding)."""


def shard_of(guild_id: int, shards: int) -> int:
    return (guild_id >> 22) % shards


class Session:
    """One shard's session: its events are kept, so that a RESUME replays what was missed."""

    def __init__(self, shard: tuple[int, int]) -> None:
        self.id = secrets.token_hex(8)
        self.shard = shard
        self.events: list[Event] = []
        self.socket: web.WebSocketResponse | None = None
        self.transport: asyncio.Transport | None = None
        self._heard = 0
        self._stirred = asyncio.Event()

    def covers(self, guild_id: int) -> bool:
        return shard_of(guild_id, self.shard[1]) == self.shard[0]

    async def dispatch(self, name: str, data: Json) -> None:
        self.events.append((name, data))
        await self._send_event(len(self.events))

    async def replay(self, sequence: int) -> None:
        for number in range(sequence + 1, len(self.events) + 1):
            await self._send_event(number)

    async def _send_event(self, number: int) -> None:
        name, data = self.events[number - 1]
        await self.send({"op": DISPATCH, "t": name, "s": number, "d": data})

    def note_heartbeat(self, sequence: int | None) -> None:
        """Note the last event that the client has read."""
        self._heard = sequence or 0
        self._stirred.set()

    def detach(self) -> None:
        """Note that the connection is gone."""
        self.socket = None
        self._stirred.set()

    async def until_heard(self) -> None:
        """Wait until the client has read every event, or is gone."""
        await self.send({"op": HEARTBEAT, "d": None})
        while self.socket is not None and self._heard < len(self.events):
            self._stirred.clear()
            await self._stirred.wait()

    async def send(self, frame: Json) -> None:
        if self.socket is not None and not self.socket.closed:
            await self.socket.send_str(json.dumps(frame))


class Gateway:
    """Accepts connections; ``greet`` tells what a fresh session of a shard is to hear first."""

    def __init__(
        self, *, token_is_good: Callable[[str], bool], greet: Callable[[Session], Iterable[Event]]
    ) -> None:
        self._token_is_good = token_is_good
        self._greet = greet
        self.sessions: dict[str, Session] = {}
        self.heartbeat_interval_ms = 41_250
        self.is_mute = False
        """Whether heartbeats stay unanswered, as of a connection that is dead but open."""
        self.is_refusing = False
        """Whether connections are refused, as while the gateway is down."""
        self.closes_with: int | None = None
        """The code with which a connection is closed as soon as its session is there."""
        self.connections = 0
        self.refused = 0
        self.is_greeting = True
        """Whether a new connection hears the first word, for which a client waits."""
        self.recommended = 1
        """How many shards Discord recommends."""
        self.concurrency = 1
        """How many sessions may begin within ``identify_every_s``."""
        self.identify_every_s = 0.0
        """Discord's are five seconds; a session that begins earlier is void at once."""
        self.starts_left, self.starts_again_s = 999, 0.0
        """How many sessions may begin today, and when it is tomorrow."""
        self.hurried = 0
        """Sessions that began too early."""
        self.down: set[int] = set()
        """Shards that get no session."""
        self.silent = 0
        """So many further connections hear nothing at all."""
        self.identifies = 0
        self.resumes = 0
        self.connected = asyncio.Event()
        self._identified_at_s: dict[int, float] = {}

    @property
    def live(self) -> list[Session]:
        return [each for each in self.sessions.values() if each.socket is not None]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if self.is_refusing:
            self.refused += 1
            return web.Response(status=503)
        self.connections += 1
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        is_silent, self.silent = self.silent > 0, max(self.silent - 1, 0)
        if self.is_greeting and not is_silent:
            hello = {"op": HELLO, "d": {"heartbeat_interval": self.heartbeat_interval_ms}}
            await socket.send_str(json.dumps(hello))
        session: Session | None = None
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    session = await self._handle_frame(socket, json.loads(message.data), session)
                    if session is not None:
                        session.transport = request.transport
                        if self.closes_with is not None:
                            session.detach()
                            await socket.close(code=self.closes_with)
        finally:
            if session is not None and session.socket is socket:
                session.detach()
                self.connected.clear()
        return socket

    async def _handle_frame(
        self, socket: web.WebSocketResponse, frame: Json, session: Session | None
    ) -> Session | None:
        if frame["op"] == HEARTBEAT:
            if session is not None:
                session.note_heartbeat(frame["d"])
            if not self.is_mute:
                await socket.send_str(json.dumps({"op": ACK}))
        elif frame["op"] in (IDENTIFY, RESUME):
            if not self._token_is_good(frame["d"]["token"]):
                await socket.close(code=TOKEN_REFUSED)
            elif frame["op"] == IDENTIFY:
                return await self._identify(socket, frame["d"])
            else:
                return await self._resume(socket, frame["d"])
        return session

    async def _identify(self, socket: web.WebSocketResponse, data: Json) -> Session | None:
        self.identifies += 1
        shard_id, shards = data.get("shard") or (0, 1)
        session = Session((shard_id, shards))
        greeting = list(self._greet(session))
        if shard_id >= shards:
            await socket.close(code=INVALID_SHARD)
        elif len(greeting[0][1]["guilds"]) > GUILDS_OF_A_SHARD:
            await socket.close(code=SHARDING_REQUIRED)
        elif shard_id in self.down:
            await socket.close(code=4000)
        elif self._is_hurried(shard_id) or self.starts_left < 1:
            await socket.send_str(json.dumps({"op": INVALID_SESSION, "d": False}))
        else:
            self.starts_left -= 1
            await self._begin(session, socket, greeting)
            return session
        return None

    def _is_hurried(self, shard_id: int) -> bool:
        key, now_s = shard_id % self.concurrency, asyncio.get_running_loop().time()
        before_s, self._identified_at_s[key] = self._identified_at_s.get(key), now_s
        is_hurried = before_s is not None and now_s - before_s < self.identify_every_s
        self.hurried += is_hurried
        return is_hurried

    async def _begin(
        self, session: Session, socket: web.WebSocketResponse, greeting: Iterable[Event]
    ) -> None:
        session.socket = socket
        gone = [each.id for each in self.sessions.values() if each.socket is None]
        for session_id in gone:
            del self.sessions[session_id]
        self.sessions[session.id] = session
        for name, event in greeting:
            await session.dispatch(name, event)
        self.connected.set()

    async def _resume(self, socket: web.WebSocketResponse, data: Json) -> Session | None:
        self.resumes += 1
        session = self.sessions.get(data["session_id"])
        if session is not None and session.shard[0] in self.down:
            await socket.close(code=4000)
            return None
        if session is None:
            await socket.send_str(json.dumps({"op": INVALID_SESSION, "d": False}))
            return None
        session.socket = socket
        await session.replay(data["seq"] or 0)
        await session.dispatch("RESUMED", {})
        self.connected.set()
        return session

    async def tell(self, guild_id: int, name: str, data: Json) -> None:
        """Dispatch an event to the sessions that cover a guild, connected or not."""
        for session in list(self.sessions.values()):
            if session.covers(guild_id):
                await session.dispatch(name, data)

    async def heard(self) -> None:
        """Wait until each connected client has taken in all that it was told.

        As Discord may, it asks for a heartbeat, which names the last event that was read.
        """
        for session in self.live:
            await session.until_heard()

    async def drop(self, code: int = 1006, *, shard: int | None = None) -> None:
        """Cut every connection, or a shard's; 1006 stands for one that ends without a frame."""
        for session in self.live:
            if shard not in (None, session.shard[0]):
                continue
            socket = session.socket
            session.detach()
            if socket is None:
                continue
            if code == 1006:
                if session.transport is not None:
                    session.transport.abort()
            else:
                await socket.close(code=code)

    async def forget_sessions(self) -> None:
        """Tell every connection that its session is void and cannot be resumed."""
        live, self.sessions = self.live, {}
        for session in live:
            await session.send({"op": INVALID_SESSION, "d": False})
