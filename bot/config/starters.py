"""Starter topics: saved searches that `/topic add` offers, the operator's or the bot's own."""

import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from bot.errors import ConfigError, ConfigProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class StarterTopic:
    """A topic to begin with: its name, its query, and one line on what it finds."""

    name: str
    query: str
    about: str


def load_starters(path: Path) -> tuple[StarterTopic, ...]:
    """Read the file; where there is none, return the topics that come with the bot.

    Raises `ConfigError` when it is not a list of topics with name, query and about.
    """
    try:
        topics = tomllib.loads(_read(path))["topic"]
        return tuple(StarterTopic(**topic) for topic in topics)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        problem = ConfigProblem(
            key="topics.starters",
            value=str(path),
            allowed=f"must be a TOML file of [[topic]] tables with name, query and about ({error})",
        )
        raise ConfigError([problem]) from error


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")  # a BOM is harmless
    except FileNotFoundError:
        return (resources.files("bot.config") / "topics.toml").read_text("utf-8")
