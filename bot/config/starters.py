"""Starter topics: saved searches that `/topic add` offers, the operator's or the bot's own."""

import json
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from bot.errors import ConfigError, ConfigProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class StarterTopic:
    """A topic to begin with: its name, its query, and one line on what it finds."""

    name: str
    query: str
    about: str = ""


def load_starters(path: Path) -> tuple[StarterTopic, ...]:
    """Read the file; where there is none, return the topics that come with the bot.

    Raises `ConfigError` when it is not a list of topics with name, query and about.
    """
    try:
        return read_topics(_read(path))
    except (OSError, ValueError) as error:
        problem = ConfigProblem(
            key="topics.starters",
            value=str(path),
            allowed=f"must be a TOML file of [[topic]] tables with name, query and about ({error})",
        )
        raise ConfigError([problem]) from error


def read_topics(text: str) -> tuple[StarterTopic, ...]:
    """Read topics in TOML; raises ValueError for what is not a list of topics."""
    try:
        return tuple(_topic(**table) for table in tomllib.loads(text)["topic"])
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError(str(error)) from error


def _topic(*, name: object, query: object, about: object = "") -> StarterTopic:
    texts = (name, query, about)
    if not all(isinstance(each, str) for each in texts):
        raise TypeError("name, query and about are texts, in quotes")
    return StarterTopic(name=str(name), query=str(query), about=str(about))


def write_topics(topics: Iterable[StarterTopic]) -> str:
    """Write topics in the same form; a JSON string without escaped letters is one of TOML."""
    tables = []
    for topic in topics:
        fields = {"name": topic.name, "query": topic.query, "about": topic.about}
        lines = [f"{key} = {_quoted(text)}" for key, text in fields.items() if text]
        tables.append("\n".join(("[[topic]]", *lines)))
    return "\n\n".join(tables) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")  # a BOM is harmless
    except FileNotFoundError:
        return (resources.files("bot.config") / "topics.toml").read_text("utf-8")
