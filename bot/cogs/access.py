"""Who may use the admin commands, their buttons and their forms.

A command is sent by Discord only from people whom the server lets run it: those with Manage Server,
or those whom its settings (Integrations) name. A button says nothing of that, so those settings are
read when a member without Manage Server presses one.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol, cast

import discord
from discord import app_commands


class Kind(IntEnum):
    """What a rule of Discord's settings is about."""

    ROLE = 1
    USER = 2
    CHANNEL = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A line of the settings of a command, or of all commands of the bot."""

    id: int
    kind: Kind
    allows: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who wants to do something, and where; ``channel_id`` is that of a thread's channel."""

    guild_id: int
    user_id: int
    role_ids: Collection[int]
    channel_id: int


class Host(Protocol):
    """The running bot: Discord hands buttons only the client."""

    command_ids: dict[str, int]


def is_let_in(asker: Asker, command: Sequence[Rule], everything: Sequence[Rule]) -> bool:
    """Whether the settings let a member run a command without the permission that it wants.

    The rules of the ``command`` go before those of all commands (``everything``), which can only
    take away: a member is let in only by a rule of the command itself.
    """
    for rules in (command, everything):
        there = _find(rules, Kind.CHANNEL, asker.channel_id)
        if there is None:
            there = _find(rules, Kind.CHANNEL, asker.guild_id - 1)  # Discord's id for all of them
        if there is not None:
            if not there:
                return False
            break
    mine = _find(command, Kind.USER, asker.user_id)
    if mine is not None:
        return mine
    roles = [_find(command, Kind.ROLE, id_) for id_ in asker.role_ids]
    if any(each is not None for each in roles):
        return any(roles)
    return _find(command, Kind.ROLE, asker.guild_id) or False  # everyone


def _find(rules: Iterable[Rule], kind: Kind, id_: int) -> bool | None:
    return next((each.allows for each in rules if (each.kind, each.id) == (kind, id_)), None)


async def require_admin(interaction: discord.Interaction, group: str) -> None:
    """Raise unless the person may use the command ``group`` where the interaction comes from."""
    if interaction.guild_id is None:
        raise app_commands.NoPrivateMessage
    permissions = interaction.permissions
    if permissions.manage_guild or permissions.administrator or _is_command(interaction, group):
        return
    asker = _asker(interaction, interaction.guild_id)
    if asker is None or not await _may(interaction, asker, group):
        raise app_commands.MissingPermissions(["manage_guild"])


def _is_command(interaction: discord.Interaction, group: str) -> bool:
    """Whether the person runs a command of the group just now, so that Discord has decided."""
    command = interaction.command
    is_of_group = isinstance(command, app_commands.Command) and (
        command.root_parent is not None and command.root_parent.name == group
    )
    return is_of_group and interaction.type is discord.InteractionType.application_command


def _asker(interaction: discord.Interaction, guild_id: int) -> Asker | None:
    person, channel = interaction.user, interaction.channel
    if not isinstance(person, discord.Member) or channel is None:
        return None
    parent_id = channel.parent_id if isinstance(channel, discord.Thread) else channel.id
    return Asker(
        guild_id=guild_id,
        user_id=person.id,
        role_ids=[role.id for role in person.roles if role.id != guild_id],
        channel_id=parent_id,
    )


async def _may(interaction: discord.Interaction, asker: Asker, group: str) -> bool:
    command_id = cast(Host, interaction.client).command_ids.get(group)
    if command_id is None:
        return False
    command = await _fetch_rules(interaction, asker.guild_id, int(command_id))
    everything = await _fetch_rules(interaction, asker.guild_id, interaction.application_id)
    return is_let_in(asker, command, everything)


async def _fetch_rules(interaction: discord.Interaction, guild_id: int, id_: int) -> list[Rule]:
    """Read the settings of a command, or with the application's id those of all."""
    http = interaction.client.http
    try:
        found = await http.get_application_command_permissions(
            interaction.application_id, guild_id, id_
        )
    except discord.NotFound:  # nothing was changed in the settings
        return []
    return [
        Rule(id=int(each["id"]), kind=Kind(each["type"]), allows=each["permission"])
        for each in found["permissions"]
    ]
