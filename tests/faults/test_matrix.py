"""The matrix of faults as a whole: what can go wrong, each row with tests that have its number."""

import re
from pathlib import Path

ROWS = range(1, 52)
NAME = re.compile(r"def test_row((?:_\d+)+)_")


def test_every_row_has_its_test() -> None:
    names = [
        name
        for file in Path(__file__).parent.glob("test_*.py")
        for name in NAME.findall(file.read_text(encoding="utf-8"))
    ]
    assert {int(number) for name in names for number in name.strip("_").split("_")} == set(ROWS)
