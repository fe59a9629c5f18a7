"""Papers that strain a message, and what Discord would refuse of it."""

from typing import Any

import discord

from bot.digest.messages import PostedMessage
from bot.text import markdown
from tests.builders import make_link
from tests.fakes.spec import MESSAGES, body_errors

POSTED = PostedMessage(guild_id=10**18, channel_id=10**18 + 1, message_id=1_234_567_890_123_456_789)


def errors_of(embed: discord.Embed) -> list[str]:
    """Name what Discord would refuse, whichever of its units it counts in."""
    texts = [embed.title, embed.description, embed.footer.text]
    texts += [text for field in embed.fields for text in (field.name, field.value)]
    errors = list(body_errors("post", MESSAGES, {"embeds": [embed.to_dict()]}))
    if markdown.width(embed.description or "") > 4096:
        errors.append("description too long in UTF-16 units")
    if sum(markdown.width(text or "") for text in texts) > 6000:
        errors.append("embed too long in UTF-16 units")
    return errors


HOSTILE: dict[str, dict[str, Any]] = {
    "long titles": {"title": "A Very Long Title " * 100},
    "titles of specials": {"title": "[x](https://example.org) @everyone *" * 40},
    "titles of emoji": {"title": "🚀" * 400},
    "no title, authors, categories": {"title": "", "authors": [], "categories": []},
    "many authors": {"authors": [f"Author Of-Many Number{number}" for number in range(1351)]},
    "long addresses": {"links": [make_link("https://example.org/" + "x" * 5000)]},
    "long addresses that are shown": {"links": [make_link("https://example.org/" + "x" * 100)]},
    "right to left": {"title": "\u202eمرحبا" * 60, "authors": ["\u202eשלום"] * 9},
    "long metadata": {"comment": "x y " * 2000, "journal_ref": "z" * 5000, "doi": "10.1/)" * 500},
    "long abstract": {"abstract": "A paragraph of words. " * 60 + "\n\n" + "Another one. " * 900},
    "many paragraphs": {"abstract": "Words.\n\n" * 3000},
}
