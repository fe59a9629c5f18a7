"""docs/faults.md against the tests here: what can go wrong, and what shows that it does not."""

import re
from pathlib import Path

HERE = Path(__file__).parent
MATRIX = HERE.parent.parent / "docs" / "faults.md"
ROW = re.compile(r"^\| (\d+) \| (.+) \| (.+) \|$", re.M)
ROWS = 127
OPEN = {*range(74, 80), *range(103, 110), *range(112, 115), *range(117, 120)}
"""Faults that are known and not yet mended: each leaves this list with its row and its test."""
TEST = re.compile(r"def test_row((?:_\d+)+)_")


def read_rows() -> list[int]:
    return [int(row[1]) for row in ROW.finditer(MATRIX.read_text("utf-8"))]


def read_tested() -> set[int]:
    """Return the numbers in the names of tests; one test may be for several rows."""
    sources = [path.read_text("utf-8") for path in HERE.glob("test_*.py")]
    numbers = [name for source in sources for name in TEST.findall(source)]
    return {int(number) for name in numbers for number in name.strip("_").split("_")}


def test_rows_are_numbered_without_gaps_each_once() -> None:
    assert sorted(read_rows()) == sorted(set(range(1, ROWS + 1)) - OPEN)


def test_every_row_of_the_matrix_has_a_test() -> None:
    assert set(read_rows()) - read_tested() == set()


def test_every_numbered_test_has_a_row_in_the_matrix() -> None:
    assert read_tested() - set(read_rows()) == set()
