"""Where settings come from, and which source wins."""

from pathlib import Path

import pytest

from bot.config.sources import load_config
from bot.errors import ConfigError
from tests.config.settings import load, problems, write


def test_environment_beats_env_file_beats_toml_beats_default(tmp_path: Path) -> None:
    toml = write(
        tmp_path / "my.toml",
        'database.path = "toml.db"\nhealth.port = 1\nlog.level = "ERROR"\n',
    )
    env_file = write(
        tmp_path / ".env", "PAPER_BOT_DATABASE__PATH=env-file.db\nPAPER_BOT_HEALTH__PORT=2\n"
    )
    config = load(toml, env_file, PAPER_BOT_DATABASE__PATH="environment.db")
    assert config.database.path == Path("environment.db")
    assert config.health.port == 2
    assert config.log.level == "ERROR"
    assert config.schedule.tick_s == 30


def test_what_is_given_on_the_command_line_beats_them_all(tmp_path: Path) -> None:
    """A table of the file as well."""
    toml = write(tmp_path / "my.toml", '[log.level]\ndefault = "ERROR"\nrun = "INFO"\n')
    assert load(toml).log.levels == {"": "ERROR", "run": "INFO"}
    variables = {"PAPER_BOT_LOG__LEVEL": "WARNING"}
    config = load_config(toml, variables, given={"log.level": "debug"})
    assert config.log.levels == {"": "DEBUG"}
    with pytest.raises(ConfigError) as caught:
        load_config(toml, variables, given={"log.level": "loud"})
    assert "set by" not in str(caught.value)


def test_the_file_can_be_named_in_the_environment_or_in_the_env_file(tmp_path: Path) -> None:
    toml = write(tmp_path / "my.toml", "health.port = 8080\n")
    env_file = write(tmp_path / ".env", f"PAPER_BOT_CONFIG={toml}\n")
    assert load(PAPER_BOT_CONFIG=str(toml)).health.port == 8080
    assert load(None, env_file).health.port == 8080


def test_a_named_file_beats_the_variable(tmp_path: Path) -> None:
    toml = write(tmp_path / "my.toml", "health.port = 8080\n")
    assert load(toml, PAPER_BOT_CONFIG=str(tmp_path / "absent.toml")).health.port == 8080


@pytest.mark.parametrize("blank", ["", " "])
def test_empty_variables_count_as_unset(tmp_path: Path, blank: str) -> None:
    toml = write(tmp_path / "my.toml", "health.port = 8080\n")
    config = load(toml, PAPER_BOT_HEALTH__PORT=blank, PAPER_BOT_CONFIG=blank)
    assert config.health.port == 8080


def test_names_of_variables_may_be_in_lower_case() -> None:
    assert load(paper_bot_health__port="8080").health.port == 8080


def test_a_dollar_in_the_env_file_is_a_dollar(tmp_path: Path) -> None:
    env_file = write(tmp_path / ".env", "PAPER_BOT_DATABASE__PATH=a${HOME}b\n")
    assert load(None, env_file).database.path == Path("a${HOME}b")


def test_a_byte_order_mark_is_harmless(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_bytes(b"\xef\xbb\xbfhealth.port = 8080\n")
    assert load(path).health.port == 8080


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"[database\n", "is not TOML"),
        (b"a = 1\na = 2\n", "is not TOML"),
        (b"database.path = '\xff'\n", "is not UTF-8 text"),
        (None, "cannot be read (No such file or directory)"),
    ],
)
def test_an_unusable_file_is_one_sentence(
    tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    path = tmp_path / "my.toml"
    if content is not None:
        path.write_bytes(content)
    (problem,) = problems(path)
    assert str(problem).startswith(f"{path}: ")
    assert sentence in str(problem)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path)
    assert "cannot be read" in problem.allowed


def test_an_env_file_that_is_not_utf8_is_one_sentence(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_bytes(b"PAPER_BOT_DATABASE__PATH=\xff\n")
    (problem,) = problems(None, env_file)
    assert "is not UTF-8" in problem.allowed
