"""Starter topics: saved searches that `/topic add` offers, read from ``config/topics.toml``."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from bot.errors import ConfigError, ConfigProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class StarterTopic:
    """A topic to begin with: its name, its query, and one line on what it finds."""

    name: str
    query: str
    about: str


def load_starters(path: Path) -> tuple[StarterTopic, ...]:
    """Read the file; none when there is no such file.

    Raises `ConfigError` when it is not a list of topics with name, query and about.
    """
    try:
        topics = tomllib.loads(path.read_text("utf-8"))["topic"]
        return tuple(StarterTopic(**topic) for topic in topics)
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        problem = ConfigProblem(
            key="topics.starters",
            value=str(path),
            allowed=f"must be a TOML file of [[topic]] tables with name, query and about ({error})",
        )
        raise ConfigError([problem]) from error
