"""The guilds, channels and people of the loopback Discord, in the shapes of Discord's API.

Plain data that the tests change; `discord.py` (the server) tells the bot of the changes.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

DISCORD_EPOCH_MS = 1420070400000

VIEW_CHANNEL = 1 << 10
SEND_MESSAGES = 1 << 11
EMBED_LINKS = 1 << 14
MENTION_EVERYONE = 1 << 17
MANAGE_THREADS = 1 << 34
READ_MESSAGE_HISTORY = 1 << 16
MANAGE_GUILD = 1 << 5
CREATE_PUBLIC_THREADS = 1 << 35
SEND_IN_THREADS = 1 << 38

TEXT, FORUM, PUBLIC_THREAD = 0, 15, 11
"""Kinds of channels."""
REQUIRES_TAG = 1 << 4
HAS_THREAD = 1 << 5

INVITED_WITH = (
    VIEW_CHANNEL
    | SEND_MESSAGES
    | EMBED_LINKS
    | READ_MESSAGE_HISTORY
    | CREATE_PUBLIC_THREADS
    | SEND_IN_THREADS
)

EVERYONE = VIEW_CHANNEL | SEND_MESSAGES | READ_MESSAGE_HISTORY

Json = dict[str, Any]


class Snowflakes:
    """Identifiers that carry their time and never repeat."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._count = itertools.count(1)
        self._last = 0

    def new(self) -> int:
        milliseconds = int(self._now().timestamp() * 1000) - DISCORD_EPOCH_MS
        # A clock set back must not give an identifier twice.
        self._last = max((milliseconds << 22) | (next(self._count) % 4096), self._last + 1)
        return self._last


def snowflake_time(snowflake: int) -> datetime:
    return datetime.fromtimestamp(((snowflake >> 22) + DISCORD_EPOCH_MS) / 1000, tz=UTC)


@dataclass(eq=False, kw_only=True)
class User:
    id: int
    name: str
    is_bot: bool = False
    permissions: int = EVERYONE
    """What a command's caller may do, as interactions report it."""
    role_ids: tuple[int, ...] = ()
    """The roles that interactions tell of."""
    has_added_bot: bool = False
    """Whether the bot is added to their account, which interactions tell."""
    takes_messages: bool = True
    """Whether the bot may write to them in private."""

    def json(self) -> Json:
        return {
            "id": str(self.id),
            "username": self.name,
            "discriminator": "0",
            "global_name": None,
            "avatar": None,
            "public_flags": 0,
            "flags": 0,
            "primary_guild": None,
            "bot": self.is_bot,
        }


@dataclass(eq=False, kw_only=True)
class File:
    """What somebody attaches to a command; ``size`` is what Discord says of it."""

    id: int
    name: str
    content: bytes
    url: str
    size: int

    def json(self) -> Json:
        return {
            "id": str(self.id),
            "filename": self.name,
            "size": self.size,
            "url": self.url,
            "proxy_url": self.url,
            "content_type": "text/plain",
        }


@dataclass(eq=False, kw_only=True)
class Channel:
    id: int
    guild_id: int
    name: str
    denied: int = 0
    """Permissions that an overwrite takes from the bot here."""
    is_deleted: bool = False
    messages: list[Json] = field(default_factory=list)
    recipient: User | None = None
    """The person of a private channel; it has no guild."""
    parent: "Channel | None" = None
    """The channel of a thread."""
    kind: int = TEXT
    flags: int = 0
    tags: dict[int, str] = field(default_factory=dict)
    """The tags that a forum offers."""
    moderated: set[int] = field(default_factory=set)
    """Those of them that only moderators may set."""
    applied_tags: list[int] = field(default_factory=list)
    """Those of a post."""
    owner_id: int | None = None
    """Who made a thread."""
    made_at: datetime = datetime(2024, 3, 1, tzinfo=UTC)
    archived_at: datetime | None = None
    is_locked: bool = False

    @property
    def top(self) -> "Channel":
        """The channel itself, or that of a thread."""
        return self.parent or self

    def private_json(self) -> Json:
        assert self.recipient is not None
        recipients = [self.recipient.json()]
        return {"id": str(self.id), "type": 1, "flags": 0, "recipients": recipients}

    def json(self, bot_role_id: int) -> Json:
        if self.parent is not None:
            return self._thread_json(self.parent)
        return {
            "id": str(self.id),
            "type": self.kind,
            "guild_id": str(self.guild_id),
            "name": self.name,
            "position": 0,
            "flags": self.flags,
            "parent_id": None,
            "topic": None,
            "nsfw": False,
            "rate_limit_per_user": 0,
            "last_message_id": self.messages[-1]["id"] if self.messages else None,
            "permission_overwrites": [
                {"id": str(bot_role_id), "type": 0, "allow": "0", "deny": str(self.denied)}
            ],
            **(self._forum_json() if self.kind == FORUM else {}),
        }

    def _forum_json(self) -> Json:
        return {
            "available_tags": [
                {
                    "id": str(id_),
                    "name": name,
                    "moderated": id_ in self.moderated,
                    "emoji_id": None,
                    "emoji_name": None,
                }
                for id_, name in self.tags.items()
            ],
            "default_reaction_emoji": None,
            "default_sort_order": None,
            "default_forum_layout": 0,
            "template": "",
        }

    def _thread_json(self, parent: "Channel") -> Json:
        return {
            "id": str(self.id),
            "type": PUBLIC_THREAD,
            "guild_id": str(self.guild_id),
            "parent_id": str(parent.id),
            "owner_id": str(self.owner_id or self.id),
            "name": self.name,
            "flags": self.flags,
            "applied_tags": [str(tag) for tag in self.applied_tags],
            "last_message_id": self.messages[-1]["id"] if self.messages else None,
            "rate_limit_per_user": 0,
            "message_count": len(self.messages),
            "total_message_sent": len(self.messages),
            "member_count": 2,
            "thread_metadata": {
                "archived": self.archived_at is not None,
                "auto_archive_duration": 4320,
                "archive_timestamp": (self.archived_at or self.made_at).isoformat(),
                "create_timestamp": self.made_at.isoformat(),
                "locked": self.is_locked,
            },
        }


@dataclass(eq=False, kw_only=True)
class Role:
    id: int
    name: str
    is_mentionable: bool = True


@dataclass(eq=False, kw_only=True)
class Guild:
    id: int
    name: str
    owner: User
    bot_role_id: int
    system_channel_id: int | None = None
    permissions: int = INVITED_WITH
    """What the bot's role grants."""
    joined_at: datetime = datetime(2024, 1, 1, tzinfo=UTC)
    """When the bot was added."""
    is_member: bool = True
    is_available: bool = True
    people: set[int] = field(default_factory=set)
    """Who can be asked about beside the bot."""
    channels: dict[int, Channel] = field(default_factory=dict)
    roles: dict[int, Role] = field(default_factory=dict)
    """Those that people have made."""

    @property
    def everyone(self) -> Role:
        """The role that all members have."""
        return Role(id=self.id, name="@everyone")

    def json(self, bot: User) -> Json:
        """Render what GUILD_CREATE tells of an available guild."""
        return {
            "id": str(self.id),
            "name": self.name,
            "owner_id": str(self.owner.id),
            "system_channel_id": self.system_channel_id and str(self.system_channel_id),
            "member_count": 2,
            "large": False,
            "unavailable": False,
            "joined_at": self.joined_at.isoformat(),
            "features": [],
            "emojis": [],
            "stickers": [],
            "threads": [
                channel.json(self.bot_role_id)
                for channel in self.channels.values()
                if channel.parent and not channel.is_deleted and channel.archived_at is None
            ],
            "roles": [
                # EVERYONE's rights come by the bot's role, so that a test can take them away.
                _role(self.id, "@everyone", 0),
                _role(self.bot_role_id, "Paper Digest Bot", self.permissions),
                *(role_json(role) for role in self.roles.values()),
            ],
            "members": [
                {
                    **_member(bot, [str(self.bot_role_id)]),
                    "joined_at": self.joined_at.isoformat(),
                }
            ],
            "channels": [
                channel.json(self.bot_role_id)
                for channel in self.channels.values()
                if channel.parent is None and not channel.is_deleted
            ],
        }

    def bot_permissions(self, channel: Channel) -> int:
        return self.permissions & ~channel.top.denied


def role_json(role: Role) -> Json:
    return {**_role(role.id, role.name, 0), "mentionable": role.is_mentionable}


def _role(id_: int, name: str, permissions: int) -> Json:
    return {
        "id": str(id_),
        "name": name,
        "permissions": str(permissions),
        "position": 0,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "icon": None,
        "unicode_emoji": None,
        "hoist": False,
        "managed": False,
        "mentionable": False,
        "flags": 0,
    }


def _member(user: User, roles: list[str]) -> Json:
    return {
        "user": user.json(),
        "roles": roles,
        "joined_at": "2024-01-01T00:00:00+00:00",
        "deaf": False,
        "mute": False,
        "flags": 0,
    }


def member_json(user: User) -> Json:
    """Render a person as an interaction carries them."""
    roles = [str(role_id) for role_id in user.role_ids]
    return {**_member(user, roles), "permissions": str(user.permissions)}


def message_json(
    *,
    message_id: int,
    channel_id: int,
    author: User,
    body: Mapping[str, Any],
    at: datetime,
    flags: int = 0,
) -> Json:
    """Render a message as Discord answers it."""
    ids = itertools.count(1)
    return {
        "id": str(message_id),
        "channel_id": str(channel_id),
        "type": 0,
        "author": author.json(),
        "content": (body.get("content") or "").strip(),
        "embeds": [_stored_embed(embed) for embed in body.get("embeds") or ()],
        "components": [_stored_component(row, ids) for row in body.get("components") or ()],
        "attachments": [],
        "mentions": [],
        "mention_roles": [],
        "mention_everyone": False,
        "timestamp": at.isoformat(),
        "edited_timestamp": None,
        "pinned": False,
        "tts": False,
        "flags": flags,
    }


def _stored_embed(embed: Mapping[str, Any]) -> Json:
    """Discord trims texts and adds the type; an unset field is left out."""
    stored: Json = {"type": "rich", **{key: value for key, value in embed.items() if value}}
    for name in ("title", "description"):
        if name in stored:
            stored[name] = stored[name].strip()
    return stored


_DEFAULTS: Mapping[int, Json] = {
    **{kind: {"min_values": 1, "max_values": 1, "disabled": False} for kind in (3, 5, 6, 7, 8)},
    14: {"spacing": 1, "divider": True},
    17: {"spoiler": False, "accent_color": None},
}
"""What Discord adds to components of these types."""


def _stored_component(component: Mapping[str, Any], ids: Iterator[int]) -> Json:
    stored = {"id": next(ids), **_DEFAULTS.get(component["type"], {}), **component}
    if "components" in stored:
        stored["components"] = [_stored_component(each, ids) for each in stored["components"]]
    if "accessory" in stored:
        stored["accessory"] = _stored_component(stored["accessory"], ids)
    return stored
