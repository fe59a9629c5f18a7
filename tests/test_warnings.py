"""docs/operations.md lists every warning and error of the log, with what to do."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from bot.config.schema import AREAS

ROOT = Path(__file__).parent.parent
WEIGHTY = {"warning", "error", "exception", "critical"}
TABLE = re.compile(r"\| event \| what it means \| what to do \|\n\|---\|---\|---\|\n((?:\|.+\n)+)")
VARIES = re.compile(r"%(\.\d+)?[sdf]")


def events() -> Iterator[str]:
    """Yield the text of each warning and error, … for what varies; all are written as text."""
    for path in (ROOT / "bot").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="log"), attr=level), args=[first, *_]
                ) if level in WEIGHTY:
                    assert isinstance(first, ast.Constant), f"{path.name}:{node.lineno}"
                    yield VARIES.sub("…", str(first.value))


def rows() -> list[list[str]]:
    found = TABLE.search((ROOT / "docs" / "operations.md").read_text("utf-8"))
    assert found is not None
    return [line.strip("| \n").split(" | ") for line in found[1].splitlines()]


def listed(event: str) -> str:
    """Return the row of an event: two that differ by their reason alone share one."""
    return "digest not planned" if event.startswith("digest not planned") else event


def test_every_warning_is_listed_once_and_no_other() -> None:
    written = {listed(event) for event in events()}
    assert len(written) > 40
    assert sorted(row[0] for row in rows()) == sorted(written)


def test_each_says_what_it_means_and_what_to_do() -> None:
    assert [row for row in rows() if len(row) != 3 or not all(row)] == []


def test_areas_are_the_parts_that_log() -> None:
    """A level can be set for each room that writes anything, and for no other."""
    rooms = {
        path.relative_to(ROOT / "bot").parts[0].removesuffix(".py")
        for path in (ROOT / "bot").rglob("*.py")
        if "logging.getLogger(__name__)" in path.read_text("utf-8")
    }
    assert {*AREAS} == rooms | {"discord"}
