"""Settings from given sources, and the problems that they have."""

from pathlib import Path

import pytest

from bot.config.schema import Config
from bot.config.sources import load_config
from bot.errors import ConfigError, ConfigProblem

NO_FILE = Path("no-such.env")


def load(toml: Path | None = None, env_file: Path = NO_FILE, /, **environ: str) -> Config:
    return load_config(toml, environ, env_file=env_file)


def problems(
    toml: Path | None = None, env_file: Path = NO_FILE, /, **environ: str
) -> tuple[ConfigProblem, ...]:
    with pytest.raises(ConfigError) as caught:
        load(toml, env_file, **environ)
    return caught.value.problems


def write(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path
