"""How mistakes in the settings are told: one sentence each, and never a secret."""

from pathlib import Path

import pytest

from bot.config.sources import load_config
from bot.errors import ConfigError, UnknownCategory
from tests.config.settings import NO_FILE, problems, write

REAL_LOOKING_TOKEN = f"{'M' * 24}.{'G' * 6}.{'x' * 38}"

BAD = [
    ("ARXIV__FEED_URL", "http://rss.arxiv.org", "https address of arxiv.org"),
    ("ARXIV__FEED_URL", "https://arxiv.org.example.com", "https address of arxiv.org"),
    ("ARXIV__FEED_URL", "https://notarxiv.org", "https address of arxiv.org"),
    ("ARXIV__FEED_URL", "http://127.0.0.1@example.com", "https address of arxiv.org"),
    ("ARXIV__FEED_URL", "http://127.0.0.1:99999", "https address of arxiv.org"),
    ("ARXIV__FEED_URL", "http://[::1", "https address of arxiv.org"),
    ("ARXIV__FEED_URL", "https://arxiv.org/?x=1", "https address of arxiv.org"),
    ("ARXIV__FEED_URL", "arxiv.org", "https address of arxiv.org"),
    ("ARXIV__REQUEST_SPACING_S", "2.9", "at least 3"),
    ("ARXIV__REQUEST_SPACING_S", "-1", "a number from 0 to 300"),
    ("ARXIV__REQUEST_SPACING_S", "nan", "a number from 0 to 300"),
    ("ARXIV__USER_AGENT", "two\nlines", "one line of printable ASCII"),
    ("ARXIV__CONTACT", "me", "an e-mail address or a web address"),
    ("ARXIV__MAX_BYTES", "many", "a whole number from 100,000 to 1,000,000,000"),
    ("DISCORD__API_URL", "https://discord.com/api", "stand-in on this machine"),
    ("DISCORD__API_URL", "ws://127.0.0.1:1", "stand-in on this machine"),
    ("DISCORD__GATEWAY_URL", "ws://10.0.0.1:1", "stand-in on this machine"),
    ("DISCORD__SHARDS", "-1", "a whole number from 0 to 1,000"),
    ("HUGGINGFACE__URL", "https://arxiv.org", "https address of huggingface.co"),
    ("HUGGINGFACE__ENABLED", "perhaps", "true or false"),
    ("NETWORK__PROXY", "proxy.example.org:3128", "the address of an HTTP proxy"),
    ("NETWORK__PROXY", "socks5://proxy.example.org", "the address of an HTTP proxy"),
    ("NETWORK__PROXY", "http://proxy.example.org:0x50", "the address of an HTTP proxy"),
    ("INTAKE__CATEGORIES", "[1, 2]", "a list of names"),
    ("INTAKE__CATEGORIES", "[cs.CV]", "a list"),
    ("INTAKE__POLL_START", "25:00", '"HH:MM"'),
    ("SCHEDULE__TICK_S", "0", "a number from 0.1 to 60"),
    ("SCHEDULE__TICK_S", "soon", "a number from 0.1 to 60"),
    ("SCHEDULE__CATCHUP_WINDOW_H", "1000", "a number from 1 to 720"),
    ("DELIVERY__PACE_PER_S", "1000", "a number from 0.1 to 48"),
    ("DELIVERY__LANES", "1.5", "a whole number from 1 to 1,000"),
    ("HEALTH__HOST", "example.com", "an IP address"),
    ("HEALTH__PORT", "65536", "a whole number from 0 to 65,535"),
    ("LOG__LEVEL", "LOUD", "one of DEBUG, INFO, WARNING, ERROR"),
    ("LOG__LEVEL", "INFO,delivery=LOUD", "one of DEBUG, INFO, WARNING, ERROR"),
    ("LOG__LEVEL", "INFO,DEBUG", "one of DEBUG, INFO, WARNING, ERROR"),
    ("LOG__LEVEL", "INFO,mail=DEBUG", "'mail' is no area; there are cli, cogs,"),
    ("LOG__FORMAT", "xml", "one of text, json"),
    ("DATABASE__PATH", "a\0b", "the path of a file"),
    ("DATABASE__PATH", ".", "the path of a file"),
    ("DATABASE__PATH", "caf\udce9.db", "is not UTF-8"),
]


@pytest.mark.parametrize(("key", "value", "allowed"), BAD)
def test_a_bad_value_is_told_with_its_key_and_what_is_allowed(
    key: str, value: str, allowed: str
) -> None:
    (problem,) = problems(**{f"PAPER_BOT_{key}": value})
    assert allowed in problem.allowed
    sentence = str(problem)
    assert key in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("toml", "allowed"),
    [
        ("health.port = true", "a whole number from 0 to 65,535"),
        ("health.port = [1]", "a whole number from 0 to 65,535"),
        ("database.path = 5", "a text in quotes"),
        ("intake.categories = 5", "a list of names"),
        ("intake.poll_start = 10", '"HH:MM"'),
        ("log.level = 1", "one of DEBUG, INFO, WARNING, ERROR"),
        ("[log.level]\na = 1", "one of DEBUG, INFO, WARNING, ERROR"),
    ],
)
def test_a_bad_type_in_the_file_is_told(tmp_path: Path, toml: str, allowed: str) -> None:
    (problem,) = problems(write(tmp_path / "my.toml", toml))
    assert allowed in problem.allowed


def test_a_wrong_category_names_the_nearest() -> None:
    def refuse(category: str) -> str:
        raise UnknownCategory(category, ["cs.CV"])

    with pytest.raises(ConfigError, match=r"'cs\.CB' is not an arXiv .* Did you mean cs\.CV\?"):
        load_config(
            environ={"PAPER_BOT_INTAKE__CATEGORIES": "cs.CB"},
            env_file=NO_FILE,
            canonical_category=refuse,
        )


@pytest.mark.parametrize(
    ("toml", "key", "hint"),
    [
        ("databse.path = 'x'", "databse.path", "did you mean database.path?"),
        ("schedule.tick = 5", "schedule.tick", "did you mean schedule.tick_s?"),
        ("tick_s = 5", "tick_s", "did you mean schedule.tick_s?"),
        ("[nonsense]", "nonsense", "the command settings lists them all"),
        ("arxiv = 5", "arxiv", "the command settings lists them all"),
        ("[log.colour]\nred = 1", "log.colour", "there is no such setting"),
    ],
)
def test_an_unknown_key_names_the_nearest_real_one(
    tmp_path: Path, toml: str, key: str, hint: str
) -> None:
    (problem,) = problems(write(tmp_path / "my.toml", toml))
    assert problem.key == key
    assert hint in problem.allowed


def test_unknown_variables_are_told_too() -> None:
    (problem,) = problems(PAPER_BOT_DATABASE_PATH="x")
    assert problem.allowed == "there is no such setting; did you mean database.path?"


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    toml = write(tmp_path / "my.toml", "databse.path = 'x'\nhealth.port = -1\n")
    found = problems(toml, PAPER_BOT_LOG__FORMAT="xml", PAPER_BOT_SCHEDULE__TICK_S="soon")
    keys = {problem.key for problem in found}
    assert keys == {"databse.path", "health.port", "log.format", "schedule.tick_s"}


def test_a_problem_says_which_variable_set_it(tmp_path: Path) -> None:
    toml = write(tmp_path / "my.toml", "health.port = -1\n")
    (from_file,) = problems(toml)
    (from_variable,) = problems(PAPER_BOT_HEALTH__PORT="-1")
    assert "set by" not in from_file.allowed
    assert from_variable.allowed.endswith("(set by PAPER_BOT_HEALTH__PORT)")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("PAPER_BOT_DISCORD__TOKEN", "canary"),
        ("PAPER_BOT_DISCORD_TOKEN", "canary"),
        ("PAPER_BOT_DISCORD__API_URL", REAL_LOOKING_TOKEN),
        ("PAPER_BOT_CLIENT__SECRET", "canary"),
        ("PAPER_BOT_ARXIV__FEED_URL", "https://name:canary@arxiv.org"),
    ],
)
def test_a_secret_in_the_wrong_place_is_never_shown(key: str, value: str) -> None:
    shown = "\n".join(map(str, problems(**{key: value})))
    assert "canary" not in shown
    assert REAL_LOOKING_TOKEN not in shown
    assert "***" in shown


def test_the_token_in_the_settings_is_sent_where_it_belongs(tmp_path: Path) -> None:
    (problem,) = problems(write(tmp_path / "my.toml", "discord.token = 'canary'\n"))
    assert "DISCORD_TOKEN_FILE" in problem.allowed
