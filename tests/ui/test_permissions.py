"""What the bot asks for, and the links with which it asks."""

from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

import discord
import pytest

from bot.ui.permissions import (
    NEEDED,
    NEEDED_FOR_THREADS,
    NEEDED_IN_FORUMS,
    NEEDED_IN_THREADS,
    invite_url,
    missing_permissions,
    user_install_url,
)


def question(url: str) -> dict[str, str]:
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "discord.com", "/oauth2/authorize")
    return {name: value for name, (value,) in parse_qs(parts.query, strict_parsing=True).items()}


def test_the_link_for_a_server_asks_for_what_posting_needs_and_no_more() -> None:
    asked = question(invite_url(42))
    assert (asked["client_id"], asked["scope"]) == ("42", "bot applications.commands")
    held = discord.Permissions(int(asked["permissions"]))
    assert held == discord.Permissions(
        view_channel=True,
        send_messages=True,
        create_public_threads=True,
        send_messages_in_threads=True,
        embed_links=True,
        read_message_history=True,
    )
    for needed in (NEEDED, NEEDED_IN_THREADS, NEEDED_FOR_THREADS, NEEDED_IN_FORUMS):
        assert missing_permissions(held, needed) == []


def test_the_link_for_an_account_asks_for_commands_only() -> None:
    """A user installation has neither the scope "bot" nor permissions."""
    assert question(user_install_url(42)) == {
        "client_id": "42",
        "scope": "applications.commands",
        "integration_type": "1",
    }


@pytest.mark.parametrize(
    ("needed", "names"),
    [
        (NEEDED, ["Send Messages", "Embed Links"]),
        (NEEDED_IN_THREADS, ["Send Messages in Threads", "Embed Links"]),
        (
            NEEDED_FOR_THREADS,
            ["Send Messages", "Embed Links", "Create Public Threads", "Send Messages in Threads"],
        ),
        (NEEDED_IN_FORUMS, ["Create Posts", "Embed Links", "Send Messages in Posts"]),
    ],
)
def test_what_is_missing_is_named_as_in_discord(
    needed: Mapping[str, str], names: list[str]
) -> None:
    held = discord.Permissions(view_channel=True, read_message_history=True)
    assert missing_permissions(held, needed) == names
