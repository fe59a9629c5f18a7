"""The topics that an admin is offered."""

from pathlib import Path

import pytest

from bot.config.schema import TopicsConfig
from bot.config.starters import load_starters
from bot.errors import ConfigError
from bot.query.parser import parse_query

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / TopicsConfig().starters


def test_the_shipped_topics_are_named_once_and_can_be_saved_as_they_are() -> None:
    starters = load_starters(SHIPPED)
    assert len({starter.name for starter in starters}) == len(starters) > 5
    for starter in starters:
        parse_query(starter.query)
        assert starter.about


def test_without_a_file_there_are_those_that_come_with_the_bot(tmp_path: Path) -> None:
    assert load_starters(tmp_path / "missing.toml") == load_starters(SHIPPED)


def test_an_operator_may_offer_none(tmp_path: Path) -> None:
    path = tmp_path / "topics.toml"
    path.write_text("topic = []", "utf-8")
    assert load_starters(path) == ()


@pytest.mark.parametrize("name", ["bot.toml", "topics.toml"])
def test_the_operators_copy_is_what_comes_with_the_bot(name: str) -> None:
    """Change one, change the other: config/ for operators, bot/config/ for the wheel."""
    assert (ROOT / "config" / name).read_bytes() == (ROOT / "bot" / "config" / name).read_bytes()


@pytest.mark.parametrize(
    "text", ["topic = 3", "[[topic]]\nname = 'x'", "[[topic]]\nnome = 'x'", "[[", "\udcff"]
)
def test_a_file_that_is_not_what_it_should_be_gets_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "topics.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigError, match="must be a TOML file of"):
        load_starters(path)
