"""The bot's token: not a setting, and read here only."""

import logging
import re
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bot.config.messages import problem, unreadable
from bot.config.schema import expand_home
from bot.config.sources import ENV_FILE, read_variables
from bot.errors import ConfigError

log = logging.getLogger(__name__)

AROUND: Final = " \t\r\n\f\v\u00a0\ufeff"
"""What editors, shells and web pages leave around a token: blanks, line ends, a byte order mark."""

SECRETS_FOLDER: Final = Path("/run/secrets")
"""Where Docker puts secrets: readable for all, but only inside the container."""


def read_token(
    environ: Mapping[str, str] | None = None, *, env_file: Path = ENV_FILE
) -> str | None:
    """Return the bot's token from DISCORD_TOKEN_FILE, else DISCORD_TOKEN; None without either.

    Raises `ConfigError` when it cannot be read or cannot be a token.
    """
    variables = read_variables(environ, env_file)
    if name := variables.get("DISCORD_TOKEN_FILE"):
        return _check_token("DISCORD_TOKEN_FILE", _read_token_file(expand_home(name)))
    if token := variables.get("DISCORD_TOKEN"):
        return _check_token("DISCORD_TOKEN", token)
    return None


def _read_token_file(path: Path) -> str:
    try:
        if _is_exposed(path):
            log.warning("every user of this machine can read the token; run: chmod 600 %s", path)
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([unreadable(path, error)]) from error


def _is_exposed(path: Path) -> bool:
    if sys.platform == "win32":  # its mode does not show who may read it
        return False
    return bool(path.stat().st_mode & stat.S_IROTH) and SECRETS_FOLDER not in path.parents


def _check_token(name: str, text: str) -> str:
    token = text.strip(AROUND)
    if not token:
        raise ConfigError([problem(name, "is empty; it must hold the bot's token")])
    if token[0] in "\"'" or token[-1] in "\"'":
        raise ConfigError([problem(name, "must hold the token without quotes around it")])
    if not re.fullmatch(r"[!-~]+", token):
        raise ConfigError([problem(name, "must be the token alone, without blanks (no 'Bot ')")])
    return token
