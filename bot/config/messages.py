"""What is wrong with a setting, in one sentence each, without ever showing a token."""

import difflib
import json
import re
from collections.abc import Container
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from bot.config.schema import Config, sections
from bot.errors import ConfigProblem

ENV_PREFIX: Final = "PAPER_BOT_"

TOKEN_PATTERN: Final = re.compile(r"[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}")
"""What Discord's bot tokens look like."""


def problem(name: str, sentence: str) -> ConfigProblem:
    return ConfigProblem(key=name, value="", allowed=sentence)


def unreadable(path: Path, error: OSError | UnicodeDecodeError) -> ConfigProblem:
    if isinstance(error, UnicodeDecodeError):
        return problem(str(path), "is not UTF-8 text; save it as UTF-8")
    reason = error.strerror or str(error)
    return problem(str(path), f"cannot be read ({reason}); name a file that can")


def unknown(key: str, value: object) -> ConfigProblem:
    if _is_secret_name(key):
        allowed = "does not belong here; put the token into DISCORD_TOKEN or DISCORD_TOKEN_FILE"
        return ConfigProblem(key=key, value="***", allowed=allowed)
    nearest = _nearest_key(key)
    hint = f"did you mean {nearest}?" if nearest else "the command settings lists them all"
    return ConfigProblem(key=key, value=_show(value), allowed=f"there is no such setting; {hint}")


def _nearest_key(key: str) -> str | None:
    keys = Config.list_keys()
    same_name = [known for known in keys if known.rpartition(".")[2] == key.rpartition(".")[2]]
    near = difflib.get_close_matches(key, keys, n=1)
    return next(iter([*near, *same_name]), None)


def explain(error: ValidationError, from_variables: Container[str]) -> list[ConfigProblem]:
    """Translate pydantic's report: one problem for each setting, in our words."""
    problems: dict[str, ConfigProblem] = {}
    for detail in error.errors(include_url=False):
        key = ".".join(map(str, detail["loc"][:2]))
        allowed = _allowed(key, detail["type"], detail["msg"])
        if key in from_variables:
            allowed += f" (set by {ENV_PREFIX}{key.upper().replace('.', '__')})"
        value = _show(detail["input"])
        problems.setdefault(key, ConfigProblem(key=key, value=value, allowed=allowed))
    return list(problems.values())


def _allowed(key: str, kind: str, message: str) -> str:
    """Return what a setting may be: our validator's sentence, or one made from its type."""
    if kind == "value_error":
        return message.removeprefix("Value error, ")
    section, name = key.split(".")
    schema = dict(sections())[section].model_json_schema()["properties"][name]
    if "enum" in schema:
        return "must be one of " + ", ".join(map(str, schema["enum"]))
    kinds = {
        "boolean": "true or false",
        "array": "a list of names",
        "integer": "a whole number",
        "number": "a number",
    }
    bounds = f" from {schema['minimum']:,} to {schema['maximum']:,}" if "minimum" in schema else ""
    return f"must be {kinds.get(schema['type'], 'a text in quotes')}{bounds}"


def _is_secret_name(key: str) -> bool:
    return any(word in key.lower() for word in ("token", "secret", "password"))


def _show(value: object) -> str:
    """Return a value for a message: short, on one line, without anything like a token."""
    shown = json.dumps(value, default=str, ensure_ascii=False)
    shown = re.sub(r"//[^/@\s]*@", "//***@", TOKEN_PATTERN.sub("***", shown))
    return shown if len(shown) <= 80 else f"{shown[:79]}…"
