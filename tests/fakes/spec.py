"""Discord's rules for what is sent to it: its own OpenAPI description, and what that leaves out.

The description (github.com/discord/discord-api-spec) is used where it lies beside the project;
the rules that it does not state are checked in any case. Their sources: the message and embed
limits of Discord's documentation, discord/discord-api-docs#4379 (6000 characters per message).
"""

import functools
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast
from urllib.parse import quote

from jsonschema_rs import Draft202012Validator, Registry, ValidationError

from tests.shared import SHARED

SPEC_PATH = SHARED / "discord/openapi.json"

MESSAGES = "/channels/{channel_id}/messages"
MESSAGE = f"{MESSAGES}/{{message_id}}"
POSTS = "/channels/{channel_id}/threads"
FROM_MESSAGE = f"{MESSAGE}/threads"

EMBED_TEXT_LIMIT = 6000
CONTENT_LIMIT = 2000
COMMAND_TEXT_LIMIT = 8000
SLASH = 1
"""The type of command that is typed; the entries of menus may have capitals and blanks."""

MESSAGE_CALLBACKS = (4, 7)
"""The answers to an interaction that carry a message; a deferral carries flags at most."""

WITH_IDS = {
    "allowed_mentions",
    "message_reference",
    "recipient_id",
    "attachments",
    "default_values",
}

PANEL_COMPONENTS, PANEL_TEXT = 40, 4000
"""How much a message of components takes."""

Json = Mapping[str, Any]


def has_spec() -> bool:
    return SPEC_PATH.exists()


def body_errors(method: str, template: str, body: object) -> list[str]:
    """Name everything in a request's body that Discord would refuse; ``template`` is the path."""
    errors = []
    if has_spec():
        where = ("paths", template, method.lower(), "requestBody", "content", "application/json")
        errors = _schema_errors((*where, "schema"), _with_text_ids(body))
    if template in (MESSAGES, MESSAGE) or "/webhooks/" in template:
        errors += message_errors(cast(Json, body))
    if template == POSTS:
        errors += message_errors(cast(Json, body).get("message") or {})
    if template.endswith("/callback") and cast(Json, body).get("type") in MESSAGE_CALLBACKS:
        errors += message_errors(cast(Json, body).get("data") or {})
    if template.endswith("/commands"):
        errors += [
            error for command in cast(Sequence[Json], body) for error in command_errors(command)
        ]
    return errors


def answer_errors(method: str, template: str, status: int, body: object) -> list[str]:
    """Name everything in an answer's body that is not as Discord describes it."""
    if not has_spec():
        return []
    where = ("paths", template, method.lower(), "responses", str(status), "content")
    return _schema_errors((*where, "application/json", "schema"), body)


def message_errors(body: Json) -> list[str]:
    """Check a message against the limits that the description leaves out."""
    return list(_message_errors(body))


def _message_errors(body: Json) -> Iterator[str]:
    content = body.get("content") or ""
    embeds: Sequence[Json] = body.get("embeds") or ()
    if len(content) > CONTENT_LIMIT:
        yield f"$.content: {len(content)} characters, at most {CONTENT_LIMIT}"
    is_layout = int(body.get("flags") or 0) & (1 << 15)
    is_choice = "choices" in body or "custom_id" in body
    if not (content.strip() or embeds or is_layout or is_choice or body.get("components")):
        yield "$: an empty message"
    if is_layout:
        yield from _panel_errors(body)
    total = sum(embed_length(embed) for embed in embeds)
    if total > EMBED_TEXT_LIMIT:
        yield f"$.embeds: {total} characters in all, at most {EMBED_TEXT_LIMIT}"
    urls = [embed["url"] for embed in embeds if embed.get("url")]
    if len(urls) != len(set(urls)):
        yield "$.embeds: two embeds share a url, so only the first would be shown"
    for index, embed in enumerate(embeds):
        yield from (f"$.embeds[{index}].{error}" for error in _embed_errors(embed))


def _panel_errors(body: Json) -> Iterator[str]:
    if body.get("content") or body.get("embeds"):
        yield "$: a message of components has neither content nor embeds"
    components = [*walk_components(body.get("components") or ())]
    if len(components) > PANEL_COMPONENTS:
        yield f"$.components: {len(components)}, at most {PANEL_COMPONENTS}"
    text = sum(len(each.get("content", "").encode("utf-16-le")) // 2 for each in components)
    if text > PANEL_TEXT:
        yield f"$.components: {text} characters, at most {PANEL_TEXT}"


def walk_components(components: Iterable[Json]) -> Iterator[Json]:
    """Yield every component, whatever it is in."""
    for each in components:
        yield each
        yield from walk_components(each.get("components", ()))
        yield from walk_components(each[key] for key in ("accessory", "component") if key in each)


def embed_length(embed: Json) -> int:
    """Count what Discord counts for a message's 6000 characters."""
    fields: Sequence[Json] = embed.get("fields") or ()
    texts = [
        embed.get("title"),
        embed.get("description"),
        (embed.get("footer") or {}).get("text"),
        (embed.get("author") or {}).get("name"),
        *(field["name"] for field in fields),
        *(field["value"] for field in fields),
    ]
    return sum(len(text.strip()) for text in texts if text)


def _embed_errors(embed: Json) -> Iterator[str]:
    limits = {"title": 256, "description": 4096}
    for name, limit in limits.items():
        if len((embed.get(name) or "").strip()) > limit:
            yield f"{name}: more than {limit} characters"
    for position, field in enumerate(embed.get("fields") or ()):
        for part in ("name", "value"):
            if not field[part].strip():
                yield f"fields[{position}].{part}: empty"


def command_errors(command: Json) -> list[str]:
    """Check one slash command for the rules on names and the 8000 characters in all."""
    names = _names(command) if command.get("type", SLASH) == SLASH else ()
    errors = [f"{name}: not lower case" for name in names if name != name.lower()]
    if (length := _command_length(command)) > COMMAND_TEXT_LIMIT:
        errors.append(f"{command['name']}: {length} characters, at most {COMMAND_TEXT_LIMIT}")
    return errors


def _names(command: Json) -> Iterator[str]:
    yield command["name"]
    for option in command.get("options") or ():
        yield from _names(option)


def _command_length(command: Json) -> int:
    own = len(command["name"]) + len(command.get("description") or "")
    choices = command.get("choices") or ()
    own += sum(len(choice["name"]) + len(str(choice["value"])) for choice in choices)
    return own + sum(_command_length(option) for option in command.get("options") or ())


def _with_text_ids(body: object) -> object:
    """Discord takes numbers for the identifiers here, its description only texts."""
    if isinstance(body, list):
        return [_with_text_ids(each) for each in body]
    if not isinstance(body, Mapping):
        return body
    return {
        key: _numbers_as_text(value) if key in WITH_IDS else _with_text_ids(value)
        for key, value in body.items()
    }


def _numbers_as_text(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _numbers_as_text(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_numbers_as_text(each) for each in value]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _schema_errors(where: tuple[str, ...], body: object) -> list[str]:
    return [told for error in _validator(where).iter_errors(body) for told in _told(error)]


def _told(error: ValidationError) -> Iterator[str]:
    """Yield the innermost errors: of an anyOf the top one says nothing."""
    if alternatives := getattr(error.kind, "context", ()):
        for inner in itertools.chain.from_iterable(alternatives):
            yield from _told(inner)
    else:
        path = "".join(
            f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.instance_path
        )
        yield f"${path}: {error.message[:300]}"


@functools.cache
def _validator(where: tuple[str, ...]) -> Draft202012Validator:
    pointer = "/".join(part.replace("~", "~0").replace("/", "~1") for part in where)
    return Draft202012Validator(
        {"$ref": f"urn:discord#/{quote(pointer)}"}, registry=_registry(), validate_formats=True
    )


@functools.cache
def _registry() -> Registry:
    return Registry([("urn:discord", json.loads(SPEC_PATH.read_text(encoding="utf-8")))])
