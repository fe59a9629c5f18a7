"""People who use the bot in the loopback Discord: slash commands, autocomplete, buttons."""

import asyncio
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.fakes.spec import walk_components
from tests.fakes.world import (
    Channel,
    File,
    Guild,
    Json,
    User,
    member_json,
    message_json,
    role_json,
)
from tests.waiting import HUNG_S

if TYPE_CHECKING:
    from tests.fakes.discord import Answer, Call, DiscordServer

COMMAND, COMPONENT, AUTOCOMPLETE, FORM = 2, 3, 4, 5

BUTTON, TEXT_MENU, ROLE_MENU = 2, 3, 6
"""Kinds of components."""

MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9

SUBCOMMAND, SUBCOMMAND_GROUP = 1, 2
CHANNEL_OPTION, USER_OPTION = 7, 6

EPHEMERAL = 1 << 6
LOADING = 1 << 7
COMPONENTS = 1 << 15
"""A message of components, which has neither embeds nor content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the bot answered: a message, the choices of an autocompletion, or a form."""

    message: Json = field(default_factory=dict)
    choices: tuple[Json, ...] = ()
    modal: Json | None = None

    @property
    def content(self) -> str:
        return str(self.message.get("content", ""))

    @property
    def embeds(self) -> list[Json]:
        return list(self.message.get("embeds", ()))

    @property
    def is_private(self) -> bool:
        return bool(int(self.message.get("flags", 0)) & EPHEMERAL)

    @property
    def buttons(self) -> list[Any]:
        return [each for each in walk_components(self._components) if "custom_id" in each]

    @property
    def _components(self) -> list[Json]:
        return list(self.message.get("components", ()))

    @property
    def text(self) -> str:
        """Everything that can be read in it."""
        parts = [self.content]
        parts += [each.get("content", "") for each in walk_components(self._components)]
        for embed in self.embeds:
            parts += [embed.get("title", ""), embed.get("description", "")]
            parts += [f"{each['name']} {each['value']}" for each in embed.get("fields", ())]
            parts.append(embed.get("footer", {}).get("text", ""))
        return "\n".join(part for part in parts if part)


@dataclass(eq=False, slots=True, kw_only=True)
class _Open:
    """One interaction that waits for the bot."""

    id: int
    token: str
    user: User
    channel: Channel
    answered: "asyncio.Future[Reply]"
    begun_s: float
    is_acknowledged: bool = False
    is_private: bool = False
    original: Json | None = None


class Interactions:
    """Sends interactions over the gateway and takes the bot's answers over HTTP."""

    def __init__(self, server: "DiscordServer") -> None:
        self._server = server
        self._open: dict[str, _Open] = {}
        self.clock: Callable[[], float] = time.monotonic
        self.timeout_s = HUNG_S
        """How long a person waits for the answer."""
        self.deadline_s: float | None = None
        """How late a first answer is still taken; None takes any, Discord itself 3 seconds."""
        self.acknowledged_after_s: list[float] = []

    async def slash(
        self,
        guild: Guild,
        channel: Channel,
        user: User,
        command: str,
        options: Mapping[str, object],
    ) -> Reply:
        return await self._send(guild, channel, user, COMMAND, self._data(command, options))

    async def complete(
        self,
        guild: Guild,
        channel: Channel,
        user: User,
        command: str,
        options: Mapping[str, object],
    ) -> list[str]:
        data = self._data(command, options, focused=list(options)[-1])
        reply = await self._send(guild, channel, user, AUTOCOMPLETE, data)
        return [choice["name"] for choice in reply.choices]

    async def click(
        self, guild: Guild, channel: Channel, user: User, message: Json, custom_id: str
    ) -> Reply:
        ids = [each.get("custom_id", "") for each in Reply(message=message).buttons]
        found = next(each for each in ids if each.startswith(custom_id))
        data = {"custom_id": found, "component_type": 2}
        return await self._send(guild, channel, user, COMPONENT, data, message=message)

    async def press(
        self,
        guild: Guild,
        channel: Channel,
        user: User,
        custom_id: str,
        *,
        kind: int = BUTTON,
        values: Sequence[str] = (),
    ) -> Reply:
        """Press a button of the bot whose id somebody made up, or choose from a menu."""
        item: Json = {"type": kind, "id": 2, "custom_id": custom_id}
        if kind == BUTTON:
            item |= {"style": 2, "label": "Press me"}
        elif kind == TEXT_MENU:
            item["options"] = [{"label": each, "value": each} for each in values]
        message = message_json(
            message_id=self._server.ids.new(),
            channel_id=channel.id,
            author=self._server.bot,
            body={"content": "A button", "components": [{"type": 1, "components": [item]}]},
            at=self._server.now(),
        )
        data: Json = {"custom_id": custom_id, "component_type": kind}
        if kind != BUTTON:
            data["values"] = [*values]
        if kind == ROLE_MENU:
            roles = {each: role_json(guild.roles[int(each)]) for each in values}
            data["resolved"] = {"roles": roles}
        return await self._send(guild, channel, user, COMPONENT, data, message=message)

    async def submit(
        self, guild: Guild, channel: Channel, user: User, custom_id: str, fields: Sequence[Json]
    ) -> Reply:
        """Send a form, one that the bot opened or one that somebody made up."""
        numbered = [
            {**field, "id": 2 * at, "component": {**field["component"], "id": 2 * at + 1}}
            for at, field in enumerate(fields, start=1)
        ]
        data = {"custom_id": custom_id, "components": numbered}
        return await self._send(guild, channel, user, FORM, data)

    def _data(
        self, command: str, options: Mapping[str, object], focused: str | None = None
    ) -> Json:
        """Nest ``options`` under the names of ``command`` as the synced commands say."""
        name, *path = command.split()
        registered = next(each for each in self._server.commands if each["name"] == name)
        levels = [registered]
        for part in path:
            levels.append(_option(levels[-1], part))
        given = [
            _given(_option(levels[-1], key), value, is_focused=key == focused)
            for key, value in options.items()
        ]
        for level in reversed(levels[1:]):
            given = [{"name": level["name"], "type": level["type"], "options": given}]
        data = {"id": registered["id"], "name": name, "type": 1, "options": given}
        if resolved := _resolved(options.values()):
            data["resolved"] = resolved
        return data

    async def _send(
        self,
        guild: Guild,
        channel: Channel,
        user: User,
        kind: int,
        data: Json,
        message: Json | None = None,
    ) -> Reply:
        opened = _Open(
            id=self._server.ids.new(),
            token=secrets.token_urlsafe(24),
            user=user,
            channel=channel,
            answered=asyncio.get_running_loop().create_future(),
            begun_s=self.clock(),
            original=message,
        )
        self._open[opened.token] = opened
        event = {
            "id": str(opened.id),
            "application_id": str(self._server.bot.id),
            "type": kind,
            "token": opened.token,
            "version": 1,
            "data": data,
            "guild_id": str(guild.id),
            "channel_id": str(channel.id),
            "channel": channel.json(guild.bot_role_id),
            "member": member_json(user),
            "locale": "en-US",
            "guild_locale": "en-US",
            "app_permissions": str(guild.bot_permissions(channel)),
            "entitlements": [],
            "authorizing_integration_owners": {
                "0": str(guild.id),
                **({"1": str(user.id)} if user.has_added_bot else {}),
            },
            "context": 0,
            "attachment_size_limit": 10 * 1024 * 1024,
        }
        if message is not None:
            event["message"] = message
        session = next(each for each in self._server.gateway.live if each.covers(guild.id))
        await session.dispatch("INTERACTION_CREATE", event)
        return await asyncio.wait_for(opened.answered, self.timeout_s)

    # What the bot answers

    async def take_callback(self, call: "Call") -> "Answer":
        opened = self._open.get(call.names["interaction_token"])
        if opened is None or self._is_too_late(opened):
            return self._server.error(404, 10062, "Unknown interaction")
        if opened.is_acknowledged:
            return self._server.error(400, 40060, "Interaction has already been acknowledged.")
        opened.is_acknowledged = True
        self.acknowledged_after_s.append(self.clock() - opened.begun_s)
        kind, data = call.body["type"], call.body.get("data") or {}
        if kind in (MESSAGE, DEFERRED_MESSAGE):
            opened.original = None  # a button's answer of its own, not a change of its message
        opened.is_private = bool(int(data.get("flags") or 0) & EPHEMERAL)
        resource = self._act(opened, kind, data)
        answer: Json = {"interaction": {"id": str(opened.id), "type": COMMAND}}
        if resource is not None:
            answer["resource"] = {"type": kind, "message": resource}
        return self._server.answer(200, answer)

    def _is_too_late(self, opened: _Open) -> bool:
        age_s = self.clock() - opened.begun_s
        return self.deadline_s is not None and age_s > self.deadline_s

    def _act(self, opened: _Open, kind: int, data: Json) -> Json | None:
        if kind == CHOICES:
            _resolve(opened, Reply(choices=tuple(data["choices"])))
        elif kind == MODAL:
            _resolve(opened, Reply(modal=data))
        elif kind == MESSAGE:
            return self._show(opened, data)
        elif kind == UPDATE:
            return self._edit(opened, data)
        return None

    async def take_followup(self, call: "Call") -> "Answer":
        opened = self._open.get(call.names["webhook_token"])
        if opened is None or not opened.is_acknowledged:
            return self._server.error(404, 10015, "Unknown Webhook")
        is_private = bool(int(call.body.get("flags") or 0) & EPHEMERAL)
        opened.is_private = opened.is_private or is_private
        return self._server.answer(200, self._show(opened, call.body))

    async def take_edit(self, call: "Call") -> "Answer":
        opened = self._open.get(call.names["webhook_token"])
        if opened is None or not opened.is_acknowledged:
            return self._server.error(404, 10015, "Unknown Webhook")
        if opened.original is None:
            return self._server.answer(200, self._show(opened, call.body))
        return self._server.answer(200, self._edit(opened, call.body))

    async def give_original(self, call: "Call") -> "Answer":
        opened = self._open.get(call.names["webhook_token"])
        if opened is None or opened.original is None:
            return self._server.error(404, 10008, "Unknown Message")
        return self._server.answer(200, opened.original)

    def _show(self, opened: _Open, body: Mapping[str, Any]) -> Json:
        server = self._server
        message = message_json(
            message_id=server.ids.new(),
            channel_id=opened.channel.id,
            author=server.bot,
            body=body,
            at=server.now(),
            flags=(EPHEMERAL if opened.is_private else 0)
            | int(body.get("flags") or 0) & COMPONENTS,
        )
        message["interaction_metadata"] = {
            "id": str(opened.id),
            "type": COMMAND,
            "user": opened.user.json(),
            "authorizing_integration_owners": {},
        }
        if opened.original is None:
            opened.original = message
        if not opened.is_private:
            opened.channel.messages.append(message)
        _resolve(opened, Reply(message=message))
        return message

    def _edit(self, opened: _Open, body: Mapping[str, Any]) -> Json:
        assert opened.original is not None
        fresh = message_json(
            message_id=int(opened.original["id"]),
            channel_id=opened.channel.id,
            author=self._server.bot,
            body={**opened.original, **body},
            at=self._server.now(),
            flags=opened.original["flags"] | int(body.get("flags") or 0) & COMPONENTS,
        )
        opened.original.update(fresh)
        _resolve(opened, Reply(message=opened.original))
        return opened.original


TAKEN_BACK = "…"
"""What the bot makes of a public "thinking" before it answers in private: no answer yet."""


def _resolve(opened: _Open, reply: Reply) -> None:
    if not opened.answered.done() and reply.content != TAKEN_BACK:
        opened.answered.set_result(reply)


def _option(level: Json, name: str) -> Json:
    for option in level.get("options", ()):
        if option["name"] == name:
            return dict(option)
    raise LookupError(f"{level['name']!r} has no {name!r}")


def _given(option: Json, value: object, *, is_focused: bool) -> Json:
    if isinstance(value, Channel | User | File):
        value = str(value.id)
    given = {"name": option["name"], "type": option["type"], "value": value}
    return {**given, "focused": True} if is_focused else given


def _resolved(values: Iterable[object]) -> Json:
    channels, files = {}, {}
    for value in values:
        if isinstance(value, File):
            files[str(value.id)] = value.json()
        elif isinstance(value, Channel):
            channels[str(value.id)] = {
                "id": str(value.id),
                "type": value.kind,
                "name": value.name,
                "permissions": "0",
                "parent_id": None,
            }
    named = {"channels": channels, "attachments": files}
    return {name: found for name, found in named.items() if found}
