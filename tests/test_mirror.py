"""CONTRIBUTING tells where the test of a module is, and a room's tests lie where it says."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROW = re.compile(r"^\| `(bot/[\w/]*)` \| (.+) \|$", re.M)


def lone_modules() -> dict[str, list[str]]:
    """Return, by room, the modules that have no test file of their name."""
    found: dict[str, list[str]] = {}
    for module in (ROOT / "bot").rglob("*.py"):
        room = module.parent.relative_to(ROOT / "bot")
        test = ROOT / "tests" / room / f"test_{module.stem}.py"
        if module.stem != "__init__" and not test.exists():
            found.setdefault((Path("bot") / room).as_posix() + "/", []).append(module.stem)
    return found


def rows() -> dict[str, list[str]]:
    """Return, by room, the tests that CONTRIBUTING names for its other modules."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    return {room: re.findall(r"`(tests/[^`]+)`", tests) for room, tests in ROW.findall(text)}


def test_rooms_with_modules_that_have_no_test_of_their_name_are_listed() -> None:
    assert rows().keys() == lone_modules().keys()


def test_each_listed_test_is_there() -> None:
    for room, tests in rows().items():
        assert tests, room
        assert [test for test in tests if not list(ROOT.glob(test))] == []
