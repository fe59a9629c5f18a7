"""The token: where it is read from, and what is refused without showing it."""

import stat
import sys
from pathlib import Path

import pytest

from bot.config.token import read_token
from bot.errors import ConfigError
from tests.config.settings import NO_FILE, write


def token(env_file: Path = NO_FILE, /, **environ: str) -> str | None:
    return read_token(environ, env_file=env_file)


def test_without_a_token_there_is_none() -> None:
    assert token() is None
    assert token(DISCORD_TOKEN="", DISCORD_TOKEN_FILE=" ") is None


def test_the_token_is_stripped() -> None:
    assert token(DISCORD_TOKEN=" canary\n") == "canary"


def test_the_token_file_beats_the_variable(tmp_path: Path) -> None:
    path = write(tmp_path / "token", "from-file\n")
    path.chmod(0o600)
    assert token(DISCORD_TOKEN_FILE=str(path), DISCORD_TOKEN="from-variable") == "from-file"


def test_the_token_may_stand_in_the_env_file(tmp_path: Path) -> None:
    env_file = write(tmp_path / ".env", 'DISCORD_TOKEN="canary"\n')
    assert token(env_file) == "canary"
    assert token(env_file, DISCORD_TOKEN="other") == "other"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('"canary"', "without quotes"),
        ("'canary'", "without quotes"),
        ("Bot canary", "without blanks"),
        ("canár\u200by", "without blanks"),
        ("canary\udcff", "is not UTF-8"),
    ],
)
def test_what_cannot_be_a_token_is_refused_without_showing_it(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence) as caught:
        token(DISCORD_TOKEN=text)
    assert "can" not in str(caught.value).replace("cannot", "")
    assert str(caught.value).startswith("DISCORD_TOKEN: ")


def test_an_empty_or_absent_token_file_is_told(tmp_path: Path) -> None:
    empty = write(tmp_path / "token", "\n")
    empty.chmod(0o600)
    with pytest.raises(ConfigError, match="DISCORD_TOKEN_FILE: is empty"):
        token(DISCORD_TOKEN_FILE=str(empty))
    with pytest.raises(ConfigError, match="cannot be read"):
        token(DISCORD_TOKEN_FILE=str(tmp_path / "absent"))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows' modes do not say who may read")
def test_a_token_file_that_others_can_read_is_warned_about(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write(tmp_path / "token", "canary")
    path.chmod(0o644)
    assert token(DISCORD_TOKEN_FILE=str(path)) == "canary"
    assert "chmod 600" in caplog.text
    assert "canary" not in caplog.text

    caplog.clear()
    path.chmod(stat.S_IRUSR)
    token(DISCORD_TOKEN_FILE=str(path))
    assert not caplog.records


def test_docker_makes_secrets_readable_for_all_inside_the_container(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.config.token.SECRETS_FOLDER", tmp_path)
    path = write(tmp_path / "discord_token", "canary")
    path.chmod(0o444)
    assert token(DISCORD_TOKEN_FILE=str(path)) == "canary"
    assert not caplog.records
