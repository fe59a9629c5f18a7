"""The option `ping`: a role that a person may mention, by name, mention or identifier."""

import re
from typing import Final

import discord

from bot.cogs.admin import DigestChannel, guild_of
from bot.cogs.suggestions import Choice, make_choices
from bot.errors import InputError

NOBODY: Final = "nobody"
ALL: Final = frozenset({"everyone", "here"})

_ROLE: Final = re.compile(r"(?:<@&)?(\d{15,20})>?")


def read_ping(interaction: discord.Interaction, channel: DigestChannel, text: str) -> int | None:
    """Find the role to ping; None for nobody. Raises `InputError` where it may not be pinged."""
    if text.strip().lower() == NOBODY:
        return None
    role = _find(guild_of(interaction), text)
    if role.is_default():
        raise InputError("Everyone is never pinged; choose a role, or nobody.")
    if role.mentionable:
        return role.id
    person = interaction.user
    may_person = (
        isinstance(person, discord.Member) and channel.permissions_for(person).mention_everyone
    )
    if not may_person:
        raise InputError(
            f"You may not mention @{role.name}, so I don't either. Choose a role that anyone may "
            "mention, or ask someone who may mention all roles."
        )
    if not channel.permissions_for(channel.guild.me).mention_everyone:
        raise InputError(
            f"I may not mention @{role.name}. Switch on that anyone may mention it in the role's "
            f"settings, or grant me Mention @everyone, @here, and All Roles in #{channel.name}."
        )
    return role.id


def _find(guild: discord.Guild, text: str) -> discord.Role:
    found = _ROLE.fullmatch(text.strip())
    if found and (role := guild.get_role(int(found[1]))):
        return role
    name = text.strip().removeprefix("@").casefold()
    if name in ALL:
        return guild.default_role
    roles = [role for role in guild.roles if role.name.casefold() == name]
    if len(roles) == 1:
        return roles[0]
    many = f"{len(roles)} roles are called so" if roles else "no role is called so"
    raise InputError(
        f"ping: {many} in this server; pick one of those that are offered while you type, or "
        f"{NOBODY}."
    )


async def suggest_roles(interaction: discord.Interaction, current: str) -> list[Choice]:
    """Offer the roles that anyone may mention, and all to a person who may mention them."""
    wanted = current.strip().removeprefix("@").lower()
    may_all = interaction.permissions.mention_everyone
    roles = [
        role
        for role in reversed(guild_of(interaction).roles)
        if not role.is_default() and (role.mentionable or may_all) and wanted in role.name.lower()
    ]
    nobody = [(NOBODY, NOBODY)] if wanted in NOBODY else []
    return make_choices([*nobody, *((f"@{role.name}", str(role.id)) for role in roles)])


def say_ping_problem(
    channel: discord.abc.GuildChannel | discord.Thread | None, role_id: int
) -> str | None:
    """Say why a role that was chosen is not pinged; None where it is, as far as is known."""
    role = channel.guild.get_role(role_id) if channel else None
    if channel is None or role is None:
        return None  # a deleted one is forgotten, and its admins are told
    if role.mentionable or channel.permissions_for(channel.guild.me).mention_everyone:
        return None
    return (
        f"I may not mention @{role.name} any more, so it is named but not pinged. Switch on that "
        "anyone may mention it in the role's settings."
    )
