"""Settings: where they come from, what they may be, and how mistakes are told."""

import re
import stat
import tomllib
from collections.abc import Mapping
from datetime import time
from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.config.schema import Config, load_config, read_token
from bot.errors import ConfigError, ConfigProblem, UnknownCategory

EXAMPLE = Path(__file__).parent.parent.parent / "config" / "bot.toml"
NO_FILE = Path("no-such.env")
REAL_LOOKING_TOKEN = f"{'M' * 24}.{'G' * 6}.{'x' * 38}"


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


# --- the example file ---


def test_the_example_file_says_exactly_the_defaults() -> None:
    """Reading config/bot.toml changes nothing."""
    assert load(EXAMPLE) == load() == Config()


def test_the_example_file_names_every_setting_in_order_and_no_other() -> None:
    tables: Mapping[str, Mapping[str, object]] = tomllib.loads(EXAMPLE.read_text("utf-8"))
    keys = [f"{section}.{key}" for section, table in tables.items() for key in table]
    assert keys == Config.list_keys()


def test_each_setting_of_the_example_file_has_its_meaning_above_it() -> None:
    """The comment is the description that the code holds, so the two cannot drift apart."""
    found = re.findall(r"^(?:\[(\w+)\]\n)?# (.+)\n(\w+) = ", EXAMPLE.read_text("utf-8"), re.M)
    section, comments = "", {}
    for new_section, comment, key in found:
        section = new_section or section
        comments[f"{section}.{key}"] = comment
    assert comments == {key: Config.describe(key) for key in Config.list_keys()}


# --- sources ---


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


@pytest.mark.parametrize(
    "text",
    ["cs.CV,cs.LG", "cs.CV cs.LG", "cs.CV, cs.LG,", '["cs.CV", "cs.LG"]', "cs.CV,cs.LG,cs.CV"],
)
def test_lists_can_be_written_in_a_variable(text: str) -> None:
    assert load(PAPER_BOT_INTAKE__CATEGORIES=text).intake.categories == ("cs.CV", "cs.LG")


def test_categories_are_spelt_by_the_given_taxonomy() -> None:
    config = load_config(
        environ={"PAPER_BOT_INTAKE__CATEGORIES": "CS.cv"},
        env_file=NO_FILE,
        canonical_category=lambda _: "cs.CV",
    )
    assert config.intake.categories == ("cs.CV",)


def test_a_wrong_category_names_the_nearest() -> None:
    def refuse(category: str) -> str:
        raise UnknownCategory(category, ["cs.CV"])

    with pytest.raises(ConfigError, match=r"'cs\.CB' is not an arXiv .* Did you mean cs\.CV\?"):
        load_config(
            environ={"PAPER_BOT_INTAKE__CATEGORIES": "cs.CB"},
            env_file=NO_FILE,
            canonical_category=refuse,
        )


def test_names_of_variables_may_be_in_lower_case() -> None:
    assert load(paper_bot_health__port="8080").health.port == 8080


def test_a_dollar_in_the_env_file_is_a_dollar(tmp_path: Path) -> None:
    env_file = write(tmp_path / ".env", "PAPER_BOT_DATABASE__PATH=a${HOME}b\n")
    assert load(None, env_file).database.path == Path("a${HOME}b")


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load().health.port = 1


def test_times_and_paths_are_what_they_say() -> None:
    config = load(PAPER_BOT_INTAKE__POLL_START="01:30", PAPER_BOT_DATABASE__PATH="~/p.db")
    assert config.intake.poll_start == time(1, 30)
    assert config.database.path == Path.home() / "p.db"


def test_the_user_agent_names_version_and_contact() -> None:
    assert re.fullmatch(r"paper-digest-bot/[\d.]+", load().arxiv.user_agent_header)
    config = load(PAPER_BOT_ARXIV__CONTACT="me@example.org")
    assert config.arxiv.user_agent_header.endswith(" (me@example.org)")


def test_arxiv_itself_is_never_asked_faster_than_its_rule() -> None:
    """A stand-in may be fast; the addresses that still lead to arXiv keep their 3 seconds."""
    config = load(
        PAPER_BOT_ARXIV__FEED_URL="http://127.0.0.1:8000",
        PAPER_BOT_ARXIV__REQUEST_SPACING_S="0",
    )
    assert config.arxiv.spacing_for(f"{config.arxiv.feed_url}/rss/cs.CV") == 0
    assert config.arxiv.spacing_for(f"{config.arxiv.listing_url}/list/cs.CV/new") == 3


# --- what is allowed ---

GOOD = [
    ("ARXIV__FEED_URL", "https://export.arxiv.org/"),
    ("ARXIV__FEED_URL", "http://localhost:8000"),
    ("ARXIV__FEED_URL", "http://127.8.9.1:8000/base"),
    ("ARXIV__API_URL", "http://[::1]:8000"),
    ("ARXIV__REQUEST_SPACING_S", "3.5"),
    ("ARXIV__CONTACT", "https://example.org/bot"),
    ("DISCORD__API_URL", "http://127.0.0.1:1234/api/v10"),
    ("DISCORD__GATEWAY_URL", "ws://localhost:1234"),
    ("HUGGINGFACE__URL", "http://127.0.0.1:1"),
    ("HUGGINGFACE__ENABLED", "true"),
    ("LOG__LEVEL", "debug"),
    ("LOG__FORMAT", "JSON"),
    ("HEALTH__HOST", "0.0.0.0"),  # noqa: S104  # a container listens on all of its addresses
    ("HEALTH__HOST", "::1"),
]

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
    ("HUGGINGFACE__URL", "https://arxiv.org", "https address of huggingface.co"),
    ("HUGGINGFACE__ENABLED", "perhaps", "true or false"),
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
    ("LOG__FORMAT", "xml", "one of text, json"),
    ("DATABASE__PATH", "a\0b", "the path of a file"),
    ("DATABASE__PATH", ".", "the path of a file"),
    ("DATABASE__PATH", "caf\udce9.db", "is not UTF-8"),
]


@pytest.mark.parametrize(("key", "value"), GOOD)
def test_good_values_are_taken(key: str, value: str) -> None:
    load(**{f"PAPER_BOT_{key}": value})


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


@pytest.mark.parametrize(
    ("toml", "key", "hint"),
    [
        ("databse.path = 'x'", "databse.path", "did you mean database.path?"),
        ("schedule.tick = 5", "schedule.tick", "did you mean schedule.tick_s?"),
        ("tick_s = 5", "tick_s", "did you mean schedule.tick_s?"),
        ("[nonsense]", "nonsense", "config/bot.toml lists them all"),
        ("arxiv = 5", "arxiv", "config/bot.toml lists them all"),
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


# --- files that cannot be read ---


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


def test_a_byte_order_mark_is_harmless(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_bytes(b"\xef\xbb\xbfhealth.port = 8080\n")
    assert load(path).health.port == 8080


# --- secrets ---


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


# --- the token ---


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


def test_a_token_file_that_everybody_can_read_is_warned_about(
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
