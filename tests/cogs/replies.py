"""Read what a person sees of an answer."""

from collections.abc import Iterable

import discord
import simcord

from tests.fakes.spec import walk_components


def shown(result: simcord.InteractionResult) -> str:
    """Return all text of an answer, follow-ups included, without Markdown's escapes."""
    messages = [*([result.response] if result.response else []), *result.followups]
    return "\n".join(_text(message) for message in messages).replace("\\", "")


def _text(message: simcord.ResponseMessage) -> str:
    return "\n".join((message.content, *embed_texts(message.embeds), *panel_texts(message)))


def panel_texts(message: simcord.ResponseMessage) -> list[str]:
    """Return the texts of a panel, which is made of components."""
    return [each["content"] for each in walk_components(message.components) if "content" in each]


def embed_texts(embeds: Iterable[discord.Embed]) -> list[str]:
    texts: list[str | None] = []
    for embed in embeds:
        texts += (embed.title, embed.description)
        for field in embed.fields:
            texts += (field.name, field.value)
        texts.append(embed.footer.text)
    return [text for text in texts if text]


def is_private(result: simcord.InteractionResult) -> bool:
    """Whether nobody but the person sees any of the answer."""
    messages = [*([result.response] if result.response else []), *result.followups]
    return bool(messages) and all(message.ephemeral for message in messages)


def labels(result: simcord.InteractionResult) -> dict[str, bool]:
    """Return the answer's buttons by label, and whether each can be clicked."""
    components = result.response.components if result.response else []
    return {
        button["label"]: not button.get("disabled", False)
        for button in walk_components(components)
        if "label" in button
    }
