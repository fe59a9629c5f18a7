"""Where settings come from: the environment, ``.env``, a TOML file, the defaults.

Each source is flattened to dotted keys (``schedule.tick_s``), so that a stronger source replaces
one setting and never a whole section. All problems are reported at once.
"""

import os
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from dotenv import dotenv_values
from pydantic import ValidationError

from bot.config.messages import ENV_PREFIX, explain, problem, unknown, unreadable
from bot.config.schema import CanonicalCategory, Config, expand_home, sections
from bot.errors import ConfigError

CONFIG_VARIABLE: Final = "PAPER_BOT_CONFIG"
ENV_FILE: Final = Path(".env")


def load_config(
    path: Path | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    env_file: Path = ENV_FILE,
    canonical_category: CanonicalCategory | None = None,
    given: Mapping[str, object] = MappingProxyType({}),
) -> Config:
    """Read every source and return the settings.

    ``given`` are settings by dotted key that go before all others.
    ``canonical_category`` checks and spells the names in ``intake.categories``. Raises
    `ConfigError` with every problem found.
    """
    variables = read_variables(environ, env_file)
    named = variables.get(CONFIG_VARIABLE)
    path = path or (expand_home(named) if named else None)
    from_file = _flatten(_read_toml(path)) if path else {}
    from_variables = _settings_of(variables)
    values = {**from_file, **from_variables, **given}
    known = set(Config.list_keys())
    problems = [unknown(key, values[key]) for key in values if key not in known]
    usable = {key: value for key, value in values.items() if key in known}
    try:
        config = Config.from_keys(usable, canonical_category)
    except ValidationError as error:
        problems += explain(error, from_variables.keys() - given.keys())
    if problems:
        raise ConfigError(problems)
    return config


def default_settings() -> str:
    """Return every setting with its meaning and default, as TOML."""
    return (resources.files("bot.config") / "bot.toml").read_text("utf-8")


def read_variables(environ: Mapping[str, str] | None, env_file: Path) -> dict[str, str]:
    """Return the variables of the environment over those of ``.env``; empty ones are unset."""
    found = {
        **_read_env_file(env_file),
        **_without_empty(os.environ if environ is None else environ),
    }
    broken = [name for name in found if _is_ours(name) and not _is_utf8(name + found[name])]
    if broken:
        raise ConfigError([problem(name, "is not UTF-8; write it in UTF-8") for name in broken])
    return found


def _is_ours(name: str) -> bool:
    return name.upper().startswith((ENV_PREFIX, "DISCORD_TOKEN"))


def _is_utf8(text: str) -> bool:
    try:
        return bool(text.encode())
    except UnicodeEncodeError:  # os.environ carries undecodable bytes as lone surrogates
        return False


def _without_empty(variables: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if value and value.strip()}


def _read_env_file(path: Path) -> dict[str, str]:
    try:
        if not path.exists():
            return {}
        # Without interpolation: a `$` in a value is a `$`.
        return _without_empty(dotenv_values(path, interpolate=False, encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([unreadable(path, error)]) from error


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))  # a BOM is harmless
    except tomllib.TOMLDecodeError as error:
        sentence = f"is not TOML ({error}); compare it with what the command settings prints"
        raise ConfigError([problem(str(path), sentence)]) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([unreadable(path, error)]) from error


def _flatten(tables: Mapping[str, Any]) -> dict[str, object]:
    """Return ``{"section.key": value}``; what is no section keeps its bare name."""
    values: dict[str, object] = {}
    known = dict(sections())
    for name, table in tables.items():
        if isinstance(table, dict) and (table or name in known):
            values |= {f"{name}.{key}": value for key, value in table.items()}
        else:
            values[name] = table
    return values


def _settings_of(variables: Mapping[str, str]) -> dict[str, object]:
    """Return the settings among environment variables, by dotted key."""
    return {
        name[len(ENV_PREFIX) :].lower().replace("__", ".", 1): value
        for name, value in variables.items()
        if name.upper().startswith(ENV_PREFIX) and name != CONFIG_VARIABLE
    }
