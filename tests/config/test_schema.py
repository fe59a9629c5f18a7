"""Settings: their defaults, what they may be, and what they mean."""

import re
import tomllib
from collections.abc import Mapping
from datetime import time
from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.config.schema import Config, LogConfig
from bot.config.sources import load_config
from tests.config.settings import NO_FILE, load

EXAMPLE = Path(__file__).parent.parent.parent / "config" / "bot.toml"

GOOD = [
    ("ARXIV__FEED_URL", "https://export.arxiv.org/"),
    ("ARXIV__FEED_URL", "http://localhost:8000"),
    ("ARXIV__FEED_URL", "http://127.8.9.1:8000/base"),
    ("ARXIV__API_URL", "http://[::1]:8000"),
    ("ARXIV__REQUEST_SPACING_S", "3.5"),
    ("ARXIV__CONTACT", "https://example.org/bot"),
    ("DISCORD__API_URL", "http://127.0.0.1:1234/api/v10"),
    ("DISCORD__GATEWAY_URL", "ws://localhost:1234"),
    ("DISCORD__SHARDS", "16"),
    ("HUGGINGFACE__URL", "http://127.0.0.1:1"),
    ("NETWORK__PROXY", "http://name:word@proxy.example.org:3128"),
    ("HUGGINGFACE__ENABLED", "true"),
    ("LOG__LEVEL", "debug"),
    ("LOG__LEVEL", "info, delivery=Debug"),
    ("LOG__FORMAT", "JSON"),
    ("HEALTH__HOST", "0.0.0.0"),  # noqa: S104  # a container listens on all of its addresses
    ("HEALTH__HOST", "::1"),
]


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


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load().health.port = 1


@pytest.mark.parametrize(("key", "value"), GOOD)
def test_good_values_are_taken(key: str, value: str) -> None:
    load(**{f"PAPER_BOT_{key}": value})


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


@pytest.mark.parametrize(
    ("level", "levels"),
    [
        ("warning", {"": "WARNING"}),
        ("warning,Store=debug", {"": "WARNING", "store": "DEBUG"}),
        ("store=debug", {"": "INFO", "store": "DEBUG"}),
        ({"default": "error", "run": "info"}, {"": "ERROR", "run": "INFO"}),
        ({"run": "info"}, {"": "INFO", "run": "INFO"}),
    ],
)
def test_a_level_is_for_all_areas_or_for_one(level: object, levels: dict[str, str]) -> None:
    """As text, which a variable can hold too, or as a table of the file."""
    config = LogConfig.model_validate({"level": level})
    assert config.levels == levels
    assert LogConfig(level=config.level).levels == levels
