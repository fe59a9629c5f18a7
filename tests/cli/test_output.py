"""What is printed: exit codes, sentences, the line below a search."""

import re

import pytest

from bot.cli import output
from bot.cli.output import EXIT_CODES, exit_code, sentence_of, summary_of
from bot.errors import (
    AlreadyRunning,
    ArxivUnavailable,
    BotError,
    ConfigError,
    DatabaseDamaged,
    DatabaseUnusable,
    FileFormatError,
    QuerySyntaxError,
    TokenRefused,
    UnknownCategory,
)
from bot.query.results import SearchPage

QUERY_ERROR = QuerySyntaxError("a since:soon", 8, "'soon'", "a date")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UnknownCategory("cs.XV", ["cs.CV"]), 2),
        (QUERY_ERROR, 2),
        (FileFormatError("no"), 2),
        (ArxivUnavailable("no"), 69),
        (DatabaseUnusable("no"), 74),
        (DatabaseDamaged("no"), 74),
        (AlreadyRunning("no"), 75),
        (ConfigError([]), 78),
        (TokenRefused("no"), 78),
        (BotError("of a kind without a code"), 1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_kind_of_failure_has_its_code(error: BotError, code: int) -> None:
    assert exit_code(error) == code


def test_the_help_lists_every_exit_code() -> None:
    codes = {getattr(output, name) for name in dir(output) if re.fullmatch("EXIT_[A-Z]+", name)}
    listed = re.findall(r"^  (\d+)", EXIT_CODES, re.M)
    assert listed == [str(code) for code in sorted(codes - {EXIT_CODES})]


def test_a_query_with_a_mistake_has_a_mark_under_it() -> None:
    sentence, query, caret = sentence_of(QUERY_ERROR).splitlines()
    assert sentence == "At character 9: found 'soon', expected a date."
    assert query.index("soon") == caret.index("^")


@pytest.mark.parametrize(
    ("total", "is_exact", "overran", "line"),
    [
        (0, True, False, "0 papers found, 0 shown"),
        (1, True, False, "1 paper found, 0 shown"),
        (10_000, False, False, "10,000+ papers found, 0 shown"),
        (3, True, True, "3 papers found, 0 shown; cut short, there may be more"),
    ],
)
def test_the_line_below_a_search_says_how_much_it_is(
    total: int, is_exact: bool, overran: bool, line: str
) -> None:
    page = SearchPage(matches=(), total=total, total_is_exact=is_exact, next=None, overran=overran)
    assert summary_of(page) == line
