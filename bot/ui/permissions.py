"""Which permissions the bot needs where it posts, and what they are called in Discord."""

from collections.abc import Mapping

import discord

from bot.digest.models import Place

NEEDED = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "embed_links": "Embed Links",
    "read_message_history": "Read Message History",  # to find a post again after a crash
}
NEEDED_IN_THREADS = {
    "view_channel": "View Channel",
    "send_messages_in_threads": "Send Messages in Threads",
    "embed_links": "Embed Links",
    "read_message_history": "Read Message History",
}
NEEDED_FOR_THREADS = {
    **NEEDED,
    "create_public_threads": "Create Public Threads",
    "send_messages_in_threads": "Send Messages in Threads",
}
"""For a message in a channel and the rest in its thread."""
NEEDED_IN_FORUMS = {
    **NEEDED,
    "send_messages": "Create Posts",  # what Discord calls it there
    "send_messages_in_threads": "Send Messages in Posts",
}


def missing_permissions(held: discord.Permissions, needed: Mapping[str, str] = NEEDED) -> list[str]:
    """Name what of ``needed`` the bot lacks, as Discord's settings call it."""
    return [label for name, label in needed.items() if not getattr(held, name)]


def missing_there(
    channel: discord.abc.GuildChannel | discord.Thread, held: discord.Permissions, place: Place
) -> list[str]:
    """Name what the bot lacks for posting in a channel, or in threads of it."""
    if isinstance(channel, discord.Thread):
        return missing_permissions(held, NEEDED_IN_THREADS)
    if isinstance(channel, discord.ForumChannel):
        return missing_permissions(held, NEEDED_IN_FORUMS)
    return missing_permissions(held, NEEDED_FOR_THREADS if place is Place.THREAD else NEEDED)


def invite_url(application_id: int) -> str:
    """Return the address that adds the bot to a server with what it needs, and no more."""
    names = dict.fromkeys({**NEEDED_FOR_THREADS, **NEEDED_IN_FORUMS}, True)
    wanted = discord.Permissions(**names)
    return discord.utils.oauth_url(
        application_id, permissions=wanted, scopes=("bot", "applications.commands")
    )


def user_install_url(application_id: int) -> str:
    """Return the address that adds the bot to a person's own account, for searches everywhere."""
    url = discord.utils.oauth_url(application_id, scopes=("applications.commands",))
    return f"{url}&integration_type=1"  # 1: USER_INSTALL; oauth_url has no parameter for it
