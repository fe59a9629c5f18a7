"""Which permissions the bot needs where it posts, and what they are called in Discord."""

import discord

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


def missing_permissions(held: discord.Permissions, *, is_thread: bool = False) -> list[str]:
    """Name what the bot lacks for posting, as Discord's settings call it."""
    needed = NEEDED_IN_THREADS if is_thread else NEEDED
    return [label for name, label in needed.items() if not getattr(held, name)]


def invite_url(application_id: int) -> str:
    """Return the address that adds the bot to a server with what it needs, and no more."""
    wanted = discord.Permissions(**dict.fromkeys({**NEEDED, **NEEDED_IN_THREADS}, True))
    return discord.utils.oauth_url(
        application_id, permissions=wanted, scopes=("bot", "applications.commands")
    )


def user_install_url(application_id: int) -> str:
    """Return the address that adds the bot to a person's own account, for searches everywhere."""
    url = discord.utils.oauth_url(application_id, scopes=("applications.commands",))
    return f"{url}&integration_type=1"  # 1: USER_INSTALL; oauth_url has no parameter for it
