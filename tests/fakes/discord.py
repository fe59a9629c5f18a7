"""A Discord on loopback for unmodified discord.py: real HTTP, a real gateway, scripted faults.

    async with DiscordServer() as discord:
        guild = discord.add_guild()
        channel = discord.add_channel(guild, "papers")
        # point the bot at discord.api_url and discord.gateway_url, token discord.token
        discord.inject(faults.answer(502, after=True), channel=channel)
        ...
        assert [entry.content for entry in discord.ledger] == ["### cs.CV ..."]
        reply = await discord.slash(guild, channel, admin, "paper search", query="diffusion")

What is accepted is never forgotten (`ledger`); every body is checked as Discord would check it
(`spec.py`), every answer against Discord's own description, so that this stand-in cannot drift.
"""

import asyncio
import contextlib
import functools
import hashlib
import json
import re
import threading
import time
from collections import deque
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
)
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import TracebackType
from typing import Any, Self

import discord
import yarl
from aiohttp import ClientWebSocketResponse, web
from discord import Client
from discord.gateway import DiscordWebSocket, KeepAliveHandler
from discord.http import Route

from bot.delivery.trace import http_trace
from bot.ui.views import Offered
from tests.fakes import faults, spec
from tests.fakes.faults import Fault
from tests.fakes.gateway import Event, Gateway, Session, shard_of
from tests.fakes.interactions import Interactions, Reply
from tests.fakes.threads import Threads
from tests.fakes.world import (
    EMBED_LINKS,
    FORUM,
    MANAGE_GUILD,
    MENTION_EVERYONE,
    READ_MESSAGE_HISTORY,
    SEND_IN_THREADS,
    SEND_MESSAGES,
    VIEW_CHANNEL,
    Channel,
    File,
    Guild,
    Json,
    Role,
    Snowflakes,
    User,
    member_json,
    message_json,
    role_json,
)
from tests.waiting import HUNG_S

TOKEN = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.canary-ZnCjm1XVW7vRze4b7Cq4se7kKWs"
"""A pretend token in the form of a real one; it must appear in no log, file or message."""

SEND = "POST", spec.MESSAGES
EDIT = "PATCH", spec.MESSAGE
LOOK = "GET", spec.MESSAGE
DOWNLOAD = "GET", "/attachments/{file_id}/{name}"
"""Of Discord's servers of files: no part of its API, and open to all who know the address."""
SUPPRESS_EMBEDS = 1 << 2

GUILD_DETAILS: Json = {
    "icon": None,
    "description": None,
    "home_header": None,
    "splash": None,
    "discovery_splash": None,
    "banner": None,
    "application_id": None,
    "region": "deprecated",
    "afk_channel_id": None,
    "afk_timeout": 300,
    "system_channel_flags": 0,
    "widget_enabled": False,
    "widget_channel_id": None,
    "verification_level": 0,
    "default_message_notifications": 0,
    "mfa_level": 0,
    "explicit_content_filter": 0,
    "max_presences": None,
    "max_members": 1000,
    "max_stage_video_channel_users": 50,
    "max_video_channel_users": 25,
    "vanity_url_code": None,
    "premium_tier": 0,
    "premium_subscription_count": 0,
    "preferred_locale": "en-US",
    "rules_channel_id": None,
    "safety_alerts_channel_id": None,
    "public_updates_channel_id": None,
    "premium_progress_bar_enabled": False,
    "nsfw": False,
    "nsfw_level": 0,
    "incidents_data": None,
}
MEMBER_DETAILS: Json = {
    "avatar": None,
    "banner": None,
    "communication_disabled_until": None,
    "nick": None,
    "pending": False,
    "premium_since": None,
}
"""What Discord's description asks for beyond what the gateway tells, and nobody here uses."""

NO_BOT_TOKEN = ("{interaction_token}", "{webhook_token}")
"""Routes with one of these carry their own token in the path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """One message that exists on this Discord, whether or not its sender heard of it."""

    message_id: int
    channel_id: int
    nonce: str | None
    body: Json
    sha256: str
    at: datetime
    pinged: tuple[int, ...] = ()
    """The roles whose members were notified."""

    @property
    def content(self) -> str:
        return str(self.body.get("content") or "")

    @property
    def embed_urls(self) -> list[str]:
        return [embed["url"] for embed in self.body.get("embeds") or () if embed.get("url")]

    @property
    def offers(self) -> bool:
        """Whether a button of it opens further papers."""
        return any(str(each.get("custom_id")).startswith(Offered.PREFIX) for each in self._items)

    @property
    def _items(self) -> list[Json]:
        rows = self.body.get("components") or ()
        return [item for row in rows for item in row.get("components") or ()]

    @property
    def papers(self) -> set[str]:
        """The papers in it, as cards or as the options of a menu: in any style."""
        options = [option["value"] for menu in self._items for option in menu.get("options") or ()]
        cards = [url.rpartition("/")[2] for url in self.embed_urls]
        return {*cards, *(option.rpartition("v")[0] for option in options)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request as it came in; ``template`` names its route, ``at_s`` is monotonic."""

    method: str
    template: str
    names: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    is_authorized: bool
    at_s: float

    @property
    def channel_id(self) -> int | None:
        return int(self.names["channel_id"]) if "channel_id" in self.names else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self, now: datetime) -> web.Response:
        # discord.py reads JSON only under exactly this type, without a charset.
        headers = {"Content-Type": "application/json", "Date": format_datetime(now, usegmt=True)}
        content = json.dumps(self.body).encode()
        return web.Response(
            status=self.status, body=content, headers={**headers, "Via": "fake", **self.headers}
        )


@dataclass(slots=True, kw_only=True)
class RateLimits:
    """Discord's documented and customary budgets; `DiscordServer` has none unless given these."""

    per_channel: int = 5
    window_s: float = 5.0
    global_per_s: int = 50
    _windows: dict[int, tuple[float, int]] = field(default_factory=dict)
    _recent: deque[float] = field(default_factory=deque)

    def take_global(self, now_s: float) -> float:
        """Count one request; returns the seconds to wait where there were too many."""
        while self._recent and self._recent[0] <= now_s - 1:
            self._recent.popleft()
        if len(self._recent) >= self.global_per_s:
            return self._recent[0] + 1 - now_s
        self._recent.append(now_s)
        return 0.0

    def take(self, channel_id: int, now_s: float) -> tuple[int, float]:
        """Count one message; returns what remains (-1: refused) and the seconds to the reset."""
        started, used = self._windows.get(channel_id, (now_s, 0))
        if now_s >= started + self.window_s:
            started, used = now_s, 0
        reset_after = started + self.window_s - now_s
        if used >= self.per_channel:
            return -1, reset_after
        self._windows[channel_id] = (started, used + 1)
        return self.per_channel - used - 1, reset_after


@dataclass(eq=False, slots=True)
class _Scripted:
    """A fault that waits for its request."""

    fault: Fault
    route: tuple[str, str] | None
    channel_id: int | None
    is_standing: bool = False

    def fits(self, call: Call) -> bool:
        is_route = self.route in (None, (call.method, call.template))
        return is_route and self.channel_id in (None, call.channel_id)


Handler = Callable[[Call], Awaitable[Answer]]


def make_client(**settings: Any) -> discord.AutoShardedClient:
    """Make the client of a bot that only posts, with its tries visible to delivery."""
    return discord.AutoShardedClient(
        intents=discord.Intents(guilds=True),
        http_trace=http_trace(),
        guild_ready_timeout=0.05,
        **settings,
    )


class DiscordServer:
    """The server; see the module's docstring. ``now`` dates messages and the Date header."""

    def __init__(
        self,
        *,
        token: str = TOKEN,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        nonce_window_s: float = 300.0,
        limits: RateLimits | None = None,
        validate: bool = True,
        port: int = 0,
        host: str = "127.0.0.1",
    ) -> None:
        self.token = token
        self.now = now
        self.nonce_window_s = nonce_window_s
        self.limits = limits
        self.validate = validate
        self.ledger: list[Accepted] = []
        self.edited: list[tuple[int, Json]] = []
        """The edits that were made: message and body, oldest first."""
        self.calls: list[Call] = []
        self.refusals: list[str] = []
        """What `spec.py` had against bodies of the bot; a test that sends none keeps it empty."""
        self.drift: list[str] = []
        """Where an answer of this stand-in is not as Discord describes it; fails the test."""
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        """Every channel and thread of every guild, deleted ones too."""
        self.private_channels: dict[int, Channel] = {}
        self.people: dict[int, User] = {}
        """Who may ask the bot to write to them: those messages are in the ledger, notices not."""
        self.files: dict[int, File] = {}
        """What people attached to commands."""
        self.commands: list[Json] = []
        self.command_puts = 0
        self.is_token_good = True
        self.rules: dict[tuple[int, str], list[Json]] = {}
        """The settings of commands (Integrations), by guild and command; or by application."""
        self.ids = Snowflakes(now)
        self.bot = User(id=self.ids.new(), name="Paper Digest Bot", is_bot=True)
        self.host = User(id=self.ids.new(), name="host")
        self.team_owner: User | None = None
        """Whose team the application belongs to; None where it is the host's own."""
        self.gateway = Gateway(token_is_good=self._is_good, greet=self._greet)
        self.interactions = Interactions(self)
        self.threads = Threads(self)
        self._scripted: list[_Scripted] = []
        self._by_nonce: dict[str, Accepted] = {}
        self._closing = asyncio.Event()
        self._host, self._port = host, port
        self._runner: web.AppRunner | None = None
        self._changed = asyncio.Condition()

    # Life

    async def __aenter__(self) -> Self:
        application = web.Application(client_max_size=25 * 1024 * 1024)
        application.router.add_get("/gateway", self.gateway.handle)
        application.router.add_route("*", "/api/v10/{tail:.*}", self._handle)
        application.router.add_route(*DOWNLOAD, self._hand_out)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await self._listen()
        return self

    async def _listen(self) -> None:
        assert self._runner is not None
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        await self.gateway.drop(1001)
        if self._runner is not None:
            await self._runner.cleanup()
        if error is None:
            assert not self.drift, self.drift

    async def stop_listening(self) -> None:
        """Refuse new connections and end the present ones, as a Discord that is down."""
        assert self._runner is not None
        await self.gateway.drop()
        for site in list(self._runner.sites):
            await site.stop()

    async def listen_again(self) -> None:
        await self._listen()

    @property
    def api_url(self) -> str:
        return str(yarl.URL.build(scheme="http", host=self._host, port=self._port, path="/api/v10"))

    @property
    def gateway_url(self) -> str:
        return str(yarl.URL.build(scheme="ws", host=self._host, port=self._port, path="/gateway"))

    # The world

    def add_guild(self, name: str = "Reading group", *, shard: int | None = None) -> Guild:
        """Add a guild before the bot connects; `welcome` tells a connected bot of it.

        ``shard`` is which of `Gateway.recommended` shards is to have it, if that matters.
        """
        owner = User(id=self.ids.new(), name="owner")
        id_ = self.ids.new()
        while shard not in (None, shard_of(id_, self.gateway.recommended)):
            id_ += 1 << 22  # a millisecond later
        guild = Guild(id=id_, name=name, owner=owner, bot_role_id=self.ids.new())
        self.guilds[guild.id] = guild
        return guild

    def add_channel(self, guild: Guild, name: str = "papers") -> Channel:
        return self.put(Channel(id=self.ids.new(), guild_id=guild.id, name=name))

    def put(self, channel: Channel) -> Channel:
        """Put a channel or a thread into its guild."""
        self.guilds[channel.guild_id].channels[channel.id] = channel
        self.channels[channel.id] = channel
        return channel

    def add_forum(
        self, guild: Guild, name: str = "digests", *, tags: Iterable[str] = ()
    ) -> Channel:
        forum = self.add_channel(guild, name)
        forum.kind = FORUM
        forum.tags = {self.ids.new(): tag for tag in tags}
        return forum

    async def add_role(self, guild: Guild, name: str, *, is_mentionable: bool = True) -> Role:
        role = Role(id=self.ids.new(), name=name, is_mentionable=is_mentionable)
        guild.roles[role.id] = role
        await self._tell_role(guild, "GUILD_ROLE_CREATE", role)
        return role

    async def allow_mention(self, guild: Guild, role: Role, *, is_mentionable: bool) -> None:
        role.is_mentionable = is_mentionable
        await self._tell_role(guild, "GUILD_ROLE_UPDATE", role)

    async def delete_role(self, guild: Guild, role: Role) -> None:
        del guild.roles[role.id]
        event = {"guild_id": str(guild.id), "role_id": str(role.id)}
        await self.tell(guild.id, "GUILD_ROLE_DELETE", event)

    async def _tell_role(self, guild: Guild, name: str, role: Role) -> None:
        await self.tell(guild.id, name, {"guild_id": str(guild.id), "role": role_json(role)})

    def add_thread(self, channel: Channel, name: str = "today") -> Channel:
        """Add a thread of a channel before the bot connects; `welcome` tells a connected bot."""
        return self.put(
            Channel(id=self.ids.new(), guild_id=channel.guild_id, name=name, parent=channel)
        )

    def add_user(self, name: str = "ada", *, is_admin: bool = False) -> User:
        user = User(id=self.ids.new(), name=name)
        self.people[user.id] = user
        if is_admin:
            user.permissions |= MANAGE_GUILD
        return user

    def attach(self, name: str, content: bytes, *, size: int | None = None) -> File:
        """Upload a file, as the option of a command; ``size`` is what Discord says of it."""
        id_ = self.ids.new()
        url = str(yarl.URL(self.api_url).with_path(f"/attachments/{id_}/{name}"))
        size = len(content) if size is None else size
        self.files[id_] = File(id=id_, name=name, content=content, url=url, size=size)
        return self.files[id_]

    def private_channel(self, user: User) -> Channel:
        """Return the channel of somebody's direct messages with the bot."""
        if user.id not in self.private_channels:
            self.private_channels[user.id] = Channel(
                id=self.ids.new(), guild_id=0, name=user.name, recipient=user
            )
        return self.private_channels[user.id]

    def top_of(self, entry: Accepted) -> int:
        """Return the channel of a message, or that of its thread, deleted ones too."""
        channel = self.channels.get(entry.channel_id)
        return channel.top.id if channel else entry.channel_id

    def messages_in(self, channel: Channel) -> list[Accepted]:
        return [entry for entry in self.ledger if entry.channel_id == channel.id]

    def told(self, user: User) -> list[str]:
        """Return what the bot wrote to somebody in private."""
        channel = self.private_channels.get(user.id)
        return [message["content"] for message in channel.messages] if channel else []

    def channel(self, channel_id: int) -> Channel | None:
        found = self.channels.get(channel_id)
        if found is not None:
            return None if found.is_deleted else found
        private = (each for each in self.private_channels.values() if each.id == channel_id)
        return next(private, None)

    async def deny(self, channel: Channel, permissions: int) -> None:
        """Take permissions from the bot in one channel, and tell it."""
        channel.denied |= permissions
        await self._tell_channel(channel)

    async def allow(self, channel: Channel, permissions: int) -> None:
        channel.denied &= ~permissions
        await self._tell_channel(channel)

    async def tell(self, guild_id: int, name: str, data: Json) -> None:
        """Tell the bot, and wait until it knows."""
        await self.gateway.tell(guild_id, name, data)
        await self.gateway.heard()

    async def _tell_channel(self, channel: Channel) -> None:
        guild = self.guilds[channel.guild_id]
        await self.tell(guild.id, "CHANNEL_UPDATE", channel.json(guild.bot_role_id))

    async def delete_channel(self, channel: Channel) -> None:
        guild = self.guilds[channel.guild_id]
        for each in guild.channels.values():
            each.is_deleted |= each.top is channel
        await self.tell(guild.id, "CHANNEL_DELETE", channel.json(guild.bot_role_id))

    async def delete_message(self, channel: Channel, message_id: int) -> None:
        channel.messages = [each for each in channel.messages if each["id"] != str(message_id)]
        event = {"id": str(message_id), "channel_id": str(channel.id)}
        await self.tell(channel.guild_id, "MESSAGE_DELETE", event)

    async def remove_guild(self, guild: Guild) -> None:
        """Throw the bot out."""
        guild.is_member = False
        await self.tell(guild.id, "GUILD_DELETE", {"id": str(guild.id)})

    async def take_down(self, guild: Guild) -> None:
        """Let a guild suffer an outage: the bot is still its member."""
        guild.is_available = False
        event = {"id": str(guild.id), "unavailable": True}
        await self.tell(guild.id, "GUILD_DELETE", event)

    async def welcome(self, guild: Guild) -> None:
        """Invite the bot (again), or end an outage."""
        guild.is_member = guild.is_available = True
        await self.tell(guild.id, "GUILD_CREATE", guild.json(self.bot))

    def post_as(
        self, user: User, channel: Channel, body: Json, *, message_id: int | None = None
    ) -> Json:
        """Let somebody write into a channel; not part of the ledger."""
        message = message_json(
            message_id=message_id or self.ids.new(),
            channel_id=channel.id,
            author=user,
            body=body,
            at=self.now(),
            flags=int(body.get("flags") or 0),
        )
        channel.messages.append(message)
        return message

    async def revoke_token(self) -> None:
        self.is_token_good = False
        await self.gateway.drop(4004)

    @contextlib.asynccontextmanager
    async def connected(self, client: Client) -> AsyncIterator[Client]:
        """Run a discord.py client against this server until the block ends."""
        async with self.connecting(client) as running:
            ready = asyncio.create_task(client.wait_until_ready())
            try:
                await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED)
                yield client
            finally:
                ready.cancel()

    @contextlib.asynccontextmanager
    async def connecting(self, client: Client) -> AsyncIterator[asyncio.Task[None]]:
        """Do as `connected`, but do not wait until the client is ready."""
        with self.pointed_at(), _remembering_sockets(client) as sockets:
            await client.login(self.token)
            running = asyncio.create_task(client.connect())
            try:
                yield running
            finally:
                await client.close()
                await running
                await _end_connections(sockets)

    @contextlib.contextmanager
    def pointed_at(self) -> Iterator[None]:
        """Let discord.py in this process speak to this server (class attributes of its own)."""
        before = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
        Route.BASE = self.api_url
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(self.gateway_url)
        try:
            yield
        finally:
            Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = before

    # Faults

    def inject(
        self,
        *script: Fault,
        channel: Channel | None = None,
        route: tuple[str, str] | None = SEND,
        standing: bool = False,
    ) -> None:
        """Let ``script`` strike the next fitting requests, one each; a standing one all of them."""
        channel_id = None if channel is None else channel.id
        self._scripted += [_Scripted(fault, route, channel_id, standing) for fault in script]

    def clear_faults(self) -> None:
        self._scripted.clear()

    def _next_fault(self, call: Call) -> Fault | None:
        for scripted in self._scripted:
            if scripted.fits(call):
                if not scripted.is_standing:
                    self._scripted.remove(scripted)
                return scripted.fault
        return None

    # Waiting

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait for something to become true of this server; raises TimeoutError."""
        async with asyncio.timeout(HUNG_S), self._changed:
            await self._changed.wait_for(condition)

    async def wait_for_messages(self, count: int) -> list[Accepted]:
        """Wait until the ledger holds ``count`` messages, and return it."""
        await self.wait_until(lambda: len(self.ledger) >= count)
        return self.ledger

    async def wait_connected(self) -> None:
        """Wait until the bot has a session."""
        async with asyncio.timeout(HUNG_S):
            await self.gateway.connected.wait()

    async def notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    # People

    async def slash(
        self, guild: Guild, channel: Channel, user: User, command: str, **options: object
    ) -> Reply:
        """Type a slash command, for example "paper search", and return what the bot answers."""
        return await self.interactions.slash(guild, channel, user, command, options)

    async def complete(
        self, guild: Guild, channel: Channel, user: User, command: str, **options: object
    ) -> list[str]:
        """Type into the last of ``options`` and return the names that the bot offers."""
        return await self.interactions.complete(guild, channel, user, command, options)

    async def click(
        self, guild: Guild, channel: Channel, user: User, reply: Reply, id_: str
    ) -> Reply:
        """Click the button whose custom id is or starts with ``id_``."""
        return await self.interactions.click(guild, channel, user, reply.message, id_)

    def let(self, guild: Guild, command: str, who: User | Role | Channel, *, allows: bool) -> None:
        """Make a rule in the guild's settings (Integrations) of a command; blank: of all."""
        ids = {each["name"]: each["id"] for each in self.commands}
        id_ = ids[command] if command else str(self.bot.id)
        kind = {Role: 1, User: 2, Channel: 3}[type(who)]
        rules = self.rules.setdefault((guild.id, id_), [])
        rules[:] = [each for each in rules if each["id"] != str(who.id)]
        rules.append({"id": str(who.id), "type": kind, "permission": allows})

    # Gateway

    def _is_good(self, token: str) -> bool:
        return self.is_token_good and token == self.token

    def _greet(self, session: Session) -> Iterator[Event]:
        guilds = [
            guild for guild in self.guilds.values() if guild.is_member and session.covers(guild.id)
        ]
        yield (
            "READY",
            {
                "v": 10,
                "user": self.bot.json(),
                "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
                "session_id": session.id,
                "resume_gateway_url": self.gateway_url,
                "shard": list(session.shard),
                "application": {"id": str(self.bot.id), "flags": 0},
            },
        )
        for guild in guilds:
            if guild.is_available:
                yield "GUILD_CREATE", guild.json(self.bot)

    # HTTP

    def _routes(self) -> Iterator[tuple[str, str, Handler]]:
        interaction = "/interactions/{interaction_id}/{interaction_token}/callback"
        webhook = "/webhooks/{webhook_id}/{webhook_token}"
        yield "GET", "/users/@me", self._get_me
        yield "GET", "/oauth2/applications/@me", self._get_application
        yield "GET", "/gateway/bot", self._get_gateway
        yield "POST", "/users/@me/channels", self._open_private_channel
        yield "GET", "/channels/{channel_id}", self._get_channel
        yield "GET", "/guilds/{guild_id}", self._get_guild
        yield "GET", "/guilds/{guild_id}/members/{user_id}", self._get_member
        yield "GET", spec.MESSAGES, self._list_messages
        yield "POST", spec.MESSAGES, self._create_message
        yield "GET", spec.MESSAGE, self._get_message
        yield "PATCH", spec.MESSAGE, self._edit_message
        yield from self.threads.routes()
        yield "PUT", "/applications/{application_id}/commands", self._put_commands
        yield "GET", "/applications/{application_id}/commands", self._get_commands
        rules = "/applications/{application_id}/guilds/{guild_id}/commands/{command_id}/permissions"
        yield "GET", rules, self._get_rules
        yield "POST", interaction, self.interactions.take_callback
        yield "POST", webhook, self.interactions.take_followup
        yield "GET", f"{webhook}/messages/@original", self.interactions.give_original
        yield "PATCH", f"{webhook}/messages/@original", self.interactions.take_edit

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        call, handler = await self._call(request)
        self.calls.append(call)
        fault = self._next_fault(call)
        try:
            if fault is not None and fault.kind is faults.Kind.DELAY:
                await asyncio.sleep(fault.hang_s)
                fault = None
            if fault is not None and not fault.after:
                return await faults.strike(fault, request, self._closing)
            answer = await self._answer(call, handler)
            if fault is not None:
                await self.notify()
                if fault.kind is not faults.Kind.LATE:
                    return await faults.strike(fault, request, self._closing)
                assert fault.until is not None
                await fault.until.wait()
            return answer.response(self.now())
        finally:
            await self.notify()

    async def _hand_out(self, request: web.Request) -> web.StreamResponse:
        """Give what somebody attached."""
        call = Call(
            method=request.method,
            template=DOWNLOAD[1],
            names=request.match_info,
            query={},
            body=None,
            is_authorized=False,
            at_s=time.monotonic(),
        )
        self.calls.append(call)
        if (fault := self._next_fault(call)) is not None:
            return await faults.strike(fault, request, self._closing)
        file = self.files.get(int(call.names["file_id"]))
        return web.Response(body=file.content) if file else web.Response(status=404)

    async def _call(self, request: web.Request) -> tuple[Call, Handler | None]:
        path = "/" + request.match_info["tail"]
        found = next(self._matches(request.method, path), None)
        template, names, handler = found or (path, {}, None)
        call = Call(
            method=request.method,
            template=template,
            names=names,
            query=dict(request.query),
            body=await _read_body(request),
            is_authorized=request.headers.get("Authorization") == f"Bot {self.token}",
            at_s=time.monotonic(),
        )
        return call, handler

    def _matches(self, method: str, path: str) -> Iterator[tuple[str, dict[str, str], Handler]]:
        for route_method, template, handler in self._routes():
            names = _pattern(template).fullmatch(path)
            if names and route_method == method:
                yield template, names.groupdict(), handler

    async def _answer(self, call: Call, handler: Handler | None) -> Answer:
        if handler is None:
            return self.error(404, 0, "404: Not Found")
        has_own_token = any(name in call.template for name in NO_BOT_TOKEN)
        if not has_own_token and not (call.is_authorized and self.is_token_good):
            return self.error(401, 0, "401: Unauthorized")
        if self.limits and not has_own_token and (wait := self.limits.take_global(call.at_s)):
            return _too_many(wait, is_global=True)
        if errors := self._body_errors(call):
            self.refusals += errors
            return self.error(400, 50035, "Invalid Form Body", {"errors": {"_": errors}})
        answer = await handler(call)
        if self.validate and answer.status in (200, 201):
            self.drift += [
                f"{call.method} {call.template}: {error}"
                for error in spec.answer_errors(
                    call.method, call.template, answer.status, answer.body
                )
            ]
        return answer

    def _body_errors(self, call: Call) -> list[str]:
        if not self.validate or call.method not in ("POST", "PUT", "PATCH"):
            return []
        return spec.body_errors(call.method, call.template, call.body)

    def answer(self, status: int, body: Any) -> Answer:
        return Answer(status=status, body=body)

    def error(self, status: int, code: int, message: str, more: Json | None = None) -> Answer:
        return Answer(status=status, body={"code": code, "message": message, **(more or {})})

    async def _get_me(self, call: Call) -> Answer:
        me = {**self.bot.json(), "mfa_enabled": False, "locale": "en-US"}
        return self.answer(200, me)

    async def _get_application(self, call: Call) -> Answer:
        application: Json = {
            "id": str(self.bot.id),
            "name": self.bot.name,
            "icon": None,
            "description": "",
            "type": None,
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "0" * 64,
            "flags": 0,
            "flags_new": "0",
            "redirect_uris": [],
            "interactions_endpoint_url": None,
            "role_connections_verification_url": None,
            "owner": self.host.json(),
            "approximate_guild_count": len(self.guilds),
            "approximate_user_install_count": 0,
            "approximate_user_authorization_count": 0,
            "explicit_content_filter": 0,
            "team": self.team_owner and _team_json(self.team_owner),
            "eligible_oauth2_scopes": [],
        }
        return self.answer(200, application)

    async def _get_gateway(self, call: Call) -> Answer:
        gateway = self.gateway
        limit = {
            "total": 1000,
            "remaining": gateway.starts_left,
            "reset_after": round(gateway.starts_again_s * 1000),
            "max_concurrency": gateway.concurrency,
        }
        body = {"url": self.gateway_url, "shards": gateway.recommended}
        return self.answer(200, {**body, "session_start_limit": limit})

    async def _open_private_channel(self, call: Call) -> Answer:
        user_id = int(call.body["recipient_id"])
        owners = [self.host, *(guild.owner for guild in self.guilds.values())]
        user = next((each for each in owners if each.id == user_id), self.people.get(user_id))
        if user is None:
            return self.error(404, 10013, "Unknown User")
        return self.answer(200, self.private_channel(user).private_json())

    async def _get_guild(self, call: Call) -> Answer:
        guild = self.guilds.get(int(call.names["guild_id"]))
        if guild is None or not guild.is_member:
            return self.error(404, 10004, "Unknown Guild")
        return self.answer(200, {**guild.json(self.bot), **GUILD_DETAILS})

    async def _get_member(self, call: Call) -> Answer:
        guild = self.guilds.get(int(call.names["guild_id"]))
        user_id = int(call.names["user_id"])
        if guild is None or not guild.is_member:
            return self.error(404, 10004, "Unknown Guild")
        if user_id == self.bot.id:
            return self.answer(200, {**guild.json(self.bot)["members"][0], **MEMBER_DETAILS})
        if user_id not in self.people:
            return self.error(404, 10013, "Unknown User")
        if user_id not in guild.people:
            return self.error(404, 10007, "Unknown Member")
        return self.answer(200, {**member_json(self.people[user_id]), **MEMBER_DETAILS})

    async def _get_channel(self, call: Call) -> Answer:
        channel = self.named(call)
        if isinstance(channel, Answer):
            return channel
        if channel.recipient is not None:
            return self.answer(200, channel.private_json())
        return self.answer(200, channel.json(self.guilds[channel.guild_id].bot_role_id))

    def named(self, call: Call, needs: int = VIEW_CHANNEL) -> Channel | Answer:
        """Return the channel of a request, or why the bot may not have it."""
        channel = self.channel(call.channel_id or 0)
        if channel is None:
            return self.error(404, 10003, "Unknown Channel")
        if channel.recipient is not None:
            if channel.recipient.takes_messages or not needs & SEND_MESSAGES:
                return channel
            return self.error(403, 50007, "Cannot send messages to this user")
        held = self.guilds[channel.guild_id].bot_permissions(channel)
        if not self.guilds[channel.guild_id].is_member or not held & VIEW_CHANNEL:
            return self.error(403, 50001, "Missing Access")
        if held & needs != needs:
            return self.error(403, 50013, "Missing Permissions")
        return channel

    async def _list_messages(self, call: Call) -> Answer:
        """Give a page of history, newest first; empty without the permission, as Discord does."""
        channel = self.named(call)
        if isinstance(channel, Answer):
            return channel
        guild = self.guilds.get(channel.guild_id)
        if guild is not None and not guild.bot_permissions(channel) & READ_MESSAGE_HISTORY:
            return self.answer(200, [])
        limit = int(call.query.get("limit", 50))
        after = int(call.query.get("after", 0))
        before = int(call.query.get("before", 1 << 63))
        found = [each for each in channel.messages if after < int(each["id"]) < before]
        page = found[:limit] if "after" in call.query else found[-limit:]
        return self.answer(200, page[::-1])

    async def _get_message(self, call: Call) -> Answer:
        channel = self.named(call, VIEW_CHANNEL | READ_MESSAGE_HISTORY)
        if isinstance(channel, Answer):
            return channel
        wanted = call.names["message_id"]
        found = next((each for each in channel.messages if each["id"] == wanted), None)
        return self.answer(200, found) if found else self.error(404, 10008, "Unknown Message")

    async def _edit_message(self, call: Call) -> Answer:
        """Change what is given of an own message; embeds that were removed stay away."""
        channel = self.named(call)
        if isinstance(channel, Answer):
            return channel
        wanted = call.names["message_id"]
        message = next((each for each in channel.messages if each["id"] == wanted), None)
        if message is None:
            return self.error(404, 10008, "Unknown Message")
        if channel.archived_at is not None:
            return self.error(400, 50083, "Thread is archived")
        if message["author"]["id"] != str(self.bot.id):
            return self.error(403, 50005, "Cannot edit a message authored by another user")
        shown = message_json(
            message_id=int(wanted),
            channel_id=channel.id,
            author=self.bot,
            body={**message, **call.body},
            at=datetime.fromisoformat(message["timestamp"]),
        )
        message["edited_timestamp"] = self.now().isoformat()
        message["content"] = shown["content"]
        if not message["flags"] & SUPPRESS_EMBEDS:
            message["embeds"] = shown["embeds"]
        self.edited.append((int(wanted), call.body))
        return self.answer(200, message)

    async def _create_message(self, call: Call) -> Answer:
        there = self.channel(call.channel_id or 0)
        sending = SEND_IN_THREADS if there is not None and there.parent else SEND_MESSAGES
        channel = self.named(call, sending | (EMBED_LINKS if call.body.get("embeds") else 0))
        if isinstance(channel, Answer):
            return channel
        if (refused := await self.threads.before_sending(channel)) is not None:
            return refused
        headers = {}
        if self.limits:
            remaining, reset_after = self.limits.take(channel.id, call.at_s)
            headers = self._budget(channel, self.limits.per_channel, remaining, reset_after)
            if remaining < 0:
                return _too_many(reset_after, headers=headers)
        answer = self._repeated(call) or self.answer(200, self.accept(channel, call.body))
        return Answer(status=answer.status, body=answer.body, headers=headers)

    def _budget(
        self, channel: Channel, limit: int, remaining: int, reset_after: float
    ) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(remaining, 0)),
            "X-RateLimit-Reset": f"{self.now().timestamp() + reset_after:.3f}",
            "X-RateLimit-Reset-After": f"{reset_after:.3f}",
            "X-RateLimit-Bucket": "messages",
        }

    def _repeated(self, call: Call) -> Answer | None:
        """Return what a repeated nonce is answered with; the author's, whatever the channel."""
        nonce = call.body.get("nonce")
        if nonce is None or not call.body.get("enforce_nonce"):
            return None
        entry = self._by_nonce.get(str(nonce))
        if entry is None or self.now() - entry.at >= timedelta(seconds=self.nonce_window_s):
            return None
        message = self._message(entry)
        if message is None:
            return self.error(404, 10008, "Unknown Message")
        return self.answer(200, {**message, "nonce": nonce})

    def _message(self, entry: Accepted) -> Json | None:
        channel = self.channel(entry.channel_id)
        for message in channel.messages if channel else ():
            if message["id"] == str(entry.message_id):
                return message
        return None

    def accept(self, channel: Channel, body: Json, *, message_id: int | None = None) -> Json:
        message = self.post_as(self.bot, channel, body, message_id=message_id)
        shown = {"content": body.get("content"), "embeds": body.get("embeds")}
        entry = Accepted(
            message_id=int(message["id"]),
            channel_id=channel.id,
            nonce=None if body.get("nonce") is None else str(body["nonce"]),
            body=body,
            sha256=hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest(),
            at=self.now(),
            pinged=self._pinged(channel, body),
        )
        if channel.recipient is None or channel.recipient.id in self.people:
            self.ledger.append(entry)
        if entry.nonce is not None:
            self._by_nonce[entry.nonce] = entry
        return {**message, "nonce": body["nonce"]} if "nonce" in body else message

    def _pinged(self, channel: Channel, body: Json) -> tuple[int, ...]:
        """Say which roles are notified: named, allowed by the message, and mentionable."""
        guild = self.guilds.get(channel.guild_id)
        if guild is None:
            return ()
        allowed = [int(role) for role in (body.get("allowed_mentions") or {}).get("roles") or ()]
        named = {int(found) for found in re.findall(r"<@&(\d+)>", body.get("content") or "")}
        may_all = guild.bot_permissions(channel) & MENTION_EVERYONE
        return tuple(
            role.id
            for role in guild.roles.values()
            if role.id in named and role.id in allowed and (role.is_mentionable or may_all)
        )

    async def _put_commands(self, call: Call) -> Answer:
        self.command_puts += 1
        self.commands = [self._registered(command) for command in call.body]
        return self.answer(200, self.commands)

    async def _get_rules(self, call: Call) -> Answer:
        guild_id, id_ = int(call.names["guild_id"]), call.names["command_id"]
        rules = self.rules.get((guild_id, id_))
        if not rules:
            return self.error(404, 10066, "Unknown application command permissions")
        return self.answer(
            200,
            {
                "id": id_,
                "application_id": call.names["application_id"],
                "guild_id": str(guild_id),
                "permissions": rules,
            },
        )

    def _registered(self, command: Json) -> Json:
        given = {key: value for key, value in command.items() if value is not None}
        needed = given.get("default_member_permissions")
        return {
            "description": "",
            "type": 1,
            **given,
            "default_member_permissions": None if needed is None else str(needed),
            "id": str(self.ids.new()),
            "application_id": str(self.bot.id),
            "version": str(self.ids.new()),
        }

    async def _get_commands(self, call: Call) -> Answer:
        return self.answer(200, self.commands)


@functools.cache
def _team_json(owner: User) -> Json:
    member = {
        "user": owner.json(),
        "team_id": "7",
        "membership_state": 2,
        "role": "admin",
        "permissions": ["*"],
    }
    return {
        "id": "7",
        "icon": None,
        "name": "team",
        "owner_user_id": str(owner.id),
        "members": [member],
    }


async def _read_body(request: web.Request) -> Any:
    """Read what a request carries: JSON, or with files the part of the form that is JSON."""
    if request.content_type == "multipart/form-data":
        form = await request.post()
        return json.loads(str(form["payload_json"]))
    raw = await request.read()
    return json.loads(raw) if raw else None


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template))


def _too_many(
    wait_s: float, *, is_global: bool = False, headers: Mapping[str, str] | None = None
) -> Answer:
    body = {
        "message": "You are being rate limited.",
        "retry_after": round(wait_s, 3),
        "global": is_global,
    }
    scope = {"X-RateLimit-Scope": "global" if is_global else "user"}
    retry = {"Retry-After": str(int(wait_s) + 1), **scope}
    if is_global:
        retry["X-RateLimit-Global"] = "true"
    return Answer(status=429, body=body, headers={**(headers or {}), **retry})


@contextlib.contextmanager
def _remembering_sockets(client: Client) -> Iterator[list[ClientWebSocketResponse]]:
    """Collect the connections that a client opens to the gateway."""
    sockets: list[ClientWebSocketResponse] = []
    connect = client.http.ws_connect

    async def remember(url: str, *, compress: int = 0) -> ClientWebSocketResponse:
        sockets.append(await connect(url, compress=compress))
        return sockets[-1]

    client.http.ws_connect = remember  # type: ignore[method-assign]
    yield sockets
    client.http.ws_connect = connect  # type: ignore[method-assign]


async def _end_connections(sockets: Collection[ClientWebSocketResponse]) -> None:
    """End what discord.py leaves behind when it is closed while it reconnects.

    It knows the new connection only once that is greeted. Until then nothing closes its socket,
    which would be found, unclosed, in the middle of another test, and nothing stops its thread,
    whose next heartbeat, 41 seconds later, would fail there.
    """
    for socket in sockets:
        await socket.close()
    for thread in threading.enumerate():
        if isinstance(thread, KeepAliveHandler) and thread.ws.socket in sockets:
            thread.stop()
